package bitcoin

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"sort"

	"golang.org/x/sys/unix"
)

// Every segment file starts with these 16 bytes: magic, version of the layout,
// size of a row.
const (
	segmentMagic   = "TAMGASEG"
	segmentVersion = 1
	segmentHeader  = 16
)

// Sizes of the rows of each segment (docs/formats/ledger.md).
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

// segment is an immutable file of rows of one size, mapped into memory.
type segment struct {
	mapped []byte
	rows   []byte
	row    int
}

func openSegment(file string, row int, want int64) (*segment, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() != want {
		return nil, fmt.Errorf("%w: %s has %d bytes, the manifest says %d", ErrDamaged, file, info.Size(), want)
	}
	if want < segmentHeader || (want-segmentHeader)%int64(row) != 0 {
		return nil, fmt.Errorf("open segment %s: %d bytes are no whole rows", file, want)
	}
	b, err := unix.Mmap(int(f.Fd()), 0, int(want), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map segment %s: %w", file, err)
	}
	if string(b[:segmentHeader]) != string(segmentHead(row)) {
		unix.Munmap(b)
		return nil, fmt.Errorf("open segment %s: not a segment of this version", file)
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

// lookup calls f for every row with a key, in order, until it returns false.
// The rows are sorted by key, and the keys are spread evenly.
func (s *segment) lookup(key uint64, f func(a, b uint32) bool) {
	n := s.len()
	i := sort.Search(n, func(i int) bool { return binary.BigEndian.Uint64(s.at(i)) >= key })
	for ; i < n; i++ {
		r := s.at(i)
		if binary.BigEndian.Uint64(r) != key {
			return
		}
		if !f(binary.LittleEndian.Uint32(r[8:]), binary.LittleEndian.Uint32(r[12:])) {
			return
		}
	}
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
