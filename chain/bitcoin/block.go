package bitcoin

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/big"
)

const headerSize = 80

// errMerkle says that transactions are not those that the header commits to.
var errMerkle = errors.New("the merkle root does not match the transactions")

// header is a view of the 80 bytes of a block header.
type header []byte

func (h header) version() int32  { return int32(binary.LittleEndian.Uint32(h)) }
func (h header) prev() Hash      { return Hash(h[4:36]) }
func (h header) merkle() Hash    { return Hash(h[36:68]) }
func (h header) time() uint32    { return binary.LittleEndian.Uint32(h[68:]) }
func (h header) bits() uint32    { return binary.LittleEndian.Uint32(h[72:]) }
func (h header) hash() Hash      { return doubleSHA(h[:headerSize]) }
func (h header) prevIsNil() bool { return h.prev() == Hash{} }

// target expands the compact form of a header's bits; nil where it is negative,
// zero or too great.
func target(bits uint32) *big.Int {
	exponent, mantissa := uint(bits>>24), int64(bits&0x7fffff)
	if bits&0x800000 != 0 || mantissa == 0 || exponent > 34 {
		return nil
	}
	t := big.NewInt(mantissa)
	if exponent <= 3 {
		t.Rsh(t, 8*(3-exponent))
	} else {
		t.Lsh(t, 8*(exponent-3))
	}
	if t.Sign() == 0 || t.BitLen() > 256 {
		return nil
	}
	return t
}

// work is the expected number of hashes that a block stands for:
// 2^256 / (target+1). A block whose hash does not meet its own target stands
// for none.
func work(h header, id Hash) *big.Int {
	t := target(h.bits())
	if t == nil {
		return new(big.Int)
	}
	var be [32]byte
	for i, v := range id {
		be[31-i] = v
	}
	if new(big.Int).SetBytes(be[:]).Cmp(t) > 0 {
		return new(big.Int)
	}
	return workOf(t)
}

// workOf is the expected number of hashes that meet a target.
func workOf(target *big.Int) *big.Int {
	w := new(big.Int).Lsh(big.NewInt(1), 256)
	return w.Quo(w, new(big.Int).Add(target, big.NewInt(1)))
}

// blockReader walks the transactions of one block. It keeps its buffers, so
// that a scan of many blocks does not allocate.
type blockReader struct {
	ids     []Hash
	scratch []byte
	trust   bool // do not check the merkle root, it was checked before
}

// read parses the block at the start of b, calls f (which may be nil) for every
// transaction in order with its id and its offset in the block, and checks the
// merkle root at the end. It returns the size of the block. Transactions that
// were whole have been given to f when an error comes.
func (r *blockReader) read(b []byte, f func(i int, t *rawTx, id Hash, offset int) error) (int, error) {
	n, pos, err := blockStart(b)
	if err != nil {
		return 0, err
	}
	r.ids = r.ids[:0]
	var t rawTx
	for i := range n {
		size, err := parseTx(b[pos:], &t)
		if err != nil {
			return 0, fmt.Errorf("transaction %d: %w", i, err)
		}
		var id Hash
		id, r.scratch = t.txid(r.scratch)
		if !r.trust {
			r.ids = append(r.ids, id)
		}
		if f != nil {
			if err := f(i, &t, id, pos); err != nil {
				return 0, err
			}
		}
		pos += size
	}
	if r.trust {
		return pos, nil
	}
	root, mutated := merkleRoot(r.ids)
	if root != header(b).merkle() || mutated {
		return 0, errMerkle
	}
	return pos, nil
}

// errWitness says that witnesses are not those that the coinbase commits to.
var errWitness = errors.New("the witness commitment does not match the transactions")

// witnessCheck compares the witnesses of a block with the commitment in its
// coinbase (BIP-141), which the merkle root of the header does not cover.
type witnessCheck struct {
	ids        []Hash
	commitment []byte
	reserved   []byte // the coinbase's only witness item
}

func (w *witnessCheck) add(i int, t *rawTx, _ Hash, _ int) error {
	if i > 0 {
		if w.commitment != nil {
			w.ids = append(w.ids, t.wtxid())
		}
		return nil
	}
	w.ids = append(w.ids, Hash{})
	t.outputs(func(_ int, out output) bool {
		if s := out.script; len(s) >= 38 && string(s[:6]) == "\x6a\x24\xaa\x21\xa9\xed" {
			w.commitment = s[6:38] // the last such output counts
		}
		return true
	})
	if item := t.outsEnd; t.segwit && len(t.raw)-item == 1+1+32+4 && t.raw[item] == 1 && t.raw[item+1] == 32 {
		w.reserved = t.raw[item+2 : item+34]
	}
	return nil
}

// check passes blocks without a commitment, which older and synthetic ones are.
func (w *witnessCheck) check() error {
	if w.commitment == nil || w.reserved == nil {
		return nil
	}
	root, _ := merkleRoot(w.ids)
	if got := doubleSHA(append(root[:], w.reserved...)); string(got[:]) != string(w.commitment) {
		return errWitness
	}
	return nil
}

// blockStart reads the header and the number of transactions.
func blockStart(b []byte) (n, pos int, err error) {
	if len(b) < headerSize+1 {
		return 0, 0, ErrTruncated
	}
	count, pos, err := size(b, headerSize)
	if err != nil {
		return 0, 0, err
	}
	if count == 0 || count > maxSize/60 { // the smallest transaction has 60 bytes
		return 0, 0, fmt.Errorf("a block of %d transactions", count)
	}
	return int(count), pos, nil
}

// looksLikeBlock says whether b starts with a header and a coinbase, which no
// transaction does: that tells a truncated block from a truncated transaction.
func looksLikeBlock(b []byte) bool {
	_, pos, err := blockStart(b)
	if err != nil {
		return false
	}
	pos += 4
	if len(b) < pos+2 {
		return false
	}
	if b[pos] == 0 && b[pos+1] == 1 {
		pos += 2
	}
	if len(b) < pos+37 || b[pos] != 1 {
		return false
	}
	return Hash(b[pos+1:pos+33]) == Hash{} && binary.LittleEndian.Uint32(b[pos+33:]) == nullVout
}

// coinbaseHeight reads the height that a coinbase must begin with since BIP-34,
// which binds blocks of version 2 and later. ok is false where the block is
// older, or where the script begins with anything but a number pushed in its
// shortest form.
func coinbaseHeight(version int32, script []byte) (height int64, ok bool) {
	if version < 2 || len(script) == 0 {
		return 0, false
	}
	switch op := script[0]; {
	case op == 0:
		return 0, true
	case op >= 0x51 && op <= 0x60:
		return int64(op) - 0x50, true
	case op > 5 || len(script) < 1+int(op):
		return 0, false
	default:
		b := script[1 : 1+op]
		for i, v := range b {
			height |= int64(v) << (8 * i)
		}
		last := b[op-1]
		short := last == 0 && (op == 1 || b[op-2]&0x80 == 0)
		if last&0x80 != 0 || short || height <= 16 || height > maxHeight {
			return 0, false
		}
		return height, true
	}
}

// maxHeight is far beyond any height of the chain in this century; a greater
// number in an old coinbase is no height.
const maxHeight = 20_000_000
