package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"net/url"
	"slices"
	"time"

	"tamga"
	"tamga/dashboards"
	"tamga/evidence"
	"tamga/evidence/timestamp"
	"tamga/index"
	"tamga/internal/pipeline"
)

// watchview tells the dashboards what happened to what is watched.
type watchview struct {
	a *app
	h *house
}

// Changes implements [dashboards.Watcher].
func (w watchview) Changes(ctx context.Context, where index.Node, cursor string, size int) ([]tamga.Change, string, error) {
	r, err := w.h.store.Search(ctx, index.Query{
		Where: index.And(index.Term{Field: "kind", Values: []string{pipeline.KindChange}}, where),
		Sort:  []index.SortKey{{Field: "seq", Desc: true}}, Size: size, Cursor: cursor,
	})
	if err != nil {
		return nil, "", err
	}
	var out []tamga.Change
	for _, h := range r.Hits {
		x, err := pipeline.ChangeOf(h)
		if err != nil {
			return nil, "", err
		}
		out = append(out, x)
	}
	return out, r.Cursor, nil
}

// Alerts implements [dashboards.Watcher].
func (w watchview) Alerts(ctx context.Context) ([]dashboards.Alert, error) {
	db, err := w.a.database(w.h.ws)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	alerts, err := pipeline.OpenAlerts(ctx, w.h.archive, db)
	if err != nil {
		return nil, err
	}
	all, err := alerts.List(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]dashboards.Alert, 0, len(all))
	for _, x := range slices.Backward(all) {
		out = append(out, dashboards.Alert(x))
	}
	return out, nil
}

// Sources implements [dashboards.Watcher].
func (w watchview) Sources(ctx context.Context) (sources, sites any, err error) {
	list, err := w.a.sourceStatus(ctx, w.h.ws, w.h.conf, time.Now().UTC(), true)
	if err != nil {
		return nil, nil, err
	}
	known, err := w.h.pipe.Addresses(ctx, sourceAddresses(w.h.conf), 2)
	if err != nil {
		return nil, nil, err
	}
	if known == nil {
		known = []pipeline.SiteAddresses{}
	}
	return list, known, nil
}

// Also implements [dashboards.Watcher]: the very same bytes, and what stands at the
// same path of another host of the same market under the same name.
func (w watchview) Also(ctx context.Context, d index.Document) ([]string, error) {
	h := index.Hit{ID: d.ID, Kind: d.Kind, Capture: d.Capture, Seq: d.Seq, Fields: d.Fields}
	same, err := alsoSeen(ctx, w.h.store, []index.Hit{h})
	if err != nil {
		return nil, err
	}
	out := others(h, same)
	text := func(f map[string]any, name string) string { s, _ := f[name].(string); return s }
	own, err := url.Parse(text(d.Fields, "url"))
	market := text(d.Fields, "market")
	if err != nil || own.Host == "" || market == "" || d.Kind != "listing" && d.Kind != "vendor" {
		return out, nil
	}
	where := []index.Node{index.Term{Field: "kind", Values: []string{d.Kind}}, index.Term{Field: "market", Values: []string{market}}}
	if v := text(d.Fields, "vendor"); v != "" {
		where = append(where, index.Term{Field: "vendor", Values: []string{v}})
	}
	r, err := w.h.store.Search(ctx, index.Query{Where: index.And(where...), Sort: []index.SortKey{{Field: "seq"}}, Size: index.MaxSize})
	if err != nil {
		return nil, fmt.Errorf("search for the same elsewhere: %w", err)
	}
	hosts := map[string]bool{own.Host: true}
	for _, at := range out {
		if u, err := url.Parse(at); err == nil {
			hosts[u.Host] = true
		}
	}
	for _, other := range r.Hits {
		at := text(other.Fields, "url")
		u, err := url.Parse(at)
		if err != nil || hosts[u.Host] || u.RequestURI() != own.RequestURI() || text(other.Fields, "title") != text(d.Fields, "title") || len(out) >= maxAlso {
			continue
		}
		hosts[u.Host] = true
		out = append(out, at)
	}
	return out, nil
}

// stamps are what others say of heads that cover an entry: the first of each.
func (o opener) stamps(seq int64) ([]dashboards.Stamp, error) {
	dir := o.h.ws.Evidence()
	all, err := evidence.Stamps(dir)
	if err != nil {
		return nil, err
	}
	roots, err := custodyRoots(o.h.ws, o.h.conf)
	if err != nil {
		return nil, err
	}
	var out []dashboards.Stamp
	seen := map[string]bool{}
	for _, s := range all {
		if s.Head <= seq || seen[s.Kind+" "+s.Label()] {
			continue
		}
		seen[s.Kind+" "+s.Label()] = true
		x := dashboards.Stamp{Kind: s.Kind, Head: s.Head, File: s.File, By: s.Label()}
		head, err := evidence.ReadHead(dir, s.Head)
		if err != nil {
			return nil, err
		}
		bytes, err := evidence.ReadStamp(dir, s)
		if err != nil {
			return nil, err
		}
		switch s.Kind {
		case evidence.StampRFC3161:
			t, err := timestamp.Verify(bytes, timestamp.OfBytes(head), roots)
			if err != nil {
				x.What = err.Error()
				break
			}
			x.Time, x.By, x.Trusted, x.What = &t.Time, cmp.Or(t.Signer, x.By), t.Trusted, "time-stamp token (RFC 3161)"
		case evidence.StampOTS:
			r, err := evidence.VerifyOptions{}.CheckOTS(bytes, sha256.Sum256(head), "the head")
			if x.What = r.What; err != nil {
				x.What = err.Error()
			}
		default:
			x.What = "signature of a witness; `tamga verify --witness` checks it"
		}
		out = append(out, x)
	}
	return out, nil
}
