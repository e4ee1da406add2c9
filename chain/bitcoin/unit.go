package bitcoin

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"tamga/internal/address"
)

// rowSet are the rows of a layer under construction.
type rowSet struct {
	txs               []byte
	ids, spends, paid []row
}

// reset empties the set and makes room.
func (s *rowSet) reset(txs, spends, paid int) {
	s.txs = slices.Grow(s.txs[:0], txs*txRow)[:txs*txRow]
	s.ids = slices.Grow(s.ids[:0], txs)[:txs]
	s.spends = slices.Grow(s.spends[:0], spends)[:spends]
	s.paid = slices.Grow(s.paid[:0], paid)[:paid]
}

// add appends the rows of a transaction to the sorted tables.
func (s *rowSet) add(num uint32, id Hash, t *rawTx) {
	s.ids = append(s.ids, row{txidKey(id[:]), num, 0})
	if !t.isCoinbase() {
		t.inputs(func(i int, in input) {
			s.spends = append(s.spends, row{outpointKey(in.prev, in.vout), num, uint32(i)})
		})
	}
	t.outputs(func(n int, out output) bool {
		which := uint32(n)
		if _, payload := address.ScriptType(out.script); payload == nil {
			which |= noAddress
		}
		s.paid = append(s.paid, row{scriptKey(out.script), num, which})
		return true
	})
}

// place is where the rows of a block begin in those of its layer.
type place struct{ txs, spends, paid int }

// part is the room of one block; what is added must fill it.
func (s *rowSet) part(p place, b *scanned) rowSet {
	return rowSet{
		txs:    s.txs[p.txs*txRow : p.txs*txRow : (p.txs+int(b.txs))*txRow],
		ids:    s.ids[p.txs : p.txs : p.txs+int(b.txs)],
		spends: s.spends[p.spends : p.spends : p.spends+int(b.spends)],
		paid:   s.paid[p.paid : p.paid : p.paid+int(b.outputs)],
	}
}

func (s *rowSet) filled(b *scanned) bool {
	return len(s.ids) == int(b.txs) && len(s.spends) == int(b.spends) && len(s.paid) == int(b.outputs)
}

// blockFiles are the block files that a base layer is read from.
type blockFiles struct {
	dir  string
	mu   sync.Mutex
	open map[int32]*os.File
}

func (f *blockFiles) file(i int32, name string) (*os.File, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.open[i] == nil {
		o, err := os.Open(filepath.Join(f.dir, name))
		if err != nil {
			return nil, err
		}
		f.open[i] = o
	}
	return f.open[i], nil
}

func (f *blockFiles) close() {
	for _, o := range f.open {
		o.Close()
	}
}

// makeUnit reads the blocks of a base layer and writes it.
func (b *builder) makeUnit(ctx context.Context, s span) (layerFile, error) {
	blocks := b.ordered[s.first:s.end]
	at := make([]place, len(blocks)+1)
	for i := range blocks {
		at[i+1] = place{at[i].txs + int(blocks[i].txs), at[i].spends + int(blocks[i].spends), at[i].paid + int(blocks[i].outputs)}
	}
	sum := at[len(blocks)]
	b.rows.reset(sum.txs, sum.spends, sum.paid)
	files := blockFiles{dir: b.m.Blocks, open: map[int32]*os.File{}}
	defer files.close()
	type state struct {
		buf []byte
		r   blockReader
	}
	workers := make([]state, b.o.Workers)
	err := b.each(ctx, len(blocks), func(_ context.Context, worker, i int) error {
		w, bl := &workers[worker], &blocks[i]
		f, err := files.file(bl.file, b.m.Sources[bl.file].Name)
		if err != nil {
			return err
		}
		w.buf = slices.Grow(w.buf[:0], int(bl.size))[:bl.size]
		if _, err := f.ReadAt(w.buf, bl.offset); err != nil {
			return fmt.Errorf("read block %s: %w", bl.id, err)
		}
		unmask(w.buf, b.key, bl.offset)
		if header(w.buf).hash() != bl.id {
			return fmt.Errorf("block %s changed while it was read", bl.id)
		}
		rows := b.rows.part(at[i], bl.scanned)
		num := uint32(s.first + i)
		_, err = w.r.read(w.buf, func(n int, tx *rawTx, id Hash, offset int) error {
			if n == int(bl.txs) {
				return errMerkle
			}
			rows.txs = binary.LittleEndian.AppendUint32(rows.txs, num)
			rows.txs = binary.LittleEndian.AppendUint32(rows.txs, uint32(offset))
			rows.add(bl.firstTx+uint32(n), id, tx)
			return nil
		})
		if err == nil && !rows.filled(bl.scanned) {
			err = errMerkle
		}
		if err != nil {
			return fmt.Errorf("block %s changed while it was read: %w", bl.id, err)
		}
		b.progress(int64(bl.size))
		return nil
	})
	if err != nil {
		return layerFile{}, err
	}
	size := layerSize{
		firstBlock: uint32(s.first), blocks: uint32(len(blocks)), firstTx: blocks[0].firstTx, txs: uint32(sum.txs),
		spends: uint64(sum.spends), paid: uint64(sum.paid),
	}
	var rows []byte
	for i := range blocks {
		info := blocks[i].info()
		rows = info.bytes(rows)
	}
	return b.writeUnit(ctx, size, rows, &b.rows)
}

// writeUnit sorts what a layer is made of, and writes it.
func (b *builder) writeUnit(ctx context.Context, size layerSize, blocks []byte, rows *rowSet) (layerFile, error) {
	b.scratch = slices.Grow(b.scratch[:0], max(len(rows.ids), len(rows.spends), len(rows.paid)))
	b.scratch = b.scratch[:cap(b.scratch)]
	w, err := newSealer(b.dir, layerKind, &b.syncs)
	if err != nil {
		return layerFile{}, err
	}
	w.pages = &pageSums{}
	w.write(size.head())
	w.write(blocks)
	w.write(rows.txs)
	var buf []byte
	for _, t := range [][]row{rows.ids, rows.spends, rows.paid} {
		if err := b.sortRows(ctx, t, b.scratch); err != nil {
			w.drop()
			return layerFile{}, err
		}
		for len(t) > 0 {
			n := min(len(t), 4096)
			buf = buf[:0]
			for _, r := range t[:n] {
				buf = r.bytes(buf)
			}
			w.write(buf)
			t = t[n:]
		}
	}
	f, err := w.seal(layerKind, ".seg")
	return layerFile{sealed: f, FirstBlock: size.firstBlock, Blocks: size.blocks, FirstTx: size.firstTx, Txs: size.txs, Addresses: uncounted}, err
}

// info is the block as the index knows it.
func (p *placed) info() blockInfo {
	return blockInfo{
		id: p.id, offset: p.offset, file: int(p.file), size: int(p.size), firstTx: p.firstTx, txs: int(p.txs),
		height: p.height, stamp: p.stamp, bits: p.bits,
	}
}

func (b *blockInfo) bytes(r []byte) []byte {
	le := binary.LittleEndian
	r = append(r, b.id[:]...)
	r = le.AppendUint64(r, uint64(b.offset))
	for _, v := range []uint32{uint32(b.file), uint32(b.size), b.firstTx, uint32(b.txs), uint32(int32(b.height)), b.stamp, b.bits, 0} {
		r = le.AppendUint32(r, v)
	}
	return r
}
