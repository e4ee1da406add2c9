package bitcoin

import (
	"context"
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
)

// groupSize is how many bytes of a block file one worker reads at a time.
const groupSize = 4 << 20

// frame is a record that follows the one before without a gap, as its head says.
type frame struct {
	offset int64 // of the block
	size   int
}

// reading is a block file that is read by several workers: the records that follow
// each other from the beginning in groups, and what is behind them, or behind one
// that holds no block, by the worker that is last.
type reading struct {
	source int
	size   int64
	frames []frame
	found  []scanned // as many as frames; size 0 where one holds no block
	groups atomic.Int32
}

// group is a part of a file's frames.
type group struct {
	r        *reading
	from, to int
}

// readFiles reads block files and writes each down in the journal.
func (b *builder) readFiles(ctx context.Context, todo []int, perFile [][]scanned) error {
	files := make([]*reading, len(todo))
	err := b.each(ctx, len(todo), func(_ context.Context, _, i int) (err error) {
		files[i], err = b.frames(todo[i])
		return err
	})
	if err != nil {
		return err
	}
	var groups []group
	for _, r := range files {
		before := len(groups)
		groups = append(groups, r.split()...)
		r.groups.Store(int32(len(groups) - before))
	}
	type state struct {
		buf []byte
		r   blockReader
	}
	workers := make([]state, b.o.Workers)
	return b.each(ctx, len(groups), func(ctx context.Context, worker, i int) error {
		g, w := groups[i], &workers[worker]
		f, err := os.Open(b.source(g.r.source))
		if err != nil {
			return err
		}
		defer f.Close()
		if w.buf, err = b.readGroup(f, g, w.buf, &w.r); err != nil {
			return err
		}
		if g.r.groups.Add(-1) > 0 {
			return nil
		}
		perFile[g.r.source], w.buf, err = b.readRest(ctx, f, g.r, w.buf, &w.r)
		return err
	})
}

func (b *builder) source(i int) string { return filepath.Join(b.m.Blocks, b.m.Sources[i].Name) }

// frames follows the records of a file from its beginning.
func (b *builder) frames(source int) (*reading, error) {
	f, err := os.Open(b.source(source))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	r := &reading{source: source, size: min(info.Size(), b.m.Sources[source].Size)} // a node may be appending to it
	buf, base := make([]byte, 0, 64<<10), int64(0)
	for pos := int64(0); pos+8 <= r.size; {
		if pos+8 > base+int64(len(buf)) {
			base, buf = pos, buf[:min(int64(cap(buf)), r.size-pos)]
			if _, err := f.ReadAt(buf, base); err != nil && err != io.EOF {
				return nil, err
			}
			unmask(buf, b.key, base)
		}
		head := buf[pos-base:]
		n := int64(binary.LittleEndian.Uint32(head[4:]))
		if [4]byte(head) != b.network.magic || n > maxSize || n < headerSize+1 || pos+8+n > r.size {
			break
		}
		r.frames = append(r.frames, frame{pos + 8, int(n)})
		pos += 8 + n
	}
	r.found = make([]scanned, len(r.frames))
	return r, nil
}

// split makes at least one group of a file.
func (r *reading) split() (groups []group) {
	from := 0
	for i := range r.frames {
		if end := r.frames[i].offset + int64(r.frames[i].size); i > from && end-r.frames[from].offset > groupSize {
			groups = append(groups, group{r, from, i})
			from = i
		}
	}
	return append(groups, group{r, from, len(r.frames)})
}

// readGroup reads the blocks of a group.
func (b *builder) readGroup(f *os.File, g group, buf []byte, r *blockReader) ([]byte, error) {
	if g.from == g.to {
		return buf, nil
	}
	start, last := g.r.frames[g.from].offset, g.r.frames[g.to-1]
	n := int(last.offset-start) + last.size
	buf = slices.Grow(buf[:0], n)[:n]
	if _, err := f.ReadAt(buf, start); err != nil {
		return buf, err
	}
	unmask(buf, b.key, start)
	for i := g.from; i < g.to; i++ {
		fr := g.r.frames[i]
		at := int(fr.offset - start)
		info, ok := r.info(buf[at : at+fr.size])
		if !ok {
			break
		}
		info.file, info.offset = int32(g.r.source), fr.offset
		g.r.found[i] = info
	}
	b.progress(int64(n))
	return buf, nil
}

// readRest reads a file from where its records no longer follow each other, and
// writes the file down.
func (b *builder) readRest(ctx context.Context, f *os.File, r *reading, buf []byte, br *blockReader) ([]scanned, []byte, error) {
	pos, whole := int64(0), 0
	for whole < len(r.found) && r.found[whole].size > 0 {
		pos = r.frames[whole].offset + int64(r.frames[whole].size)
		whole++
	}
	found := r.found[:whole]
	s := &b.m.Sources[r.source]
	s.Damage = Damage{}
	w := &window{f: f, key: b.key, size: r.size, buf: buf[:0]}
	err := scanFrom(ctx, w, pos, b.network.magic, &s.Damage, func(rec record) (bool, error) {
		info, ok := br.info(rec.raw)
		if ok {
			info.file, info.offset = int32(r.source), rec.offset
			found = append(found, info)
		}
		return ok, nil
	})
	if err != nil {
		return nil, w.buf, err
	}
	if whole == len(r.frames) {
		b.progress(r.size - pos)
	}
	s.Blocks = len(found)
	rows := make([]byte, 0, len(found)*scanRow)
	for k := range found {
		rows = found[k].row(rows)
	}
	return found, w.buf, b.journal.add(recordSource, s, rows)
}
