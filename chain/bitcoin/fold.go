package bitcoin

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// fold merges layers that follow each other into one.
func (b *builder) fold(ctx context.Context, parts []layerFile) (layerFile, error) {
	files := make([]*os.File, len(parts))
	sizes := make([]layerSize, len(parts))
	defer func() {
		for _, f := range files {
			if f != nil {
				f.Close()
			}
		}
	}()
	sum := layerFile{Addresses: 0, FirstBlock: parts[0].FirstBlock, FirstTx: parts[0].FirstTx}
	for i, p := range parts {
		f, err := os.Open(filepath.Join(b.dir, p.Name))
		if err != nil {
			return layerFile{}, err
		}
		files[i] = f
		head := make([]byte, layerHead)
		if _, err := f.ReadAt(head, 0); err != nil {
			return layerFile{}, fmt.Errorf("read layer %s: %w", p.Name, err)
		}
		if sizes[i], err = parseLayerHead(head); err != nil {
			return layerFile{}, fmt.Errorf("read layer %s: %w", p.Name, err)
		}
		sum.Blocks += p.Blocks
		sum.Txs += p.Txs
		if p.Addresses == uncounted || sum.Addresses == uncounted {
			sum.Addresses = uncounted
		} else {
			sum.Addresses += p.Addresses
		}
	}
	size := layerSize{firstBlock: sum.FirstBlock, firstTx: sum.FirstTx, blocks: sum.Blocks, txs: sum.Txs}
	for _, z := range sizes {
		size.spends += z.spends
		size.paid += z.paid
	}
	w, err := newSealer(b.dir, layerKind, &b.syncs)
	if err != nil {
		return layerFile{}, err
	}
	w.pages = &pageSums{}
	w.write(size.head())
	for _, t := range []int{tableBlocks, tableTxs} {
		for i, f := range files {
			if _, err := io.Copy(sealWriter{w}, io.NewSectionReader(f, sizes[i].offset(t), sizes[i].offset(t+1)-sizes[i].offset(t))); err != nil {
				w.drop()
				return layerFile{}, err
			}
		}
	}
	for _, t := range []int{tableIDs, tableSpends, tablePaid} {
		if err := b.foldTable(ctx, w, files, sizes, t); err != nil {
			w.drop()
			return layerFile{}, fmt.Errorf("merge layers: %w", err)
		}
	}
	sum.sealed, err = w.seal(layerKind, ".seg")
	return sum, err
}

// foldTable merges a sorted table on one goroutine, and writes it on another.
func (b *builder) foldTable(ctx context.Context, w *sealer, files []*os.File, sizes []layerSize, table int) error {
	const chunk = 64 << 10
	full, empty := make(chan []byte, 2), make(chan []byte, 4)
	for range cap(empty) {
		empty <- make([]byte, 0, chunk)
	}
	var failed error
	go func() {
		defer close(full)
		m, err := newMerge(tableRuns(files, sizes, table, foldBuffer))
		for err == nil {
			if err = ctx.Err(); err != nil {
				break
			}
			buf := <-empty
			for len(buf) < chunk {
				r, _, ok, e := m.next()
				if err = e; err != nil {
					break
				}
				if !ok {
					full <- buf
					return
				}
				buf = r.bytes(buf)
			}
			full <- buf
		}
		failed = err
	}()
	for buf := range full {
		w.write(buf)
		empty <- buf[:0]
	}
	return failed
}

// foldBuffer is how much of each table is read ahead.
const foldBuffer = 128 << 10

func tableRuns(files []*os.File, sizes []layerSize, table, buffer int) []run {
	runs := make([]run, len(files))
	for i, f := range files {
		from, to := sizes[i].offset(table), sizes[i].offset(table+1)
		runs[i] = newFileRun(f, from, to-from, buffer)
	}
	return runs
}

// sealWriter is a sealer as an io.Writer.
type sealWriter struct{ s *sealer }

func (w sealWriter) Write(b []byte) (int, error) {
	w.s.write(b)
	return len(b), w.s.err
}
