package bitcoin

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

// stride is how many transactions of a data file one worker reads at a time.
const stride = 1024

// stream reads every transaction once, from the blocks one read a block, and calls
// f from several workers; those of one block or stride come in order, from one
// worker. What f gets is valid during the call.
func (x *Index) stream(ctx context.Context, workers int, f func(worker int, s *stored) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	n := x.blocks.len()
	if x.data != nil {
		n = (x.txs.len() + stride - 1) / stride
	}
	var next atomic.Int64
	var running sync.WaitGroup
	for worker := range workers {
		running.Go(func() {
			r := blockStream{x: x, undo: undoCursor{x: x}}
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				visit := func(s *stored) error { return f(worker, s) }
				var err error
				if x.data != nil {
					err = x.visitData(i*stride, visit)
				} else {
					err = r.visit(uint32(i), visit)
				}
				if err != nil {
					cancel(err)
				}
			}
		})
	}
	running.Wait()
	return context.Cause(ctx)
}

func (x *Index) visitData(first int, f func(s *stored) error) error {
	for num := first; num < min(first+stride, x.txs.len()); num++ {
		s, err := x.loadData(uint32(num))
		if err != nil {
			return err
		}
		if err := f(s); err != nil {
			return err
		}
	}
	return nil
}

// blockStream reads whole blocks, and what they spend where undo data says it; it
// keeps its buffers.
type blockStream struct {
	x    *Index
	buf  []byte
	r    blockReader
	undo undoCursor
}

// visit reads block i and checks that it is the one that was indexed.
func (b *blockStream) visit(i uint32, f func(s *stored) error) error {
	bl := b.x.block(i)
	file, err := b.x.blockFile(bl.file)
	if err != nil {
		return err
	}
	b.buf = slices.Grow(b.buf[:0], bl.size)[:bl.size]
	if _, err := file.ReadAt(b.buf, bl.offset); err != nil {
		return fmt.Errorf("read block %s: %w", bl.id, err)
	}
	unmask(b.buf, b.x.key, bl.offset)
	changed := func(err error) error {
		return fmt.Errorf("read block %s: the block files changed since they were indexed: %w", bl.id, err)
	}
	if len(b.buf) < headerSize || header(b.buf).hash() != bl.id {
		return changed(errMerkle)
	}
	s := &stored{block: &bl}
	var failed error
	_, err = b.r.read(b.buf, func(n int, t *rawTx, id Hash, _ int) error {
		s.num, s.id, s.tx, s.prev = bl.firstTx+uint32(n), id, *t, nil
		b.undo.fill(s)
		failed = f(s)
		return failed
	})
	switch {
	case failed != nil:
		return failed
	case err != nil:
		return changed(err)
	}
	return nil
}

func (o *Options) workers() int {
	if o.Workers > 0 {
		return o.Workers
	}
	return runtime.GOMAXPROCS(0)
}
