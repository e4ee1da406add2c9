package chain_test

import (
	"context"
	"testing"

	"tamga"
	"tamga/chain"
	"tamga/chain/chaintest"
)

// TestBounds: at every outpoint FIFO is what the trace says, poison bounds both
// others, and the outpoint bounds poison.
func TestBounds(t *testing.T) {
	b := chaintest.New("bounds")
	names := []string{"a", "b", "c", "d"}
	for range 3 {
		for _, n := range names {
			b.Mine(n)
		}
	}
	for i := range 60 {
		if _, err := b.Pay(names[i%4], int64(300+i), chaintest.Out{To: names[(i*3+1)%4], Value: int64(i%9+20) * chaintest.BTC / 4}); err != nil {
			t.Fatal(err)
		}
		if i%5 == 0 {
			b.Mine("miner")
		}
	}
	b.Mine("miner")
	src := b.Source()
	ctx := context.Background()
	compared, apart := 0, 0
	for _, tx := range b.Txs() {
		for _, direction := range []string{chain.Forward, chain.Backward} {
			o := chain.Options{Direction: direction, Hops: 5}
			tr, err := chain.Bounds(ctx, src, tx.TxID, o)
			if err != nil {
				t.Fatal(err)
			}
			plain := mustTrace(t, src, tx.TxID, o)
			if len(plain.Hops) != len(tr.Hops) || len(plain.Ends) != len(tr.Ends) || tr.Method != chain.FIFO {
				t.Fatal("bounds changed the trace")
			}
			fifo := map[tamga.Outpoint]int64{}
			for _, h := range tr.Hops {
				at := tamga.Outpoint{TxID: h.TxID, Vout: h.Out.N}
				if direction == chain.Backward {
					at = tamga.Outpoint{TxID: h.In.TxID, Vout: *h.In.Vout}
				}
				n, _ := h.Amount.Int64()
				fifo[at] += n
			}
			for _, x := range tr.Bounds {
				at := tamga.Outpoint{TxID: x.TxID, Vout: x.Vout}
				made, err := src.Tx(ctx, x.TxID)
				if err != nil {
					t.Fatal(err)
				}
				f, _ := x.FIFO.Int64()
				h, _ := x.Haircut.Int64()
				p, _ := x.Poison.Int64()
				if f != fifo[at] || f > p || h > p || x.Poison.Cmp(made.Out[x.Vout].Value) > 0 || p == 0 {
					t.Fatalf("%s %s: at %v fifo %d (want %d), haircut %d, poison %d", direction, tx.TxID, at, f, fifo[at], h, p)
				}
				delete(fifo, at)
				compared++
				if f != h && h != p {
					apart++
				}
			}
			if len(fifo) > 0 {
				t.Fatalf("outpoints of the trace are not among the bounds: %v", fifo)
			}
		}
	}
	if compared < 400 || apart < 100 {
		t.Fatalf("compared %d outpoints, of which the methods differ at %d", compared, apart)
	}
	if _, err := chain.Bounds(ctx, src, b.Txs()[0].TxID, chain.Options{Method: "guess"}); err == nil {
		t.Error("bounds by a method that there is not")
	}
}
