package bitcoin

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tamga"
	"tamga/chain"
)

// TestBlockSci reads BlockSci's labelled regtest chain: every transaction it
// names is there at its height, and its peel chain is followed from end to end
// in both directions.
func TestBlockSci(t *testing.T) {
	dir := dataDir(t, "chain/blocksci/files/btc")
	b, err := os.ReadFile(filepath.Join(dir, "output.json"))
	if err != nil {
		t.Fatal(err)
	}
	labels := map[string]any{}
	if err := json.Unmarshal(b, &labels); err != nil {
		t.Fatal(err)
	}
	s, x := mustBuild(t, t.TempDir(), filepath.Join(dir, "regtest", "blocks"), Options{})
	if s.Network != "regtest" || s.Islands != 0 || s.Damage != (Damage{}) || s.Height == nil || *s.Height != int64(s.Blocks)-1 {
		t.Fatalf("%+v", s)
	}
	ctx := context.Background()
	named := 0
	for key, v := range labels {
		id, _ := v.(string)
		if len(id) != 64 || strings.HasPrefix(id, "bcrt1") {
			continue
		}
		tx, err := x.Tx(ctx, id)
		if err != nil {
			t.Fatalf("%s: %v", key, err)
		}
		named++
		name, _ := strings.CutSuffix(key, "-tx")
		if h, ok := labels[name+"-height"].(float64); ok && int64(h) != tx.Height {
			t.Errorf("%s: height %d, want %v", key, tx.Height, h)
		}
		if addr, ok := labels[name].(string); ok && name != key {
			// The payment to the address and its spend carry the same label.
			found := slices.ContainsFunc(tx.Out, func(o tamga.TxOut) bool { return o.Address == addr }) ||
				slices.ContainsFunc(tx.In, func(in tamga.TxIn) bool { return in.Address == addr })
			if !found {
				t.Errorf("%s: %s is not in it", key, addr)
			}
		}
	}
	if named < 80 {
		t.Fatalf("only %d labels", named)
	}
	var peel []string
	last := tamga.Outpoint{}
	for i := range 10 {
		id := labels[fmt.Sprintf("peeling-chain-%d-tx", i)].(string)
		tx, err := x.Tx(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		if i > 0 && tx.In[0].Prev != last {
			t.Fatalf("step %d spends %v, not the change %v", i, tx.In[0].Prev, last)
		}
		last = tamga.Outpoint{TxID: id, Vout: uint32(labels[fmt.Sprintf("peeling-chain-%d-position", i)].(float64))}
		peel = append(peel, id)
	}
	back, err := chain.Trace(ctx, x, fmt.Sprintf("%s:%d", last.TxID, last.Vout), chain.Options{Direction: chain.Backward, Hops: 10})
	if err != nil {
		t.Fatal(err)
	}
	for i, h := range back.Hops {
		if h.Depth != i+1 || h.TxID != peel[9-i] {
			t.Fatalf("hop %d back is %+v, want %s", i, h, peel[9-i])
		}
	}
	out, err := chain.Trace(ctx, x, labels["funding-tx-peeling-chain"].(string), chain.Options{Hops: 10, Method: chain.Poison})
	if err != nil {
		t.Fatal(err)
	}
	for i, id := range peel {
		if !slices.ContainsFunc(out.Hops, func(h tamga.Hop) bool { return h.TxID == id && h.Depth == i+1 }) {
			t.Fatalf("step %d of the peel chain is not reached at its depth", i)
		}
	}
}
