package address

import (
	"encoding/hex"
	"strings"

	"golang.org/x/crypto/sha3"
)

func keccak256(b []byte) []byte {
	h := sha3.NewLegacyKeccak256()
	h.Write(b)
	return h.Sum(nil)
}

// parseEVM reads 0x and 40 hexadecimal digits in the mixed case of EIP-55.
// Digits all of one case hold a checksum only where EIP-55 itself asks for that
// case; any others are a shape.
func parseEVM(s string) (Address, bool) {
	a, ok := evmShape(s)
	if !ok || s != a.Value {
		return Address{}, false
	}
	a.Kind = "eip55"
	return a, true
}

// evmShape reads an address whatever its case: kind hex.
func evmShape(s string) (Address, bool) {
	if len(s) != 42 || s[:2] != "0x" {
		return Address{}, false
	}
	b, err := hex.DecodeString(s[2:])
	if err != nil {
		return Address{}, false
	}
	return Address{Chain: Ethereum, Network: Mainnet, Kind: "hex", Value: EIP55(s), Version: -1, Payload: b}, true
}

// oneCase says whether the letters of s are all small or all capital.
func oneCase(s string) bool { return s == strings.ToLower(s) || s == strings.ToUpper(s) }

// EIP55 writes 0x and 40 hexadecimal digits in the mixed case of EIP-55: a letter
// is a capital where the same digit of the hash of the small letters is over 7.
// Whatever is of another form comes back as it is.
func EIP55(s string) string {
	if len(s) != 42 || s[:2] != "0x" {
		return s
	}
	b := []byte(strings.ToLower(s[2:]))
	sum := keccak256(b)
	for i, c := range b {
		if c >= 'a' && sum[i/2]>>(4*(1-i%2))&15 > 7 {
			b[i] = c - 'a' + 'A'
		}
	}
	return "0x" + string(b)
}

// TronAddress writes 20 bytes of an account as TRON does: base58check of 0x41 and
// the bytes.
func TronAddress(account [20]byte) string {
	return encodeBase58Check(append([]byte{0x41}, account[:]...))
}
