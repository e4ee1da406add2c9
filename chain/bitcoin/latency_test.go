package bitcoin

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"tamga"
	"tamga/chain"
	"tamga/chain/chaintest"
)

// fan is a chain in which one coin is split into three, and each part again, to a
// depth: 3 + 9 + 27 + … hops.
func fan(b testing.TB, depth int) (*chaintest.Builder, string) {
	b.Helper()
	c := chaintest.New("fan")
	c.Mine("0")
	first := c.Coins("0")[0].Outpoint
	at := []tamga.Outpoint{first}
	for range depth {
		var next []tamga.Outpoint
		for _, o := range at {
			value := int64(0)
			for _, coin := range c.Coins("0") {
				if coin.Outpoint == o {
					value = coin.Value
				}
			}
			var outs []chaintest.Out
			for range 3 {
				outs = append(outs, chaintest.Out{To: c.NewAddress("0"), Value: value/3 - 100})
			}
			id, err := c.Spend([]tamga.Outpoint{o}, outs...)
			if err != nil {
				b.Fatal(err)
			}
			for n := range uint32(3) {
				next = append(next, tamga.Outpoint{TxID: id, Vout: n})
			}
		}
		c.Mine("miner")
		at = next
	}
	return c, fmt.Sprintf("%s:%d", first.TxID, first.Vout)
}

// BenchmarkTraceSixHops follows a coin that is split into three again and again by
// FIFO through six transactions, 1,092 hops, from the index; memory is the same from
// a source in memory: what is over is the price of reading blocks. micros/hop is
// for each; layers is the index in several layers.
func BenchmarkTraceSixHops(b *testing.B) {
	c, subject := fan(b, 7)
	blocks := write(b, c, chaintest.Shape{})
	_, x := mustBuild(b, b.TempDir(), blocks, Options{})
	_, cut := mustBuild(b, b.TempDir(), blocks, Options{cut: cutRules{rows: 500, fan: 8, settle: 100}})
	for _, s := range []struct {
		name string
		src  chain.Source
	}{{"index", x}, {"layers", cut}, {"memory", c.Source()}} {
		b.Run(s.name, func(b *testing.B) {
			hops := 0
			for b.Loop() {
				tr, err := chain.Trace(context.Background(), s.src, subject, chain.Options{Hops: 6})
				if err != nil {
					b.Fatal(err)
				}
				hops = len(tr.Hops)
			}
			if hops != 1092 {
				b.Fatalf("%d hops", hops)
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*hops), "micros/hop")
		})
	}
}

// BenchmarkHistory asks for the outputs of scripts of the real blocks, each script
// as likely as any other, and prints the latencies in microseconds, of each script
// the median of its turns: what others do on the machine is not the index's.
func BenchmarkHistory(b *testing.B) {
	var file []byte
	for _, raw := range realBlocks(b) {
		file = append(file, 0xf9, 0xbe, 0xb4, 0xd9)
		file = append(binary.LittleEndian.AppendUint32(file, uint32(len(raw))), raw...)
	}
	blocks := b.TempDir()
	if err := os.WriteFile(filepath.Join(blocks, "blk00000.dat"), file, 0o644); err != nil {
		b.Fatal(err)
	}
	b.Run("one layer", func(b *testing.B) { benchmarkHistory(b, blocks, Options{}) })
	b.Run("as many layers as mainnet", func(b *testing.B) {
		benchmarkHistory(b, blocks, Options{cut: cutRules{rows: 1 << 12, fan: 8, settle: 50}})
	})
}

func benchmarkHistory(b *testing.B, blocks string, o Options) {
	s, x := mustBuild(b, b.TempDir(), blocks, o)
	seen := map[string]bool{}
	var addrs []string
	for num := range uint32(x.txs.len()) {
		s, err := x.load(num)
		if err != nil {
			b.Fatal(err)
		}
		s.tx.outputs(func(_ int, out output) bool {
			if _, a := scriptAddress(out.script, "mainnet"); a != "" && !seen[a] {
				seen[a] = true
				addrs = append(addrs, a)
			}
			return true
		})
	}
	slices.Sort(addrs)
	rng := rand.New(rand.NewPCG(1, 2))
	rng.Shuffle(len(addrs), func(i, j int) { addrs[i], addrs[j] = addrs[j], addrs[i] })
	addrs = addrs[:min(len(addrs), 20_000)]
	ctx := context.Background()
	turns := make([][]time.Duration, len(addrs))
	outs := 0
	for b.Loop() {
		outs = 0
		for i, a := range addrs {
			start := time.Now()
			for _, err := range x.History(ctx, a) {
				if err != nil {
					b.Fatal(err)
				}
				outs++
			}
			turns[i] = append(turns[i], time.Since(start))
		}
	}
	var took []time.Duration
	for _, t := range turns {
		slices.Sort(t)
		took = append(took, t[len(t)/2])
	}
	slices.Sort(took)
	at := func(p float64) float64 { return float64(took[int(p*float64(len(took)-1))].Nanoseconds()) / 1000 }
	b.ReportMetric(float64(s.Layers), "layers")
	b.ReportMetric(at(.5), "p50-µs")
	b.ReportMetric(at(.99), "p99-µs")
	b.ReportMetric(at(1), "max-µs")
	b.ReportMetric(float64(outs)/float64(len(addrs)), "outputs/script")
}
