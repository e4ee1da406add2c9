package address

import (
	"encoding/binary"
	"strings"
)

// rippleAlphabet is the base58 alphabet of the XRP Ledger.
const rippleAlphabet = "rpshnaf39wBUDNEGHJKLM4PQRST7VWXYZ2bcdeCg65jkm8oFqi1tuvAxyz"

// rippleToBitcoin translates digits of one alphabet to those of the other; what
// is no digit becomes one that is none there either.
var rippleToBitcoin = func() (t [256]byte) {
	for i := range t {
		t[i] = '0'
	}
	for i := range len(rippleAlphabet) {
		t[rippleAlphabet[i]] = base58Alphabet[i]
	}
	return t
}()

func decodeRipple(s string) ([]byte, error) {
	if len(s) > maxBase58 {
		return nil, errBase58
	}
	b := []byte(s)
	for i, c := range b {
		b[i] = rippleToBitcoin[c]
	}
	return decodeBase58Check(string(b))
}

// parseRipple reads a classic address (r…, 20 bytes) or an X-address (XLS-5):
// the account with the destination tag that belongs to it. The payload is the
// account, and for an X-address with a tag four bytes of tag.
func parseRipple(s string) (Address, bool) {
	if s[0] != 'r' && s[0] != 'X' && s[0] != 'T' {
		return Address{}, false
	}
	b, err := decodeRipple(s)
	if err != nil {
		return Address{}, false
	}
	a := Address{Chain: Ripple, Network: Mainnet, Kind: "classic", Value: s, Version: -1}
	if len(b) == 1+hashSize && b[0] == 0 {
		a.Payload = b[1:]
		return a, true
	}
	if len(b) != 31 {
		return Address{}, false
	}
	switch a.Kind = "x-address"; string(b[:2]) {
	case "\x05\x44":
	case "\x04\x93":
		a.Network = Testnet
	default:
		return Address{}, false
	}
	flag, tag := b[22], binary.LittleEndian.Uint64(b[23:])
	if flag > 1 || flag == 0 && tag != 0 || tag>>32 != 0 {
		return Address{}, false
	}
	a.Payload = b[2:22]
	if flag == 1 {
		a.Payload = b[2:27:27]
		copy(a.Payload[20:], []byte{byte(tag), byte(tag >> 8), byte(tag >> 16), byte(tag >> 24)})
		a.Payload = a.Payload[:24]
	}
	return a, true
}

// rippleSeed reads the family seed of an account, s… (16 bytes), or sEd… for
// Ed25519 keys: a secret.
func rippleSeed(s string) bool {
	if !strings.HasPrefix(s, "s") {
		return false
	}
	b, err := decodeRipple(s)
	return err == nil && (len(b) == 17 && b[0] == 0x21 || len(b) == 19 && string(b[:3]) == "\x01\xe1\x4b")
}
