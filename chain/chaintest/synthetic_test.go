package chaintest

import (
	"context"
	"crypto/sha256"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

func mustWrite(t testing.TB, s Synthetic) (string, Made) {
	t.Helper()
	dir := t.TempDir()
	made, err := s.Write(context.Background(), dir)
	if err != nil {
		t.Fatal(err)
	}
	return dir, made
}

// sum is a hash of all files of a folder, names included.
func sum(t testing.TB, dir string) (total [32]byte) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	h := sha256.New()
	for _, file := range files {
		io.WriteString(h, filepath.Base(file))
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(h, f)
		f.Close()
	}
	h.Sum(total[:0])
	return total
}

func TestSyntheticDeterministic(t *testing.T) {
	s := Synthetic{Seed: 7, Size: 4 << 20, BlockSize: 300_000, FileSize: 1 << 20, Shuffle: 4, Stale: 3, Undo: true, Key: [8]byte{1, 2, 3, 4, 5, 6, 7, 8}}
	a, madeA := mustWrite(t, s)
	b, madeB := mustWrite(t, s)
	if sum(t, a) != sum(t, b) || madeA != madeB {
		t.Error("one seed gave two chains")
	}
	s.Seed++
	if c, _ := mustWrite(t, s); sum(t, a) == sum(t, c) {
		t.Error("two seeds gave one chain")
	}
	if madeA.Stale == 0 || madeA.UndoBytes == 0 {
		t.Errorf("made %+v", madeA)
	}
}

// TestSyntheticShape compares the shape with that of the real chain.
func TestSyntheticShape(t *testing.T) {
	scripts, owners := int64(0), map[uint64]int{}
	_, m := mustWrite(t, Synthetic{Seed: 1, Size: 24 << 20, Owner: func(_ []byte, owner uint64) {
		scripts++
		owners[owner]++
	}})
	n := float64(m.Transactions)
	for _, c := range []struct {
		what      string
		got, want float64
		within    float64 // of the wanted
	}{
		{"inputs a transaction", float64(m.Inputs) / n, 2.27, .05},
		{"outputs a transaction", float64(m.Outputs) / n, 2.78, .05},
		{"transactions with several inputs", float64(m.SeveralInputs) / n, .26, .03},
		{"one input and two outputs", float64(m.OneTwo) / n, .61, .02},
		{"bytes a transaction", float64(m.Bytes) / n, 485, .06},
		{"outputs a script", float64(m.Outputs) / float64(m.Scripts), 2.6, .1},
		{"bytes a block", float64(m.Bytes) / float64(m.Blocks-2), 1.5e6, .15},
	} {
		t.Logf("%-34s %.3f, wanted %.3f", c.what, c.got, c.want)
		if c.got < c.want*(1-c.within) || c.got > c.want*(1+c.within) {
			t.Errorf("%s: %.4f, want %.4f within %.0f %%", c.what, c.got, c.want, c.within*100)
		}
	}
	if scripts != m.Scripts || len(owners) < 1000 {
		t.Errorf("heard of %d scripts of %d owners, made %d", scripts, len(owners), m.Scripts)
	}
	t.Logf("%+v", m)
}

// TestSyntheticMemory makes a chain of three times the length in the memory of the short
// one.
func TestSyntheticMemory(t *testing.T) {
	peak := func(size int64) uint64 {
		var most uint64
		var m runtime.MemStats
		n := 0
		mustWrite(t, Synthetic{Seed: 3, Size: size, unspent: 8000, BlockSize: 100_000, Owner: func([]byte, uint64) {
			if n++; n%5_000 == 0 {
				runtime.GC()
				runtime.ReadMemStats(&m)
				most = max(most, m.HeapAlloc)
			}
		}})
		return most
	}
	short, long := peak(16<<20), peak(48<<20)
	t.Logf("live heap %d kB and %d kB", short>>10, long>>10)
	if long > short*5/4 {
		t.Errorf("live heap grew from %d to %d bytes", short, long)
	}
}

func BenchmarkSynthetic(b *testing.B) {
	const size = 64 << 20
	b.SetBytes(size)
	for b.Loop() {
		mustWrite(b, Synthetic{Seed: 1, Size: size, Undo: true})
	}
}
