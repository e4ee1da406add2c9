package bitcoin

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
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
)

const (
	forestRow = 4
	mergeRow  = 24
)

// multiInput is the rule that who signs the inputs of one transaction owns them
// all (Meiklejohn et al. 2013, heuristic 1), held off where several owners may
// have made it.
const multiInput = 1

// bridge is how many scripts each of two wallets must have for a single
// transaction not to be enough to join them.
const bridge = 1000

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
	if _, ok := x.m.Files[segmentMerges]; ok {
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
	c := &clusterer{x: x, scripts: scripts, sets: newForest(scripts.len())}
	if err := c.run(ctx, progress); err != nil {
		return err
	}
	for _, kind := range []string{segmentForest, segmentMerges, segmentHeld} {
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
	for i := 0; i < x.paid.len(); {
		first := rowAt(x.paid.at(i))
		for i++; i < x.paid.len() && rowAt(x.paid.at(i)).key == first.key; i++ {
		}
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

func rowAt(r []byte) row {
	return row{binary.BigEndian.Uint64(r), binary.LittleEndian.Uint32(r[8:]), binary.LittleEndian.Uint32(r[12:])}
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
	x       *Index
	scripts *segment
	sets    *forest
	merges  io.Writer
	row     []byte
	held    []merge // joins of two large wallets that one transaction alone asks for
	err     error
}

func (c *clusterer) run(ctx context.Context, progress func(done, total int64)) error {
	f, err := os.Create(filepath.Join(c.x.dir, segmentMerges+".tmp"))
	if err != nil {
		return err
	}
	defer f.Close()
	out := newMergeLog(f)
	c.merges = out
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
	if err := errors.Join(c.err, out.Flush(), f.Close()); err != nil {
		return err
	}
	if err := c.writeHeld(); err != nil {
		return err
	}
	return c.writeForest()
}

func newMergeLog(w io.Writer) *bufio.Writer {
	out := bufio.NewWriterSize(w, 1<<20)
	out.Write(segmentHead(mergeRow))
	return out
}

// tx joins the owners of a transaction's inputs.
func (c *clusterer) tx(ctx context.Context, num uint32) error {
	s, err := c.x.load(num)
	if err != nil || s.tx.nIn < 2 {
		return err
	}
	type signer struct{ script, in uint32 }
	var signers []signer
	err = s.spent(c.x.find, func(i int, _ input, out output, known bool) {
		if !known || !hasAddress(out.script) {
			return
		}
		id, ok := c.script(out.script)
		if ok && !slices.ContainsFunc(signers[max(0, len(signers)-64):], func(o signer) bool { return o.script == id }) {
			signers = append(signers, signer{id, uint32(i)})
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
	for _, o := range signers[1:] {
		c.join(merge{signers[0].script, o.script, num, signers[0].in, o.in, multiInput})
	}
	return c.err
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

// join applies a union where it changes the partition and logs it. Two large
// wallets are held apart until a second transaction says the same.
func (c *clusterer) join(m merge) {
	a, b := c.sets.find(m.a), c.sets.find(m.b)
	if a == b {
		return
	}
	if c.sets.size[a] >= bridge && c.sets.size[b] >= bridge {
		second := slices.ContainsFunc(c.held, func(h merge) bool {
			ha, hb := c.sets.find(h.a), c.sets.find(h.b)
			return h.tx != m.tx && (ha == a && hb == b || ha == b && hb == a)
		})
		if !second {
			c.held = append(c.held, m)
			return
		}
	}
	c.sets.union(a, b)
	c.row = m.bytes(c.row[:0])
	if _, err := c.merges.Write(c.row); err != nil && c.err == nil {
		c.err = err
	}
}

// writeHeld writes the joins that are still held off.
func (c *clusterer) writeHeld() error {
	b := segmentHead(mergeRow)
	for _, m := range c.held {
		if c.sets.find(m.a) != c.sets.find(m.b) {
			b = m.bytes(b)
		}
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
	for _, p := range c.sets.parent {
		binary.LittleEndian.PutUint32(b[:], p)
		out.Write(b[:])
	}
	if err := out.Flush(); err != nil {
		return err
	}
	return f.Close()
}
