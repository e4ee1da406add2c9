package bitcoin

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tamga"
	"tamga/chain/chaintest"
)

// TestDigits: settled layers are written in base fan, every base layer is in one
// layer, and none more changes the layers of the chain before it but by merging.
func TestDigits(t *testing.T) {
	for _, fan := range []int{2, 3, 8} {
		r := cutRules{fan: fan}
		units := make([]span, 600)
		for i := range units {
			units[i] = span{unit: i, first: i * 10, end: i*10 + 10, id: fmt.Sprint(i)}
		}
		before := map[span]bool{}
		for settled := range len(units) - 5 {
			got := r.digits(units[:settled+5], settled)
			at, n, merged := 0, map[int]int{}, 0
			now := map[span]bool{}
			for _, s := range got {
				if s.first != at {
					t.Fatalf("fan %d, %d settled: a layer begins at %d, want %d", fan, settled, s.first, at)
				}
				at = s.end
				if s.unit < settled {
					n[s.level]++
				} else if s.level != 0 {
					t.Fatalf("a layer of level %d is not settled", s.level)
				}
				now[s] = true
				if s.level > 0 && !before[s] {
					merged++
				}
			}
			if at != (settled+5)*10 {
				t.Fatalf("the layers end at %d", at)
			}
			for level, k := range n {
				if k >= fan {
					t.Fatalf("fan %d, %d settled: %d layers of level %d", fan, settled, k, level)
				}
			}
			if merged > 1 {
				t.Fatalf("fan %d, %d settled: %d layers are new", fan, settled, merged)
			}
			before = now
		}
	}
}

// TestSortRows compares with a sort of the library, for keys that are spread, few,
// and alike in their first bytes.
func TestSortRows(t *testing.T) {
	b := &builder{o: Options{Workers: 3}}
	rng := rand.New(rand.NewPCG(1, 7))
	for name, key := range map[string]func() uint64{
		"spread": rng.Uint64,
		"few":    func() uint64 { return uint64(rng.IntN(3)) << 60 },
		"same":   func() uint64 { return 5 },
		"alike":  func() uint64 { return 0xabcd<<48 | rng.Uint64()>>32 },
	} {
		for _, n := range []int{0, 1, 50, 5000, 100_000} {
			rows := make([]row, n)
			for i := range rows {
				rows[i] = row{key(), uint32(i / 3), uint32(i % 3)}
			}
			want := slices.Clone(rows)
			slices.SortStableFunc(want, func(x, y row) int { return cmp.Compare(x.key, y.key) })
			if err := b.sortRows(context.Background(), rows, make([]row, n)); err != nil || !slices.Equal(rows, want) {
				t.Fatalf("%s, %d rows: %v", name, n, err)
			}
		}
	}
}

// rowsRun is a run in memory.
type rowsRun struct{ rows []row }

func (r *rowsRun) next() (row, bool, error) {
	if len(r.rows) == 0 {
		return row{}, false, nil
	}
	first := r.rows[0]
	r.rows = r.rows[1:]
	return first, true, nil
}

// TestMerge: runs of any lengths come out as if sorted together, rows of one key in
// the order of the runs; a run out of order is refused.
func TestMerge(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 8))
	for k := range 20 {
		var runs []run
		var want []row
		for i := range k {
			s := &rowsRun{}
			key := uint64(0)
			for n := range rng.IntN(200) {
				key += rng.Uint64N(3)
				s.rows = append(s.rows, row{key, uint32(i), uint32(n)})
			}
			want = append(want, s.rows...)
			runs = append(runs, s)
		}
		slices.SortStableFunc(want, func(x, y row) int { return cmp.Compare(x.key, y.key) })
		m, err := newMerge(runs)
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; ; i++ {
			r, from, ok, err := m.next()
			if err != nil {
				t.Fatal(err)
			}
			if !ok {
				if i != len(want) {
					t.Fatalf("%d rows, want %d", i, len(want))
				}
				break
			}
			if r != want[i] || from != int(r.a) {
				t.Fatalf("row %d of %d runs: %v of run %d, want %v", i, k, r, from, want[i])
			}
		}
	}
	m, err := newMerge([]run{&rowsRun{[]row{{key: 5}, {key: 4}}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, _, err := m.next(); !errors.Is(err, errUnsorted) {
		t.Fatalf("a run out of order: %v", err)
	}
}

// TestSearch finds the first row of a key wherever it is, however keys are spread.
func TestSearch(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 9))
	for name, key := range map[string]func() uint64{
		"spread": rng.Uint64,
		"low":    func() uint64 { return rng.Uint64() >> 50 },
		"high":   func() uint64 { return ^(rng.Uint64() >> 50) },
		"two":    func() uint64 { return uint64(rng.IntN(2)) << 63 },
	} {
		for _, n := range []int{0, 1, 2, 3, 17, 1000, 20_000} {
			keys := make([]uint64, n)
			for i := range keys {
				keys[i] = key()
			}
			slices.Sort(keys)
			s := &segment{row: hashRow}
			for i, k := range keys {
				s.rows = row{k, uint32(i), 0}.bytes(s.rows)
			}
			for range 500 {
				k := key()
				want, _ := slices.BinarySearch(keys, k)
				if got, err := s.search(k); got != want || err != nil {
					t.Fatalf("%s of %d: %d, want %d", name, n, got, want)
				}
			}
		}
	}
}

// TestOldReader: what is open goes on answering as before while builds make new
// indexes and sweep away the files of its own; who opens meanwhile gets either.
func TestOldReader(t *testing.T) {
	ctx := context.Background()
	b := chaintest.New("reader")
	rng := rand.New(rand.NewPCG(7, 7))
	payments(t, b, rng, 40)
	blocks, dir := newBlkFolder(t, 6), t.TempDir()
	blocks.append(t, b, b.Height())
	_, x := mustBuild(t, dir, blocks.dir, Options{cut: small})
	old := map[string]*tamga.Tx{}
	for _, tx := range b.Txs() {
		old[tx.TxID] = tx
	}
	stop, opened := make(chan struct{}), make(chan error, 1)
	go func() {
		for {
			select {
			case <-stop:
				opened <- nil
				return
			default:
			}
			y, err := Open(dir)
			if err != nil {
				opened <- err
				return
			}
			y.Close()
		}
	}()
	for range 12 {
		payments(t, b, rng, 10)
		blocks.append(t, b, b.Height())
		if _, err := Build(ctx, dir, blocks.dir, Options{cut: small}); err != nil {
			t.Fatal(err)
		}
	}
	close(stop)
	if err := <-opened; err != nil {
		t.Fatal(err)
	}
	gone := 0
	for _, f := range x.m.files() {
		if _, err := os.Stat(filepath.Join(dir, f.Name)); err != nil {
			gone++
		}
	}
	if gone == 0 {
		t.Fatal("no file of the old index was swept away")
	}
	for id, want := range old {
		if got, err := x.Tx(ctx, id); err != nil || got.Block != want.Block || got.Height != want.Height {
			t.Fatalf("%s: %+v %v", id, got, err)
		}
	}
	last := b.Txs()[len(b.Txs())-1]
	if _, err := x.Tx(ctx, last.TxID); err == nil {
		t.Fatal("the old index knows a new transaction")
	}
}

// TestOlderVersion: the manifest of version 1 is told apart, and built again.
func TestOlderVersion(t *testing.T) {
	b := economy(t, 6)
	blocks, dir := write(t, b, chaintest.Shape{}), t.TempDir()
	old := `{"version":1,"network":"regtest","blocks":"x","files":{"txs":{"name":"txs-0.seg","size":16}},"summary":{}}`
	for name, text := range map[string]string{manifestName: old, "txs-0.seg": "TAMGASEG"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Open(dir); !errors.Is(err, ErrVersion) || errors.Is(err, ErrDamaged) {
		t.Fatalf("version 1 opens: %v", err)
	}
	s, err := Build(context.Background(), dir, blocks, Options{})
	if err != nil || !strings.Contains(s.Discarded, "version") || s.Unchanged {
		t.Fatalf("%+v %v", s, err)
	}
	equalsWhole(t, dir, blocks, Options{})
}

// FuzzManifest reads manifests of any bytes, with a checksum that fits so that the
// rest is looked at: an error or a manifest whose layers follow each other.
func FuzzManifest(f *testing.F) {
	b := economy(f, 6)
	dir := f.TempDir()
	mustBuild(f, dir, write(f, b, chaintest.Shape{}), Options{cut: small})
	good, err := os.ReadFile(filepath.Join(dir, manifestName))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte(`{"version":2,"layers":[{"name":"../x","size":-1}]}`))
	f.Add([]byte(`{"version":1}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var m manifest
		if json.Unmarshal(text, &m) == nil && m.stamp() == nil {
			if b, err := json.Marshal(m); err == nil {
				text = b
			}
		}
		got, err := parseManifest(text)
		if err != nil {
			return
		}
		next := uint32(0)
		for _, l := range got.Layers {
			if l.FirstTx != next || filepath.Base(l.Name) != l.Name {
				t.Fatalf("%+v", l)
			}
			next += l.Txs
		}
	})
}

// FuzzLayer opens a layer of any bytes, entered in a manifest as it says of itself:
// an error or a layer, and no question ends in a panic.
func FuzzLayer(f *testing.F) {
	b := economy(f, 6)
	dir := f.TempDir()
	mustBuild(f, dir, write(f, b, chaintest.Shape{}), Options{})
	m, err := readManifest(dir)
	if err != nil {
		f.Fatal(err)
	}
	good, err := os.ReadFile(filepath.Join(dir, m.Layers[0].Name))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(good[:layerHead])
	f.Add(layerSize{blocks: 1 << 31, txs: 1 << 31, spends: 1 << 63, paid: 1 << 60}.head())
	txs := b.Txs()
	f.Fuzz(func(t *testing.T, text []byte) {
		defer func(n int64) { verifiedAtOnce = n }(verifiedAtOnce)
		verifiedAtOnce = -1
		own := *m
		l := layerFile{sealed: sealed{Name: "layer-fuzz.seg", Size: int64(len(text))}}
		if z, err := parseLayerHead(text); err == nil {
			l.FirstBlock, l.Blocks, l.FirstTx, l.Txs = z.firstBlock, z.blocks, z.firstTx, z.txs
		}
		own.Layers = []layerFile{l}
		if err := os.WriteFile(filepath.Join(dir, l.Name), text, 0o644); err != nil {
			t.Fatal(err)
		}
		x, err := open(dir, &own)
		if err != nil {
			return
		}
		defer x.Close()
		for _, tx := range txs {
			if got, err := x.Tx(context.Background(), tx.TxID); err == nil && got.TxID != tx.TxID {
				t.Fatalf("asked for %s, got %s", tx.TxID, got.TxID)
			}
			x.Spender(context.Background(), tamga.Outpoint{TxID: tx.TxID})
			for range x.History(context.Background(), b.Address("ada")) {
			}
		}
	})
}

// FuzzJournal replays a journal of any bytes: what is whole in it is taken in, and
// the next record is written behind that.
func FuzzJournal(f *testing.F) {
	dir := f.TempDir()
	of := journaled{Version: manifestVer, Network: "regtest", LayerRows: 7}
	j, err := openJournal(dir, of, nil, nil)
	if err != nil {
		f.Fatal(err)
	}
	j.add(recordSource, sourceFile{Name: "blk00000.dat", Blocks: 2}, make([]byte, 2*scanRow))
	j.add(recordLayer, layerFile{sealed: sealed{Name: "layer-0.seg"}}, nil)
	j.close()
	good, err := os.ReadFile(filepath.Join(dir, journalName))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(good[:len(good)-3])
	f.Add(bytes.Repeat([]byte{0xff}, 40))
	f.Fuzz(func(t *testing.T, text []byte) {
		if err := os.WriteFile(filepath.Join(dir, journalName), text, 0o644); err != nil {
			t.Fatal(err)
		}
		seen := 0
		source := func(s sourceFile, rows []byte) {
			seen++
			if len(rows) != s.Blocks*scanRow {
				t.Fatalf("%d blocks in %d bytes", s.Blocks, len(rows))
			}
		}
		layer := func(layerFile) { seen++ }
		j, err := openJournal(dir, of, source, layer)
		if err != nil {
			t.Fatal(err)
		}
		first := seen
		if err := j.add(recordLayer, layerFile{sealed: sealed{Name: "layer-1.seg"}}, nil); err != nil {
			t.Fatal(err)
		}
		j.close()
		seen = 0
		if j, err = openJournal(dir, of, source, layer); err != nil || seen != first+1 {
			t.Fatalf("%d records, then %d: %v", first, seen, err)
		}
		j.close()
	})
}

// TestCountAddresses: going through all scripts at once and looking those of a layer
// up in the ones before count the same, and what the chain says.
func TestCountAddresses(t *testing.T) {
	ctx := context.Background()
	b := economy(t, 60)
	dir := t.TempDir()
	s, x := mustBuild(t, dir, write(t, b, chaintest.Shape{}), Options{cut: small})
	paid := map[string]bool{}
	for _, tx := range b.Txs() {
		for _, out := range tx.Out {
			if out.Address != "" {
				paid[out.Address] = true
			}
		}
	}
	if len(x.layers) < 4 || s.Addresses != int64(len(paid)) {
		t.Fatalf("%d layers, %d addresses, want %d", len(x.layers), s.Addresses, len(paid))
	}
	uncount := func() []layerFile {
		layers := slices.Clone(x.m.Layers)
		for i := range layers {
			layers[i].Addresses = uncounted
		}
		return layers
	}
	merged, probed := uncount(), uncount()
	if err := mergeAddresses(ctx, dir, merged, x.layers); err != nil {
		t.Fatal(err)
	}
	if err := probeAddresses(ctx, probed, x.layers); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(merged, x.m.Layers) || !slices.Equal(probed, x.m.Layers) {
		t.Fatalf("%+v\n%+v\nwant %+v", merged, probed, x.m.Layers)
	}
}
