package chaintest

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// written is a block as it goes to a file, with what Bitcoin Core keeps to undo it.
type written struct {
	raw  []byte
	undo []byte // nil for none
	prev hash   // of the block, which the checksum of its undo data covers
}

// blockFiles writes block files and undo files as they fill up.
type blockFiles struct {
	dir     string
	key     [8]byte
	size    int64
	window  int
	rng     *rand.Rand
	held    []written // blocks that wait to be put out of order
	heldLen int64

	file             *os.File
	number           int
	offset           int64
	revAt            map[int]int64 // size of each undo file
	bytes, undoBytes int64
}

func newBlockFiles(dir string, s Synthetic) (*blockFiles, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	if s.Key != [8]byte{} {
		if err := os.WriteFile(filepath.Join(dir, "xor.dat"), s.Key[:], 0o644); err != nil {
			return nil, err
		}
	}
	return &blockFiles{
		dir: dir, key: s.Key, size: s.FileSize, window: max(s.Shuffle, 1), number: -1, revAt: map[int]int64{},
		rng: rand.New(rand.NewPCG(s.Seed, 0x6f72646572)),
	}, nil
}

// waiting is the number of bytes written and held.
func (f *blockFiles) waiting() int64 { return f.bytes + f.heldLen }

func (f *blockFiles) add(b written) error {
	f.held = append(f.held, b)
	f.heldLen += int64(len(b.raw)) + 8
	if len(f.held) < f.window {
		return nil
	}
	return f.flush()
}

// flush writes the blocks that are held, shuffled, and then their undo data in the order
// of the chain, as a node writes it when it connects them.
func (f *blockFiles) flush() error {
	order := f.rng.Perm(len(f.held))
	if f.window == 1 {
		order = []int{0}[:len(f.held)]
	}
	at := make([]int, len(f.held))
	for _, i := range order {
		if err := f.block(f.held[i].raw); err != nil {
			return err
		}
		at[i] = f.number
	}
	for i, b := range f.held {
		if b.undo == nil {
			continue
		}
		if err := f.undo(at[i], b); err != nil {
			return err
		}
	}
	f.held, f.heldLen = f.held[:0], 0
	return nil
}

func frame(raw []byte) []byte {
	b := append(make([]byte, 0, len(raw)+40), regtestMagic[:]...)
	return append(binary.LittleEndian.AppendUint32(b, uint32(len(raw))), raw...)
}

func (f *blockFiles) mask(b []byte, offset int64) {
	if f.key == [8]byte{} {
		return
	}
	for i := range b {
		b[i] ^= f.key[(offset+int64(i))&7]
	}
}

func (f *blockFiles) block(raw []byte) error {
	b := frame(raw)
	if f.file == nil || f.offset+int64(len(b)) > f.size {
		if err := f.close(); err != nil {
			return err
		}
		f.number++
		var err error
		if f.file, err = os.Create(filepath.Join(f.dir, fmt.Sprintf("blk%05d.dat", f.number))); err != nil {
			return err
		}
		f.offset = 0
	}
	f.mask(b, f.offset)
	_, err := f.file.Write(b)
	f.offset += int64(len(b))
	f.bytes += int64(len(b))
	return err
}

// undo appends a record to the undo file of the same number as the block's file.
func (f *blockFiles) undo(number int, b written) error {
	rec := UndoRecord(b.undo, b.prev)
	f.mask(rec, f.revAt[number])
	rev, err := os.OpenFile(filepath.Join(f.dir, fmt.Sprintf("rev%05d.dat", number)), os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = rev.WriteAt(rec, f.revAt[number])
	if cerr := rev.Close(); err == nil {
		err = cerr
	}
	f.revAt[number] += int64(len(rec))
	f.undoBytes += int64(len(rec))
	return err
}

// UndoRecord frames a block's undo data for regtest. The checksum is that of the hash of
// the block's parent and the data.
func UndoRecord(data []byte, parent [32]byte) []byte {
	sum := doubleSHA(append(parent[:], data...))
	return append(frame(data), sum[:]...)
}

func (f *blockFiles) close() error {
	if f.file == nil {
		return nil
	}
	err := f.file.Close()
	f.file = nil
	return err
}
