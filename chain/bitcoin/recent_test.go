package bitcoin

import (
	"bytes"
	"sync"
	"testing"

	"tamga/chain/chaintest"
)

// TestRecall: what is kept is what would be read, within a bound, by several at
// once.
func TestRecall(t *testing.T) {
	_, x := mustBuild(t, t.TempDir(), write(t, economy(t, 60), chaintest.Shape{}), Options{})
	x.recent.most = 8000
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			for round := range 3 {
				for num := range uint32(x.txs.len()) {
					want, err := x.load(num)
					if err != nil {
						t.Error(err)
						return
					}
					got, err := x.recall(num)
					if err != nil || got.id != want.id || !bytes.Equal(got.tx.raw, want.tx.raw) || *got.block != *want.block {
						t.Errorf("round %d: transaction %d differs: %v", round, num, err)
						return
					}
				}
			}
		})
	}
	all.Wait()
	sum := 0
	for _, s := range x.recent.by {
		sum += len(s.tx.raw) + 512
	}
	if sum != x.recent.size || sum > 8000 {
		t.Errorf("%d bytes kept, counted as %d", sum, x.recent.size)
	}
	first, _ := x.recall(1)
	if again, _ := x.recall(1); first == nil || again != first {
		t.Error("it was read again at once")
	}
	if _, err := x.recall(1 << 30); err == nil {
		t.Error("a transaction that is not there was read")
	}
}
