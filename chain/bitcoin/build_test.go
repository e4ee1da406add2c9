package bitcoin

import (
	"context"
	"testing"

	"tamga"
	"tamga/chain"
	"tamga/chain/chaintest"
)

func mustBuild(t testing.TB, dir, blocks string, o Options) (Summary, *Index) {
	t.Helper()
	s, err := Build(context.Background(), dir, blocks, o)
	if err != nil {
		t.Fatal(err)
	}
	x, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { x.Close() })
	return s, x
}

// small are rules of the cut under which a chain of a few blocks has many layers.
var small = cutRules{rows: 24, fan: 3, settle: 5}

// economy is a chain with payments of every kind, a coinjoin-like transaction,
// and a stale branch.
func economy(t testing.TB, payments int) *chaintest.Builder {
	t.Helper()
	b := chaintest.New("economy")
	names := []string{"ada", "bek", "chinara", "dilshod", "elnura", "farrukh"}
	kinds := []string{"p2wpkh", "p2pkh", "p2sh", "p2tr", "p2wsh", "p2pk"}
	for i, n := range names {
		if err := b.Kind(n, kinds[i]); err != nil {
			t.Fatal(err)
		}
		b.Mine(n)
	}
	for i := range payments {
		from, to, third := names[i%6], names[(i*5+1)%6], names[(i*3+2)%6]
		v := int64(1+i%7) * chaintest.BTC / 10
		if _, err := b.Pay(from, int64(500+i), chaintest.Out{To: to, Value: v}, chaintest.Out{To: third, Value: v / 3}); err != nil {
			t.Fatal(err)
		}
		if i%3 == 0 {
			b.Mine("miner")
		}
	}
	b.Mine("miner")
	b.Fork(b.Height()-4, 2)
	return b
}

// sameSource compares an index with a chain's own account of itself.
func sameSource(t *testing.T, x *Index, b *chaintest.Builder) {
	t.Helper()
	ctx := context.Background()
	for _, want := range b.Txs() {
		got, err := x.Tx(ctx, want.TxID)
		if err != nil {
			t.Fatal(err)
		}
		if got.WTxID != want.WTxID || got.Block != want.Block || got.Height != want.Height || !got.Time.Equal(want.Time) ||
			got.Version != want.Version || len(got.In) != len(want.In) || len(got.Out) != len(want.Out) {
			t.Fatalf("%+v\nwant %+v", got, want)
		}
		for i, in := range want.In {
			g := got.In[i]
			if g.Coinbase != in.Coinbase || g.Prev != in.Prev || g.Known != in.Known || g.Address != in.Address ||
				g.Type != in.Type || g.Value.Cmp(in.Value) != 0 || g.Sequence != in.Sequence {
				t.Fatalf("%s input %d: %+v, want %+v", want.TxID, i, g, in)
			}
		}
		src := b.Source()
		for i, out := range want.Out {
			g := got.Out[i]
			if g.N != out.N || g.Address != out.Address || g.Type != out.Type || g.Value.Cmp(out.Value) != 0 {
				t.Fatalf("%s output %d: %+v, want %+v", want.TxID, i, g, out)
			}
			o := tamga.Outpoint{TxID: want.TxID, Vout: out.N}
			s1, ok1, err := x.Spender(ctx, o)
			if err != nil {
				t.Fatal(err)
			}
			if s2, ok2, _ := src.Spender(ctx, o); s1 != s2 || ok1 != ok2 {
				t.Fatalf("spender of %v: %v %v, want %v %v", o, s1, ok1, s2, ok2)
			}
		}
	}
}

func history(t *testing.T, src chain.Source, addr string) (all []tamga.Outpoint) {
	t.Helper()
	for o, err := range src.History(context.Background(), addr) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, o)
	}
	return all
}

// TestFirstPayment follows the first payment of Bitcoin (block 170) back to its
// coinbase (block 9) and forward to where the file ends.
func TestFirstPayment(t *testing.T) {
	s, x := mustBuild(t, t.TempDir(), firstChain(t), Options{})
	if s.Network != "mainnet" || s.Blocks != 14132 || s.Transactions != 14247 || s.Height == nil || *s.Height != 14131 ||
		s.Stale != 0 || s.Islands != 0 || s.Damage != (Damage{}) {
		t.Fatalf("%+v", s)
	}
	const first = "f4184fc596403b9d638783cf57adfe4c75c605f6356fbc91338530e9831e9e16"
	const coinbase = "0437cd7f8525ceed2324359c2d0ba26006d92d856a9c20fa0241106ee5a597c9"
	ctx := context.Background()
	tr, err := chain.Trace(ctx, x, first, chain.Options{Direction: chain.Backward})
	if err != nil {
		t.Fatal(err)
	}
	if len(tr.Hops) != 2 || len(tr.Ends) != 1 || tr.Ends[0] != (tamga.End{TxID: coinbase, Vout: 0, Reason: "coinbase"}) {
		t.Fatalf("%+v", tr)
	}
	for i, want := range []string{"1000000000", "4000000000"} {
		h := tr.Hops[i]
		if h.Amount.String() != want || *h.Height != 170 || h.In.TxID != coinbase || h.In.Value.String() != "5000000000" || h.Depth != 1 || h.TxID != first {
			t.Fatalf("hop %d: %+v", i, h)
		}
	}
	if tx, err := x.Tx(ctx, coinbase); err != nil || tx.Height != 9 || !tx.In[0].Coinbase {
		t.Fatalf("%+v %v", tx, err)
	}
	tr, err = chain.Trace(ctx, x, first, chain.Options{})
	if err != nil {
		t.Fatal(err)
	}
	// Seven transactions of blocks 181 to 496 moved it on; the last joins two parts
	// of it, so what arrived is counted, not what the outputs hold.
	arrived := map[tamga.Outpoint]int64{{TxID: first, Vout: 0}: 10 * chaintest.BTC}
	for _, h := range tr.Hops {
		v, _ := h.Amount.Int64()
		arrived[tamga.Outpoint{TxID: h.TxID, Vout: h.Out.N}] += v
	}
	sum := int64(0)
	for _, e := range tr.Ends {
		if e.Reason != "unspent" {
			t.Fatalf("end %+v", e)
		}
		sum += arrived[tamga.Outpoint{TxID: e.TxID, Vout: e.Vout}]
	}
	if len(tr.Hops) != 12 || len(tr.Ends) != 5 || sum != 50*chaintest.BTC {
		t.Fatalf("%d hops, %d satoshis at the ends: %+v", len(tr.Hops), sum, tr.Ends)
	}
}

func TestShapes(t *testing.T) {
	b := economy(t, 60)
	for name, shape := range map[string]chaintest.Shape{
		"plain":   {},
		"masked":  {Key: [8]byte{9, 8, 7, 6, 5, 4, 3, 2}, PerFile: 7, ZeroTail: 1000},
		"shuffle": {Shuffle: true, PerFile: 5},
		"garbage": {Garbage: 37, PerFile: 4},
		"all":     {Key: [8]byte{0xff, 1, 0, 0, 0, 2, 3, 4}, Shuffle: true, Garbage: 11, PerFile: 6, ZeroTail: 5000},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := b.WriteShape(dir, shape); err != nil {
				t.Fatal(err)
			}
			s, x := mustBuild(t, t.TempDir(), dir, Options{MemoryLimit: 96 << 20, Workers: 3, cut: small})
			if s.Network != "regtest" || s.Stale != 2 || s.Islands != 0 || int64(s.Blocks) != b.Height()+1 || *s.Height != b.Height() {
				t.Fatalf("%+v", s)
			}
			sameSource(t, x, b)
			paid := map[string]bool{}
			for _, tx := range b.Txs() {
				for _, out := range tx.Out {
					paid[out.Address] = out.Address != ""
				}
			}
			delete(paid, "")
			if s.Addresses != int64(len(paid)) {
				t.Fatalf("%d addresses, want %d", s.Addresses, len(paid))
			}
			for _, w := range []string{"ada", "bek", "chinara", "dilshod", "elnura", "miner"} {
				for _, a := range b.Addresses(w) {
					got, want := history(t, x, a), history(t, b.Source(), a)
					if len(got) != len(want) {
						t.Fatalf("%s: %d outputs, want %d", a, len(got), len(want))
					}
					for i := range got {
						if got[i] != want[i] {
							t.Fatalf("%s: output %d: %v, want %v", a, i, got[i], want[i])
						}
					}
				}
			}
		})
	}
}
