package chaintest

import (
	"time"

	"tamga"
)

// Mine puts the pending transactions into a block whose coinbase pays subsidy
// and fees to the miner's wallet, and returns the coinbase's id.
func (b *Builder) Mine(miner string) string {
	b.clock = b.clock.Add(10 * time.Minute)
	bl := b.assemble(b.blocks[len(b.blocks)-1], b.main(miner), b.pending, 0)
	b.pending = nil
	b.blocks = append(b.blocks, bl)
	for _, e := range bl.txs[:1] {
		b.receive(e)
	}
	return bl.txs[0].tx.TxID
}

// Fork adds a stale branch of n empty blocks that leaves the chain at a height.
// It stays lighter than the best chain only while it ends below the tip.
func (b *Builder) Fork(height int64, n int) {
	parent := b.blocks[height]
	clock := b.clock
	for range n {
		b.clock = time.Unix(int64(parent.header.time), 0).UTC().Add(11 * time.Minute)
		parent = b.assemble(parent, b.main("stale miner"), nil, 7)
		b.stale = append(b.stale, parent)
	}
	b.clock = clock
}

func (b *Builder) assemble(parent *block, miner *account, txs []*entry, extra byte) *block {
	bl := &block{height: parent.height + 1}
	reward := int64(50*BTC) >> min(bl.height/150, 63)
	witness := false
	for _, e := range txs {
		reward += e.fee
		witness = witness || e.wire.hasWitness()
	}
	coinbase := &entry{wire: wireTx{
		version: 2,
		in: []wireIn{{
			vout: 0xffffffff, sequence: 0xffffffff,
			script: append(scriptNumber(bl.height), 1, extra),
		}},
		out: []wireOut{{reward, miner.script}},
	}}
	bl.txs = append([]*entry{coinbase}, txs...)
	if witness { // BIP-141's commitment to the witnesses
		ids := []hash{{}}
		for _, e := range txs {
			ids = append(ids, e.wire.wtxid())
		}
		root := merkleRoot(ids)
		commitment := doubleSHA(append(root[:], make([]byte, 32)...))
		coinbase.wire.in[0].witness = [][]byte{make([]byte, 32)}
		coinbase.wire.out = append(coinbase.wire.out, wireOut{
			0, append([]byte{0x6a, 36, 0xaa, 0x21, 0xa9, 0xed}, commitment[:]...),
		})
	}
	coinbase.describe()
	var ids []hash
	for _, e := range bl.txs {
		ids = append(ids, e.wire.txid())
	}
	bl.header = header{
		version: 0x20000000, prev: parent.id, root: merkleRoot(ids),
		time: uint32(b.clock.Unix()), bits: regtestBits,
	}
	bl.id = bl.header.solve()
	bl.stamp()
	return bl
}

func (bl *block) bytes() []byte {
	raw := appendSize(bl.header.bytes(), len(bl.txs))
	for _, e := range bl.txs {
		raw = append(raw, e.wire.bytes(true)...)
	}
	return raw
}

// Block is a block of the best chain as it stands in a file.
func (b *Builder) Block(height int64) []byte { return b.blocks[height].bytes() }

// Txs are all transactions of the best chain, in chain order.
func (b *Builder) Txs() []*tamga.Tx {
	var all []*tamga.Tx
	for _, bl := range b.blocks {
		for _, e := range bl.txs {
			all = append(all, e.tx)
		}
	}
	return all
}
