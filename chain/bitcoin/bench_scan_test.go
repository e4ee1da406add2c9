package bitcoin

import (
	"bytes"
	"crypto/sha256"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/btcsuite/btcd/wire/v2"
	"golang.org/x/sys/unix"
)

// BenchmarkScan compares, in one run and over the blocks of $TAMGA_DATA/chain/blocks:
// hash, which is hashing each transaction's own bytes twice and nothing else; scan, which
// is our parser with txids and every input and output visited; merkle, the same with the
// merkle root checked, as an index is built; wire, which is btcd's Deserialize and TxHash.
// Each uses as many workers as -cpu says, so rows of one -cpu compare. MB/cpu-s is by the
// processor time of all workers, for machines that do other things.
func BenchmarkScan(b *testing.B) {
	blocks := realBlocks(b)
	total := int64(0)
	txs := make([][][]byte, len(blocks))
	for i, raw := range blocks {
		total += int64(len(raw))
		var r blockReader
		if _, err := r.read(raw, func(_ int, t *rawTx, _ Hash, _ int) error {
			txs[i] = append(txs[i], t.raw)
			return nil
		}); err != nil {
			b.Fatal(err)
		}
	}
	run := func(name string, worker func() func(block int) error) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(total)
			b.ReportAllocs()
			spent := cpu(b)
			shared(b, len(blocks), worker)
			b.ReportMetric(float64(total)*float64(b.N)/1e6/(cpu(b)-spent), "MB/cpu-s")
		})
	}
	run("hash", func() func(int) error {
		return func(i int) error {
			var x byte
			for _, tx := range txs[i] {
				h := sha256.Sum256(tx)
				h = sha256.Sum256(h[:])
				x ^= h[0]
			}
			sink.Add(int64(x))
			return nil
		}
	})
	for _, name := range []string{"scan", "merkle"} {
		run(name, func() func(int) error {
			r, x := blockReader{trust: name == "scan"}, byte(0)
			visit := visitor(&x)
			return func(i int) error {
				_, err := r.read(blocks[i], visit)
				sink.Add(int64(x))
				return err
			}
		})
	}
	run("wire", func() func(int) error {
		return func(i int) error {
			var m wire.MsgBlock
			if err := m.Deserialize(bytes.NewReader(blocks[i])); err != nil {
				return err
			}
			var x byte
			for _, tx := range m.Transactions {
				h := tx.TxHash()
				x ^= h[0]
			}
			sink.Add(int64(x))
			return nil
		}
	})
}

var sink atomic.Int64

// visitor looks at every input and output of a transaction.
func visitor(x *byte) func(int, *rawTx, Hash, int) error {
	return func(_ int, t *rawTx, id Hash, _ int) error {
		*x ^= id[0]
		t.inputs(func(_ int, in input) { *x ^= in.prev[0] })
		t.outputs(func(_ int, out output) bool { *x ^= byte(out.value); return true })
		return nil
	}
}

// shared gives b.N times all blocks to GOMAXPROCS workers, which take one after the
// other and meet only at the end.
func shared(b *testing.B, blocks int, worker func() func(block int) error) {
	var next atomic.Int64
	var wg sync.WaitGroup
	last := int64(b.N) * int64(blocks)
	b.ResetTimer()
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			f := worker()
			for i := next.Add(1) - 1; i < last; i = next.Add(1) - 1 {
				if err := f(int(i % int64(blocks))); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}

// cpu is the processor time that this process has used, in seconds.
func cpu(b *testing.B) float64 {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}
