package address

import (
	"bytes"
	"encoding/binary"
	"math/big"
	"strings"
)

// Networks of a chain, as Address.Network names them. Signet shares its
// prefixes with testnet, and regtest its base58 versions: such an address is
// reported as testnet.
const (
	Mainnet = "mainnet"
	Testnet = "testnet"
	Signet  = "signet"
	Regtest = "regtest"

	Stagenet = "stagenet" // Monero's second test network
)

// The chains, as Address.Chain names them.
const (
	Bitcoin     = "bitcoin"
	Litecoin    = "litecoin"
	Dogecoin    = "dogecoin"
	Dash        = "dash"
	Zcash       = "zcash"
	BitcoinCash = "bitcoin-cash"
	Ethereum    = "ethereum" // and the other ledgers with its form of address
	Tron        = "tron"
	Monero      = "monero"
	TON         = "ton"
	Solana      = "solana"
	Ripple      = "ripple"
	Lightning   = "lightning"
)

// Address is a wallet address, payment request or extended public key.
type Address struct {
	Chain   string
	Network string // mainnet, testnet, signet, regtest
	Kind    string // form: p2pkh p2sh p2wpkh p2wsh p2tr witness mweb; xpub ypub zpub …; see each chain's file
	Value   string // as written on the ledger: bech32 in lower case, EVM in the case of EIP-55
	Version int    // witness version, -1 where there is none
	Payload []byte // hash, witness program, key, or the 74 bytes of an extended key after its version
}

// base58Row is one base58check version of a chain.
type base58Row struct {
	chain, network, kind string
	version              []byte
	size                 int // of the payload
}

const (
	hashSize     = 20
	extendedSize = 74 // depth, fingerprint, child number, chain code, key (BIP-32)
)

// base58Rows are the versions of Bitcoin Core's chainparams.cpp and of those of
// its descendants. On test networks the descendants share Bitcoin's versions;
// such an address is reported as Bitcoin's alone.
var base58Rows = []base58Row{
	{Bitcoin, Mainnet, "p2pkh", []byte{0x00}, hashSize},
	{Bitcoin, Mainnet, "p2sh", []byte{0x05}, hashSize},
	{Bitcoin, Testnet, "p2pkh", []byte{0x6f}, hashSize},
	{Bitcoin, Testnet, "p2sh", []byte{0xc4}, hashSize},
	{Litecoin, Mainnet, "p2pkh", []byte{0x30}, hashSize},
	{Litecoin, Mainnet, "p2sh", []byte{0x32}, hashSize},
	{Litecoin, Mainnet, "p2sh", []byte{0x05}, hashSize}, // before 2018; the same as Bitcoin's
	{Litecoin, Testnet, "p2sh", []byte{0x3a}, hashSize},
	{Dogecoin, Mainnet, "p2pkh", []byte{0x1e}, hashSize},
	{Dogecoin, Mainnet, "p2sh", []byte{0x16}, hashSize},
	{Dogecoin, Testnet, "p2pkh", []byte{0x71}, hashSize},
	{Dash, Mainnet, "p2pkh", []byte{0x4c}, hashSize},
	{Dash, Mainnet, "p2sh", []byte{0x10}, hashSize},
	{Dash, Testnet, "p2pkh", []byte{0x8c}, hashSize},
	{Dash, Testnet, "p2sh", []byte{0x13}, hashSize},
	{Zcash, Mainnet, "p2pkh", []byte{0x1c, 0xb8}, hashSize}, // t1; Zcash protocol specification §5.6.1
	{Zcash, Mainnet, "p2sh", []byte{0x1c, 0xbd}, hashSize},  // t3
	{Zcash, Testnet, "p2pkh", []byte{0x1d, 0x25}, hashSize}, // tm
	{Zcash, Testnet, "p2sh", []byte{0x1c, 0xba}, hashSize},  // t2
	{Zcash, Mainnet, "sprout", []byte{0x16, 0x9a}, 64},      // zc
	{Zcash, Testnet, "sprout", []byte{0x16, 0xb6}, 64},      // zt
	{Tron, Mainnet, "account", []byte{0x41}, hashSize},      // T
	// BIP-32, and SLIP-132 for the script that the keys are meant for.
	{Bitcoin, Mainnet, "xpub", []byte{0x04, 0x88, 0xb2, 0x1e}, extendedSize},
	{Bitcoin, Mainnet, "ypub", []byte{0x04, 0x9d, 0x7c, 0xb2}, extendedSize},
	{Bitcoin, Mainnet, "zpub", []byte{0x04, 0xb2, 0x47, 0x46}, extendedSize},
	{Bitcoin, Mainnet, "Ypub", []byte{0x02, 0x95, 0xb4, 0x3f}, extendedSize},
	{Bitcoin, Mainnet, "Zpub", []byte{0x02, 0xaa, 0x7e, 0xd3}, extendedSize},
	{Bitcoin, Testnet, "tpub", []byte{0x04, 0x35, 0x87, 0xcf}, extendedSize},
	{Bitcoin, Testnet, "upub", []byte{0x04, 0x4a, 0x52, 0x62}, extendedSize},
	{Bitcoin, Testnet, "vpub", []byte{0x04, 0x5f, 0x1c, 0xf6}, extendedSize},
	{Bitcoin, Testnet, "Upub", []byte{0x02, 0x42, 0x89, 0xef}, extendedSize},
	{Bitcoin, Testnet, "Vpub", []byte{0x02, 0x57, 0x54, 0x83}, extendedSize},
	{Litecoin, Mainnet, "Ltub", []byte{0x01, 0x9d, 0xa4, 0x62}, extendedSize},
	{Litecoin, Mainnet, "Mtub", []byte{0x01, 0xb2, 0x6e, 0xf6}, extendedSize},
	{Dogecoin, Mainnet, "dgub", []byte{0x02, 0xfa, 0xca, 0xfd}, extendedSize},
}

// segwitRow is one human-readable part of a chain.
type segwitRow struct {
	chain, network, hrp string
}

var segwitRows = []segwitRow{
	{Bitcoin, Mainnet, "bc"},
	{Bitcoin, Testnet, "tb"},
	{Bitcoin, Regtest, "bcrt"},
	{Litecoin, Mainnet, "ltc"},
	{Litecoin, Testnet, "tltc"},
	{Litecoin, Regtest, "rltc"},
}

// Parse reads a Bitcoin address or extended public key. It says false for
// whatever is not one to the last bit: wrong checksum, wrong length, wrong
// case, bech32 where bech32m is due. An extended key needs its checksum and
// length; whether anything can be derived from it is what ValidKey says.
func Parse(s string) (Address, bool) {
	for _, a := range ParseAll(s) {
		if a.Chain == Bitcoin {
			return a, true
		}
	}
	return Address{}, false
}

// maxLength is the longest text that is looked at: an invoice with many routing
// hints; a unified address of Zcash with room for receivers to come.
const maxLength = 8192

// ParseAll returns a reading for every chain on which s is an address by its
// checksum. A form without a checksum is never read here: see Shapes.
func ParseAll(s string) []Address {
	if len(s) < 8 || len(s) > maxLength {
		return nil
	}
	if hrp, data, constant, err := decodeBech32(s, maxLength); err == nil {
		return parseBech32(s, hrp, data, constant)
	}
	var all []Address
	add := func(a Address, ok bool) {
		if ok {
			all = append(all, a)
		}
	}
	switch n := len(s); {
	case n == 42 && s[:2] == "0x":
		add(parseEVM(s))
	case n == tonLength:
		add(parseTON(s))
	case n == moneroLength || n == integratedLength:
		add(parseMonero(s))
	}
	if len(all) > 0 {
		return all
	}
	if a, ok := parseCash(s); ok {
		return []Address{a}
	}
	if body, err := decodeBase58Check(s); err == nil {
		for _, row := range base58Rows {
			payload, found := bytes.CutPrefix(body, row.version)
			if found && len(payload) == row.size {
				add(Address{Chain: row.chain, Network: row.network, Kind: row.kind, Value: s, Version: -1, Payload: payload}, true)
			}
		}
		return all
	}
	add(parseRipple(s))
	return all
}

// parseBech32 reads a string whose bech32 or bech32m checksum is right.
func parseBech32(s, hrp string, data []byte, constant uint32) []Address {
	a, ok := Address{Value: strings.ToLower(s), Version: -1}, false
	switch {
	case strings.HasPrefix(hrp, "ln"):
		ok = a.readLightning(hrp, data, constant)
	case strings.HasSuffix(hrp, "mweb"):
		ok = constant == bech32Const && a.readMWEB(hrp, data)
	case len(s) > maxBech32 || zcashHRP[hrp].kind != "":
		ok = a.readZcash(hrp, data, constant)
	default:
		ok = a.readSegwit(hrp, data, constant)
	}
	if !ok {
		return nil
	}
	return []Address{a}
}

func (a *Address) readSegwit(hrp string, data []byte, constant uint32) bool {
	version, program, err := witness(data, constant)
	if err != nil {
		return false
	}
	for _, row := range segwitRows {
		if row.hrp == hrp {
			a.Chain, a.Network, a.Kind = row.chain, row.network, segwitKind(version, program)
			a.Version, a.Payload = version, program
			return true
		}
	}
	return false
}

// readMWEB reads an address of Litecoin's extension blocks (LIP-0004): a version
// and two compressed keys, for scanning and for spending.
func (a *Address) readMWEB(hrp string, data []byte) bool {
	switch hrp {
	case "ltcmweb":
		a.Network = Mainnet
	case "tmweb":
		a.Network = Testnet
	default:
		return false
	}
	if len(data) == 0 || data[0] != 0 {
		return false
	}
	keys, err := regroup(data[1:], 5, 8, false)
	if err != nil || len(keys) != 66 || !onCurve(keys[:33]) || !onCurve(keys[33:]) {
		return false
	}
	a.Chain, a.Kind, a.Payload = Litecoin, "mweb", keys
	return true
}

func segwitKind(version int, program []byte) string {
	switch {
	case version == 0 && len(program) == 20:
		return "p2wpkh"
	case version == 0:
		return "p2wsh"
	case version == 1 && len(program) == 32:
		return "p2tr"
	}
	return "witness"
}

var (
	curveP, _  = new(big.Int).SetString("fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f", 16)
	curveSeven = big.NewInt(7)
)

// ValidKey says whether an extended key is one that BIP-32 allows: a master key
// has no parent, and the key is a compressed point of secp256k1. A key that was
// published with a right checksum but fails this was never a working wallet.
func (a Address) ValidKey() bool {
	if len(a.Payload) != extendedSize {
		return false
	}
	b := a.Payload
	depth, parent, child, key := b[0], b[1:5], b[5:9], b[41:74]
	if depth == 0 && (binary.BigEndian.Uint32(parent) != 0 || binary.BigEndian.Uint32(child) != 0) {
		return false
	}
	return onCurve(key)
}

// onCurve says whether key is a compressed point of secp256k1 (SEC 1 §2.3.4).
func onCurve(key []byte) bool {
	if len(key) != 33 || key[0] != 2 && key[0] != 3 {
		return false
	}
	x := new(big.Int).SetBytes(key[1:])
	if x.Cmp(curveP) >= 0 {
		return false
	}
	y2 := new(big.Int).Exp(x, big.NewInt(3), curveP)
	y2.Add(y2, curveSeven).Mod(y2, curveP)
	return big.Jacobi(y2, curveP) >= 0
}
