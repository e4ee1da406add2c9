package bitcoin

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
)

// noBlock marks a stored transaction that is in no known block.
const noBlock = math.MaxUint32

// dataHead is what stands before the serialisation of a stored transaction:
// length and checksum of what follows, txid, wtxid, block, length of the serialisation.
const dataHead = 4 + 4 + 32 + 32 + 4 + 4

// BuildTransactions indexes transactions as JSON Lines into dir: one a line in
// chain order, as Bitcoin Core (getrawtransaction verbosity 2) or Esplora prints
// them, or a block a line (getblock verbosity 2 or 3). It takes the place of an
// index that was there only when it is whole.
func BuildTransactions(ctx context.Context, dir string, r io.Reader, o Options) (Summary, error) {
	o.defaults()
	if o.Network == "" {
		o.Network = networks[0].name
	}
	net, ok := byName(o.Network)
	if !ok {
		return Summary{}, fmt.Errorf("index transactions: no network %q", o.Network)
	}
	s, err := buildTransactions(ctx, dir, r, o, net)
	if err != nil {
		return Summary{}, fmt.Errorf("index transactions: %w", err)
	}
	return s, nil
}

// NetworkOfAddresses tells the network of a text that names addresses, as
// transactions in JSON do, by the prefix of the first SegWit address (BIP-173);
// signet's is testnet's. Without one it is mainnet.
func NetworkOfAddresses(text []byte) string {
	m := segwitPrefix.FindSubmatch(text)
	switch {
	case m == nil || string(m[1]) == "bc":
		return "mainnet"
	case string(m[1]) == "bcrt":
		return "regtest"
	}
	return "testnet"
}

var segwitPrefix = regexp.MustCompile(`"(bcrt|bc|tb)1[02-9ac-hj-np-z]{6,}"`)

// collector writes transactions as they come. A base layer is closed as soon as it
// has the rows for it, with the blocks that were first seen in it.
type collector struct {
	b      *builder
	ctx    context.Context
	data   *sealer
	num    int64
	rows   rowSet
	layers []layerFile
	first  layerSize // where the layer under construction begins
	blocks []blockInfo
	at     map[Hash]uint32 // block number by hash

	inputs, outputs int64
}

func buildTransactions(ctx context.Context, dir string, r io.Reader, o Options, net network) (Summary, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return Summary{}, err
	}
	old, err := readManifest(dir)
	if err != nil && !errors.Is(err, ErrNoIndex) && !disposable(err) {
		return Summary{}, err
	}
	discarded := ""
	if disposable(err) {
		discarded = err.Error()
	}
	if old != nil && old.Network != o.Network {
		return Summary{}, fmt.Errorf("the index in %s is of %s, not of %s", dir, old.Network, o.Network)
	}
	if err := sweep(dir, old, nil); err != nil {
		return Summary{}, err
	}
	b := &builder{o: o, dir: dir, network: net, old: map[string]bool{}, have: map[layerKey]layerFile{}, intact: map[string]bool{}}
	if err := b.fits(0); err != nil {
		return Summary{}, err
	}
	if old != nil {
		for _, f := range old.files() {
			b.old[f.Name] = true
		}
	}
	b.m = &manifest{Version: manifestVer, Network: net.name, LayerRows: o.cut.rows, Files: map[string]sealed{}}
	defer b.syncs.wait()
	c := &collector{b: b, ctx: ctx, at: map[Hash]uint32{}}
	if c.data, err = newSealer(dir, fileData, &b.syncs); err != nil {
		return Summary{}, err
	}
	read, err := eachLine(ctx, r, func(line []byte) error {
		b.progress(int64(len(line)) + 1)
		return eachPrinted(line, c.add)
	})
	if err == nil && c.num > int64(c.first.firstTx) {
		err = c.closeUnit()
	}
	if err != nil {
		c.data.drop()
		return Summary{}, err
	}
	f, err := c.data.seal(fileData, ".dat")
	if err != nil {
		return Summary{}, err
	}
	b.m.Files[fileData] = f
	b.m.Layers = c.layers
	if err := countAddresses(ctx, dir, b.m.Layers); err != nil {
		return Summary{}, err
	}
	b.m.Summary = Summary{SourceBytes: read, Transactions: c.num}
	b.summarise()
	c.summarise(&b.m.Summary)
	if err := b.syncs.wait(); err != nil {
		return Summary{}, err
	}
	if err := b.m.write(dir); err != nil {
		return Summary{}, err
	}
	b.m.Summary.Run = &Run{Added: len(c.blocks), LayersMade: len(b.m.Layers), Discarded: discarded}
	return b.m.Summary, sweep(dir, b.m, nil)
}

func (c *collector) summarise(s *Summary) {
	s.Blocks, s.Inputs, s.Outputs = len(c.blocks), c.inputs, c.outputs
	if len(c.blocks) == 0 {
		return
	}
	tip := &c.blocks[len(c.blocks)-1]
	for i := range c.blocks {
		if c.blocks[i].height > tip.height {
			tip = &c.blocks[i]
		}
	}
	if tip.id != (Hash{}) {
		s.Tip = tip.id.String()
	}
	if tip.height >= 0 {
		s.Height = &tip.height
	}
}

// add takes a transaction in.
func (c *collector) add(s *stored) error {
	if c.num >= math.MaxUint32 {
		return errOverflow
	}
	num := uint32(c.num)
	c.num++
	c.rows.txs = binary.LittleEndian.AppendUint64(c.rows.txs, uint64(c.data.size))
	c.data.write(c.record(s))
	if c.data.err != nil {
		return c.data.err
	}
	c.rows.add(num, s.id, &s.tx)
	c.inputs += int64(s.tx.nIn)
	c.outputs += int64(s.tx.nOut)
	if int64(len(c.rows.ids)+len(c.rows.spends)+len(c.rows.paid)) < c.b.o.cut.rows {
		return nil
	}
	return c.closeUnit()
}

// closeUnit writes a base layer.
func (c *collector) closeUnit() error {
	size := c.first
	size.blocks, size.txs = uint32(len(c.blocks))-size.firstBlock, uint32(len(c.rows.ids))
	size.spends, size.paid = uint64(len(c.rows.spends)), uint64(len(c.rows.paid))
	var blocks []byte
	for i := range c.blocks[size.firstBlock:] {
		blocks = c.blocks[int(size.firstBlock)+i].bytes(blocks)
	}
	l, err := c.b.writeUnit(c.ctx, size, blocks, &c.rows)
	if err != nil {
		return err
	}
	c.first = layerSize{firstBlock: uint32(len(c.blocks)), firstTx: uint32(c.num)}
	c.rows = rowSet{txs: c.rows.txs[:0], ids: c.rows.ids[:0], spends: c.rows.spends[:0], paid: c.rows.paid[:0]}
	return c.push(l)
}

// push adds a base layer, and merges layers as those of blocks are merged: eight of
// a level into one of the next.
func (c *collector) push(l layerFile) error {
	c.layers = append(c.layers, l)
	fan := c.b.o.cut.fan
	for n := len(c.layers) - fan; n >= 0 && c.layers[n].Level == c.layers[n+fan-1].Level; n = len(c.layers) - fan {
		l, err := c.b.fold(c.ctx, c.layers[n:])
		if err != nil {
			return err
		}
		l.Level = c.layers[n].Level + 1
		for _, p := range c.layers[n:] {
			if c.b.old[p.Name] { // the index that is there stays whole
				continue
			}
			if err := os.Remove(filepath.Join(c.b.dir, p.Name)); err != nil {
				return err
			}
		}
		c.layers = append(c.layers[:n], l)
	}
	return nil
}

// record is a transaction as the data file holds it.
func (c *collector) record(s *stored) []byte {
	le := binary.LittleEndian
	rec := make([]byte, 8, dataHead+len(s.tx.raw)+len(s.prev)*40)
	rec = append(append(rec, s.id[:]...), s.wtxid[:]...)
	rec = le.AppendUint32(rec, c.block(s.block))
	rec = le.AppendUint32(rec, uint32(len(s.tx.raw)))
	rec = append(rec, s.tx.raw...)
	for _, p := range s.prev {
		if !p.known {
			rec = append(rec, 0)
			continue
		}
		rec = le.AppendUint64(append(rec, 1), uint64(p.out.value))
		rec = append(appendSize(rec, uint64(len(p.out.script))), p.out.script...)
	}
	le.PutUint32(rec, uint32(len(rec)-8))
	le.PutUint32(rec[4:], crc32.Checksum(rec[8:], castagnoli))
	return rec
}

// block numbers blocks in the order they are first seen.
func (c *collector) block(b *blockInfo) uint32 {
	if b == nil {
		return noBlock
	}
	if n, ok := c.at[b.id]; ok && b.id != (Hash{}) {
		return n
	}
	n := uint32(len(c.blocks))
	c.at[b.id] = n
	c.blocks = append(c.blocks, *b)
	return n
}

// loadData reads a transaction from the data file.
func (x *Index) loadData(num uint32) (*stored, error) {
	le := binary.LittleEndian
	offset := int64(le.Uint64(x.txs.at(int(num))))
	damaged := func(err error) error {
		return fmt.Errorf("%w: transaction %d of %s: %w", ErrDamaged, num, x.dir, err)
	}
	var head [8]byte
	if _, err := x.data.ReadAt(head[:], offset); err != nil {
		return nil, damaged(err)
	}
	n := int64(le.Uint32(head[:]))
	if n < dataHead-8 || offset+8+n > x.m.Files[fileData].Size {
		return nil, damaged(ErrTruncated)
	}
	b := make([]byte, n)
	if _, err := x.data.ReadAt(b, offset+8); err != nil {
		return nil, damaged(err)
	}
	if crc32.Checksum(b, castagnoli) != le.Uint32(head[4:]) {
		return nil, damaged(errors.New("it differs from its checksum"))
	}
	s := &stored{num: num, id: Hash(b[:32]), wtxid: Hash(b[32:64])}
	if bi := le.Uint32(b[64:]); bi != noBlock {
		if int(bi) >= x.blocks.len() {
			return nil, damaged(errors.New("no such block"))
		}
		info := x.block(bi)
		s.block = &info
	}
	rawLen := int64(le.Uint32(b[68:]))
	rest := b[72:]
	if rawLen > int64(len(rest)) {
		return nil, damaged(ErrTruncated)
	}
	if _, err := parseTx(rest[:rawLen], &s.tx); err != nil {
		return nil, damaged(err)
	}
	rest = rest[rawLen:]
	for range s.tx.nIn {
		if len(rest) == 0 {
			return nil, damaged(ErrTruncated)
		}
		var p prevout
		p.known, rest = rest[0] == 1, rest[1:]
		if p.known {
			if len(rest) < 9 {
				return nil, damaged(ErrTruncated)
			}
			p.out.value = int64(le.Uint64(rest))
			end, err := skip(rest, 8)
			if err != nil {
				return nil, damaged(err)
			}
			n, start, _ := sizeAt(rest, 8)
			p.out.script, rest = rest[start:start+n], rest[end:]
		}
		s.prev = append(s.prev, p)
	}
	return s, nil
}

// sizeAt reads a length that skip checked.
func sizeAt(b []byte, pos int) (n, next int, err error) {
	v, next, err := size(b, pos)
	return int(v), next, err
}
