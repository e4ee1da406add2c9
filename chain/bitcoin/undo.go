package bitcoin

import (
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/btcsuite/btcd/btcec/v2"
)

// Bitcoin Core keeps, for each block that it connects, the outputs that the block spends,
// to give them back if it must undo the block (undo.h, coins.h and compressor.h): a list
// for each transaction but the coinbase, of a coin for each input. A coin is
//
//	VARINT height*2 + coinbase, VARINT version where the height is not 0 (of no meaning
//	today), VARINT compressed amount, compressed script.

// minCoin is the least size of a coin.
const minCoin = 3

// maxScript is the size of the largest script that can be spent (Core's
// MAX_SCRIPT_SIZE).
const maxScript = 10_000

var errUndo = errors.New("undo data")

// undoCoin is an output that was spent, and what the coin says of where it was made.
type undoCoin struct {
	out      output
	height   int64
	coinbase bool
}

// varint reads Core's VARINT at b[pos:], which must not exceed most: base 128, the most
// significant digit first, each continuation standing for one more than its bits say.
func varint(b []byte, pos int, most uint64) (n uint64, next int, err error) {
	for pos < len(b) {
		c := b[pos]
		pos++
		if n > most>>7 {
			return 0, 0, fmt.Errorf("%w: a number above %d", errUndo, most)
		}
		n = n<<7 | uint64(c&0x7f)
		if n > most || c >= 0x80 && n == most {
			return 0, 0, fmt.Errorf("%w: a number above %d", errUndo, most)
		}
		if c < 0x80 {
			return n, pos, nil
		}
		n++
	}
	return 0, 0, ErrTruncated
}

// decompressAmount undoes Core's CompressAmount, which moves up to nine decimal zeros at
// the end of an amount into an exponent. ok is false where it is more money than there is.
func decompressAmount(x uint64) (satoshis int64, ok bool) {
	if x == 0 {
		return 0, true
	}
	x--
	e := x % 10
	x /= 10
	if e < 9 {
		x = x/9*10 + x%9 + 1
	} else {
		x++
	}
	for ; e > 0 && x <= maxMoney; e-- {
		x *= 10
	}
	return int64(x), x <= maxMoney
}

// appendUndoScript appends the script that is compressed at b[pos:]. Two kinds name an
// uncompressed public key by its x coordinate, so its point is computed.
func appendUndoScript(to, b []byte, pos int) (script []byte, next int, err error) {
	kind, pos, err := varint(b, pos, 1<<32-1)
	if err != nil {
		return to, 0, err
	}
	size := 32
	switch {
	case kind < 2:
		size = 20
	case kind > 5:
		if kind -= 6; kind > maxScript {
			return to, 0, fmt.Errorf("%w: a script of %d bytes", errUndo, kind)
		}
		size, kind = int(kind), 6
	}
	if size > len(b)-pos {
		return to, 0, ErrTruncated
	}
	data := b[pos : pos+size]
	pos += size
	switch kind {
	case 0:
		return append(append(append(to, 0x76, 0xa9, 20), data...), 0x88, 0xac), pos, nil
	case 1:
		return append(append(append(to, 0xa9, 20), data...), 0x87), pos, nil
	case 2, 3:
		return append(append(append(to, 33, byte(kind)), data...), 0xac), pos, nil
	case 4, 5:
		var key [33]byte
		key[0] = byte(kind) - 2
		copy(key[1:], data)
		point, err := btcec.ParsePubKey(key[:])
		if err != nil {
			return to, 0, fmt.Errorf("%w: a public key that is no point of the curve", errUndo)
		}
		return append(append(append(to, 65), point.SerializeUncompressed()...), 0xac), pos, nil
	}
	return append(to, data...), pos, nil
}

// undoReader walks undo data. It keeps its buffer, so that a scan does not allocate.
type undoReader struct{ scripts []byte }

// coin reads the coin at b[pos:]. Its script is appended to the reader's buffer.
func (r *undoReader) coin(b []byte, pos int) (c undoCoin, next int, err error) {
	code, pos, err := varint(b, pos, 1<<32-1)
	if err != nil {
		return c, 0, err
	}
	c.height, c.coinbase = int64(code>>1), code&1 == 1
	if c.height > 0 {
		if _, pos, err = varint(b, pos, 1<<32-1); err != nil {
			return c, 0, err
		}
	}
	amount, pos, err := varint(b, pos, 1<<64-1)
	if err != nil {
		return c, 0, err
	}
	ok := false
	if c.out.value, ok = decompressAmount(amount); !ok {
		return c, 0, fmt.Errorf("%w: an amount of more than 21 million bitcoins", errUndo)
	}
	start := len(r.scripts)
	if r.scripts, pos, err = appendUndoScript(r.scripts, b, pos); err != nil {
		return c, 0, err
	}
	c.out.script = r.scripts[start:len(r.scripts):len(r.scripts)]
	return c, pos, nil
}

// transaction reads the coins of the transaction at b[pos:] and calls f, which may be
// nil, for each. Scripts are valid until the next call.
func (r *undoReader) transaction(b []byte, pos int, f func(in int, c undoCoin)) (n, next int, err error) {
	if n, pos, err = count(b, pos, minCoin); err != nil {
		return 0, 0, err
	}
	if n == 0 {
		return 0, 0, fmt.Errorf("%w: a transaction without inputs", errUndo)
	}
	r.scripts = r.scripts[:0]
	for i := range n {
		if f == nil {
			r.scripts = r.scripts[:0]
		}
		var c undoCoin
		if c, pos, err = r.coin(b, pos); err != nil {
			return 0, 0, fmt.Errorf("input %d: %w", i, err)
		}
		if f != nil {
			f(i, c)
		}
	}
	return n, pos, nil
}

// undoStart reads the number of transactions.
func undoStart(b []byte) (n, pos int, err error) { return count(b, 0, 1+minCoin) }

// block walks the undo data of a block, all of b, and calls f, which may be nil, for each
// transaction with the number of its inputs.
func (r *undoReader) block(b []byte, f func(tx, inputs int) error) error {
	n, pos, err := undoStart(b)
	if err != nil {
		return err
	}
	for i := range n {
		var inputs int
		if inputs, pos, err = r.transaction(b, pos, nil); err != nil {
			return fmt.Errorf("transaction %d: %w", i+1, err)
		}
		if f != nil {
			if err := f(i, inputs); err != nil {
				return err
			}
		}
	}
	if pos != len(b) {
		return fmt.Errorf("%w: %d bytes after the last transaction", errUndo, len(b)-pos)
	}
	return nil
}

// undoSum is the checksum of a record: of the hash of the block's parent and the data.
func undoSum(prev Hash, data []byte) Hash {
	h := sha256.New()
	h.Write(prev[:])
	h.Write(data)
	return sha256.Sum256(h.Sum(nil))
}
