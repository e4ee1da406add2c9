package bitcoin

import (
	"archive/zip"
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"tamga"
	"tamga/chain"
)

// BundleReport is what a check of a bundle found.
type BundleReport struct {
	OK           bool            `json:"ok"`
	Kind         string          `json:"kind"`
	Network      string          `json:"network"`
	Subject      string          `json:"subject"`
	Tip          bundleTip       `json:"tip"`
	Transactions int             `json:"transactions"` // proven to stand in their blocks
	Blocks       []string        `json:"blocks"`       // hashes to ask any node for
	Linked       int             `json:"linked"`       // pairs of blocks, the later naming the earlier
	Hops         int             `json:"hops"`
	Tags         int             `json:"tags"`
	Rates        int             `json:"rates"`
	Entries      []string        `json:"entries"`          // of the evidence log, proven to stand in it
	Sealed       *Sealed         `json:"sealed,omitempty"` // by the log that says it wrote this bundle
	Unshown      []string        `json:"unshown"`          // what no check of a bundle alone can show
	Problems     []BundleProblem `json:"problems"`
}

// BundleProblem is something in a bundle that does not match.
type BundleProblem struct {
	File string `json:"file"`
	What string `json:"what"`
}

// Limits of a bundle, in bytes.
const (
	maxBundleFile = 1 << 30
	maxBundleLine = 16 << 20 // a transaction has at most 4 MB
)

// VerifyBundle checks a bundle by itself: the digests of its files, that each
// transaction stands under the merkle root of a block with work, and that the
// trace follows from those transactions alone by the method it names. The error
// is about reading; what does not match is in the report.
func VerifyBundle(ctx context.Context, r io.ReaderAt, size int64, read AnnexReader) (BundleReport, error) {
	rep := BundleReport{Blocks: []string{}, Entries: []string{}, Unshown: []string{}, Problems: []BundleProblem{}}
	z, err := zip.NewReader(r, size)
	if err != nil {
		return rep, fmt.Errorf("verify bundle: %w", err)
	}
	b := &bundleReader{z: z, rep: &rep}
	var m bundleManifest
	head, err := b.read(bundleHead)
	if err != nil {
		return rep, fmt.Errorf("verify bundle: %w", err)
	}
	if err := json.Unmarshal(head, &m); err != nil {
		return rep, fmt.Errorf("verify bundle: %s: %w", bundleHead, err)
	}
	if m.Version != bundleVersion || m.Kind != "trace" {
		return rep, fmt.Errorf("verify bundle: a %q of version %d, this program knows traces of version %d", m.Kind, m.Version, bundleVersion)
	}
	rep.Kind, rep.Network, rep.Tip = m.Kind, m.Network, m.Tip
	b.digests(m.Files)
	var tr claimedTrace
	text, err := b.read(bundleTrace)
	if err == nil {
		err = json.Unmarshal(text, &tr)
	}
	if err != nil {
		b.problem(bundleTrace, err)
	}
	tr.text = bytes.TrimSpace(text)
	rep.Subject, rep.Hops = tr.Subject, len(tr.Hops)
	src := b.transactions(ctx, m.Network)
	annex := b.annex(m, head, tr, read)
	if src != nil {
		for _, j := range annex.Joined {
			if err := src.joined(j, annex.Decided); err != nil {
				b.problem(bundleTags, fmt.Errorf("that %s and %s share a wallet: %w", j.A, j.B, err))
			}
		}
	}
	if err == nil && src != nil {
		b.replay(ctx, src, m, tr, annex)
	}
	b.unshown(annex)
	rep.OK = len(rep.Problems) == 0
	return rep, ctx.Err()
}

// claimedTrace is the trace that a bundle claims.
type claimedTrace struct {
	Subject string            `json:"subject"`
	Hops    []json.RawMessage `json:"hops"`
	Ends    []json.RawMessage `json:"ends"`
	text    []byte
}

type bundleReader struct {
	z   *zip.Reader
	rep *BundleReport
}

func (b *bundleReader) problem(file string, err error) {
	if len(b.rep.Problems) < 1000 {
		b.rep.Problems = append(b.rep.Problems, BundleProblem{file, err.Error()})
	}
}

func (b *bundleReader) read(name string) ([]byte, error) {
	f, err := b.z.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxBundleFile+1))
	if err == nil && len(text) > maxBundleFile {
		err = fmt.Errorf("%s has more than %d bytes", name, maxBundleFile)
	}
	return text, err
}

// digests compares every file with the manifest.
func (b *bundleReader) digests(files []bundleFile) {
	named := map[string]bool{bundleHead: true, bundleSeal: true}
	for _, f := range files {
		if named[f.Name] {
			b.problem(bundleHead, fmt.Errorf("names %s twice, or itself", f.Name))
			continue
		}
		named[f.Name] = true
		text, err := b.read(f.Name)
		if err != nil {
			b.problem(f.Name, err)
			continue
		}
		if sum := sha256.Sum256(text); hex.EncodeToString(sum[:]) != f.SHA256 || int64(len(text)) != f.Size {
			b.problem(f.Name, errors.New("differs from its digest in "+bundleHead))
		}
	}
	held := map[string]bool{}
	for _, f := range b.z.File {
		switch {
		case !named[f.Name]:
			b.problem(f.Name, errors.New("is not named in "+bundleHead))
		case held[f.Name]:
			b.problem(f.Name, errors.New("is there twice"))
		}
		held[f.Name] = true
	}
	for _, name := range []string{bundleTrace, bundleTxs} {
		if !named[name] {
			b.problem(name, errors.New("is not named in "+bundleHead))
		}
	}
}

// transactions reads and proves the transactions; nil where they cannot be read.
func (b *bundleReader) transactions(ctx context.Context, network string) *bundleSource {
	if _, ok := byName(network); !ok {
		b.problem(bundleHead, fmt.Errorf("no network %q", network))
		return nil
	}
	f, err := b.z.Open(bundleTxs)
	if err != nil {
		b.problem(bundleTxs, err)
		return nil
	}
	defer f.Close()
	src := &bundleSource{network: network, txs: map[Hash]*stored{}}
	headers := map[Hash]blockHeader{}
	scan := bufio.NewScanner(io.LimitReader(f, maxBundleFile))
	scan.Buffer(nil, maxBundleLine)
	for n := 1; scan.Scan() && ctx.Err() == nil; n++ {
		var line bundleTx
		if err := json.Unmarshal(scan.Bytes(), &line); err != nil {
			b.problem(bundleTxs, fmt.Errorf("line %d: %w", n, err))
			continue
		}
		p, err := line.proof()
		if err != nil {
			b.problem(bundleTxs, fmt.Errorf("line %d: %w", n, err))
			continue
		}
		s, err := p.check(network)
		if err == nil && s.id.String() != line.TxID {
			err = fmt.Errorf("the bytes are those of transaction %s, not of %s", s.id, line.TxID)
		}
		if err != nil {
			b.problem(bundleTxs, fmt.Errorf("line %d: %w", n, err))
			continue
		}
		if src.txs[s.id] != nil {
			b.problem(bundleTxs, fmt.Errorf("line %d: transaction %s is there twice", n, s.id))
			continue
		}
		place := blockHeader{header(p.Header).prev(), s.block.height}
		if other, seen := headers[s.block.id]; seen && other != place {
			b.problem(bundleTxs, fmt.Errorf("line %d: block %s has height %d, and %d", n, s.block.id, place.height, other.height))
			continue
		}
		src.txs[s.id], headers[s.block.id] = s, place
		b.rep.Transactions++
	}
	if err := scan.Err(); err != nil {
		b.problem(bundleTxs, err)
	}
	for id := range headers {
		b.rep.Blocks = append(b.rep.Blocks, id.String())
	}
	slices.Sort(b.rep.Blocks)
	pairs, problems := linked(headers)
	b.rep.Linked = pairs
	for _, err := range problems {
		b.problem(bundleTxs, err)
	}
	return src
}

func (t *bundleTx) proof() (*proof, error) {
	p := &proof{Index: t.Index, Height: -1}
	if t.Height != nil {
		p.Height = *t.Height
	}
	var err error
	if p.Raw, err = hex.DecodeString(t.Raw); err != nil {
		return nil, fmt.Errorf("raw: %w", err)
	}
	if p.Header, err = hex.DecodeString(t.Header); err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	for _, s := range t.Branch {
		h, err := ParseHash(s)
		if err != nil {
			return nil, fmt.Errorf("branch: %w", err)
		}
		p.Branch = append(p.Branch, h)
	}
	return p, nil
}

// replay follows the subject again over the proven transactions alone.
func (b *bundleReader) replay(ctx context.Context, src *bundleSource, m bundleManifest, tr claimedTrace, annex AnnexReport) {
	o := chain.Options{Direction: m.Options.Direction, Method: m.Options.Method, Hops: m.Options.Hops, MinValue: m.Options.MinValue, Fanout: m.Options.Fanout, StopMix: m.Options.StopMix, Assume: m.Options.Assume}
	if m.Options.Mixes {
		o.Mix = Mixes(m.Network)
	}
	if t := m.Options.Since; t != nil {
		o.Since = *t
	}
	if t := m.Options.Until; t != nil {
		o.Until = *t
	}
	o.Stop = stopper(m, annex)
	src.index()
	again, err := chain.Trace(ctx, src, tr.Subject, o)
	if err == nil && annex.Finish != nil {
		err = annex.Finish(&again)
	}
	if err != nil {
		b.problem(bundleTrace, fmt.Errorf("the trace cannot be followed again: %w", err))
		return
	}
	got, err := json.Marshal(again)
	if err != nil {
		b.problem(bundleTrace, err)
	} else if !bytes.Equal(got, tr.text) {
		b.problem(bundleTrace, differs(again, tr))
	}
}

// differs names the first thing in which a claimed trace is not the one that
// follows from the transactions.
func differs(again tamga.Trace, tr claimedTrace) error {
	for i, h := range again.Hops {
		want, err := json.Marshal(h)
		if err != nil {
			return err
		}
		if i >= len(tr.Hops) {
			return fmt.Errorf("hop %d is missing: transaction %s moves %s to output %d", i+1, h.TxID, h.Amount, h.Out.N)
		}
		if !bytes.Equal(tr.Hops[i], want) {
			return fmt.Errorf("hop %d, of transaction %s to output %d, says %s; by %s the transactions give %s", i+1, h.TxID, h.Out.N, clip(tr.Hops[i]), again.Method, want)
		}
	}
	if n := len(again.Hops); len(tr.Hops) > n {
		return fmt.Errorf("hop %d does not follow from the transactions: %s", n+1, clip(tr.Hops[n]))
	}
	for i, e := range again.Ends {
		want, err := json.Marshal(e)
		if err != nil {
			return err
		}
		if i >= len(tr.Ends) || !bytes.Equal(tr.Ends[i], want) {
			return fmt.Errorf("end %d, at %s:%d, is not as the transactions and tags give it: %s", i+1, e.TxID, e.Vout, want)
		}
	}
	return fmt.Errorf("by %s the transactions give another trace: %d hops and %d ends, it has %d and %d", again.Method, len(again.Hops), len(again.Ends), len(tr.Hops), len(tr.Ends))
}

// clip keeps what is quoted of a bundle short.
func clip(b []byte) []byte {
	const most = 1 << 10
	if len(b) > most {
		return append(bytes.Clone(b[:most]), "…"...)
	}
	return b
}

// annex reads what is not the ledger's.
func (b *bundleReader) annex(m bundleManifest, head []byte, tr claimedTrace, read AnnexReader) AnnexReport {
	if read == nil {
		return AnnexReport{}
	}
	v := BundleView{
		Manifest: head, StopTag: m.Options.StopTag, Fiat: m.Options.Fiat, Assume: m.Options.Assume, Log: m.Log,
		Subject: tr.Subject, Trace: tr.text, Files: map[string][]byte{},
	}
	for _, f := range b.z.File {
		switch f.Name {
		case bundleHead, bundleTrace, bundleTxs:
			continue
		}
		text, err := b.read(f.Name)
		if err != nil {
			b.problem(f.Name, err)
			continue
		}
		v.Files[f.Name] = text
	}
	rep := read(v)
	for _, p := range rep.Problems {
		b.problem(p.File, errors.New(p.What))
	}
	b.rep.Tags, b.rep.Rates, b.rep.Sealed = rep.Tags, rep.Rates, rep.Sealed
	b.rep.Entries = append(b.rep.Entries, rep.Entries...)
	return rep
}

// unshown says what the bundle cannot show by itself.
func (b *bundleReader) unshown(annex AnnexReport) {
	say := func(format string, a ...any) { b.rep.Unshown = append(b.rep.Unshown, fmt.Sprintf(format, a...)) }
	say("that its %d blocks stand in the best chain: ask a node for their hashes", len(b.rep.Blocks))
	say("that what it calls unspent was so: what is not there cannot be proven by what is")
	if b.rep.Tags > 0 {
		say("that its tags are true: each names its source")
	}
	if b.rep.Rates > 0 {
		say("that its rates are right: each names its source")
	}
	if annex.Sealed == nil {
		say("who made it, and that it is as it was made: it is not sealed")
	} else {
		say("whose key %s is: compare it with the one that its maker gives you", annex.Sealed.Key)
	}
}
