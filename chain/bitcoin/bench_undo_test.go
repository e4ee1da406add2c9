package bitcoin

import (
	"context"
	"os"
	"testing"

	"tamga/chain/chaintest"
)

// BenchmarkUndo builds the wallets of a synthetic chain of 60 MB with undo files and
// without, and tells the speed by processor time too.
func BenchmarkUndo(b *testing.B) {
	for _, undo := range []bool{true, false} {
		name := "lookup"
		if undo {
			name = "undo"
		}
		b.Run(name, func(b *testing.B) {
			blocks, made := synthetic(b, chaintest.Synthetic{Seed: 1, Size: 60 << 20, Undo: undo})
			b.SetBytes(made.Bytes)
			used := 0.0
			for range b.N {
				b.StopTimer()
				dir := b.TempDir()
				if _, err := Build(context.Background(), dir, blocks, Options{}); err != nil {
					b.Fatal(err)
				}
				used -= cpu(b)
				b.StartTimer()
				if err := BuildWallets(context.Background(), dir, nil); err != nil {
					b.Fatal(err)
				}
				b.StopTimer()
				used += cpu(b)
				if err := os.RemoveAll(dir); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
			}
			b.ReportMetric(float64(made.Bytes)*float64(b.N)/1e6/used, "MB/cpu-s")
		})
	}
}
