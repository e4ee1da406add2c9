package bitcoin

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
)

// segmentUndo is the table of where the undo data of blocks lies
// (docs/formats/ledger.md).
const segmentUndo = "undo"

const undoRow = 24

// undoPlace is where the undo data of a block lies.
type undoPlace struct {
	key    uint64 // of the block's hash, as of a txid
	offset int64
	size   uint32
	file   uint32 // the number in the name of its block file's source
}

func (p undoPlace) bytes(b []byte) []byte {
	b = binary.BigEndian.AppendUint64(b, p.key)
	b = binary.LittleEndian.AppendUint64(b, uint64(p.offset))
	b = binary.LittleEndian.AppendUint32(b, p.size)
	return binary.LittleEndian.AppendUint32(b, p.file)
}

func undoPlaceAt(r []byte) undoPlace {
	le := binary.LittleEndian
	return undoPlace{binary.BigEndian.Uint64(r), int64(le.Uint64(r[8:])), le.Uint32(r[16:]), le.Uint32(r[20:])}
}

// UndoSummary says what undo files gave. Blocks that spend nothing need no undo data and
// are not counted.
type UndoSummary struct {
	Blocks  int `json:"blocks"`            // whose spent outputs are known from undo data
	Missing int `json:"missing,omitempty"` // for which they are looked up instead
	Foreign int `json:"foreign,omitempty"` // records of no block of the best chain
	Refused int `json:"refused,omitempty"` // records that contradict the blocks
	Damage
}

// undoSource is what the manifest says of the undo files.
type undoSource struct {
	Files   []undoSourceFile `json:"files"`
	Summary UndoSummary      `json:"summary"`
}

// undoSourceFile is an undo file as it was when it was read.
type undoSourceFile struct {
	Name    string      `json:"name"`
	Size    int64       `json:"size"`
	Time    int64       `json:"time"`
	Summary UndoSummary `json:"summary"`
}

func (s *UndoSummary) add(o UndoSummary) {
	s.Blocks += o.Blocks
	s.Missing += o.Missing
	s.Foreign += o.Foreign
	s.Refused += o.Refused
	s.Damage.add(o.Damage)
}

// summary is what the index holds, undo data included.
func (m *manifest) summary() Summary {
	s := m.Summary
	if m.Undo != nil {
		s.Undo = &m.Undo.Summary
	}
	return s
}

// keepUndo takes over from the manifest of an earlier build where undo data lies. What
// became of the blocks is for BuildUndo to see.
func (b *builder) keepUndo(old *manifest) {
	if old == nil || old.Undo == nil || old.Blocks != b.m.Blocks || old.Key != b.m.Key {
		return
	}
	if f := old.Files[segmentUndo]; b.whole(f, b.o.Verify) {
		b.m.Undo, b.m.Files[segmentUndo] = old.Undo, f
		b.m.Summary.IndexBytes += f.Size
	}
}

// addUndo indexes undo data after a build.
func (s *Summary) addUndo(ctx context.Context, dir string, o Options) (err error) {
	if s.Undo, err = BuildUndo(ctx, dir, o); err != nil {
		return err
	}
	m, err := readManifest(dir)
	if err == nil {
		s.IndexBytes = m.Summary.IndexBytes
	}
	return err
}

// BuildUndo finds, in the undo files (rev*.dat) beside the block files that the index in
// dir was made of, the data of its blocks and adds where they lie to the index. Files that
// did not change since are not read again. Without undo files, or where they are torn or
// of other blocks, what transactions spend is looked up as ever: found is nil where there
// are none at all.
func BuildUndo(ctx context.Context, dir string, o Options) (found *UndoSummary, err error) {
	o.defaults()
	x, err := Open(dir)
	if err != nil {
		return nil, err
	}
	defer x.Close()
	found, err = x.buildUndo(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("index undo data of %s: %w", x.m.Blocks, err)
	}
	return found, nil
}

func (x *Index) buildUndo(ctx context.Context, o Options) (*UndoSummary, error) {
	if x.data != nil {
		return nil, nil
	}
	net, _ := byName(x.m.Network)
	perFile := make([][]uint32, len(x.m.Sources)) // blocks that spend
	for i := range uint32(x.blocks.len()) {
		b := x.block(i)
		if b.file >= len(perFile) {
			return nil, fmt.Errorf("the index names block file %d of %d: build it again", b.file, len(perFile))
		}
		if b.txs > 1 {
			perFile[b.file] = append(perFile[b.file], i)
		}
	}
	u := undoSource{Files: make([]undoSourceFile, len(x.m.Sources))}
	present := false
	for i, s := range x.m.Sources {
		f := &u.Files[i]
		f.Name = undoFile(s.Name)
		info, err := os.Stat(filepath.Join(x.m.Blocks, f.Name))
		switch {
		case errors.Is(err, os.ErrNotExist):
		case err != nil:
			return nil, err
		default:
			f.Size, f.Time, present = info.Size(), info.ModTime().UnixNano(), true
		}
	}
	if !present && x.m.Undo == nil {
		return nil, nil
	}
	var mu sync.Mutex
	var rows []undoPlace
	same := x.m.Undo != nil && len(x.m.Undo.Files) == len(u.Files)
	b := &builder{o: o}
	err := b.each(ctx, len(u.Files), func(ctx context.Context, _, i int) error {
		these, ok := x.keptUndo(&u.Files[i], uint32(i), perFile[i])
		if !ok {
			var err error
			if these, u.Files[i].Summary, err = x.readUndo(ctx, net.magic, i, perFile[i], u.Files[i].Name); err != nil {
				return err
			}
		}
		mu.Lock()
		defer mu.Unlock()
		same = same && ok
		rows = append(rows, these...)
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, f := range u.Files {
		u.Summary.add(f.Summary)
	}
	if same {
		return &x.m.Undo.Summary, nil
	}
	slices.SortFunc(rows, func(a, b undoPlace) int {
		return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.file, b.file), cmp.Compare(a.offset, b.offset))
	})
	return &u.Summary, x.sealUndo(rows, &u)
}

// keptUndo returns the places that the index has already for an undo file, where the file
// is as it was and reading it again would find the same.
func (x *Index) keptUndo(f *undoSourceFile, file uint32, blocks []uint32) (rows []undoPlace, ok bool) {
	if x.undo == nil || x.m.Undo == nil || int(file) >= len(x.m.Undo.Files) {
		return nil, false
	}
	old := x.m.Undo.Files[file]
	if old.Name != f.Name || old.Size != f.Size || old.Time != f.Time {
		return nil, false
	}
	for _, i := range blocks {
		id := x.block(i).id
		x.undoPlaces(id, func(p undoPlace) bool {
			if p.file == file {
				rows = append(rows, p)
			}
			return p.file != file
		})
	}
	was := old.Summary
	f.Summary = was
	same := was.Blocks == len(rows) && was.Missing == len(blocks)-len(rows)
	return rows, same && (was.Missing == 0 || was.Foreign == 0) // else one may be of the other
}

// readUndo reads an undo file and returns where the data of some blocks lie in it.
func (x *Index) readUndo(ctx context.Context, magic [4]byte, file int, blocks []uint32, name string) (rows []undoPlace, s UndoSummary, err error) {
	s.Missing = len(blocks)
	w, f, err := openWindow(filepath.Join(x.m.Blocks, name), x.key)
	if errors.Is(err, os.ErrNotExist) {
		return nil, s, nil
	}
	if err != nil {
		return nil, s, err
	}
	defer f.Close()
	m := undoMatcher{}
	for _, i := range blocks {
		b := x.block(i)
		prev, err := x.parent(&b)
		if err != nil {
			return nil, s, err
		}
		m.add(b.txs, undoCandidate{i, b.id, prev})
	}
	err = scanUndo(ctx, w, magic, &s.Damage, func(r undoRecord) error {
		c, ok := m.match(r)
		switch {
		case !ok && len(r.data) == 1: // of a block that spends nothing
		case !ok:
			s.Foreign++
		case !x.agrees(c.number, r.data):
			s.Refused++
		default:
			s.Blocks++
			s.Missing--
			rows = append(rows, undoPlace{txidKey(c.id[:]), r.offset, uint32(len(r.data)), uint32(file)})
		}
		return nil
	})
	return rows, s, err
}

// parent reads the hash of a block's parent from its header.
func (x *Index) parent(b *blockInfo) (prev Hash, err error) {
	f, err := x.blockFile(b.file)
	if err != nil {
		return prev, err
	}
	if _, err := f.ReadAt(prev[:], b.offset+4); err != nil {
		return prev, fmt.Errorf("read block %s: %w", b.id, err)
	}
	unmask(prev[:], x.key, b.offset+4)
	return prev, nil
}

// agrees compares undo data with the ledger where that is cheap: the inputs of the last
// transaction and of another one, and every output that these spend whose transaction is
// at hand. The checksum tells chance from truth; this, a file made for other blocks.
func (x *Index) agrees(block uint32, data []byte) bool {
	b := x.block(block)
	c := undoCursor{x: x, block: b, number: block, data: data, ready: true}
	for _, i := range []uint32{1 + binary.LittleEndian.Uint32(b.id[:])%uint32(b.txs-1), uint32(b.txs - 1)} {
		s, err := x.load(b.firstTx + i)
		if err != nil || !c.fill(s) {
			return false
		}
		same, checked := true, 0
		s.tx.inputs(func(k int, in input) {
			if checked++; !same || checked > 16 {
				return
			}
			prev, err := x.find(Hash(in.prev))
			if err != nil || prev == nil {
				return
			}
			out, ok := prev.tx.output(in.vout)
			said := s.prev[k].out
			same = ok && out.value == said.value && string(out.script) == string(said.script)
		})
		if !same {
			return false
		}
	}
	return true
}

// sealUndo writes the table and a manifest that names it.
func (x *Index) sealUndo(rows []undoPlace, u *undoSource) error {
	b := make([]byte, 0, segmentHeader+len(rows)*undoRow)
	b = append(b, segmentHead(undoRow)...)
	for _, r := range rows {
		b = r.bytes(b)
	}
	if err := os.WriteFile(filepath.Join(x.dir, segmentUndo+".tmp"), b, 0o644); err != nil {
		return err
	}
	m := *x.m
	m.Files, m.Undo = maps.Clone(x.m.Files), u
	old, had := m.Files[segmentUndo]
	if had {
		m.Summary.IndexBytes -= old.Size
	}
	if err := m.seal(x.dir, segmentUndo, ".seg"); err != nil {
		return err
	}
	if err := m.write(x.dir); err != nil {
		return err
	}
	if had && old.Name != m.Files[segmentUndo].Name {
		return os.Remove(filepath.Join(x.dir, old.Name))
	}
	return nil
}
