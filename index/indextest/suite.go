package indextest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"tamga/index"
)

// Run holds a store to the oracle. open returns an empty store of its own for
// each call; the suite closes it.
func Run(t *testing.T, open func(t *testing.T) index.Rebuilder) {
	t.Run("Empty", func(t *testing.T) { testEmpty(t, open) })
	t.Run("Put", func(t *testing.T) { testPut(t, open) })
	t.Run("Refused", func(t *testing.T) { testRefused(t, open) })
	t.Run("Rebuild", func(t *testing.T) { testRebuild(t, open) })

	docs := Documents(1, 400)
	store, oracle := filled(t, open, docs)
	t.Run("Cases", func(t *testing.T) {
		for _, c := range Cases() {
			t.Run(c.Name, func(t *testing.T) { same(t, store, oracle, c.Query) })
		}
	})
	t.Run("Random", func(t *testing.T) {
		r := rand.New(rand.NewPCG(2026, 11))
		for i := range 300 {
			q := RandomQuery(r)
			if !same(t, store, oracle, q) {
				t.Fatalf("random query %d: %s", i, show(q))
			}
		}
	})
	t.Run("Pages", func(t *testing.T) { testPages(t, store, oracle) })
	t.Run("Relevance", func(t *testing.T) { testRelevance(t, store, oracle) })
	t.Run("Cursor", func(t *testing.T) { testCursor(t, store) })
	t.Run("Marks", func(t *testing.T) { testMarks(t, store, oracle) })
	t.Run("Parallel", func(t *testing.T) { testParallel(t, store, oracle) })
	t.Run("Reindex", func(t *testing.T) { testReindex(t, store, docs) })
}

func filled(t *testing.T, open func(t *testing.T) index.Rebuilder, docs []index.Document) (store, oracle index.Rebuilder) {
	t.Helper()
	store, oracle = opened(t, open), NewOracle()
	for i := 0; i < len(docs); i += 150 {
		part := docs[i:min(i+150, len(docs))]
		for _, s := range []index.Store{store, oracle} {
			if err := s.Put(t.Context(), part, int64(i+len(part))); err != nil {
				t.Fatal(err)
			}
		}
	}
	return store, oracle
}

func opened(t *testing.T, open func(t *testing.T) index.Rebuilder) index.Rebuilder {
	t.Helper()
	s := open(t)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func show(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// same asks both and compares everything but the cursor.
func same(t *testing.T, store, oracle index.Store, q index.Query) bool {
	t.Helper()
	got, err := store.Search(t.Context(), q)
	if err != nil {
		t.Errorf("search %s: %v", show(q), err)
		return false
	}
	want, err := oracle.Search(t.Context(), q)
	if err != nil {
		t.Errorf("oracle %s: %v", show(q), err)
		return false
	}
	if (got.Cursor == "") != (want.Cursor == "") {
		t.Errorf("search %s: cursor %q, oracle's %q", show(q), got.Cursor, want.Cursor)
		return false
	}
	got.Cursor, want.Cursor = "", ""
	g, w := show(normal(got)), show(normal(want))
	if g == w {
		return true
	}
	if got.Total != want.Total {
		t.Errorf("search %s: total %d, want %d", show(q), got.Total, want.Total)
	}
	if a, b := ids(got.Hits), ids(want.Hits); !slices.Equal(a, b) {
		t.Errorf("search %s: hits\n%v, want\n%v", show(q), a, b)
	} else if a, b := show(got.Hits), show(want.Hits); a != b {
		t.Errorf("search %s: hits\n%s, want\n%s", show(q), a, b)
	}
	for f := range want.Facets {
		if a, b := show(got.Facets[f]), show(want.Facets[f]); a != b {
			t.Errorf("search %s: facet %s\n%s, want\n%s", show(q), f, a, b)
		}
	}
	if a, b := show(got.Histogram), show(want.Histogram); a != b {
		t.Errorf("search %s: histogram\n%s, want\n%s", show(q), a, b)
	}
	if !t.Failed() {
		t.Errorf("search %s: got\n%s, want\n%s", show(q), g, w)
	}
	return false
}

// normal makes empty lists one.
func normal(r index.Result) index.Result {
	if len(r.Hits) == 0 {
		r.Hits = nil
	}
	if len(r.Histogram) == 0 {
		r.Histogram = nil
	}
	return r
}

func ids(hits []index.Hit) []string {
	out := make([]string, len(hits))
	for i, h := range hits {
		out[i] = h.ID
	}
	return out
}

// all pages through a query and returns the ids.
func all(t *testing.T, s index.Store, q index.Query) []string {
	t.Helper()
	var out []string
	for range 10000 {
		r, err := s.Search(t.Context(), q)
		if err != nil {
			t.Fatalf("search %s: %v", show(q), err)
		}
		out = append(out, ids(r.Hits)...)
		if r.Cursor == "" {
			if int64(len(out)) != r.Total {
				t.Errorf("search %s: %d hits in all, total %d", show(q), len(out), r.Total)
			}
			return out
		}
		q.Cursor = r.Cursor
	}
	t.Fatal("the pages do not end")
	return nil
}

func testEmpty(t *testing.T, open func(t *testing.T) index.Rebuilder) {
	s := opened(t, open)
	if n, err := s.Checkpoint(t.Context()); n != 0 || err != nil {
		t.Errorf("checkpoint of no index: %d, %v", n, err)
	}
	if _, err := s.Search(t.Context(), index.Query{}); !errors.Is(err, index.ErrNoIndex) {
		t.Errorf("search of no index: %v, want ErrNoIndex", err)
	}
	if err := s.Put(t.Context(), nil, 0); err != nil {
		t.Fatal(err)
	}
	r, err := s.Search(t.Context(), index.Query{Facets: []index.Facet{{Field: "market"}}, Histogram: &index.Histogram{Field: "captured"}})
	if err != nil || r.Total != 0 || len(r.Hits) != 0 || r.Cursor != "" || len(r.Facets["market"].Values) != 0 {
		t.Errorf("search of an empty index: %+v, %v", r, err)
	}
}

func testPut(t *testing.T, open func(t *testing.T) index.Rebuilder) {
	s, ctx := opened(t, open), t.Context()
	huge := "начало " + string(bytes.Repeat([]byte("слово "), 900_000)) + "конец"
	docs := []index.Document{
		{ID: "a", Kind: "listing", Seq: 1, Fields: map[string]any{"title": "First", "price": "0.10", "n": 9007199254740993, "deep": map[string]any{"x": []any{1, "y", nil, true}}}},
		{ID: "b", Kind: "listing", Seq: 2, Fields: map[string]any{"title": "Second", "vendor": string(bytes.Repeat([]byte("v"), 9000))}},
		{ID: "c", Kind: "capture", Seq: 3},
		{ID: "d", Kind: "capture", Seq: 4, Fields: map[string]any{"title": 5, "price": true, "from": "DE", "captured": "never", "vendor": "a\x00b\xffc", "has": "x", "names": "y"}},
		{ID: "e", Kind: "capture", Seq: 5, Fields: map[string]any{"text": huge}},
		{ID: "ключ:/?#&=%*\"\\ ✓", Kind: "post", Seq: 6, Fields: map[string]any{"from": []any{"DE", []any{"NL"}, map[string]any{}}}},
	}
	for range 2 { // putting twice is putting once
		if err := s.Put(ctx, docs, 7); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := s.Checkpoint(ctx); n != 7 || err != nil {
		t.Errorf("checkpoint %d, %v; want 7", n, err)
	}
	oracle := NewOracle()
	if err := oracle.Put(ctx, docs, 7); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"", "from:de", "from:NL", "first", "vendor:*", "слово", "начало", "конец", "has:x OR 5"} {
		n, err := index.Parse(text)
		if err != nil {
			if text == "has:x OR 5" {
				continue // made columns are no fields
			}
			t.Fatal(err)
		}
		got, err := s.Search(ctx, index.Query{Where: n, Sort: []index.SortKey{{Field: "id"}}})
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		want, err := oracle.Search(ctx, index.Query{Where: n, Sort: []index.SortKey{{Field: "id"}}})
		if err != nil {
			t.Fatal(err)
		}
		// The oracle knows no limits: the end of a text of 11 MB and a name of
		// 9,000 bytes are stored only.
		expect := ids(want.Hits)
		switch text {
		case "конец":
			expect = []string{}
		case "vendor:*":
			expect = []string{"d"}
		}
		if !slices.Equal(ids(got.Hits), expect) {
			t.Errorf("%q: %v, want %v", text, ids(got.Hits), expect)
		}
	}
	for _, d := range docs {
		got, found, err := s.Get(ctx, d.ID)
		want, _, _ := oracle.Get(ctx, d.ID)
		if err != nil || !found || show(got) != show(want) {
			t.Errorf("get %s: %.300s, %v, %v; want %.300s", d.ID, show(got), found, err, show(want))
		}
	}
	if _, found, err := s.Get(ctx, "absent"); found || err != nil {
		t.Errorf("get of no document: %v, %v", found, err)
	}
	// A later document takes the place of an earlier one.
	if err := s.Put(ctx, []index.Document{{ID: "a", Kind: "vendor", Seq: 9, Fields: map[string]any{"title": "Third"}}}, 10); err != nil {
		t.Fatal(err)
	}
	r, err := s.Search(ctx, index.Query{Where: index.Text{Query: "first third"}})
	if err != nil || r.Total != 0 {
		t.Errorf("first third: %d, %v", r.Total, err)
	}
	r, err = s.Search(ctx, index.Query{Where: index.Text{Query: "third"}})
	if err != nil || r.Total != 1 || r.Hits[0].Kind != "vendor" || r.Hits[0].Seq != 9 {
		t.Errorf("third: %+v, %v", r, err)
	}
	for _, bad := range []index.Document{{}, {ID: string(make([]byte, 600))}, {ID: "x\xff"}, {ID: "f", Fields: map[string]any{"x": func() {}}}} {
		if err := s.Put(ctx, []index.Document{bad}, 11); err == nil {
			t.Errorf("put of %.20q: no error", bad.ID)
		}
	}
	if n, _ := s.Checkpoint(ctx); n != 10 {
		t.Errorf("checkpoint %d after a refused Put, want 10", n)
	}
}

func testRefused(t *testing.T, open func(t *testing.T) index.Rebuilder) {
	s := opened(t, open)
	if err := s.Put(t.Context(), Documents(3, 5), 1); err != nil {
		t.Fatal(err)
	}
	deep := index.Node(index.All{})
	for range 20 {
		deep = index.Not(deep)
	}
	for _, q := range []index.Query{
		{Where: index.Term{Field: "nothing", Values: []string{"x"}}},
		{Where: index.Text{Fields: []string{"vendor"}, Query: "x"}},
		{Where: index.Range{Field: "vendor", GTE: "1"}},
		{Where: index.Range{Field: "price", GTE: "cheap"}},
		{Where: index.Range{Field: "captured", GTE: "yesterday"}},
		{Where: index.Prefix{Field: "vendor", Value: "a"}},
		{Where: index.Exists{Field: "span"}},
		{Where: deep},
		{Sort: []index.SortKey{{Field: "substances"}}},
		{Facets: []index.Facet{{Field: "price"}}},
		{Facets: []index.Facet{{Field: "market"}, {Field: "market"}}},
		{Histogram: &index.Histogram{Field: "price"}},
		{Size: index.MaxSize + 1},
		{Cursor: "x"},
	} {
		if _, err := s.Search(t.Context(), q); !errors.Is(err, index.ErrQuery) {
			t.Errorf("%s: %v, want ErrQuery", show(q), err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Put(ctx, Documents(3, 5), 9); !errors.Is(err, context.Canceled) {
		t.Errorf("put cancelled: %v", err)
	}
	if _, err := s.Search(ctx, index.Query{}); !errors.Is(err, context.Canceled) {
		t.Errorf("search cancelled: %v", err)
	}
}

func testPages(t *testing.T, store, oracle index.Store) {
	r := rand.New(rand.NewPCG(3, 3))
	for _, f := range sortable {
		for _, desc := range []bool{false, true} {
			q := index.Query{Sort: []index.SortKey{{Field: f, Desc: desc}}, Size: 1 + r.IntN(60)}
			got, want := all(t, store, q), all(t, oracle, q)
			if !slices.Equal(got, want) {
				t.Errorf("pages by %s (descending: %v):\n%v, want\n%v", f, desc, got, want)
			}
		}
	}
	for range 40 {
		q := RandomQuery(r)
		q.Facets, q.Histogram, q.Size = nil, nil, 1+r.IntN(50)
		if got, want := all(t, store, q), all(t, oracle, q); !slices.Equal(got, want) {
			t.Errorf("pages of %s:\n%v, want\n%v", show(q), got, want)
		}
	}
	q := index.Query{Size: -1}
	if r, err := store.Search(t.Context(), q); err != nil || len(r.Hits) != 0 || r.Total != 400 || r.Cursor != "" {
		t.Errorf("no hits wanted: %d of %d, %v", len(r.Hits), r.Total, err)
	}
}

// testRelevance: the same documents, each once, in whatever order.
func testRelevance(t *testing.T, store, oracle index.Store) {
	for _, text := range []string{"crystal", "закладка OR powder", "pure -free", "crystal vendor:demochef", `"dead drop"`, "cry*"} {
		n, err := index.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		q := index.Query{Where: n, Size: 7}
		got, want := all(t, store, q), all(t, oracle, q)
		slices.Sort(got)
		slices.Sort(want)
		if len(want) == 0 || !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
	}
}

func testCursor(t *testing.T, s index.Store) {
	q := index.Query{Size: 5, Sort: []index.SortKey{{Field: "seq"}}}
	r, err := s.Search(t.Context(), q)
	if err != nil || r.Cursor == "" {
		t.Fatal(r.Cursor, err)
	}
	for name, other := range map[string]index.Query{
		"another condition": {Where: index.Term{Field: "kind", Values: []string{"post"}}, Size: 5, Sort: q.Sort},
		"another order":     {Size: 5, Sort: []index.SortKey{{Field: "seq", Desc: true}}},
	} {
		other.Cursor = r.Cursor
		if _, err := s.Search(t.Context(), other); !errors.Is(err, index.ErrQuery) {
			t.Errorf("cursor with %s: %v, want ErrQuery", name, err)
		}
	}
	for i := range len(r.Cursor) {
		bad := []byte(r.Cursor)
		bad[i] ^= 1
		q.Cursor = string(bad)
		// It may still be read, as another place of the same query; never more.
		if got, err := s.Search(t.Context(), q); err != nil && !errors.Is(err, index.ErrQuery) {
			t.Fatalf("damaged cursor %q: %v", bad, err)
		} else if err == nil && got.Total != r.Total {
			t.Fatalf("damaged cursor %q: total %d, want %d", bad, got.Total, r.Total)
		}
	}
}

func testMarks(t *testing.T, store, oracle index.Store) {
	marked := 0
	for _, text := range []string{"crystals", "закладками", `"dead drop"`, "мефедрон", "emoji_pill OR 💊", "cry* -free"} {
		n, err := index.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		q := index.Query{Where: n, Sort: []index.SortKey{{Field: "id"}}, Highlight: true, Size: 100}
		same(t, store, oracle, q)
		r, err := store.Search(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range r.Hits {
			for f, marks := range h.Marks {
				text := h.Fields[f].(string)
				for _, m := range marks {
					if m[0] < 0 || m[1] <= m[0] || m[1] > len(text) {
						t.Errorf("%s: mark %v of %q", h.ID, m, text)
					}
					marked++
				}
			}
		}
	}
	if marked < 100 {
		t.Errorf("%d marks in all", marked)
	}
}

func testParallel(t *testing.T, store, oracle index.Store) {
	errs := make(chan error, 4)
	for i := range 4 {
		go func() {
			r := rand.New(rand.NewPCG(uint64(i), 99))
			for range 20 {
				q := RandomQuery(r)
				got, err := store.Search(context.WithoutCancel(t.Context()), q)
				if err != nil {
					errs <- err
					return
				}
				want, err := oracle.Search(t.Context(), q)
				if err == nil && got.Total != want.Total {
					err = fmt.Errorf("%s: %d, want %d", show(q), got.Total, want.Total)
				}
				if err != nil {
					errs <- err
					return
				}
			}
			errs <- nil
		}()
	}
	for range 4 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}

func testRebuild(t *testing.T, open func(t *testing.T) index.Rebuilder) {
	s, ctx := opened(t, open), t.Context()
	total := func() int64 {
		r, err := s.Search(ctx, index.Query{})
		if err != nil {
			t.Fatal(err)
		}
		return r.Total
	}
	fill := func(n int) func(index.Store) error {
		return func(fresh index.Store) error {
			if c, err := fresh.Checkpoint(ctx); c != 0 || err != nil {
				return fmt.Errorf("checkpoint of a fresh store: %d, %w", c, err)
			}
			docs := Documents(uint64(n), n)
			if err := fresh.Put(ctx, docs[:n/2], 1); err != nil {
				return err
			}
			// The filler may look up what it has put.
			if _, found, err := fresh.Get(ctx, docs[0].ID); !found || err != nil {
				return fmt.Errorf("get from a fresh store: %v, %w", found, err)
			}
			if _, found, err := fresh.Get(ctx, docs[n-1].ID); found || err != nil {
				return fmt.Errorf("get of nothing from a fresh store: %v, %w", found, err)
			}
			return fresh.Put(ctx, docs[n/2:], int64(n))
		}
	}
	if err := s.Rebuild(ctx, fill(30)); err != nil {
		t.Fatal(err)
	}
	if n := total(); n != 30 {
		t.Errorf("%d documents after the first build, want 30", n)
	}
	boom := errors.New("boom")
	err := s.Rebuild(ctx, func(fresh index.Store) error {
		if err := fresh.Put(ctx, Documents(9, 9), 9); err != nil {
			return err
		}
		if n := total(); n != 30 {
			t.Errorf("%d documents while rebuilding, want the old 30", n)
		}
		return boom
	})
	if !errors.Is(err, boom) {
		t.Errorf("rebuild that fails: %v", err)
	}
	if n, err := s.Checkpoint(ctx); n != 30 || err != nil || total() != 30 {
		t.Errorf("after a rebuild that failed: checkpoint %d, %v, %d documents; want 30, 30", n, err, total())
	}
	if err := s.Rebuild(ctx, fill(12)); err != nil {
		t.Fatal(err)
	}
	if n, err := s.Checkpoint(ctx); n != 12 || err != nil || total() != 12 {
		t.Errorf("after a rebuild: checkpoint %d, %v, %d documents; want 12, 12", n, err, total())
	}
	if err := s.Put(ctx, Documents(50, 20), 20); err != nil {
		t.Fatal(err)
	}
}

// testReindex: built again from the same documents, everything answers the same.
func testReindex(t *testing.T, store index.Rebuilder, docs []index.Document) {
	var before []string
	ask := func() (out []string) {
		for _, c := range Cases() {
			r, err := store.Search(t.Context(), c.Query)
			if err != nil {
				t.Fatal(err)
			}
			r.Cursor = ""
			out = append(out, show(r))
		}
		return out
	}
	before = ask()
	err := store.Rebuild(t.Context(), func(fresh index.Store) error {
		// In other batches than before.
		for i := 0; i < len(docs); i += 37 {
			part := docs[i:min(i+37, len(docs))]
			if err := fresh.Put(t.Context(), part, int64(i+len(part))); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, after := range ask() {
		if after != before[i] {
			t.Errorf("%s answers otherwise after a reindex:\n%s, was\n%s", Cases()[i].Name, after, before[i])
		}
	}
	if n, err := store.Checkpoint(t.Context()); n != int64(len(docs)) || err != nil {
		t.Errorf("checkpoint after a reindex: %d, %v", n, err)
	}
}
