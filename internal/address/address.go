package address

import (
	"bytes"
	"encoding/binary"
	"math/big"
)

// Networks of a chain, as Address.Network names them. Signet shares its
// prefixes with testnet, and regtest its base58 versions: such an address is
// reported as testnet.
const (
	Mainnet = "mainnet"
	Testnet = "testnet"
	Signet  = "signet"
	Regtest = "regtest"
)

// Address is a wallet address or extended public key whose checksum was
// verified.
type Address struct {
	Chain   string // bitcoin
	Network string // mainnet, testnet, regtest
	Kind    string // p2pkh p2sh p2wpkh p2wsh p2tr witness; xpub ypub zpub tpub upub vpub and Ypub Zpub Upub Vpub
	Value   string // as written on the ledger: bech32 in lower case
	Version int    // witness version, -1 where there is none
	Payload []byte // hash, witness program, or the 74 bytes of an extended key after its version
}

// base58Row is one base58check version of a chain.
type base58Row struct {
	chain, network, kind string
	version              []byte
	size                 int // of the payload
}

// segwitRow is one human-readable part of a chain.
type segwitRow struct {
	chain, network, hrp string
}

const (
	hashSize     = 20
	extendedSize = 74 // depth, fingerprint, child number, chain code, key (BIP-32)
)

var base58Rows = []base58Row{
	{"bitcoin", Mainnet, "p2pkh", []byte{0x00}, hashSize},
	{"bitcoin", Mainnet, "p2sh", []byte{0x05}, hashSize},
	{"bitcoin", Testnet, "p2pkh", []byte{0x6f}, hashSize},
	{"bitcoin", Testnet, "p2sh", []byte{0xc4}, hashSize},
	// BIP-32, and SLIP-132 for the script that the keys are meant for.
	{"bitcoin", Mainnet, "xpub", []byte{0x04, 0x88, 0xb2, 0x1e}, extendedSize},
	{"bitcoin", Mainnet, "ypub", []byte{0x04, 0x9d, 0x7c, 0xb2}, extendedSize},
	{"bitcoin", Mainnet, "zpub", []byte{0x04, 0xb2, 0x47, 0x46}, extendedSize},
	{"bitcoin", Mainnet, "Ypub", []byte{0x02, 0x95, 0xb4, 0x3f}, extendedSize},
	{"bitcoin", Mainnet, "Zpub", []byte{0x02, 0xaa, 0x7e, 0xd3}, extendedSize},
	{"bitcoin", Testnet, "tpub", []byte{0x04, 0x35, 0x87, 0xcf}, extendedSize},
	{"bitcoin", Testnet, "upub", []byte{0x04, 0x4a, 0x52, 0x62}, extendedSize},
	{"bitcoin", Testnet, "vpub", []byte{0x04, 0x5f, 0x1c, 0xf6}, extendedSize},
	{"bitcoin", Testnet, "Upub", []byte{0x02, 0x42, 0x89, 0xef}, extendedSize},
	{"bitcoin", Testnet, "Vpub", []byte{0x02, 0x57, 0x54, 0x83}, extendedSize},
}

var segwitRows = []segwitRow{
	{"bitcoin", Mainnet, "bc"},
	{"bitcoin", Testnet, "tb"},
	{"bitcoin", Regtest, "bcrt"},
}

// Parse reads a Bitcoin address or extended public key. It says false for
// whatever is not one to the last bit: wrong checksum, wrong length, wrong
// case, bech32 where bech32m is due. An extended key needs its checksum and
// length; whether anything can be derived from it is what ValidKey says.
func Parse(s string) (Address, bool) {
	for _, a := range ParseAll(s) {
		if a.Chain == "bitcoin" {
			return a, true
		}
	}
	return Address{}, false
}

// ParseAll returns a reading for every chain on which s is an address.
func ParseAll(s string) []Address {
	if len(s) < 8 || len(s) > maxBase58 {
		return nil
	}
	var all []Address
	if hrp, version, program, err := decodeSegwit(s); err == nil {
		for _, row := range segwitRows {
			if row.hrp == hrp {
				all = append(all, Address{
					Chain: row.chain, Network: row.network, Kind: segwitKind(version, program),
					Value: encodeSegwit(hrp, version, program), Version: version, Payload: program,
				})
			}
		}
		return all
	}
	body, err := decodeBase58Check(s)
	if err != nil {
		return nil
	}
	for _, row := range base58Rows {
		payload, found := bytes.CutPrefix(body, row.version)
		if !found || len(payload) != row.size {
			continue
		}
		all = append(all, Address{
			Chain: row.chain, Network: row.network, Kind: row.kind,
			Value: s, Version: -1, Payload: payload,
		})
	}
	return all
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
	if key[0] != 2 && key[0] != 3 {
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
