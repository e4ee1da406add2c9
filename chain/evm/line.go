package evm

import (
	"math/big"
	"slices"
)

// part is a half-open range [lo, hi) of base units inside a transfer or on the
// line of a book.
type part struct{ lo, hi *big.Int }

// parts is a set of base units: sorted, without overlap.
type parts []part

func (p parts) size() *big.Int {
	n := new(big.Int)
	for _, x := range p {
		n.Add(n, new(big.Int).Sub(x.hi, x.lo))
	}
	return n
}

// add puts more into the set.
func (p parts) add(more parts) parts {
	all := append(slices.Clone(p), more...)
	slices.SortFunc(all, func(a, b part) int { return a.lo.Cmp(b.lo) })
	var out parts
	for _, x := range all {
		if n := len(out); n > 0 && x.lo.Cmp(out[n-1].hi) <= 0 {
			if x.hi.Cmp(out[n-1].hi) > 0 {
				out[n-1].hi = x.hi
			}
		} else if x.lo.Cmp(x.hi) < 0 {
			out = append(out, x)
		}
	}
	return out
}

// shift moves the set along the line.
func (p parts) shift(by *big.Int) parts {
	out := make(parts, len(p))
	for i, x := range p {
		out[i] = part{new(big.Int).Add(x.lo, by), new(big.Int).Add(x.hi, by)}
	}
	return out
}

// cut is what of the set lies in [lo, hi).
func (p parts) cut(lo, hi *big.Int) (out parts) {
	i, _ := slices.BinarySearchFunc(p, lo, func(x part, v *big.Int) int {
		if x.hi.Cmp(v) <= 0 {
			return -1
		}
		return 1
	})
	for ; i < len(p) && p[i].lo.Cmp(hi) < 0; i++ {
		a, b := p[i].lo, p[i].hi
		if a.Cmp(lo) < 0 {
			a = lo
		}
		if b.Cmp(hi) > 0 {
			b = hi
		}
		out = append(out, part{a, b})
	}
	return out
}

// touching are the entries whose part of the line meets [lo, hi).
func touching(all []*entry, lo, hi *big.Int) []*entry {
	i, _ := slices.BinarySearchFunc(all, lo, func(e *entry, v *big.Int) int {
		if e.hi.Cmp(v) <= 0 {
			return -1
		}
		return 1
	})
	j := i
	for j < len(all) && all[j].lo.Cmp(hi) < 0 {
		j++
	}
	return all[i:j]
}

func sub(a, b *big.Int) *big.Int { return new(big.Int).Sub(a, b) }

func least(a, b *big.Int) *big.Int {
	if a.Cmp(b) <= 0 {
		return a
	}
	return b
}

// share is a·b/c, rounded down.
func share(a, b, c *big.Int) *big.Int {
	n := new(big.Int).Mul(a, b)
	return n.Quo(n, c)
}
