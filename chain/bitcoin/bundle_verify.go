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
	"maps"
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
	Hops         int             `json:"hops"`
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
func VerifyBundle(ctx context.Context, r io.ReaderAt, size int64) (BundleReport, error) {
	rep := BundleReport{Blocks: []string{}, Problems: []BundleProblem{}}
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
	if src := b.transactions(ctx, m.Network); err == nil && src != nil {
		b.replay(ctx, src, m, tr)
	}
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
	named := map[string]bool{bundleHead: true}
	for _, f := range files {
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
	for _, f := range b.z.File {
		if !named[f.Name] {
			b.problem(f.Name, errors.New("is not named in "+bundleHead))
		}
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
	blocks := map[string]bool{}
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
		src.txs[s.id] = s
		b.rep.Transactions++
		blocks[s.block.id.String()] = true
	}
	if err := scan.Err(); err != nil {
		b.problem(bundleTxs, err)
	}
	b.rep.Blocks = append(b.rep.Blocks, slices.Sorted(maps.Keys(blocks))...)
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
func (b *bundleReader) replay(ctx context.Context, src *bundleSource, m bundleManifest, tr claimedTrace) {
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
	if len(m.Options.Stops) > 0 {
		stops := map[tamga.Outpoint]string{}
		for _, e := range m.Options.Stops {
			stops[tamga.Outpoint{TxID: e.TxID, Vout: e.Vout}] = e.Reason
		}
		o.Stop = func(tx *tamga.Tx, out tamga.TxOut) string { return stops[tamga.Outpoint{TxID: tx.TxID, Vout: out.N}] }
	}
	src.index()
	again, err := chain.Trace(ctx, src, tr.Subject, o)
	if err != nil {
		b.problem(bundleTrace, fmt.Errorf("the trace cannot be followed again: %w", err))
		return
	}
	got, err := json.Marshal(again)
	if err != nil {
		b.problem(bundleTrace, err)
	} else if !bytes.Equal(got, tr.text) {
		b.problem(bundleTrace, fmt.Errorf("by %s the transactions give another trace: %d hops and %d ends, it has %d and %d", o.Method, len(again.Hops), len(again.Ends), len(tr.Hops), len(tr.Ends)))
	}
}
