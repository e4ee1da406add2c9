package chain_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"tamga"
	"tamga/chain"
	"tamga/chain/chaintest"
)

// coinOf is one satoshi in the oracle: where it came from, satoshi by satoshi.
type coinOf struct {
	out tamga.Outpoint
	at  int
}

// randomLedger makes a ledger of few satoshis, so that an oracle can follow each
// of them by itself: many inputs and outputs, reused addresses, fees.
func randomLedger(rng *rand.Rand, n int) (*chaintest.Ledger, []*tamga.Tx) {
	l := chaintest.NewLedger("regtest")
	var txs []*tamga.Tx
	var coins []tamga.Outpoint
	values := map[tamga.Outpoint]int64{}
	for k := range n {
		tx := &tamga.Tx{TxID: fmt.Sprintf("%064x", k+1), Height: int64(k / 3)}
		total := int64(0)
		if len(coins) < 3 || rng.IntN(6) == 0 {
			tx.In = []tamga.TxIn{{Coinbase: true}}
			total = 20 + rng.Int64N(60)
		} else {
			for range 1 + rng.IntN(3) {
				if len(coins) == 0 {
					break
				}
				i := rng.IntN(len(coins))
				o := coins[i]
				coins = slices.Delete(coins, i, i+1)
				tx.In = append(tx.In, tamga.TxIn{Prev: o, Known: true, Value: tamga.NewAmount(values[o], "BTC")})
				total += values[o]
			}
			total -= min(total, rng.Int64N(4))
		}
		for total > 0 || len(tx.Out) == 0 {
			v := min(total, rng.Int64N(25)) // zero now and then
			if len(tx.Out) > 4 {
				v = total
			}
			o := tamga.Outpoint{TxID: tx.TxID, Vout: uint32(len(tx.Out))}
			tx.Out = append(tx.Out, tamga.TxOut{N: o.Vout, Value: tamga.NewAmount(v, "BTC"), Address: fmt.Sprint("addr", rng.IntN(12))})
			values[o] = v
			coins = append(coins, o)
			total -= v
		}
		l.Add(tx)
		txs = append(txs, tx)
	}
	return l, txs
}

// oracleTx maps each satoshi of a transaction's inputs to its output.
func oracleTx(tx *tamga.Tx) (line []coinOf, to []coinOf) {
	for _, in := range tx.In {
		v, _ := in.Value.Int64()
		for k := range int(v) {
			line = append(line, coinOf{in.Prev, k})
		}
	}
	for _, out := range tx.Out {
		v, _ := out.Value.Int64()
		for k := range int(v) {
			to = append(to, coinOf{tamga.Outpoint{TxID: tx.TxID, Vout: out.N}, k})
		}
	}
	return line, to
}

// oracle follows every satoshi of the subject's outpoints by itself and returns
// hops as "txid in out" with their amounts, and fee ends. Depth is left to the
// shortest path over the hops.
func oracle(txs []*tamga.Tx, subject []tamga.Outpoint, backward bool) map[string]int64 {
	marked := map[coinOf]bool{}
	for _, tx := range txs {
		for _, out := range tx.Out {
			if o := (tamga.Outpoint{TxID: tx.TxID, Vout: out.N}); slices.Contains(subject, o) {
				v, _ := out.Value.Int64()
				for k := range int(v) {
					marked[coinOf{o, k}] = true
				}
			}
		}
	}
	hops := map[string]int64{}
	ordered := slices.Clone(txs)
	if backward {
		slices.Reverse(ordered)
	}
	for _, tx := range ordered {
		if tx.In[0].Coinbase {
			continue
		}
		line, to := oracleTx(tx)
		for k, target := range to {
			source := line[k]
			if backward && marked[target] || !backward && marked[source] {
				marked[source], marked[target] = marked[source] || backward, marked[target] || !backward
				hops[fmt.Sprintf("%s %v %d", tx.TxID, source.out, target.out.Vout)]++
			}
		}
	}
	return hops
}

func TestFIFOOracle(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for round := range 150 {
		l, txs := randomLedger(rng, 10+rng.IntN(60))
		tx := txs[rng.IntN(len(txs))]
		subjects := map[string][]tamga.Outpoint{
			fmt.Sprintf("%s:%d", tx.TxID, len(tx.Out)-1): {{TxID: tx.TxID, Vout: uint32(len(tx.Out) - 1)}},
		}
		for _, out := range tx.Out {
			subjects[tx.TxID] = append(subjects[tx.TxID], tamga.Outpoint{TxID: tx.TxID, Vout: out.N})
		}
		for o := range l.History(context.Background(), "addr3") {
			subjects["addr3"] = append(subjects["addr3"], o)
		}
		for subject, outs := range subjects {
			for _, direction := range []string{chain.Forward, chain.Backward} {
				tr := mustTrace(t, l, subject, chain.Options{Direction: direction})
				want := oracle(txs, outs, direction == chain.Backward)
				got := map[string]int64{}
				for _, h := range tr.Hops {
					v, _ := h.Amount.Int64()
					got[fmt.Sprintf("%s {%s %d} %d", h.TxID, h.In.TxID, *h.In.Vout, h.Out.N)] = v
				}
				if !reflect.DeepEqual(got, want) {
					t.Fatalf("round %d: trace %s %s\n got %v\nwant %v", round, subject, direction, got, want)
				}
				checkDepths(t, tr, outs)
				limited(t, l, subject, direction, tr)
			}
		}
	}
}

// checkDepths: each hop is one deeper than the outpoint nearer to the subject,
// whose depth is the least of the hops into it.
func checkDepths(t *testing.T, tr tamga.Trace, subject []tamga.Outpoint) {
	t.Helper()
	depth := map[tamga.Outpoint]int{}
	for _, o := range subject {
		depth[o] = 0
	}
	ends := func(h tamga.Hop) (near, far tamga.Outpoint) {
		near, far = tamga.Outpoint{TxID: h.In.TxID, Vout: *h.In.Vout}, tamga.Outpoint{TxID: h.TxID, Vout: h.Out.N}
		if tr.Direction == chain.Backward {
			near, far = far, near
		}
		return near, far
	}
	for _, h := range tr.Hops {
		_, far := ends(h)
		if d, ok := depth[far]; !ok || h.Depth < d {
			depth[far] = h.Depth
		}
	}
	for _, h := range tr.Hops {
		near, _ := ends(h)
		if d, ok := depth[near]; !ok || h.Depth != d+1 {
			t.Fatalf("hop %+v: depth %d, its near side has %d", h, h.Depth, d)
		}
	}
	if !slices.IsSortedFunc(tr.Hops, func(a, b tamga.Hop) int { return a.Depth - b.Depth }) {
		t.Fatal("hops are not in order of depth")
	}
}

// limited: a limit of hops leaves exactly those of less depth, none with more
// value, and says "hops" where it cut.
func limited(t *testing.T, l *chaintest.Ledger, subject, direction string, full tamga.Trace) {
	t.Helper()
	const limit = 2
	tr := mustTrace(t, l, subject, chain.Options{Direction: direction, Hops: limit})
	amounts := map[string]tamga.Amount{}
	deeper := false
	for _, h := range full.Hops {
		amounts[fmt.Sprint(h.TxID, h.In.TxID, *h.In.Vout, h.Out.N)] = h.Amount
		deeper = deeper || h.Depth > limit
	}
	for _, h := range tr.Hops {
		a, ok := amounts[fmt.Sprint(h.TxID, h.In.TxID, *h.In.Vout, h.Out.N)]
		if !ok || h.Depth > limit || h.Amount.Cmp(a) > 0 {
			t.Fatalf("limited trace has %+v, the whole %v", h, a)
		}
	}
	cut := slices.ContainsFunc(tr.Ends, func(e tamga.End) bool { return e.Reason == chain.EndHops })
	if deeper && !cut { // what is cut may also be a part that went into a fee
		t.Fatal("hops beyond the limit are left out in silence")
	}
}

// shuffled answers as another source would, whose heights are unknown.
type shuffled struct{ *chaintest.Ledger }

func (s shuffled) Tx(ctx context.Context, id string) (*tamga.Tx, error) {
	tx, err := s.Ledger.Tx(ctx, id)
	if err != nil {
		return nil, err
	}
	c := *tx
	c.Height = -1
	return &c, nil
}

// TestOrderDoesNotMatter: without heights, points are followed in another order
// and the trace comes out the same but for the heights.
func TestOrderDoesNotMatter(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 60 {
		l, txs := randomLedger(rng, 80)
		subject := txs[rng.IntN(20)].TxID
		for _, direction := range []string{chain.Forward, chain.Backward} {
			for _, hops := range []int{0, 3} {
				o := chain.Options{Direction: direction, Hops: hops}
				a, b := render(mustTrace(t, l, subject, o)), render(mustTrace(t, shuffled{l}, subject, o))
				slices.Sort(a)
				slices.Sort(b)
				if !slices.Equal(a, b) {
					t.Fatalf("%s\n%v\nwithout heights\n%v", direction, a, b)
				}
			}
		}
	}
}

// TestMethodsBound: neither FIFO nor haircut moves value where poison does not,
// nor more of it than poison allows.
func TestMethodsBound(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for range 40 {
		l, txs := randomLedger(rng, 60)
		subject := txs[rng.IntN(20)].TxID
		poison := mustTrace(t, l, subject, chain.Options{Method: chain.Poison})
		reached := map[string]tamga.Amount{}
		for _, h := range poison.Hops {
			reached[fmt.Sprint(h.TxID, h.In.TxID, *h.In.Vout, h.Out.N)] = h.Amount
		}
		for _, method := range []string{chain.FIFO, chain.Haircut} {
			for _, h := range mustTrace(t, l, subject, chain.Options{Method: method}).Hops {
				a, ok := reached[fmt.Sprint(h.TxID, h.In.TxID, *h.In.Vout, h.Out.N)]
				if !ok || h.Amount.Cmp(a) > 0 {
					t.Fatalf("%s has a hop of %s that poison bounds by %v", method, h.Amount, a)
				}
			}
		}
	}
}

func TestSubjects(t *testing.T) {
	l, txs := randomLedger(rand.New(rand.NewPCG(1, 1)), 10)
	ctx := context.Background()
	for _, s := range []string{
		fmt.Sprintf("%064x", 99999), txs[0].TxID + ":77", txs[0].TxID + ":x", txs[0].TxID + ":-1",
		"1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2", // of another network
		"xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhePY2gZ29ESFjqJoCu1Rupje8YtGqsefD265TMg7usUDFdp6W1EGMcet8",
	} {
		if tr, err := chain.Trace(ctx, l, s, chain.Options{}); err == nil {
			t.Errorf("%s: %+v", s, tr)
		}
	}
	for _, o := range []chain.Options{{Direction: "sideways"}, {Method: "lifo"}} {
		if _, err := chain.Trace(ctx, l, txs[0].TxID, o); err == nil {
			t.Errorf("%+v accepted", o)
		}
	}
	stopped, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := chain.Trace(stopped, l, txs[0].TxID, chain.Options{}); err == nil {
		t.Error("went on after it was cancelled")
	}
}
