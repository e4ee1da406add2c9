package address

import (
	"encoding/base64"
	"encoding/hex"
	"strings"
)

// tonLength is the length of a friendly address: 36 bytes as base64.
const tonLength = 48

// Tags of a friendly address (TEP-2).
const (
	tonBounceable = 0x11
	tonPlain      = 0x51
	tonTest       = 0x80 // added to either
)

// parseTON reads a friendly address: tag, workchain (0 or −1), 256 bits of
// account, CRC-16. Both alphabets of base64 are in use; one address is written
// in one of them. Value has the URL-safe one.
func parseTON(s string) (Address, bool) {
	if strings.ContainsAny(s, "+/") && strings.ContainsAny(s, "-_") {
		return Address{}, false
	}
	value := strings.NewReplacer("+", "-", "/", "_").Replace(s)
	b, err := base64.RawURLEncoding.Strict().DecodeString(value)
	if err != nil || len(b) != 36 || crc16(b[:34]) != uint16(b[34])<<8|uint16(b[35]) {
		return Address{}, false
	}
	a := Address{Chain: TON, Network: Mainnet, Value: value, Version: -1, Payload: b[1:34]}
	tag := b[0]
	if tag&tonTest != 0 {
		a.Network, tag = Testnet, tag&^tonTest
	}
	switch tag {
	case tonBounceable:
		a.Kind = "bounceable"
	case tonPlain:
		a.Kind = "non-bounceable"
	default:
		return Address{}, false
	}
	return a, b[1] == 0 || b[1] == 0xff
}

// tonRaw reads the raw form, workchain and 64 hexadecimal digits, which has no
// checksum.
func tonRaw(s string) (Address, bool) {
	chain, account, ok := strings.Cut(s, ":")
	if !ok || chain != "0" && chain != "-1" || len(account) != 64 {
		return Address{}, false
	}
	b, err := hex.DecodeString(account)
	if err != nil || !oneCase(account) {
		return Address{}, false
	}
	head := byte(0)
	if chain == "-1" {
		head = 0xff
	}
	return Address{
		Chain: TON, Network: Mainnet, Kind: "raw", Value: strings.ToLower(s), Version: -1,
		Payload: append([]byte{head}, b...),
	}, true
}

// crc16 is CRC-16/XMODEM: polynomial 0x1021, no reflection, start 0.
func crc16(b []byte) uint16 {
	crc := uint16(0)
	for _, c := range b {
		crc ^= uint16(c) << 8
		for range 8 {
			carry := crc & 0x8000
			crc <<= 1
			if carry != 0 {
				crc ^= 0x1021
			}
		}
	}
	return crc
}
