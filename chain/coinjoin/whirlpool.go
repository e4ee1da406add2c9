package coinjoin

import (
	"fmt"
	"slices"
)

const (
	witnessKey = "witness_v0_keyhash"
	taproot    = "witness_v1_taproot"
)

// pools are the denominations of Whirlpool and of Ashigaru, which goes on with
// it, in satoshi, with the coordinator's fee; 0 where it is not known.
var pools = map[int64]int64{
	100_000: 5_000, 1_000_000: 50_000, 5_000_000: 175_000, 50_000_000: 1_750_000,
	2_500_000: 0, 25_000_000: 0,
}

// premixMax is the most that a coin waiting to be mixed has above its pool's
// denomination, to pay the miner of the mix.
const premixMax = 110_000

// whirlpool: as many outputs as inputs, five to ten, all of a pool's
// denomination; between one and all but one of the inputs bring the fee.
func whirlpool(s *shape) (float64, string) {
	n := len(s.out)
	if n < 5 || n > 10 || len(s.in) != n || s.data > 0 || s.mode.n != n || !s.distinct || s.owners != n || !s.only(witnessKey) {
		return 0, ""
	}
	d := s.mode.value
	if _, ok := pools[d]; !ok {
		return 0, ""
	}
	if !s.known {
		return 0.9, fmt.Sprintf("%d outputs of the pool of %d satoshi; the values of the inputs are not known", n, d)
	}
	above := 0
	for _, c := range s.in {
		if c.value < d || c.value > d+premixMax {
			return 0, ""
		}
		if c.value > d {
			above++
		}
	}
	if above == 0 || above == n {
		return 0, ""
	}
	return 0.99, fmt.Sprintf("%d inputs and %d outputs of the pool of %d satoshi, %d inputs pay the fee", n, n, d, above)
}

// tx0: one owner splits coins into equal ones slightly above a pool's
// denomination, pays the coordinator's fee and keeps the rest.
func tx0(s *shape) (float64, string) {
	if s.data != 1 {
		return 0, ""
	}
	best := group{}
	for _, g := range append(singles(s), s.groups...) {
		if _, ok := poolOf(g.value); ok && g.n > best.n {
			best = g
		}
	}
	rest := len(s.out) - best.n
	if best.n == 0 || rest > 3 || rest < 1 {
		return 0, ""
	}
	d, _ := poolOf(best.value)
	fees := 0
	for _, c := range s.out {
		if fee := pools[d]; c.value != best.value && fee > 0 && 2*c.value >= fee && c.value <= 3*fee {
			fees++
		}
	}
	if fees == 0 && pools[d] > 0 || best.n < 2 && !s.pays(pools[d]) {
		return 0, ""
	}
	confidence := 0.6
	switch {
	case best.n >= 2 && fees == 1 && rest <= 2:
		confidence = 0.9
	case best.n >= 2:
		confidence = 0.75
	}
	return confidence, fmt.Sprintf("data, %d outputs of %d satoshi (the pool of %d with a fee to mix), %d that could be the coordinator's fee", best.n, best.value, d, fees)
}

// pays says whether an output is of a value, within a twentieth.
func (s *shape) pays(value int64) bool {
	return value > 0 && slices.ContainsFunc(s.out, func(c coin) bool { return 20*abs(c.value-value) <= value })
}

// singles are the values that one output alone has.
func singles(s *shape) (out []group) {
	many := map[int64]bool{}
	for _, g := range s.groups {
		many[g.value] = true
	}
	for _, c := range s.out {
		if !many[c.value] {
			out = append(out, group{c.value, 1})
		}
	}
	return out
}

// poolOf is the denomination that a premix coin of a value belongs to.
func poolOf(value int64) (int64, bool) {
	for d := range pools {
		if value >= d+100 && value <= d+premixMax {
			return d, true
		}
	}
	return 0, false
}
