package tagger

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"slices"
	"strings"
)

// A model file is: magic, then in little-endian order the count of features and
// of words, the scale of the weights, the transitions of both registers, the
// features by ascending key (the key of four bytes, the weights of one byte
// each), the words with their length before them, and the CRC-32 of all that.
const magic = "tamga tagger 1\n"

// Limits of a model file.
const (
	maxFeatures = 1 << 20
	maxWords    = 1 << 12
	maxAnchor   = 32 // bytes of a word
)

// ErrModel is wrapped by the errors of Decode.
var ErrModel = errors.New("not a whole tagger model")

const transitionBytes = int(registers) * (labels + 1) * labels * 4

// Encode writes a model; equal models give equal bytes.
func (m *Model) Encode() []byte {
	keys := make([]slot, 0, m.Size())
	for _, s := range m.table {
		if s.row != 0 {
			keys = append(keys, s)
		}
	}
	slices.SortFunc(keys, func(a, b slot) int {
		if a.key < b.key {
			return -1
		}
		return 1
	})
	out := []byte(magic)
	out = binary.LittleEndian.AppendUint32(out, uint32(len(keys)))
	out = binary.LittleEndian.AppendUint32(out, uint32(len(m.words)))
	out = binary.LittleEndian.AppendUint32(out, math.Float32bits(m.scale))
	for r := range m.next {
		for a := range m.next[r] {
			for _, w := range m.next[r][a] {
				out = binary.LittleEndian.AppendUint32(out, math.Float32bits(w))
			}
		}
	}
	for _, k := range keys {
		out = binary.LittleEndian.AppendUint32(out, k.key)
		for _, w := range m.rows[int(k.row)*width : int(k.row)*width+width] {
			out = append(out, byte(w))
		}
	}
	for _, w := range m.words {
		out = append(append(out, byte(len(w))), w...)
	}
	return binary.LittleEndian.AppendUint32(out, crc32.ChecksumIEEE(out))
}

// Decode reads a model. A file that is torn, altered or of another version is an
// error; memory stays within a small multiple of the file.
func Decode(data []byte) (*Model, error) {
	body, ok := strings.CutPrefix(string(data), magic)
	if !ok {
		return nil, fmt.Errorf("%w: it starts otherwise", ErrModel)
	}
	if len(body) < 12+transitionBytes+4 {
		return nil, fmt.Errorf("%w: it ends in its head", ErrModel)
	}
	end := len(data) - 4
	if crc32.ChecksumIEEE(data[:end]) != binary.LittleEndian.Uint32(data[end:]) {
		return nil, fmt.Errorf("%w: its checksum is another", ErrModel)
	}
	rest := data[len(magic):end]
	number := func() uint32 {
		n := binary.LittleEndian.Uint32(rest)
		rest = rest[4:]
		return n
	}
	features, words := int(number()), int(number())
	if features > maxFeatures || words > maxWords || len(rest) < 4+transitionBytes+features*(4+width)+words {
		return nil, fmt.Errorf("%w: %d features and %d words in %d bytes", ErrModel, features, words, len(data))
	}
	m := &Model{scale: math.Float32frombits(number())}
	if !(m.scale > 0 && m.scale < 1) {
		return nil, fmt.Errorf("%w: scale %g", ErrModel, m.scale)
	}
	for r := range m.next {
		for a := range m.next[r] {
			for b := range m.next[r][a] {
				w := math.Float32frombits(number())
				if !(w > -100 && w < 100) {
					return nil, fmt.Errorf("%w: weight %g", ErrModel, w)
				}
				m.next[r][a][b] = w
			}
		}
	}
	keys, values := make([]uint32, features), make([][width]int8, features)
	for i := range keys {
		keys[i] = number()
		if i > 0 && keys[i] <= keys[i-1] {
			return nil, fmt.Errorf("%w: feature %d is out of order", ErrModel, i)
		}
		for y := range width {
			values[i][y] = int8(rest[y])
		}
		rest = rest[width:]
	}
	for range words {
		if len(rest) == 0 || int(rest[0]) > maxAnchor || len(rest) < 1+int(rest[0]) {
			return nil, fmt.Errorf("%w: it ends in its words", ErrModel)
		}
		m.words = append(m.words, string(rest[1:1+rest[0]]))
		rest = rest[1+rest[0]:]
	}
	if len(rest) > 0 {
		return nil, fmt.Errorf("%w: %d bytes too many", ErrModel, len(rest))
	}
	m.build(keys, values)
	return m, nil
}
