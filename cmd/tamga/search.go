package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"tamga/evidence"
	"tamga/index"
	"tamga/internal/config"
)

func newSearch(a *app) *cobra.Command {
	var jsonl, hist bool
	var kind, sort, cursor string
	var facets []string
	var size int
	cmd := &cobra.Command{
		Use:   "search QUERY",
		Short: "Search what was read",
		Long: `Search finds listings, vendors, posts, captures and changes (docs/query.md). Words are
joined by AND; an empty QUERY is everything.`,
		Example: `  tamga search 'mdma from:DE price:<0.5'
  tamga search '"dead drop" OR закладка' --facet market --facet vendor
  tamga search '' --kind listing --jsonl`,
		Args: args(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, argv []string) error {
			q := index.Query{Size: size, Cursor: cursor}
			var err error
			if q.Where, err = index.Parse(strings.Join(argv, " ")); err != nil {
				return usageError{err}
			}
			if kind != "" {
				q.Where = index.And(q.Where, index.Term{Field: "kind", Values: []string{kind}})
			}
			if q.Sort, err = index.ParseSort(sort); err != nil {
				return usageError{err}
			}
			for _, f := range facets {
				q.Facets = append(q.Facets, index.Facet{Field: f, Size: 20})
			}
			if hist {
				q.Histogram = &index.Histogram{Field: "captured"}
			}
			ws, conf, err := a.open()
			if err != nil {
				return err
			}
			if err := a.settle(ws); err != nil {
				return err
			}
			store, err := a.store(ws, conf)
			if err != nil {
				return err
			}
			defer store.Close()
			if jsonl {
				err := everyHit(cmd.Context(), store, q, a.out)
				if a.nothingYet(ws, err) {
					return nil
				}
				return err
			}
			r, err := store.Search(cmd.Context(), q)
			if err != nil && !a.nothingYet(ws, err) {
				return err
			}
			if a.json {
				result, err := searchResult(cmd.Context(), store, r)
				if err != nil {
					return err
				}
				return a.print(result)
			}
			return printHits(a.out, r)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&jsonl, "jsonl", false, "every hit, a JSON object a line")
	f.StringVar(&kind, "kind", "", "only this kind: listing, vendor, post, capture or change")
	f.StringVar(&sort, "sort", "", "fields to sort by, a minus sign before a field for descending: price,-captured")
	f.StringSliceVar(&facets, "facet", nil, "count the values of a field (may be repeated)")
	f.BoolVar(&hist, "histogram", false, "count by day of capture")
	f.IntVar(&size, "size", 20, "hits a page")
	f.StringVar(&cursor, "cursor", "", "go on after an earlier page")
	return cmd
}

// nothingYet tells whether there is no index because nothing was ever captured,
// which is no failure: there is nothing to find.
func (a *app) nothingYet(ws *config.Workspace, err error) bool {
	if !errors.Is(err, index.ErrNoIndex) {
		return false
	}
	archive, err := evidence.OpenReader(ws.Evidence())
	if err != nil {
		return false
	}
	defer archive.Close()
	return archive.Len() == 0
}

type hitJSON struct {
	ID      string         `json:"id"`
	Kind    string         `json:"kind"`
	Fields  map[string]any `json:"fields"`
	Capture string         `json:"capture"`
	Also    []string       `json:"also_seen_at,omitempty"` // the same bytes on other hosts
}

// toJSON are the hits of a page with where else their captures were seen.
func toJSON(ctx context.Context, store index.Store, hits []index.Hit) ([]hitJSON, error) {
	also, err := alsoSeen(ctx, store, hits)
	if err != nil {
		return nil, err
	}
	out := make([]hitJSON, len(hits))
	for i, h := range hits {
		if h.Kind == "post" { // under the names of a post that was read, too
			for name, field := range map[string]string{"id": "post_id", "time": "posted"} {
				if v, ok := h.Fields[field]; ok {
					h.Fields[name] = v
				}
			}
		}
		out[i] = hitJSON{h.ID, h.Kind, h.Fields, string(h.Capture), others(h, also)}
	}
	return out, nil
}

func searchResult(ctx context.Context, store index.Store, r index.Result) (any, error) {
	hits, err := toJSON(ctx, store, r.Hits)
	if err != nil {
		return nil, err
	}
	return struct {
		Total     int64     `json:"total"`
		Hits      []hitJSON `json:"hits"`
		Facets    any       `json:"facets,omitempty"`
		Histogram any       `json:"histogram,omitempty"`
		Cursor    string    `json:"cursor,omitempty"`
	}{r.Total, hits, r.Facets, r.Histogram, r.Cursor}, nil
}

// everyHit pages through the whole answer.
func everyHit(ctx context.Context, store index.Store, q index.Query, out io.Writer) error {
	q.Size = 1000
	if len(q.Sort) == 0 {
		q.Sort = []index.SortKey{{Field: "seq"}}
	}
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	for {
		r, err := store.Search(ctx, q)
		if err != nil {
			return err
		}
		hits, err := toJSON(ctx, store, r.Hits)
		if err != nil {
			return err
		}
		for _, h := range hits {
			if err := enc.Encode(h); err != nil {
				return err
			}
		}
		if r.Cursor == "" || len(r.Hits) == 0 {
			return nil
		}
		q.Cursor = r.Cursor
	}
}

func printHits(out io.Writer, r index.Result) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, h := range r.Hits {
		get := func(k string) string {
			if v, ok := h.Fields[k]; ok {
				return fmt.Sprint(v)
			}
			return ""
		}
		title := get("title")
		if title == "" {
			title = get("url")
		}
		if runes := []rune(title); len(runes) > 60 {
			title = string(runes[:59]) + "…"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s %s\t%s\n", h.Kind, title, get("vendor"), get("price"), get("currency"), get("day"))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(out, "%d of %d\n", len(r.Hits), r.Total)
	for field, f := range r.Facets {
		fmt.Fprintf(out, "\n%s\n", field)
		for _, v := range f.Values {
			fmt.Fprintf(out, "%8d  %s\n", v.Count, v.Value)
		}
	}
	for _, b := range r.Histogram {
		fmt.Fprintf(out, "%s  %d\n", b.Day, b.Count)
	}
	return nil
}
