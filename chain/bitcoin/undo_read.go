package bitcoin

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"sort"
	"sync"
)

// undoTable is the index's access to undo data.
type undoTable struct {
	undo *segment // nil for none

	undoMu   sync.Mutex
	undoOpen map[int]*os.File // undo files, by the number of the block file
}

// openUndo opens the table of undo data, where there is one.
func (x *Index) openUndo() (err error) {
	if f, ok := x.m.Files[segmentUndo]; ok {
		x.undo, err = openSegment(filepath.Join(x.dir, f.Name), undoRow, f.Size)
	}
	return err
}

func (t *undoTable) close() error {
	t.undoMu.Lock()
	defer t.undoMu.Unlock()
	errs := []error{t.undo.close()}
	for _, f := range t.undoOpen {
		errs = append(errs, f.Close())
	}
	t.undoOpen = nil
	return errors.Join(errs...)
}

// undoFile opens the undo file beside a block file.
func (x *Index) undoFile(i int) (*os.File, error) {
	x.undoMu.Lock()
	defer x.undoMu.Unlock()
	if f := x.undoOpen[i]; f != nil {
		return f, nil
	}
	f, err := os.Open(filepath.Join(x.m.Blocks, undoFile(x.m.Sources[i].Name)))
	if err != nil {
		return nil, err
	}
	if x.undoOpen == nil {
		x.undoOpen = map[int]*os.File{}
	}
	x.undoOpen[i] = f
	return f, nil
}

// undoPlaces calls f with the places that may hold the undo data of a block, until it
// returns false.
func (x *Index) undoPlaces(id Hash, f func(p undoPlace) bool) {
	key, n := txidKey(id[:]), x.undo.len()
	i := sort.Search(n, func(i int) bool { return binary.BigEndian.Uint64(x.undo.at(i)) >= key })
	for ; i < n; i++ {
		if p := undoPlaceAt(x.undo.at(i)); p.key != key || !f(p) {
			return
		}
	}
}

// undoComplete says whether undo data says all that the blocks spend.
func (x *Index) undoComplete() bool {
	return x.undo != nil && x.m.Undo != nil && x.m.Undo.Summary.Missing == 0 && x.m.Undo.Summary.Blocks > 0
}

// undoCursor reads what transactions spend from the undo data of their blocks. It is
// quick where transactions come in chain order, and not safe for several goroutines.
// The zero value with x set is ready to use.
type undoCursor struct {
	x      *Index
	number uint32 // of the block
	block  blockInfo
	ready  bool   // block is set
	data   []byte // its undo data; nil for none

	next uint32 // the transaction of the block whose coins lie at pos
	pos  int
	r    undoReader
	prev []prevout
	buf  []byte
}

// fill sets what is known of the outputs that a transaction of the index spends, in the
// order of its inputs, as the node's undo data has it: then nothing needs to be looked up
// for it, and outputs of blocks that are not at hand are known too. ok is false, and the
// transaction as it was, where there is no undo data of its block, or not the right one.
// What it sets is valid until the next call.
func (c *undoCursor) fill(s *stored) (ok bool) {
	if !c.seek(s.num) || s.prev != nil {
		return false
	}
	tx := s.num - c.block.firstTx
	if tx == 0 || c.data == nil { // a coinbase spends nothing
		return false
	}
	if c.next == 0 || c.next > tx {
		n, pos, err := undoStart(c.data)
		if err != nil || n != c.block.txs-1 {
			c.data = nil
			return false
		}
		c.next, c.pos = 1, pos
	}
	for c.next <= tx {
		c.prev = c.prev[:0]
		var keep func(int, undoCoin)
		if c.next == tx {
			keep = func(_ int, coin undoCoin) { c.prev = append(c.prev, prevout{known: true, out: coin.out}) }
		}
		n, pos, err := c.r.transaction(c.data, c.pos, keep)
		if err != nil || c.next == tx && n != s.tx.nIn {
			c.data = nil
			return false
		}
		c.next, c.pos = c.next+1, pos
	}
	s.prev = c.prev
	return true
}

// seek goes to the block of a transaction; false where there is no such block.
func (c *undoCursor) seek(num uint32) bool {
	within := func(b *blockInfo) bool { return num >= b.firstTx && num-b.firstTx < uint32(b.txs) }
	if c.ready && within(&c.block) {
		return true
	}
	n := c.x.blocks.len()
	i := sort.Search(n, func(i int) bool { return c.x.block(uint32(i)).firstTx > num }) - 1
	if i < 0 {
		return false
	}
	c.number, c.block, c.ready, c.next = uint32(i), c.x.block(uint32(i)), true, 0
	if c.data = nil; !within(&c.block) {
		return false
	}
	c.data = c.x.undoData(&c.block, c.buf)
	if c.data != nil {
		c.buf = c.data[:0]
	}
	return true
}

// undoData reads the undo data of a block, into buf where it has room, and compares it
// with its checksum. It is nil where there is none, or where its file changed.
func (x *Index) undoData(b *blockInfo, buf []byte) (data []byte) {
	if x.undo == nil || b.txs < 2 || b.file >= len(x.m.Sources) {
		return nil
	}
	prev, err := x.parent(b)
	if err != nil {
		return nil
	}
	x.undoPlaces(b.id, func(p undoPlace) bool {
		if int(p.file) != b.file || p.size > maxSize || p.offset < 0 {
			return true
		}
		f, err := x.undoFile(b.file)
		if err != nil {
			return false
		}
		n := int(p.size) + undoTail
		if cap(buf) < n {
			buf = make([]byte, n)
		}
		raw := buf[:n]
		if _, err := f.ReadAt(raw, p.offset); err != nil {
			return true
		}
		unmask(raw, x.key, p.offset)
		if undoSum(prev, raw[:p.size]) == Hash(raw[p.size:]) {
			data = raw[:p.size]
		}
		return data == nil
	})
	return data
}
