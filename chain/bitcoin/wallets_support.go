package bitcoin

import (
	"context"
	"slices"
)

// maxSupport is where counting ends.
const maxSupport = 255

// support counts, for each step of a path from a script on, the transactions up to a
// height in which both scripts that the step connects sign; an assertion has none. It
// takes one pass over the signers.
func (w *Wallets) support(ctx context.Context, from uint32, steps [][]merge, height int64) ([]int, error) {
	out := make([]int, len(steps))
	of := map[uint32][]int{} // steps that a script is an end of
	for i, ms := range steps {
		start := from
		for _, m := range ms {
			from = m.a + m.b - from
		}
		if ms[0].rule != assertion {
			of[start], of[from] = append(of[start], i), append(of[from], i)
		}
	}
	var signed []uint32 // scripts of one transaction that are an end
	count := func(tx uint32) error {
		slices.Sort(signed)
		ends := map[int]int{}
		for _, id := range slices.Compact(signed) {
			for _, i := range of[id] {
				ends[i]++
			}
		}
		for i, n := range ends {
			if n < 2 || out[i] >= maxSupport {
				continue
			}
			if height != Now {
				h, err := w.x.heightOf(tx)
				if err != nil {
					return err
				}
				if h < 0 || h > height {
					return nil
				}
			}
			out[i]++
		}
		return nil
	}
	tx := uint32(0)
	for i := range w.signers.len() {
		if i%(1<<20) == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		s := signerAt(w.signers.at(i))
		if s.tx != tx {
			if len(signed) > 1 {
				if err := count(tx); err != nil {
					return nil, err
				}
			}
			tx, signed = s.tx, signed[:0]
		}
		if len(of[s.script]) > 0 {
			signed = append(signed, s.script)
		}
	}
	if len(signed) > 1 {
		if err := count(tx); err != nil {
			return nil, err
		}
	}
	return out, nil
}
