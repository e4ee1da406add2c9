package chain_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"tamga"
	"tamga/chain"
	"tamga/chain/chaintest"
)

// allPaths walks every way from one address to another and returns the shares, the
// greatest first: what FindPaths must find, worked out plainly.
func allPaths(src *chaintest.Ledger, from, to string) (shares []float64) {
	ctx := context.Background()
	var walk func(at tamga.Outpoint, share float64)
	walk = func(at tamga.Outpoint, share float64) {
		s, found, _ := src.Spender(ctx, at)
		if !found {
			return
		}
		tx, _ := src.Tx(ctx, s.TxID)
		whole := int64(0)
		for _, in := range tx.In {
			v, _ := in.Value.Int64()
			whole += v
		}
		for _, o := range tx.Out {
			v, _ := o.Value.Int64()
			part := share * float64(v) / float64(whole)
			switch {
			case o.Address == from || v == 0:
			case o.Address == to:
				shares = append(shares, part)
			default:
				walk(tamga.Outpoint{TxID: tx.TxID, Vout: o.N}, part)
			}
		}
	}
	for o := range src.History(ctx, from) {
		walk(o, 1)
	}
	slices.SortFunc(shares, func(a, b float64) int {
		if a > b {
			return -1
		}
		return 1
	})
	return shares
}

// TestPathsFindTheBest compares searches over random ledgers with all paths there
// are.
func TestPathsFindTheBest(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	searches, several := 0, 0
	for range 60 {
		names := []string{"a", "b", "c", "d", "e", "f"}
		b := chaintest.New(fmt.Sprint("paths", rng.Uint64()))
		for _, n := range names {
			b.Mine(n)
		}
		for i := range 18 {
			from := names[rng.IntN(len(names))]
			coins := b.Coins(from)
			if len(coins) == 0 {
				continue
			}
			ins := []tamga.Outpoint{coins[0].Outpoint}
			whole := coins[0].Value
			if other := b.Coins(names[rng.IntN(len(names))]); len(other) > 0 && other[0].Outpoint != ins[0] && rng.IntN(2) == 0 {
				ins = append(ins, other[0].Outpoint)
				whole += other[0].Value
			}
			first := rng.Int64N(whole-2) + 1
			outs := []chaintest.Out{{To: names[rng.IntN(len(names))], Value: first}, {To: names[rng.IntN(len(names))], Value: (whole - first) / 2}}
			if _, err := b.Spend(ins, outs...); err != nil {
				t.Fatal(err)
			}
			if i%4 == 0 {
				b.Mine("miner")
			}
		}
		b.Mine("miner")
		src := b.Source()
		for _, x := range names {
			for _, y := range names {
				from, to := b.Address(x), b.Address(y)
				if x == y {
					continue
				}
				want := allPaths(src, from, to)
				for _, k := range []int{1, 3, 1000} {
					got, err := chain.FindPaths(context.Background(), src, from, to, chain.PathOptions{K: k})
					if err != nil {
						t.Fatal(err)
					}
					searches++
					if n := min(k, len(want)); !got.Complete || len(got.Paths) != n {
						t.Fatalf("%s to %s: %d of %d paths, complete %v", x, y, len(got.Paths), n, got.Complete)
					}
					if len(want) > 3 {
						several++
					}
					for i, p := range got.Paths {
						if math.Abs(p.Share-want[i]) > 1e-9*want[i] {
							t.Fatalf("%s to %s: share %d is %v, want %v", x, y, i, p.Share, want[i])
						}
						for j, h := range p.Hops[1:] {
							if h.In.TxID != p.Hops[j].TxID || *h.In.Vout != p.Hops[j].Out.N || *h.Height < *p.Hops[j].Height {
								t.Fatalf("hop %d does not follow the one before: %+v", j+1, p.Hops)
							}
						}
					}
				}
			}
		}
	}
	if several < 300 {
		t.Fatalf("only %d of %d searches had more than three paths", several, searches)
	}
}

// TestPathsBackOnly: a source that does not know spenders is followed back.
func TestPathsBackOnly(t *testing.T) {
	b := chaintest.New("back only")
	b.Mine("a")
	if _, err := b.Pay("a", 500, chaintest.Out{To: "b", Value: chaintest.BTC}); err != nil {
		t.Fatal(err)
	}
	b.Mine("miner")
	src := noSpenders{b.Source()}
	got, err := chain.FindPaths(context.Background(), src, b.Address("a"), b.Address("b"), chain.PathOptions{})
	if err != nil || len(got.Paths) != 1 || !got.Complete || len(got.Paths[0].Hops) != 1 {
		t.Fatalf("%+v, %v", got, err)
	}
}

type noSpenders struct{ *chaintest.Ledger }

func (noSpenders) Can() chain.Capability { return chain.CanTx | chain.CanHistory }
func (noSpenders) Spender(context.Context, tamga.Outpoint) (chain.Spend, bool, error) {
	panic("asked what it cannot answer")
}
