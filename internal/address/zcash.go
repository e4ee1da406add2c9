package address

import (
	"encoding/binary"
	"strings"
)

// zcashHRP are the human-readable parts of Zcash: Sapling addresses (protocol
// specification §5.6.3.1), unified addresses (ZIP-316) and addresses that take
// transparent funds only (ZIP-320).
var zcashHRP = map[string]struct {
	network, kind string
	constant      uint32
}{
	"zs":              {Mainnet, "sapling", bech32Const},
	"ztestsapling":    {Testnet, "sapling", bech32Const},
	"zregtestsapling": {Regtest, "sapling", bech32Const},
	"u":               {Mainnet, "unified", bech32mConst},
	"utest":           {Testnet, "unified", bech32mConst},
	"uregtest":        {Regtest, "unified", bech32mConst},
	"tex":             {Mainnet, "tex", bech32mConst},
	"textest":         {Testnet, "tex", bech32mConst},
	"texregtest":      {Regtest, "tex", bech32mConst},
}

// saplingSize is a diversifier of 11 bytes and a key of 32.
const saplingSize = 43

func (a *Address) readZcash(hrp string, data []byte, constant uint32) bool {
	form := zcashHRP[hrp]
	if form.kind == "" || form.constant != constant {
		return false
	}
	b, err := regroup(data, 5, 8, false)
	if err != nil {
		return false
	}
	a.Chain, a.Network, a.Kind, a.Payload = Zcash, form.network, form.kind, b
	switch form.kind {
	case "sapling":
		return len(b) == saplingSize
	case "tex":
		return len(b) == hashSize
	}
	if len(b) < f4Least || len(b) > f4Most {
		return false
	}
	items, padding := f4Unjumble(b), hrp+strings.Repeat("\x00", 16-len(hrp))
	body, ok := strings.CutSuffix(string(items), padding)
	a.Payload = []byte(body)
	return ok && unifiedItems(a.Payload)
}

// Receivers of a unified address by typecode, with their sizes in bytes.
var unifiedSizes = map[uint64]int{0: hashSize, 1: hashSize, 2: saplingSize, 3: saplingSize}

// unifiedItems holds the receivers to ZIP-316: ascending typecodes, right sizes,
// not two transparent ones, and at least one that is shielded.
func unifiedItems(b []byte) bool {
	last, shielded, transparent := -1, false, 0
	for len(b) > 0 {
		typ, rest, ok := compactSize(b)
		if !ok || typ > 0x02000000 || int(typ) <= last {
			return false
		}
		size, rest, ok := compactSize(rest)
		if !ok || size > uint64(len(rest)) {
			return false
		}
		if want, known := unifiedSizes[typ]; known && int(size) != want {
			return false
		}
		if typ >= 0xc0 && typ <= 0xfc {
			return false // metadata, which has another human-readable part
		}
		if typ <= 1 {
			transparent++
		} else {
			shielded = true
		}
		last, b = int(typ), rest[size:]
	}
	return shielded && transparent <= 1
}

// compactSize reads an integer of Bitcoin's variable length, in its shortest
// form only.
func compactSize(b []byte) (v uint64, rest []byte, ok bool) {
	if len(b) == 0 {
		return 0, nil, false
	}
	switch head := b[0]; {
	case head < 0xfd:
		return uint64(head), b[1:], true
	case head == 0xfd && len(b) >= 3:
		v, rest = uint64(binary.LittleEndian.Uint16(b[1:])), b[3:]
		return v, rest, v >= 0xfd
	case head == 0xfe && len(b) >= 5:
		v, rest = uint64(binary.LittleEndian.Uint32(b[1:])), b[5:]
		return v, rest, v > 0xffff
	}
	return 0, nil, false
}

// Lengths of what F4Jumble takes here, bytes.
const (
	f4Least = 48
	f4Most  = maxLength
)

// f4Unjumble is the inverse of F4Jumble (ZIP-316), an unkeyed Feistel network of
// four rounds over the whole message.
func f4Unjumble(m []byte) []byte {
	left := min(64, len(m)/2)
	c, d := append([]byte(nil), m[:left]...), append([]byte(nil), m[left:]...)
	f4H(1, c, d)
	f4G(1, d, c)
	f4H(0, c, d)
	f4G(0, d, c)
	return append(c, d...)
}

func f4Jumble(m []byte) []byte {
	left := min(64, len(m)/2)
	a, b := append([]byte(nil), m[:left]...), append([]byte(nil), m[left:]...)
	f4G(0, b, a)
	f4H(0, a, b)
	f4G(1, b, a)
	f4H(1, a, b)
	return append(a, b...)
}

// f4H adds to the left part the hash of the right one.
func f4H(round byte, left, right []byte) {
	personal := [16]byte([]byte("UA_F4Jumble_H\x00\x00\x00"))
	personal[13] = round
	for i, v := range blake2bSum(len(left), personal, right) {
		left[i] ^= v
	}
}

// f4G adds to the right part hashes of the left one, as many as it takes.
func f4G(round byte, right, left []byte) {
	personal := [16]byte([]byte("UA_F4Jumble_G\x00\x00\x00"))
	personal[13] = round
	for j := 0; j*64 < len(right); j++ {
		personal[14], personal[15] = byte(j), byte(j>>8)
		for i, v := range blake2bSum(64, personal, left) {
			if k := j*64 + i; k < len(right) {
				right[k] ^= v
			}
		}
	}
}
