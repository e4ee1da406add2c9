package address

import (
	"errors"
	"strings"
)

const bech32Alphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"

// The constants that a checksum must come out as: BIP-173 and BIP-350.
const (
	bech32Const  = 1
	bech32mConst = 0x2bc830a3
)

// maxBech32 is the longest string of BIP-173.
const maxBech32 = 90

var errBech32 = errors.New("not bech32")

var bech32Digit = func() (t [256]int8) {
	for i := range t {
		t[i] = -1
	}
	for i := range len(bech32Alphabet) {
		t[bech32Alphabet[i]] = int8(i)
	}
	return t
}()

func bech32Step(chk uint32, v byte) uint32 {
	top := chk >> 25
	chk = (chk&0x1ffffff)<<5 ^ uint32(v)
	for i, g := range [5]uint32{0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3} {
		if top>>i&1 == 1 {
			chk ^= g
		}
	}
	return chk
}

func bech32HRP(hrp string) uint32 {
	chk := uint32(1)
	for i := range len(hrp) {
		chk = bech32Step(chk, hrp[i]>>5)
	}
	chk = bech32Step(chk, 0)
	for i := range len(hrp) {
		chk = bech32Step(chk, hrp[i]&31)
	}
	return chk
}

// decodeBech32 returns the human-readable part in lower case, the data as
// groups of five bits without the checksum, and the constant that the checksum
// came out as, which says whether it is bech32 or bech32m. BIP-173 allows 90
// characters; some uses of its checksum (invoices, unified addresses) go beyond.
func decodeBech32(s string, limit int) (hrp string, data []byte, constant uint32, err error) {
	if len(s) < 8 || len(s) > limit {
		return "", nil, 0, errBech32
	}
	var small, capital bool
	for i := range len(s) {
		switch c := s[i]; {
		case c < 33 || c > 126:
			return "", nil, 0, errBech32 // beyond ASCII, changing case could make a digit of it
		case 'a' <= c && c <= 'z':
			small = true
		case 'A' <= c && c <= 'Z':
			capital = true
		}
	}
	if small && capital {
		return "", nil, 0, errBech32
	}
	lower := strings.ToLower(s)
	sep := strings.LastIndexByte(lower, '1')
	if sep < 1 || sep+7 > len(lower) {
		return "", nil, 0, errBech32
	}
	hrp = lower[:sep]
	chk := bech32HRP(hrp)
	data = make([]byte, 0, len(lower)-sep-1)
	for i := sep + 1; i < len(lower); i++ {
		d := bech32Digit[lower[i]]
		if d < 0 {
			return "", nil, 0, errBech32
		}
		chk = bech32Step(chk, byte(d))
		data = append(data, byte(d))
	}
	if chk != bech32Const && chk != bech32mConst {
		return "", nil, 0, errChecksum
	}
	return hrp, data[:len(data)-6], chk, nil
}

func encodeBech32(hrp string, data []byte, constant uint32) string {
	chk := bech32HRP(hrp)
	var b strings.Builder
	b.WriteString(hrp)
	b.WriteByte('1')
	for _, v := range data {
		chk = bech32Step(chk, v)
		b.WriteByte(bech32Alphabet[v])
	}
	for range 6 {
		chk = bech32Step(chk, 0)
	}
	chk ^= constant
	for i := range 6 {
		b.WriteByte(bech32Alphabet[chk>>(5*(5-i))&31])
	}
	return b.String()
}

// regroup turns groups of from bits into groups of to bits. Without pad, the
// bits left over must be fewer than from and zero (BIP-173).
func regroup(data []byte, from, to uint, pad bool) ([]byte, error) {
	out := make([]byte, 0, len(data)*int(from)/int(to)+1)
	acc, bits := uint32(0), uint(0)
	for _, v := range data {
		acc = acc<<from | uint32(v)
		bits += from
		for bits >= to {
			bits -= to
			out = append(out, byte(acc>>bits&(1<<to-1)))
		}
		acc &= 1<<bits - 1
	}
	switch {
	case pad && bits > 0:
		out = append(out, byte(acc<<(to-bits)&(1<<to-1)))
	case !pad && (bits >= from || acc != 0):
		return nil, errBech32
	}
	return out, nil
}

// witness reads a segregated witness address: version 0 has a bech32 checksum
// and a program of 20 or 32 bytes, versions 1 to 16 have a bech32m checksum and
// 2 to 40 bytes (BIP-141, BIP-350).
func witness(data []byte, constant uint32) (version int, program []byte, err error) {
	if len(data) == 0 || data[0] > 16 {
		return 0, nil, errBech32
	}
	version = int(data[0])
	if (version == 0) != (constant == bech32Const) {
		return 0, nil, errChecksum
	}
	program, err = regroup(data[1:], 5, 8, false)
	if err != nil {
		return 0, nil, err
	}
	if n := len(program); n < 2 || n > 40 || version == 0 && n != 20 && n != 32 {
		return 0, nil, errBech32
	}
	return version, program, nil
}

func encodeSegwit(hrp string, version int, program []byte) string {
	groups, _ := regroup(program, 8, 5, true) // padding cannot fail
	constant := uint32(bech32mConst)
	if version == 0 {
		constant = bech32Const
	}
	return encodeBech32(hrp, append([]byte{byte(version)}, groups...), constant)
}
