package chaintest

import "math/rand/v2"

// The pool holds the coins that a synthetic chain may still spend. Beyond maxCoins the
// small ones are forgotten, as dust of the real chain lies unspent for good, so memory
// does not grow with the chain.
const (
	maxCoins    = 80_000 // where Synthetic does not say
	maxOwners   = 10_000
	services    = 48 // owners with many coins and payouts: exchanges, markets, miners
	addressBook = 6  // an owner's latest addresses, which may be paid again
)

// poolCoin is an unspent output.
type poolCoin struct {
	id       hash
	vout     uint32
	height   uint32
	value    int64
	account  uint64
	kind     byte
	coinbase bool
	size     byte
	script   [35]byte
}

// poolOwner is somebody with a wallet.
type poolOwner struct {
	number   uint64
	kind     byte
	accounts []uint64
	coins    []poolCoin
}

type pool struct {
	owners   []poolOwner // services first
	coins    int
	limit    int
	next     uint64 // number of the next owner
	accounts uint64 // number of the next account
	pending  []pendingCoin
}

// pendingCoin is an output of the transaction that is being made, whose id is not
// known yet.
type pendingCoin struct {
	owner int
	coin  poolCoin
}

// newcomer fills the place of an owner who has left, or a new one.
func (p *pool) newcomer(at int, rng *rand.Rand) int {
	o := poolOwner{number: p.next, kind: kindOf(rng.IntN(100))}
	p.next++
	if at == len(p.owners) {
		p.owners = append(p.owners, o)
	} else {
		o.coins = p.owners[at].coins[:0]
		p.owners[at] = o
	}
	return at
}

// payee draws who is paid: a service every second time.
func (p *pool) payee(rng *rand.Rand) int {
	if len(p.owners) < services || len(p.owners) < maxOwners && p.coins > 6*len(p.owners) {
		return p.newcomer(len(p.owners), rng)
	}
	if rng.IntN(2) == 0 || len(p.owners) == services {
		return rng.IntN(services)
	}
	at := services + rng.IntN(len(p.owners)-services)
	if len(p.owners[at].coins) == 0 && rng.IntN(4) == 0 {
		p.newcomer(at, rng)
	}
	return at
}

// payer draws an owner with at least n coins; a service where n is large. Where none of
// those it looks at has so many, it is the one with most.
func (p *pool) payer(n int, rng *rand.Rand) int {
	best := 0
	for try := range 24 {
		at := rng.IntN(len(p.owners))
		if n > 8 || try > 16 {
			at %= services
		}
		if len(p.owners[at].coins) >= n {
			return at
		}
		if len(p.owners[at].coins) > len(p.owners[best].coins) {
			best = at
		}
	}
	return best
}

// take removes a coin of an owner: every second time the latest.
func (p *pool) take(at int, rng *rand.Rand) poolCoin {
	o := &p.owners[at]
	last := len(o.coins) - 1
	i := last
	if rng.IntN(2) == 0 {
		i = rng.IntN(last + 1)
	}
	c := o.coins[i]
	o.coins[i] = o.coins[last]
	o.coins = o.coins[:last]
	p.coins--
	return c
}

func (p *pool) give(at int, c poolCoin) {
	p.owners[at].coins = append(p.owners[at].coins, c)
	p.coins++
}

// settle turns the pending outputs of a transaction into coins.
func (p *pool) settle(id hash, height uint32) {
	for i := range p.pending {
		c := p.pending[i].coin
		c.id, c.height = id, height
		p.give(p.pending[i].owner, c)
	}
	p.pending = p.pending[:0]
}

// forget drops the smallest of a few coins while there are too many. A service keeps a
// hundredth of all for its transactions of many inputs.
func (p *pool) forget(rng *rand.Rand) {
	for p.coins > p.limit {
		owner, which := -1, 0
		for range 8 {
			at := rng.IntN(len(p.owners))
			if rng.IntN(4) == 0 {
				at %= services
			}
			coins := p.owners[at].coins
			if len(coins) == 0 || at < services && len(coins) < p.limit/100 {
				continue
			}
			i := rng.IntN(len(coins))
			if owner < 0 || coins[i].value < p.owners[owner].coins[which].value {
				owner, which = at, i
			}
		}
		if owner < 0 {
			continue
		}
		o := &p.owners[owner]
		last := len(o.coins) - 1
		o.coins[which] = o.coins[last]
		o.coins = o.coins[:last]
		p.coins--
	}
}
