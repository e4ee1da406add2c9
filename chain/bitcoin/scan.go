package bitcoin

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
)

// readAhead is how much of a block file is read at a time.
const readAhead = 4 << 20

// blkFiles lists the block files of a folder in order, and reads the XOR key
// that Bitcoin Core 28 and later keeps beside them; a zero key is none. A key that
// is not that of the first file is an error that is ErrKey.
func blkFiles(dir string) (files []string, key [8]byte, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, key, fmt.Errorf("read blocks: %w", err)
	}
	for _, e := range entries { // sorted by name
		if ok, _ := filepath.Match("blk*.dat", e.Name()); !ok {
			continue
		}
		file := filepath.Join(dir, e.Name())
		info, err := os.Stat(file)
		if err == nil && !info.Mode().IsRegular() {
			err = fmt.Errorf("%s is no file", file)
		}
		if err != nil {
			return nil, key, fmt.Errorf("read blocks: %w", err)
		}
		files = append(files, file)
	}
	if len(files) == 0 {
		return nil, key, fmt.Errorf("read blocks of %s: no blk*.dat files there", dir)
	}
	if key, err = xorKey(dir); err != nil {
		return nil, key, err
	}
	first, err := head(files[0])
	if err == nil {
		err = checkKey(files[0], first, key)
	}
	return files, key, err
}

// window reads a file through one buffer that holds no more than the largest
// block and what was read ahead.
type window struct {
	f    io.ReaderAt
	key  [8]byte
	size int64
	base int64 // offset in the file of buf[0]
	buf  []byte
}

// at returns n bytes from an offset, fewer at the end of the file. They are
// valid until the next call.
func (w *window) at(offset int64, n int) ([]byte, error) {
	n = int(min(int64(n), max(w.size-offset, 0)))
	if offset < w.base || offset+int64(n) > w.base+int64(len(w.buf)) {
		// Twice of what is asked for, so that records which turn out to be none
		// cost a read of the file each only once in their own length.
		want := int(min(int64(max(2*n, readAhead)), w.size-offset))
		if cap(w.buf) < want {
			w.buf = make([]byte, want)
		}
		w.buf, w.base = w.buf[:want], offset
		if _, err := w.f.ReadAt(w.buf, offset); err != nil {
			w.buf = w.buf[:0]
			return nil, err
		}
		unmask(w.buf, w.key, offset)
	}
	start := int(offset - w.base)
	return w.buf[start : start+n], nil
}

// find returns the offset of the next magic at or after an offset, or the end
// of the file.
func (w *window) find(magic [4]byte, offset int64) (int64, error) {
	for offset+4 <= w.size {
		b, err := w.at(offset, readAhead)
		if err != nil {
			return 0, err
		}
		if i := bytes.Index(b, magic[:]); i >= 0 {
			return offset + int64(i), nil
		}
		offset += int64(len(b)) - 3
	}
	return w.size, nil
}

// Damage counts what a scan passed over.
type Damage struct {
	Torn    int   `json:"torn,omitempty"`    // records that the end of a file cuts
	Corrupt int   `json:"corrupt,omitempty"` // records that hold no valid block
	Garbage int64 `json:"garbage,omitempty"` // bytes outside of records that are not zero padding
}

func (d *Damage) add(o Damage) {
	d.Torn += o.Torn
	d.Corrupt += o.Corrupt
	d.Garbage += o.Garbage
}

// record is a framed block in a file.
type record struct {
	offset int64 // of the block itself, after magic and length
	raw    []byte
}

// scanFile calls f for every framed record of a network in a block file. When f
// says that a record is no block, the scan goes on right behind its magic, so
// that a wrong length costs one block and not the rest of the file.
func scanFile(ctx context.Context, w *window, magic [4]byte, d *Damage, f func(r record) (ok bool, err error)) error {
	return scanFrom(ctx, w, 0, magic, d, f)
}

// scanFrom is scanFile from an offset on.
func scanFrom(ctx context.Context, w *window, pos int64, magic [4]byte, d *Damage, f func(r record) (ok bool, err error)) error {
	for pos+8 <= w.size {
		if err := ctx.Err(); err != nil {
			return err
		}
		at, n, ok, err := nextHead(w, pos, magic, d)
		if err != nil || !ok {
			return err
		}
		pos = at
		switch {
		case n > maxSize || n < headerSize+1:
			d.Corrupt++
			pos++
			continue
		case pos+8+n > w.size:
			d.Torn++
			pos++
			continue
		}
		raw, err := w.at(pos+8, int(n))
		if err != nil {
			return err
		}
		if ok, err = f(record{pos + 8, raw}); err != nil {
			return err
		}
		if !ok {
			d.Corrupt++
			pos++
			continue
		}
		pos += 8 + n
	}
	return nil
}

// nextHead finds the magic of the next record from a place on, and the length that
// stands behind it. What is passed over and is no zero padding is garbage. ok is false
// where no record begins any more.
func nextHead(w *window, pos int64, magic [4]byte, d *Damage) (at, n int64, ok bool, err error) {
	for pos+8 <= w.size {
		head, err := w.at(pos, 8)
		if err != nil {
			return 0, 0, false, err
		}
		if [4]byte(head) == magic {
			return pos, int64(binary.LittleEndian.Uint32(head[4:])), true, nil
		}
		next, err := w.find(magic, pos+1)
		if err != nil {
			return 0, 0, false, err
		}
		garbage, err := notZero(w, pos, next)
		if err != nil {
			return 0, 0, false, err
		}
		d.Garbage += garbage
		pos = next
	}
	return 0, 0, false, nil
}

// notZero counts the bytes of a part of a file that are not zero padding.
func notZero(w *window, from, to int64) (n int64, err error) {
	for from < to {
		b, err := w.at(from, int(min(to-from, readAhead)))
		if err != nil {
			return 0, err
		}
		n += int64(len(b) - bytes.Count(b, []byte{0}))
		from += int64(len(b))
	}
	return n, nil
}

func openWindow(file string, key [8]byte) (*window, *os.File, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, nil, err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	return &window{f: f, key: key, size: info.Size()}, f, nil
}

// DetectNetwork names the network whose blocks a folder holds, by the magic of
// the first whole block in the first files: what is masked with a key that is
// not there would take long to read to its end.
func DetectNetwork(ctx context.Context, dir string) (string, error) {
	files, key, err := blkFiles(dir)
	if err != nil {
		return "", err
	}
	for _, file := range files[:min(len(files), 4)] {
		w, f, err := openWindow(file, key)
		if err != nil {
			return "", err
		}
		name, err := detect(ctx, w)
		f.Close()
		if err != nil || name != "" {
			return name, err
		}
	}
	return "", fmt.Errorf("read blocks of %s: no block of a known network; is xor.dat missing, or of another node?", dir)
}

func detect(ctx context.Context, w *window) (string, error) {
	best, at := "", int64(-1)
	found := errors.New("found")
	order := slices.Clone(networks[:])
	if head, err := w.at(0, 4); err != nil {
		return "", err
	} else if len(head) == 4 { // whose magic stands at the start most likely has the first block
		slices.SortStableFunc(order, func(a, b network) int { return cmpBool(b.magic == [4]byte(head), a.magic == [4]byte(head)) })
	}
	for _, n := range order {
		err := scanFile(ctx, w, n.magic, new(Damage), func(r record) (bool, error) {
			var br blockReader
			if _, err := br.read(r.raw, nil); err != nil {
				return false, nil
			}
			if at < 0 || r.offset < at {
				best, at = n.name, r.offset
			}
			return true, found
		})
		if err != nil && !errors.Is(err, found) {
			return "", err
		}
		if at == 8 { // right at the start: no other can come before
			break
		}
	}
	return best, nil
}
