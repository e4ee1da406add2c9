package bitcoin

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"os"
	"path/filepath"
	"sync"
)

// syncs brings files to the disk while others are still being made. A manifest
// that names them waits for them.
type syncs struct {
	wg  sync.WaitGroup
	mu  sync.Mutex
	err error // the first one
}

// add takes the file over.
func (s *syncs) add(f *os.File) {
	s.wg.Go(func() {
		if err := errors.Join(f.Sync(), f.Close()); err != nil {
			s.mu.Lock()
			defer s.mu.Unlock()
			if s.err == nil {
				s.err = fmt.Errorf("write %s: %w", f.Name(), err)
			}
		}
	})
}

// wait returns when all that was added is on the disk, or is not.
func (s *syncs) wait() error {
	s.wg.Wait()
	return s.err
}

// sealer writes a file of the index under a passing name, and hashes it on the
// way. The first error stays until it is sealed.
type sealer struct {
	dir   string
	late  *syncs
	f     *os.File
	out   *bufio.Writer
	sum   hash.Hash
	pages *pageSums // where the file is to end in checksums of its pages
	size  int64
	err   error
}

func newSealer(dir, name string, late *syncs) (*sealer, error) {
	f, err := os.Create(filepath.Join(dir, name+".tmp"))
	if err != nil {
		return nil, err
	}
	s := &sealer{dir: dir, late: late, f: f, sum: sha256.New()}
	s.out = bufio.NewWriterSize(hashed{s}, 1<<20)
	return s, nil
}

// hashed writes whole buffers to the file and into the sum.
type hashed struct{ s *sealer }

func (h hashed) Write(b []byte) (int, error) {
	h.s.sum.Write(b)
	if h.s.pages != nil {
		h.s.pages.write(b)
	}
	return h.s.f.Write(b)
}

func (s *sealer) write(b []byte) {
	s.size += int64(len(b))
	if _, err := s.out.Write(b); err != nil && s.err == nil {
		s.err = err
	}
}

// seal puts the file under its final name, which has its checksum, so that it
// never takes the place of another one. It lasts once syncs.wait returned.
func (s *sealer) seal(kind, suffix string) (sealed, error) {
	if err := s.out.Flush(); err != nil && s.err == nil {
		s.err = err
	}
	if p := s.pages; p != nil && s.err == nil {
		s.pages = nil
		p.close()
		s.write(p.sums)
		s.err = errors.Join(s.err, s.out.Flush())
	}
	tmp := s.f.Name()
	if s.err != nil {
		s.f.Close()
		os.Remove(tmp) // a full disk gets its room back
		return sealed{}, fmt.Errorf("write %s: %w", filepath.Join(s.dir, kind), s.err)
	}
	f := sealed{Size: s.size, SHA256: hex.EncodeToString(s.sum.Sum(nil))}
	f.Name = kind + "-" + f.SHA256[:16] + suffix
	s.late.add(s.f)
	return f, os.Rename(tmp, filepath.Join(s.dir, f.Name))
}

// drop throws away what was written.
func (s *sealer) drop() {
	s.f.Close()
	os.Remove(s.f.Name())
}
