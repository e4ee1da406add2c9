package bitcoin

import (
	"context"
	"iter"
	"slices"

	"tamga"
)

// What stands against a merge that was not made.
const (
	GuardSize     = "size"
	GuardTags     = "tags"
	GuardDecision = "decision"
)

// about lists the decisions about scripts that in holds.
func (w *Wallets) about(in func(id uint32) bool) (out []tamga.Decision) {
	if w.over == nil {
		return nil
	}
	for _, d := range w.over.decisions {
		if in(d.a) || in(d.b) {
			out = append(out, d.Decision)
		}
	}
	return out
}

// apart tells why two scripts share no wallet at a height: the decisions about
// either wallet, and the merges between them that were not made.
func (w *Wallets) apart(ctx context.Context, why *tamga.Why, from map[uint32]merge, to uint32, height int64) error {
	edges, err := w.edges(ctx, to, height)
	if err != nil {
		return err
	}
	other := walk(edges, to)
	has := func(set map[uint32]merge, id uint32) bool { _, in := set[id]; return in }
	why.Decisions = w.about(func(id uint32) bool { return has(from, id) || has(other, id) })
	for h := range w.unmade() {
		if !(has(from, h.a) && has(other, h.b) || has(from, h.b) && has(other, h.a)) {
			continue
		}
		if height != Now && h.rule != assertion {
			at, err := w.x.heightOf(h.tx)
			if err != nil {
				return err
			}
			if at < 0 || at > height {
				continue
			}
		}
		v, err := w.heldStep(h)
		if err != nil {
			return err
		}
		why.Held = append(why.Held, v)
	}
	return nil
}

// unmade yields the merges that transactions or people ask for and that were not
// made, with what stands against each.
func (w *Wallets) unmade() iter.Seq[unmade] {
	return func(yield func(unmade) bool) {
		for i := range w.held.len() {
			m := mergeAt(w.held.at(i))
			if int(max(m.a, m.b)) >= w.roots.len() || w.root(m.a) == w.root(m.b) {
				continue
			}
			if !yield(unmade{m, GuardSize, nil}) {
				return
			}
		}
		if w.over == nil {
			return
		}
		for _, h := range w.over.held {
			guard := GuardSize
			if h.guard == guardTags {
				guard = GuardTags
			}
			if w.root(h.a) != w.root(h.b) && !yield(unmade{h.merge, guard, nil}) {
				return
			}
		}
		for _, r := range w.over.refused {
			if w.root(r.a) != w.root(r.b) && !yield(unmade{r.merge, GuardDecision, &w.over.decisions[r.decision].Decision}) {
				return
			}
		}
	}
}

type unmade struct {
	merge
	guard string
	by    *tamga.Decision
}

func (w *Wallets) heldStep(h unmade) (tamga.HeldMerge, error) {
	v, err := w.step([]merge{h.merge})
	out := tamga.HeldMerge{Merge: v, Guard: h.guard, By: h.by}
	return out, err
}

// Held yields the merges that were not made and that a person may judge: those of
// one transaction between two wallets that are large or carry tags of different
// owners, and those that a decision forbids. Each comes with the two wallets as
// they are now.
func (w *Wallets) Held(ctx context.Context) iter.Seq2[tamga.HeldMerge, error] {
	return func(yield func(tamga.HeldMerge, error) bool) {
		size := map[uint32]int{}
		for h := range w.unmade() {
			size[w.root(h.a)], size[w.root(h.b)] = 0, 0
		}
		if len(size) > 0 {
			for i := range uint32(w.roots.len()) {
				if i%(1<<20) == 0 && ctx.Err() != nil {
					yield(tamga.HeldMerge{}, ctx.Err())
					return
				}
				root := w.root(i)
				if _, asked := size[root]; asked {
					size[root]++
				}
			}
		}
		owners := w.owners()
		for h := range w.unmade() {
			v, err := w.heldStep(h)
			for _, id := range []uint32{h.a, h.b} {
				if err != nil {
					break
				}
				side := tamga.Side{Size: size[w.root(id)], Owners: owners[w.root(id)]}
				side.Address, err = w.address(id)
				v.Sides = append(v.Sides, side)
			}
			if !yield(v, err) || err != nil {
				return
			}
		}
	}
}

// owners are the owners that tags name, by wallet.
func (w *Wallets) owners() map[uint32][]string {
	out := map[uint32][]string{}
	if w.over == nil {
		return out
	}
	for id, all := range w.over.owners {
		root := w.root(id)
		for _, o := range all {
			if !slices.Contains(out[root], o) {
				out[root] = append(out[root], o)
			}
		}
	}
	for _, all := range out {
		slices.Sort(all)
	}
	return out
}
