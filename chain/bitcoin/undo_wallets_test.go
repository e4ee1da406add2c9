package bitcoin

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"tamga/chain/chaintest"
)

// TestUndoWallets builds the wallets from undo data, without it, and from undo data that
// changed after it was indexed: the segments are the same.
func TestUndoWallets(t *testing.T) {
	blocks, _ := undoChain(t)
	segments := func(prepare func(dir string)) map[string]string {
		t.Helper()
		dir := t.TempDir()
		mustBuild(t, dir, blocks, Options{})
		prepare(dir)
		if err := BuildWallets(context.Background(), dir, nil); err != nil {
			t.Fatal(err)
		}
		m, err := readManifest(dir)
		if err != nil {
			t.Fatal(err)
		}
		sums := map[string]string{}
		for _, kind := range []string{segmentScripts, segmentForest, segmentMerges, segmentHeld, segmentSigners} {
			sums[kind] = m.Files[kind].SHA256
		}
		return sums
	}
	same := func(what string, a, b map[string]string) {
		t.Helper()
		for kind, sum := range a {
			if b[kind] != sum || sum == "" {
				t.Errorf("%s: %s differs", what, kind)
			}
		}
	}
	complete := false
	with := segments(func(dir string) {
		x, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer x.Close()
		complete = x.undoComplete()
	})
	if !complete {
		t.Fatal("undo data is not complete")
	}
	revs, _ := filepath.Glob(filepath.Join(blocks, "rev*.dat"))
	same("changed undo file", with, segments(func(string) {
		b, err := os.ReadFile(revs[0])
		if err != nil {
			t.Fatal(err)
		}
		b[len(b)/2] ^= 4
		if err := os.WriteFile(revs[0], b, 0o644); err != nil {
			t.Fatal(err)
		}
	}))
	same("damaged undo file", with, segments(func(string) {}))
	for _, f := range revs {
		if err := os.Remove(f); err != nil {
			t.Fatal(err)
		}
	}
	same("no undo files", with, segments(func(string) {}))
}

// TestUndoBundle traces over blocks whose parents are not at hand. What undo data alone
// says is no part of a bundle, for nothing in it could prove it.
func TestUndoBundle(t *testing.T) {
	blocks, _ := synthetic(t, chaintest.Synthetic{
		Seed: 21, Size: 1 << 20, BlockSize: 60_000, FileSize: 400_000, Undo: true,
	})
	for _, kind := range []string{"blk", "rev"} {
		if err := os.Remove(filepath.Join(blocks, kind+"00000.dat")); err != nil {
			t.Fatal(err)
		}
	}
	_, x := mustBuild(t, t.TempDir(), blocks, Options{})
	ctx := context.Background()
	more := 0
	r := &recorder{Index: x, asked: map[string]bool{}}
	for num := uint32(0); int(num) < x.txs.len(); num += 11 {
		s, err := x.load(num)
		if err != nil {
			t.Fatal(err)
		}
		all, err := x.Tx(ctx, s.id.String())
		if err != nil {
			t.Fatal(err)
		}
		proven, err := r.Tx(ctx, s.id.String())
		if err != nil {
			t.Fatal(err)
		}
		for i := range all.In {
			if !all.In[i].Coinbase && !all.In[i].Known {
				t.Errorf("transaction %d, input %d: not known", num, i)
			}
			if proven.In[i].Known {
				if prev, err := x.find(mustHash(t, proven.In[i].Prev.TxID)); err != nil || prev == nil {
					t.Errorf("transaction %d, input %d: a bundle would say what it cannot prove", num, i)
				}
			} else if all.In[i].Known {
				more++
			}
		}
	}
	if more == 0 {
		t.Error("undo data knows nothing more")
	}
}

func mustHash(t testing.TB, s string) Hash {
	t.Helper()
	h, err := ParseHash(s)
	if err != nil {
		t.Fatal(err)
	}
	return h
}
