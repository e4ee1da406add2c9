package bleve

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/search"
	"github.com/blevesearch/bleve/v2/search/query"

	"tamga/index"
)

// maxDays is the number of days a histogram can have.
const maxDays = 3_000_000

// histogramFacet is the name of the histogram among the facets of a request.
const histogramFacet = " days"

// search carries out a plan.
func (g *generation) search(ctx context.Context, p *index.Plan) (r index.Result, err error) {
	defer mend(g.name, &err)
	req := bleve.NewSearchRequestOptions(translate(p.Where, p.ByScore), p.Size, 0, false)
	req.Sort = order(p)
	req.Fields = []string{sourceField}
	if !p.ByScore {
		req.Score = "none"
	}
	if p.After != nil {
		if req.SearchAfter, err = after(p); err != nil {
			return r, err
		}
	}
	if p.Histogram != "" {
		req.AddFacet(histogramFacet, bleve.NewFacetRequest(p.Histogram, maxDays))
	}
	for _, f := range p.Facets {
		if !f.Apart {
			req.AddFacet(f.Field, bleve.NewFacetRequest(f.Field, f.Size))
		}
	}
	res, err := g.idx.SearchInContext(ctx, req)
	if err != nil {
		return r, fmt.Errorf("search: %w", err)
	}
	r.Total = int64(res.Total)
	docs := make([]index.Document, len(res.Hits))
	for i, h := range res.Hits {
		source, _ := h.Fields[sourceField].(string)
		if docs[i], err = index.Decode([]byte(source)); err != nil {
			return r, fmt.Errorf("search: document %s: %w (%w)", h.ID, index.ErrNoIndex, err)
		}
	}
	r.Hits = p.Hits(docs)
	if n := len(res.Hits); n > 0 && n == p.Size {
		if r.Cursor, err = cursor(p, res.Hits[n-1]); err != nil {
			return r, err
		}
	}
	if p.Histogram != "" {
		counts := map[string]int64{}
		for _, t := range res.Facets[histogramFacet].Terms.Terms() {
			counts[t.Term] = int64(t.Count)
		}
		r.Histogram = index.Fill(counts)
	}
	if len(p.Facets) > 0 {
		r.Facets = map[string]index.FacetResult{}
	}
	for _, f := range p.Facets {
		facets := res.Facets
		if f.Apart {
			if facets, err = g.count(ctx, f); err != nil {
				return r, err
			}
		}
		r.Facets[f.Field] = facet(facets[f.Field])
	}
	return r, nil
}

// count counts a facet over a condition of its own.
func (g *generation) count(ctx context.Context, f index.FacetPlan) (search.FacetResults, error) {
	req := bleve.NewSearchRequestOptions(translate(f.Where, false), 0, 0, false)
	req.Score = "none"
	req.AddFacet(f.Field, bleve.NewFacetRequest(f.Field, f.Size))
	res, err := g.idx.SearchInContext(ctx, req)
	if err != nil {
		return nil, fmt.Errorf("count %s: %w", f.Field, err)
	}
	return res.Facets, nil
}

func facet(f *search.FacetResult) index.FacetResult {
	r := index.FacetResult{Values: []index.FacetValue{}}
	if f == nil {
		return r
	}
	r.Other, r.Missing = int64(f.Other), int64(f.Missing)
	for _, t := range f.Terms.Terms() {
		r.Values = append(r.Values, index.FacetValue{Value: t.Term, Count: int64(t.Count)})
	}
	return r
}

func order(p *index.Plan) search.SortOrder {
	var o search.SortOrder
	if p.ByScore {
		o = append(o, &search.SortScore{Desc: true})
	}
	for _, k := range p.Sort {
		f := &search.SortField{Field: k.Column, Desc: k.Desc, Type: search.SortFieldAsString}
		if k.Type != index.Keyword {
			// Not AsNumber: that would read a cursor's value as a decimal
			// number and lose the mark of a document without one.
			f.Type = search.SortFieldAuto
		}
		o = append(o, f)
	}
	return o
}

// cursor keeps the sort keys of a hit, which are bytes.
func cursor(p *index.Plan, h *search.DocumentMatch) (string, error) {
	keys := append([]string(nil), h.Sort...)
	if p.ByScore {
		keys[0] = strconv.FormatFloat(h.Score, 'g', -1, 64)
	}
	at := index.Place{}
	for _, k := range keys {
		b, err := json.Marshal([]byte(k))
		if err != nil {
			return "", err
		}
		at.Values = append(at.Values, b)
	}
	return p.Cursor(at)
}

func after(p *index.Plan) ([]string, error) {
	keys := make([]string, len(p.After.Values))
	for i, v := range p.After.Values {
		var b []byte
		if err := json.Unmarshal(v, &b); err != nil {
			return nil, fmt.Errorf("%w: cursor is damaged", index.ErrQuery)
		}
		keys[i] = string(b)
	}
	return keys, nil
}

// translate writes a condition as Bleve's. Without scores what only weighs for
// relevance is left out.
func translate(m index.Match, scores bool) query.Query {
	list := func(ms []index.Match) []query.Query {
		out := make([]query.Query, len(ms))
		for i, x := range ms {
			out[i] = translate(x, scores)
		}
		return out
	}
	switch m := m.(type) {
	case index.MatchAll:
		return bleve.NewMatchAllQuery()
	case index.MatchTokens:
		if len(m.Tokens) == 1 {
			q := term(m.Column, m.Tokens[0])
			q.SetBoost(m.Boost)
			return q
		}
		q := bleve.NewPhraseQuery(m.Tokens, m.Column)
		q.SetBoost(m.Boost)
		return q
	case index.MatchTerms:
		if len(m.Values) == 1 {
			return term(m.Column, m.Values[0])
		}
		any := make([]query.Query, len(m.Values))
		for i, v := range m.Values {
			any[i] = term(m.Column, v)
		}
		return bleve.NewDisjunctionQuery(any...)
	case index.MatchRange:
		min, max := !m.OpenMin, !m.OpenMax
		q := bleve.NewNumericRangeInclusiveQuery(m.Min, m.Max, &min, &max)
		q.SetField(m.Column)
		return q
	case index.MatchPrefix:
		q := bleve.NewPrefixQuery(m.Prefix)
		q.SetField(m.Column)
		return q
	case index.MatchAnd:
		var must, not []query.Query
		for _, x := range m.All {
			if n, ok := x.(index.MatchNot); ok {
				not = append(not, translate(n.Not, false))
			} else {
				must = append(must, translate(x, scores))
			}
		}
		if len(must) == 0 {
			must = append(must, bleve.NewMatchAllQuery())
		}
		var should []query.Query
		if scores {
			should = list(m.Optional)
		}
		if len(not)+len(should) == 0 {
			return bleve.NewConjunctionQuery(must...)
		}
		return query.NewBooleanQuery(must, should, not)
	case index.MatchOr:
		q := bleve.NewDisjunctionQuery(list(m.Any)...)
		q.SetMin(float64(m.Min))
		return q
	case index.MatchNot:
		return query.NewBooleanQuery([]query.Query{bleve.NewMatchAllQuery()}, nil, []query.Query{translate(m.Not, false)})
	}
	return bleve.NewMatchNoneQuery()
}

func term(column, value string) *query.TermQuery {
	q := bleve.NewTermQuery(value)
	q.SetField(column)
	return q
}
