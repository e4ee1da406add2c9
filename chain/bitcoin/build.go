package bitcoin

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

// Options of Build and BuildTransactions. The zero value is ready to use.
type Options struct {
	// Network that the blocks must be of; empty takes it from the magic.
	// BuildTransactions, which sees no magic, takes empty for mainnet.
	Network string

	MemoryLimit int64 // bytes that a build may use; 0 is 4 GiB
	Workers     int   // goroutines that read and hash; 0 is one a processor

	// Verify compares every layer that is kept with its checksum, and makes those
	// again that differ. Without it only their sizes are looked at.
	Verify bool

	// Progress, where set, hears how many bytes of how many were read; blocks are
	// read twice. It is called from several goroutines, one at a time.
	Progress func(done, total int64)

	cut cutRules // of tests
}

// builder is one run of Build.
type builder struct {
	o       Options
	dir     string
	network network
	key     [8]byte
	m       *manifest       // under construction
	old     map[string]bool // names of files of the index that is there

	known   map[string]knownSource // block files read before
	have    map[layerKey]layerFile // layers that are there
	intact  map[string]bool        // names of files whose checksums were right
	journal *journal
	syncs   syncs

	filesRead int // block files that were new or had changed

	ordered []placed
	plan    *plan
	rows    rowSet
	scratch []row

	mu    sync.Mutex
	done  int64
	total int64
}

// layerKey tells layers apart: by where they begin, and by what the chain is up to
// where they end.
type layerKey struct {
	first uint32
	id    string
}

func (s span) key() layerKey { return layerKey{uint32(s.first), s.id} }

func (b *builder) progress(n int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.done += n
	if b.o.Progress != nil {
		b.o.Progress(b.done, max(b.total, b.done))
	}
}

func (o *Options) defaults() {
	if o.MemoryLimit <= 0 {
		o.MemoryLimit = defaultMemory
	}
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if o.cut == (cutRules{}) {
		o.cut = defaultCut
	}
}

// Build brings the index in dir up to the block files of a folder. It reads only
// the files that are new or changed since the last Build, and makes only the
// layers that new blocks or a reorganisation touch; the outcome is byte for byte
// that of one Build over all blocks, whatever the memory and the number of
// workers. It may be ended at any moment: the index that was there stays as it was
// until the new one is whole, and the next Build goes on where this one was.
func Build(ctx context.Context, dir, blocksDir string, o Options) (Summary, error) {
	s, err := build(ctx, dir, blocksDir, o)
	if err == nil {
		err = s.addUndo(ctx, dir, o)
	}
	if err != nil {
		return Summary{}, fmt.Errorf("index %s: %w", blocksDir, err)
	}
	return s, nil
}

// Sync is Build from the folder of block files that the index in dir was made of.
func Sync(ctx context.Context, dir string, o Options) (Summary, error) {
	m, err := readManifest(dir)
	if err != nil {
		return Summary{}, err
	}
	if m.Blocks == "" {
		return Summary{}, fmt.Errorf("the index %s was made of transactions, not of a folder of blocks: there is nothing to read again", dir)
	}
	return Build(ctx, dir, m.Blocks, o)
}

func build(ctx context.Context, dir, blocksDir string, o Options) (Summary, error) {
	o.defaults()
	b, err := newBuilder(ctx, dir, blocksDir, o)
	if err != nil {
		return Summary{}, err
	}
	old, discarded, err := b.oldIndex()
	if err != nil {
		return Summary{}, err
	}
	if old != nil && b.unchanged(old) {
		s := old.Summary
		s.Unchanged = true
		s.Run = &Run{Kept: s.Blocks, LayersKept: s.Layers}
		return s, sweep(dir, old, nil)
	}
	if err := b.resume(old); err != nil {
		return Summary{}, err
	}
	defer b.journal.close()
	defer b.syncs.wait()
	found, err := b.scan(ctx)
	if err != nil {
		return Summary{}, err
	}
	if err := b.fits(len(found)); err != nil {
		return Summary{}, err
	}
	genesis, _ := ParseHash(b.network.genesis)
	var branches Branches
	b.ordered, branches = bestChain(found, genesis)
	txs, err := numberTxs(b.ordered)
	if err != nil {
		return Summary{}, err
	}
	b.plan = cut(b.ordered, o.cut)
	b.m.Summary.Branches, b.m.Summary.Transactions = branches, txs
	run := b.compare(old)
	run.Discarded = discarded
	if err := b.makeLayers(ctx, run); err != nil {
		return Summary{}, err
	}
	if err := b.writeScan(found); err != nil {
		return Summary{}, err
	}
	b.summarise()
	b.keepUndo(old)
	b.keepOthers(old)
	if err := b.syncs.wait(); err != nil {
		return Summary{}, err
	}
	if err := b.m.write(dir); err != nil {
		return Summary{}, err
	}
	b.m.Summary.Run = run
	return b.m.Summary, sweep(dir, b.m, nil)
}

// newBuilder looks at the block files.
func newBuilder(ctx context.Context, dir, blocksDir string, o Options) (*builder, error) {
	blocksDir, err := filepath.Abs(blocksDir)
	if err != nil {
		return nil, err
	}
	detected, err := DetectNetwork(ctx, blocksDir)
	if err != nil {
		return nil, err
	}
	if o.Network != "" && o.Network != detected {
		return nil, fmt.Errorf("the blocks are of %s, not of %s", detected, o.Network)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	b := &builder{
		o: o, dir: dir, old: map[string]bool{},
		known: map[string]knownSource{}, have: map[layerKey]layerFile{}, intact: map[string]bool{},
	}
	if err := b.fits(0); err != nil {
		return nil, err
	}
	b.network, _ = byName(detected)
	files, key, err := blkFiles(blocksDir)
	if err != nil {
		return nil, err
	}
	b.key = key
	b.m = &manifest{
		Version: manifestVer, Network: detected, Blocks: blocksDir, Key: hex.EncodeToString(key[:]),
		LayerRows: o.cut.rows, Files: map[string]sealed{},
	}
	for _, file := range files {
		info, err := os.Stat(file)
		if err != nil {
			return nil, err
		}
		b.m.Sources = append(b.m.Sources, sourceFile{Name: filepath.Base(file), Size: info.Size(), Time: info.ModTime().UnixNano()})
		b.m.Summary.SourceBytes += info.Size()
	}
	return b, nil
}

// oldIndex reads the manifest that is there. An index that is of no use any more
// is none, with the reason.
func (b *builder) oldIndex() (old *manifest, discarded string, err error) {
	old, err = readManifest(b.dir)
	switch {
	case errors.Is(err, ErrNoIndex):
		return nil, "", nil
	case disposable(err):
		return nil, err.Error(), nil
	case err != nil:
		return nil, "", err
	case old.Network != b.m.Network:
		return nil, "", fmt.Errorf("the index in %s is of %s, the blocks are of %s", b.dir, old.Network, b.m.Network)
	}
	for _, f := range old.files() {
		b.old[f.Name] = true
	}
	return old, "", nil
}

// unchanged says whether the index that is there is that of the block files, and
// whole.
func (b *builder) unchanged(old *manifest) bool {
	b.o.Verify = b.o.Verify || old.size() <= verifiedAtOnce
	same := old.Blocks == b.m.Blocks && old.Key == b.m.Key && old.LayerRows == b.m.LayerRows &&
		slices.EqualFunc(old.Sources, b.m.Sources, sourceFile.as)
	for _, f := range old.files() {
		same = same && b.whole(f, b.o.Verify)
	}
	return same
}

// whole says whether a file of the index has its size and, where asked for, its
// checksum.
func (b *builder) whole(f sealed, sum bool) bool {
	if b.intact[f.Name] {
		return true
	}
	file := filepath.Join(b.dir, f.Name)
	if info, err := os.Stat(file); err != nil || info.Size() != f.Size {
		return false
	}
	if !sum {
		return true
	}
	got, _, err := fileSum(file)
	b.intact[f.Name] = err == nil && got == f.SHA256
	return b.intact[f.Name]
}

// resume takes in what is there: of the index, and of a build that was ended.
func (b *builder) resume(old *manifest) error {
	if old != nil && old.Blocks != "" && old.LayerRows == b.m.LayerRows {
		for _, l := range old.Layers {
			b.have[layerKey{l.FirstBlock, l.ID}] = l
		}
		if old.Blocks == b.m.Blocks && old.Key == b.m.Key {
			if err := b.recallSources(old); err != nil {
				return err
			}
		}
	}
	keep := map[string]bool{journalName: true}
	of := journaled{manifestVer, b.m.Network, b.m.Blocks, b.m.Key, b.m.LayerRows}
	var err error
	b.journal, err = openJournal(b.dir, of, func(s sourceFile, rows []byte) {
		b.known[s.Name] = knownSource{s, rows}
	}, func(l layerFile) {
		if b.old[l.Name] {
			return
		}
		keep[l.Name] = true
		if b.whole(l.sealed, true) {
			b.have[layerKey{l.FirstBlock, l.ID}] = l
		}
	})
	if err != nil {
		return err
	}
	return sweep(b.dir, old, keep)
}

// compare counts the blocks that the index that is there has in common with the
// ordered chain.
func (b *builder) compare(old *manifest) *Run {
	r := &Run{Added: len(b.ordered), FilesRead: b.filesRead}
	if old == nil || old.Blocks == "" {
		return r
	}
	r.Replaced = old.Summary.Blocks
	for i := range old.Layers {
		l, err := openLayer(b.dir, &old.Layers[i])
		if err != nil {
			return r
		}
		same, t := 0, &l.table[tableBlocks]
		for same < t.len() && r.Kept+same < len(b.ordered) && Hash(t.at(same)) == b.ordered[r.Kept+same].id {
			same++
		}
		whole := same == t.len()
		l.close()
		r.Kept, r.Added, r.Replaced = r.Kept+same, r.Added-same, r.Replaced-same
		if !whole {
			return r
		}
	}
	return r
}

// summarise says what the index holds.
func (b *builder) summarise() {
	s := &b.m.Summary
	s.Network, s.Blocks, s.Layers = b.network.name, len(b.ordered), len(b.m.Layers)
	for i := range b.ordered {
		s.Inputs += int64(b.ordered[i].inputs)
		s.Outputs += int64(b.ordered[i].outputs)
	}
	for _, l := range b.m.Layers {
		s.Addresses += l.Addresses
	}
	for _, f := range b.m.files() {
		s.IndexBytes += f.Size
	}
	if len(b.ordered) == 0 {
		return
	}
	tip := &b.ordered[len(b.ordered)-1]
	for i := range b.ordered {
		if b.ordered[i].height > tip.height {
			tip = &b.ordered[i]
		}
	}
	s.Tip = tip.id.String()
	if tip.height >= 0 {
		s.Height = &tip.height
	}
}

// keepOthers keeps what was made from the index that was there, where that is the
// same in the end.
func (b *builder) keepOthers(old *manifest) {
	if old == nil || !slices.Equal(old.Layers, b.m.Layers) {
		return
	}
	for kind, f := range old.Files {
		if _, ok := b.m.Files[kind]; !ok && kind != fileData && b.whole(f, b.o.Verify) {
			b.m.Files[kind] = f
			b.m.Summary.IndexBytes += f.Size
		}
	}
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
