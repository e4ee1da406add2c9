package bitcoin

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// uncounted is the number of addresses of a layer that is not known yet.
const uncounted = -1

// countAddresses works out, for each layer where it is not known, how many
// addresses its outputs pay that no layer before it pays: those numbers add up
// over layers, so that new blocks do not make old ones be counted again. Scripts
// are told apart by their keys.
func countAddresses(ctx context.Context, dir string, layers []layerFile) error {
	missing, total := int64(0), int64(0)
	opened := make([]*layer, len(layers))
	defer func() {
		for _, l := range opened {
			if l != nil {
				l.close()
			}
		}
	}()
	for i := range layers {
		l, err := openLayer(dir, &layers[i])
		if err != nil {
			return err
		}
		opened[i] = l
		total += int64(l.paid)
		if layers[i].Addresses == uncounted {
			missing += int64(l.paid)
		}
	}
	switch {
	case missing == 0:
		return nil
	case missing < total/64:
		return probeAddresses(ctx, layers, opened)
	}
	return mergeAddresses(ctx, dir, layers, opened)
}

// mergeAddresses goes through the scripts of all layers at once.
func mergeAddresses(ctx context.Context, dir string, layers []layerFile, opened []*layer) error {
	runs := make([]run, len(layers))
	for i, l := range opened {
		f, err := os.Open(filepath.Join(dir, layers[i].Name))
		if err != nil {
			return err
		}
		defer f.Close()
		from, to := l.offset(tablePaid), l.offset(tablePaid+1)
		runs[i] = newFileRun(f, from, to-from, foldBuffer)
	}
	count := make([]int64, len(layers))
	m, err := newMerge(runs)
	if err != nil {
		return err
	}
	last, first := uint64(0), true
	for n := 0; ; n++ {
		if n&0xfffff == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		r, from, ok, err := m.next()
		if err != nil {
			return fmt.Errorf("count addresses: %w", err)
		}
		if !ok {
			break
		}
		if (first || r.key != last) && r.b&noAddress == 0 {
			count[from]++
		}
		last, first = r.key, false
	}
	for i := range layers {
		if layers[i].Addresses == uncounted {
			layers[i].Addresses = count[i]
		}
	}
	return nil
}

// probeAddresses looks the scripts of a few new layers up in those before.
func probeAddresses(ctx context.Context, layers []layerFile, opened []*layer) error {
	for i := range layers {
		if layers[i].Addresses != uncounted {
			continue
		}
		paid, n := &opened[i].table[tablePaid], int64(0)
		for k := 0; k < paid.len(); k++ {
			if k&0xffff == 0 {
				if ctx.Err() != nil {
					return ctx.Err()
				}
				for _, l := range opened { // what was looked at is not kept in memory
					if err := unix.Madvise(l.mapped, unix.MADV_DONTNEED); err != nil {
						return fmt.Errorf("count addresses: %w", err)
					}
				}
			}
			r := rowAt(paid.at(k))
			if k > 0 && paid.key(k-1) == r.key || r.b&noAddress != 0 {
				continue
			}
			seen := false
			for _, before := range opened[:i] {
				if _, err := before.table[tablePaid].lookup(r.key, func(uint32, uint32) bool { seen = true; return false }); err != nil {
					return fmt.Errorf("count addresses: %w", err)
				}
				if seen {
					break
				}
			}
			if !seen {
				n++
			}
		}
		layers[i].Addresses = n
	}
	return nil
}
