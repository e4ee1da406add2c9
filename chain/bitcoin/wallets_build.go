package bitcoin

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"sync"
)

// The segments of the wallets (docs/formats/ledger.md).
const (
	segmentScripts = "scripts"
	segmentForest  = "forest"
	segmentMerges  = "merges"
	segmentHeld    = "held"
	segmentSigners = "signers"
)

const (
	forestRow = 4
	mergeRow  = 24
	signerRow = 12
)

// multiInput is the rule that who signs the inputs of one transaction owns them
// all (Meiklejohn et al. 2013, heuristic 1), held off where several owners may
// have made it.
const multiInput = 1

// inputSide marks, in the table of scripts, a place that is an input: the script
// is known only from what was said of the output it spends.
const inputSide = 1 << 30

// merge is a union that changed the partition: inputs inA and inB of transaction
// tx spend from scripts a and b.
type merge struct{ a, b, tx, inA, inB, rule uint32 }

func (m merge) bytes(b []byte) []byte {
	for _, v := range []uint32{m.a, m.b, m.tx, m.inA, m.inB, m.rule} {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	return b
}

func mergeAt(r []byte) merge {
	le := binary.LittleEndian
	return merge{le.Uint32(r), le.Uint32(r[4:]), le.Uint32(r[8:]), le.Uint32(r[12:]), le.Uint32(r[16:]), le.Uint32(r[20:])}
}

// signer is an input of a transaction that its owner signed for, and the script
// of the output it spends.
type signer struct{ tx, in, script uint32 }

func (s signer) bytes(b []byte) []byte {
	le := binary.LittleEndian
	return le.AppendUint32(le.AppendUint32(le.AppendUint32(b, s.tx), s.in), s.script)
}

func signerAt(r []byte) signer {
	le := binary.LittleEndian
	return signer{le.Uint32(r), le.Uint32(r[4:]), le.Uint32(r[8:])}
}

// unions appends the unions that the signers of one transaction ask for: each
// with the first.
func unions(signers []signer, to []merge) []merge {
	first := signers[0]
	for _, o := range signers[1:] {
		if o.script != first.script {
			to = append(to, merge{first.script, o.script, o.tx, first.in, o.in, multiInput})
		}
	}
	return to
}

// BuildWallets works out which scripts one owner signed for, in chain order, and
// adds the outcome to the index in dir, where it is not there yet. o may be nil;
// its Progress hears how many of how many transactions were read. Sorting uses its
// MemoryLimit; 8 bytes a script come on top of that. The same index gives the same
// bytes, whatever the memory and the number of workers.
func BuildWallets(ctx context.Context, dir string, o *Options) error {
	x, err := Open(dir)
	if err != nil {
		return err
	}
	defer x.Close()
	if _, ok := x.m.Files[segmentSigners]; ok {
		return nil
	}
	if o == nil {
		o = &Options{}
	}
	if err := x.buildWallets(ctx, o); err != nil {
		return fmt.Errorf("build wallets of %s: %w", dir, err)
	}
	return nil
}

func (x *Index) buildWallets(ctx context.Context, o *Options) error {
	signers, scripts, err := x.gather(ctx, o)
	if err != nil {
		return err
	}
	defer signers.clean()
	if err := x.unite(ctx, signers, scripts); err != nil {
		return err
	}
	m := *x.m
	m.Files = maps.Clone(x.m.Files)
	if m.Files == nil {
		m.Files = map[string]sealed{}
	}
	for _, kind := range []string{segmentScripts, segmentForest, segmentMerges, segmentHeld, segmentSigners} {
		if err := m.seal(x.dir, kind, ".seg"); err != nil {
			return err
		}
	}
	return m.write(x.dir)
}

// unite joins the signers of each transaction, in chain order, and writes what
// comes of it.
func (x *Index) unite(ctx context.Context, signers *outOrder[signer], scripts int) error {
	log, err := os.Create(filepath.Join(x.dir, segmentMerges+".tmp"))
	if err != nil {
		return err
	}
	defer log.Close()
	j := &joiner{sets: newForest(scripts), log: segmentHead(mergeRow), out: log}
	var ms []merge
	err = x.writeSegment(segmentSigners, signerRow, func(out *bufio.Writer) error {
		return signers.each(ctx, func(rows []signer) error {
			ms = ms[:0]
			for i := 0; i < len(rows); {
				end := i + 1
				for end < len(rows) && rows[end].tx == rows[i].tx {
					end++
				}
				ms = unions(rows[i:end], ms)
				i = end
			}
			j.joinAll(ms)
			for i := range rows {
				out.Write(rows[i].bytes(out.AvailableBuffer()))
			}
			return j.err
		})
	})
	if err != nil {
		return err
	}
	j.flush()
	if err := errors.Join(j.err, log.Close()); err != nil {
		return err
	}
	err = x.writeSegment(segmentHeld, mergeRow, func(out *bufio.Writer) error {
		for _, h := range j.waiting() {
			out.Write(h.bytes(out.AvailableBuffer()))
		}
		return nil
	})
	if err != nil {
		return err
	}
	j.sets.flatten()
	return x.writeSegment(segmentForest, forestRow, func(out *bufio.Writer) error {
		for _, n := range j.sets {
			out.Write(binary.LittleEndian.AppendUint32(out.AvailableBuffer(), n.parent))
		}
		return nil
	})
}

// writeSegment writes a segment under its passing name.
func (x *Index) writeSegment(kind string, row int, rows func(out *bufio.Writer) error) error {
	f, err := os.Create(filepath.Join(x.dir, kind+".tmp"))
	if err != nil {
		return err
	}
	defer f.Close()
	out := bufio.NewWriterSize(f, 1<<20)
	out.Write(segmentHead(row))
	if err := rows(out); err != nil {
		return err
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write %s: %w", kind, err)
	}
	return f.Close()
}

// gather finds the signers of all transactions that clustering need not abstain
// from, and writes the scripts that have an address, each once with the place
// where it is first seen. The number of a script is its row.
func (x *Index) gather(ctx context.Context, o *Options) (_ *outOrder[signer], scripts int, err error) {
	memory, txs := o.MemoryLimit, max(x.txs.len(), 1)
	if memory <= 0 {
		memory = defaultMemory
	}
	gatherer := func(join bool) *gatherer {
		return &gatherer{
			x:      x,
			join:   join,
			said:   x.data != nil || x.m.Summary.Islands > 0,
			coins:  newOutOrder(x.dir, coinRows, memory/4),
			spent:  newOutOrder(x.dir, spentRows(txs), memory/8),
			sights: newOutOrder(x.dir, sightRows, memory/4),
		}
	}
	g := gatherer(!x.undoComplete())
	signers := newOutOrder(x.dir, signerRows(txs), memory/8)
	defer func() {
		g.clean()
		if err != nil {
			signers.clean()
		}
	}()
	err = g.read(ctx, o)
	if err == nil && g.silent.Load() { // an undo file changed since it was indexed
		g.clean()
		g = gatherer(true)
		err = g.read(ctx, o)
	}
	if err != nil {
		return nil, 0, err
	}
	if err := g.meet(ctx); err != nil {
		return nil, 0, err
	}
	if err := g.judgeAll(ctx); err != nil {
		return nil, 0, err
	}
	scripts, err = g.number(ctx, signers)
	return signers, scripts, err
}

// number gives every script its number, and its signatures.
func (g *gatherer) number(ctx context.Context, signers *outOrder[signer]) (n int, err error) {
	to := batch[signer]{to: signers}
	err = g.x.writeSegment(segmentScripts, hashRow, func(out *bufio.Writer) error {
		return g.sights.each(ctx, func(rows []sightRow) error {
			for i := 0; i < len(rows); {
				first := rows[i]
				end := i + 1
				for end < len(rows) && rows[end].script == first.script {
					end++
				}
				if first.place&signs == 0 { // else the index has no place to read it from
					if n >= math.MaxUint32 {
						return errors.New("more than 4,294,967,295 scripts")
					}
					out.Write(row{first.script.key, first.tx, first.place}.bytes(out.AvailableBuffer()))
					for _, s := range rows[i:end] {
						if s.place&signs == 0 {
							continue
						}
						if err := to.add(signer{s.tx, s.place &^ signs, uint32(n)}); err != nil {
							return err
						}
					}
					n++
				}
				i = end
			}
			return nil
		})
	})
	return n, errors.Join(err, to.flush())
}

// tally counts transactions for whoever watches.
type tally struct {
	mu    sync.Mutex
	done  int64
	total int64
	tell  func(done, total int64)
}

func (t *tally) add(n int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.done += n; t.tell != nil {
		t.tell(t.done, t.total)
	}
}
