package bitcoin

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"tamga/internal/address"
)

// Options of Build and BuildTransactions. The zero value is ready to use.
type Options struct {
	// Network that the blocks must be of; empty takes it from the magic.
	// BuildTransactions, which sees no magic, takes empty for mainnet.
	Network string

	MemoryLimit int64 // bytes that sorting may use; 0 is 4 GiB
	Workers     int   // goroutines that read and hash; 0 is one a processor

	// Progress, where set, hears how many bytes of how many were read; blocks are
	// read twice. It is called from several goroutines, one at a time.
	Progress func(done, total int64)
}

const defaultMemory = 4 << 30

// builder is one run of Build.
type builder struct {
	o       Options
	dir     string
	network network
	files   []string
	key     [8]byte

	mu    sync.Mutex
	done  int64
	total int64
}

func (b *builder) progress(n int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.done += n
	if b.o.Progress != nil {
		b.o.Progress(b.done, b.total)
	}
}

func (o *Options) defaults() {
	if o.MemoryLimit <= 0 {
		o.MemoryLimit = defaultMemory
	}
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
}

// Build indexes the block files of a folder into dir. It may be ended at any
// moment: the index that was there stays as it was until the new one is whole,
// and the next Build removes what was left over. Where nothing changed since
// the last Build, it says so and does nothing. The same blocks give the same
// bytes whatever the number of workers.
func Build(ctx context.Context, dir, blocksDir string, o Options) (Summary, error) {
	s, err := build(ctx, dir, blocksDir, o)
	if err != nil {
		return Summary{}, fmt.Errorf("index %s: %w", blocksDir, err)
	}
	return s, nil
}

func build(ctx context.Context, dir, blocksDir string, o Options) (Summary, error) {
	o.defaults()
	blocksDir, err := filepath.Abs(blocksDir)
	if err != nil {
		return Summary{}, err
	}
	detected, err := DetectNetwork(ctx, blocksDir)
	if err != nil {
		return Summary{}, err
	}
	if o.Network != "" && o.Network != detected {
		return Summary{}, fmt.Errorf("the blocks are of %s, not of %s", detected, o.Network)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return Summary{}, err
	}
	b := &builder{o: o, dir: dir}
	b.network, _ = byName(detected)
	if b.files, b.key, err = blkFiles(blocksDir); err != nil {
		return Summary{}, err
	}
	m := &manifest{Version: manifestVer, Network: detected, Blocks: blocksDir, Key: hex.EncodeToString(b.key[:]), Files: map[string]sealed{}}
	for _, file := range b.files {
		info, err := os.Stat(file)
		if err != nil {
			return Summary{}, err
		}
		m.Sources = append(m.Sources, sourceFile{filepath.Base(file), info.Size(), info.ModTime().UnixNano()})
		m.Summary.SourceBytes += info.Size()
	}
	old, err := readManifest(dir)
	switch {
	case err == nil && old.Network != detected:
		return Summary{}, fmt.Errorf("the index in %s is of %s, the blocks are of %s", dir, old.Network, detected)
	case err == nil && old.Blocks == m.Blocks && old.Key == m.Key && slices.Equal(old.Sources, m.Sources) && old.verifySmall(dir) == nil:
		old.Summary.Unchanged = true
		return old.Summary, sweep(dir, old)
	case err != nil && !errors.Is(err, ErrNoIndex) && !errors.Is(err, ErrDamaged):
		return Summary{}, err
	}
	if err := sweep(dir, old); err != nil {
		return Summary{}, err
	}
	b.total = 2 * m.Summary.SourceBytes
	found, damage, err := b.scan(ctx)
	if err != nil {
		return Summary{}, err
	}
	genesis, _ := ParseHash(b.network.genesis)
	ordered, branches := bestChain(found, genesis)
	m.Summary.Damage, m.Summary.Branches = damage, branches
	if err := b.number(ordered, m); err != nil {
		return Summary{}, err
	}
	if err := b.index(ctx, ordered, m); err != nil {
		return Summary{}, err
	}
	if err := m.write(dir); err != nil {
		return Summary{}, err
	}
	return m.Summary, sweep(dir, m)
}

// number gives every block the number of its first transaction.
func (b *builder) number(ordered []*blockInfo, m *manifest) error {
	next := int64(0)
	for _, bl := range ordered {
		if next+int64(bl.txs) > math.MaxUint32 {
			return errOverflow
		}
		bl.firstTx = uint32(next)
		next += int64(bl.txs)
	}
	m.Summary.Network, m.Summary.Blocks, m.Summary.Transactions = b.network.name, len(ordered), next
	if len(ordered) > 0 {
		tip := tipOf(ordered)
		m.Summary.Tip = tip.id.String()
		if tip.height >= 0 {
			m.Summary.Height = &tip.height
		}
	}
	return nil
}

// tipOf is the block with the greatest known height, else the last.
func tipOf(ordered []*blockInfo) *blockInfo {
	tip := ordered[len(ordered)-1]
	for _, b := range ordered {
		if b.height > tip.height {
			tip = b
		}
	}
	return tip
}

// each runs f for 0 to n-1 on the workers and returns the first error.
func (b *builder) each(ctx context.Context, n int, f func(ctx context.Context, worker, i int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next atomic.Int64
	var wg sync.WaitGroup
	for worker := range b.o.Workers {
		wg.Go(func() {
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				if err := f(ctx, worker, i); err != nil {
					cancel(err)
				}
			}
		})
	}
	wg.Wait()
	return context.Cause(ctx)
}

// scan reads all files and returns the valid blocks in the order of the files.
func (b *builder) scan(ctx context.Context) ([]*blockInfo, Damage, error) {
	perFile := make([][]*blockInfo, len(b.files))
	damage := make([]Damage, len(b.files))
	buffers := make([][]byte, b.o.Workers)
	readers := make([]blockReader, b.o.Workers)
	err := b.each(ctx, len(b.files), func(ctx context.Context, worker, i int) error {
		w, f, err := openWindow(b.files[i], b.key)
		if err != nil {
			return err
		}
		defer f.Close()
		w.buf = buffers[worker][:0]
		last := int64(0)
		err = scanFile(ctx, w, b.network.magic, &damage[i], func(r record) (bool, error) {
			info, ok := readers[worker].info(r.raw)
			if !ok {
				return false, nil
			}
			info.file, info.offset = i, r.offset
			perFile[i] = append(perFile[i], info)
			b.progress(r.offset + int64(len(r.raw)) - last)
			last = r.offset + int64(len(r.raw))
			return true, nil
		})
		b.progress(w.size - last)
		buffers[worker] = w.buf
		return err
	})
	var all []*blockInfo
	var sum Damage
	for i := range perFile {
		all = append(all, perFile[i]...)
		sum.add(damage[i])
	}
	return all, sum, err
}

// info reads a whole block and keeps what its order needs.
func (r *blockReader) info(raw []byte) (*blockInfo, bool) {
	claimed, txs := int64(-1), 0
	h := header(raw)
	n, err := r.read(raw, func(i int, t *rawTx, _ Hash, _ int) error {
		txs++
		if i == 0 && t.isCoinbase() {
			t.inputs(func(_ int, in input) {
				if height, ok := coinbaseHeight(h.version(), in.script); ok {
					claimed = height
				}
			})
		}
		return nil
	})
	if err != nil || n != len(raw) {
		return nil, false
	}
	id := h.hash()
	return &blockInfo{
		id: id, prev: h.prev(), work: work(h, id), stamp: h.time(), bits: h.bits(),
		txs: txs, size: len(raw), claimed: claimed,
	}, true
}

// tables are the segments under construction.
type tables struct {
	dir               string
	txs               *os.File
	ids, spends, paid *sorter
	inputs, outputs   atomic.Int64
}

func newTables(dir string, memory int64) (*tables, error) {
	f, err := os.Create(filepath.Join(dir, segmentTxs+".tmp"))
	if err != nil {
		return nil, err
	}
	if _, err := f.Write(segmentHead(txRow)); err != nil {
		f.Close()
		return nil, err
	}
	// Two of the three tables have several rows a transaction.
	return &tables{
		dir: dir, txs: f,
		ids:    newSorter(dir, segmentIDs, memory/8),
		spends: newSorter(dir, segmentSpends, memory/4),
		paid:   newSorter(dir, segmentPaid, memory/4),
	}, nil
}

// writer is one worker's access to the tables.
type writer struct {
	t                 *tables
	ids, spends, paid batcher
	rows              []byte
}

func (t *tables) writer() *writer {
	return &writer{t: t, ids: batcher{s: t.ids}, spends: batcher{s: t.spends}, paid: batcher{s: t.paid}}
}

// add puts one transaction into the three hash tables.
func (w *writer) add(num uint32, id Hash, t *rawTx) (err error) {
	keep := func(e error) {
		if err == nil {
			err = e
		}
	}
	keep(w.ids.add(txidKey(id[:]), num, 0))
	t.inputs(func(i int, in input) {
		if !in.coinbase() {
			keep(w.spends.add(outpointKey(in.prev, in.vout), num, uint32(i)))
		}
	})
	t.outputs(func(n int, out output) bool {
		which := uint32(n)
		if _, payload := address.ScriptType(out.script); payload == nil {
			which |= noAddress
		}
		keep(w.paid.add(scriptKey(out.script), num, which))
		return true
	})
	w.t.inputs.Add(int64(t.nIn))
	w.t.outputs.Add(int64(t.nOut))
	return err
}

func (w *writer) flush() error {
	return errors.Join(w.ids.flush(), w.spends.flush(), w.paid.flush())
}

// index reads the blocks again, in chain order, and writes all segments.
func (b *builder) index(ctx context.Context, ordered []*blockInfo, m *manifest) error {
	t, err := newTables(b.dir, b.o.MemoryLimit)
	if err != nil {
		return err
	}
	defer t.txs.Close()
	files := make([]*os.File, len(b.files))
	defer func() {
		for _, f := range files {
			if f != nil {
				f.Close()
			}
		}
	}()
	var open sync.Mutex
	file := func(i int) (*os.File, error) {
		open.Lock()
		defer open.Unlock()
		var err error
		if files[i] == nil {
			files[i], err = os.Open(b.files[i])
		}
		return files[i], err
	}
	type state struct {
		w   *writer
		buf []byte
		r   blockReader
	}
	workers := make([]state, b.o.Workers)
	for i := range workers {
		workers[i].w = t.writer()
	}
	err = b.each(ctx, len(ordered), func(_ context.Context, worker, i int) error {
		s, bl := &workers[worker], ordered[i]
		f, err := file(bl.file)
		if err != nil {
			return err
		}
		s.buf = slices.Grow(s.buf[:0], bl.size)[:bl.size]
		if _, err := f.ReadAt(s.buf, bl.offset); err != nil {
			return fmt.Errorf("read block %s: %w", bl.id, err)
		}
		unmask(s.buf, b.key, bl.offset)
		s.w.rows = s.w.rows[:0]
		_, err = s.r.read(s.buf, func(n int, tx *rawTx, id Hash, offset int) error {
			s.w.rows = binary.LittleEndian.AppendUint32(s.w.rows, uint32(i))
			s.w.rows = binary.LittleEndian.AppendUint32(s.w.rows, uint32(offset))
			return s.w.add(bl.firstTx+uint32(n), id, tx)
		})
		if err != nil {
			return fmt.Errorf("block %s changed while it was read: %w", bl.id, err)
		}
		b.progress(int64(bl.size))
		_, err = t.txs.WriteAt(s.w.rows, segmentHeader+int64(bl.firstTx)*txRow)
		return err
	})
	if err != nil {
		return err
	}
	for i := range workers {
		if err := workers[i].w.flush(); err != nil {
			return err
		}
	}
	m.Summary.Inputs, m.Summary.Outputs = t.inputs.Load(), t.outputs.Load()
	if err := b.writeBlocks(ordered); err != nil {
		return err
	}
	return t.finish(m)
}

// writeBlocks writes the table of blocks in chain order.
func (b *builder) writeBlocks(ordered []*blockInfo) error {
	f, err := os.Create(filepath.Join(b.dir, segmentBlocks+".tmp"))
	if err != nil {
		return err
	}
	defer f.Close()
	out := bufio.NewWriterSize(f, 1<<20)
	out.Write(segmentHead(blockRow))
	for _, bl := range ordered {
		out.Write(bl.bytes())
	}
	if err := out.Flush(); err != nil {
		return err
	}
	return f.Close()
}

func (bl *blockInfo) bytes() []byte {
	le := binary.LittleEndian
	r := append(make([]byte, 0, blockRow), bl.id[:]...)
	r = le.AppendUint64(r, uint64(bl.offset))
	r = le.AppendUint32(r, uint32(bl.file))
	r = le.AppendUint32(r, uint32(bl.size))
	r = le.AppendUint32(r, bl.firstTx)
	r = le.AppendUint32(r, uint32(bl.txs))
	r = le.AppendUint32(r, uint32(int32(bl.height)))
	r = le.AppendUint32(r, bl.stamp)
	r = le.AppendUint32(r, bl.bits)
	return le.AppendUint32(r, 0)
}

// finish sorts the hash tables and puts every file under its final name, which
// has its checksum, so that it never takes the place of another one.
func (t *tables) finish(m *manifest) error {
	if err := t.txs.Close(); err != nil {
		return err
	}
	for _, s := range []*sorter{t.ids, t.spends, t.paid} {
		f, err := os.Create(filepath.Join(t.dir, s.name+".tmp"))
		if err != nil {
			return err
		}
		err = s.write(f)
		if cerr := f.Close(); err == nil {
			err = cerr
		}
		if err != nil {
			return fmt.Errorf("sort %s: %w", s.name, err)
		}
	}
	m.Summary.Addresses = t.paid.keys
	for _, kind := range []string{segmentBlocks, segmentTxs, segmentIDs, segmentSpends, segmentPaid} {
		if err := m.seal(t.dir, kind, ".seg"); err != nil {
			return err
		}
	}
	return nil
}

// seal moves a finished file to its final name and enters it.
func (m *manifest) seal(dir, kind, suffix string) error {
	tmp := filepath.Join(dir, kind+".tmp")
	sum, size, err := fileSum(tmp)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(tmp, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	err = f.Sync()
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	name := kind + "-" + sum[:16] + suffix
	if err := os.Rename(tmp, filepath.Join(dir, name)); err != nil {
		return err
	}
	m.Files[kind] = sealed{Name: name, Size: size, SHA256: sum}
	m.Summary.IndexBytes += size
	return nil
}
