package coinjoin

import "slices"

// maxInputs bounds the inputs whose sums are tried, maxSums the sums, and
// maxCoins the coins that one party brings.
const (
	maxInputs = 64
	maxSums   = 1 << 15
	maxCoins  = 6
)

// parties says how many of the outputs that are not of the most frequent value can
// be the change of a party of its own: some inputs, but not all, that together pay
// for it and one equal output, but for what the party gains or pays, at most a
// hundredth of the equal output or 5,000 satoshi; gained are those whose party can
// have come out with no less than it put in. all is false where too many inputs, or
// unknown ones, forbid to try every sum of up to maxCoins of them.
func (s *shape) parties() (matched, gained int, all bool) {
	if !s.known || len(s.in) > maxInputs || s.mode.n < 2 {
		return 0, 0, false
	}
	sums, all := s.sums()
	slack := max(s.mode.value/100, dust)
	for _, c := range s.out {
		if c.value == s.mode.value || c.value > maxMoney {
			continue
		}
		want := s.mode.value + c.value
		i, _ := slices.BinarySearch(sums, want-slack)
		if i < len(sums) && sums[i] <= want+slack {
			matched++
			if sums[i] <= want {
				gained++
			}
		}
	}
	return matched, gained, all
}

// maxMoney is more than there can be, in satoshi.
const maxMoney = 21_000_000_00000000

// sums are those of one input, of two, and so on as far as maxSums goes; all is
// false where it did not go as far as maxCoins.
func (s *shape) sums() (sums []int64, all bool) {
	type part struct {
		sum  int64
		next int // the first input that may be added
	}
	level := []part{{0, 0}}
	for size := 1; size <= maxCoins && size < len(s.in); size++ {
		var more []part
		for _, p := range level {
			if len(sums)+len(more)+len(s.in) > maxSums {
				return sorted(sums), false
			}
			for i := p.next; i < len(s.in); i++ {
				if v := s.in[i].value; v <= maxMoney && p.sum <= maxMoney {
					more = append(more, part{p.sum + v, i + 1})
				}
			}
		}
		for _, p := range more {
			sums = append(sums, p.sum)
		}
		level = more
	}
	return sorted(sums), true
}

func sorted(s []int64) []int64 {
	slices.Sort(s)
	return s
}
