package dashboards

import (
	"tamga"
	"tamga/index"

	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Limits of one search.
const (
	maxWords    = 2000 // bytes of the query text
	maxChosen   = 100  // values of one facet
	maxSize     = 200  // hits of one page
	defaultSize = 50
	facetSize   = 100 // values of one facet in the answer
)

// facetFields are the fields that the interface counts and filters by.
var facetFields = []string{"kind", "market", "vendor", "substances", "category", "from", "to", "currency", "language"}

// sorts are the orders that the interface offers, the default first for a
// search without words; with words it is relevance.
var sorts = []string{"-captured", "captured", "price", "-price", "vendor", "title"}

const byRelevance = "relevance"

// ask is a search as the interface puts it.
type ask struct {
	words   string
	chosen  map[string][]string // facet field -> values, any of which will do
	fromDay string              // YYYY-MM-DD, inclusive; empty is open
	toDay   string
	sort    string
	cursor  string
	size    int
}

// parseAsk reads the parameters of /api/search, which are those of the page's
// address.
func parseAsk(q url.Values) (ask, error) {
	a := ask{words: strings.TrimSpace(q.Get("q")), chosen: map[string][]string{}, cursor: q.Get("cursor"), size: defaultSize}
	if len(a.words) > maxWords {
		return a, badRequest("q: longer than "+strconv.Itoa(maxWords)+" bytes", "search for fewer words")
	}
	for _, f := range facetFields {
		if v := q[f]; len(v) > maxChosen {
			return a, badRequest(f+": more than "+strconv.Itoa(maxChosen)+" values", "")
		} else if len(v) > 0 {
			a.chosen[f] = v
		}
	}
	for name, day := range map[string]*string{"from_day": &a.fromDay, "to_day": &a.toDay} {
		*day = q.Get(name)
		if _, err := time.Parse(time.DateOnly, *day); *day != "" && err != nil {
			return a, badRequest(fmt.Sprintf("%s %q: want a day", name, *day), "as 2026-01-31")
		}
	}
	if v := q.Get("size"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 || n > maxSize {
			return a, badRequest(fmt.Sprintf("size %q: want a number from 1 to %d", v, maxSize), "")
		}
		a.size = n
	}
	a.sort = q.Get("sort")
	if a.sort == "" {
		a.sort = a.sorts()[0]
	}
	if !slices.Contains(a.sorts(), a.sort) {
		return a, badRequest(fmt.Sprintf("sort %q", a.sort), "one of "+strings.Join(a.sorts(), ", "))
	}
	return a, nil
}

// sorts lists the orders this search can have.
func (a ask) sorts() []string {
	if a.words == "" {
		return sorts
	}
	return append([]string{byRelevance}, sorts...)
}

// hit is a document as the interface shows it.
type hit struct {
	ID      string         `json:"id"`
	Kind    string         `json:"kind"`
	Seq     *int64         `json:"seq,omitempty"` // its capture in the log
	Capture string         `json:"capture,omitempty"`
	Time    *time.Time     `json:"time,omitempty"` // of the capture
	Fields  map[string]any `json:"fields"`
	Snippet []run          `json:"snippet,omitempty"` // of the text, around the words found
}

type facetRow struct {
	Value    string `json:"value"`
	Count    int64  `json:"count"`
	Selected bool   `json:"selected,omitempty"`
}

type dayRow struct {
	Day   string `json:"day"`
	Count int64  `json:"count"`
}

// answer is the answer of /api/search.
type answer struct {
	Total     int64                 `json:"total"`
	Hits      []hit                 `json:"hits"`
	Facets    map[string][]facetRow `json:"facets"`
	Histogram []dayRow              `json:"histogram"`
	Sorts     []string              `json:"sorts"`
	Next      string                `json:"next,omitempty"` // cursor of the next page; absent on the last
}

// search answers a search with hits, facets and the days.
func (s *Server) search(w http.ResponseWriter, r *http.Request) {
	a, err := parseAsk(r.URL.Query())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	out, err := s.answer(r.Context(), a)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	writeJSON(w, out)
}

// withChosen marks the values in force and adds those that count nothing now,
// so that a filter can always be taken away where it stands.
func withChosen(rows []facetRow, chosen []string) []facetRow {
	for _, v := range chosen {
		if i := slices.IndexFunc(rows, func(r facetRow) bool { return r.Value == v }); i >= 0 {
			rows[i].Selected = true
		} else {
			rows = append(rows, facetRow{Value: v, Selected: true})
		}
	}
	return rows
}

// document answers with one document.
func (s *Server) document(w http.ResponseWriter, r *http.Request) {
	id := r.URL.Query().Get("id")
	if id == "" || len(id) > 1000 {
		s.fail(w, r, badRequest("id: want the id of a document", ""))
		return
	}
	h, err := s.get(r.Context(), id)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	var also []string
	if s.opt.Watcher != nil && h.Seq != nil {
		if also, err = s.opt.Watcher.Also(r.Context(), index.Document{ID: h.ID, Kind: h.Kind, Capture: tamga.Digest(h.Capture), Seq: *h.Seq, Fields: h.Fields}); err != nil {
			s.fail(w, r, err)
			return
		}
	}
	writeJSON(w, struct {
		Hit  hit      `json:"hit"`
		Also []string `json:"also_seen_at,omitempty"` // on other hosts
	}{h, also})
}

// kinds counts the documents of the workspace.
func (s *Server) kinds(ctx context.Context) ([]facetRow, int64, error) {
	a, err := s.answer(ctx, ask{chosen: map[string][]string{}, sort: sorts[0], size: 1})
	if err != nil {
		return nil, 0, err
	}
	return a.Facets["kind"], a.Total, nil
}
