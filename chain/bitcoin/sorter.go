package bitcoin

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
)

// row is a row of a hash segment: a key of 64 evenly spread bits, the number of
// a transaction, and which of its inputs or outputs.
type row struct {
	key  uint64
	a, b uint32
}

func (r row) bytes(b []byte) []byte {
	b = binary.BigEndian.AppendUint64(b, r.key) // so that bytes sort as keys do
	b = binary.LittleEndian.AppendUint32(b, r.a)
	return binary.LittleEndian.AppendUint32(b, r.b)
}

const parts = 256

// sorter sorts more rows than fit into memory: it parts them by the first byte
// of the key, writes the parts to disk when they outgrow their share, and sorts
// each part by itself at the end. Keys are hashes, so the parts are of about
// the same size; the memory needed at the end is 1/256 of all rows.
type sorter struct {
	dir, name string
	limit     int // rows in memory

	mu      sync.Mutex
	mem     [parts][]row
	held    int
	spilled bool

	keys int64 // different keys whose rows are not marked noAddress, once written
}

// noAddress marks a row of the paid table whose script has no address.
const noAddress = 1 << 31

func newSorter(dir, name string, limit int64) *sorter {
	return &sorter{dir: dir, name: name, limit: int(max(limit/hashRow, parts))}
}

// add takes a batch of rows in.
func (s *sorter) add(batch []row) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range batch {
		p := r.key >> 56
		s.mem[p] = append(s.mem[p], r)
	}
	if s.held += len(batch); s.held < s.limit {
		return nil
	}
	return s.spill()
}

func (s *sorter) file(p int) string {
	return filepath.Join(s.dir, fmt.Sprintf("%s-%02x.part", s.name, p))
}

func (s *sorter) spill() error {
	var buf []byte
	for p := range s.mem {
		buf = buf[:0]
		for _, r := range s.mem[p] {
			buf = r.bytes(buf)
		}
		s.mem[p] = s.mem[p][:0]
		f, err := os.OpenFile(s.file(p), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
		if err != nil {
			return err
		}
		_, err = f.Write(buf)
		if cerr := f.Close(); err == nil {
			err = cerr
		}
		if err != nil {
			return err
		}
	}
	s.held, s.spilled = 0, true
	return nil
}

// load returns a part with what was spilled of it, sorted.
func (s *sorter) load(p int) ([]row, error) {
	rows := s.mem[p]
	if s.spilled {
		b, err := os.ReadFile(s.file(p))
		if err != nil {
			return nil, err
		}
		rows = slices.Grow(rows, len(b)/hashRow)
		for ; len(b) >= hashRow; b = b[hashRow:] {
			rows = append(rows, row{binary.BigEndian.Uint64(b), binary.LittleEndian.Uint32(b[8:]), binary.LittleEndian.Uint32(b[12:])})
		}
		if err := os.Remove(s.file(p)); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(rows, func(x, y row) int {
		return cmp.Or(cmp.Compare(x.key, y.key), cmp.Compare(x.a, y.a), cmp.Compare(x.b, y.b))
	})
	s.mem[p] = nil
	return rows, nil
}

// write writes all rows in order. Two parts are sorted at a time.
func (s *sorter) write(w io.Writer) error {
	type sorted struct {
		rows []row
		err  error
	}
	next := make([]chan sorted, parts)
	for p := range next {
		next[p] = make(chan sorted, 1)
	}
	slots := make(chan struct{}, 2)
	stop := make(chan struct{})
	defer close(stop)
	go func() {
		for p := range next {
			select {
			case slots <- struct{}{}:
			case <-stop:
				return
			}
			go func() {
				rows, err := s.load(p)
				next[p] <- sorted{rows, err}
			}()
		}
	}()
	out := bufio.NewWriterSize(w, 1<<20)
	out.Write(segmentHead(hashRow))
	var buf [hashRow]byte
	last, first := uint64(0), true
	for p := range next {
		r := <-next[p]
		if r.err != nil {
			return r.err
		}
		for _, v := range r.rows {
			out.Write(v.bytes(buf[:0]))
			if (first || v.key != last) && v.b&noAddress == 0 {
				s.keys++
			}
			last, first = v.key, false
		}
		<-slots
	}
	return out.Flush()
}

// batcher collects the rows of one worker.
type batcher struct {
	s    *sorter
	rows []row
}

const batchRows = 4096

func (b *batcher) add(key uint64, a, n uint32) error {
	b.rows = append(b.rows, row{key, a, n})
	if len(b.rows) < batchRows {
		return nil
	}
	return b.flush()
}

func (b *batcher) flush() error {
	err := b.s.add(b.rows)
	b.rows = b.rows[:0]
	return err
}

// mix spreads 64 bits evenly (the finaliser of MurmurHash3).
func mix(h uint64) uint64 {
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	h *= 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}

// The three keys. Two different things may share a key: whoever looks one up
// compares with what the row points at.

func txidKey(id []byte) uint64 { return binary.BigEndian.Uint64(id) }

func outpointKey(id []byte, vout uint32) uint64 {
	return mix(binary.BigEndian.Uint64(id) + uint64(vout)*0x9e3779b97f4a7c15)
}

// scriptKey is FNV-1a over the script, spread evenly.
func scriptKey(script []byte) uint64 {
	h := uint64(0xcbf29ce484222325)
	for _, c := range script {
		h = (h ^ uint64(c)) * 0x100000001b3
	}
	return mix(h)
}
