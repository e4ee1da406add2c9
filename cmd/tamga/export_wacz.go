package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tamga"
	"tamga/evidence"
	"tamga/index"
)

// waczFlags choose captures.
type waczFlags struct {
	file     string
	captures []string
	hosts    []string
	sources  []string
	since    string
	until    string
	redact   []string
	title    string
}

func (w *waczFlags) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&w.file, "wacz", "", "file to write captures to")
	f.StringSliceVar(&w.captures, "capture", nil, "captures by number or digest (sha256:…)")
	f.StringSliceVar(&w.hosts, "host", nil, "captures of these hosts")
	f.StringSliceVar(&w.sources, "source", nil, "captures of these sources")
	f.StringVar(&w.since, "after", "", "captures from this day or time on (RFC 3339, UTC)")
	f.StringVar(&w.until, "before", "", "captures before this day or time")
	f.StringSliceVar(&w.redact, "redact", nil, "further fields of HTTP heads that are left out")
	f.StringVar(&w.title, "title", "", "title of the file")
}

// selection is what the manifest says of how captures were chosen.
type selection struct {
	Query    string   `json:"query,omitempty"`
	Captures []string `json:"captures,omitempty"`
	Hosts    []string `json:"hosts,omitempty"`
	Sources  []string `json:"sources,omitempty"`
	Since    string   `json:"after,omitempty"`
	Until    string   `json:"before,omitempty"`
}

func (a *app) exportWACZ(cmd *cobra.Command, w waczFlags, argv []string) error {
	ctx := cmd.Context()
	query := strings.TrimSpace(strings.Join(argv, " "))
	keep, err := w.filter()
	if err != nil {
		return usageError{err}
	}
	h, err := a.enter(true) // the log says what left the workspace
	if err != nil {
		return err
	}
	defer h.Close()
	found, err := queried(ctx, h, query)
	if err != nil {
		return err
	}
	var seqs []int64
	for c, err := range h.archive.Captures(ctx, 0) {
		if err != nil {
			return err
		}
		if keep(&c) && (found == nil || found[c.Seq]) {
			seqs = append(seqs, c.Seq)
		}
	}
	if len(seqs) == 0 {
		return hinted{errors.New("no capture is chosen"), "`tamga search` shows what a query finds"}
	}
	progress := a.progress()
	bar := progress.Bar("export", "captures", int64(len(seqs)))
	tmp, err := os.CreateTemp(filepath.Dir(w.file), ".tamga-wacz-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name()) // gone already where it was renamed
	sum, err := h.archive.ExportWACZ(ctx, tmp, evidence.WACZOptions{
		Captures: seqs, Title: w.title, Progress: bar.Set, PageTitle: pageTitles(ctx, h),
		Selection: selection{query, w.captures, w.hosts, w.sources, w.since, w.until},
		Redact:    w.headers(),
	})
	bar.Done()
	progress.Wait()
	if err := errors.Join(err, tmp.Chmod(0o644), tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	if err := os.Rename(tmp.Name(), w.file); err != nil {
		return err
	}
	if a.document() {
		return a.print(sum)
	}
	fmt.Fprintf(a.out, "%s: %d captures, %d bytes\n", w.file, sum.Captures, sum.Bytes)
	for _, name := range w.headers() {
		if n := sum.Redacted[name]; n > 0 {
			fmt.Fprintf(a.out, "redacted   %s in %d records\n", name, n)
		}
	}
	return nil
}

// headers are the fields that are left out, each once.
func (w *waczFlags) headers() []string {
	out := slices.Clone(evidence.SecretHeaders)
	for _, name := range w.redact {
		if !slices.ContainsFunc(out, func(have string) bool { return strings.EqualFold(have, name) }) {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// filter makes one test of the flags; a capture must pass each that is given.
func (w *waczFlags) filter() (func(*tamga.Capture) bool, error) {
	var since, until time.Time
	for _, t := range []struct {
		text string
		to   *time.Time
	}{{w.since, &since}, {w.until, &until}} {
		if t.text == "" {
			continue
		}
		var err error
		if *t.to, err = time.Parse(time.DateOnly, t.text); err != nil {
			if *t.to, err = time.Parse(time.RFC3339, t.text); err != nil {
				return nil, fmt.Errorf("%q: want a day (2026-03-01) or a time (2026-03-01T12:00:00Z)", t.text)
			}
		}
	}
	seqs, digests := map[int64]bool{}, map[tamga.Digest]bool{}
	for _, s := range w.captures {
		if n, err := strconv.ParseInt(strings.TrimPrefix(s, "capture:"), 10, 64); err == nil {
			seqs[n] = true
			continue
		}
		d, err := tamga.ParseDigest(s)
		if err != nil {
			return nil, fmt.Errorf("capture %q: want a number or sha256:… ", s)
		}
		digests[d] = true
	}
	for _, name := range w.redact {
		if name == "" || strings.ContainsAny(name, ": \t\r\n,") {
			return nil, fmt.Errorf("%q is no name of an HTTP field", name)
		}
	}
	return func(c *tamga.Capture) bool {
		host := ""
		if u, err := url.Parse(c.URL); err == nil {
			host = u.Host
		}
		in := func(list []string, v ...string) bool {
			return len(list) == 0 || slices.ContainsFunc(v, func(v string) bool { return slices.Contains(list, v) })
		}
		name, _, _ := strings.Cut(host, ":")
		return (len(w.captures) == 0 || seqs[c.Seq] || digests[c.Digest]) && in(w.hosts, host, name) && in(w.sources, c.Source) &&
			(since.IsZero() || !c.Requested.Before(since)) && (until.IsZero() || c.Requested.Before(until))
	}, nil
}

// queried is the captures that a query finds documents of; nil for no query.
func queried(ctx context.Context, h *house, query string) (map[int64]bool, error) {
	if query == "" {
		return nil, nil
	}
	where, err := index.Parse(query)
	if err != nil {
		return nil, usageError{err}
	}
	found := map[int64]bool{}
	q := index.Query{Where: where, Size: 1000, Sort: []index.SortKey{{Field: "seq"}}}
	for {
		r, err := h.store.Search(ctx, q)
		if err != nil {
			return nil, err
		}
		for _, hit := range r.Hits {
			found[hit.Seq] = true
		}
		if r.Cursor == "" || len(r.Hits) == 0 {
			return found, nil
		}
		q.Cursor = r.Cursor
	}
}

// pageTitles asks the index for titles; a capture that is not indexed has none.
func pageTitles(ctx context.Context, h *house) func(tamga.Capture) string {
	return func(c tamga.Capture) string {
		d, found, err := h.store.Get(ctx, fmt.Sprintf("capture:%d", c.Seq))
		if err != nil || !found {
			return ""
		}
		title, _ := d.Fields["title"].(string)
		return title
	}
}
