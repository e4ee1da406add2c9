package bitcoin

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"tamga/chain/chaintest"
)

func undoChain(t testing.TB) (dir string, made chaintest.Made) {
	return synthetic(t, chaintest.Synthetic{
		Seed: 11, Size: 2 << 20, BlockSize: 90_000, FileSize: 600_000, Shuffle: 6, Stale: 5,
		Key: [8]byte{0xa1, 2, 3, 0xf4, 5, 6, 7, 8}, Undo: true,
	})
}

// sameAsLookedUp compares what undo data says of every transaction with what the index
// finds, and returns how many inputs it says nothing of.
func sameAsLookedUp(t testing.TB, x *Index) (silent int) {
	t.Helper()
	c := undoCursor{x: x}
	for num := range uint32(x.txs.len()) {
		s, err := x.load(num)
		if err != nil {
			t.Fatal(err)
		}
		looked := *s
		if !c.fill(s) {
			if !s.tx.isCoinbase() {
				silent += s.tx.nIn
			}
			if s.prev != nil {
				t.Fatalf("transaction %d: no undo data, and yet %d prevouts", num, len(s.prev))
			}
			continue
		}
		if len(s.prev) != s.tx.nIn {
			t.Fatalf("transaction %d: %d prevouts of %d inputs", num, len(s.prev), s.tx.nIn)
		}
		if err := looked.spent(x.find, func(i int, _ input, out output, known bool) {
			if said := s.prev[i].out; !known || said.value != out.value || !bytes.Equal(said.script, out.script) {
				t.Fatalf("transaction %d, input %d: undo data says %+v, the ledger %+v", num, i, said, out)
			}
		}); err != nil {
			t.Fatal(err)
		}
	}
	return silent
}

// TestUndoIndex has records out of order, masked, in several files, and stale blocks.
func TestUndoIndex(t *testing.T) {
	blocks, made := undoChain(t)
	dir := t.TempDir()
	s, x := mustBuild(t, dir, blocks, Options{Workers: 3})
	if s.Undo == nil || *s.Undo != (UndoSummary{Blocks: made.Blocks - 2}) { // genesis and the first pay only
		t.Fatalf("undo data: %+v of %d blocks", s.Undo, made.Blocks)
	}
	if silent := sameAsLookedUp(t, x); silent > 0 {
		t.Errorf("undo data is silent on %d inputs", silent)
	}
	if again, _ := mustBuild(t, dir, blocks, Options{}); !again.Unchanged || *again.Undo != *s.Undo {
		t.Errorf("built again: %+v", again)
	}
	if err := x.Verify(context.Background()); err != nil {
		t.Error(err)
	}
	if got := x.Summary().Undo; got == nil || *got != *s.Undo {
		t.Errorf("the index says %+v", got)
	}
	// In any order, a cursor says the same.
	c := undoCursor{x: x}
	for _, num := range []uint32{40, 900, 41, 39, 40, 3000, 2} {
		st, err := x.load(num)
		if err != nil {
			t.Fatal(err)
		}
		if ok := c.fill(st); ok == st.tx.isCoinbase() {
			t.Errorf("transaction %d: %v", num, ok)
		}
	}
}

// TestUndoDamaged has undo files that are absent, cut, changed, of other blocks, or that
// changed after they were indexed: what they do not give is looked up.
func TestUndoDamaged(t *testing.T) {
	rev := func(dir string, n int) string {
		files, _ := filepath.Glob(filepath.Join(dir, "rev*.dat"))
		return files[n]
	}
	edit := func(t *testing.T, file string, f func(b []byte) []byte) {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, f(b), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name string
		do   func(t *testing.T, dir string)
		want func(s UndoSummary) bool
	}{
		{"absent", func(t *testing.T, dir string) { os.Remove(rev(dir, 1)) },
			func(s UndoSummary) bool { return s.Missing > 3 && s.Damage == Damage{} }},
		{"cut", func(t *testing.T, dir string) {
			edit(t, rev(dir, 1), func(b []byte) []byte { return b[:len(b)*2/3] })
		}, func(s UndoSummary) bool { return s.Missing > 0 && s.Torn == 1 }},
		{"changed", func(t *testing.T, dir string) {
			edit(t, rev(dir, 0), func(b []byte) []byte { b[len(b)/2] ^= 1; return b })
		}, func(s UndoSummary) bool { return s.Missing == 1 && s.Foreign+s.Corrupt > 0 }},
		{"zero padding", func(t *testing.T, dir string) {
			edit(t, rev(dir, 0), func(b []byte) []byte {
				pad := make([]byte, 5000)
				unmask(pad, [8]byte{0xa1, 2, 3, 0xf4, 5, 6, 7, 8}, int64(len(b)))
				return append(b, pad...)
			})
		}, func(s UndoSummary) bool { return s == UndoSummary{Blocks: s.Blocks} }},
		{"of another chain", func(t *testing.T, dir string) {
			other, _ := synthetic(t, chaintest.Synthetic{
				Seed: 12, Size: 1 << 20, BlockSize: 90_000, FileSize: 1 << 20, Key: [8]byte{0xa1, 2, 3, 0xf4, 5, 6, 7, 8}, Undo: true,
			})
			b, err := os.ReadFile(rev(other, 0))
			if err != nil {
				t.Fatal(err)
			}
			edit(t, rev(dir, 0), func([]byte) []byte { return b })
		}, func(s UndoSummary) bool { return s.Missing > 3 && s.Foreign > 3 }},
		{"garbage", func(t *testing.T, dir string) {
			edit(t, rev(dir, 0), func(b []byte) []byte { return bytes.Repeat([]byte{0x5a}, len(b)) })
		}, func(s UndoSummary) bool { return s.Missing > 3 && s.Garbage > 0 }},
	} {
		t.Run(c.name, func(t *testing.T) {
			blocks, made := undoChain(t)
			c.do(t, blocks)
			s, x := mustBuild(t, t.TempDir(), blocks, Options{})
			if u := *s.Undo; u.Blocks+u.Missing != made.Blocks-2 || u.Blocks == 0 || !c.want(u) {
				t.Errorf("%+v of %d blocks", u, made.Blocks)
			}
			if silent := sameAsLookedUp(t, x); (silent > 0) != (s.Undo.Missing > 0) {
				t.Errorf("undo data is silent on %d inputs: %+v", silent, s.Undo)
			}
		})
	}
	t.Run("changed after it was indexed", func(t *testing.T) {
		blocks, _ := undoChain(t)
		dir := t.TempDir()
		first, x := mustBuild(t, dir, blocks, Options{})
		edit(t, rev(blocks, 0), func(b []byte) []byte { b[len(b)/3] ^= 0x10; return b[:len(b)-100] })
		if silent := sameAsLookedUp(t, x); silent == 0 {
			t.Error("undo data that does not match its checksum is believed")
		}
		s, err := BuildUndo(context.Background(), dir, Options{})
		if err != nil || s.Blocks >= first.Undo.Blocks || s.Blocks+s.Missing != first.Undo.Blocks {
			t.Errorf("read again: %+v, %v", s, err)
		}
		for n := range 9 {
			if file := filepath.Join(blocks, "rev0000"+string(rune('0'+n))+".dat"); os.Remove(file) != nil {
				break
			}
		}
		if s, err = BuildUndo(context.Background(), dir, Options{}); err != nil || s.Blocks != 0 || s.Missing != first.Undo.Blocks {
			t.Errorf("all taken away: %+v, %v", s, err)
		}
	})
}

// TestUndoGrows adds files to an index, which changes what is the best chain, and compares
// it with an index built at once.
func TestUndoGrows(t *testing.T) {
	blocks, _ := undoChain(t)
	aside := t.TempDir()
	later, _ := filepath.Glob(filepath.Join(blocks, "*0000[2-9].dat"))
	move := func(from, to string) {
		t.Helper()
		for _, file := range later {
			if err := os.Rename(filepath.Join(from, filepath.Base(file)), filepath.Join(to, filepath.Base(file))); err != nil {
				t.Fatal(err)
			}
		}
	}
	ctx, grown, once := context.Background(), t.TempDir(), t.TempDir()
	move(blocks, aside)
	part, err := Build(ctx, grown, blocks, Options{})
	if err != nil || part.Undo == nil || part.Undo.Blocks == 0 {
		t.Fatalf("%+v, %v", part, err)
	}
	move(aside, blocks)
	for _, dir := range []string{grown, once} {
		if _, err := Build(ctx, dir, blocks, Options{}); err != nil {
			t.Fatal(err)
		}
	}
	a, err := os.ReadFile(filepath.Join(grown, manifestName))
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(once, manifestName))
	if err != nil || !bytes.Equal(a, b) {
		t.Errorf("%v: grown:\n%s\nat once:\n%s", err, a, b)
	}
}

// TestUndoContradicts gives undo data with right checksums and wrong amounts.
func TestUndoContradicts(t *testing.T) {
	blocks, made := synthetic(t, chaintest.Synthetic{Seed: 2, Size: 1 << 20, BlockSize: 90_000, Undo: true})
	_, x := mustBuild(t, t.TempDir(), blocks, Options{})
	var forged []byte
	for i := range uint32(x.blocks.len()) {
		b := x.block(i)
		data := slices.Clone(x.undoData(&b, nil))
		if data == nil {
			continue
		}
		var out []byte
		n, pos, err := undoStart(data)
		var r undoReader
		out = chaintest.AppendSize(out, n)
		for range n {
			var coins []byte
			ins := 0
			if _, pos, err = r.transaction(data, pos, func(_ int, c undoCoin) {
				coins = chaintest.AppendCoin(coins, c.height, c.coinbase, c.out.value+1, c.out.script)
				ins++
			}); err != nil {
				t.Fatal(err)
			}
			out = append(chaintest.AppendSize(out, ins), coins...)
		}
		prev, err := x.parent(&b)
		if err != nil {
			t.Fatal(err)
		}
		forged = append(forged, chaintest.UndoRecord(out, prev)...)
	}
	if err := os.WriteFile(filepath.Join(blocks, "rev00000.dat"), forged, 0o644); err != nil {
		t.Fatal(err)
	}
	s, x := mustBuild(t, t.TempDir(), blocks, Options{})
	if s.Undo.Blocks != 0 || s.Undo.Refused != made.Blocks-2 {
		t.Errorf("%+v", s.Undo)
	}
	if silent := sameAsLookedUp(t, x); silent == 0 {
		t.Error("wrong amounts are believed")
	}
}

// TestUndoIslands has blocks whose parents are not at hand, as a pruned node: what they
// spend is known from undo data alone.
func TestUndoIslands(t *testing.T) {
	blocks, _ := synthetic(t, chaintest.Synthetic{
		Seed: 11, Size: 2 << 20, BlockSize: 90_000, FileSize: 600_000, Shuffle: 6, Undo: true,
	})
	for _, n := range []string{"0", "1"} {
		for _, kind := range []string{"blk", "rev"} {
			if err := os.Remove(filepath.Join(blocks, kind+"0000"+n+".dat")); err != nil {
				t.Fatal(err)
			}
		}
	}
	s, x := mustBuild(t, t.TempDir(), blocks, Options{})
	if s.Islands == 0 || s.Undo.Blocks < 5 || s.Undo.Missing > 0 {
		t.Fatalf("%+v", s)
	}
	for num := uint32(0); int64(num) < s.Transactions; num += 7 {
		st, err := x.load(num)
		if err != nil {
			t.Fatal(err)
		}
		tx, err := x.Tx(context.Background(), st.id.String())
		if err != nil {
			t.Fatal(err)
		}
		for i, in := range tx.In {
			if !in.Known && !in.Coinbase {
				t.Fatalf("transaction %d, input %d: not known; %+v", num, i, s.Undo)
			}
		}
		if err := st.balanced(tx); err != nil && !tx.In[0].Coinbase {
			t.Error(err)
		}
	}
}

func FuzzScanUndo(f *testing.F) {
	magic := [4]byte{0xfa, 0xbf, 0xb5, 0xda}
	rec := chaintest.UndoRecord([]byte{1, 1, 0, 0, 6}, Hash{1})
	f.Add(rec)
	f.Add(append(append([]byte("noise"), rec...), rec[:20]...))
	f.Add(append(slices.Clone(rec[:8]), rec...))
	f.Fuzz(func(t *testing.T, b []byte) {
		var d Damage
		last := int64(0)
		w := &window{f: bytes.NewReader(b), size: int64(len(b))}
		if err := scanUndo(context.Background(), w, magic, &d, func(r undoRecord) error {
			if r.offset < last || r.offset+int64(len(r.data))+undoTail > int64(len(b)) ||
				!bytes.Equal(r.data, b[r.offset:r.offset+int64(len(r.data))]) {
				t.Fatalf("a record at %d of %d bytes", r.offset, len(r.data))
			}
			last = r.offset + int64(len(r.data)) + undoTail
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if d.Garbage > int64(len(b)) || d.Torn+d.Corrupt > len(b) {
			t.Fatalf("%+v of %d bytes", d, len(b))
		}
	})
}
