package bitcoin

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"tamga/chain"
	"tamga/chain/chaintest"
)

// blkFolder is a folder of block files that grows as a node's does: blocks are
// appended, and what is written stays.
type blkFolder struct {
	dir     string
	perFile int
	n       int
	has     map[string]bool
}

func newBlkFolder(t testing.TB, perFile int) *blkFolder {
	return &blkFolder{dir: t.TempDir(), perFile: perFile, has: map[string]bool{}}
}

// append takes in the blocks of a chain that are not there yet, up to a height.
func (f *blkFolder) append(t testing.TB, b *chaintest.Builder, height int64) {
	t.Helper()
	for h := range height + 1 {
		raw := b.Block(h)
		if f.has[string(raw[:80])] {
			continue
		}
		f.has[string(raw[:80])] = true
		file, err := os.OpenFile(filepath.Join(f.dir, fmt.Sprintf("blk%05d.dat", f.n/f.perFile)), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
		if err != nil {
			t.Fatal(err)
		}
		f.n++
		rec := binary.LittleEndian.AppendUint32([]byte{0xfa, 0xbf, 0xb5, 0xda}, uint32(len(raw)))
		if _, err := file.Write(append(rec, raw...)); err != nil {
			t.Fatal(err)
		}
		if err := file.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// payments mines n blocks with random payments.
func payments(t testing.TB, b *chaintest.Builder, rng *rand.Rand, n int) {
	t.Helper()
	names := []string{"ada", "bek", "chinara", "dilshod"}
	for range n {
		for range rng.IntN(4) {
			from, to := names[rng.IntN(4)], names[rng.IntN(4)]
			if b.Balance(from) < chaintest.BTC {
				continue
			}
			if _, err := b.Pay(from, 500, chaintest.Out{To: to, Value: 1 + rng.Int64N(chaintest.BTC/2)}); err != nil {
				t.Fatal(err)
			}
		}
		b.Mine(names[rng.IntN(4)])
	}
}

// equalsWhole compares an index with one that is built at once.
func equalsWhole(t *testing.T, dir, blocks string, o Options) {
	t.Helper()
	whole := t.TempDir()
	if _, err := Build(context.Background(), whole, blocks, o); err != nil {
		t.Fatal(err)
	}
	if err := same(contents(t, dir), contents(t, whole)); err != nil {
		t.Fatal(err)
	}
}

// TestGrown: an index that takes blocks in step by step, random chains in random
// steps, is byte for byte the one built at once, and keeps most of its layers.
func TestGrown(t *testing.T) {
	for seed := range uint64(4) {
		rng := rand.New(rand.NewPCG(seed, 9))
		o := Options{cut: cutRules{rows: 20 + rng.Int64N(40), fan: 2 + rng.IntN(3), settle: 1 + rng.IntN(12)}, Workers: 1 + rng.IntN(3)}
		b := chaintest.New(fmt.Sprint("grown", seed))
		blocks, dir := newBlkFolder(t, 1+rng.IntN(9)), t.TempDir()
		height, layers := int64(-1), 0
		for step := range 9 {
			n := 1 + rng.IntN(1+rng.IntN(25))
			payments(t, b, rng, n)
			blocks.append(t, b, b.Height())
			s, err := Build(context.Background(), dir, blocks.dir, o)
			if err != nil {
				t.Fatal(err)
			}
			if s.Added != int(b.Height()-height) || s.Kept != int(height+1) || s.Replaced != 0 || s.LayersKept+s.LayersMade != s.Layers {
				t.Fatalf("seed %d step %d: %+v %+v", seed, step, s, s.Run)
			}
			if want := n/blocks.perFile + 2; s.FilesRead > want && step > 0 {
				t.Fatalf("read %d files, want at most %d", s.FilesRead, want)
			}
			height, layers = b.Height(), max(layers, s.Layers)
			if step%4 == 0 {
				equalsWhole(t, dir, blocks.dir, o)
			}
		}
		if layers < 4 {
			t.Fatalf("seed %d: no more than %d layers", seed, layers)
		}
		x, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		sameSource(t, x, b)
		for _, name := range []string{"ada", "bek"} {
			for _, a := range b.Addresses(name) {
				if got, want := fmt.Sprint(history(t, x, a)), fmt.Sprint(history(t, b.Source(), a)); got != want {
					t.Fatalf("%s: %s, want %s", a, got, want)
				}
			}
		}
		x.Close()
		if s, err := Sync(context.Background(), dir, o); err != nil || !s.Unchanged || s.Kept != int(height+1) || s.Added != 0 {
			t.Fatalf("%+v %v", s, err)
		}
	}
}

// TestReorganised: blocks of the old branch go, those of the new one come; layers
// of what both have stay as they are.
func TestReorganised(t *testing.T) {
	ctx := context.Background()
	o := Options{cut: cutRules{rows: 32, fan: 3, settle: 25}}
	const common = 180
	for _, depth := range []int{1, 10, 100} {
		branch := func(seed uint64, n int) *chaintest.Builder {
			b := chaintest.New("reorganised")
			payments(t, b, rand.New(rand.NewPCG(1, 1)), common-depth)
			payments(t, b, rand.New(rand.NewPCG(seed, 1)), n)
			return b
		}
		lost, won := branch(2, depth), branch(3, depth+1)
		blocks, dir := newBlkFolder(t, 7), t.TempDir()
		blocks.append(t, lost, lost.Height())
		before, err := Build(ctx, dir, blocks.dir, o)
		if err != nil {
			t.Fatal(err)
		}
		blocks.append(t, won, won.Height())
		s, err := Sync(ctx, dir, o)
		if err != nil {
			t.Fatal(err)
		}
		if s.Replaced != depth || s.Added != depth+1 || s.Kept != common-depth+1 || s.Stale != depth || *s.Height != *before.Height+1 {
			t.Fatalf("depth %d: %+v %+v", depth, s, s.Run)
		}
		// What is above the layers that are merged is rebuilt, and a merge or two.
		if depth < o.cut.settle && (s.LayersMade > depth/2+4 || s.LayersKept == 0) {
			t.Fatalf("depth %d: %+v", depth, s.Run)
		}
		equalsWhole(t, dir, blocks.dir, o)
		x, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer x.Close()
		sameSource(t, x, won)
		for _, subject := range []string{won.Address("ada"), won.Txs()[40].TxID} {
			got, err := chain.Trace(ctx, x, subject, chain.Options{Hops: 6})
			if err != nil {
				t.Fatal(err)
			}
			want, err := chain.Trace(ctx, won.Source(), subject, chain.Options{Hops: 6})
			if err != nil {
				t.Fatal(err)
			}
			if fmt.Sprint(lines(got)) != fmt.Sprint(lines(want)) || len(want.Hops) == 0 {
				t.Fatalf("depth %d: the trace of %s differs", depth, subject)
			}
		}
	}
}

// TestWalletsOfGrown: wallets go with the index they were made of, stay where nothing
// is new, and are made again from the new one.
func TestWalletsOfGrown(t *testing.T) {
	ctx := context.Background()
	o := Options{cut: small}
	b := chaintest.New("wallets grown")
	rng := rand.New(rand.NewPCG(8, 8))
	payments(t, b, rng, 50)
	blocks, dir := newBlkFolder(t, 6), t.TempDir()
	for step := range 3 {
		payments(t, b, rng, 15)
		blocks.append(t, b, b.Height())
		if _, err := Build(ctx, dir, blocks.dir, o); err != nil {
			t.Fatal(err)
		}
		x, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		if w, err := x.Wallets(); err == nil {
			w.Close()
			t.Fatalf("step %d: an index of new blocks has wallets", step)
		}
		x.Close()
		if err := BuildWallets(ctx, dir, nil); err != nil {
			t.Fatal(err)
		}
		with := contents(t, dir)
		if s, err := Sync(ctx, dir, o); err != nil || !s.Unchanged || s.LayersKept != s.Layers {
			t.Fatalf("%+v %v", s, err)
		}
		if err := same(contents(t, dir), with); err != nil {
			t.Fatal(err)
		}
		whole := t.TempDir()
		if _, err := Build(ctx, whole, blocks.dir, o); err != nil {
			t.Fatal(err)
		}
		if err := BuildWallets(ctx, whole, nil); err != nil {
			t.Fatal(err)
		}
		if err := same(with, contents(t, whole)); err != nil {
			t.Fatalf("step %d: %v", step, err)
		}
	}
	// A file of other blocks' copies changes the sources and no layer: wallets stay.
	raw, err := os.ReadFile(filepath.Join(blocks.dir, "blk00000.dat"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(blocks.dir, "blk99999.dat"), raw, 0o644); err != nil {
		t.Fatal(err)
	}
	if s, err := Sync(ctx, dir, o); err != nil || s.Unchanged || s.LayersMade != 0 || s.FilesRead != 1 || s.Duplicate == 0 {
		t.Fatalf("%+v %v", s, err)
	}
	_, w := openWallets(t, dir)
	w.Close()
}

// TestGrownOutOfOrder: block files as a node's first download leaves them, blocks
// before their parents, stale ones among them, the last record cut where the node has
// got to: after each step the index is the one built at once.
func TestGrownOutOfOrder(t *testing.T) {
	for seed := range uint64(2) {
		rng := rand.New(rand.NewPCG(seed, 10))
		b := chaintest.New(fmt.Sprint("out of order", seed))
		payments(t, b, rng, 70)
		b.Fork(b.Height()-9, 3)
		shaped := t.TempDir()
		if err := b.WriteShape(shaped, chaintest.Shape{Shuffle: true}); err != nil {
			t.Fatal(err)
		}
		raw, err := os.ReadFile(filepath.Join(shaped, "blk00000.dat"))
		if err != nil {
			t.Fatal(err)
		}
		blocks, dir := t.TempDir(), t.TempDir()
		o := Options{cut: cutRules{rows: 30, fan: 2, settle: 6}}
		islands, torn := 0, 0
		for at := 2000; ; at = min(at+1+rng.IntN(len(raw)/5), len(raw)) {
			half := len(raw) / 2 // the first file is full by then
			for i, part := range [][]byte{raw[:min(at, half)], raw[min(at, half):at]} {
				file := filepath.Join(blocks, fmt.Sprintf("blk%05d.dat", i))
				if had, _ := os.ReadFile(file); len(part) > len(had) {
					if err := os.WriteFile(file, part, 0o644); err != nil {
						t.Fatal(err)
					}
				}
			}
			s, err := Build(context.Background(), dir, blocks, o)
			if err != nil {
				t.Fatal(err)
			}
			islands, torn = max(islands, s.Islands), max(torn, s.Torn)
			equalsWhole(t, dir, blocks, o)
			if at == len(raw) {
				break
			}
		}
		if islands == 0 || torn == 0 {
			t.Fatalf("seed %d: %d islands, %d torn", seed, islands, torn)
		}
	}
}
