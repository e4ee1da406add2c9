package bitcoin

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"tamga"
	"tamga/chain"
	"tamga/internal/address"
)

// Index is a local index of a ledger's best chain, opened for reading. It is a
// chain.Source that answers every question, and safe for use by several
// goroutines. What it returns was compared with the transactions themselves: an
// index that leads to the wrong bytes gives an error, not an answer.
type Index struct {
	m      *manifest
	dir    string
	key    [8]byte
	layers []*layer
	blocks numbered
	txs    numbered
	ids    keyed
	spends keyed
	paid   keyed
	data   *os.File // transactions, where there are no block files

	mu    sync.Mutex
	files []*os.File // block files, opened when first read

	recent recent

	undoTable
}

var _ chain.Source = (*Index)(nil)

// Open opens the index in a folder. It checks the sizes of the files, and every byte
// of a small index; Verify checks every byte of any. What is open stays as it is
// while a build makes a new index in the folder.
func Open(dir string) (*Index, error) {
	for try := 0; ; try++ {
		m, err := readManifest(dir)
		if err != nil {
			return nil, err
		}
		x, err := open(dir, m)
		if errors.Is(err, os.ErrNotExist) {
			if try < 8 {
				continue // a build took the files away after it put a new manifest in place
			}
			err = fmt.Errorf("%w: %w", ErrDamaged, err)
		}
		return x, err
	}
}

func open(dir string, m *manifest) (*Index, error) {
	if err := m.verifySmall(dir); err != nil {
		return nil, err
	}
	x := &Index{m: m, dir: dir, files: make([]*os.File, len(m.Sources))}
	key, err := hex.DecodeString(m.Key)
	if err != nil || len(key) != 8 && m.Key != "" {
		return nil, fmt.Errorf("open index %s: XOR key %q", dir, m.Key)
	}
	copy(x.key[:], key)
	for i := range m.Layers {
		l, err := openLayer(dir, &m.Layers[i])
		if err != nil {
			x.Close()
			return nil, err
		}
		x.layers = append(x.layers, l)
		x.blocks.add(&l.table[tableBlocks])
		x.txs.add(&l.table[tableTxs])
		x.ids = append(x.ids, &l.table[tableIDs])
		x.spends = append(x.spends, &l.table[tableSpends])
		x.paid = append(x.paid, &l.table[tablePaid])
	}
	for _, f := range m.Files {
		info, err := os.Stat(filepath.Join(dir, f.Name))
		if err == nil && info.Size() != f.Size {
			err = fmt.Errorf("%w: %s has %d bytes, the manifest says %d", ErrDamaged, filepath.Join(dir, f.Name), info.Size(), f.Size)
		}
		if err != nil {
			x.Close()
			return nil, err
		}
	}
	if err := x.openUndo(); err != nil {
		x.Close()
		return nil, err
	}
	f, ok := m.Files[fileData]
	if !ok && m.Blocks == "" {
		x.Close()
		return nil, fmt.Errorf("open index %s: the manifest names neither blocks nor data", dir)
	}
	if !ok {
		return x, nil
	}
	if x.data, err = os.Open(filepath.Join(dir, f.Name)); err != nil {
		x.Close()
		return nil, err
	}
	return x, nil
}

// Close ends the use of the index.
func (x *Index) Close() error {
	var errs []error
	for _, l := range x.layers {
		errs = append(errs, l.close())
	}
	x.layers, x.blocks, x.txs, x.ids, x.spends, x.paid = nil, numbered{}, numbered{}, nil, nil, nil
	errs = append(errs, x.undoTable.close())
	if x.data != nil {
		errs = append(errs, x.data.Close())
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	for i, f := range x.files {
		if f != nil {
			errs = append(errs, f.Close())
			x.files[i] = nil
		}
	}
	return errors.Join(errs...)
}

// Summary says what the index holds.
func (x *Index) Summary() Summary { return x.m.summary() }

// Network is the network whose blocks are indexed.
func (x *Index) Network() string { return x.m.Network }

// Can answers every question.
func (x *Index) Can() chain.Capability {
	return chain.CanTx | chain.CanSpender | chain.CanHistory
}

// Tip is the block with the greatest known height, else the last one.
func (x *Index) Tip(context.Context) (chain.Tip, error) {
	tip := chain.Tip{Network: x.m.Network, Height: -1, Hash: x.m.Summary.Tip}
	if h := x.m.Summary.Height; h != nil {
		tip.Height = *h
	}
	for i := x.blocks.len() - 1; i >= 0; i-- {
		b := x.block(uint32(i))
		if b.height == tip.Height && (tip.Hash == "" || b.id.String() == tip.Hash) {
			tip.Time = b.time()
			break
		}
	}
	return tip, nil
}

// blockInfo is what the index knows of a block.
type blockInfo struct {
	id      Hash
	stamp   uint32 // Unix seconds, 0 unknown
	bits    uint32
	file    int
	offset  int64
	size    int
	height  int64 // -1 unknown
	firstTx uint32
	txs     int
}

func (b *blockInfo) time() time.Time {
	if b.stamp == 0 {
		return time.Time{}
	}
	return time.Unix(int64(b.stamp), 0).UTC()
}

func (x *Index) block(i uint32) blockInfo {
	r, le := x.blocks.at(int(i)), binary.LittleEndian
	return blockInfo{
		id: Hash(r[:32]), offset: int64(le.Uint64(r[32:])), file: int(le.Uint32(r[40:])), size: int(le.Uint32(r[44:])),
		firstTx: le.Uint32(r[48:]), txs: int(le.Uint32(r[52:])), height: int64(int32(le.Uint32(r[56:]))), stamp: le.Uint32(r[60:]),
	}
}

// stored is a transaction as the index finds it.
type stored struct {
	num   uint32
	id    Hash
	wtxid Hash // of the data file; zero where unknown
	tx    rawTx
	block *blockInfo // nil for a loose transaction
	prev  []prevout  // what the source said of the outputs it spends; nil for block files
}

// prevout is an output that an input spends.
type prevout struct {
	known bool
	out   output
}

// load reads a transaction by its number.
func (x *Index) load(num uint32) (*stored, error) {
	if int(num) >= x.txs.len() {
		return nil, fmt.Errorf("the index names transaction %d of %d: build it again", num, x.txs.len())
	}
	if err := x.txs.sure(int(num)); err != nil {
		return nil, err
	}
	if x.data != nil {
		return x.loadData(num)
	}
	le := binary.LittleEndian
	r := x.txs.at(int(num))
	bi, offset := le.Uint32(r), int64(le.Uint32(r[4:]))
	if int(bi) >= x.blocks.len() {
		return nil, fmt.Errorf("the index names block %d of %d: build it again", bi, x.blocks.len())
	}
	b := x.block(bi)
	end := int64(b.size)
	if num+1 < b.firstTx+uint32(b.txs) && int(num)+1 < x.txs.len() {
		end = int64(le.Uint32(x.txs.at(int(num) + 1)[4:]))
	}
	if offset > end || end > int64(b.size) || end > maxSize {
		return nil, fmt.Errorf("the index names bytes outside of block %s: build it again", b.id)
	}
	f, err := x.blockFile(b.file)
	if err != nil {
		return nil, err
	}
	raw := make([]byte, end-offset)
	if _, err := f.ReadAt(raw, b.offset+offset); err != nil {
		return nil, fmt.Errorf("block %s: %w: %w", b.id, ErrBlocks, err)
	}
	unmask(raw, x.key, b.offset+offset)
	s := &stored{num: num, block: &b}
	n, err := parseTx(raw, &s.tx)
	if err == nil && n == len(raw) {
		s.id, _ = s.tx.txid(nil)
		if named, err := x.names(s.id, num); named || err != nil {
			return s, err
		}
	}
	return nil, fmt.Errorf("block %s at byte %d: %w", b.id, offset, ErrBlocks)
}

// names says whether the index has a transaction's id under its number.
func (x *Index) names(id Hash, num uint32) (named bool, err error) {
	err = x.ids.lookup(txidKey(id[:]), func(n, _ uint32) bool {
		named = n == num
		return !named
	})
	return named, err
}

func (x *Index) blockFile(i int) (*os.File, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if i >= len(x.files) {
		return nil, fmt.Errorf("the index names block file %d of %d: build it again", i, len(x.files))
	}
	if x.files[i] == nil {
		f, err := os.Open(filepath.Join(x.m.Blocks, x.m.Sources[i].Name))
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrBlocks, err)
		}
		x.files[i] = f
	}
	return x.files[i], nil
}

// find returns the transaction with an id, or nil. Of two with the same id (the
// coinbases of BIP-30) it is the later one, which took the other's place.
func (x *Index) find(id Hash) (found *stored, err error) {
	for i := len(x.ids) - 1; i >= 0 && found == nil && err == nil; i-- {
		_, damage := x.ids[i].lookup(txidKey(id[:]), func(num, _ uint32) bool {
			var s *stored
			if s, err = x.recall(num); err != nil {
				return false
			}
			if s.id == id {
				found = s
			}
			return true
		})
		err = errors.Join(err, damage)
	}
	if err != nil {
		return nil, err
	}
	return found, nil
}

// Tx returns a transaction of the best chain with the prevouts that are known.
func (x *Index) Tx(ctx context.Context, txid string) (*tamga.Tx, error) {
	return x.tx(ctx, txid, x.known)
}

func (x *Index) tx(ctx context.Context, txid string, known func(context.Context, *stored) (*tamga.Tx, error)) (*tamga.Tx, error) {
	id, err := ParseHash(txid)
	if err != nil {
		return nil, err
	}
	s, err := x.find(id)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return nil, fmt.Errorf("transaction %s: %w", txid, chain.ErrNotFound)
	}
	if x.data == nil {
		own := *s
		own.wtxid = s.tx.wtxid()
		s = &own
	}
	return known(ctx, s)
}

// known is a transaction with what the index knows of the outputs it spends.
func (x *Index) known(ctx context.Context, s *stored) (*tamga.Tx, error) {
	tx, err := x.lookedUp(ctx, s)
	if err != nil || x.undo == nil || !slices.ContainsFunc(tx.In, func(in tamga.TxIn) bool { return !in.Known && !in.Coinbase }) {
		return tx, err
	}
	own := *s // of blocks that are not at hand, the node's undo data may know
	if c := (undoCursor{x: x}); !c.fill(&own) {
		return tx, nil
	}
	return x.lookedUp(ctx, &own)
}

// lookedUp is a transaction with the outputs it spends as far as their transactions are
// at hand, which can be proven.
func (x *Index) lookedUp(ctx context.Context, s *stored) (*tamga.Tx, error) {
	return vocabulary(s, x.m.Network, func(id Hash) (*stored, error) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		return x.find(id)
	})
}

// vocabulary turns a transaction into the vocabulary's form; find looks up the
// transactions that it spends and answers nil for one that is not at hand.
func vocabulary(s *stored, network string, find func(Hash) (*stored, error)) (*tamga.Tx, error) {
	tx := &tamga.Tx{
		TxID: s.id.String(), Height: -1, Version: s.tx.version(), LockTime: s.tx.lockTime(),
		In: make([]tamga.TxIn, 0, s.tx.nIn), Out: make([]tamga.TxOut, 0, s.tx.nOut),
	}
	if s.wtxid != (Hash{}) {
		tx.WTxID = s.wtxid.String()
	}
	if s.block != nil {
		tx.Height, tx.Time = s.block.height, s.block.time()
		if s.block.id != (Hash{}) {
			tx.Block = s.block.id.String()
		}
	}
	err := s.spent(find, func(_ int, in input, out output, known bool) {
		v := tamga.TxIn{Sequence: in.sequence}
		if in.coinbase() {
			v.Coinbase = true
			tx.In = append(tx.In, v)
			return
		}
		v.Prev = tamga.Outpoint{TxID: Hash(in.prev).String(), Vout: in.vout}
		if v.Known = known; known {
			v.Value = tamga.NewAmount(out.value, "BTC")
			v.Type, v.Address = scriptAddress(out.script, network)
		}
		tx.In = append(tx.In, v)
	})
	if err != nil {
		return nil, err
	}
	s.tx.outputs(func(n int, out output) bool {
		o := tamga.TxOut{N: uint32(n), Value: tamga.NewAmount(out.value, "BTC")}
		o.Type, o.Address = scriptAddress(out.script, network)
		tx.Out = append(tx.Out, o)
		return true
	})
	return tx, nil
}

// spent calls fn for each input with the output it spends, where that is known:
// said by the source, or found by find, which answers nil for a transaction that
// is not at hand.
func (s *stored) spent(find func(Hash) (*stored, error), fn func(i int, in input, out output, known bool)) (err error) {
	same := map[Hash]*stored{} // several inputs often spend one transaction
	s.tx.inputs(func(i int, in input) {
		if err != nil {
			return
		}
		var out output
		known := false
		switch {
		case in.coinbase():
		case i < len(s.prev) && s.prev[i].known:
			out, known = s.prev[i].out, true
		default:
			prev, seen := same[Hash(in.prev)]
			if !seen {
				if prev, err = find(Hash(in.prev)); err != nil {
					return
				}
				same[Hash(in.prev)] = prev
			}
			if prev != nil {
				out, known = prev.tx.output(in.vout)
			}
		}
		fn(i, in, out, known)
	})
	return err
}

// heightOf is the height of a transaction's block, -1 where unknown.
func (x *Index) heightOf(num uint32) (int64, error) {
	if x.data != nil {
		s, err := x.load(num)
		if err != nil || s.block == nil {
			return -1, err
		}
		return s.block.height, nil
	}
	if int(num) >= x.txs.len() {
		return 0, fmt.Errorf("the index names transaction %d of %d: build it again", num, x.txs.len())
	}
	bi := binary.LittleEndian.Uint32(x.txs.at(int(num)))
	if int(bi) >= x.blocks.len() {
		return 0, fmt.Errorf("the index names block %d of %d: build it again", bi, x.blocks.len())
	}
	return x.block(bi).height, nil
}

// Spender returns the input of the best chain that spent an output.
func (x *Index) Spender(_ context.Context, out tamga.Outpoint) (spend chain.Spend, found bool, err error) {
	id, err := ParseHash(out.TxID)
	if err != nil {
		return chain.Spend{}, false, err
	}
	damage := x.spends.lookup(outpointKey(id[:], out.Vout), func(num, vin uint32) bool {
		var s *stored
		if s, err = x.recall(num); err != nil {
			return false
		}
		s.tx.inputs(func(i int, in input) {
			if uint32(i) == vin && in.vout == out.Vout && Hash(in.prev) == id {
				spend, found = chain.Spend{TxID: s.id.String(), Vin: vin}, true
			}
		})
		return !found
	})
	return spend, found, errors.Join(err, damage)
}

// History yields the outputs that paid an address, in chain order.
func (x *Index) History(ctx context.Context, addr string) iter.Seq2[tamga.Outpoint, error] {
	return func(yield func(tamga.Outpoint, error) bool) {
		a, ok := address.Parse(addr)
		if !ok {
			yield(tamga.Outpoint{}, chain.NoAddress(addr))
			return
		}
		script, err := address.ToScript(a)
		if err != nil {
			yield(tamga.Outpoint{}, err)
			return
		}
		damage := x.paid.lookup(scriptKey(script), func(num, n uint32) bool {
			n &^= noAddress
			if err = ctx.Err(); err != nil {
				return false
			}
			var s *stored
			if s, err = x.recall(num); err != nil {
				return false
			}
			out, ok := s.tx.output(n)
			if !ok || string(out.script) != string(script) {
				return true // another script with the same key
			}
			if s.tx.isCoinbase() {
				var last *stored
				if last, err = x.find(s.id); err != nil {
					return false
				}
				if last != nil && last.num != num {
					return true // BIP-30: a later coinbase took this one's place
				}
			}
			return yield(tamga.Outpoint{TxID: s.id.String(), Vout: n}, nil)
		})
		if err = errors.Join(err, damage); err != nil {
			yield(tamga.Outpoint{}, err)
		}
	}
}
