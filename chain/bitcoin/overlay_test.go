package bitcoin

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"tamga"
	"tamga/chain/chaintest"
	"tamga/chain/coinjoin"
)

// plainly is a run over a whole chain under decisions and tags, as Decide says
// it, without any of its structures.
type plainly struct {
	of      map[string]int // wallet of an address
	edges   [][3]any       // a, b, height
	refused map[string]bool
	held    map[string]bool
}

func plain(txs []*tamga.Tx, decisions []tamga.Decision, owned []Owned) *plainly {
	p := &plainly{of: map[string]int{}, refused: map[string]bool{}, held: map[string]bool{}}
	see := func(a string) {
		if _, ok := p.of[a]; a != "" && !ok {
			p.of[a] = len(p.of)
		}
	}
	for _, tx := range txs {
		for _, in := range tx.In {
			see(in.Address)
		}
		for _, o := range tx.Out {
			see(o.Address)
		}
	}
	owners := func(wallet int) (all []string) {
		for _, o := range owned {
			if w, ok := p.of[o.Address]; ok && w == wallet {
				all = append(all, o.Owner)
			}
		}
		return all
	}
	forbidden := func(a, b int) (tamga.Decision, bool) {
		for _, d := range decisions {
			if x, y := p.of[d.A], p.of[d.B]; d.Kind == tamga.Forbid && (x == a && y == b || x == b && y == a) {
				return d, true
			}
		}
		return tamga.Decision{}, false
	}
	waits := map[string][3]string{}
	join := func(id, a, b string, height any) {
		x, y := p.of[a], p.of[b]
		if x == y {
			return
		}
		if d, no := forbidden(x, y); no {
			p.refused[fmt.Sprint(id, " ", d.ID)] = true
			return
		}
		if ox, oy := owners(x), owners(y); id != "" && len(ox) > 0 && len(oy) > 0 && !slices.ContainsFunc(ox, func(o string) bool { return slices.Contains(oy, o) }) {
			second := false
			for _, h := range waits {
				hx, hy := p.of[h[1]], p.of[h[2]]
				second = second || h[0] != id && (hx == x && hy == y || hx == y && hy == x)
			}
			if !second {
				waits[id+a+b] = [3]string{id, a, b}
				return
			}
		}
		for k, w := range p.of {
			if w == y {
				p.of[k] = x
			}
		}
		p.edges = append(p.edges, [3]any{a, b, height})
	}
	for _, tx := range txs {
		if coinjoin.Abstains(tx, "regtest") {
			continue
		}
		first := ""
		for _, in := range tx.In {
			if in.Address == "" {
				continue
			}
			if first == "" {
				first = in.Address
			}
			join(tx.TxID, first, in.Address, tx.Height)
		}
	}
	for _, d := range decisions {
		_, a := p.of[d.A]
		_, b := p.of[d.B]
		if d.Kind == tamga.Assert && a && b {
			join("", d.A, d.B, nil)
		}
	}
	for _, h := range waits {
		if p.of[h[1]] != p.of[h[2]] {
			p.held[h[0]] = true
		}
	}
	return p
}

// at is the partition at a height: every address with all of its wallet.
func (p *plainly) at(height int64) map[string][]string {
	var all []*tamga.Tx
	for _, e := range p.edges {
		if h, dated := e[2].(int64); dated && h > height {
			continue
		}
		all = append(all, &tamga.Tx{In: []tamga.TxIn{{Address: e[0].(string)}, {Address: e[1].(string)}}})
	}
	for a := range p.of {
		all = append(all, &tamga.Tx{In: []tamga.TxIn{{Address: a}}})
	}
	return partition(all, Now)
}

// ownersEconomy is a chain whose payers own several addresses and now and then
// sign together, so that wallets grow by several ways.
func ownersEconomy(t testing.TB, seed uint64) *chaintest.Builder {
	t.Helper()
	b := chaintest.New(fmt.Sprint("owners", seed))
	r := rand.New(rand.NewPCG(seed, 7))
	names := []string{"a", "b", "c", "d", "e", "f"}
	for range 12 {
		b.Mine(names[r.IntN(len(names))])
	}
	for i := range 90 {
		from := names[r.IntN(len(names))]
		coins := b.Coins(from)
		if r.IntN(6) == 0 {
			coins = append(coins[:min(len(coins), 1)], b.Coins(names[r.IntN(len(names))])...)
		}
		slices.SortFunc(coins, func(x, y chaintest.Coin) int { return r.IntN(3) - 1 })
		coins = coins[:min(len(coins), 1+r.IntN(3))]
		var ins []tamga.Outpoint
		sum := int64(0)
		for _, c := range coins {
			if !slices.Contains(ins, c.Outpoint) {
				ins, sum = append(ins, c.Outpoint), sum+c.Value
			}
		}
		if len(ins) == 0 || sum < 20_000 {
			continue
		}
		to := b.NewAddress(names[r.IntN(len(names))])
		if all := b.Addresses(from); r.IntN(2) == 0 {
			to = all[r.IntN(len(all))]
		}
		pay := 5_000 + r.Int64N(sum-15_000)
		if _, err := b.Spend(ins, chaintest.Out{To: to, Value: pay}, chaintest.Out{To: b.NewAddress(from), Value: sum - pay - 1_000}); err != nil {
			t.Fatal(err)
		}
		if i%4 == 0 {
			b.Mine(names[r.IntN(len(names))])
		}
	}
	b.Mine("a")
	return b
}

// TestDecide: under random decisions and tags the wallets, now and at heights, are
// those of a run over the whole chain, every proof holds, what was not made is
// listed, and no other wallet was worked out anew.
func TestDecide(t *testing.T) {
	ctx := context.Background()
	refused, held, replaced, kept := 0, 0, 0, 0
	for seed := range uint64(6) {
		b := ownersEconomy(t, seed)
		dir := t.TempDir()
		mustBuild(t, dir, write(t, b, chaintest.Shape{}), Options{})
		_, w := openWallets(t, dir)
		txs := map[string]*tamga.Tx{}
		for _, tx := range b.Txs() {
			txs[tx.TxID] = tx
		}
		base := partition(b.Txs(), Now)
		addrs := make([]string, 0, len(base))
		for a := range base {
			addrs = append(addrs, a)
		}
		slices.Sort(addrs)
		r := rand.New(rand.NewPCG(seed, 3))
		pick := func() string { return addrs[r.IntN(len(addrs))] }
		for range 10 {
			var decisions []tamga.Decision
			for i := range r.IntN(5) {
				d := tamga.Decision{ID: int64(100 + i), Kind: tamga.Forbid, A: pick(), B: pick()}
				if set := base[d.A]; r.IntN(4) > 0 {
					d.B = set[r.IntN(len(set))]
				}
				if r.IntN(3) == 0 {
					d.Kind, d.B = tamga.Assert, pick()
				}
				if d.A != d.B {
					decisions = append(decisions, d)
				}
			}
			var owned []Owned
			for range r.IntN(3) {
				one := pick()
				set := base[one]
				owned = append(owned, Owned{one, "souk"}, Owned{set[r.IntN(len(set))], "bazaar"})
			}
			if err := w.Decide(ctx, decisions, owned); err != nil {
				t.Fatal(err)
			}
			want := plain(b.Txs(), decisions, owned)
			seen := 0
			for v, err := range w.All(ctx) {
				if err != nil {
					t.Fatal(err)
				}
				if set := want.at(Now)[v.ID]; !slices.Equal(sorted(v.Addresses), set) {
					t.Fatalf("seed %d, %+v %v: wallet %v, want %v", seed, decisions, owned, sorted(v.Addresses), set)
				}
				for _, d := range v.Decisions {
					if !slices.Contains(v.Addresses, d.A) && !slices.Contains(v.Addresses, d.B) {
						t.Fatalf("decision %+v is not about %v", d, v)
					}
				}
				seen += v.Size
			}
			if seen != len(addrs) {
				t.Fatalf("%d addresses of %d", seen, len(addrs))
			}
			gotRefused, gotHeld := map[string]bool{}, map[string]bool{}
			for h, err := range w.Held(ctx) {
				if err != nil || len(h.Sides) != 2 || h.Sides[0].Size == 0 || h.Sides[1].Size == 0 {
					t.Fatalf("%+v %v", h, err)
				}
				if h.By != nil {
					gotRefused[fmt.Sprint(h.TxID, " ", h.By.ID)] = true
				} else {
					gotHeld[h.TxID] = true
				}
			}
			for k := range gotHeld {
				if !want.held[k] {
					t.Fatalf("held %s is not", k)
				}
			}
			if len(gotHeld) != len(want.held) {
				t.Fatalf("held %v, want %v", gotHeld, want.held)
			}
			for k := range gotRefused {
				if !want.refused[k] {
					t.Fatalf("refused %s, want %v", k, want.refused)
				}
			}
			if len(gotRefused) != len(want.refused) {
				t.Fatalf("refused %v, want %v", gotRefused, want.refused)
			}
			refused, held = refused+len(gotRefused), held+len(gotHeld)
			for root := range w.over.roots {
				a, err := w.address(root)
				if err != nil {
					t.Fatal(err)
				}
				touches := func(x string) bool { return slices.Contains(base[a], x) }
				if !slices.ContainsFunc(decisions, func(d tamga.Decision) bool { return touches(d.A) || touches(d.B) }) &&
					!slices.ContainsFunc(owned, func(o Owned) bool { return touches(o.Address) }) {
					t.Fatalf("the wallet of %s was worked out anew", a)
				}
			}
			replaced += len(w.over.roots)
			for i := range uint32(w.roots.len()) {
				if w.base(i) == i && !w.over.roots[i] {
					kept++
				}
			}
			for range 12 {
				a, c, height := pick(), pick(), int64(Now)
				if r.IntN(2) == 0 {
					height = r.Int64N(b.Height() + 1)
				}
				then := want.at(height)
				if set := then[a]; r.IntN(2) == 0 {
					c = set[r.IntN(len(set))]
				}
				v, err := w.Of(ctx, a, height)
				if err != nil || !slices.Equal(sorted(v.Addresses), then[a]) {
					t.Fatalf("seed %d at %d: %v %v, want %v", seed, height, sorted(v.Addresses), err, then[a])
				}
				why, err := w.Why(ctx, a, c, height)
				if err != nil || why.Same != slices.Contains(then[a], c) {
					t.Fatalf("seed %d at %d: %s %s: %+v %v", seed, height, a, c, why, err)
				}
				if err := provesDecided(why, a, c, txs, height); err != nil {
					t.Fatalf("%v: %+v", err, why)
				}
			}
		}
	}
	if refused < 20 || held < 10 || replaced < 50 || kept < 1000 {
		t.Fatalf("the chains exercise little: %d refused, %d held, %d replaced, %d kept", refused, held, replaced, kept)
	}
}

// provesDecided is proves for a proof that may rest on assertions.
func provesDecided(why tamga.Why, a, b string, txs map[string]*tamga.Tx, height int64) error {
	if !why.Same {
		if len(why.Proof) > 0 {
			return fmt.Errorf("a proof of what is not")
		}
		return nil
	}
	at := a
	rest := why
	for len(rest.Proof) > 0 {
		i := slices.IndexFunc(rest.Proof, func(m tamga.Merge) bool { return m.Decision != nil })
		if i < 0 {
			break
		}
		m := rest.Proof[i]
		if m.TxID != "" || m.Rule != "assertion@1" || m.Decision.Kind != tamga.Assert {
			return fmt.Errorf("step %d: %+v", i, m)
		}
		reached := map[string]bool{at: true}
		for _, p := range rest.Proof[:i] {
			for _, in := range p.Inputs {
				reached[in.Address] = true
			}
		}
		from, to := m.Decision.A, m.Decision.B
		if !reached[from] {
			from, to = to, from
		}
		if err := proves(tamga.Why{Proof: rest.Proof[:i]}, at, from, txs, height); err != nil {
			return fmt.Errorf("before the assertion: %w", err)
		}
		at, rest.Proof = to, rest.Proof[i+1:]
	}
	return proves(tamga.Why{Proof: rest.Proof}, at, b, txs, height)
}
