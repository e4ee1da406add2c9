package bitcoin

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"tamga"
	"tamga/chain"
)

// A bundle is a trace with all that is needed to check it, as a ZIP file
// (docs/formats/bundle.md).
const (
	bundleVersion = 1
	bundleHead    = "bundle.json"
	bundleTrace   = "trace.json"
	bundleTxs     = "transactions.jsonl"
	bundleTags    = "tags.jsonl"
	bundleSeal    = "seal.json"
)

// Annex is what a bundle holds beside the ledger: tags, rates, claims of the
// evidence log. The ledger knows nothing of them; who does hands them in. Every
// part may be missing.
type Annex struct {
	StopTag bool   // the trace ends at tagged addresses
	Fiat    string // currency of the values of its hops

	Finish func(*tamga.Trace) error               // adds to the trace what the ledger does not know
	Gather func(tamga.Trace) (BundleExtra, error) // what is carried for it
	Seal   func(manifest []byte) ([]byte, error)  // what is said about the finished manifest
}

// BundleExtra are files beside those of the ledger, and transactions that they
// rest on.
type BundleExtra struct {
	Files []BundleText
	TxIDs []string
	Log   *BundleLog // where Files hold entries of one
}

// BundleText is a file in a bundle.
type BundleText struct {
	Name string
	Data []byte
}

// BundleLog is the head of the evidence log that entries in a bundle stand under.
type BundleLog struct {
	Key  string `json:"key"`
	Head string `json:"head"`
}

type bundleManifest struct {
	Version int           `json:"version"`
	Kind    string        `json:"kind"` // trace
	Tool    string        `json:"tool"`
	Network string        `json:"network"`
	Tip     bundleTip     `json:"tip"`
	Made    time.Time     `json:"made"`
	Options bundleOptions `json:"options"`
	Log     *BundleLog    `json:"log,omitempty"`
	Files   []bundleFile  `json:"files"`
}

// bundleTip is the end of the chain as it was: what is unspent is so there.
type bundleTip struct {
	Height int64      `json:"height"` // -1 unknown
	Hash   string     `json:"hash"`
	Time   *time.Time `json:"time,omitempty"`
}

type bundleOptions struct {
	Direction string      `json:"direction"`
	Method    string      `json:"method"`
	Hops      int         `json:"hops,omitempty"`
	MinValue  int64       `json:"min_value,omitempty"`
	Fanout    int         `json:"fanout,omitempty"`
	Since     *time.Time  `json:"since,omitempty"`
	Until     *time.Time  `json:"until,omitempty"`
	Stops     []tamga.End `json:"stops,omitempty"` // where a tag ended the trace, or a mix but for StopMix
	Mixes     bool        `json:"mixes,omitempty"` // the trace tells the mixes that it met
	StopMix   bool        `json:"stop_mix,omitempty"`
	Assume    []string    `json:"assume,omitempty"`
	StopTag   bool        `json:"stop_tag,omitempty"` // the trace ends at the addresses of tags.jsonl
	Fiat      string      `json:"fiat,omitempty"`     // currency of the values, by rates.jsonl
}

type bundleFile struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// bundleTx is a line of transactions.jsonl.
type bundleTx struct {
	TxID   string   `json:"txid"`
	Raw    string   `json:"raw"`
	Header string   `json:"header"`
	Height *int64   `json:"height,omitempty"`
	Index  uint32   `json:"index"`
	Branch []string `json:"branch"`
}

// TraceBundle follows a subject and writes the outcome to w as a bundle. Only an
// index made from blocks can prove what it says.
func (x *Index) TraceBundle(ctx context.Context, w io.Writer, subject string, o chain.Options, made time.Time, annex Annex) (tamga.Trace, error) {
	if x.data != nil {
		return tamga.Trace{}, errNoBlocks
	}
	r := &recorder{Index: x, asked: map[string]bool{}}
	tr, err := chain.Trace(ctx, r, subject, o)
	if err == nil && annex.Finish != nil {
		err = annex.Finish(&tr)
	}
	var extra BundleExtra
	if err == nil && annex.Gather != nil {
		extra, err = annex.Gather(tr)
	}
	if err != nil {
		return tamga.Trace{}, err
	}
	for _, id := range extra.TxIDs {
		r.asked[id] = true
	}
	tip, err := x.Tip(ctx)
	if err != nil {
		return tamga.Trace{}, err
	}
	m := bundleManifest{
		Version: bundleVersion, Kind: "trace", Tool: "tamga " + tamga.Version, Network: x.m.Network, Made: made.UTC().Truncate(time.Second),
		Tip: bundleTip{tip.Height, tip.Hash, timeOrNil(tip.Time)},
		Options: bundleOptions{
			Direction: tr.Direction, Method: tr.Method, Hops: o.Hops, MinValue: o.MinValue, Fanout: o.Fanout, Since: timeOrNil(o.Since), Until: timeOrNil(o.Until),
			Mixes: o.Mix != nil, StopMix: o.StopMix, Assume: o.Assume,
			StopTag: annex.StopTag, Fiat: annex.Fiat,
		},
		Log: extra.Log,
	}
	for _, e := range tr.Ends {
		if annex.StopTag {
			break // tags.jsonl says where and why
		}
		if e.Reason == chain.EndTag || e.Reason == chain.EndMix && !o.StopMix {
			m.Options.Stops = append(m.Options.Stops, e)
		}
	}
	z := zip.NewWriter(w)
	put := func(name string, write func(io.Writer) error) error {
		f, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: m.Made})
		if err != nil {
			return err
		}
		h := sha256.New()
		count := &counter{w: io.MultiWriter(f, h)}
		if err := write(count); err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
		m.Files = append(m.Files, bundleFile{name, count.n, hex.EncodeToString(h.Sum(nil))})
		return nil
	}
	if err := put(bundleTrace, func(w io.Writer) error { return json.NewEncoder(w).Encode(tr) }); err != nil {
		return tamga.Trace{}, err
	}
	if err := put(bundleTxs, func(w io.Writer) error { return x.writeProofs(ctx, w, r.asked) }); err != nil {
		return tamga.Trace{}, err
	}
	for _, f := range extra.Files {
		if err := put(f.Name, func(w io.Writer) error { _, err := w.Write(f.Data); return err }); err != nil {
			return tamga.Trace{}, err
		}
	}
	manifest, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return tamga.Trace{}, err
	}
	if err := put(bundleHead, func(w io.Writer) error { _, err := w.Write(manifest); return err }); err != nil {
		return tamga.Trace{}, err
	}
	if annex.Seal != nil {
		seal, err := annex.Seal(manifest)
		if err != nil {
			return tamga.Trace{}, err
		}
		if err := put(bundleSeal, func(w io.Writer) error { _, err := w.Write(seal); return err }); err != nil {
			return tamga.Trace{}, err
		}
	}
	return tr, z.Close()
}

func timeOrNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += int64(n)
	return n, err
}

// writeProofs writes the transactions asked for, with those whose outputs they
// spend where asked says so, in order of their ids.
func (x *Index) writeProofs(ctx context.Context, w io.Writer, asked map[string]bool) error {
	all := map[string]bool{}
	for id, inputs := range asked {
		all[id] = true
		if !inputs {
			continue
		}
		tx, err := x.Tx(ctx, id)
		if err != nil {
			return err
		}
		for _, in := range tx.In {
			if in.Known {
				all[in.Prev.TxID] = true
			}
		}
	}
	out := json.NewEncoder(w)
	for _, txid := range slices.Sorted(maps.Keys(all)) {
		id, err := ParseHash(txid)
		if err != nil {
			return err
		}
		s, err := x.find(id)
		if err != nil {
			return err
		}
		if s == nil {
			return fmt.Errorf("transaction %s: %w", txid, chain.ErrNotFound)
		}
		p, err := x.prove(s)
		if err != nil {
			return err
		}
		line := bundleTx{TxID: txid, Raw: hex.EncodeToString(p.Raw), Header: hex.EncodeToString(p.Header), Index: p.Index, Branch: []string{}}
		if p.Height >= 0 {
			line.Height = &p.Height
		}
		for _, h := range p.Branch {
			line.Branch = append(line.Branch, h.String())
		}
		if err := out.Encode(line); err != nil {
			return err
		}
	}
	return nil
}

// recorder notes which transactions an answer of the trace rests on: true for
// those it looked into, false for those it only heard of as spenders.
type recorder struct {
	*Index
	asked map[string]bool
}

func (r *recorder) Spender(ctx context.Context, out tamga.Outpoint) (chain.Spend, bool, error) {
	spend, found, err := r.Index.Spender(ctx, out)
	if found {
		r.asked[spend.TxID] = r.asked[spend.TxID]
	}
	return spend, found, err
}

func (r *recorder) Tx(ctx context.Context, txid string) (*tamga.Tx, error) {
	tx, err := r.Index.tx(ctx, txid, r.Index.lookedUp)
	if err == nil {
		r.asked[tx.TxID] = true
	}
	return tx, err
}
