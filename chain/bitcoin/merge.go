package bitcoin

import (
	"errors"
	"fmt"
	"io"
)

// run yields rows sorted by key, and then ok == false.
type run interface {
	next() (r row, ok bool, err error)
}

// fileRun reads a table of a file through a buffer.
type fileRun struct {
	in       io.Reader
	buf      []byte
	from, to int
	left     int64 // bytes not read yet
}

func newFileRun(f io.ReaderAt, offset, size int64, buffer int) *fileRun {
	buffer -= buffer % hashRow
	return &fileRun{in: io.NewSectionReader(f, offset, size), buf: make([]byte, min(int64(buffer), size)), left: size}
}

func (r *fileRun) next() (row, bool, error) {
	if r.from == r.to {
		if r.left == 0 {
			return row{}, false, nil
		}
		n := min(int64(len(r.buf)), r.left)
		if _, err := io.ReadFull(r.in, r.buf[:n]); err != nil {
			return row{}, false, err
		}
		r.from, r.to, r.left = 0, int(n), r.left-n
	}
	r.from += hashRow
	return rowAt(r.buf[r.from-hashRow:]), true, nil
}

// merger merges runs with a loser tree (Knuth, The Art of Computer Programming 3,
// 5.4.1): each row costs one comparison a level. Of rows with one key, that of the
// earlier run comes first.
type merger struct {
	runs  []run
	head  []row
	done  []bool
	loser []int // inner nodes 1 to n-1; loser[0] is the winner
}

func newMerge(runs []run) (*merger, error) {
	n := len(runs)
	m := &merger{runs: runs, head: make([]row, n), done: make([]bool, n), loser: make([]int, max(n, 1))}
	if n == 0 {
		return m, nil
	}
	for i := range runs {
		if err := m.pull(i); err != nil {
			return nil, err
		}
	}
	// The winner of each node, leaves being n to 2n-1.
	winner := make([]int, 2*n)
	for i := range n {
		winner[n+i] = i
	}
	for node := n - 1; node >= 1; node-- {
		a, b := winner[2*node], winner[2*node+1]
		if m.before(b, a) {
			a, b = b, a
		}
		winner[node], m.loser[node] = a, b
	}
	m.loser[0] = winner[1]
	return m, nil
}

var errUnsorted = errors.New("its rows are not in order")

// pull reads the next row of a run.
func (m *merger) pull(i int) error {
	r, ok, err := m.runs[i].next()
	if err != nil {
		return err
	}
	if ok && r.key < m.head[i].key {
		return fmt.Errorf("part %d of what is merged: %w", i+1, errUnsorted)
	}
	m.head[i], m.done[i] = r, !ok
	return nil
}

func (m *merger) before(a, b int) bool {
	switch {
	case m.done[a] || m.done[b]:
		return !m.done[a] && (m.done[b] || a < b)
	case m.head[a].key != m.head[b].key:
		return m.head[a].key < m.head[b].key
	}
	return a < b
}

// next returns the next row and the run that it comes from.
func (m *merger) next() (r row, from int, ok bool, err error) {
	if len(m.runs) == 0 {
		return row{}, 0, false, nil
	}
	w := m.loser[0]
	if m.done[w] {
		return row{}, 0, false, nil
	}
	r, from = m.head[w], w
	if err := m.pull(w); err != nil {
		return row{}, 0, false, err
	}
	for node := (len(m.runs) + w) / 2; node >= 1; node /= 2 {
		if m.before(m.loser[node], w) {
			w, m.loser[node] = m.loser[node], w
		}
	}
	m.loser[0] = w
	return r, from, true, nil
}
