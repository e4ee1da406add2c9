package coinjoin

import (
	"fmt"
	"math"
)

// joinmarketFrom is the height of the main chain at which JoinMarket began
// (2015-01); the same form before is another protocol's.
const joinmarketFrom = 336_000

// joinmarket: one value repeated once for each maker and the taker, and at most
// one change output for each; no other value repeats. The most that somebody
// brought is what he takes with him.
func joinmarket(s *shape) (float64, string) {
	n := s.mode.n
	if n == 2 {
		return duo(s)
	}
	if n < 3 || s.height >= 0 && s.height < joinmarketFrom || len(s.in) < n || s.owners < n || !s.distinct || s.data > 0 || s.reused() > 0 || s.decomposed() {
		return 0, ""
	}
	if n >= 10 && nearTenth(s.mode.value) && (s.height < 0 || s.height >= wasabi1From) {
		return 0, "" // a small round of Wasabi 1 may look the same
	}
	rest := len(s.out) - n
	if rest < 1 || rest > n || n-rest > 1 && rest < 2 {
		return 0, "" // one change alone, beside more than two: a batch of payments
	}
	for _, g := range s.groups { // change repeats by chance only
		if g != s.mode && g.value >= dust && (g.n > 3 || g.n >= n) {
			return 0, ""
		}
	}
	if len(s.in) > 12*n {
		return 0, ""
	}
	confidence := 0.75
	if n > 3 && rest >= n-1 {
		confidence = 0.9
	}
	if round(s.mode.value) { // a batch of equal round payments looks the same
		confidence -= 0.2
	}
	if s.known && !splits(s) {
		return 0, ""
	}
	switch matched, _, all := s.parties(); {
	case matched >= rest-1: // all but the taker, who pays for the rest
		confidence = min(0.95, confidence+0.1)
	case all && 2*matched < rest-1:
		return 0, ""
	}
	return confidence, fmt.Sprintf("%d outputs of %d satoshi with %d of change, inputs of %d scripts", n, s.mode.value, rest, s.owners)
}

// duo is a round of a taker and one maker. The maker comes out of it with a gain and
// the taker pays for all; where one wallet makes a payment look like a mix
// (Stonewall), both halves pay for the miner.
func duo(s *shape) (float64, string) {
	if !s.pair() || s.height >= 0 && s.height < joinmarketFrom || s.decomposed() {
		return 0, ""
	}
	matched, gained, _ := s.parties()
	rest := len(s.out) - 2
	if gained != 1 || matched != rest {
		return 0, ""
	}
	if len(s.in) > 6 || rest < 2 && len(s.in) > 3 { // among many sums some fit by chance
		return 0, ""
	}
	return 0.7, fmt.Sprintf("2 outputs of %d satoshi, and one of two parties gained by it", s.mode.value)
}

// splits says whether the inputs can be shared out so that each party could pay
// its equal output: at least n inputs, or sums of them, of that value.
func splits(s *shape) bool {
	full, small := 0, int64(0)
	for _, c := range s.in {
		if c.value >= s.mode.value {
			full++
		} else {
			small += c.value
		}
	}
	return int64(full)+small/max(1, s.mode.value) >= int64(s.mode.n)
}

// round says whether a value has few digits: at most three before its zeros.
func round(v int64) bool {
	for v%10 == 0 && v > 0 {
		v /= 10
	}
	return v < 1000
}

// other: equal outputs for several owners in a form that no protocol above has.
func other(s *shape) (float64, string) {
	n := s.mode.n
	if s.decomposed() && s.distinct && len(s.in) >= 5 && s.owners >= 3 && s.data == 0 && s.reused() == 0 {
		return 0.6, fmt.Sprintf("%d of %d outputs of WabiSabi's standard values, inputs of %d scripts", s.standard, len(s.out), s.owners)
	}
	if n < 5 || !s.distinct || s.owners < n || s.suspect() == "" || s.data > 0 || s.reused() > 0 || s.known && !splits(s) {
		return 0, ""
	}
	return 0.6, fmt.Sprintf("%d equal outputs of %d satoshi, inputs of %d scripts", n, s.mode.value, s.owners)
}

// payjoin (BIP 78): the payee adds a coin of his own, so that a wallet would not
// have needed the smaller of two inputs for either output. A suspicion, no more:
// wallets that choose coins badly make the same.
func payjoin(s *shape) (float64, string) {
	if len(s.in) != 2 || len(s.out) != 2 || s.data > 0 || !s.known || s.owners != 2 || !s.distinct || s.reused() > 0 {
		return 0, ""
	}
	kind := s.in[0].kind
	if kind == "" || !s.only(kind) {
		return 0, ""
	}
	fee := total(s.in) - total(s.out)
	small, great := min(s.in[0].value, s.in[1].value), max(s.in[0].value, s.in[1].value)
	most := max(s.out[0].value, s.out[1].value)
	least := min(s.out[0].value, s.out[1].value)
	// The receiver's output holds his coin and the payment; the payer's change is
	// his coin less payment and fee.
	if fee < 0 || great-fee < least || most <= small || round(least) || round(most) || most > math.MaxInt64-fee || great < least+fee {
		return 0, ""
	}
	if great-fee >= most { // one input pays for each output alone
		return 0.2, "either output could be paid without the smaller input"
	}
	return 0, ""
}
