package bitcoin

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"tamga"
	"tamga/chain"
	"tamga/chain/chaintest"
)

func write(t testing.TB, b *chaintest.Builder, s chaintest.Shape) string {
	t.Helper()
	dir := t.TempDir()
	if err := b.WriteShape(dir, s); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestIslands: blocks whose parents are absent are kept, know their height from
// their coinbase, and what they spend from absent blocks stays unknown.
func TestIslands(t *testing.T) {
	b := economy(t, 60)
	skip := []int64{0, 1, 9, 10, 20}
	s, x := mustBuild(t, t.TempDir(), write(t, b, chaintest.Shape{SkipHeight: skip, Shuffle: true}), Options{})
	if s.Islands != 3 || s.Stale != 2 || s.Blocks != int(b.Height())+1-len(skip) || *s.Height != b.Height() {
		t.Fatalf("%+v", s)
	}
	gone := map[string]bool{}
	for _, tx := range b.Txs() {
		for _, h := range skip {
			gone[tx.TxID] = gone[tx.TxID] || tx.Height == h
		}
	}
	unknown := 0
	for _, want := range b.Txs() {
		got, err := x.Tx(context.Background(), want.TxID)
		if gone[want.TxID] {
			if !errors.Is(err, chain.ErrNotFound) {
				t.Fatalf("%s: %v", want.TxID, err)
			}
			continue
		}
		if err != nil || got.Height != want.Height {
			t.Fatalf("%s: %+v %v, want height %d", want.TxID, got, err, want.Height)
		}
		for i, in := range got.In {
			if in.Known == (gone[in.Prev.TxID] || in.Coinbase) {
				t.Fatalf("%s input %d: known %v", want.TxID, i, in.Known)
			}
			if !in.Known && !in.Coinbase {
				unknown++
				if in.Address != "" || in.Value.Sign() != 0 || in.Value.Asset != "" {
					t.Fatalf("an unknown prevout has %+v", in)
				}
				spend, found, err := x.Spender(context.Background(), in.Prev)
				if err != nil || !found || spend.TxID != want.TxID {
					t.Fatalf("spender of an absent output: %+v %v %v", spend, found, err)
				}
			}
		}
	}
	if unknown == 0 {
		t.Fatal("nothing was unknown")
	}
}

// TestUnknownHeights: the first blocks of mainnet name no height; an island of
// them has none.
func TestUnknownHeights(t *testing.T) {
	b, err := os.ReadFile(firstBlocks(t))
	if err != nil {
		t.Fatal(err)
	}
	genesis := 8 + 285
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "blk00000.dat"), b[genesis:genesis+215*20], 0o644); err != nil {
		t.Fatal(err)
	}
	s, x := mustBuild(t, t.TempDir(), dir, Options{})
	if s.Islands != 1 || s.Height != nil || s.Blocks < 15 || s.Torn != 1 {
		t.Fatalf("%+v", s)
	}
	tx, err := x.Tx(context.Background(), "0e3e2357e806b6cdb1f70b54c3a3a17b6714ee1f0e68bebb44a74b1efd512098")
	if err != nil || tx.Height != -1 || tx.Block != "00000000839a8e6886ab5951d76f411475428afc90947ee320161bbf18eb6048" || tx.Time.Year() != 2009 {
		t.Fatalf("%+v %v", tx, err)
	}
}

func TestTornTail(t *testing.T) {
	b := economy(t, 30)
	s, x := mustBuild(t, t.TempDir(), write(t, b, chaintest.Shape{TornTail: 5}), Options{})
	// The fork is written last: its last block is torn, one is left.
	if s.Torn != 1 || s.Stale != 1 || int64(s.Blocks) != b.Height()+1 {
		t.Fatalf("%+v", s)
	}
	sameSource(t, x, b)
}

// TestCorruptRecord: a block with a flipped bit, or a record with a wrong
// length, is passed over and reported, and costs nothing behind it.
func TestCorruptRecord(t *testing.T) {
	b := economy(t, 30)
	dir := write(t, b, chaintest.Shape{})
	file := filepath.Join(dir, "blk00000.dat")
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	five := bytes.Index(raw, b.Block(5))
	seven := bytes.Index(raw, b.Block(7))
	raw[five+100] ^= 1
	raw[seven-2] ^= 0x40 // the length: far beyond the end, no block follows
	if err := os.WriteFile(file, raw, 0o644); err != nil {
		t.Fatal(err)
	}
	s, x := mustBuild(t, t.TempDir(), dir, Options{})
	if s.Corrupt+s.Torn != 2 || s.Islands != 2 || int64(s.Blocks)+2 != b.Height()+1 || s.Garbage == 0 {
		t.Fatalf("%+v", s)
	}
	if tip, err := x.Tip(context.Background()); err != nil || tip.Height != b.Height() || tip.Network != "regtest" {
		t.Fatalf("%+v %v", tip, err)
	}
}

func TestBuildRefuses(t *testing.T) {
	ctx := context.Background()
	b := economy(t, 6)
	blocks := write(t, b, chaintest.Shape{Key: [8]byte{1, 1, 2, 3, 5, 8, 13, 21}})
	if _, err := Build(ctx, t.TempDir(), blocks, Options{Network: "mainnet"}); err == nil || !strings.Contains(err.Error(), "regtest") {
		t.Errorf("wrong network: %v", err)
	}
	main := t.TempDir()
	if _, err := Build(ctx, main, firstChain(t), Options{}); err != nil {
		t.Fatal(err)
	}
	if _, err := Build(ctx, main, blocks, Options{}); err == nil {
		t.Error("regtest went into an index of mainnet")
	}
	if err := os.WriteFile(filepath.Join(blocks, "xor.dat"), []byte{1, 2, 3}, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Build(ctx, t.TempDir(), blocks, Options{}); err == nil || !strings.Contains(err.Error(), "XOR") {
		t.Errorf("short key: %v", err)
	}
	if err := os.Remove(filepath.Join(blocks, "xor.dat")); err != nil {
		t.Fatal(err)
	}
	if _, err := Build(ctx, t.TempDir(), blocks, Options{}); err == nil || !strings.Contains(err.Error(), "xor.dat") {
		t.Errorf("missing key: %v", err)
	}
	if _, err := Build(ctx, t.TempDir(), t.TempDir(), Options{}); err == nil {
		t.Error("an empty folder was indexed")
	}
	stopped, cancel := context.WithCancel(ctx)
	cancel()
	dir := t.TempDir()
	if _, err := Build(stopped, dir, write(t, b, chaintest.Shape{}), Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if _, err := Open(dir); !errors.Is(err, ErrNoIndex) {
		t.Errorf("half an index opens: %v", err)
	}
}

// contents are the files of an index folder.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		all[e.Name()] = string(b)
	}
	return all
}

func same(a, b map[string]string) error {
	if len(a) != len(b) {
		return fmt.Errorf("%d files and %d", len(a), len(b))
	}
	for name, text := range a {
		if b[name] != text {
			return fmt.Errorf("%s differs", name)
		}
	}
	return nil
}

// TestRebuild: the same bytes whatever the memory and the workers; nothing to do
// when nothing changed; new blocks are taken in.
func TestRebuild(t *testing.T) {
	ctx := context.Background()
	b := economy(t, 60)
	blocks := write(t, b, chaintest.Shape{PerFile: 6})
	one, two := t.TempDir(), t.TempDir()
	if _, err := Build(ctx, one, blocks, Options{MemoryLimit: 256 << 20, Workers: 1}); err != nil {
		t.Fatal(err)
	}
	if s, err := Build(ctx, two, blocks, Options{Workers: 7}); err != nil || s.Unchanged {
		t.Fatal(s, err)
	}
	if err := same(contents(t, one), contents(t, two)); err != nil {
		t.Fatal(err)
	}
	if s, err := Build(ctx, one, blocks, Options{}); err != nil || !s.Unchanged || int64(s.Blocks) != b.Height()+1 {
		t.Fatalf("%+v %v", s, err)
	}
	if _, err := b.Pay("ada", 1, chaintest.Out{To: "bek", Value: 1000}); err != nil {
		t.Fatal(err)
	}
	b.Mine("miner")
	if err := b.WriteShape(blocks, chaintest.Shape{PerFile: 6}); err != nil {
		t.Fatal(err)
	}
	s, x := mustBuild(t, one, blocks, Options{})
	if s.Unchanged || *s.Height != b.Height() || len(contents(t, one)) != 3 {
		t.Fatalf("%+v, %d files", s, len(contents(t, one)))
	}
	sameSource(t, x, b)
}

// TestDuplicateCoinbase: of two coinbases with one id (BIP-30), the later took
// the other's place, and an address got the money once.
func TestDuplicateCoinbase(t *testing.T) {
	raw, err := os.ReadFile(firstBlocks(t))
	if err != nil {
		t.Fatal(err)
	}
	// Block 1 again as its own grandchild: same coinbase, another header.
	genesis, first := raw[8:8+285], raw[8+285+8:8+285+8+215]
	child := bytes.Clone(first)
	id := header(first).hash()
	copy(child[4:36], id[:])
	var file []byte
	for _, b := range [][]byte{genesis, first, child} {
		file = append(append(file, 0xf9, 0xbe, 0xb4, 0xd9, byte(len(b)), byte(len(b)>>8), 0, 0), b...)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "blk00000.dat"), file, 0o644); err != nil {
		t.Fatal(err)
	}
	s, x := mustBuild(t, t.TempDir(), dir, Options{})
	if s.Blocks != 3 || s.Transactions != 3 || s.Duplicate != 0 {
		t.Fatalf("%+v", s)
	}
	tx, err := x.Tx(context.Background(), "0e3e2357e806b6cdb1f70b54c3a3a17b6714ee1f0e68bebb44a74b1efd512098")
	if err != nil || tx.Height != 2 {
		t.Fatalf("%+v %v", tx, err)
	}
}

// TestMissingBlockFile: an index whose block files went away says so.
func TestMissingBlockFile(t *testing.T) {
	b := economy(t, 6)
	blocks := write(t, b, chaintest.Shape{})
	_, x := mustBuild(t, t.TempDir(), blocks, Options{})
	if err := os.Remove(filepath.Join(blocks, "blk00000.dat")); err != nil {
		t.Fatal(err)
	}
	if _, err := x.Tx(context.Background(), b.Txs()[1].TxID); err == nil || errors.Is(err, chain.ErrNotFound) {
		t.Fatalf("%v", err)
	}
}

// TestTraceEqual: a trace over the index equals one over the chain's own account
// of itself.
func TestTraceEqual(t *testing.T) {
	b := economy(t, 60)
	_, x := mustBuild(t, t.TempDir(), write(t, b, chaintest.Shape{Key: [8]byte{1}, Shuffle: true}), Options{})
	for _, subject := range []string{b.Address("ada"), b.Address("dilshod"), b.Txs()[9].TxID, b.Txs()[12].TxID + ":0"} {
		for _, direction := range []string{chain.Forward, chain.Backward} {
			for _, method := range []string{chain.FIFO, chain.Haircut, chain.Poison} {
				o := chain.Options{Direction: direction, Method: method}
				got, err := chain.Trace(context.Background(), x, subject, o)
				if err != nil {
					t.Fatal(err)
				}
				want, err := chain.Trace(context.Background(), b.Source(), subject, o)
				if err != nil {
					t.Fatal(err)
				}
				if g, w := fmt.Sprintf("%+v", lines(got)), fmt.Sprintf("%+v", lines(want)); g != w {
					t.Fatalf("%s %s %s\n%s\n%s", subject, direction, method, g, w)
				}
			}
		}
	}
}

func lines(tr tamga.Trace) (all []string) {
	for _, h := range tr.Hops {
		all = append(all, fmt.Sprint(h.Depth, h.TxID, h.In.TxID, *h.In.Vout, h.In.Address, h.In.Value, h.Out, h.Amount, *h.Height, *h.Time))
	}
	for _, e := range tr.Ends {
		all = append(all, fmt.Sprint(e))
	}
	return all
}

// TestConcurrent: one index answers several traces at a time.
func TestConcurrent(t *testing.T) {
	b := economy(t, 30)
	_, x := mustBuild(t, t.TempDir(), write(t, b, chaintest.Shape{PerFile: 3, Key: [8]byte{7}}), Options{})
	var wg sync.WaitGroup
	results := make([]string, 6)
	for i := range results {
		wg.Go(func() {
			tr, err := chain.Trace(context.Background(), x, b.Address("ada"), chain.Options{})
			results[i] = fmt.Sprint(lines(tr), err)
		})
	}
	wg.Wait()
	for _, r := range results {
		if r != results[0] || len(r) < 1000 {
			t.Fatalf("%.200s\n%.200s", r, results[0])
		}
	}
}
