package bitcoin

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"tamga"
	"tamga/chain"
	"tamga/chain/coinjoin"
)

// TestBlockSciCoinjoin: its labelled coinjoin is one, what it labels as the spends
// are the outputs of the value that repeats, and the others its change. Nothing else
// on the chain is called a coinjoin.
func TestBlockSciCoinjoin(t *testing.T) {
	ctx := context.Background()
	x, labels := blockSci(t)
	id := labels["simple-coinjoin-tx"].(string)
	tx, err := x.Tx(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	r := coinjoin.Classify(tx, "regtest")
	if !r.Coinjoin || !r.Abstain {
		t.Fatalf("%+v", r)
	}
	times := map[string]int{}
	for _, o := range tx.Out {
		times[o.Value.String()]++
	}
	var mixed, change []any
	for _, o := range tx.Out {
		if times[o.Value.String()] > 1 {
			mixed = append(mixed, float64(o.N))
		} else {
			change = append(change, float64(o.N))
		}
	}
	if want := labels["simple-coinjoin-spends"].([]any); !slices.Equal(mixed, want) {
		t.Errorf("equal outputs %v, labelled %v", mixed, want)
	}
	if want := labels["simple-coinjoin-change"].([]any); !slices.Equal(change, want) {
		t.Errorf("other outputs %v, labelled %v", change, want)
	}
	c, err := chain.ChangeOf(ctx, x, id, nil, Mixes("regtest"))
	if err != nil || c.Mix == nil || c.Change != nil || len(c.Rules) != 0 {
		t.Errorf("its change: %+v, %v", c, err)
	}
	for num := range x.txs.len() {
		s, err := x.load(uint32(num))
		if err != nil {
			t.Fatal(err)
		}
		other, err := x.Tx(ctx, s.id.String())
		if err != nil {
			t.Fatal(err)
		}
		if r := coinjoin.Classify(other, "regtest"); r.Coinjoin && other.TxID != id {
			t.Errorf("%s: %+v", other.TxID, r)
		}
	}
}

// TestBlockSciClusters: the clusters that BlockSci prints without change, with its
// coinjoins left out and with them, are ours.
func TestBlockSciClusters(t *testing.T) {
	ctx := context.Background()
	x, labels := blockSci(t)
	if err := BuildWallets(ctx, x.dir, nil); err != nil {
		t.Fatal(err)
	}
	x, err := Open(x.dir)
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	w, err := x.Wallets()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	word := regexp.MustCompile(`\((\w+)\)`)
	seen := 0
	for _, name := range []string{"ignore_coinjoin", "cluster_coinjoin"} {
		b, err := os.ReadFile(filepath.Join(dataDir(t, "chain/blocksci/_regtest_outputs"), "test_clustering.test_clustering_"+name+"[btc].out"))
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(b)) {
			var want []string
			for _, m := range word.FindAllStringSubmatch(line, -1) {
				want = append(want, m[1])
			}
			if len(want) == 0 {
				continue
			}
			got, err := w.Of(ctx, want[0], Now)
			if err != nil {
				t.Fatalf("%s: %v", want[0], err)
			}
			have := slices.Clone(got.Addresses)
			slices.Sort(want)
			slices.Sort(have)
			if !slices.Equal(have, want) {
				t.Errorf("%s: %v, BlockSci has %v", name, have, want)
			}
			seen++
		}
	}
	if seen < 16 {
		t.Fatalf("%d clusters", seen)
	}
	// The inputs of its coinjoin share a wallet with nobody.
	tx, err := x.Tx(ctx, labels["simple-coinjoin-tx"].(string))
	if err != nil {
		t.Fatal(err)
	}
	for _, in := range tx.In {
		if got, err := w.Of(ctx, in.Address, Now); err != nil || slices.ContainsFunc(tx.In, func(o tamga.TxIn) bool {
			return o.Address != in.Address && slices.Contains(got.Addresses, o.Address)
		}) {
			t.Errorf("%s: %+v %v", in.Address, got, err)
		}
	}
}

// TestBlockSciTaint: what its tests expect of poison and of haircut from one output,
// the fee left out: how many outpoints hold the taint after so many transactions,
// their values and what of them is tainted. Its haircut rounds down at each step, so
// it may have a satoshi less than is right. Its poison calls all of a tainted output
// tainted, and ours tells what the input can have put there, so only the outpoints
// and their values are compared. Where it expects the fee to taint the coinbase
// (taint-mapping: a fourth outpoint of 25 bitcoins and the fee), ours ends with `fee`.
func TestBlockSciTaint(t *testing.T) {
	const btc, fee = 100_000_000, 10_000
	ctx := context.Background()
	x, labels := blockSci(t)
	for _, c := range []struct {
		from, method           string
		hops, n                int
		value, tainted, within int64
	}{
		{"taint-split-tx-1", chain.Poison, 1, 1, 3*btc - 3*fee, 0, 0},
		{"taint-split-tx-1", chain.Poison, 0, 1, 15*btc - 6*fee, 0, 0},
		{"taint-fund-tx-2", chain.Poison, 0, 1, 15*btc - 6*fee, 0, 0},
		{"taint-split-tx-1", chain.Haircut, 1, 1, 3*btc - 3*fee, 99_986_666, 1},
		{"taint-split-tx-1", chain.Haircut, 0, 1, 15*btc - 6*fee, 99_986_000, 1},
		{"taint-mapping-fund-tx-2", chain.Poison, 1, 3, 10*btc - fee, 0, 0},
		{"taint-mapping-fund-tx-2", chain.Haircut, 1, 3, 10*btc - fee, 4*btc - 4*fee/10, 0},
	} {
		t.Run(fmt.Sprint(c.from, c.method, c.hops), func(t *testing.T) {
			tr, err := chain.Trace(ctx, x, labels[c.from].(string)+":0", chain.Options{Method: c.method, Hops: c.hops})
			if err != nil {
				t.Fatal(err)
			}
			amount := map[tamga.Outpoint]int64{}
			for _, h := range tr.Hops {
				n, _ := h.Amount.Int64()
				amount[tamga.Outpoint{TxID: h.TxID, Vout: h.Out.N}] += n
			}
			n, value, tainted := 0, int64(0), int64(0)
			for _, e := range tr.Ends {
				if e.Reason != chain.EndUnspent && e.Reason != chain.EndHops {
					continue
				}
				tx, err := x.Tx(ctx, e.TxID)
				if err != nil {
					t.Fatal(err)
				}
				v, _ := tx.Out[e.Vout].Value.Int64()
				n, value, tainted = n+1, value+v, tainted+amount[tamga.Outpoint{TxID: e.TxID, Vout: e.Vout}]
			}
			if !slices.ContainsFunc(tr.Ends, func(e tamga.End) bool { return e.Reason == chain.EndFee }) {
				t.Error("no fee left the taint")
			}
			if n != c.n || value != c.value || c.method == chain.Haircut && max(tainted-c.tainted, c.tainted-tainted) > c.within {
				t.Errorf("%d outpoints of %d, %d tainted; want %d of %d, %d: %+v", n, value, tainted, c.n, c.value, c.tainted, tr.Ends)
			}
		})
	}
}
