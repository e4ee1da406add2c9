package bitcoin

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"math/bits"
	"os"

	"golang.org/x/sys/unix"
)

// Every file with a table of its own starts with these 16 bytes: magic, version of
// the layout, size of a row.
const (
	segmentMagic   = "TAMGASEG"
	segmentVersion = 1
	segmentHeader  = 16
)

// Sizes of the rows of each table (docs/formats/ledger.md).
const (
	blockRow = 72
	txRow    = 8
	hashRow  = 16
)

func segmentHead(row int) []byte {
	b := append(make([]byte, 0, segmentHeader), segmentMagic...)
	b = binary.LittleEndian.AppendUint32(b, segmentVersion)
	return binary.LittleEndian.AppendUint32(b, uint32(row))
}

// segment is a table of rows of one size in memory that a file is mapped to.
type segment struct {
	mapped []byte // the file, where it is the segment's own
	rows   []byte
	row    int

	pages *pages // of the file, where it has checksums
	base  int    // where the rows begin in it
}

func openSegment(file string, row int, want int64) (*segment, error) {
	if want < segmentHeader || (want-segmentHeader)%int64(row) != 0 {
		return nil, fmt.Errorf("%w: %s has %d bytes, which are no whole rows", ErrDamaged, file, want)
	}
	b, err := mapFile(file, want)
	if err != nil {
		return nil, fmt.Errorf("open segment %s: %w", file, err)
	}
	if string(b[:segmentHeader]) != string(segmentHead(row)) {
		unix.Munmap(b)
		return nil, fmt.Errorf("%w: %s is no segment of this version", ErrDamaged, file)
	}
	return &segment{mapped: b, rows: b[segmentHeader:], row: row}, nil
}

func (s *segment) close() error {
	if s == nil || s.mapped == nil {
		return nil
	}
	b := s.mapped
	s.mapped, s.rows = nil, nil
	return unix.Munmap(b)
}

func (s *segment) len() int { return len(s.rows) / s.row }

func (s *segment) at(i int) []byte { return s.rows[i*s.row : (i+1)*s.row] }

func (s *segment) key(i int) uint64 { return binary.BigEndian.Uint64(s.rows[i*s.row:]) }

// sure says whether a row is as it was written.
func (s *segment) sure(i int) error {
	if s.pages == nil {
		return nil
	}
	return s.pages.check(s.base+i*s.row, s.base+(i+1)*s.row)
}

// search returns the first row whose key is not less than a key. Keys are spread
// evenly, so it begins where the key would be among them, and looks around there
// in growing steps: two or three places of memory instead of one a bit.
func (s *segment) search(key uint64) (int, error) {
	n := s.len()
	guess, _ := bits.Mul64(key, uint64(n))
	lo, hi := 0, n
	for i, step := int(guess), 1+int(math.Sqrt(float64(n)))/2; lo < hi && i >= lo && i < hi; step *= 4 {
		if err := s.sure(i); err != nil {
			return 0, err
		}
		if s.key(i) < key {
			lo = i + 1
			i += step
		} else {
			hi = i
			i -= step
		}
	}
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		if err := s.sure(mid); err != nil {
			return 0, err
		}
		if s.key(mid) < key {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo, nil
}

// lookup calls f for every row with a key, in order, until it returns false, and
// says whether it never did. The error is ErrDamaged.
func (s *segment) lookup(key uint64, f func(a, b uint32) bool) (bool, error) {
	i, err := s.search(key)
	if err != nil {
		return false, err
	}
	for n := s.len(); i < n; i++ {
		if err := s.sure(i); err != nil {
			return false, err
		}
		r := rowAt(s.at(i))
		if r.key != key {
			return true, nil
		}
		if !f(r.a, r.b) {
			return false, nil
		}
	}
	return true, nil
}

// fileSum hashes a file.
func fileSum(file string) (sum string, size int64, err error) {
	f, err := os.Open(file)
	if err != nil {
		return "", 0, err
	}
	defer f.Close()
	h := sha256.New()
	size, err = io.Copy(h, f)
	return hex.EncodeToString(h.Sum(nil)), size, err
}

// errOverflow says that a count does not fit the index's 32-bit numbers.
var errOverflow = errors.New("more than 4,294,967,295 transactions")
