package address

import (
	"bytes"
	"math/bits"
)

// Lengths of Monero addresses in characters.
const (
	moneroLength     = 95  // 69 bytes: net, spend key, view key, checksum
	integratedLength = 106 // 77 bytes: a payment id of 8 besides
)

// moneroNets are the first bytes (cryptonote_config.h of Monero).
var moneroNets = map[byte]struct{ network, kind string }{
	18: {Mainnet, "standard"}, 19: {Mainnet, "integrated"}, 42: {Mainnet, "subaddress"},
	53: {Testnet, "standard"}, 54: {Testnet, "integrated"}, 63: {Testnet, "subaddress"},
	24: {Stagenet, "standard"}, 25: {Stagenet, "integrated"}, 36: {Stagenet, "subaddress"},
}

// moneroBlocks are the characters that a last block of so many bytes takes.
var moneroBlocks = [9]int{0, 2, 3, 5, 6, 7, 9, 10, 11}

// decodeMoneroBase58 reads base58 in blocks of 8 bytes, 11 characters each. A
// block whose value does not fit its bytes is an error.
func decodeMoneroBase58(s string) ([]byte, error) {
	var out []byte
	for len(s) > 0 {
		n := min(len(s), moneroBlocks[8])
		size := 8
		for size > 0 && moneroBlocks[size] != n {
			size--
		}
		if size == 0 {
			return nil, errBase58
		}
		v := uint64(0)
		for i := range n {
			d := base58Digit[s[i]]
			if d < 0 {
				return nil, errBase58
			}
			over, product := bits.Mul64(v, 58)
			sum, carry := bits.Add64(product, uint64(d), 0)
			if over != 0 || carry != 0 {
				return nil, errBase58
			}
			v = sum
		}
		if size < 8 && v>>(8*size) != 0 {
			return nil, errBase58
		}
		for k := size - 1; k >= 0; k-- {
			out = append(out, byte(v>>(8*k)))
		}
		s = s[n:]
	}
	return out, nil
}

// parseMonero reads an address; the last four bytes are the first of a
// Keccak-256 of the others.
func parseMonero(s string) (Address, bool) {
	b, err := decodeMoneroBase58(s)
	if err != nil {
		return Address{}, false
	}
	body, sum := b[:len(b)-4], b[len(b)-4:]
	net, ok := moneroNets[body[0]]
	if !ok || (net.kind == "integrated") != (len(s) == integratedLength) || !bytes.Equal(keccak256(body)[:4], sum) {
		return Address{}, false
	}
	return Address{Chain: Monero, Network: net.network, Kind: net.kind, Value: s, Version: -1, Payload: body[1:]}, true
}
