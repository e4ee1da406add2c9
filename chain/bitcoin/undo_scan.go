package bitcoin

import (
	"context"
	"path/filepath"
	"strings"
)

// An undo file holds a record for each block that the node connected, in the order in
// which it did: magic, u32 size of the data, the data, and the SHA-256d of the hash of the
// block's parent and the data. It has the number of the file that holds the block, and is
// masked with the same key. Which block a record is of, it does not say.

// undoFile is the undo file beside a block file.
func undoFile(blk string) string {
	return "rev" + strings.TrimPrefix(filepath.Base(blk), "blk")
}

// undoTail is the size of a record's checksum.
const undoTail = 32

// undoRecord is a record of an undo file whose data has the right form.
type undoRecord struct {
	offset int64 // of the data
	data   []byte
	sum    Hash
}

// scanUndo calls f for every record of a network in an undo file. A record of the wrong
// form is passed over from right behind its magic on, so that a wrong length costs one
// record. What such records make it read in vain is bounded: a file that nests them is
// given up after eight times its size.
func scanUndo(ctx context.Context, w *window, magic [4]byte, d *Damage, f func(r undoRecord) error) error {
	var reader undoReader
	vain := int64(0)
	for pos := int64(0); pos+8 <= w.size; {
		if err := ctx.Err(); err != nil {
			return err
		}
		at, n, ok, err := nextHead(w, pos, magic, d)
		if err != nil || !ok {
			return err
		}
		pos = at
		if n > 0 && n <= maxSize && pos+8+n+undoTail > w.size {
			d.Torn++
			pos++
			continue
		}
		if n == 0 || n > maxSize {
			d.Corrupt++
			pos++
			continue
		}
		raw, err := w.at(pos+8, int(n)+undoTail)
		if err != nil {
			return err
		}
		if err := reader.block(raw[:n], nil); err != nil {
			d.Corrupt++
			pos++
			if vain += n; vain > 8*w.size {
				d.Garbage += w.size - pos
				return nil
			}
			continue
		}
		if err := f(undoRecord{pos + 8, raw[:n], Hash(raw[n:])}); err != nil {
			return err
		}
		pos += 8 + n + undoTail
	}
	return nil
}

// undoCandidate is a block whose undo data is looked for.
type undoCandidate struct {
	number   uint32
	id, prev Hash
}

// undoMatcher finds the block of a record among those of one block file. The checksum
// decides; the number of transactions and the order say which block to try first, for a
// node connects blocks in chain order.
type undoMatcher map[int]*undoBucket // by number of transactions

type undoBucket struct {
	blocks []undoCandidate // in chain order, those that no record was found for
	next   int             // the one after the last match
}

// undoTries is how many blocks are tried for a record, so that records of no block at
// hand cost no more.
const undoTries = 64

func (m undoMatcher) add(txs int, c undoCandidate) {
	if m[txs] == nil {
		m[txs] = &undoBucket{}
	}
	m[txs].blocks = append(m[txs].blocks, c)
}

// match returns the block of a record and takes it out.
func (m undoMatcher) match(r undoRecord) (c undoCandidate, ok bool) {
	n, _, err := undoStart(r.data)
	b := m[n+1]
	if err != nil || b == nil {
		return c, false
	}
	for k := range min(len(b.blocks), undoTries) {
		i := (b.next + k) % len(b.blocks)
		if c = b.blocks[i]; undoSum(c.prev, r.data) == r.sum {
			b.blocks = append(b.blocks[:i], b.blocks[i+1:]...)
			b.next = i
			return c, true
		}
	}
	return c, false
}

// left counts the blocks that no record was found for.
func (m undoMatcher) left() (n int) {
	for _, b := range m {
		n += len(b.blocks)
	}
	return n
}
