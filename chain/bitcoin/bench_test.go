package bitcoin

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"github.com/btcsuite/btcd/wire/v2"

	"tamga/chain"
)

// BenchmarkScan compares, in one run and on one core, over the blocks of
// $TAMGA_DATA/chain/blocks: hash, which is hashing each transaction's own bytes
// twice and nothing else; scan, which is our parser with txids and every input
// and output visited; merkle, the same with the merkle root checked, as an index
// is built; wire, which is btcd's Deserialize and TxHash.
func BenchmarkScan(b *testing.B) {
	blocks := realBlocks(b)
	total := int64(0)
	var txs [][]byte
	for _, raw := range blocks {
		total += int64(len(raw))
		var r blockReader
		if _, err := r.read(raw, func(_ int, t *rawTx, _ Hash, _ int) error {
			txs = append(txs, t.raw)
			return nil
		}); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("hash", func(b *testing.B) {
		b.SetBytes(total)
		for b.Loop() {
			for _, tx := range txs {
				h := sha256.Sum256(tx)
				h = sha256.Sum256(h[:])
				sink ^= h[0]
			}
		}
	})
	for _, name := range []string{"scan", "merkle"} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(total)
			b.ReportAllocs()
			r := blockReader{trust: name == "scan"}
			for b.Loop() {
				for _, raw := range blocks {
					if _, err := r.read(raw, visit); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
	b.Run("wire", func(b *testing.B) {
		b.SetBytes(total)
		for b.Loop() {
			for _, raw := range blocks {
				var m wire.MsgBlock
				if err := m.Deserialize(bytes.NewReader(raw)); err != nil {
					b.Fatal(err)
				}
				for _, tx := range m.Transactions {
					h := tx.TxHash()
					sink ^= h[0]
				}
			}
		}
	})
}

var sink byte

func visit(_ int, t *rawTx, _ Hash, _ int) error {
	t.inputs(func(_ int, in input) { sink ^= in.prev[0] })
	t.outputs(func(_ int, out output) bool { sink ^= byte(out.value); return true })
	return nil
}

// BenchmarkBuild indexes the real blocks, each an island of its own, and prints
// how the index's size compares with theirs.
func BenchmarkBuild(b *testing.B) {
	var file []byte
	for _, raw := range realBlocks(b) {
		file = append(file, 0xf9, 0xbe, 0xb4, 0xd9)
		file = append(binary.LittleEndian.AppendUint32(file, uint32(len(raw))), raw...)
	}
	blocks := b.TempDir()
	if err := os.WriteFile(filepath.Join(blocks, "blk00000.dat"), file, 0o644); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(file)))
	var s Summary
	for b.Loop() {
		var err error
		if s, err = Build(context.Background(), b.TempDir(), blocks, Options{}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(s.IndexBytes)/float64(s.SourceBytes), "index/blocks")
}

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
