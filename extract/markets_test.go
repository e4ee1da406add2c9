package extract

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tamga"
)

// kindsOf says what the pages of a folder of the real markets are.
var kindsOf = map[string]tamga.PageKind{
	"apollon/html_files/listings": "listing", "apollon/html_files/search_results": "listings", "apollon/html_files/sellers": "vendor",
	"apollon/html_files/sub_category_indexes": "listings",
	"dream/html_files/listings":               "listing", "dream/html_files/search_result": "listings", "dream/html_files/sellers": "vendor",
	"dream/html_files/login_page": "login", "dream/html_files/anti_ddos": "ddos", "dream/html_files/item_not_found": "error", "dream/html_files/main_page": "listings",
}

// The generic reader was tuned on the pages of both markets: neither figure is
// one of pages never seen.
func TestMarketsGeneric(t *testing.T) {
	root := realData(t, "markets")
	r := newReader(t)
	kinds := map[string]score{"apollon": {}, "dream": {}}
	for dir, want := range kindsOf {
		files, err := filepath.Glob(filepath.Join(root, dir, "*"))
		if err != nil {
			t.Fatal(err)
		}
		market, _, _ := strings.Cut(dir, "/")
		for _, f := range files {
			body, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			p, err := r.Page(Input{Body: body, Profile: NoProfile})
			if err != nil {
				t.Fatal(err)
			}
			kinds[market].add("kind", p.Kind == want)
			if p.Kind != want {
				t.Logf("%s: kind %s, want %s; %d listings, %d bytes of text, title %q", strings.TrimPrefix(f, root), p.Kind, want, len(p.Listings), len(p.Text.Body), p.Title)
			}
		}
	}
	for m, s := range kinds {
		t.Logf("kind, %s, tuned: %.3f of %d", m, s.share("kind"), s["kind"][1])
		if s.share("kind") < 0.95 {
			t.Errorf("kind, %s: %.3f", m, s.share("kind"))
		}
	}
}

// TestMarketsCards compares the cards of Apollon's search results with their
// truth, read without a profile.
func TestMarketsCards(t *testing.T) {
	root := realData(t, "markets")
	r := newReader(t)
	total := score{}
	lines(t, filepath.Join(root, "expected.jsonl"), func(line []byte) {
		var x struct {
			Market, Page string
			Function     []string
			Asserts      [][]json.RawMessage
		}
		if err := json.Unmarshal(line, &x); err != nil {
			t.Fatal(err)
		}
		if x.Function[0] != "get_listing_infos" {
			return
		}
		body, err := os.ReadFile(filepath.Join(root, x.Market, "html_files", x.Page))
		if err != nil {
			t.Fatal(err)
		}
		var e struct{ Expr string }
		if err := json.Unmarshal(x.Asserts[0][0], &e); err != nil {
			t.Fatal(err)
		}
		p, err := r.Page(Input{URL: "http://market.invalid/", Body: body, Profile: NoProfile})
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range p.Listings {
			total.add("precision", strings.Contains(e.Expr, "'"+strings.TrimPrefix(l.URL, "http://market.invalid")+"'"))
			total.add("title", strings.Contains(fold(e.Expr), l.Title))
			total.add("vendor", l.Vendor != "" && strings.Contains(e.Expr, "'"+l.Vendor+"'"))
			total.add("price", l.Price != "")
		}
		total["listings"] = [2]int{total["listings"][0] + len(p.Listings), total["listings"][1] + strings.Count(e.Expr, "'/listing.php?ls_id=")}
	})
	for _, n := range []string{"precision", "title", "vendor", "price", "listings"} {
		t.Logf("%s %.3f of %d", n, total.share(n), total[n][1])
		if total.share(n) < 0.9 {
			t.Errorf("%s: %.3f", n, total.share(n))
		}
	}
}
