package coinjoin

import (
	"cmp"
	"fmt"
	"slices"
)

// Heights between which the protocols ran on the main chain: a coinjoin of the
// kind does not exist before. Where the height is unknown they do not decide.
const (
	wasabi1From = 530_500 // 2018-07
	wasabi2From = 741_213
)

// wasabi1: at least ten equal outputs of about 0.1 bitcoin, each of another
// owner, with change of many, perhaps with levels of twice, four times … that.
func wasabi1(s *shape) (float64, string) {
	if len(s.in) < 10 || s.height >= 0 && s.height < wasabi1From || s.data > 0 {
		return 0, ""
	}
	g := s.mode
	if g.n < 10 || !nearTenth(g.value) || s.decomposed() {
		return 0, ""
	}
	if g.n > s.owners || s.owners > 7*g.n || !s.distinct || 10*s.reused() > len(s.out) {
		return 0, ""
	}
	unique := len(s.out) - s.repeated
	if unique < 2 {
		return 0, ""
	}
	levels := 1
	for _, o := range s.groups {
		if o != g && level(o.value, g.value) {
			levels++
		}
	}
	paid := s.paysTo(coordinators...)
	// At most one output a party beside the equal ones, and no fee to a coordinator:
	// more likely a large round of JoinMarket, which chose about the same amount.
	if rest := len(s.out) - g.n; levels == 1 && g.n < 20 && rest <= g.n && !paid {
		return 0, ""
	}
	confidence := 0.9
	if s.only(witnessKey) || paid {
		confidence = 0.97
	}
	return confidence, fmt.Sprintf("%d equal outputs of %d satoshi, %d levels, %d inputs of %d scripts, %d other outputs", g.n, g.value, levels, len(s.in), s.owners, unique)
}

// nearTenth says whether a value is about a tenth of a bitcoin.
func nearTenth(v int64) bool { return v >= 8_000_000 && v <= 12_000_000 }

// coordinators are where Wasabi 1's coordinator let its fees be paid to until
// block 610,000, when it began to use fresh addresses.
var coordinators = []string{"bc1qs604c7jv6amk4cxqlnvuxv26hv3e48cds4m0ew", "bc1qa24tsgchvuxsaccp8vrnkfd85hrcpafg20kmjw"}

// level says whether a value is a power of two of the base, within a twentieth.
func level(v, base int64) bool {
	for m := 2 * base; m <= v+v/10 && m > 0; m *= 2 {
		if 20*abs(v-m) <= m {
			return true
		}
	}
	return false
}

func abs(n int64) int64 { return max(n, -n) }

// denominations of WabiSabi as Wasabi 2 uses them: 2^i, 3^i, 2·3^i and 1, 2, 5
// times a power of ten, from 5,000 satoshi on; true for those with no round digits.
var denominations = func() map[int64]bool {
	m := map[int64]bool{}
	const most = maxMoney / 10
	for _, f := range [][2]int64{{1, 2}, {1, 3}, {2, 3}, {1, 10}, {2, 10}, {5, 10}} {
		for v := f[0]; v <= most; v *= f[1] {
			if v >= dust {
				m[v] = f[1] != 10
			}
		}
	}
	return m
}()

// wasabi2: many inputs and outputs of witness scripts, both sorted by value
// downwards (BIP 69 turned round), most outputs of the standard denominations. A
// test network's rounds are small, and some put nothing in order.
func wasabi2(s *shape) (float64, string) {
	if s.data > 0 || s.height >= 0 && s.height < wasabi2From || !s.only(witnessKey, taproot) || !s.distinct {
		return 0, ""
	}
	if 4*s.odd < s.standard || s.odd < 2 { // round values alone are anybody's
		return 0, ""
	}
	sorted := slices.IsSortedFunc(s.out, down) && (!s.known || slices.IsSortedFunc(s.in, down))
	switch {
	case s.test && len(s.in) >= 3 && len(s.out) >= 5 && 2*s.standard >= len(s.out):
		return 0.9, fmt.Sprintf("%d inputs, %d of %d outputs of standard denominations, on a test network", len(s.in), s.standard, len(s.out))
	case !sorted || len(s.in) < 5 || s.odd < 3:
		return 0, ""
	case len(s.in) < 15 || len(s.out) < 10 || 5*s.standard < 4*len(s.out) || len(s.groups) < 3: // smaller than the first coordinator's rounds
		if 5*s.standard < 3*len(s.out) || len(s.out) < 5 {
			return 0, ""
		}
		return 0.85, fmt.Sprintf("%d inputs and %d outputs sorted by value, %d outputs of standard denominations, in a small round", len(s.in), len(s.out), s.standard)
	}
	confidence := 0.98
	if !s.known || s.height < 0 {
		confidence = 0.95
	}
	return confidence, fmt.Sprintf("%d inputs and %d outputs sorted by value, %d outputs of standard denominations", len(s.in), len(s.out), s.standard)
}

func down(a, b coin) int { return cmp.Compare(b.value, a.value) }
