package importer

import (
	"hash"
	"io"
)

// source reads a file from its start to size. It may go back: what is read again
// is not digested again, and is no progress.
type source struct {
	r    io.ReaderAt
	run  *run
	size int64
	off  int64
	high int64 // digested so far
	h    hash.Hash
}

func (s *source) Read(b []byte) (int, error) {
	if err := s.run.ctx.Err(); err != nil {
		return 0, err
	}
	if s.off >= s.size {
		s.run.progress(s.high, true)
		return 0, io.EOF
	}
	n, err := s.r.ReadAt(b[:min(int64(len(b)), s.size-s.off)], s.off)
	if n > 0 && err == io.EOF {
		err = nil
	}
	if end := s.off + int64(n); end > s.high {
		s.h.Write(b[s.high-s.off : n])
		s.high = end
		s.run.progress(end, false)
	}
	s.off += int64(n)
	return n, err
}

// progress reports how far into the file a run is, every mebibyte.
func (r *run) progress(done int64, end bool) {
	if im := r.Importer; im.Report != nil && (done-im.last > 1<<20 || done < im.last || end) {
		im.last = done
		im.Report(done, r.size)
	}
}
