package bitcoin

import (
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
	"time"

	"golang.org/x/sys/unix"

	"tamga"
	"tamga/chain"
	"tamga/chain/chaintest"
	"tamga/chain/coinjoin"
)

// withMix is an economy in which five made one transaction together.
func withMix(t testing.TB, payments int) *chaintest.Builder {
	t.Helper()
	b := economy(t, payments)
	var ins []tamga.Outpoint
	var outs []chaintest.Out
	for i, name := range []string{"ada", "bek", "chinara", "dilshod", "elnura"} {
		coin := b.Coins(name)[0]
		ins = append(ins, coin.Outpoint)
		fresh := b.NewAddress(name)
		outs = append(outs, chaintest.Out{To: fresh, Value: 1_234_567})
		if rest := coin.Value - 1_234_567 - 300; rest > 600 && i < 4 {
			outs = append(outs, chaintest.Out{To: b.NewAddress(name), Value: rest})
		}
	}
	if _, err := b.Spend(ins, outs...); err != nil {
		t.Fatal(err)
	}
	b.Mine("miner")
	return b
}

// partition is the wallets of transactions up to a height, worked out plainly:
// each address with all that share its wallet.
func partition(txs []*tamga.Tx, height int64) map[string][]string {
	root := map[string]string{}
	var find func(string) string
	find = func(a string) string {
		if root[a] == a {
			return a
		}
		root[a] = find(root[a])
		return root[a]
	}
	see := func(a string) {
		if a != "" && root[a] == "" {
			root[a] = a
		}
	}
	for _, tx := range txs {
		for _, in := range tx.In {
			see(in.Address)
		}
		for _, o := range tx.Out {
			see(o.Address)
		}
		if tx.Height > height || coinjoin.Abstains(tx, "regtest") {
			continue
		}
		first := ""
		for _, in := range tx.In {
			if in.Address == "" {
				continue
			}
			if first != "" {
				root[find(in.Address)] = find(first)
			}
			first = in.Address
		}
	}
	sets := map[string][]string{}
	for a := range root {
		sets[find(a)] = append(sets[find(a)], a)
	}
	out := map[string][]string{}
	for _, s := range sets {
		slices.Sort(s)
		for _, a := range s {
			out[a] = s
		}
	}
	return out
}

func sorted(s []string) []string {
	s = slices.Clone(s)
	slices.Sort(s)
	return s
}

func openWallets(t testing.TB, dir string) (*Index, *Wallets) {
	t.Helper()
	if err := BuildWallets(context.Background(), dir, nil); err != nil {
		t.Fatal(err)
	}
	x, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	w, err := x.Wallets()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close(); x.Close() })
	return x, w
}

// proves says what is wrong with a proof that a and b share a wallet.
func proves(why tamga.Why, a, b string, txs map[string]*tamga.Tx, height int64) error {
	reached := map[string]bool{a: true}
	for i, m := range why.Proof {
		tx := txs[m.TxID]
		if tx == nil || m.Height == nil || *m.Height != tx.Height || tx.Height > height {
			return fmt.Errorf("step %d: transaction %s", i, m.TxID)
		}
		if m.Support < 1 || len(m.Inputs) == 2 && m.Support != supports(txs, m.Inputs[0].Address, m.Inputs[1].Address, height) {
			return fmt.Errorf("step %d: support %d", i, m.Support)
		}
		if coinjoin.Abstains(tx, "regtest") || len(m.Inputs) < 2 {
			return fmt.Errorf("step %d speaks through what it must not, or through one input", i)
		}
		shares := false
		for _, in := range m.Inputs {
			if int(in.N) >= len(tx.In) || tx.In[in.N].Address != in.Address {
				return fmt.Errorf("step %d: input %d is not of %s", i, in.N, in.Address)
			}
			shares = shares || reached[in.Address]
		}
		if !shares {
			return fmt.Errorf("step %d shares nothing with the ones before", i)
		}
		for _, in := range m.Inputs {
			reached[in.Address] = true
		}
	}
	if !reached[b] {
		return errors.New("the proof does not reach the second address")
	}
	return nil
}

// supports counts the transactions that two addresses sign together.
func supports(txs map[string]*tamga.Tx, a, b string, height int64) (n int) {
	for _, tx := range txs {
		signs := func(addr string) bool {
			return slices.ContainsFunc(tx.In, func(in tamga.TxIn) bool { return in.Address == addr })
		}
		if tx.Height <= height && signs(a) && signs(b) && !coinjoin.Abstains(tx, "regtest") {
			n++
		}
	}
	return n
}

// TestWallets: from block files and from JSON, now and at each height, the
// partition is the plain one, and every proof holds.
func TestWallets(t *testing.T) {
	b := withMix(t, 150)
	txs := map[string]*tamga.Tx{}
	for _, tx := range b.Txs() {
		txs[tx.TxID] = tx
	}
	fromBlocks, fromJSON := t.TempDir(), t.TempDir()
	mustBuild(t, fromBlocks, write(t, b, chaintest.Shape{}), Options{})
	var lines strings.Builder
	for _, tx := range b.Txs() {
		lines.Write(corePrints(t, tx))
	}
	if _, err := BuildTransactions(context.Background(), fromJSON, strings.NewReader(lines.String()), Options{Network: "regtest"}); err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	for name, dir := range map[string]string{"blocks": fromBlocks, "JSON": fromJSON} {
		_, w := openWallets(t, dir)
		now := partition(b.Txs(), Now)
		seen := 0
		for v, err := range w.All(ctx) {
			if err != nil {
				t.Fatal(err)
			}
			if v.Size != len(v.Addresses) || v.ID != v.Addresses[0] || !slices.Equal(sorted(v.Addresses), now[v.ID]) {
				t.Fatalf("%s: %+v, want %v", name, v, now[v.ID])
			}
			seen += v.Size
		}
		if seen != len(now) {
			t.Fatalf("%s: %d addresses in wallets, want %d", name, seen, len(now))
		}
		addrs := make([]string, 0, len(now))
		for a := range now {
			addrs = append(addrs, a)
		}
		slices.Sort(addrs)
		r := rand.New(rand.NewPCG(1, 2))
		for range 60 {
			a, c := addrs[r.IntN(len(addrs))], addrs[r.IntN(len(addrs))]
			if set := now[a]; r.IntN(2) == 0 {
				c = set[r.IntN(len(set))]
			}
			height := int64(Now)
			if r.IntN(3) > 0 {
				height = r.Int64N(b.Height() + 1)
			}
			then := partition(b.Txs(), height)
			v, err := w.Of(ctx, a, height)
			if err != nil || !slices.Equal(sorted(v.Addresses), then[a]) {
				t.Fatalf("%s at %d: %+v %v, want %v", name, height, v, err, then[a])
			}
			why, err := w.Why(ctx, a, c, height)
			same := slices.Contains(then[a], c)
			if err != nil || why.Same != same {
				t.Fatalf("%s at %d, %s %s: %+v %v, want same %v", name, height, a, c, why, err, same)
			}
			if same {
				if err := proves(why, a, c, txs, height); err != nil {
					t.Fatalf("%s: %v: %+v", name, err, why)
				}
			} else if len(why.Proof) > 0 {
				t.Fatalf("a proof of what is not: %+v", why)
			}
		}
		if _, err := w.Of(ctx, chaintest.New("another").Address("nobody"), Now); !errors.Is(err, chain.ErrNotFound) {
			t.Errorf("an address never seen: %v", err)
		}
		if _, err := w.Why(ctx, "garbage", addrs[0], Now); err == nil || errors.Is(err, chain.ErrNotFound) {
			t.Errorf("what is no address: %v", err)
		}
	}
}

// corePrints is a transaction as Bitcoin Core prints it with prevouts.
func corePrints(t testing.TB, tx *tamga.Tx) []byte {
	t.Helper()
	coins := func(a tamga.Amount) json.Number {
		n, _ := a.Int64()
		return json.Number(fmt.Sprintf("%d.%08d", n/chaintest.BTC, n%chaintest.BTC))
	}
	script := func(typ, addr string) map[string]any {
		if addr == "" {
			return map[string]any{"type": typ, "hex": "6a"}
		}
		return map[string]any{"type": typ, "address": addr}
	}
	var in, out []any
	for _, i := range tx.In {
		if i.Coinbase {
			in = append(in, map[string]any{"coinbase": "00", "sequence": i.Sequence})
			continue
		}
		in = append(in, map[string]any{
			"txid": i.Prev.TxID, "vout": i.Prev.Vout, "sequence": i.Sequence,
			"prevout": map[string]any{"value": coins(i.Value), "scriptPubKey": script(i.Type, i.Address)},
		})
	}
	for _, o := range tx.Out {
		out = append(out, map[string]any{"n": o.N, "value": coins(o.Value), "scriptPubKey": script(o.Type, o.Address)})
	}
	line, err := json.Marshal(map[string]any{"txid": tx.TxID, "version": tx.Version, "blockhash": tx.Block, "height": tx.Height, "blocktime": tx.Time.Unix(), "vin": in, "vout": out})
	if err != nil {
		t.Fatal(err)
	}
	return append(line, '\n')
}

// TestStableName: a wallet keeps its name while it grows.
func TestStableName(t *testing.T) {
	b := withMix(t, 150)
	dir := t.TempDir()
	mustBuild(t, dir, write(t, b, chaintest.Shape{}), Options{})
	_, w := openWallets(t, dir)
	for v, err := range w.All(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		for h := int64(0); h <= b.Height(); h += 7 {
			then, err := w.Of(context.Background(), v.ID, h)
			if err != nil || then.ID != v.ID {
				t.Fatalf("at %d: %+v %v, want the name %s", h, then, err, v.ID)
			}
		}
	}
}

// TestBridge: one transaction does not join two large wallets, a second does.
func TestBridge(t *testing.T) {
	c := &joiner{sets: newForest(3 * bridge)}
	for i := range uint32(bridge - 1) {
		c.join(&merge{0, i + 1, 1, 0, 1, multiInput})
		c.join(&merge{bridge, bridge + i + 1, 2, 0, 1, multiInput})
	}
	c.join(&merge{5, bridge + 5, 3, 0, 1, multiInput})
	c.join(&merge{6, bridge + 6, 3, 0, 2, multiInput})
	if len(c.held) != 1 || c.sets.find(5) == c.sets.find(bridge+5) {
		t.Fatalf("one transaction joined them; %d held", len(c.held))
	}
	c.join(&merge{7, 2 * bridge, 4, 0, 1, multiInput})
	if c.sets.find(7) != c.sets.find(2*bridge) {
		t.Fatal("a small wallet was held off")
	}
	c.join(&merge{7, bridge + 7, 5, 0, 1, multiInput})
	if c.sets.find(5) != c.sets.find(bridge+5) {
		t.Fatal("a second transaction did not join them")
	}
}

// TestWalletsReproducible: the same blocks make the same bytes, and what ended a
// run leaves nothing that a next one does not mend.
func TestWalletsReproducible(t *testing.T) {
	b := withMix(t, 60)
	blocks := write(t, b, chaintest.Shape{})
	sums := map[string]string{}
	for i := range 2 {
		dir := t.TempDir()
		mustBuild(t, dir, blocks, Options{})
		if i == 1 {
			ctx, cancel := context.WithCancel(context.Background())
			if err := BuildWallets(ctx, dir, &Options{Progress: func(done, _ int64) { cancel() }}); err == nil {
				if done, _ := readManifest(dir); done.Files[segmentMerges].Name == "" {
					t.Fatal("no error and no wallets")
				}
			}
			if err := os.WriteFile(filepath.Join(dir, segmentMerges+".tmp"), []byte("torn"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		x, _ := openWallets(t, dir)
		for _, kind := range []string{segmentScripts, segmentForest, segmentMerges, segmentHeld, segmentSigners} {
			f := x.m.Files[kind]
			if sums[kind] != "" && sums[kind] != f.SHA256 {
				t.Errorf("%s differs", kind)
			}
			sums[kind] = f.SHA256
		}
	}
}

// BenchmarkUnion joins a million pairs of two million scripts a pass, with the log on.
// Beside the time it prints what the unions take of a processor, which other programs
// on the machine change less.
func BenchmarkUnion(b *testing.B) {
	const n = 1 << 20
	r := rand.New(rand.NewPCG(1, 1))
	pairs := make([]merge, n)
	for i := range pairs {
		pairs[i] = merge{r.Uint32N(2 * n), r.Uint32N(2 * n), uint32(i), 0, 1, multiInput}
	}
	changed := int64(0)
	before := processor(b)
	b.ResetTimer()
	for b.Loop() {
		f, err := os.Create(filepath.Join(b.TempDir(), "merges"))
		if err != nil {
			b.Fatal(err)
		}
		j := &joiner{sets: newForest(2 * n), out: f}
		j.joinAll(pairs)
		j.flush()
		if j.err != nil {
			b.Fatal(j.err)
		}
		info, err := f.Stat()
		if err != nil {
			b.Fatal(err)
		}
		changed += info.Size() / mergeRow
		f.Close()
	}
	b.StopTimer()
	all := float64(n) * float64(b.N) / 1e6
	b.ReportMetric(all/b.Elapsed().Seconds(), "Munions/s")
	b.ReportMetric(all/(processor(b)-before).Seconds(), "Munions/cpu-s")
	b.ReportMetric(float64(changed)/1e6/all, "merges/union")
}

// processor is the processor time of this process.
func processor(b *testing.B) time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		b.Skip(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
