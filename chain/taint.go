package chain

import (
	"math/big"

	"tamga"
)

// spread is forward without FIFO: every output of the transaction is reached.
// The amount of a hop is, for now, as much as can have moved: the lesser of the
// input's and the output's value, which is poison's bound.
func (t *tracer) spread(p *point, tx *tamga.Tx, i int) error {
	p.todo = nil
	whole, outs := inputSum(tx), int64(0)
	for j, out := range tx.Out {
		v, _ := out.Value.Int64()
		outs += v
		if v == 0 {
			continue
		}
		q := t.point(tamga.Outpoint{TxID: tx.TxID, Vout: out.N}, p.depth+1, tx.Height)
		q.value, q.known = v, true
		t.join(p, q, tx, i, j, min(p.value, v), whole)
	}
	p.fee = whole > outs
	return nil
}

// gather is backward without FIFO: every input of the transaction is reached.
func (t *tracer) gather(p *point, tx *tamga.Tx) error {
	p.todo = nil
	whole := inputSum(tx)
	for i := range tx.In {
		v, ok := inputValue(tx, uint32(i))
		amount := p.value
		if ok {
			amount = min(v, amount)
		}
		q := t.point(tx.In[i].Prev, p.depth+1, tx.Height)
		q.value, q.known = v, ok
		t.join(p, q, tx, i, int(p.out.Vout), amount, whole)
	}
	return nil
}

// join records a hop once and reaches the whole of its far side.
func (t *tracer) join(p, q *point, tx *tamga.Tx, i, j int, amount, whole int64) {
	if h := t.move(p, q, tx, i, j, 0); h.amount == 0 {
		h.amount, h.whole = amount, whole
	}
	t.reach(q, ranges{{0, max(q.value, 1)}}, p.depth+1, p.wallet+t.step(tx, i, j))
}

// inputSum is the value of all inputs, or -1 where one is unknown.
func inputSum(tx *tamga.Tx) (sum int64) {
	for i := range tx.In {
		v, ok := inputValue(tx, uint32(i))
		if !ok {
			return -1
		}
		sum += v
	}
	return sum
}

// haircut replaces the amounts of the hops that poison found by proportional
// ones, rounded down to whole satoshis, from the subject outwards. A hop whose
// transaction has an unknown input has no share that could be computed: the
// trace ends before it.
func (t *tracer) haircut() {
	near := func(k hopKey, h *hop) tamga.Outpoint { return h.prev }
	far := func(k hopKey) tamga.Outpoint { return tamga.Outpoint{TxID: k.txid, Vout: k.out} }
	if t.o.Direction == Backward {
		near, far = func(k hopKey, _ *hop) tamga.Outpoint { return tamga.Outpoint{TxID: k.txid, Vout: k.out} },
			func(k hopKey) tamga.Outpoint { return t.hops[k].prev }
	}
	leaving := map[tamga.Outpoint][]hopKey{}
	waits := map[tamga.Outpoint]int{}
	for k, h := range t.hops {
		leaving[near(k, h)] = append(leaving[near(k, h)], k)
		waits[far(k)]++
	}
	taint := map[tamga.Outpoint]int64{}
	var ready []tamga.Outpoint
	for out, p := range t.points {
		if p.depth == 0 {
			taint[out] = p.value // the subject is wholly its own
		}
		if waits[out] == 0 {
			ready = append(ready, out)
		}
	}
	for len(ready) > 0 {
		out := ready[len(ready)-1]
		ready = ready[:len(ready)-1]
		for _, k := range leaving[out] {
			h, to := t.hops[k], far(k)
			side, _ := h.to.Value.Int64() // what the far side is of the whole
			if t.o.Direction == Backward && h.from.Value != nil {
				side, _ = h.from.Value.Int64()
			}
			if h.whole <= 0 {
				h.amount = 0
				t.points[out].lost = true
			} else {
				h.amount = mulDiv(taint[out], side, h.whole)
			}
			if t.points[to].depth > 0 {
				taint[to] += h.amount
			}
			if waits[to]--; waits[to] == 0 {
				ready = append(ready, to)
			}
		}
	}
	for out, p := range t.points {
		if taint[out] == 0 && p.depth > 0 { // less than a satoshi came this far
			p.blocked, p.fee, p.lost = "", false, false
		}
	}
}

// mulDiv is a*b/c, rounded down, without overflow.
func mulDiv(a, b, c int64) int64 {
	n := new(big.Int).Mul(big.NewInt(a), big.NewInt(b))
	return n.Quo(n, big.NewInt(c)).Int64()
}
