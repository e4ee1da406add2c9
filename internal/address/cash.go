package address

import "strings"

// cashNetworks are the prefixes of Bitcoin Cash addresses (CashAddr
// specification; CHIP-2022-02 for the token-aware types).
var cashNetworks = []struct{ prefix, network string }{
	{"bitcoincash", Mainnet}, {"bchtest", Testnet}, {"bchreg", Regtest},
}

var cashKinds = map[byte]string{0: "p2pkh", 1: "p2sh", 2: "p2pkh-token", 3: "p2sh-token"}

// cashSizes are the hash sizes of the low three bits of the version byte, bytes.
var cashSizes = [8]int{20, 24, 28, 32, 40, 48, 56, 64}

// cashChecksum is the number of five-bit groups of the checksum.
const cashChecksum = 8

func cashStep(chk uint64, v byte) uint64 {
	top := byte(chk >> 35)
	chk = (chk&0x07ffffffff)<<5 ^ uint64(v)
	for i, g := range [5]uint64{0x98f2bc8e61, 0x79b76d99e2, 0xf33e5fb3c4, 0xae2eabe2a8, 0x1e4f43e470} {
		if top>>i&1 == 1 {
			chk ^= g
		}
	}
	return chk
}

func cashPrefix(prefix string) uint64 {
	chk := uint64(1)
	for i := range len(prefix) {
		chk = cashStep(chk, prefix[i]&31)
	}
	return cashStep(chk, 0)
}

// parseCash reads an address with its prefix or without; the checksum covers the
// prefix in both cases.
func parseCash(s string) (Address, bool) {
	prefix, body, given := strings.Cut(s, ":")
	if !given {
		prefix, body = "", s
	}
	if len(body) < 34+cashChecksum || len(body) > 112 || !oneCase(s) {
		return Address{}, false
	}
	groups := make([]byte, len(body))
	for i := range len(body) {
		c := body[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		d := bech32Digit[c]
		if d < 0 {
			return Address{}, false
		}
		groups[i] = byte(d)
	}
	for _, n := range cashNetworks {
		if given && strings.ToLower(prefix) != n.prefix {
			continue
		}
		chk := cashPrefix(n.prefix)
		for _, g := range groups {
			chk = cashStep(chk, g)
		}
		if chk != 1 {
			continue
		}
		b, err := regroup(groups[:len(groups)-cashChecksum], 5, 8, false)
		if err != nil || len(b) == 0 || b[0]&0x80 != 0 || len(b)-1 != cashSizes[b[0]&7] {
			return Address{}, false
		}
		kind := cashKinds[b[0]>>3]
		if kind == "" {
			return Address{}, false
		}
		return Address{
			Chain: BitcoinCash, Network: n.network, Kind: kind,
			Value: n.prefix + ":" + strings.ToLower(body), Version: -1, Payload: b[1:],
		}, true
	}
	return Address{}, false
}
