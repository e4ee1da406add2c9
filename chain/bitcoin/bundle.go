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
)

type bundleManifest struct {
	Version int           `json:"version"`
	Kind    string        `json:"kind"` // trace
	Tool    string        `json:"tool"`
	Network string        `json:"network"`
	Tip     bundleTip     `json:"tip"`
	Made    time.Time     `json:"made"`
	Options bundleOptions `json:"options"`
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
func (x *Index) TraceBundle(ctx context.Context, w io.Writer, subject string, o chain.Options, made time.Time) (tamga.Trace, error) {
	if x.data != nil {
		return tamga.Trace{}, errNoBlocks
	}
	r := &recorder{Index: x, asked: map[string]bool{}}
	tr, err := chain.Trace(ctx, r, subject, o)
	if err != nil {
		return tamga.Trace{}, err
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
		},
	}
	for _, e := range tr.Ends {
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
	files := m.Files // without the manifest itself
	if err := put(bundleHead, func(w io.Writer) error {
		m.Files = files
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(m)
	}); err != nil {
		return tamga.Trace{}, err
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
	tx, err := r.Index.Tx(ctx, txid)
	if err == nil {
		r.asked[tx.TxID] = true
	}
	return tx, err
}
