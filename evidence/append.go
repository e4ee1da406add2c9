package evidence

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// Heads are signed, and everything brought to the disk, after this many entries
// or this long, whichever comes first.
const (
	batchEntries = 4096
	batchTime    = 10 * time.Second
)

// append writes WARC bytes and the entry that names them at the ends of their
// files, or neither. The entry comes last: once it is whole a reader may see it,
// and it is never taken back.
func (a *Archive) append(warc []byte, e any) error {
	text, err := encodeEntry(e)
	if err != nil {
		return err
	}
	frame, leaf := appendFrame(make([]byte, 0, frameHead+len(text)+1), text)
	edge := a.st.tree // a copy: the tree is as it was until all is written
	var hashes []byte
	for _, h := range edge.append(leaf) {
		hashes = append(hashes, h[:]...)
	}
	hashAt := tlog.StoredHashCount(a.st.tree.n) * tlog.HashSize
	if a.st.tree.n == 0 {
		hashAt = 0
	}
	writes := []struct {
		f    file
		data []byte
		at   int64
	}{{nil, warc, 0}, {a.hashes, hashes, hashAt}, {a.entries, frame, a.st.size}}
	if len(warc) > 0 {
		writes[0].f, writes[0].at = a.warc, a.st.files[len(a.st.files)-1].size
	}
	for i, w := range writes {
		if len(w.data) == 0 {
			continue
		}
		if _, err := w.f.WriteAt(w.data, w.at); err != nil {
			for _, w := range writes[:i+1] {
				if w.f == nil {
					continue
				}
				if undo := w.f.Truncate(w.at); undo != nil {
					a.broken = fmt.Errorf("a failed write could not be undone, open the archive again: %w", undo)
				}
			}
			return errors.Join(err, a.broken)
		}
	}
	if len(warc) > 0 {
		a.st.files[len(a.st.files)-1].size += int64(len(warc))
	}
	a.st.push(a.st.size, a.st.size+int64(len(frame)), leaf)
	return nil
}

// fits says whether f takes n bytes more. A file of nothing but its warcinfo
// takes any number: a capture is never split.
func fits(f warcFile, n, limit int64) bool { return f.size+n <= limit || f.size == f.info }

// rotate makes sure that there is a WARC file with room for n more bytes.
func (a *Archive) rotate(n int64) error {
	if files := a.st.files; len(files) > 0 && (fits(files[len(files)-1], n, a.opt.MaxFile)) {
		return nil
	}
	if a.warc != nil {
		if err := a.warc.Sync(); err != nil {
			return err
		}
	}
	name := warcName(len(a.st.files))
	id, err := newID(a.opt.Rand)
	if err != nil {
		return err
	}
	b := newBatch()
	defer b.free()
	now := a.opt.Now().UTC().Round(0)
	if err := b.add("warcinfo", id, now, []field{{"WARC-Filename", name}, {"Content-Type", typeWarcFields}},
		warcFields(field{"software", toolName}, field{"format", "WARC File Format 1.1"},
			field{"conformsTo", "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/"},
			field{"isPartOf", a.st.verifier.Name()}, field{"operator", a.opt.Operator})); err != nil {
		return err
	}
	f, err := a.opt.open(a.warcPath(name), os.O_RDWR|os.O_CREATE|os.O_EXCL)
	if err != nil {
		return err
	}
	old := a.warc
	a.warc = f
	a.st.files = append(a.st.files, warcFile{name: name})
	if err := a.append(b.buf.Bytes(), warcinfoEntry{kindWarcinfo, a.st.tree.n, now, b.place(name, 0)}); err != nil {
		a.warc = old
		a.st.files = a.st.files[:len(a.st.files)-1]
		return errors.Join(err, f.Close(), os.Remove(a.warcPath(name)))
	}
	a.st.files[len(a.st.files)-1].info = int64(b.buf.Len())
	if old != nil {
		return old.Close()
	}
	return nil
}

// syncBatch syncs when a batch is full, unless another Put does already. What
// was put is stored whether it succeeds or not, so a failure is logged: where it
// means that bytes may be lost, the next Put fails.
func (a *Archive) syncBatch() {
	a.mu.RLock()
	due := a.st.tree.n-a.synced.Size >= batchEntries || a.opt.Now().Sub(a.syncAt) >= batchTime
	a.mu.RUnlock()
	if !due || !a.syncMu.TryLock() {
		return
	}
	defer a.syncMu.Unlock()
	if err := a.syncLocked(); err != nil {
		a.opt.Logger.Error("archive not synced", "dir", a.dir, "err", err)
	}
}

func (a *Archive) sync() error {
	a.syncMu.Lock()
	defer a.syncMu.Unlock()
	return a.syncLocked()
}

// syncLocked brings what is written to the disk, then signs it. Writers go on
// meanwhile: what they add is under the next head. A file whose sync fails may
// have lost bytes that the kernel has forgotten: the archive takes no more.
func (a *Archive) syncLocked() error {
	a.mu.Lock()
	n, root, warc := a.st.tree.n, a.st.tree.root(), a.warc
	a.syncAt = a.opt.Now()
	a.mu.Unlock()
	if err := a.syncFiles(warc); err != nil {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.broken = fmt.Errorf("a sync failed, open the archive again: %w", err)
		return err
	}
	head, err := writeHead(a.dir, a.signer, n, root)
	if err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.synced = head
	return nil
}

func (a *Archive) syncFiles(warc file) error {
	for _, f := range []file{warc, a.entries, a.hashes} {
		if f == nil {
			continue
		}
		if err := f.Sync(); err != nil && !errors.Is(err, os.ErrClosed) { // closed by rotate, after a sync
			return err
		}
	}
	return syncDir(filepath.Join(a.dir, warcDir))
}
