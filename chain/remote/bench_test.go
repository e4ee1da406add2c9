package remote

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"tamga/chain"
	"tamga/chain/chaintest"
	"tamga/chain/rpc"
)

// counted counts the questions that a server is asked.
type counted struct {
	rpc.Asker
	n int
}

func (c *counted) Ask(ctx context.Context, q rpc.Question) (rpc.Answer, error) {
	c.n++
	return c.Asker.Ask(ctx, q)
}

func asking(b *testing.B, h http.Handler) *counted {
	b.Helper()
	s := httptest.NewServer(h)
	b.Cleanup(s.Close)
	o := quick()
	w, err := rpc.Open(s.URL, o, "")
	if err != nil {
		b.Fatal(err)
	}
	return &counted{Asker: w}
}

// BenchmarkQuestions reports how many questions a hop of a trace costs: on a peel
// chain of 50 hops, forward by FIFO, everything that opening the source asks
// included.
func BenchmarkQuestions(b *testing.B) {
	c := chaintest.New("peel")
	c.Mine("a")
	from := "a"
	first := ""
	for i := range 50 {
		id, err := c.Pay(from, 1000, chaintest.Out{To: "shop", Value: 1_000_000 + int64(i)})
		if err != nil {
			b.Fatal(err)
		}
		if first == "" {
			first = id
		}
		c.Mine("miner")
	}
	for _, d := range []struct {
		name  string
		speak func(rpc.Asker) server
		h     *counted
	}{
		{"core31", speakNode, asking(b, c.Core(chaintest.Indexes{Tx: true, Filter: true, Spender: true}))},
		{"filters", speakNode, asking(b, c.Core(chaintest.Indexes{Tx: true, Filter: true}))},
		{"esplora", speakEsplora, asking(b, c.Esplora())},
	} {
		b.Run(d.name, func(b *testing.B) {
			hops := 0
			for b.Loop() {
				src, err := open(b.Context(), d.h, "regtest", d.speak)
				if err != nil {
					b.Fatal(err)
				}
				tr, err := chain.Trace(b.Context(), src, first, chain.Options{})
				if err != nil || len(tr.Hops) < 49 {
					b.Fatal(len(tr.Hops), err)
				}
				hops += len(tr.Hops)
			}
			b.ReportMetric(float64(d.h.n)/float64(hops), "questions/hop")
		})
	}
}
