package chaintest

import (
	"fmt"
	"math"

	"tamga"
)

// EmulateWabiSabi lets owners pay each other and mix in rounds, in which everybody
// who has coins registers some of them.
func (o *Owned) EmulateWabiSabi(owners, rounds int, unsorted bool) {
	o.fund(owners)
	for range rounds {
		o.height++
		var ps []party
		for _, who := range o.names {
			if len(o.coins[who]) == 0 || who == "coordinator" || o.rng.IntN(5) == 0 {
				continue
			}
			p := party{who: who, kind: keyHash, coins: o.draw(who, 1+o.rng.IntN(5))}
			if o.habit[who].taproot {
				p.kind = taproot
			}
			ps = append(ps, p)
		}
		s := Wabi{Unsorted: unsorted, Rate: 1 + 10*o.rng.Float64()}
		if o.rng.IntN(2) == 0 {
			s.Fee = 0.003
		}
		o.WabiSabi(ps, s)
		o.Pay(o.rng.IntN(3))
	}
}

// EmulateJoinMarket lets owners pay each other and mix in rounds of one taker and
// one to nine makers.
func (o *Owned) EmulateJoinMarket(owners, rounds int) {
	o.fund(owners)
	for made := 0; made < rounds; {
		o.height++
		amount := int64(200_000 * math.Exp(4*o.rng.Float64()))
		var ps []party
		for _, i := range o.rng.Perm(len(o.names)) {
			who := o.names[i]
			p := party{who: who, kind: keyHash, coins: o.draw(who, 3)}
			if o.sum(p.coins) > amount+amount/50+60_000 {
				ps = append(ps, p)
			}
			if len(ps) == 2+made%9 {
				break
			}
		}
		if len(ps) < 2 {
			o.Pay(1)
			continue
		}
		o.settle(ps, amount, false)
		o.Pay(o.rng.IntN(3))
		made++
	}
}

// fund mints some coins for each of n owners.
func (o *Owned) fund(n int) {
	for i := range n {
		for range 2 + o.rng.IntN(6) {
			o.Mint(fmt.Sprintf("owner%02d", i), int64(1_000_000*math.Exp(4*o.rng.Float64())))
		}
	}
}

// draw takes up to n coins of an owner at random.
func (o *Owned) draw(who string, n int) (coins []tamga.Outpoint) {
	all := o.coins[who]
	for _, i := range o.rng.Perm(len(all))[:min(n, len(all))] {
		coins = append(coins, all[i])
	}
	return coins
}
