package bitcoin

import (
	"context"
	"fmt"
	"slices"

	"tamga"
)

// assertion is the rule that a person says two addresses have one owner; its
// merges carry the number of the decision in place of a transaction's.
const assertion = 2

// Owned is an address whose owner a tag names, and so its whole wallet's.
type Owned struct{ Address, Owner string }

// overlay is the wallets that decisions and tags bear on, worked out anew. All
// others are as the segments say.
type overlay struct {
	roots     map[uint32]bool // of the wallets of the ledger alone that are replaced
	members   []uint32        // scripts of those wallets, ascending
	root      []uint32        // of each member, after the decisions
	merges    []merge         // in chain order, then the assertions
	held      []hold
	refused   []refusal
	decisions []decided
	owners    map[uint32][]string // owners that tags name, by script
}

// decided is a decision about two scripts of this index.
type decided struct {
	tamga.Decision
	a, b uint32
}

// Decide makes the wallets heed what people decided and whose tags addresses
// carry. Only the wallets that these bear on are worked out anew, from the
// signers of their transactions; the outcome is that of a run over the whole
// chain in which
//
//   - a union is refused where a decision forbids an address of one side to share
//     a wallet with one of the other, and is listed with that decision;
//   - a union waits for a second transaction between the same two wallets where
//     tags name owners of both and none of both, as it does where both are large;
//   - after all transactions, assertions join the wallets of their two addresses,
//     in the order given, unless a decision forbids it. They hold at any height.
//
// What waits between two wallets of the ledger alone goes on waiting, whatever
// becomes of their sizes. Decisions about addresses that the index never saw bear
// on nothing.
func (w *Wallets) Decide(ctx context.Context, decisions []tamga.Decision, owned []Owned) error {
	w.over = nil
	o := &overlay{roots: map[uint32]bool{}, owners: map[uint32][]string{}}
	for _, d := range decisions {
		a, ok, err := w.seen(d.A)
		if err != nil {
			return err
		}
		b, also, err := w.seen(d.B)
		if err != nil {
			return err
		}
		if !ok || !also {
			continue
		}
		o.decisions = append(o.decisions, decided{d, a, b})
		ra, rb := w.base(a), w.base(b)
		if d.Kind == tamga.Assert || ra == rb { // a ban bears on what is joined
			o.roots[ra], o.roots[rb] = true, true
		}
	}
	if err := o.owned(w, owned); err != nil {
		return err
	}
	if len(o.roots) > 0 {
		if err := o.replay(ctx, w); err != nil {
			return err
		}
	}
	w.over = o
	return nil
}

// owned takes in the owners that tags name; wallets with several are replaced.
func (o *overlay) owned(w *Wallets, owned []Owned) error {
	first := map[uint32]string{} // by root
	for _, t := range owned {
		id, ok, err := w.seen(t.Address)
		if err != nil {
			return err
		}
		if !ok || slices.Contains(o.owners[id], t.Owner) {
			continue
		}
		o.owners[id] = append(o.owners[id], t.Owner)
		root := w.base(id)
		if one, ok := first[root]; !ok {
			first[root] = t.Owner
		} else if one != t.Owner {
			o.roots[root] = true
		}
	}
	return nil
}

// replay joins the members of the wallets that are replaced once more.
func (o *overlay) replay(ctx context.Context, w *Wallets) error {
	for i := range uint32(w.roots.len()) {
		if o.roots[w.base(i)] {
			o.members = append(o.members, i)
		}
	}
	j := &joiner{sets: newForest(len(o.members))}
	j.rules = newRules(j.sets)
	o.tell(j.rules)
	var of []signer
	var ms []merge
	join := func() {
		if len(of) > 1 {
			ms = unions(of, ms[:0])
			ms = slices.DeleteFunc(ms, func(m merge) bool { return w.base(m.a) != w.base(m.b) }) // held then and now
			for i := range ms {
				ms[i].a, _ = o.place(ms[i].a)
				ms[i].b, _ = o.place(ms[i].b)
			}
			j.joinAll(ms)
		}
		of = of[:0]
	}
	for i := range w.signers.len() {
		if i%(1<<20) == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		s := signerAt(w.signers.at(i))
		if int(s.script) >= w.roots.len() {
			return fmt.Errorf("the wallets of %s name script %d of %d: build the index again", w.x.dir, s.script, w.roots.len())
		}
		if len(of) > 0 && of[0].tx != s.tx {
			join()
		}
		if o.roots[w.base(s.script)] {
			of = append(of, s)
		}
	}
	join()
	for n, d := range o.decisions {
		a, ok := o.place(d.a)
		b, also := o.place(d.b)
		if d.Kind == tamga.Assert && ok && also {
			j.assert(merge{a: a, b: b, tx: uint32(n), rule: assertion})
		}
	}
	o.take(j)
	return nil
}

// tell gives decisions and owners to what joins the members.
func (o *overlay) tell(r *rules) {
	for n, d := range o.decisions {
		a, ok := o.place(d.a)
		b, also := o.place(d.b)
		if d.Kind == tamga.Forbid && ok && also && a != b {
			r.keepApart(pair{a, b, n})
		}
	}
	number := map[string]uint32{}
	for id, owners := range o.owners {
		i, ok := o.place(id)
		for _, owner := range owners {
			if !ok {
				break
			}
			n, known := number[owner]
			if !known {
				n = uint32(len(number))
				number[owner] = n
			}
			r.carries(i, n)
		}
	}
}

// assert joins what a person says has one owner, unless a decision forbids it.
func (j *joiner) assert(m merge) {
	a, b := j.sets.find(m.a), j.sets.find(m.b)
	if a == b {
		return
	}
	if by, no := j.rules.forbids(a, b); no {
		j.refused = append(j.refused, refusal{m, by})
		return
	}
	j.unite(&m, a, b)
}

// place is where a script stands among the members.
func (o *overlay) place(id uint32) (uint32, bool) {
	i, ok := slices.BinarySearch(o.members, id)
	return uint32(i), ok
}

// take keeps what the joiner found, in the index's numbers.
func (o *overlay) take(j *joiner) {
	global := func(m merge) merge {
		m.a, m.b = o.members[m.a], o.members[m.b]
		return m
	}
	for row := j.log; len(row) > 0; row = row[mergeRow:] {
		o.merges = append(o.merges, global(mergeAt(row)))
	}
	for _, h := range j.waiting() {
		o.held = append(o.held, hold{global(h.merge), h.guard})
	}
	for _, r := range j.refused {
		o.refused = append(o.refused, refusal{global(r.merge), r.decision})
	}
	j.sets.flatten()
	o.root = make([]uint32, len(o.members))
	for i := range o.root {
		o.root[i] = o.members[j.sets[i].parent]
	}
}
