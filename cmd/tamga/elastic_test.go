package main

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"tamga/internal/demo"
	"tamga/internal/eslab"
)

// searches are what the demo is asked on both engines.
var searches = [][]string{
	{""}, {"", "--kind", "listing"}, {"mdma"}, {"гашиш"}, {"from:DE"}, {"price:<0.5 currency:BTC", "--sort", "price"},
	{`"free shipping" OR закладка`}, {"NOT mdma", "--kind", "vendor"}, {"kush*", "--sort", "-captured,title"}, {"nothing-like-this"},
}

// TestElastic switches the demo's workspace to a real Elasticsearch by one line
// of settings and a reindex: every search answers the same.
func TestElastic(t *testing.T) {
	if testing.Short() {
		t.Skip("no Elasticsearch with -short")
	}
	if _, err := eslab.Home(); err != nil {
		t.Skipf("Elasticsearch not run: %v", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	es, err := eslab.Start(ctx, "")
	if err != nil {
		t.Fatal(err)
	}
	defer es.Close()
	market := httptest.NewServer(demo.New().Handler())
	defer market.Close()

	c := newCLI(t)
	c.run("crawl", "--local", market.URL+"/", "--json")
	ask := func() (answers [][]string) {
		for _, s := range searches {
			answers = append(answers, lines(c.run(append([]string{"search", "--jsonl"}, s...)...)))
			page := decodeJSON[map[string]any](t, c.run(append([]string{"search", "--json", "--facet", "vendor", "--facet", "substances", "--histogram", "--sort", "seq"}, s[:1]...)...))
			delete(page, "cursor") // each engine has its own
			answers = append(answers, lines(must(json.Marshal(page))))
		}
		return answers
	}
	before := ask()
	c.env = []string{"TAMGA_INDEX_ENGINE=elastic", "TAMGA_INDEX_URL=" + es.URL}
	c.run("reindex", "--json")
	after := ask()
	for i := range before {
		if !slices.Equal(before[i], after[i]) {
			t.Errorf("search %v: Bleve has %d lines, Elasticsearch %d, or they differ", searches[i/2], len(before[i]), len(after[i]))
		}
	}
	if len(before[0]) < 200 {
		t.Errorf("only %d documents were compared", len(before[0]))
	}
	// Without the server it is said, with the exit code for it.
	es.Close()
	if _, code, stderr := c.try("search", "mdma"); code != exitUnreachable {
		t.Errorf("with the server gone: exit %d: %s", code, stderr)
	}
}
