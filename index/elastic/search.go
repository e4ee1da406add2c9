package elastic

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"tamga/index"
)

// keepAlive is how long the cluster keeps the state of a search for its next
// page. Later the pages go on by their order alone, over the index as it is then.
const keepAlive = "2m"

// maxDays is the number of days of a histogram; the cluster's limit of buckets is
// a little above.
const maxDays = 60000

type response struct {
	PIT      string `json:"pit_id"`
	TimedOut bool   `json:"timed_out"`
	Shards   struct {
		Failed int `json:"failed"`
	} `json:"_shards"`
	Hits struct {
		Total struct {
			Value int64 `json:"value"`
		} `json:"total"`
		Hits []struct {
			ID     string            `json:"_id"`
			Source source            `json:"_source"`
			Sort   []json.RawMessage `json:"sort"`
		} `json:"hits"`
	} `json:"hits"`
	Aggregations map[string]aggregation `json:"aggregations"`
}

type aggregation struct {
	DocCount int64 `json:"doc_count"` // of a missing aggregation
	Other    int64 `json:"sum_other_doc_count"`
	Buckets  []struct {
		Key   string `json:"key"`
		Count int64  `json:"doc_count"`
	} `json:"buckets"`
}

// search carries out a plan on one state of the index.
func (s *Store) search(ctx context.Context, name string, p *index.Plan) (r index.Result, err error) {
	pit, token := "", ""
	if p.After != nil {
		token = p.After.Token
		pit = s.pits.take(token)
	}
	res, err := s.page(ctx, name, &pit, p)
	if isType(err, "search_context_missing_exception") {
		pit = "" // kept no longer: go on over the index as it is
		res, err = s.page(ctx, name, &pit, p)
	}
	defer func() {
		if pit != "" {
			s.closePIT(pit)
		}
	}()
	if err != nil {
		return r, err
	}
	r.Total = res.Hits.Total.Value
	docs := make([]index.Document, len(res.Hits.Hits))
	for i, h := range res.Hits.Hits {
		if docs[i], err = index.Decode(h.Source.Doc); err != nil {
			return r, fmt.Errorf("search: document %s: %w (%w)", h.ID, index.ErrNoIndex, err)
		}
	}
	r.Hits = p.Hits(docs)
	if p.Histogram != "" {
		counts := map[string]int64{}
		for _, b := range res.Aggregations[histogramName].Buckets {
			counts[b.Key] = b.Count
		}
		r.Histogram = index.Fill(counts)
	}
	if len(p.Facets) > 0 {
		r.Facets = map[string]index.FacetResult{}
	}
	for _, f := range p.Facets {
		aggs := res.Aggregations
		if f.Apart {
			apart, err := s.send(ctx, map[string]any{
				"size": 0, "track_total_hits": false, "query": translate(f.Where), "aggs": facetAggs(f),
			}, &pit)
			if err != nil {
				return r, fmt.Errorf("count %s: %w", f.Field, err)
			}
			aggs = apart.Aggregations
		}
		r.Facets[f.Field] = facet(aggs, f.Field)
	}
	if n := len(res.Hits.Hits); n > 0 && n == p.Size {
		keys := res.Hits.Hits[n-1].Sort
		want := len(p.Sort)
		if p.ByScore {
			want++
		}
		if len(keys) < want {
			return r, fmt.Errorf("search: %d sort values, want %d", len(keys), want)
		}
		// The cluster adds a place of its own behind ours, which ends with the
		// id and needs none.
		if r.Cursor, err = p.Cursor(index.Place{Values: keys[:want], Token: s.keep(pit)}); err != nil {
			return r, err
		}
		pit = ""
	}
	return r, nil
}

// keep puts a state away for the next page and gives back the oldest if there are
// too many.
func (s *Store) keep(pit string) string {
	token, old := s.pits.put(pit)
	if old != "" {
		s.closePIT(old)
	}
	return token
}

// page opens a state if there is none and asks for the page.
func (s *Store) page(ctx context.Context, name string, pit *string, p *index.Plan) (*response, error) {
	if *pit == "" {
		var opened struct {
			ID string `json:"id"`
		}
		status, err := s.call(ctx, http.MethodPost, "/"+name+"/_pit?keep_alive="+keepAlive, nil, &opened, http.StatusNotFound)
		if err != nil {
			return nil, fmt.Errorf("search: %w", err)
		}
		if status == http.StatusNotFound {
			return nil, errMissing
		}
		*pit = opened.ID
	}
	body := map[string]any{
		"size": p.Size, "track_total_hits": true, "query": translate(p.Where), "sort": order(p), "_source": []string{sourceField},
	}
	if p.After != nil {
		body["search_after"] = p.After.Values
	}
	aggs := map[string]any{}
	if p.Histogram != "" {
		aggs[histogramName] = map[string]any{"terms": map[string]any{"field": p.Histogram, "size": maxDays}}
	}
	for _, f := range p.Facets {
		if !f.Apart {
			for name, a := range facetAggs(f) {
				aggs[name] = a
			}
		}
	}
	if len(aggs) > 0 {
		body["aggs"] = aggs
	}
	r, err := s.send(ctx, body, pit)
	var no *apiError
	if p.After != nil && errors.As(err, &no) && no.Status == http.StatusBadRequest {
		return nil, fmt.Errorf("%w: cursor is damaged (%w)", index.ErrQuery, err)
	}
	if err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	return r, nil
}

// send asks over a state; the cluster may name it anew.
func (s *Store) send(ctx context.Context, body map[string]any, pit *string) (*response, error) {
	body["pit"] = map[string]any{"id": *pit, "keep_alive": keepAlive}
	var r response
	if _, err := s.call(ctx, http.MethodPost, "/_search?allow_partial_search_results=false", body, &r); err != nil {
		return nil, err
	}
	if r.PIT != "" {
		*pit = r.PIT
	}
	if r.TimedOut || r.Shards.Failed > 0 {
		return nil, fmt.Errorf("incomplete answer: timed out: %v, shards failed: %d", r.TimedOut, r.Shards.Failed)
	}
	return &r, nil
}

// closePIT gives a state back; it goes by itself if this fails.
func (s *Store) closePIT(id string) {
	s.call(context.Background(), http.MethodDelete, "/_pit", map[string]string{"id": id}, nil, http.StatusNotFound)
}

// Names of aggregations. Facets have their field's, a prefix keeps them apart.
const (
	histogramName = "days"
	facetPrefix   = "facet:"
	missingPrefix = "missing:"
)

func facetAggs(f index.FacetPlan) map[string]any {
	return map[string]any{
		facetPrefix + f.Field:   map[string]any{"terms": map[string]any{"field": f.Field, "size": f.Size}},
		missingPrefix + f.Field: map[string]any{"missing": map[string]any{"field": f.Field}},
	}
}

func facet(aggs map[string]aggregation, field string) index.FacetResult {
	a := aggs[facetPrefix+field]
	r := index.FacetResult{Values: []index.FacetValue{}, Other: a.Other, Missing: aggs[missingPrefix+field].DocCount}
	for _, b := range a.Buckets {
		r.Values = append(r.Values, index.FacetValue{Value: b.Key, Count: b.Count})
	}
	return r
}

func order(p *index.Plan) []any {
	var o []any
	if p.ByScore {
		o = append(o, map[string]any{"_score": "desc"})
	}
	for _, k := range p.Sort {
		dir := "asc"
		if k.Desc {
			dir = "desc"
		}
		o = append(o, map[string]any{k.Column: map[string]any{"order": dir, "missing": "_last"}})
	}
	return o
}

// translate writes a condition in the cluster's language.
func translate(m index.Match) map[string]any {
	list := func(ms []index.Match) []any {
		out := make([]any, len(ms))
		for i, x := range ms {
			out[i] = translate(x)
		}
		return out
	}
	one := func(kind, column string, v any) map[string]any {
		return map[string]any{kind: map[string]any{column: v}}
	}
	switch m := m.(type) {
	case index.MatchAll:
		return map[string]any{"match_all": map[string]any{}}
	case index.MatchTokens:
		if len(m.Tokens) == 1 {
			return one("term", m.Column, map[string]any{"value": m.Tokens[0], "boost": m.Boost})
		}
		text := m.Tokens[0]
		for _, t := range m.Tokens[1:] {
			text += " " + t
		}
		return one("match_phrase", m.Column, map[string]any{"query": text, "analyzer": "whitespace", "boost": m.Boost})
	case index.MatchTerms:
		return one("terms", m.Column, m.Values)
	case index.MatchRange:
		bounds := map[string]any{}
		put := func(v *float64, open bool, out, in string) {
			if v == nil {
				return
			}
			if open {
				in = out
			}
			bounds[in] = *v
			if m.ColumnType == index.Date {
				bounds[in] = int64(*v)
			}
		}
		put(m.Min, m.OpenMin, "gt", "gte")
		put(m.Max, m.OpenMax, "lt", "lte")
		return one("range", m.Column, bounds)
	case index.MatchPrefix:
		return one("prefix", m.Column, map[string]any{"value": m.Prefix})
	case index.MatchAnd:
		var must, not []any
		for _, x := range m.All {
			if n, ok := x.(index.MatchNot); ok {
				not = append(not, translate(n.Not))
			} else {
				must = append(must, translate(x))
			}
		}
		if len(must) == 0 {
			// Without it one of should would have to match, whatever the minimum.
			must = append(must, translate(index.MatchAll{}))
		}
		b := map[string]any{"must": must}
		if len(not) > 0 {
			b["must_not"] = not
		}
		if len(m.Optional) > 0 {
			b["should"] = list(m.Optional)
		}
		return map[string]any{"bool": b}
	case index.MatchOr:
		return map[string]any{"bool": map[string]any{"should": list(m.Any), "minimum_should_match": m.Min}}
	case index.MatchNot:
		return map[string]any{"bool": map[string]any{"must_not": []any{translate(m.Not)}}}
	}
	return map[string]any{"match_none": map[string]any{}}
}
