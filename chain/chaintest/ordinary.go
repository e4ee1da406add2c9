package chaintest

import (
	"fmt"
	"math"

	"tamga"
)

// What follows is of one owner, and looks like a mix in one way or another.

// purse mints coins of one owner that are worth at least total together.
func (o *Owned) purse(who, kind string, n int, total int64) (coins []tamga.Outpoint) {
	for i := range n {
		part := total / int64(n-i)
		if i < n-1 {
			part = int64(float64(part) * (0.4 + 1.2*o.rng.Float64()))
		}
		coins = append(coins, o.coin(who, kind, part))
		total -= part
	}
	return coins
}

// Consolidate sweeps n coins of an owner into k unlike outputs.
func (o *Owned) Consolidate(n, k int) *tamga.Tx {
	who := fmt.Sprintf("o%d", o.made)
	total := int64(1_000_000 * math.Exp(6*o.rng.Float64()))
	ins := o.purse(who, keyHash, n, total)
	total = o.sum(ins) - fee(5, n, k)
	var outs []pay
	for i := range k {
		v := total
		if i < k-1 {
			v = int64(float64(total) * (0.1 + 0.8*o.rng.Float64()))
		}
		outs = append(outs, pay{o.address(who, keyHash), v})
		total -= v
	}
	return o.make(ins, outs)
}

// Batch pays n customers what each asked for, as an exchange does: many of the
// sums are round, less a flat fee.
func (o *Owned) Batch(ins, n int) *tamga.Tx {
	var outs []pay
	total := int64(0)
	for i := range n {
		v := int64(100_000 * math.Exp(7*o.rng.Float64()))
		if o.rng.IntN(3) == 0 {
			for _, unit := range []int64{100_000_000, 10_000_000, 1_000_000, 100_000} {
				if v > unit {
					v = v/unit*unit - 10_000
					break
				}
			}
		}
		total += v
		outs = append(outs, pay{o.address(fmt.Sprintf("c%d-%d", o.made, i), []string{keyHash, legacy, nested, taproot}[o.rng.IntN(4)]), v})
	}
	return o.payout("exchange", ins, outs, total)
}

// EqualPayout pays n people the same, from a few coins: a faucet, a prize, a
// dividend.
func (o *Owned) EqualPayout(ins, n int, value int64) *tamga.Tx {
	var outs []pay
	for i := range n {
		outs = append(outs, pay{o.address(fmt.Sprintf("c%d-%d", o.made, i), keyHash), value})
	}
	return o.payout("payer", ins, outs, int64(n)*value)
}

// Airdrop gives dust to n holders of a token, with data that says so.
func (o *Owned) Airdrop(ins, n int, dust int64) *tamga.Tx {
	outs := []pay{{"", 0}}
	for i := range n {
		outs = append(outs, pay{o.address(fmt.Sprintf("c%d-%d", o.made, i), taproot), dust})
	}
	return o.payout("issuer", ins, outs, int64(n)*dust)
}

func (o *Owned) payout(who string, ins int, outs []pay, total int64) *tamga.Tx {
	miner := fee(5, ins, len(outs)+1)
	who = fmt.Sprintf("%s%d", who, o.made)
	coins := o.purse(who, keyHash, ins, total+miner+int64(10_000+o.rng.IntN(50_000_000)))
	outs = append(outs, pay{o.address(who, keyHash), o.sum(coins) - total - miner})
	o.rng.Shuffle(len(outs), func(i, j int) { outs[i], outs[j] = outs[j], outs[i] })
	return o.make(coins, outs)
}
