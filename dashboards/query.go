package dashboards

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"tamga"
	"tamga/index"
)

const snippetSize = 240 // bytes of a hit's text that are shown around the words found

// answer puts a to the searcher.
func (s *Server) answer(ctx context.Context, a ask) (answer, error) {
	where, err := a.where()
	if err != nil {
		return answer{}, err
	}
	sort, err := a.sortKeys()
	if err != nil {
		return answer{}, err
	}
	q := index.Query{
		Where: index.And(where, a.days()), Sort: sort, Size: a.size, Cursor: a.cursor, Highlight: a.words != "",
		Histogram: &index.Histogram{Field: dayField},
	}
	for _, f := range facetFields {
		q.Facets = append(q.Facets, index.Facet{Field: f, Size: facetSize})
	}
	r, err := s.opt.Searcher.Search(ctx, q)
	if err != nil {
		return answer{}, err
	}
	days := r.Histogram
	if a.days() != nil {
		// The days are those of everything else asked for, so that a range can be
		// widened where it was narrowed.
		all, err := s.opt.Searcher.Search(ctx, index.Query{Where: where, Size: -1, Histogram: q.Histogram})
		if err != nil {
			return answer{}, err
		}
		days = all.Histogram
	}
	out := answer{Total: r.Total, Hits: []hit{}, Facets: map[string][]facetRow{}, Histogram: []dayRow{}, Sorts: a.sorts(), Next: r.Cursor}
	for _, h := range r.Hits {
		out.Hits = append(out.Hits, hitOf(h))
	}
	for _, f := range facetFields {
		rows := []facetRow{}
		for _, v := range r.Facets[f].Values {
			rows = append(rows, facetRow{Value: v.Value, Count: v.Count})
		}
		out.Facets[f] = withChosen(rows, a.chosen[f])
	}
	for _, d := range days {
		out.Histogram = append(out.Histogram, dayRow(d))
	}
	return out, nil
}

// dayField is the date of the histogram and of the range of days.
const dayField = "captured"

// where is the condition of a without its days. The facets chosen stand under
// one Bool.Must, where the index finds them when it counts a facet without its
// own choice.
func (a ask) where() (index.Node, error) {
	var nodes []index.Node
	if a.words != "" {
		n, err := index.Parse(a.words)
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, n)
	}
	for _, f := range facetFields {
		if v := a.chosen[f]; len(v) > 0 {
			nodes = append(nodes, index.Term{Field: f, Values: v})
		}
	}
	return index.And(nodes...), nil
}

// days is the condition on the day of capture, nil where none is asked for.
func (a ask) days() index.Node {
	if a.fromDay == "" && a.toDay == "" {
		return nil
	}
	return index.Range{Field: dayField, GTE: a.fromDay, LTE: a.toDay}
}

func (a ask) sortKeys() ([]index.SortKey, error) {
	if a.sort == byRelevance {
		return nil, nil
	}
	return index.ParseSort(a.sort)
}

func hitOf(h index.Hit) hit {
	out := hit{ID: h.ID, Kind: h.Kind, Seq: &h.Seq, Capture: string(h.Capture), Fields: h.Fields}
	if h.Capture == "" {
		out.Seq = nil // made without a capture: 0 would name another's
	}
	for _, name := range []string{"posted", dayField} {
		if v, ok := h.Fields[name].(string); ok && out.Time == nil {
			if t, err := time.Parse(time.RFC3339, v); err == nil {
				out.Time = stamp(t)
			}
		}
	}
	if text, ok := h.Fields["text"].(string); ok {
		out.Snippet = snippetOf(text, h.Marks["text"], snippetSize)
	}
	return out
}

// get returns the document of an id.
func (s *Server) get(ctx context.Context, id string) (hit, error) {
	d, found, err := s.opt.Searcher.Get(ctx, id)
	if err != nil {
		return hit{}, err
	}
	if !found {
		return hit{}, fmt.Errorf("document %q: %w", id, fs.ErrNotExist)
	}
	return hitOf(index.Hit{ID: d.ID, Kind: d.Kind, Capture: d.Capture, Seq: d.Seq, Fields: d.Fields}), nil
}

// indexError turns an error of the index into what the page should say.
func indexError(err error) (*apiError, bool) {
	switch {
	case errors.Is(err, index.ErrQuery):
		return &apiError{400, err.Error(), "press ? for the query syntax"}, true
	case errors.Is(err, index.ErrNoIndex):
		return &apiError{503, "there is no usable index", "run tamga reindex"}, true
	case errors.Is(err, index.ErrUnreachable):
		return &apiError{503, "the index engine does not answer", "is Elasticsearch running?"}, true
	}
	return nil, false
}

// fieldOf is the index field that holds the values of a finding type.
var fieldOf = map[tamga.FindingType]string{
	tamga.FindAddress: "address", tamga.FindHandle: "handle", tamga.FindPGP: "pgp", tamga.FindOnion: "onion",
	tamga.FindTxID: "txid", tamga.FindPhone: "phone", tamga.FindEmail: "email", tamga.FindSubstance: "substances",
	tamga.FindAccount: "account", tamga.FindSecret: "secret", tamga.FindPlace: "place",
}

// queryFor is the query that finds a finding's value elsewhere: by its field, or
// as a phrase.
func queryFor(f tamga.Finding) string {
	value := f.Value
	if f.Type == tamga.FindSubstance && f.ID != "" {
		value = f.ID
	}
	quoted := `"` + quoter.Replace(value) + `"`
	if field, ok := fieldOf[f.Type]; ok && (f.Type != tamga.FindSubstance || f.ID != "") {
		return field + ":" + quoted
	}
	return quoted
}

// quoter escapes what ends a quoted value in the query syntax.
var quoter = strings.NewReplacer(`\`, `\\`, `"`, `\"`)
