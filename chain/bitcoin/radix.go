package bitcoin

import (
	"cmp"
	"context"
	"slices"
)

// fewRows is up to how many rows are sorted by insertion.
const fewRows = 48

// sortRows sorts rows by key. Rows that share a key must come in order of the
// rest: they stay in it. The keys are hashes, so two passes over a byte each leave
// a handful of rows to compare; where somebody made them alike, it sorts by
// comparing. scratch has room for as many rows; the parts are sorted on the workers.
func (b *builder) sortRows(ctx context.Context, rows, scratch []row) error {
	scratch = scratch[:len(rows)]
	starts := scatter(rows, scratch, 56)
	return b.each(ctx, 256, func(_ context.Context, _, i int) error {
		from, to := starts[i], starts[i+1]
		part, out := scratch[from:to], rows[from:to]
		if len(part) <= fewRows {
			copy(out, part)
			insertion(out)
			return nil
		}
		inner := scatter(part, out, 48)
		for j := range 256 {
			sortFew(out[inner[j]:inner[j+1]])
		}
		return nil
	})
}

// scatter deals rows out by one byte of their keys, keeping their order within.
func scatter(from, to []row, shift uint) (starts [257]int) {
	for i := range from {
		starts[byte(from[i].key>>shift)]++
	}
	sum := 0
	for i := range 256 {
		n := starts[i]
		starts[i] = sum
		sum += n
	}
	starts[256] = sum
	next := starts
	for i := range from {
		k := byte(from[i].key >> shift)
		to[next[k]] = from[i]
		next[k]++
	}
	return starts
}

func sortFew(rows []row) {
	if len(rows) <= fewRows {
		insertion(rows)
		return
	}
	slices.SortFunc(rows, compareRows)
}

func compareRows(x, y row) int {
	return cmp.Or(cmp.Compare(x.key, y.key), cmp.Compare(x.a, y.a), cmp.Compare(x.b, y.b))
}

// insertion sorts by key, stably.
func insertion(rows []row) {
	for i := 1; i < len(rows); i++ {
		r := rows[i]
		j := i
		for ; j > 0 && rows[j-1].key > r.key; j-- {
			rows[j] = rows[j-1]
		}
		rows[j] = r
	}
}
