package bitcoin

import (
	"context"
	"testing"

	"tamga/chain"
)

// BenchmarkTrace follows one coinbase forward through everything it reached.
func BenchmarkTrace(b *testing.B) {
	e := economy(b, 1500)
	blocks := b.TempDir()
	if err := e.WriteBlk(blocks); err != nil {
		b.Fatal(err)
	}
	_, x := mustBuild(b, b.TempDir(), blocks, Options{})
	for _, c := range []struct {
		name string
		hops int
	}{{"6hops", 6}, {"all", 0}} {
		b.Run(c.name, func(b *testing.B) {
			hops := 0
			for b.Loop() {
				tr, err := chain.Trace(context.Background(), x, e.Txs()[3].TxID, chain.Options{Hops: c.hops})
				if err != nil {
					b.Fatal(err)
				}
				hops = len(tr.Hops)
			}
			b.ReportMetric(float64(hops), "hops")
		})
	}
}
