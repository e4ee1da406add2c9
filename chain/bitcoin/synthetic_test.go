package bitcoin

import (
	"context"
	"testing"

	"tamga/chain/chaintest"
)

func synthetic(t testing.TB, s chaintest.Synthetic) (dir string, made chaintest.Made) {
	t.Helper()
	dir = t.TempDir()
	made, err := s.Write(context.Background(), dir)
	if err != nil {
		t.Fatal(err)
	}
	return dir, made
}

// TestSynthetic reads a synthetic chain back: masked, in several files, out of order,
// with stale blocks. What the reader counts is what the writer counted.
func TestSynthetic(t *testing.T) {
	blocks, made := synthetic(t, chaintest.Synthetic{
		Seed: 5, Size: 3 << 20, BlockSize: 120_000, FileSize: 700_000, Shuffle: 5, Stale: 4,
		Key: [8]byte{9, 8, 7, 6, 5, 4, 3, 2}, Undo: true,
	})
	s, x := mustBuild(t, t.TempDir(), blocks, Options{})
	if s.Network != "regtest" || s.Blocks != made.Blocks || s.Stale != made.Stale || s.Stale == 0 ||
		s.Transactions != made.Transactions || s.Outputs != made.Outputs ||
		s.Inputs != made.Inputs+int64(made.Blocks) || s.Damage != (Damage{}) || s.Islands != 0 ||
		s.Tip != made.Tip || *s.Height != int64(made.Blocks-1) {
		t.Errorf("read %+v, made %+v", s, made)
	}
	// Every amount is accounted for: what a transaction spends exceeds what it pays.
	for num := uint32(1); int64(num) < s.Transactions; num += 97 {
		st, err := x.load(num)
		if err != nil {
			t.Fatal(err)
		}
		tx, err := x.known(context.Background(), st)
		if err != nil {
			t.Fatal(err)
		}
		for i, in := range tx.In {
			if !in.Known && !in.Coinbase {
				t.Fatalf("transaction %d, input %d: spends what is not there", num, i)
			}
		}
		if !tx.In[0].Coinbase {
			if err := st.balanced(tx); err != nil {
				t.Error(err)
			}
			if tx.In[0].Type == "nonstandard" {
				t.Errorf("transaction %d spends a script of no standard type", num)
			}
		}
	}
	// And no output is spent twice.
	seen := map[spot]bool{}
	for num := range uint32(s.Transactions) {
		st, err := x.load(num)
		if err != nil {
			t.Fatal(err)
		}
		st.tx.inputs(func(_ int, in input) {
			at := spot{Hash(in.prev), in.vout}
			if !in.coinbase() && seen[at] {
				t.Errorf("transaction %d spends %s:%d again", num, at.id, at.vout)
			}
			seen[at] = true
		})
	}
}
