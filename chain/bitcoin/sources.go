package bitcoin

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// scanRow is the size of a row of the table of what block files hold.
const scanRow = 112

// fileScan is the table of all blocks found, file after file, those out of the
// best chain too: with it a later build reads only the files that changed.
const fileScan = "scan"

// sourceFile is a block file as it was when it was read, and what it holds.
type sourceFile struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	Time   int64  `json:"time"` // of its last change, nanoseconds since 1970
	Blocks int    `json:"blocks"`
	Damage
}

// as says whether a file is the one that was read.
func (s sourceFile) as(o sourceFile) bool {
	return s.Name == o.Name && s.Size == o.Size && s.Time == o.Time
}

func (s *scanned) row(b []byte) []byte {
	le := binary.LittleEndian
	b = append(append(b, s.id[:]...), s.prev[:]...)
	b = le.AppendUint64(b, uint64(s.offset))
	for _, v := range []uint32{s.size, s.stamp, s.bits, s.txs, s.inputs, s.spends, s.outputs, uint32(s.claimed), 0, 0} {
		b = le.AppendUint32(b, v)
	}
	return b
}

func scannedAt(r []byte, file int32) scanned {
	le := binary.LittleEndian
	u := func(i int) uint32 { return le.Uint32(r[72+4*i:]) }
	return scanned{
		id: Hash(r[:32]), prev: Hash(r[32:]), offset: int64(le.Uint64(r[64:])), size: u(0), stamp: u(1), bits: u(2),
		txs: u(3), inputs: u(4), spends: u(5), outputs: u(6), claimed: int32(u(7)), file: file,
	}
}

// info reads a whole block and keeps what its order needs.
func (r *blockReader) info(raw []byte) (s scanned, ok bool) {
	s.claimed = -1
	h := header(raw)
	n, err := r.read(raw, func(i int, t *rawTx, _ Hash, _ int) error {
		s.txs++
		s.inputs += uint32(t.nIn)
		s.outputs += uint32(t.nOut)
		if !t.isCoinbase() {
			s.spends += uint32(t.nIn)
			return nil
		}
		if i == 0 {
			t.inputs(func(_ int, in input) {
				if height, ok := coinbaseHeight(h.version(), in.script); ok {
					s.claimed = int32(height)
				}
			})
		}
		return nil
	})
	if err != nil || n != len(raw) {
		return scanned{}, false
	}
	s.id, s.prev, s.stamp, s.bits, s.size = h.hash(), h.prev(), h.time(), h.bits(), uint32(len(raw))
	return s, true
}

// scan learns what the block files hold: of those known from before, what was
// written down then, of the others, by reading them.
func (b *builder) scan(ctx context.Context) ([]scanned, error) {
	perFile := make([][]scanned, len(b.m.Sources))
	var todo []int
	for i, s := range b.m.Sources {
		if k, ok := b.known[s.Name]; ok && k.as(s) {
			b.m.Sources[i] = k.sourceFile
			for rows := k.rows; len(rows) >= scanRow; rows = rows[scanRow:] {
				perFile[i] = append(perFile[i], scannedAt(rows, int32(i)))
			}
			continue
		}
		todo = append(todo, i)
		b.total += 2 * s.Size
	}
	b.known, b.filesRead = nil, len(todo)
	if err := b.readFiles(ctx, todo, perFile); err != nil {
		return nil, err
	}
	for _, s := range b.m.Sources {
		b.m.Summary.Damage.add(s.Damage)
	}
	return slices.Concat(perFile...), nil
}

// knownSource is what an earlier build learned of a block file.
type knownSource struct {
	sourceFile
	rows []byte
}

// recallSources takes in what the index that is there learned of the block files.
// Where its table is damaged, the files are read again.
func (b *builder) recallSources(old *manifest) error {
	f, ok := old.Files[fileScan]
	if !ok {
		return nil
	}
	file := filepath.Join(b.dir, f.Name)
	if sum, _, err := fileSum(file); err != nil || sum != f.SHA256 {
		return nil
	}
	rows, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if len(rows) < segmentHeader || string(rows[:segmentHeader]) != string(segmentHead(scanRow)) {
		return nil
	}
	rows = rows[segmentHeader:]
	for _, s := range old.Sources {
		n := s.Blocks * scanRow
		if s.Blocks < 0 || s.Blocks > len(rows)/scanRow {
			return fmt.Errorf("%s has fewer blocks than the manifest says", file)
		}
		b.known[s.Name] = knownSource{s, rows[:n]}
		rows = rows[n:]
	}
	return nil
}

// writeScan writes the table of all blocks found.
func (b *builder) writeScan(found []scanned) error {
	w, err := newSealer(b.dir, fileScan, &b.syncs)
	if err != nil {
		return err
	}
	w.write(segmentHead(scanRow))
	var buf []byte
	for i := range found {
		buf = found[i].row(buf[:0])
		w.write(buf)
	}
	f, err := w.seal(fileScan, ".seg")
	if err != nil {
		return err
	}
	b.m.Files[fileScan] = f
	return nil
}
