package chain_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"tamga"
	"tamga/chain"
	"tamga/chain/chaintest"
)

// TestWalletsKeepEveryHop: between wallets, each hop of the trace between outputs
// stands exactly once, below a flow of its two wallets or inside one, and a flow is
// the sum of its hops.
func TestWalletsKeepEveryHop(t *testing.T) {
	rng := rand.New(rand.NewPCG(21, 22))
	hops, inside, several := 0, 0, 0
	for range 150 {
		src, owner, part := randomWallets(rng)
		for _, method := range []string{chain.FIFO, chain.Haircut, chain.Poison} {
			for _, direction := range []string{chain.Forward, chain.Backward} {
				o := chain.Options{Method: method, Direction: direction}
				want := mustTrace(t, src, "addr1", o)
				got, err := chain.TraceWallets(context.Background(), src, "addr1", part, o)
				if err != nil {
					t.Fatal(err)
				}
				left := map[string]int{}
				for _, h := range want.Hops {
					left[fmt.Sprint(h.TxID, h.In.TxID, *h.In.Vout, h.Out.N, h.Amount)]++
				}
				take := func(h tamga.Hop) { left[fmt.Sprint(h.TxID, h.In.TxID, *h.In.Vout, h.Out.N, h.Amount)]-- }
				pairs := map[[2]string]bool{}
				for _, f := range got.Flows {
					pair := [2]string{f.From, f.To}
					if f.From == f.To || pairs[pair] || f.Depth < 1 || f.Depth > 1000 {
						t.Fatalf("%+v", f)
					}
					pairs[pair] = true
					sum := tamga.Amount{}
					for _, h := range f.Hops {
						take(h)
						sum, _ = sum.Add(h.Amount)
						if owner(h.In.Address) != f.From || owner(h.Out.Address) != f.To {
							t.Fatalf("%+v below %s -> %s", h, f.From, f.To)
						}
					}
					if sum.Cmp(f.Amount) != 0 {
						t.Fatalf("%s, its hops are %s", f.Amount, sum)
					}
					if len(f.Hops) > 1 {
						several++
					}
				}
				for _, w := range got.Wallets {
					for _, h := range w.Inside {
						take(h)
						inside++
						if owner(h.In.Address) != w.Wallet || owner(h.Out.Address) != w.Wallet {
							t.Fatalf("%+v inside %s", h, w.Wallet)
						}
					}
				}
				for h, n := range left {
					if n != 0 {
						t.Fatalf("hop %s stands there %d times too few", h, n)
					}
				}
				if len(got.Ends) != len(want.Ends) {
					t.Fatalf("%d ends, want %d", len(got.Ends), len(want.Ends))
				}
				hops += len(want.Hops)
			}
		}
	}
	if hops < 5000 || inside < 500 || several < 500 {
		t.Errorf("%d hops, %d inside, %d flows of several: too few to say anything", hops, inside, several)
	}
}

// randomWallets is a random ledger of known prevouts whose addresses are of four
// wallets, and some of none.
func randomWallets(rng *rand.Rand) (*chaintest.Ledger, func(string) string, chain.Partition) {
	src, txs := randomLedger(rng, 40)
	address := map[tamga.Outpoint]string{}
	for _, tx := range txs {
		for i := range tx.In {
			tx.In[i].Address = address[tx.In[i].Prev]
		}
		for _, o := range tx.Out {
			address[tamga.Outpoint{TxID: tx.TxID, Vout: o.N}] = o.Address
		}
	}
	of := map[string]string{}
	for i := range 9 {
		of[fmt.Sprint("addr", i)] = fmt.Sprint("wallet", rng.IntN(4))
	}
	owner := func(a string) string {
		if w := of[a]; w != "" {
			return w
		}
		return a
	}
	return src, owner, chain.Partition{Rule: "random", Of: func(a string) (string, bool, error) { w, ok := of[a]; return w, ok, nil }}
}

// TestHopsBetweenWallets: a limit of hops reaches what is no more hops between
// wallets away, and nothing beyond. By poison: a part of FIFO may come a longer way to
// an output that another part reaches within the limit.
func TestHopsBetweenWallets(t *testing.T) {
	rng := rand.New(rand.NewPCG(23, 24))
	deeper := 0
	for range 100 {
		src, _, part := randomWallets(rng)
		for hops := 1; hops <= 3; hops++ {
			all, err := chain.TraceWallets(context.Background(), src, "addr1", part, chain.Options{Method: chain.Poison})
			if err != nil {
				t.Fatal(err)
			}
			got, err := chain.TraceWallets(context.Background(), src, "addr1", part, chain.Options{Method: chain.Poison, Hops: hops})
			if err != nil {
				t.Fatal(err)
			}
			near := map[[2]string]bool{}
			for _, f := range got.Flows {
				if f.Depth > hops {
					t.Fatalf("a flow at depth %d of %d", f.Depth, hops)
				}
				for _, h := range f.Hops {
					if h.Depth > hops {
						deeper++
					}
				}
				near[[2]string{f.From, f.To}] = true
			}
			for _, f := range all.Flows {
				if f.Depth <= hops && !near[[2]string{f.From, f.To}] {
					t.Fatalf("the flow %s -> %s at depth %d is missing at %d hops", f.From, f.To, f.Depth, hops)
				}
			}
		}
	}
	if deeper == 0 {
		t.Error("no hop lay deeper in transactions than in wallets")
	}
}

func TestWalletsFail(t *testing.T) {
	src := chaintest.NewLedger("regtest")
	broken := fmt.Errorf("broken")
	if _, err := chain.TraceWallets(context.Background(), src, "a", chain.Partition{}, chain.Options{}); err == nil {
		t.Error("no wallets, and no error")
	}
	rng := rand.New(rand.NewPCG(25, 26))
	src, _ = randomLedger(rng, 20)
	for _, part := range []chain.Partition{
		{Of: func(string) (string, bool, error) { return "", false, broken }},
		{Of: func(a string) (string, bool, error) { return "w" + a, true, nil }, Names: func([]string) (map[string]string, error) { return nil, broken }},
	} {
		if _, err := chain.TraceWallets(context.Background(), src, "addr1", part, chain.Options{}); err == nil {
			t.Error("a partition that fails, and no error")
		}
		from, to := tamga.Wallet{ID: "f", Addresses: []string{"addr1"}}, tamga.Wallet{ID: "t", Addresses: []string{"addr2"}}
		if _, err := chain.FindWalletPaths(context.Background(), src, from, to, part, chain.PathOptions{Cost: chain.CostHops}); err == nil {
			t.Error("a partition that fails, and no error")
		}
	}
}
