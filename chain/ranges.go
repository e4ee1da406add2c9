package chain

import "slices"

// span is a half-open range of satoshis [lo, hi) inside an output or inside the
// line of a transaction's satoshis.
type span struct{ lo, hi int64 }

// ranges is a set of satoshis: sorted spans that neither overlap nor touch.
type ranges []span

// size is the number of satoshis in the set.
func (r ranges) size() (n int64) {
	for _, s := range r {
		n += s.hi - s.lo
	}
	return n
}

// add puts spans into the set and returns the part that is new.
func (r *ranges) add(more ranges) (fresh ranges) {
	fresh = more.minus(*r)
	if len(fresh) == 0 {
		return nil
	}
	all := append(slices.Clone(*r), fresh...)
	slices.SortFunc(all, func(a, b span) int {
		if a.lo < b.lo {
			return -1
		}
		return 1
	})
	merged := all[:1]
	for _, s := range all[1:] {
		if last := &merged[len(merged)-1]; s.lo <= last.hi {
			last.hi = max(last.hi, s.hi)
		} else {
			merged = append(merged, s)
		}
	}
	*r = merged
	return fresh
}

// minus returns the satoshis of r that are not in other.
func (r ranges) minus(other ranges) (left ranges) {
	k := 0
	for _, s := range r {
		for k < len(other) && other[k].hi <= s.lo {
			k++
		}
		lo := s.lo
		for i := k; i < len(other) && other[i].lo < s.hi; i++ {
			if lo < other[i].lo {
				left = append(left, span{lo, other[i].lo})
			}
			lo = max(lo, other[i].hi)
		}
		if lo < s.hi {
			left = append(left, span{lo, s.hi})
		}
	}
	return left
}

// cut returns the part of r inside [lo, hi), moved so that lo becomes 0.
func (r ranges) cut(lo, hi int64) (part ranges) {
	for _, s := range r {
		if a, b := max(s.lo, lo), min(s.hi, hi); a < b {
			part = append(part, span{a - lo, b - lo})
		}
	}
	return part
}

// shift moves all spans up by n.
func (r ranges) shift(n int64) ranges {
	moved := make(ranges, len(r))
	for i, s := range r {
		moved[i] = span{s.lo + n, s.hi + n}
	}
	return moved
}
