package evm

import (
	"container/heap"
	"context"
	"math/big"
	"slices"

	"tamga/chain"
)

// state is how much of the subject's value an account's balance holds while spread
// goes along the ledger; going back, how much of it is asked for.
type state struct {
	*book
	held   *big.Int
	depth  int
	next   int // of the debits, going back of the credits
	queued bool
}

// turn is an account's next payment (going back: credit), or a seed.
type turn struct {
	place
	key  bookKey
	seed *transfer
}

type agenda struct {
	all  []turn
	back bool
}

func (a *agenda) Len() int { return len(a.all) }
func (a *agenda) Less(i, j int) bool {
	x, y := &a.all[i], &a.all[j]
	if a.back {
		x, y = y, x
	}
	if c := x.compare(y.place); c != 0 {
		return c < 0
	}
	// Of a transfer to oneself the debit comes first, and so do payments before
	// seeds of the same place.
	return (x.seed == nil) != a.back && y.seed != nil
}
func (a *agenda) Swap(i, j int) { a.all[i], a.all[j] = a.all[j], a.all[i] }
func (a *agenda) Push(x any)    { a.all = append(a.all, x.(turn)) }
func (a *agenda) Pop() any {
	n := len(a.all) - 1
	x := a.all[n]
	a.all = a.all[:n]
	return x
}

// spread follows by haircut or poison: it goes along the ledger (or back) from
// event to event and keeps for each account how much of the subject's value its
// balance holds.
func (t *tracer) spread(ctx context.Context) error {
	q := &agenda{back: t.back}
	for key := range t.own {
		b := t.l.books[key]
		s := &state{book: b, held: new(big.Int)}
		if t.back {
			s.next = len(b.credits) - 1
		}
		t.states[key] = s
		t.schedule(q, key, s)
	}
	for _, x := range t.seeds {
		if !t.own[bookKey{x.to, x.asset}] {
			heap.Push(q, turn{place: x.place, seed: x})
		}
	}
	for q.Len() > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		e := heap.Pop(q).(turn)
		if e.seed != nil {
			if err := t.start(ctx, q, e.seed); err != nil {
				return err
			}
			continue
		}
		s := t.states[e.key]
		s.queued = false
		if err := t.cross(ctx, q, e.key, s); err != nil {
			return err
		}
		t.schedule(q, e.key, s)
	}
	t.remains()
	return nil
}

// start takes a seed: forward it is at the account it paid, back it is asked of
// the account that paid it.
func (t *tracer) start(ctx context.Context, q *agenda, x *transfer) error {
	if !t.back {
		return t.arrive(ctx, q, x, x.amount, 0)
	}
	return t.pass(ctx, q, bookKey{x.to, x.asset}, x, nil, x.amount, 0)
}

// schedule puts an account's next payment (or credit) on the agenda.
func (t *tracer) schedule(q *agenda, key bookKey, s *state) {
	if s.queued || !t.own[key] && s.held.Sign() == 0 {
		return
	}
	all := s.debits
	if t.back {
		all = s.credits
	}
	if s.next >= 0 && s.next < len(all) {
		s.queued = true
		heap.Push(q, turn{place: all[s.next].place, key: key})
	}
}

// cross takes an account past its next payment, going back past its next credit.
func (t *tracer) cross(ctx context.Context, q *agenda, key bookKey, s *state) error {
	var e *entry
	if t.back {
		e = s.credits[s.next]
		s.next--
	} else {
		e = s.debits[s.next]
		s.next++
	}
	amount := e.amount
	switch {
	case t.own[key]:
	case t.o.Method == chain.Poison:
		amount = least(amount, s.held)
	default: // the balance is sound, and at least as much as moves
		amount = share(s.held, e.amount, e.left)
		s.held = sub(s.held, amount)
	}
	return t.pass(ctx, q, key, e.transfer, e.left, amount, s.depth)
}

// pass follows an amount through a transfer of an account.
func (t *tracer) pass(ctx context.Context, q *agenda, key bookKey, x *transfer, left, amount *big.Int, depth int) error {
	switch {
	case amount.Sign() == 0:
		return nil
	case x.kind == KindFee:
		t.end(key, nil, stopped{reason: chain.EndFee}, amount, "")
		return nil
	case t.back && x.made:
		t.end(key, x, stopped{reason: chain.EndCoinbase}, amount, "")
		return nil
	case t.outside(x):
		t.end(key, nil, stopped{reason: chain.EndTime}, amount, "")
		return nil
	case t.back && t.o.Hops > 0 && depth >= t.o.Hops: // only of a seed
		t.end(key, x, stopped{reason: chain.EndHops}, amount, "")
		return nil
	}
	h := hop{depth: depth + 1, out: x, payer: x.from, amount: amount}
	if !t.back {
		h.before = left
	}
	t.hops = append(t.hops, h)
	return t.arrive(ctx, q, x, amount, depth+1)
}

// arrive adds an amount to the account at the far side of a transfer.
func (t *tracer) arrive(ctx context.Context, q *agenda, x *transfer, amount *big.Int, depth int) error {
	key, credit := bookKey{x.to, x.asset}, x
	if t.back {
		key, credit = bookKey{x.from, x.asset}, nil
	}
	if t.own[key] {
		return nil // all that it has is the subject's already
	}
	b, stop, why, err := t.open(ctx, key, x, depth, amount)
	if err != nil {
		return err
	}
	if stop.reason != "" {
		t.end(key, credit, stop, amount, why)
		return nil
	}
	s := t.states[key]
	if s == nil {
		s = &state{book: b, held: new(big.Int), depth: depth}
		t.states[key] = s
	}
	s.depth = min(s.depth, depth)
	s.held = new(big.Int).Add(s.held, amount)
	if !s.queued {
		if t.back { // the last credit before
			i, _ := slices.BinarySearchFunc(b.credits, x.place, func(e *entry, p place) int { return e.compare(p) })
			s.next = i - 1
		} else { // the first payment after
			i, found := slices.BinarySearchFunc(b.debits, x.place, func(e *entry, p place) int { return e.compare(p) })
			if s.next = i; found {
				s.next++
			}
		}
		t.schedule(q, key, s)
	}
	return nil
}

// remains ends at what no payment took on, or no credit explains.
func (t *tracer) remains() {
	for key, s := range t.states {
		left := s.held
		own := t.own[key]
		switch {
		case t.back && own:
			if left = s.opening; left == nil {
				t.end(key, nil, stopped{reason: chain.EndUnknown}, nil, s.why)
			} else if left.Sign() > 0 {
				t.endOpening(key, left)
			}
			continue
		case t.back && t.o.Method == chain.Poison && (s.opening == nil || s.opening.Sign() > 0):
			if s.opening != nil {
				t.endOpening(key, least(left, s.opening))
			} else {
				t.end(key, nil, stopped{reason: chain.EndUnknown}, nil, s.why)
			}
			continue
		case t.back && t.o.Method == chain.Haircut && left.Sign() > 0:
			t.endOpening(key, left)
			continue
		case t.back:
			continue
		}
		balance := s.balance()
		switch {
		case own || t.o.Method == chain.Poison && balance == nil:
			left = balance
		case t.o.Method == chain.Poison:
			left = least(left, balance)
		}
		if left == nil || left.Sign() > 0 {
			t.end(key, nil, stopped{reason: chain.EndUnspent}, left, "")
		}
	}
}

// balance is what the range leaves an account, nil where that is not known.
func (b *book) balance() *big.Int {
	if b.opening == nil || b.why != "" {
		return nil
	}
	n := new(big.Int).Set(b.opening)
	for _, c := range b.credits {
		n.Add(n, c.amount)
	}
	for _, d := range b.debits {
		n.Sub(n, d.amount)
	}
	return n
}
