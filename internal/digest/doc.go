// Package digest makes the two SHA-256 digests that a WARC record of an HTTP
// response has: of its payload, and of its block, which is the HTTP head and the
// payload. Two digests of the same bytes at different places share no work, but one
// processor core can make both in little more than the time of one: the rounds of
// SHA-256 wait for each other, and those of the other digest fill the gaps.
package digest

import (
	"crypto/sha256"
	"encoding"
	"encoding/binary"
	"hash"
)

// Size of a digest in bytes.
const Size = sha256.Size

// smallest is the body for which the two are made together, in bytes.
const smallest = 1 << 10

// Both returns the SHA-256 of head followed by body, and that of body.
func Both(head, body []byte) (block, payload [Size]byte) {
	fill := -len(head) & (sha256.BlockSize - 1)
	a, b := sha256.New(), sha256.New()
	a.Write(head)
	if together && len(body) >= smallest {
		// From here on both are at the beginning of a 64-byte block.
		a.Write(body[:fill])
		n := (len(body) - fill) / sha256.BlockSize
		x, okA := stateOf(a)
		y, okB := stateOf(b)
		if okA && okB {
			blocks(&x.h, &y.h, &body[fill], &body[0], n)
			size := uint64(n) * sha256.BlockSize
			if x.restore(a, size) && y.restore(b, size) {
				a.Write(body[fill+n*sha256.BlockSize:])
				b.Write(body[n*sha256.BlockSize:])
				a.Sum(block[:0])
				b.Sum(payload[:0])
				return block, payload
			}
		}
		a.Reset()
		b.Reset()
		a.Write(head)
	}
	a.Write(body)
	b.Write(body)
	a.Sum(block[:0])
	b.Sum(payload[:0])
	return block, payload
}

// state is that of a digest between two blocks: the binary form of crypto/sha256,
// which is a magic, the eight words, the unfinished block and the length so far, and
// the words of it.
type state struct {
	form [len(magic) + 4*8 + sha256.BlockSize + 8]byte
	h    [8]uint32
}

const magic = "sha\x03"

// stateOf takes the state of h; false where the binary form is not the known one.
func stateOf(h hash.Hash) (s *state, ok bool) {
	s = new(state)
	m, ok := h.(encoding.BinaryAppender)
	if !ok {
		return s, false
	}
	form, err := m.AppendBinary(s.form[:0])
	if err != nil || len(form) != len(s.form) || string(form[:len(magic)]) != magic {
		return s, false
	}
	for i := range s.h {
		s.h[i] = binary.BigEndian.Uint32(s.form[len(magic)+4*i:])
	}
	return s, true
}

// restore gives h the state, n bytes further on.
func (s *state) restore(h hash.Hash, n uint64) bool {
	for i, w := range s.h {
		binary.BigEndian.PutUint32(s.form[len(magic)+4*i:], w)
	}
	length := s.form[len(s.form)-8:]
	binary.BigEndian.PutUint64(length, binary.BigEndian.Uint64(length)+n)
	m, ok := h.(encoding.BinaryUnmarshaler)
	return ok && m.UnmarshalBinary(s.form[:]) == nil
}
