package tags

import (
	"strings"

	"tamga"
	"tamga/internal/address"
)

// ledgers are the chains of the assets and networks that TagPacks and sanction
// lists name.
var ledgers = map[string]string{
	"BTC": address.Bitcoin, "XBT": address.Bitcoin, "LTC": address.Litecoin, "DOGE": address.Dogecoin,
	"DASH": address.Dash, "ZEC": address.Zcash, "BCH": address.BitcoinCash, "XMR": address.Monero,
	"TRX": address.Tron, "TON": address.TON, "SOL": address.Solana, "XRP": address.Ripple, "RIPPLE": address.Ripple,
	"ETH": address.Ethereum, "ETC": address.Ethereum, "ARB": address.Ethereum, "BSC": address.Ethereum,
	"BNB": address.Ethereum, "BEP20": address.Ethereum, "MATIC": address.Ethereum, "AVAX": address.Ethereum,
}

// tokens are assets without a ledger of their own: the address tells which it is.
var tokens = map[string]bool{"USDT": true, "USDC": true, "DAI": true, "WBTC": true}

// place settles the chain of a tag from its asset, the network its source names
// and the address, and brings the address to the form of the ledger. It returns
// what is doubtful, or "".
func place(t *tamga.Tag, network string) string {
	t.Asset = strings.ToUpper(t.Asset)
	if t.Asset == "XBT" { // ISO 4217's name for it, used by OFAC
		t.Asset = "BTC"
	}
	t.Chain = ledgers[strings.ToUpper(network)]
	if t.Chain == "" && network == "" {
		t.Chain = ledgers[t.Asset]
	}
	if t.Address == "" {
		return ""
	}
	if v, ok := plainHex(t.Address); ok && (t.Chain == address.Ethereum || t.Chain == "" && tokens[t.Asset]) {
		t.Chain, t.Address = address.Ethereum, v
		return ""
	}
	// The source says which ledger it is, so forms without a checksum count too.
	for _, a := range append(address.ParseAll(t.Address), address.Shapes(t.Address)...) {
		if t.Chain == address.BitcoinCash && a.Chain == address.Bitcoin && strings.HasPrefix(a.Kind, "p2") {
			return "" // the form that Bitcoin Cash had first
		}
		if t.Chain == a.Chain || t.Chain == "" && tokens[t.Asset] {
			t.Chain, t.Address = a.Chain, a.Value
			return ""
		}
	}
	if t.Chain == "" {
		return ""
	}
	return "no valid address of " + t.Chain
}

// plainHex is the checksummed form of an EVM address written in one case, which
// EIP-55 allows.
func plainHex(s string) (string, bool) {
	hex, ok := strings.CutPrefix(s, "0x")
	if !ok || len(hex) != 40 || strings.ToLower(hex) != hex && strings.ToUpper(hex) != hex || strings.Trim(hex, "0123456789abcdefABCDEF") != "" {
		return "", false
	}
	return address.EIP55(s), true
}

// Key is the form of an address under which tags are kept and found.
func Key(addr string) string {
	if v, ok := plainHex(addr); ok {
		return v
	}
	if a, ok := address.Parse(addr); ok {
		return a.Value
	}
	return strings.TrimSpace(addr)
}

// Asset is the symbol of a chain's own coin, or "".
func Asset(chain string) string { return assetOf[chain] }
