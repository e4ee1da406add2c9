package bitcoin

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"tamga/chain/coinjoin"
	"tamga/internal/address"
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

// BuildWallets works out which scripts one owner signed for, in chain order, and
// adds the outcome to the index in dir, where it is not there yet. progress, where
// set, hears how many of how many transactions were read.
func BuildWallets(ctx context.Context, dir string, progress func(done, total int64)) error {
	x, err := Open(dir)
	if err != nil {
		return err
	}
	defer x.Close()
	if _, ok := x.m.Files[segmentSigners]; ok {
		return nil
	}
	if err := x.buildWallets(ctx, progress); err != nil {
		return fmt.Errorf("build wallets of %s: %w", dir, err)
	}
	return nil
}

func (x *Index) buildWallets(ctx context.Context, progress func(done, total int64)) error {
	if err := x.writeScripts(ctx); err != nil {
		return err
	}
	m := *x.m
	m.Files = map[string]sealed{}
	for k, f := range x.m.Files {
		m.Files[k] = f
	}
	if err := m.seal(x.dir, segmentScripts, ".seg"); err != nil {
		return err
	}
	f := m.Files[segmentScripts]
	scripts, err := openSegment(filepath.Join(x.dir, f.Name), hashRow, f.Size)
	if err != nil {
		return err
	}
	defer scripts.close()
	c := &clusterer{x: x, scripts: scripts, joiner: joiner{sets: newForest(scripts.len())}}
	if err := c.run(ctx, progress); err != nil {
		return err
	}
	for _, kind := range []string{segmentForest, segmentMerges, segmentHeld, segmentSigners} {
		if err := m.seal(x.dir, kind, ".seg"); err != nil {
			return err
		}
	}
	return m.write(x.dir)
}

// writeScripts writes the scripts that have an address, each once with the place
// where it is first seen, sorted by key. The number of a script is its row.
func (x *Index) writeScripts(ctx context.Context) error {
	f, err := os.Create(filepath.Join(x.dir, segmentScripts+".tmp"))
	if err != nil {
		return err
	}
	defer f.Close()
	out := bufio.NewWriterSize(f, 1<<20)
	out.Write(segmentHead(hashRow))
	spent, err := x.prevoutScripts(ctx)
	if err != nil {
		return err
	}
	var buf [hashRow]byte
	put := func(r row) { out.Write(r.bytes(buf[:0])) }
	last, some := uint64(0), false
	for first, err := range x.paid.all(ctx) {
		if err != nil {
			return err
		}
		if some && first.key == last {
			continue
		}
		last, some = first.key, true
		for len(spent) > 0 && spent[0].key < first.key {
			put(spent[0])
			spent = spent[1:]
		}
		if len(spent) > 0 && spent[0].key == first.key {
			if spent[0].a < first.a {
				first = spent[0]
			}
			spent = spent[1:]
		}
		if first.b&noAddress == 0 {
			put(first)
		}
	}
	for _, r := range spent {
		put(r)
	}
	if err := out.Flush(); err != nil {
		return err
	}
	return f.Close()
}

// prevoutScripts are the scripts that transactions given as JSON name as those
// of the outputs they spend, each once, by key.
func (x *Index) prevoutScripts(ctx context.Context) ([]row, error) {
	if x.data == nil {
		return nil, nil
	}
	first := map[uint64]row{}
	for num := range uint32(x.txs.len()) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		s, err := x.load(num)
		if err != nil {
			return nil, err
		}
		for i, p := range s.prev {
			if !p.known || !hasAddress(p.out.script) {
				continue
			}
			if key := scriptKey(p.out.script); first[key] == (row{}) {
				first[key] = row{key, num, uint32(i) | inputSide}
			}
		}
	}
	out := make([]row, 0, len(first))
	for _, r := range first {
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b row) int {
		if a.key < b.key {
			return -1
		}
		return 1
	})
	return out, nil
}

func hasAddress(script []byte) bool {
	_, payload := address.ScriptType(script)
	return payload != nil
}

// clusterer is one run over the transactions in chain order.
type clusterer struct {
	joiner
	x       *Index
	scripts *segment
	signers *bufio.Writer
}

func (c *clusterer) run(ctx context.Context, progress func(done, total int64)) error {
	merges, err := os.Create(filepath.Join(c.x.dir, segmentMerges+".tmp"))
	if err != nil {
		return err
	}
	defer merges.Close()
	signers, err := os.Create(filepath.Join(c.x.dir, segmentSigners+".tmp"))
	if err != nil {
		return err
	}
	defer signers.Close()
	c.log, c.out = segmentHead(mergeRow), merges
	c.signers = bufio.NewWriterSize(signers, 1<<20)
	c.signers.Write(segmentHead(signerRow))
	total := uint32(c.x.txs.len())
	for num := range total {
		if num%1024 == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
			if progress != nil {
				progress(int64(num), int64(total))
			}
		}
		if err := c.tx(ctx, num); err != nil {
			return err
		}
	}
	c.flush()
	if err := errors.Join(c.err, merges.Close(), c.signers.Flush(), signers.Close()); err != nil {
		return err
	}
	if err := c.writeHeld(); err != nil {
		return err
	}
	return c.writeForest()
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

// tx joins the owners of a transaction's inputs.
func (c *clusterer) tx(ctx context.Context, num uint32) error {
	s, err := c.x.load(num)
	if err != nil || s.tx.nIn < 2 {
		return err
	}
	var signers []signer
	err = s.spent(c.x.find, func(i int, _ input, out output, known bool) {
		if !known || !hasAddress(out.script) {
			return
		}
		if id, ok := c.script(out.script); ok {
			signers = append(signers, signer{num, uint32(i), id})
		}
	})
	if err != nil || len(signers) < 2 {
		return err
	}
	if s.tx.nOut > 2 {
		tx, err := c.x.known(ctx, s)
		if err != nil {
			return err
		}
		if coinjoin.Abstains(tx, c.x.m.Network) {
			return nil
		}
	}
	for _, o := range signers {
		c.signers.Write(o.bytes(nil))
	}
	c.joinAll(unions(signers, nil))
	return c.err
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

// script is the number of a script.
func (c *clusterer) script(script []byte) (id uint32, ok bool) {
	return find(c.scripts, scriptKey(script))
}

// find returns the place of the row with a key.
func find(s *segment, key uint64) (i uint32, ok bool) {
	lo, hi := 0, s.len()
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		if binary.BigEndian.Uint64(s.at(mid)) < key {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return uint32(lo), lo < s.len() && binary.BigEndian.Uint64(s.at(lo)) == key
}

// writeHeld writes the joins that are still held off.
func (c *clusterer) writeHeld() error {
	b := segmentHead(mergeRow)
	for _, h := range c.waiting() {
		b = h.bytes(b)
	}
	return os.WriteFile(filepath.Join(c.x.dir, segmentHeld+".tmp"), b, 0o644)
}

func (c *clusterer) writeForest() error {
	c.sets.flatten()
	f, err := os.Create(filepath.Join(c.x.dir, segmentForest+".tmp"))
	if err != nil {
		return err
	}
	defer f.Close()
	out := bufio.NewWriterSize(f, 1<<20)
	out.Write(segmentHead(forestRow))
	var b [4]byte
	for _, n := range c.sets {
		binary.LittleEndian.PutUint32(b[:], n.parent)
		out.Write(b[:])
	}
	if err := out.Flush(); err != nil {
		return err
	}
	return f.Close()
}
