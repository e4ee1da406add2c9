package dashboards

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"tamga"
	"tamga/index"
)

func TestSearchFacetsAndPages(t *testing.T) {
	c := enter(t)
	var all answer
	if got := c.get("/api/search?kind=listing&size=40", &all); got != 200 || all.Total != 96 || len(all.Hits) != 40 || all.Next == "" {
		t.Fatalf("status %d, total %d, %d hits, next %q", got, all.Total, len(all.Hits), all.Next)
	}
	seen := map[string]bool{}
	for page := all; ; {
		for _, h := range page.Hits {
			if seen[h.ID] {
				t.Fatalf("%s twice", h.ID)
			}
			seen[h.ID] = true
		}
		if page.Next == "" {
			break
		}
		next := page.Next
		page = answer{}
		c.get("/api/search?kind=listing&size=40&cursor="+url.QueryEscape(next), &page)
	}
	if len(seen) != 96 {
		t.Errorf("%d documents over the pages, want 96", len(seen))
	}
	var days int64
	for _, d := range all.Histogram {
		days += d.Count
	}
	if days != 96 {
		t.Errorf("histogram sums to %d", days)
	}

	one := all.Facets["vendor"][0]
	var some answer
	c.get("/api/search?kind=listing&vendor="+url.QueryEscape(one.Value), &some)
	if some.Total != one.Count {
		t.Errorf("vendor %s: facet says %d, search %d", one.Value, one.Count, some.Total)
	}
	if len(some.Facets["vendor"]) != len(all.Facets["vendor"]) {
		t.Errorf("a facet was narrowed by its own choice")
	}
	for _, row := range some.Facets["vendor"] {
		if row.Selected != (row.Value == one.Value) {
			t.Errorf("selected: %+v", row)
		}
	}
	var day answer
	c.get("/api/search?kind=listing&from_day="+all.Histogram[0].Day+"&to_day="+all.Histogram[0].Day, &day)
	if day.Total != all.Histogram[0].Count {
		t.Errorf("day %s: histogram %d, search %d", all.Histogram[0].Day, all.Histogram[0].Count, day.Total)
	}
	var gone answer
	c.get("/api/search?vendor=nobody", &gone)
	if gone.Total != 0 || gone.Hits == nil {
		t.Errorf("nobody: %d hits", gone.Total)
	}
	if rows := gone.Facets["vendor"]; rows[len(rows)-1] != (facetRow{Value: "nobody", Selected: true}) {
		t.Errorf("a choice that counts nothing is not shown: %v", rows)
	}
}

func TestBadQuestions(t *testing.T) {
	c := enter(t)
	many := strings.Repeat("vendor=a&", maxChosen+1)
	for path, want := range map[string]int{
		"/api/search?size=0": 400, "/api/search?size=x": 400, "/api/search?size=100000": 400, "/api/search?sort=evil": 400,
		"/api/search?from_day=yesterday": 400, "/api/search?to_day=2026-02-30": 400, "/api/search?" + many: 400,
		"/api/search?q=" + strings.Repeat("a", maxWords+1): 400,
		"/api/document": 400, "/api/document?id=nothing": 404, "/api/document?id=" + strings.Repeat("a", 1001): 400,
		"/api/capture": 400, "/api/capture?seq=-1": 400, "/api/capture?seq=x": 400, "/api/capture?seq=99999": 404, "/api/source?seq=99999": 404,
		"/api/raw?seq=99999": 404, "/api/trace": 400, "/api/trace?subject=a&hops=0": 400, "/api/trace?subject=a&hops=51": 400,
		"/api/trace?subject=a&direction=sideways": 400, "/api/trace?subject=" + strings.Repeat("a", maxSubject+1): 400,
		"/api/trace?subject=%3Cb%3E": 400, "/api/nothing": 404,
	} {
		var e struct{ Error, Hint string }
		if got := c.get(path, &e); got != want || e.Error == "" {
			t.Errorf("GET %.60s: status %d, want %d, error %q", path, got, want, e.Error)
		}
	}
}

func TestPartsThatAreNotThere(t *testing.T) {
	s, err := New(Options{Searcher: newFakeSearcher(t, newFakeWorkspace()), Token: testToken})
	if err != nil {
		t.Fatal(err)
	}
	c := &client{t: t, server: s}
	c.cookies = c.do("GET", "/?token="+testToken, nil).Cookies()
	for _, path := range []string{"/api/capture?seq=1", "/api/trace?subject=x", "/api/changes", "/api/alerts", "/api/sources"} {
		var e struct{ Error, Hint string }
		if got := c.get(path, &e); got != http.StatusNotImplemented || e.Hint == "" {
			t.Errorf("GET %s: status %d, hint %q", path, got, e.Hint)
		}
	}
}

func TestCaptureRunsAreTheText(t *testing.T) {
	c := enter(t)
	w := newFakeWorkspace()
	var v captureView
	if got := c.get("/api/capture?seq=2", &v); got != 200 {
		t.Fatalf("status %d", got)
	}
	p := w.views[2].Page
	var text strings.Builder
	marked := map[int]string{}
	for _, r := range v.Runs {
		text.WriteString(r.Text)
		for _, i := range r.Findings {
			marked[i] += r.Text
		}
	}
	if text.String() != p.Text.Body {
		t.Errorf("runs do not add up to the text")
	}
	hidden := 0
	for i, f := range v.Findings {
		if f.Excerpt.Match != f.Raw || p.Source[f.Start:f.End] != f.Raw {
			t.Errorf("finding %d: excerpt %q, raw %q", i, f.Excerpt.Match, f.Raw)
		}
		if f.Text == nil {
			hidden++
			continue
		}
		if marked[i] != f.Raw {
			t.Errorf("finding %d: marked %q, raw %q", i, marked[i], f.Raw)
		}
	}
	if hidden != 1 {
		t.Errorf("%d findings are not visible, want the onion of the link alone", hidden)
	}
	var source struct{ Runs []run }
	c.get("/api/source?seq=2", &source)
	text.Reset()
	for _, r := range source.Runs {
		text.WriteString(r.Text)
	}
	if text.String() != p.Source {
		t.Errorf("source runs do not add up to the source")
	}
}

func TestRawIsAnAttachment(t *testing.T) {
	c := enter(t)
	r := c.do("GET", "/api/raw?seq=3", nil)
	h := r.Header
	if got := h.Get("Content-Type"); got != "application/octet-stream" {
		t.Errorf("type %q", got)
	}
	if got := h.Get("Content-Disposition"); got != `attachment; filename="capture-3.bin"` {
		t.Errorf("disposition %q", got)
	}
	if got := h.Get("Content-Security-Policy"); got != "default-src 'none'; sandbox" {
		t.Errorf("policy %q", got)
	}
	if got := h.Get("X-Content-Type-Options"); got != "nosniff" {
		t.Errorf("sniffing %q", got)
	}
	if got := body(t, r); got != newFakeWorkspace().views[3].Page.Source {
		t.Errorf("not the payload")
	}
}

// What a market writes reaches a browser as JSON strings or as an attachment,
// never as markup: no answer has a tag in it, and none is HTML.
func TestHostileStringsStayStrings(t *testing.T) {
	c := enter(t)
	const evil = `<script>window.__pwned=1</script><img src=x onerror=alert(1)>`
	v := c.server.opt.Opener.(*fakeWorkspace).views[3]
	v.Capture = tamga.Capture{Seq: 3, Digest: evil, URL: evil, Via: evil, Source: evil, Route: evil, Operator: evil, Tool: evil,
		Outcome: evil, Detail: evil, ContentType: evil, Location: evil, Truncated: evil}
	v.RequestHead, v.ResponseHead = evil, evil
	v.Page.Title, v.Page.Language, v.Page.Market, v.Page.Reader, v.Page.Kind = evil, evil, evil, evil, evil
	v.Page.Vendor = &tamga.Vendor{Name: evil, URL: evil, Rating: evil, Deals: evil, Bio: evil, PGP: []string{evil}}
	v.Page.Listings = []tamga.Listing{{Title: evil, URL: evil, Vendor: evil, Price: evil, Currency: evil, Category: evil, From: []string{evil}}}
	v.Page.Posts = []tamga.Post{{ID: evil, Text: evil, Author: evil, Channel: evil}}
	v.Page.Findings = append(v.Page.Findings, tamga.Finding{Type: evil, Value: evil, Raw: evil, Rule: evil, Service: evil, Start: -5, End: 1 << 40})
	v.Proof = &Proof{Root: evil, Leaf: evil, Signed: evil}
	for _, path := range []string{"/api/search", "/api/search?q=Lapis", "/api/document?id=" + url.QueryEscape("listing:3:0"), "/api/capture?seq=3",
		"/api/source?seq=3", "/api/trace?subject=" + url.QueryEscape(evil), "/api/search?sort=" + url.QueryEscape(evil),
		"/api/document?id=" + url.QueryEscape(evil), "/api/capture?seq=" + url.QueryEscape(evil), "/api/" + url.PathEscape(evil), "/search?q=" + url.QueryEscape(evil), "/" + url.PathEscape(evil)} {
		r := c.do("GET", path, nil)
		text := body(t, r)
		if strings.Contains(text, "<script>window") || strings.Contains(text, "<img") {
			t.Errorf("GET %s: a tag in the answer: %.300s", path, text)
		}
		if strings.HasPrefix(path, "/api/") && r.Header.Get("Content-Type") != "application/json; charset=utf-8" {
			t.Errorf("GET %s: type %q", path, r.Header.Get("Content-Type"))
		}
		if r.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("GET %s: sniffing allowed", path)
		}
	}
}

func TestTrace(t *testing.T) {
	c := enter(t)
	var trace struct {
		Subject, Direction, Method string
		Hops                       []struct {
			Amount string
			Depth  int
		}
		Ends []tamga.End
	}
	if got := c.get("/api/trace?subject="+burnAddress+"&hops=2&direction=backward", &trace); got != 200 {
		t.Fatalf("status %d", got)
	}
	if trace.Method != "fifo" || trace.Direction != "backward" || len(trace.Hops) != 6 || trace.Hops[5].Depth != 2 {
		t.Errorf("%+v", trace)
	}
	for _, h := range trace.Hops {
		if h.Amount == "" || strings.ContainsAny(h.Amount, ".e") {
			t.Errorf("amount %q: want satoshis in a string", h.Amount)
		}
	}
}

func TestStatus(t *testing.T) {
	c := enter(t)
	var st struct {
		Title, Version   string
		Documents        int64
		Kinds            []facetRow
		Captures, Traces bool
	}
	c.get("/api/status", &st)
	if st.Title != "demo workspace" || st.Version != tamga.Version || st.Documents != 198 || !st.Captures || !st.Traces || fmt.Sprint(st.Kinds) != "[{capture 96 false} {listing 96 false} {vendor 6 false}]" {
		t.Errorf("%+v", st)
	}
}

func TestFindOtherIsAQuery(t *testing.T) {
	for want, f := range map[string]tamga.Finding{
		`address:"` + burnAddress + `"`: {Type: tamga.FindAddress, Value: burnAddress},
		`substances:"mdma"`:             {Type: tamga.FindSubstance, Value: "molly", ID: "mdma"},
		`account:"a \"b\" \\ c"`:        {Type: tamga.FindAccount, Value: `a "b" \ c`},
		`"https://demo.example/"`:       {Type: tamga.FindURL, Value: "https://demo.example/"},
		`handle:"@Дворик"`:              {Type: tamga.FindHandle, Value: "@Дворик"},
	} {
		got := queryFor(f)
		if got != want {
			t.Errorf("%+v: %s, want %s", f, got, want)
		}
		if _, err := index.Parse(got); err != nil {
			t.Errorf("%s: %v", got, err)
		}
	}
	if l := linksOf(tamga.Finding{Type: tamga.FindPrice, Value: "5"}); l != (linkHint{}) {
		t.Errorf("a price leads to %+v", l)
	}
	if l := linksOf(tamga.Finding{Type: tamga.FindAddress, Chain: "ethereum", Value: "0x1", Valid: true}); l.Trace != "" {
		t.Errorf("an Ethereum address leads to the Bitcoin ledger")
	}
}

// failing is a searcher that has nothing to search.
type failing struct{ err error }

func (f failing) Search(context.Context, index.Query) (index.Result, error) {
	return index.Result{}, f.err
}
func (f failing) Get(context.Context, string) (index.Document, bool, error) {
	return index.Document{}, false, f.err
}

func TestIndexErrorsSayWhatToDo(t *testing.T) {
	for err, want := range map[error]int{
		fmt.Errorf("open: %w", index.ErrNoIndex): 503, fmt.Errorf("ask: %w", index.ErrUnreachable): 503,
		context.DeadlineExceeded: 504, errors.New("disk on fire"): 500,
	} {
		s, e := New(Options{Searcher: failing{err}, Token: testToken})
		if e != nil {
			t.Fatal(e)
		}
		c := &client{t: t, server: s}
		c.cookies = c.do("GET", "/?token="+testToken, nil).Cookies()
		for _, path := range []string{"/api/search", "/api/document?id=x", "/api/status"} {
			var got struct{ Error, Hint string }
			if status := c.get(path, &got); status != want || got.Hint == "" {
				t.Errorf("%v: GET %s: status %d, want %d, hint %q", err, path, status, want, got.Hint)
			}
		}
	}
	var got struct{ Error, Hint string }
	if status := enter(t).get("/api/search?q="+url.QueryEscape(`vendor:"open`), &got); status != 400 || got.Hint == "" {
		t.Errorf("bad query: status %d, %+v", status, got)
	}
}

// broken is a workspace whose parts fail.
type broken struct{ err error }

func (b broken) Open(context.Context, int64) (*View, error) { return nil, b.err }
func (b broken) Trace(context.Context, string, string, int) (tamga.Trace, error) {
	return tamga.Trace{}, b.err
}

func TestFailuresOfTheParts(t *testing.T) {
	for _, tc := range []struct {
		err            error
		capture, trace int
	}{
		{fmt.Errorf("gone: %w", fs.ErrNotExist), 404, 404},
		{fmt.Errorf("late: %w", context.DeadlineExceeded), 504, 504},
		{errors.New("record 7: digest does not match"), 500, 422},
	} {
		c := enter(t)
		c.server.opt.Opener, c.server.opt.Tracer = broken{tc.err}, broken{tc.err}
		for path, want := range map[string]int{"/api/capture?seq=1": tc.capture, "/api/source?seq=1": tc.capture, "/api/raw?seq=1": tc.capture, "/api/trace?subject=a": tc.trace} {
			var got struct{ Error, Hint string }
			if status := c.get(path, &got); status != want || got.Hint == "" {
				t.Errorf("%v: GET %s: status %d, want %d: %+v", tc.err, path, status, want, got)
			}
		}
	}
}

func TestPageThatCouldNotBeRead(t *testing.T) {
	c := enter(t)
	c.server.opt.Opener.(*fakeWorkspace).views[1] = &View{Capture: tamga.Capture{Seq: 1}, Problem: "nested too deep", Payload: []byte("<b>")}
	var v captureView
	if status := c.get("/api/capture?seq=1", &v); status != 200 || v.Problem != "nested too deep" || v.Page != nil || v.Runs == nil || v.Findings == nil {
		t.Errorf("status %d: %+v", status, v)
	}
	if got := body(t, c.do("GET", "/api/raw?seq=1", nil)); got != "<b>" {
		t.Errorf("raw is %q", got)
	}
}

func TestOfferIsMarked(t *testing.T) {
	c := enter(t)
	p := newFakeWorkspace().views[2].Page
	start, end := strings.Index(p.Source, "<p>Price"), strings.Index(p.Source, "<p>Ships")
	var v captureView
	c.get(fmt.Sprintf("/api/capture?seq=2&span=%d-%d", start, end), &v)
	var text string
	for _, r := range v.Runs {
		if slices.Contains(r.Findings, offer) {
			text += r.Text
		}
	}
	if !strings.HasPrefix(text, "Price: ") || strings.Contains(text, "Ships") {
		t.Errorf("the offer is %q", text)
	}
	for _, bad := range []string{"x", "5", "9-2", "-1-4", "1-"} {
		var e struct{ Error string }
		if status := c.get("/api/capture?seq=2&span="+bad, &e); status != 400 {
			t.Errorf("span %q: status %d", bad, status)
		}
	}
}
