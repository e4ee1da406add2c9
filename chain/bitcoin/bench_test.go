package bitcoin

import (
	"bytes"
	"crypto/sha256"
	"testing"

	"github.com/btcsuite/btcd/wire/v2"
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
