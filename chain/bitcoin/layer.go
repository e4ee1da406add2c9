package bitcoin

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// A layer is an immutable file about a run of the ordered chain: a head, then five
// tables, one after the other, and a checksum of each page of them
// (docs/formats/ledger.md).
const (
	layerMagic   = "TAMGALYR"
	layerVersion = 3
	layerHead    = 64
)

// layerSize are the places in the chain that a layer begins at, and how many rows
// each of its tables has.
type layerSize struct {
	firstBlock, firstTx uint32
	blocks, txs         uint32
	spends, paid        uint64
}

func (z layerSize) head() []byte {
	le := binary.LittleEndian
	b := append(make([]byte, 0, layerHead), layerMagic...)
	b = le.AppendUint32(b, layerVersion)
	for _, v := range []uint32{z.firstBlock, z.blocks, z.firstTx, z.txs} {
		b = le.AppendUint32(b, v)
	}
	b = le.AppendUint64(le.AppendUint64(append(b, 0, 0, 0, 0), z.spends), z.paid)
	return b[:layerHead]
}

func parseLayerHead(b []byte) (z layerSize, err error) {
	le := binary.LittleEndian
	if len(b) < layerHead || string(b[:8]) != layerMagic || le.Uint32(b[8:]) != layerVersion {
		return z, fmt.Errorf("not a layer of version %d", layerVersion)
	}
	z.firstBlock, z.blocks, z.firstTx, z.txs = le.Uint32(b[12:]), le.Uint32(b[16:]), le.Uint32(b[20:]), le.Uint32(b[24:])
	z.spends, z.paid = le.Uint64(b[32:]), le.Uint64(b[40:])
	return z, nil
}

// The tables of a layer, in the order of the file.
const (
	tableBlocks = iota
	tableTxs
	tableIDs
	tableSpends
	tablePaid
	tables
)

var tableRow = [tables]int64{blockRow, txRow, hashRow, hashRow, hashRow}

// rows is how many rows a table has; a count beyond any file is cut.
func (z layerSize) rows(table int) int64 {
	const most = 1 << 50
	return [tables]int64{int64(z.blocks), int64(z.txs), int64(z.txs), int64(min(z.spends, most)), int64(min(z.paid, most))}[table]
}

// offset is where a table begins in the file; that of tables is where the
// checksums begin.
func (z layerSize) offset(table int) int64 {
	at := int64(layerHead)
	for t := range table {
		at += z.rows(t) * tableRow[t]
	}
	return at
}

// layer is a layer's file mapped into memory.
type layer struct {
	layerSize
	mapped []byte
	table  [tables]segment
}

// openLayer maps a layer that the manifest names.
func openLayer(dir string, m *layerFile) (*layer, error) {
	file := filepath.Join(dir, m.Name)
	b, err := mapFile(file, m.Size)
	if err != nil {
		return nil, fmt.Errorf("open layer %s: %w", file, err)
	}
	l := &layer{mapped: b}
	l.layerSize, err = parseLayerHead(b)
	switch {
	case err != nil:
	case l.firstBlock != m.FirstBlock || l.blocks != m.Blocks || l.firstTx != m.FirstTx || l.txs != m.Txs:
		err = fmt.Errorf("it is about other blocks than the manifest says")
	case l.offset(tables)+sumSize(l.offset(tables)) != m.Size:
		err = fmt.Errorf("%d bytes, its head promises %d", m.Size, l.offset(tables)+sumSize(l.offset(tables)))
	}
	if err != nil {
		unix.Munmap(b)
		return nil, fmt.Errorf("%w: layer %s: %w", ErrDamaged, file, err)
	}
	p := newPages(file, b, l.offset(tables))
	for t := range l.table {
		l.table[t] = segment{rows: b[l.offset(t):l.offset(t+1)], row: int(tableRow[t]), pages: p, base: int(l.offset(t))}
	}
	return l, nil
}

func (l *layer) close() error {
	b := l.mapped
	if b == nil {
		return nil
	}
	l.mapped, l.table = nil, [tables]segment{}
	return unix.Munmap(b)
}

// mapFile maps a whole file of a known size for reading.
func mapFile(file string, want int64) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() != want || want < 1 {
		return nil, fmt.Errorf("%w: %d bytes, the manifest says %d", ErrDamaged, info.Size(), want)
	}
	return unix.Mmap(int(f.Fd()), 0, int(want), unix.PROT_READ, unix.MAP_SHARED)
}
