package bitcoin

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// ErrTruncated says that input ended inside a block or transaction.
var ErrTruncated = errors.New("truncated")

// Least sizes of an input and an output: what a count can promise at most.
const (
	minInput  = 36 + 1 + 4
	minOutput = 8 + 1
)

// nullVout is the output index of a coinbase's only input.
const nullVout = 0xffffffff

// rawTx is a transaction as a view of the bytes it was read from: it copies
// nothing, and every length in it was checked against the input.
type rawTx struct {
	raw     []byte // as serialised, witness included
	segwit  bool
	nIn     int
	nOut    int
	ins     int // offset of the first input, after the count
	outs    int // offset of the first output
	outsEnd int
}

// size reads a CompactSize at b[pos:] in its shortest form and returns it with
// the position after it.
func size(b []byte, pos int) (n uint64, next int, err error) {
	if pos >= len(b) {
		return 0, 0, ErrTruncated
	}
	c := b[pos]
	if c < 0xfd {
		return uint64(c), pos + 1, nil
	}
	width := 2 << (c - 0xfd)
	if len(b)-pos-1 < width {
		return 0, 0, ErrTruncated
	}
	least := uint64(0xfd)
	switch c {
	case 0xfd:
		n = uint64(binary.LittleEndian.Uint16(b[pos+1:]))
	case 0xfe:
		n, least = uint64(binary.LittleEndian.Uint32(b[pos+1:])), 1<<16
	default:
		n, least = binary.LittleEndian.Uint64(b[pos+1:]), 1<<32
	}
	if n < least {
		return 0, 0, fmt.Errorf("count %d is not in its shortest form", n)
	}
	return n, pos + 1 + width, nil
}

// maxSize is the greatest length that a node accepts anywhere (Bitcoin Core's
// MAX_SIZE): beyond it, input is wrong rather than truncated.
const maxSize = 32 << 20

// skip passes over a length and that many bytes.
func skip(b []byte, pos int) (int, error) {
	if pos < len(b) && b[pos] < 0xfd {
		next := pos + 1 + int(b[pos])
		if next > len(b) {
			return 0, ErrTruncated
		}
		return next, nil
	}
	n, next, err := size(b, pos)
	if err != nil {
		return 0, err
	}
	if n > maxSize {
		return 0, fmt.Errorf("length of %d bytes", n)
	}
	if n > uint64(len(b)-next) {
		return 0, ErrTruncated
	}
	return next + int(n), nil
}

// skipShort is skip for lengths of one byte that the input holds; ok is false for
// any other. It is what nearly every length takes, and small enough to be inlined.
func skipShort(b []byte, pos int) (next int, ok bool) {
	if pos >= len(b) || b[pos] >= 0xfd {
		return 0, false
	}
	next = pos + 1 + int(b[pos])
	return next, next <= len(b)
}

// count reads how many items follow, each of at least least bytes.
func count(b []byte, pos, least int) (int, int, error) {
	n, next, err := size(b, pos)
	if err != nil {
		return 0, 0, err
	}
	if n > maxSize/uint64(least) {
		return 0, 0, fmt.Errorf("count of %d items", n)
	}
	if n > uint64(len(b)-next)/uint64(least) {
		return 0, 0, ErrTruncated
	}
	return int(n), next, nil
}

// parseTx reads the transaction at the start of b, as BIP-144 serialises it,
// and returns the number of bytes it takes.
func parseTx(b []byte, t *rawTx) (n int, err error) {
	if len(b) < 10 {
		return 0, ErrTruncated
	}
	*t = rawTx{}
	pos := 4
	if b[4] == 0 {
		if b[5] != 1 {
			return 0, fmt.Errorf("no inputs, and %#x is no flag of a witness", b[5])
		}
		t.segwit, pos = true, 6
	}
	if t.nIn, pos, err = count(b, pos, minInput); err != nil {
		return 0, err
	}
	if t.nIn == 0 {
		return 0, errors.New("no inputs")
	}
	t.ins = pos
	for range t.nIn {
		next, ok := skipShort(b, pos+36)
		if !ok {
			if next, err = skip(b, pos+36); err != nil {
				return 0, err
			}
		}
		pos = next + 4
	}
	if t.nOut, pos, err = count(b, pos, minOutput); err != nil {
		return 0, err
	}
	t.outs = pos
	for range t.nOut {
		next, ok := skipShort(b, pos+8)
		if !ok {
			if next, err = skip(b, pos+8); err != nil {
				return 0, err
			}
		}
		pos = next
	}
	t.outsEnd = pos
	if t.segwit {
		some := false
		for range t.nIn {
			var items int
			if items, pos, err = count(b, pos, 1); err != nil {
				return 0, err
			}
			some = some || items > 0
			for range items {
				if pos, err = skip(b, pos); err != nil {
					return 0, err
				}
			}
		}
		if !some {
			return 0, errors.New("a witness without any item")
		}
	}
	if len(b)-pos < 4 {
		return 0, ErrTruncated
	}
	pos += 4
	t.raw = b[:pos:pos]
	return pos, nil
}

func (t *rawTx) version() int32 { return int32(binary.LittleEndian.Uint32(t.raw)) }

func (t *rawTx) lockTime() uint32 { return binary.LittleEndian.Uint32(t.raw[len(t.raw)-4:]) }

// wtxid hashes the whole serialisation.
func (t *rawTx) wtxid() Hash { return doubleSHA(t.raw) }

// txid hashes the serialisation without marker, flag and witness. scratch is
// reused between calls; it returns what it grew to.
func (t *rawTx) txid(scratch []byte) (Hash, []byte) {
	if !t.segwit {
		return doubleSHA(t.raw), scratch
	}
	scratch = append(scratch[:0], t.raw[:4]...)
	scratch = append(scratch, t.raw[6:t.outsEnd]...)
	scratch = append(scratch, t.raw[len(t.raw)-4:]...)
	return doubleSHA(scratch), scratch
}

// field is where bytes lie whose length is at pos. The length was checked by parseTx.
func (t *rawTx) field(pos int) (start, end int) {
	if n := t.raw[pos]; n < 0xfd {
		return pos + 1, pos + 1 + int(n)
	}
	n, start, _ := size(t.raw, pos)
	return start, start + int(n)
}

// input is a view of one input.
type input struct {
	prev     []byte // 32 bytes
	vout     uint32
	script   []byte
	sequence uint32
}

func (in *input) coinbase() bool { return in.vout == nullVout && Hash(in.prev) == Hash{} }

// inputs calls f for each input. The lengths were checked by parseTx.
func (t *rawTx) inputs(f func(i int, in input)) {
	pos := t.ins
	for i := range t.nIn {
		start, end := t.field(pos + 36)
		f(i, input{
			prev: t.raw[pos : pos+32], vout: binary.LittleEndian.Uint32(t.raw[pos+32:]),
			script: t.raw[start:end], sequence: binary.LittleEndian.Uint32(t.raw[end:]),
		})
		pos = end + 4
	}
}

// output is a view of one output.
type output struct {
	value  int64 // satoshis
	script []byte
}

// outputs calls f for each output until it returns false.
func (t *rawTx) outputs(f func(n int, out output) bool) {
	pos := t.outs
	for i := range t.nOut {
		start, end := t.field(pos + 8)
		out := output{int64(binary.LittleEndian.Uint64(t.raw[pos:])), t.raw[start:end]}
		if !f(i, out) {
			return
		}
		pos = end
	}
}

// output returns one output by its number.
func (t *rawTx) output(n uint32) (found output, ok bool) {
	if n >= uint32(t.nOut) {
		return output{}, false
	}
	t.outputs(func(i int, out output) bool {
		found = out
		return i < int(n)
	})
	return found, true
}

// isCoinbase says whether the transaction makes new money.
func (t *rawTx) isCoinbase() bool {
	return t.nIn == 1 && binary.LittleEndian.Uint32(t.raw[t.ins+32:]) == nullVout && Hash(t.raw[t.ins:t.ins+32]) == Hash{}
}
