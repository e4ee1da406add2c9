package chain_test

import (
	"context"
	"fmt"
	"testing"

	"tamga"
	"tamga/chain"
	"tamga/chain/chaintest"
)

func TestTraceFiles(t *testing.T) { chaintest.RunTraces(t, "testdata/*.trace") }

func render(tr tamga.Trace) (lines []string) {
	for _, h := range tr.Hops {
		lines = append(lines, fmt.Sprintf("%d %s %s:%d -> %d %s", h.Depth, h.TxID, h.In.TxID, *h.In.Vout, h.Out.N, h.Amount))
	}
	for _, e := range tr.Ends {
		lines = append(lines, fmt.Sprintf("end %s:%d %s", e.TxID, e.Vout, e.Reason))
	}
	return lines
}

func mustTrace(t *testing.T, src chain.Source, subject string, o chain.Options) tamga.Trace {
	t.Helper()
	tr, err := chain.Trace(context.Background(), src, subject, o)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}
