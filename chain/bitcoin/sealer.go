package bitcoin

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"os"
	"path/filepath"
)

// sealer writes a file of the index under a passing name, and hashes it on the
// way. The first error stays until it is sealed.
type sealer struct {
	dir  string
	f    *os.File
	out  *bufio.Writer
	sum  hash.Hash
	size int64
	err  error
}

func newSealer(dir, name string) (*sealer, error) {
	f, err := os.Create(filepath.Join(dir, name+".tmp"))
	if err != nil {
		return nil, err
	}
	s := &sealer{dir: dir, f: f, sum: sha256.New()}
	s.out = bufio.NewWriterSize(hashed{s}, 1<<20)
	return s, nil
}

// hashed writes whole buffers to the file and into the sum.
type hashed struct{ s *sealer }

func (h hashed) Write(b []byte) (int, error) {
	h.s.sum.Write(b)
	return h.s.f.Write(b)
}

func (s *sealer) write(b []byte) {
	s.size += int64(len(b))
	if _, err := s.out.Write(b); err != nil && s.err == nil {
		s.err = err
	}
}

// seal makes the file last under its final name, which has its checksum, so that
// it never takes the place of another one.
func (s *sealer) seal(kind, suffix string) (sealed, error) {
	if err := s.out.Flush(); err != nil && s.err == nil {
		s.err = err
	}
	if s.err == nil {
		s.err = s.f.Sync()
	}
	if err := s.f.Close(); err != nil && s.err == nil {
		s.err = err
	}
	tmp := s.f.Name()
	if s.err != nil {
		os.Remove(tmp) // a full disk gets its room back
		return sealed{}, fmt.Errorf("write %s: %w", filepath.Join(s.dir, kind), s.err)
	}
	f := sealed{Size: s.size, SHA256: hex.EncodeToString(s.sum.Sum(nil))}
	f.Name = kind + "-" + f.SHA256[:16] + suffix
	return f, os.Rename(tmp, filepath.Join(s.dir, f.Name))
}

// drop throws away what was written.
func (s *sealer) drop() {
	s.f.Close()
	os.Remove(s.f.Name())
}
