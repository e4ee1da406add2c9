package dashboards

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"tamga/index"
)

// fakeSearcher answers queries over the invented workspace by looking at every
// document. It knows the conditions that the server makes.
type fakeSearcher struct{ docs []index.Document }

func newFakeSearcher(t testing.TB, w *fakeWorkspace) Searcher {
	t.Helper()
	s := &fakeSearcher{}
	for _, d := range w.docs {
		// The way through JSON is that of a real store.
		b, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := index.Decode(b)
		if err != nil {
			t.Fatal(err)
		}
		s.docs = append(s.docs, doc)
	}
	return s
}

func fieldValues(d index.Document, field string) []string {
	switch field {
	case "kind":
		return []string{d.Kind}
	case "id":
		return []string{d.ID}
	}
	switch v := d.Fields[field].(type) {
	case string:
		return []string{v}
	case []any:
		var out []string
		for _, x := range v {
			out = append(out, fmt.Sprint(x))
		}
		return out
	}
	return nil
}

// matches evaluates n; conditions on the field apart count as met.
func matches(n index.Node, d index.Document, apart string) bool {
	switch n := n.(type) {
	case nil, index.All:
		return true
	case index.Bool:
		for _, m := range n.Must {
			if !matches(m, d, apart) {
				return false
			}
		}
		return !slices.ContainsFunc(n.Not, func(m index.Node) bool { return matches(m, d, apart) })
	case index.Text:
		return holds(d, n.Query)
	case index.Phrase:
		return holds(d, n.Text)
	case index.Term:
		return n.Field == apart || slices.ContainsFunc(fieldValues(d, n.Field), func(v string) bool { return slices.Contains(n.Values, v) })
	case index.Exists:
		return len(fieldValues(d, n.Field)) > 0
	case index.Range:
		v := fieldValues(d, n.Field)[0][:len("2026-01-01")]
		return (n.GTE == "" || v >= n.GTE) && (n.LTE == "" || v <= n.LTE)
	}
	panic(fmt.Sprintf("the fake does not know %T", n))
}

func holds(d index.Document, words string) bool {
	return strings.Contains(strings.ToLower(fmt.Sprint(d.Fields)), strings.ToLower(words))
}

// Search implements Searcher.
func (s *fakeSearcher) Search(_ context.Context, q index.Query) (index.Result, error) {
	var found []index.Document
	for _, d := range s.docs {
		if matches(q.Where, d, "") {
			found = append(found, d)
		}
	}
	r := index.Result{Total: int64(len(found)), Facets: map[string]index.FacetResult{}}
	slices.SortStableFunc(found, func(a, b index.Document) int {
		for _, k := range q.Sort {
			c := strings.Compare(strings.Join(fieldValues(a, k.Field), ""), strings.Join(fieldValues(b, k.Field), ""))
			if k.Desc {
				c = -c
			}
			if c != 0 {
				return c
			}
		}
		return strings.Compare(a.ID, b.ID)
	})
	start := 0
	if q.Cursor != "" {
		var err error
		if start, err = strconv.Atoi(q.Cursor); err != nil {
			return r, fmt.Errorf("%w: cursor", index.ErrQuery)
		}
	}
	end := min(start+max(q.Size, 0), len(found))
	for _, d := range found[start:end] {
		h := index.Hit{ID: d.ID, Kind: d.Kind, Capture: d.Capture, Seq: d.Seq, Fields: d.Fields}
		if t, ok := q.Where.(index.Text); ok && q.Highlight {
			text := strings.ToLower(fmt.Sprint(d.Fields["text"]))
			if i := strings.Index(text, strings.ToLower(t.Query)); i >= 0 {
				h.Marks = map[string][][2]int{"text": {{i, i + len(t.Query)}}}
			}
		}
		r.Hits = append(r.Hits, h)
	}
	if end < len(found) && q.Size > 0 {
		r.Cursor = strconv.Itoa(end)
	}
	for _, f := range q.Facets {
		r.Facets[f.Field] = index.FacetResult{Values: s.count(f.Field, q.Where, f.Field, 0)}
	}
	if q.Histogram != nil {
		for _, v := range s.count(q.Histogram.Field, q.Where, "", len("2026-01-01")) {
			r.Histogram = append(r.Histogram, index.Day{Day: v.Value, Count: v.Count})
		}
		slices.SortFunc(r.Histogram, func(a, b index.Day) int { return strings.Compare(a.Day, b.Day) })
	}
	return r, nil
}

func (s *fakeSearcher) count(field string, where index.Node, apart string, cut int) []index.FacetValue {
	n := map[string]int64{}
	for _, d := range s.docs {
		if matches(where, d, apart) {
			for _, v := range fieldValues(d, field) {
				if cut > 0 {
					v = v[:cut]
				}
				n[v]++
			}
		}
	}
	var out []index.FacetValue
	for v, c := range n {
		out = append(out, index.FacetValue{Value: v, Count: c})
	}
	slices.SortFunc(out, func(a, b index.FacetValue) int {
		if a.Count != b.Count {
			return int(b.Count - a.Count)
		}
		return strings.Compare(a.Value, b.Value)
	})
	return out
}

// Get implements Searcher.
func (s *fakeSearcher) Get(_ context.Context, id string) (index.Document, bool, error) {
	for _, d := range s.docs {
		if d.ID == id {
			return d, true, nil
		}
	}
	return index.Document{}, false, nil
}
