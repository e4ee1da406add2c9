package bitcoin

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"tamga/chain"
	"tamga/chain/chaintest"
)

// blockSci indexes BlockSci's labelled regtest chain and reads its labels.
func blockSci(t *testing.T) (*Index, map[string]any) {
	t.Helper()
	dir := dataDir(t, "chain/blocksci/files/btc")
	b, err := os.ReadFile(filepath.Join(dir, "output.json"))
	if err != nil {
		t.Fatal(err)
	}
	labels := map[string]any{}
	if err := json.Unmarshal(b, &labels); err != nil {
		t.Fatal(err)
	}
	_, x := mustBuild(t, t.TempDir(), filepath.Join(dir, "regtest", "blocks"), Options{})
	return x, labels
}

// TestPeelBlockSci follows BlockSci's labelled peel chain from its first
// transaction to its last, and back.
func TestPeelBlockSci(t *testing.T) {
	x, labels := blockSci(t)
	ctx := context.Background()
	var want []string
	for i := range 10 {
		want = append(want, fmt.Sprintf("%s:%v", labels[fmt.Sprintf("peeling-chain-%d-tx", i)], labels[fmt.Sprintf("peeling-chain-%d-position", i)]))
	}
	show := func(steps []chain.PeelStep) (got []string) {
		for _, s := range steps {
			if s.Change == nil {
				got = append(got, s.TxID)
			} else {
				got = append(got, fmt.Sprintf("%s:%d", s.TxID, s.Change.N))
			}
		}
		return got
	}
	first, last := want[0][:64], want[9][:64]
	p, err := chain.Peel(ctx, x, first, chain.PeelOptions{Mix: Mixes("regtest")})
	if err != nil {
		t.Fatal(err)
	}
	// Nothing spent the last one's outputs: which is its change only its maker knows.
	if got := show(p.Steps); len(got) != 10 || !slices.Equal(got[:9], want[:9]) || got[9] != last || p.End != chain.EndUnspent {
		t.Fatalf("%s: %q, want %q", p.End, got, want)
	}
	back, err := chain.Peel(ctx, x, last, chain.PeelOptions{Direction: chain.Backward, Mix: Mixes("regtest")})
	if err != nil {
		t.Fatal(err)
	}
	got := show(back.Steps)
	if funding := labels["funding-tx-peeling-chain"].(string); len(got) != 10 || got[9][:64] != funding || back.End != chain.EndCoinbase {
		t.Fatalf("back %s: %q, want it to come to %s", back.End, got, funding)
	}
	for i := range 9 {
		if got[i] != want[8-i] {
			t.Fatalf("back %s: %q", back.End, got)
		}
	}
}

// TestPeelSynthetic follows twenty payments of one wallet whose payees spend with
// other software, from the index and from memory alike, and back.
func TestPeelSynthetic(t *testing.T) {
	b := chaintest.New("peel")
	if err := b.Kind("shop", "p2pkh"); err != nil {
		t.Fatal(err)
	}
	b.Mine("vendor")
	b.Mine("miner")
	var want []string
	for i := range 20 {
		id, err := b.Pay("vendor", 300, chaintest.Out{To: "shop", Value: int64(10_000_000 + i*1000)})
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, id)
		if i%2 == 1 {
			if _, err := b.Pay("shop", 200, chaintest.Out{To: "bank", Value: 9_000_000}); err != nil {
				t.Fatal(err)
			}
		}
		b.Mine("miner")
	}
	_, x := mustBuild(t, t.TempDir(), write(t, b, chaintest.Shape{}), Options{})
	for _, src := range []chain.Source{x, b.Source()} {
		p, err := chain.Peel(context.Background(), src, want[0], chain.PeelOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if len(p.Steps) != 20 || p.End != chain.EndUnspent {
			t.Fatalf("%d steps, %s", len(p.Steps), p.End)
		}
		for i, s := range p.Steps[:19] {
			// The payment to the shop is the first output, the change the second.
			if s.TxID != want[i] || s.Change.N != 1 || len(s.Rejected) != 1 || s.Rejected[0].N != 0 {
				t.Fatalf("step %d: %+v", i, s)
			}
			if r := s.Rejected[0]; r.Spender != "" && !slices.Contains(r.Differs, "input") {
				t.Fatalf("step %d: the shop's spend differs in %q", i, r.Differs)
			}
		}
		back, err := chain.Peel(context.Background(), src, want[19], chain.PeelOptions{Direction: chain.Backward})
		if err != nil || len(back.Steps) != 19 || back.End != chain.EndCoinbase {
			t.Fatalf("back: %d steps, %s, %v", len(back.Steps), back.End, err)
		}
		for i, s := range back.Steps {
			if s.TxID != want[18-i] {
				t.Fatalf("back, step %d: %s", i, s.TxID)
			}
		}
	}
}
