package chaintest

import (
	"fmt"

	"tamga"
)

// Round is a transaction with what it truly is.
type Round struct {
	Kind string // whirlpool, tx0, wasabi1, wasabi2, joinmarket; else of one owner
	Form string // which of its forms
	Mix  bool   // several owners made it
	Tx   *tamga.Tx
}

// Rounds makes n transactions of each form of each protocol, and of what one owner
// does alone that looks like it, on a network, from a seed. Heights are unknown.
func Rounds(network string, seed uint64, n int) (all []Round) {
	o := NewOwned(network, seed)
	add := func(kind, form string, mix bool, f func(i int) *tamga.Tx) {
		for i := range n {
			tx := f(i)
			tx.Height = -1
			all = append(all, Round{kind, form, mix, tx})
		}
	}
	r := o.rng
	kinds := func(ps []party) []party {
		for i := range ps {
			if r.IntN(2) == 0 {
				ps[i].kind = taproot
			}
		}
		return ps
	}
	wabi := func(least, most, coins int, s func() Wabi) func(int) *tamga.Tx {
		return func(int) *tamga.Tx {
			return o.WabiSabi(kinds(o.gather(least+r.IntN(most-least+1), coins, keyHash, 100_000, 7)), s())
		}
	}
	rate := func() float64 { return 1 + 60*r.Float64() }
	add("wasabi2", "large, coordinator's fee", true, wabi(50, 150, 4, func() Wabi { return Wabi{Fee: 0.003, Rate: rate()} }))
	add("wasabi2", "middling", true, wabi(15, 40, 5, func() Wabi { return Wabi{Rate: rate()} }))
	add("wasabi2", "5 to 10 owners, sorted", true, wabi(5, 10, 3, func() Wabi { return Wabi{Rate: rate()} }))
	add("wasabi2", "5 to 10 owners, unsorted", true, wabi(5, 10, 3, func() Wabi { return Wabi{Unsorted: true, Rate: rate()} }))
	add("wasabi2", "2 to 4 owners", true, wabi(2, 4, 6, func() Wabi { return Wabi{Unsorted: r.IntN(2) == 0, Rate: rate()} }))
	add("wasabi1", "10 to 30 owners", true, func(int) *tamga.Tx { return o.Wasabi1(10 + r.IntN(21)) })
	add("wasabi1", "31 to 100 owners", true, func(int) *tamga.Tx { return o.Wasabi1(31 + r.IntN(70)) })
	for pool, p := range whirlpools {
		add("whirlpool", fmt.Sprintf("pool of %d", p.denomination), true, func(i int) *tamga.Tx { return o.Whirlpool(5+i%6, pool) })
		add("tx0", fmt.Sprintf("pool of %d", p.denomination), false, func(int) *tamga.Tx { return o.Tx0(pool) })
	}
	scripts := []string{keyHash, nested, taproot, legacy}
	for _, makers := range []int{1, 2, 3, 4, 6, 9} {
		add("joinmarket", fmt.Sprintf("%d makers", makers), true, func(i int) *tamga.Tx { return o.JoinMarket(makers, false, scripts[i%4]) })
		add("joinmarket", fmt.Sprintf("%d makers, sweep", makers), true, func(i int) *tamga.Tx { return o.JoinMarket(makers, true, scripts[i%4]) })
	}
	add("payment", "of several coins", false, func(int) *tamga.Tx { return o.Consolidate(2+r.IntN(8), 2) })
	add("consolidation", "into one", false, func(int) *tamga.Tx { return o.Consolidate(5+r.IntN(100), 1) })
	add("consolidation", "into several", false, func(int) *tamga.Tx { return o.Consolidate(5+r.IntN(20), 3+r.IntN(4)) })
	add("batch", "of one coin", false, func(int) *tamga.Tx { return o.Batch(1, 5+r.IntN(50)) })
	add("batch", "of several coins", false, func(int) *tamga.Tx { return o.Batch(2+r.IntN(20), 5+r.IntN(50)) })
	add("equal payout", "of one coin", false, func(int) *tamga.Tx { return o.EqualPayout(1, 3+r.IntN(30), 10_000_000) })
	add("equal payout", "of fewer coins", false, func(int) *tamga.Tx { n := 2 + r.IntN(4); return o.EqualPayout(n, 2*n+r.IntN(20), 5_000_000) })
	add("equal payout", "of more coins", false, func(int) *tamga.Tx { n := 3 + r.IntN(10); return o.EqualPayout(n+r.IntN(10), n, 1_234_567) })
	add("airdrop", "of dust", false, func(int) *tamga.Tx { return o.Airdrop(1+r.IntN(20), 5+r.IntN(100), 546) })
	add("airdrop", "of more than dust", false, func(int) *tamga.Tx { return o.Airdrop(1+r.IntN(5), 5+r.IntN(100), 10_000) })
	return all
}
