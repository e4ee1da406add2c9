package bitcoin

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"iter"
	"math"
	"path/filepath"
	"slices"

	"tamga"
	"tamga/chain"
	"tamga/internal/address"
)

// Now as a height means the partition over the whole index.
const Now = math.MaxInt64

// Wallets are the addresses of an index by owner, under the multi-input rule
// (claims). The partition at a height is that of the merges up to it; a merge
// whose block has no known height counts only for Now.
type Wallets struct {
	x       *Index
	scripts *segment
	roots   *segment
	merges  *segment
	held    *segment
	signers *segment
	over    *overlay // what people decided (Decide); nil for the ledger alone

}

// Wallets opens what BuildWallets made.
func (x *Index) Wallets() (*Wallets, error) {
	w := &Wallets{x: x}
	for _, s := range []struct {
		kind string
		row  int
		to   **segment
	}{{segmentScripts, hashRow, &w.scripts}, {segmentForest, forestRow, &w.roots}, {segmentMerges, mergeRow, &w.merges}, {segmentHeld, mergeRow, &w.held}, {segmentSigners, signerRow, &w.signers}} {
		f, ok := x.m.Files[s.kind]
		if !ok {
			w.Close()
			return nil, fmt.Errorf("the index %s has no wallets: %w", x.dir, ErrNoIndex)
		}
		var err error
		if *s.to, err = openSegment(filepath.Join(x.dir, f.Name), s.row, f.Size); err != nil {
			w.Close()
			return nil, err
		}
	}
	return w, nil
}

// Close ends the use of the wallets; the index stays open.
func (w *Wallets) Close() {
	for _, s := range []*segment{w.scripts, w.roots, w.merges, w.held, w.signers} {
		s.close()
	}
}

// base is the smallest script of a script's wallet by the ledger alone, root the
// same after what people decided.
func (w *Wallets) base(id uint32) uint32 { return binary.LittleEndian.Uint32(w.roots.at(int(id))) }

func (w *Wallets) root(id uint32) uint32 {
	base := w.base(id)
	if w.over != nil && w.over.roots[base] {
		if i, ok := w.over.place(id); ok {
			return w.over.root[i]
		}
	}
	return base
}

// number is the number of an address's script, or an error that is
// chain.ErrNotFound.
func (w *Wallets) number(addr string) (uint32, error) {
	a, ok := address.Parse(addr)
	if !ok {
		return 0, chain.NoAddress(addr)
	}
	if err := chain.OtherNetwork(a, w.x.Network()); err != nil {
		return 0, fmt.Errorf("%s: %w", addr, err)
	}
	script, err := address.ToScript(a)
	if err != nil {
		return 0, err
	}
	key := scriptKey(script)
	first, err := w.scripts.search(key)
	if err != nil {
		return 0, err
	}
	found, err := uint32(0), fmt.Errorf("address %s: %w", addr, chain.ErrNotFound)
	for i := first; i < w.scripts.len() && rowAt(w.scripts.at(i)).key == key; i++ {
		got, e := w.address(uint32(i)) // scripts may share a key
		if e != nil {
			return 0, e
		}
		if got == addr {
			found, err = uint32(i), nil
		}
	}
	return found, err
}

// address reads the address of a script where it was first seen.
func (w *Wallets) address(id uint32) (string, error) {
	r := rowAt(w.scripts.at(int(id)))
	s, err := w.x.load(r.a)
	if err != nil {
		return "", err
	}
	var out output
	ok := false
	if i := int(r.b &^ inputSide); r.b&inputSide != 0 {
		if s.prev == nil {
			(&undoCursor{x: w.x}).fill(s)
		}
		if ok = i < len(s.prev) && s.prev[i].known; ok {
			out = s.prev[i].out
		}
	} else {
		out, ok = s.tx.output(r.b)
	}
	if !ok || scriptKey(out.script) != r.key {
		return "", fmt.Errorf("the wallets of %s name a wrong place: build the index again", w.x.dir)
	}
	_, addr := scriptAddress(out.script, w.x.m.Network)
	return addr, nil
}

// Of is the wallet of an address at a height.
func (w *Wallets) Of(ctx context.Context, addr string, height int64) (tamga.Wallet, error) {
	id, err := w.number(addr)
	if err != nil {
		return tamga.Wallet{}, err
	}
	var members []uint32
	if height == Now {
		root := w.root(id)
		for i := range uint32(w.roots.len()) {
			if w.root(i) == root {
				members = append(members, i)
			}
		}
	} else {
		edges, err := w.edges(ctx, id, height)
		if err != nil {
			return tamga.Wallet{}, err
		}
		from := walk(edges, id)
		for i := range from {
			members = append(members, i)
		}
	}
	return w.wallet(members, height)
}

// first is where a script first stands: its transaction, and the place therein.
func (w *Wallets) first(id uint32) row {
	r := rowAt(w.scripts.at(int(id)))
	if r.b&inputSide != 0 { // an input comes before the outputs
		return row{a: r.a, b: r.b &^ inputSide}
	}
	return row{a: r.a, b: r.b | inputSide}
}

// wallet is the claim over members. It is named after its earliest member, which
// stays while the wallet grows.
func (w *Wallets) wallet(members []uint32, height int64) (tamga.Wallet, error) {
	slices.Sort(members)
	decisions := w.about(func(id uint32) bool { _, in := slices.BinarySearch(members, id); return in })
	slices.SortFunc(members, func(a, b uint32) int {
		x, y := w.first(a), w.first(b)
		return cmp.Or(cmp.Compare(x.a, y.a), cmp.Compare(x.b, y.b), cmp.Compare(a, b))
	})
	v := tamga.Wallet{
		Size: len(members), Addresses: make([]string, 0, len(members)), Height: w.height(height),
		Decisions: decisions,
	}
	for _, id := range members {
		a, err := w.address(id)
		if err != nil {
			return tamga.Wallet{}, err
		}
		v.Addresses = append(v.Addresses, a)
	}
	v.ID = v.Addresses[0]
	return v, nil
}

// height is the height that an answer holds for.
func (w *Wallets) height(asked int64) *int64 {
	tip := w.x.m.Summary.Height
	if asked == Now || tip != nil && *tip < asked {
		return tip
	}
	return &asked
}

// All yields every wallet, those of one address too.
func (w *Wallets) All(ctx context.Context) iter.Seq2[tamga.Wallet, error] {
	return func(yield func(tamga.Wallet, error) bool) {
		ids := make([]uint32, w.roots.len())
		for i := range ids {
			ids[i] = uint32(i)
		}
		slices.SortFunc(ids, func(a, b uint32) int { return cmp.Or(cmp.Compare(w.root(a), w.root(b)), cmp.Compare(a, b)) })
		for i := 0; i < len(ids); {
			end := i + 1
			for end < len(ids) && w.root(ids[end]) == w.root(ids[i]) {
				end++
			}
			v, err := w.wallet(ids[i:end], Now)
			if err == nil {
				err = ctx.Err()
			}
			if !yield(v, err) || err != nil {
				return
			}
			i = end
		}
	}
}

// edges are the merges of the component of a script up to a height, an assertion
// at any.
func (w *Wallets) edges(ctx context.Context, id uint32, height int64) (map[uint32][]merge, error) {
	root := w.root(id)
	out := map[uint32][]merge{}
	add := func(m merge) error {
		if height != Now && m.rule != assertion {
			h, err := w.x.heightOf(m.tx)
			if err != nil || h < 0 || h > height {
				return err
			}
		}
		out[m.a] = append(out[m.a], m)
		out[m.b] = append(out[m.b], m)
		return nil
	}
	if w.over != nil && w.over.roots[w.base(id)] {
		for _, m := range w.over.merges {
			if w.root(m.a) != root {
				continue
			}
			if err := add(m); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	for i := range w.merges.len() {
		if i%(1<<20) == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		m := mergeAt(w.merges.at(i))
		if int(m.a) >= w.roots.len() || int(m.b) >= w.roots.len() {
			return nil, fmt.Errorf("the wallets of %s name script %d of %d: build the index again", w.x.dir, max(m.a, m.b), w.roots.len())
		}
		if w.base(m.a) != root {
			continue
		}
		if err := add(m); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// walk visits what is joined to a script; it returns the merge that led to each.
func walk(edges map[uint32][]merge, from uint32) map[uint32]merge {
	seen := map[uint32]merge{from: {}}
	for queue := []uint32{from}; len(queue) > 0; queue = queue[1:] {
		at := queue[0]
		for _, m := range edges[at] {
			next := m.a + m.b - at
			if _, ok := seen[next]; !ok {
				seen[next] = m
				queue = append(queue, next)
			}
		}
	}
	return seen
}

// Why is the proof that two addresses share a wallet at a height: the one path
// between them over the merges, which are a forest.
func (w *Wallets) Why(ctx context.Context, a, b string, height int64) (tamga.Why, error) {
	from, err := w.number(a)
	if err != nil {
		return tamga.Why{}, err
	}
	to, err := w.number(b)
	if err != nil {
		return tamga.Why{}, err
	}
	why := tamga.Why{Same: from == to, Proof: []tamga.Merge{}, Height: w.height(height)}
	if from == to {
		return why, nil
	}
	edges, err := w.edges(ctx, from, height)
	if err != nil {
		return tamga.Why{}, err
	}
	led := walk(edges, from)
	if _, ok := led[to]; !ok {
		return why, w.apart(ctx, &why, led, to, height)
	}
	why.Decisions = w.about(func(id uint32) bool { _, in := led[id]; return in })
	why.Same = true
	var path []merge
	for at := to; at != from; {
		m := led[at]
		path = append(path, m)
		at = m.a + m.b - at
	}
	slices.Reverse(path)
	var steps [][]merge
	for i := 0; i < len(path); {
		end := i + 1
		for end < len(path) && path[end].tx == path[i].tx && path[end].rule == path[i].rule { // one transaction, one step
			end++
		}
		steps = append(steps, path[i:end])
		i = end
	}
	support, err := w.support(ctx, from, steps, height)
	if err != nil {
		return tamga.Why{}, err
	}
	for i, ms := range steps {
		step, err := w.step(ms)
		if err != nil {
			return tamga.Why{}, err
		}
		step.Support = support[i]
		why.Proof = append(why.Proof, step)
	}
	return why, nil
}

// step is the proof that one transaction gives.
func (w *Wallets) step(ms []merge) (tamga.Merge, error) {
	if ms[0].rule == assertion {
		d := w.over.decisions[ms[0].tx].Decision
		return tamga.Merge{Rule: "assertion@1", Decision: &d}, nil
	}
	s, err := w.x.load(ms[0].tx)
	if err != nil {
		return tamga.Merge{}, err
	}
	v := tamga.Merge{TxID: s.id.String(), Rule: multiInputName}
	if s.block != nil && s.block.height >= 0 {
		v.Height = &s.block.height
	}
	inputs := map[uint32]uint32{} // input to script
	for _, m := range ms {
		inputs[m.inA], inputs[m.inB] = m.a, m.b
	}
	for n, id := range inputs {
		addr, err := w.address(id)
		if err != nil {
			return tamga.Merge{}, err
		}
		v.Inputs = append(v.Inputs, tamga.MergeInput{N: n, Address: addr})
	}
	slices.SortFunc(v.Inputs, func(a, b tamga.MergeInput) int { return cmp.Compare(a.N, b.N) })
	return v, nil
}
