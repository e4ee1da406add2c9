package main

import (
	"bufio"
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestAgora crawls one day of a whole real market on loopback: every page
// reachable from the start is captured once, and the listings say what the
// independently parsed truth says.
func TestAgora(t *testing.T) {
	if testing.Short() {
		t.Skip("a whole market is not crawled with -short")
	}
	dir := filepath.Join(dataDir(t), "agora")
	server := serveFolder(t, filepath.Join(dir, "mirror"))
	c := newCLI(t)
	sum := decodeJSON[crawlSummary](t, c.run("crawl", "--local", server.URL+"/", "--json"))

	want := reachable(t, filepath.Join(dir, "mirror"), server.URL)
	seen := map[string]int{}
	for _, h := range c.hits("", "--kind", "capture") {
		if h.Fields["status"] == float64(200) {
			seen[h.Fields["url"].(string)]++
		}
	}
	missing, twice := 0, 0
	for u := range want {
		if seen[u] == 0 {
			missing++
			t.Logf("not captured: %s", u)
		}
	}
	for u, n := range seen {
		if n > 1 {
			twice++
			t.Logf("captured %d times: %s", n, u)
		}
		if !want[u] {
			t.Errorf("captured, but not reachable: %s", u)
		}
	}
	if missing > 0 || twice > 0 || len(want) < 5000 {
		t.Errorf("of %d reachable pages %d are missing, %d captured more than once", len(want), missing, twice)
	}
	t.Logf("%d pages, %d captured, %.1f MB, %.1f s", len(want), sum.Captured, float64(sum.Bytes)/1e6, sum.Seconds)
	compareListings(t, c, filepath.Join(dir, "items_2014-04-06.jsonl"))
}

var href = regexp.MustCompile(`<a\s[^>]*href="([^"#]*)`)

// reachable walks the folder by the links of its pages: an independent, plain
// reading of what a crawl must find.
func reachable(t *testing.T, root, base string) map[string]bool {
	t.Helper()
	start, err := url.Parse(base + "/")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	queue := []*url.URL{start}
	queued := map[string]bool{start.String(): true}
	for len(queue) > 0 {
		u := queue[0]
		queue = queue[1:]
		file := filepath.Join(root, filepath.FromSlash(u.Path))
		info, err := os.Stat(file)
		if err != nil {
			continue
		}
		if info.IsDir() {
			if !strings.HasSuffix(u.Path, "/") { // the server redirects
				if next := *u; !queued[next.JoinPath("/").String()] {
					next.Path += "/"
					queued[next.String()] = true
					queue = append(queue, &next)
				}
				continue
			}
			file = filepath.Join(file, "index.html")
		}
		body, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		found[u.String()] = true
		for _, m := range href.FindAllStringSubmatch(string(body), -1) {
			next, err := u.Parse(strings.ReplaceAll(strings.TrimSpace(m[1]), "&amp;", "&"))
			if err != nil || next.Host != u.Host || queued[next.String()] {
				continue
			}
			queued[next.String()] = true
			queue = append(queue, next)
		}
	}
	return found
}

// compareListings wants title, vendor, price and route of the market's listings
// as the truth has them, each on at least 99.5 %.
func compareListings(t *testing.T, c *cli, truth string) {
	t.Helper()
	byID := map[string]hit{}
	for _, h := range c.hits("", "--kind", "listing") {
		u, _ := h.Fields["url"].(string)
		if i := strings.LastIndex(u, "/p/"); i >= 0 && h.Fields["page_kind"] == "listing" {
			byID[u[i+3:]] = h
		}
	}
	f, err := os.Open(truth)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	right, total := map[string]int{}, 0
	check := func(field, id, got, want string) {
		if got == want {
			right[field]++
		} else {
			t.Logf("%s of %s: %q, want %q", field, id, got, want)
		}
	}
	text := func(h hit, field string) string { s, _ := h.Fields[field].(string); return s }
	scan := bufio.NewScanner(f)
	scan.Buffer(nil, 16<<20)
	for scan.Scan() {
		var item struct {
			ID, Title, Vendor, From, To string
			Price                       string `json:"price_btc"`
		}
		if err := json.Unmarshal(scan.Bytes(), &item); err != nil {
			t.Fatal(err)
		}
		h, ok := byID[item.ID]
		if !ok {
			continue // not reachable from the start page
		}
		total++
		check("title", item.ID, text(h, "title"), item.Title)
		check("vendor", item.ID, text(h, "vendor"), item.Vendor)
		check("price", item.ID, text(h, "price"), item.Price)
		check("from", item.ID, text(h, "from_text"), item.From)
		check("to", item.ID, text(h, "to_text"), item.To)
	}
	if total < 1000 {
		t.Fatalf("only %d listings of the truth were read", total)
	}
	for _, field := range []string{"title", "vendor", "price", "from", "to"} {
		share := float64(right[field]) / float64(total)
		t.Logf("%-6s %.4f of %d", field, share, total)
		if share < 0.995 {
			t.Errorf("%s: right on %.4f, want 0.995", field, share)
		}
	}
}
