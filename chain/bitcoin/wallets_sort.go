package bitcoin

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
)

// shares is how many parts an outOrder deals its rows to.
const shares = 256

// kindOfRow is how rows of one kind are kept and ordered.
type kindOfRow[R any] struct {
	name string
	size int                         // of a row on disk
	put  func(b []byte, r *R) []byte // appends the row
	get  func(b []byte) R
	part func(r *R) int // 0 to shares-1, ascending with the order
	cmp  func(a, b R) int
}

// outOrder takes more rows than fit into memory in any order and gives them back
// sorted: it deals them to parts, writes the parts to disk where they outgrow
// their room, and sorts part after part. At the end it needs three of them.
type outOrder[R any] struct {
	kindOfRow[R]
	dir  string
	room int // rows in memory

	mu      sync.Mutex
	mem     [shares][]R
	held    int
	spilled bool
	rows    int64
}

func newOutOrder[R any](dir string, k kindOfRow[R], memory int64) *outOrder[R] {
	o := &outOrder[R]{kindOfRow: k, dir: dir, room: int(max(memory/int64(2*k.size), 4*shares))} // slices grow ahead
	o.clean()                                                                                   // what a run that was ended left
	return o
}

// batch collects the rows of one worker.
type batch[R any] struct {
	to   *outOrder[R]
	rows []R
}

const batchOut = 4096

func (b *batch[R]) add(r R) error {
	b.rows = append(b.rows, r)
	if len(b.rows) < batchOut {
		return nil
	}
	return b.flush()
}

func (b *batch[R]) flush() error {
	err := b.to.add(b.rows)
	b.rows = b.rows[:0]
	return err
}

func (o *outOrder[R]) add(rows []R) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	for i := range rows {
		p := o.part(&rows[i])
		o.mem[p] = append(o.mem[p], rows[i])
	}
	o.rows += int64(len(rows))
	if o.held += len(rows); o.held < o.room {
		return nil
	}
	return o.spill()
}

func (o *outOrder[R]) file(p int) string {
	return filepath.Join(o.dir, fmt.Sprintf("%s-%02x.part", o.name, p))
}

func (o *outOrder[R]) spill() error {
	var buf []byte
	for p := range o.mem {
		buf = buf[:0]
		for i := range o.mem[p] {
			buf = o.put(buf, &o.mem[p][i])
		}
		o.mem[p] = o.mem[p][:0]
		f, err := os.OpenFile(o.file(p), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
		if err != nil {
			return err
		}
		_, err = f.Write(buf)
		if err := errors.Join(err, f.Close()); err != nil {
			return err
		}
	}
	o.held, o.spilled = 0, true
	return nil
}

// load returns a part in order and forgets it.
func (o *outOrder[R]) load(p int) ([]R, error) {
	rows := o.mem[p]
	o.mem[p] = nil
	if o.spilled {
		f, err := os.Open(o.file(p))
		if err != nil {
			return nil, err
		}
		defer f.Close()
		info, err := f.Stat()
		if err != nil {
			return nil, err
		}
		rows = slices.Grow(rows, int(info.Size()/int64(o.size)))
		in, b := bufio.NewReaderSize(f, 1<<20), make([]byte, o.size)
		for {
			if _, err := io.ReadFull(in, b); err == io.EOF {
				break
			} else if err != nil {
				return nil, err
			}
			rows = append(rows, o.get(b))
		}
		if err := os.Remove(o.file(p)); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(rows, o.cmp)
	return rows, nil
}

// each calls f for every part in order, its rows sorted; the next two are sorted
// meanwhile. Nothing may be added after it begins.
func (o *outOrder[R]) each(ctx context.Context, f func(rows []R) error) error {
	type sorted struct {
		rows []R
		err  error
	}
	var next [shares]chan sorted
	for p := range next {
		next[p] = make(chan sorted, 1)
	}
	room := make(chan struct{}, 2)
	stop := make(chan struct{})
	var loading sync.WaitGroup
	defer loading.Wait()
	defer close(stop)
	loading.Go(func() {
		for p := range next {
			select {
			case room <- struct{}{}:
			case <-stop:
				return
			}
			loading.Go(func() {
				rows, err := o.load(p)
				next[p] <- sorted{rows, err}
			})
		}
	})
	for p := range next {
		s := <-next[p]
		<-room
		if err := errors.Join(s.err, ctx.Err()); err != nil {
			return fmt.Errorf("sort %s: %w", o.name, err)
		}
		if err := f(s.rows); err != nil {
			return err
		}
	}
	return nil
}

// clean removes what is on disk.
func (o *outOrder[R]) clean() {
	for p := range shares {
		os.Remove(o.file(p))
	}
}
