package chaintest

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"tamga"
)

// The rounds here are written from what the protocols' own documents say that
// they do (links at each), not from any rule that tells them apart.

// party is an owner in a round, with the coins he registered.
type party struct {
	who   string
	coins []tamga.Outpoint
	kind  string // script type of his outputs
}

// Wabi are the settings of a WabiSabi coordinator and of its clients.
type Wabi struct {
	Unsorted bool    // small test set-ups put neither side in order
	Fee      float64 // the coordinator's part of coins above 0.01 BTC
	Rate     float64 // satoshi a vbyte
}

// wabiDenominations are the standard values of WabiSabi clients: 2^i, 3^i, 2·3^i
// and 1, 2, 5 times 10^i (zkSNACKs, WabiSabi 2021, and the client's documentation),
// downwards from most.
func wabiDenominations(most int64) (all []int64) {
	add := func(v, by int64) {
		for ; v <= most; v *= by {
			if v >= 5000 {
				all = append(all, v)
			}
		}
	}
	add(1, 2)
	add(1, 3)
	add(2, 3)
	add(1, 10)
	add(2, 10)
	add(5, 10)
	slices.Sort(all)
	all = slices.Compact(all)
	slices.Reverse(all)
	return all
}

// decompose splits a balance into up to ten standard values, the greater first,
// now and then leaving one out; what is left over is change, or goes to the miner.
func (o *Owned) decompose(balance int64, denominations []int64, cost int64) (values []int64) {
	most := 6 + o.rng.IntN(5)
	for _, d := range denominations {
		for balance >= d+cost && len(values) < most && o.rng.IntN(5) > 0 {
			values = append(values, d)
			balance -= d + cost
		}
	}
	if balance >= 5000+cost {
		values = append(values, balance-cost)
	}
	return values
}

// WabiSabi makes a round of owners' coins. The values that clients use are those
// that several balances of the round have in common.
func (o *Owned) WabiSabi(parties []party, s Wabi) *tamga.Tx {
	var ins []tamga.Outpoint
	var balances []int64
	takings := int64(0)
	for _, p := range parties {
		balance := int64(0)
		for _, c := range p.coins {
			v := o.value(c)
			if cut := int64(s.Fee * float64(v)); v > 1_000_000 {
				v, takings = v-cut, takings+cut
			}
			balance += v - int64(68*s.Rate)
		}
		balances = append(balances, balance)
		ins = append(ins, p.coins...)
	}
	cost := int64(math.Ceil(31 * s.Rate))
	all := wabiDenominations(slices.Max(balances))
	common := map[int64]int{}
	for _, b := range balances { // the plain split of each balance
		for _, d := range all {
			if b >= d+cost {
				common[d]++
				b -= d + cost
			}
		}
	}
	used := slices.DeleteFunc(slices.Clone(all), func(d int64) bool { return common[d] < 2 })
	if len(used) == 0 {
		used = all
	}
	var outs []pay
	for i, p := range parties {
		for _, v := range o.decompose(balances[i], used, cost) {
			outs = append(outs, pay{o.address(p.who, p.kind), v})
		}
	}
	if takings > 10_000 {
		outs = append(outs, pay{o.address("coordinator", keyHash), takings})
	}
	o.arrange(ins, outs, !s.Unsorted)
	return o.make(ins, outs)
}

// arrange sorts both sides by value downwards, or shuffles them.
func (o *Owned) arrange(ins []tamga.Outpoint, outs []pay, sorted bool) {
	if sorted {
		slices.SortFunc(ins, func(a, b tamga.Outpoint) int { return cmp.Compare(o.value(b), o.value(a)) })
		slices.SortFunc(outs, func(a, b pay) int { return cmp.Compare(b.value, a.value) })
		return
	}
	o.rng.Shuffle(len(ins), func(i, j int) { ins[i], ins[j] = ins[j], ins[i] })
	o.rng.Shuffle(len(outs), func(i, j int) { outs[i], outs[j] = outs[j], outs[i] })
}

// bip69 sorts as BIP 69 says: inputs by txid, outputs by value.
func (o *Owned) bip69(ins []tamga.Outpoint, outs []pay) {
	slices.SortFunc(ins, func(a, b tamga.Outpoint) int { return cmp.Or(cmp.Compare(a.TxID, b.TxID), cmp.Compare(a.Vout, b.Vout)) })
	slices.SortFunc(outs, func(a, b pay) int { return cmp.Or(cmp.Compare(a.value, b.value), cmp.Compare(a.to, b.to)) })
}

// gather draws n parties with newly minted coins, each worth at least least.
func (o *Owned) gather(n, coins int, kind string, least, spread float64) (ps []party) {
	for i := range n {
		p := party{who: fmt.Sprintf("o%d-%d", o.made, i), kind: kind}
		for range 1 + o.rng.IntN(coins) {
			p.coins = append(p.coins, o.coin(p.who, kind, int64(least*math.Exp(spread*o.rng.Float64()))))
		}
		ps = append(ps, p)
	}
	return ps
}

// Wasabi1 makes a Chaumian round as Wasabi 1 did (ZeroLink): equal outputs of about
// 0.1 BTC, further ones of twice, four times … where two or more can, change for
// each and the coordinator's fee.
func (o *Owned) Wasabi1(n int) *tamga.Tx {
	base := int64(8_500_000 + o.rng.IntN(3_000_000))
	ps := o.gather(n, 7, keyHash, float64(base)*1.01/3, 3)
	var ins []tamga.Outpoint
	var outs []pay
	rich, takings := map[int64][]int{}, int64(0)
	rest := make([]int64, n)
	for i := range ps {
		p := &ps[i]
		for len(p.coins) > 1 && o.sum(p.coins[:len(p.coins)-1]) > base+base/20 { // no more coins than needed, mostly
			if o.rng.IntN(3) == 0 {
				break
			}
			p.coins = p.coins[:len(p.coins)-1]
		}
		if short := base + base/20 - o.sum(p.coins); short > 0 {
			p.coins = append(p.coins, o.coin(p.who, keyHash, short+int64(o.rng.IntN(2_000_000))))
		}
		ins = append(ins, p.coins...)
		rest[i] = o.sum(p.coins) - base - 20_000
		outs = append(outs, pay{o.address(p.who, keyHash), base})
		for l := int64(2); l <= 32 && rest[i] > l*base+l*base/200; l *= 2 {
			rich[l] = append(rich[l], i)
		}
	}
	for l := int64(32); l >= 2; l /= 2 {
		if len(rich[l]) < 2 {
			continue
		}
		for _, i := range rich[l] {
			if v := l*base + l*base/1000; rest[i] > v {
				outs = append(outs, pay{o.address(ps[i].who, keyHash), v})
				rest[i] -= v
			}
		}
	}
	for i, p := range ps {
		cut := base * 3 / 1000 * int64(n) / 100
		takings += cut
		if rest[i] -= cut; rest[i] > 1000 {
			outs = append(outs, pay{o.address(p.who, keyHash), rest[i]})
		}
	}
	outs = append(outs, pay{o.address("coordinator", keyHash), takings})
	o.bip69(ins, outs)
	return o.make(ins, outs)
}

// whirlpools are the denominations of Whirlpool's pools with the coordinator's
// flat fee (Samourai, Whirlpool protocol).
var whirlpools = []struct{ denomination, fee int64 }{{100_000, 5_000}, {1_000_000, 50_000}, {5_000_000, 175_000}, {50_000_000, 1_750_000}}

// Whirlpool makes a mix of n: as many inputs as outputs, all outputs of the pool's
// denomination; some inputs are premix coins with the miner's fee on top, the
// others come from mixes before.
func (o *Owned) Whirlpool(n, pool int) *tamga.Tx {
	d := whirlpools[pool].denomination
	fresh := 1 + o.rng.IntN(n-1)
	extra := int64(300 + o.rng.IntN(100_000))
	var ins []tamga.Outpoint
	var outs []pay
	for i := range n {
		who, v := fmt.Sprintf("o%d-%d", o.made, i), d
		if i < fresh {
			v += extra
			if o.rng.IntN(3) == 0 {
				extra = int64(300 + o.rng.IntN(100_000))
			}
		}
		ins = append(ins, o.coin(who, keyHash, v))
		outs = append(outs, pay{o.address(who, keyHash), d})
	}
	o.bip69(ins, outs)
	return o.make(ins, outs)
}

// Tx0 prepares an owner's coins for a pool: premix outputs, the coordinator's fee,
// change, and data.
func (o *Owned) Tx0(pool int) *tamga.Tx {
	p, who := whirlpools[pool], fmt.Sprintf("o%d", o.made)
	premix := p.denomination + 300 + int64(o.rng.IntN(60_000))
	n := 1 + o.rng.IntN(25)
	change := int64(10_000 + o.rng.IntN(int(3*p.denomination)))
	total := int64(n)*premix + p.fee + change + 5000
	var ins []tamga.Outpoint
	for k := 1 + o.rng.IntN(3); k > 0; k-- {
		ins = append(ins, o.coin(who, keyHash, total/int64(k)))
		total -= total / int64(k)
	}
	outs := []pay{{"", 0}, {o.address("coordinator", keyHash), p.fee}, {o.address(who, keyHash), change}}
	for range n {
		outs = append(outs, pay{o.address(who, keyHash), premix})
	}
	o.bip69(ins, outs)
	return o.make(ins, outs)
}

// JoinMarket makes a round of a taker and makers (Belcher, JoinMarket): an equal
// output for each, change for the makers, who gain a little, and for the taker,
// unless he sweeps.
func (o *Owned) JoinMarket(makers int, sweep bool, kind string) *tamga.Tx {
	amount := int64(300_000 * math.Exp(7*o.rng.Float64()))
	ps := o.gather(makers+1, 3, kind, float64(amount)/2, 3)
	return o.settle(ps, amount, sweep)
}

func (o *Owned) settle(ps []party, amount int64, sweep bool) *tamga.Tx {
	var ins []tamga.Outpoint
	var outs []pay
	gains := int64(0)
	for i := range ps[1:] {
		p := &ps[i+1]
		if short := amount + 30_000 - o.sum(p.coins); short > 0 {
			p.coins = append(p.coins, o.coin(p.who, p.kind, short+int64(o.rng.IntN(int(amount)))))
		}
		gain := amount/int64(2000+o.rng.IntN(20_000)) + int64(o.rng.IntN(250))
		gains += gain
		ins = append(ins, p.coins...)
		outs = append(outs, pay{o.address(p.who, p.kind), amount}, pay{o.address(p.who, p.kind), o.sum(p.coins) - amount + gain})
	}
	taker := &ps[0]
	miner := fee(1+20*o.rng.Float64(), len(ins)+len(taker.coins), len(outs)+2)
	if sweep {
		taker.coins = []tamga.Outpoint{o.coin(taker.who, taker.kind, amount+gains+miner)}
	} else if short := amount + gains + miner + 30_000 - o.sum(taker.coins); short > 0 {
		taker.coins = append(taker.coins, o.coin(taker.who, taker.kind, short+int64(o.rng.IntN(int(amount)))))
	}
	ins = append(ins, taker.coins...)
	outs = append(outs, pay{o.address(taker.who, taker.kind), amount})
	if !sweep {
		outs = append(outs, pay{o.address(taker.who, taker.kind), o.sum(taker.coins) - amount - gains - miner})
	}
	o.arrange(ins, outs, false)
	return o.make(ins, outs)
}
