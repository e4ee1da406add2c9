package evm

import (
	"context"
	"math/big"

	"tamga/chain"
)

// fifo follows parts of transfers. Value only ever moves on in ledger order, so a
// transfer is complete when its turn comes, and none is followed twice.
func (t *tracer) fifo(ctx context.Context) error {
	q := &queue{back: t.back}
	put := func(x *transfer, depth int, has parts) {
		p, fresh := t.at(x, depth)
		p.has = p.has.add(has)
		if fresh {
			q.put(x)
		}
	}
	for _, x := range t.seeds {
		if !t.back && t.own[bookKey{x.to, x.asset}] && t.l.books[bookKey{x.to, x.asset}].why != "" {
			continue // see below
		}
		put(x, 0, parts{{new(big.Int), x.amount}})
	}
	for key := range t.own {
		b := t.l.books[key]
		switch {
		case t.back:
		case b.why != "": // which credit a debit consumed is not known, but all are the subject's
			for _, d := range b.debits {
				t.leave(key, nil, d, parts{{d.lo, d.hi}}, 0, put)
			}
			t.end(key, nil, stopped{reason: chain.EndUnspent}, nil, "")
		case b.opening.Sign() > 0:
			t.flow(b, nil, parts{{new(big.Int), b.opening}}, 0, put)
		}
	}
	for q.Len() > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		p := t.points[q.take().place]
		step := t.forward
		if t.back {
			step = t.backward
		}
		if err := step(ctx, p, put); err != nil {
			return err
		}
	}
	return nil
}

type putter func(x *transfer, depth int, has parts)

// forward follows a credit into what its account paid.
func (t *tracer) forward(ctx context.Context, p *point, put putter) error {
	key, size := bookKey{p.to, p.asset}, p.has.size()
	b, s, why, err := t.open(ctx, key, p.transfer, p.depth, size)
	if err != nil {
		return err
	}
	if s.reason != "" {
		t.end(key, p.transfer, s, size, why)
		return nil
	}
	c := b.creditOf(p.transfer)
	if c == nil {
		t.end(key, p.transfer, stopped{reason: chain.EndUnknown}, size, "the account's transfers do not hold it")
		return nil
	}
	t.flow(b, c.transfer, p.has.shift(c.lo), p.depth, put)
	return nil
}

// open asks whether an account may be passed through, and returns its book.
func (t *tracer) open(ctx context.Context, key bookKey, x *transfer, depth int, size *big.Int) (b *book, s stopped, why string, err error) {
	switch s = t.stop(key.account, depth); {
	case s.reason != "":
		return nil, s, "", nil
	case !t.back && x.gone:
		return nil, stopped{reason: chain.EndUnspent}, "", nil
	case t.o.Hops > 0 && depth >= t.o.Hops:
		return nil, stopped{reason: chain.EndHops}, "", nil
	case t.small(size):
		return nil, stopped{reason: chain.EndValue}, "", nil
	}
	if b, err = t.l.book(ctx, key.account, key.asset); err != nil {
		return nil, s, "", err
	}
	switch {
	case b.why != "" && t.o.Method != chain.Poison:
		return b, stopped{reason: chain.EndUnknown}, b.why, nil
	case depth > 0 && t.wide(b): // the subject is passed through whatever it is
		return b, stopped{reason: chain.EndFanout}, "", nil
	}
	return b, s, "", nil
}

// flow maps parts of a book's line onto what was paid.
func (t *tracer) flow(b *book, credit *transfer, line parts, depth int, put putter) {
	key := bookKey{b.account, b.asset}
	lo, hi := line[0].lo, line[len(line)-1].hi
	spent := new(big.Int)
	for _, d := range touching(b.debits, lo, hi) {
		if part := line.cut(d.lo, d.hi); len(part) > 0 {
			t.leave(key, credit, d, part, depth, put)
			spent.Add(spent, part.size())
		}
	}
	if left := sub(line.size(), spent); left.Sign() > 0 {
		t.end(key, credit, stopped{reason: chain.EndUnspent}, left, "")
	}
}

// leave follows parts of the line into a debit.
func (t *tracer) leave(key bookKey, credit *transfer, d *entry, part parts, depth int, put putter) {
	amount := part.size()
	switch {
	case amount.Sign() == 0:
	case d.kind == KindFee:
		t.end(key, credit, stopped{reason: chain.EndFee}, amount, "")
	case t.outside(d.transfer):
		t.end(key, credit, stopped{reason: chain.EndTime}, amount, "")
	default:
		t.hops = append(t.hops, hop{depth: depth + 1, out: d.transfer, in: credit, payer: key.account, amount: amount})
		put(d.transfer, depth+1, part.shift(new(big.Int).Neg(d.lo)))
	}
}

// backward follows a transfer into the credits of the account that paid it.
func (t *tracer) backward(ctx context.Context, p *point, put putter) error {
	size := p.has.size()
	at := bookKey{p.to, p.asset}
	switch {
	case p.made:
		t.end(at, p.transfer, stopped{reason: chain.EndCoinbase}, size, "")
		return nil
	case t.o.Hops > 0 && p.depth >= t.o.Hops:
		t.end(at, p.transfer, stopped{reason: chain.EndHops}, size, "")
		return nil
	case t.small(size):
		t.end(at, p.transfer, stopped{reason: chain.EndValue}, size, "")
		return nil
	case t.outside(p.transfer):
		t.end(at, p.transfer, stopped{reason: chain.EndTime}, size, "")
		return nil
	}
	depth, key := p.depth+1, bookKey{p.from, p.asset}
	from := func(credit *transfer, amount *big.Int) {
		t.hops = append(t.hops, hop{depth: depth, out: p.transfer, in: credit, payer: p.from, amount: amount})
	}
	hops := t.o.Hops
	t.o.Hops = 0 // the credit that was consumed is named, and no more
	b, s, why, err := t.open(ctx, key, p.transfer, depth, size)
	t.o.Hops = hops
	if err != nil {
		return err
	}
	var d *entry
	if s.reason == "" {
		if d = b.debitOf(p.transfer); d == nil {
			s, why = stopped{reason: chain.EndUnknown}, "the account's transfers do not hold it"
		}
	}
	if s.reason != "" {
		from(nil, size)
		t.end(key, nil, s, size, why)
		return nil
	}
	line := p.has.shift(d.lo)
	if before := line.cut(new(big.Int), b.opening); len(before) > 0 {
		from(nil, before.size())
		t.endOpening(key, before.size())
	}
	for _, c := range touching(b.credits, line[0].lo, line[len(line)-1].hi) {
		if part := line.cut(c.lo, c.hi); len(part) > 0 {
			from(c.transfer, part.size())
			put(c.transfer, depth, part.shift(new(big.Int).Neg(c.lo)))
		}
	}
	return nil
}

// endOpening ends at what an account had before the range: of the whole ledger
// that is what its first block allots.
func (t *tracer) endOpening(key bookKey, amount *big.Int) {
	if t.l.span.From == 0 {
		t.end(key, nil, stopped{reason: chain.EndCoinbase}, amount, "")
	} else {
		t.end(key, nil, stopped{reason: chain.EndUnknown}, amount, "it was there before the range begins")
	}
}
