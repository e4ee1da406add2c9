package address

import (
	"bytes"
	"encoding/binary"
	"math/big"
)

// Secret is a text that gives its reader someone's funds.
type Secret struct {
	Kind    string // wif xprv seed bip38
	Chain   string
	Network string
}

// curveN is the order of secp256k1: a private key is below it and not zero.
var curveN, _ = new(big.Int).SetString("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141", 16)

func privateKey(b []byte) bool {
	k := new(big.Int).SetBytes(b)
	return k.Sign() > 0 && k.Cmp(curveN) < 0
}

// wifVersions are the first bytes of private keys in the wallet import format.
var wifVersions = map[byte]struct{ chain, network string }{
	0x80: {Bitcoin, Mainnet}, 0xef: {Bitcoin, Testnet},
	0xb0: {Litecoin, Mainnet}, 0x9e: {Dogecoin, Mainnet}, 0xcc: {Dash, Mainnet},
}

// privateVersions are the versions of extended private keys (BIP-32, SLIP-132).
var privateVersions = map[uint32]struct{ chain, network string }{
	0x0488ade4: {Bitcoin, Mainnet}, // xprv
	0x049d7878: {Bitcoin, Mainnet}, // yprv
	0x04b2430c: {Bitcoin, Mainnet}, // zprv
	0x0295b005: {Bitcoin, Mainnet}, // Yprv
	0x02aa7a99: {Bitcoin, Mainnet}, // Zprv
	0x04358394: {Bitcoin, Testnet}, // tprv
	0x044a4e28: {Bitcoin, Testnet}, // uprv
	0x045f18bc: {Bitcoin, Testnet}, // vprv
	0x024285b5: {Bitcoin, Testnet}, // Uprv
	0x02575048: {Bitcoin, Testnet}, // Vprv
	0x019d9cfe: {Litecoin, Mainnet},
	0x01b26792: {Litecoin, Mainnet},
	0x02fac398: {Dogecoin, Mainnet},
}

// ParseSecret reads a private key: wallet import format, extended (BIP-32),
// encrypted with a passphrase (BIP-38), or a family seed of the XRP Ledger. All
// have a checksum.
func ParseSecret(s string) (Secret, bool) {
	if len(s) < 25 || len(s) > maxBase58 {
		return Secret{}, false
	}
	body, err := decodeBase58Check(s)
	if err != nil {
		return Secret{"seed", Ripple, Mainnet}, rippleSeed(s)
	}
	switch len(body) {
	case 33, 34:
		v, ok := wifVersions[body[0]]
		return Secret{"wif", v.chain, v.network}, ok && privateKey(body[1:33]) && (len(body) == 33 || body[33] == 1)
	case 39:
		return Secret{"bip38", Bitcoin, Mainnet}, encrypted(body)
	case 4 + extendedSize:
		v, ok := privateVersions[binary.BigEndian.Uint32(body)]
		// BIP-32 demands more of the fields than that; whoever finds a key that
		// breaks those rules still holds the 32 bytes.
		return Secret{"xprv", v.chain, v.network}, ok
	}
	return Secret{}, false
}

// encrypted holds an encrypted key to the flags of BIP-38.
func encrypted(b []byte) bool {
	const compressed, lot = 0x20, 0x04
	switch flag := b[2]; {
	case bytes.HasPrefix(b, []byte{0x01, 0x42}):
		return flag&^compressed == 0xc0
	case bytes.HasPrefix(b, []byte{0x01, 0x43}):
		return flag&^(compressed|lot) == 0
	}
	return false
}
