package bitcoin

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
)

// noBlock marks a stored transaction that is in no known block.
const noBlock = math.MaxUint32

// dataHead is what stands before the serialisation of a stored transaction:
// length of what follows, txid, wtxid, block, length of the serialisation.
const dataHead = 4 + 32 + 32 + 4 + 4

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

// collector writes transactions as they come.
type collector struct {
	t      *tables
	w      *writer
	data   *bufio.Writer
	offset int64
	rows   *bufio.Writer
	num    int64
	blocks []*blockInfo
	at     map[Hash]uint32 // block number by hash
}

func buildTransactions(ctx context.Context, dir string, r io.Reader, o Options, net network) (Summary, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return Summary{}, err
	}
	old, err := readManifest(dir)
	if err != nil && !errors.Is(err, ErrNoIndex) && !errors.Is(err, ErrDamaged) {
		return Summary{}, err
	}
	if old != nil && old.Network != o.Network {
		return Summary{}, fmt.Errorf("the index in %s is of %s, not of %s", dir, old.Network, o.Network)
	}
	if err := sweep(dir, old); err != nil {
		return Summary{}, err
	}
	t, err := newTables(dir, o.MemoryLimit)
	if err != nil {
		return Summary{}, err
	}
	defer t.txs.Close()
	f, err := os.Create(filepath.Join(dir, fileData+".tmp"))
	if err != nil {
		return Summary{}, err
	}
	defer f.Close()
	c := &collector{
		t: t, w: t.writer(), at: map[Hash]uint32{},
		data: bufio.NewWriterSize(f, 1<<20), rows: bufio.NewWriterSize(t.txs, 1<<20),
	}
	b := &builder{o: o, dir: dir, network: net}
	read, err := eachLine(ctx, r, func(line []byte) error {
		b.progress(int64(len(line)) + 1)
		return eachPrinted(line, c.add)
	})
	if err != nil {
		return Summary{}, err
	}
	for _, err := range []error{c.data.Flush(), c.rows.Flush(), c.w.flush(), f.Close()} {
		if err != nil {
			return Summary{}, err
		}
	}
	m := &manifest{Version: manifestVer, Network: net.name, Files: map[string]sealed{}}
	m.Summary = Summary{
		Network: net.name, Blocks: len(c.blocks), Transactions: c.num, SourceBytes: read,
		Inputs: t.inputs.Load(), Outputs: t.outputs.Load(),
	}
	if len(c.blocks) > 0 {
		tip := tipOf(c.blocks)
		if tip.id != (Hash{}) {
			m.Summary.Tip = tip.id.String()
		}
		if tip.height >= 0 {
			m.Summary.Height = &tip.height
		}
	}
	if err := b.writeBlocks(c.blocks); err != nil {
		return Summary{}, err
	}
	if err := t.finish(m); err != nil {
		return Summary{}, err
	}
	if err := m.seal(dir, fileData, ".dat"); err != nil {
		return Summary{}, err
	}
	if err := m.write(dir); err != nil {
		return Summary{}, err
	}
	return m.Summary, sweep(dir, m)
}

// add takes a transaction in.
func (c *collector) add(s *stored) error {
	if c.num >= math.MaxUint32 {
		return errOverflow
	}
	num := uint32(c.num)
	c.num++
	var row [txRow]byte
	binary.LittleEndian.PutUint64(row[:], uint64(c.offset))
	c.rows.Write(row[:])
	rec := c.record(s)
	c.offset += int64(len(rec))
	if _, err := c.data.Write(rec); err != nil {
		return err
	}
	return c.w.add(num, s.id, &s.tx)
}

// record is a transaction as the data file holds it.
func (c *collector) record(s *stored) []byte {
	le := binary.LittleEndian
	rec := make([]byte, 4, dataHead+len(s.tx.raw)+len(s.prev)*40)
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
	le.PutUint32(rec, uint32(len(rec)-4))
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
	c.blocks = append(c.blocks, b)
	return n
}

// loadData reads a transaction from the data file.
func (x *Index) loadData(num uint32) (*stored, error) {
	le := binary.LittleEndian
	offset := int64(le.Uint64(x.txs.at(int(num))))
	damaged := func(err error) error {
		return fmt.Errorf("read transaction %d of %s: %w: build the index again", num, x.dir, err)
	}
	var size [4]byte
	if _, err := x.data.ReadAt(size[:], offset); err != nil {
		return nil, damaged(err)
	}
	n := int64(le.Uint32(size[:]))
	if n < dataHead-4 || offset+4+n > x.m.Files[fileData].Size {
		return nil, damaged(ErrTruncated)
	}
	b := make([]byte, n)
	if _, err := x.data.ReadAt(b, offset+4); err != nil {
		return nil, damaged(err)
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
