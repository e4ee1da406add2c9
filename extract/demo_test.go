package extract

import (
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"tamga"
	"tamga/internal/demo"
)

// fetch is a page of the demo market as a crawler would hand it over.
func fetch(h http.Handler, path, profile string) Input {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
	return Input{URL: "http://127.0.0.1:8080" + path, ContentType: w.Header().Get("Content-Type"), Body: w.Body.Bytes(), Profile: profile}
}

func demoReader(t *testing.T) (*Reader, *demo.Market) {
	t.Helper()
	r, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	return r, demo.New()
}

// sameNumber compares decimal strings as numbers; two unknown ones are equal.
func sameNumber(a, b string) bool {
	if a == "" || b == "" {
		return a == b
	}
	x, okA := new(big.Rat).SetString(a)
	y, okB := new(big.Rat).SetString(b)
	return okA && okB && x.Cmp(y) == 0
}

// differences names the fields of a listing that are not the truth.
func differences(got tamga.Listing, want demo.Offer) (diffs []string) {
	check := func(name string, ok bool, a, b any) {
		if !ok {
			diffs = append(diffs, fmt.Sprintf("%s: %q, want %q", name, a, b))
		}
	}
	check("title", got.Title == want.Title, got.Title, want.Title)
	check("vendor", got.Vendor == want.Vendor, got.Vendor, want.Vendor)
	check("price", sameNumber(got.Price, want.Price), got.Price, want.Price)
	check("currency", got.Currency == want.Currency, got.Currency, want.Currency)
	check("from", slices.Equal(got.From, want.From), got.From, want.From)
	check("to", slices.Equal(got.To, want.To), got.To, want.To)
	check("quantity", sameNumber(got.Quantity, want.Quantity) && got.Unit == want.Unit, got.Quantity+" "+got.Unit, want.Quantity+" "+want.Unit)
	check("section", got.Section == strings.Join(want.Section, "/"), got.Section, want.Section)
	for _, id := range want.Substances {
		check("substances", slices.Contains(got.Substances, id), got.Substances, id)
	}
	return diffs
}

// TestDemoListings reads every listing page of the demo market with its profile,
// found by the page's signature, and wants the truth.
func TestDemoListings(t *testing.T) {
	r, m := demoReader(t)
	h := m.Handler()
	for _, want := range m.Truth() {
		p, err := r.Page(fetch(h, want.Path, ""))
		if err != nil {
			t.Fatal(err)
		}
		if p.Market != "demo" || p.Kind != tamga.PageListing || len(p.Listings) == 0 {
			t.Fatalf("%s: market %q, kind %s, %d listings", want.Path, p.Market, p.Kind, len(p.Listings))
		}
		for _, d := range differences(p.Listings[0], want) {
			t.Errorf("%s %s", want.Path, d)
		}
		for _, a := range want.Addresses {
			if !slices.ContainsFunc(p.Findings, func(f tamga.Finding) bool {
				return f.Type == tamga.FindAddress && f.Value == a && f.Valid && f.Network == "regtest"
			}) {
				t.Errorf("%s: address %s not found", want.Path, a)
			}
		}
		for _, f := range p.Findings {
			if p.Source[f.Start:f.End] != f.Raw {
				t.Errorf("%s: %s %q stands at %q", want.Path, f.Type, f.Raw, p.Source[f.Start:f.End])
			}
		}
	}
}

// TestDemoVendors reads every vendor page: the two names of the story have one key.
func TestDemoVendors(t *testing.T) {
	r, m := demoReader(t)
	h := m.Handler()
	byKey := map[string][]string{}
	for _, want := range m.Vendors() {
		p, err := r.Page(fetch(h, want.Path, ""))
		if err != nil {
			t.Fatal(err)
		}
		v := p.Vendor
		if p.Kind != tamga.PageVendor || v == nil {
			t.Fatalf("%s: kind %s", want.Path, p.Kind)
		}
		if v.Name != want.Name || v.Rating != want.Rating || v.Deals != want.Deals || v.Bio != want.Bio || (len(v.PGP) == 1) != (want.Key != "") {
			t.Errorf("%s: %+v, want %s %s %s", want.Path, v, want.Name, want.Rating, want.Deals)
		}
		for _, k := range v.PGP {
			byKey[k] = append(byKey[k], v.Name)
		}
		n := 0
		for _, o := range m.Truth() {
			if o.Vendor == want.Name {
				n++
			}
		}
		if len(p.Listings) != n {
			t.Errorf("%s: %d listings, want %d", want.Path, len(p.Listings), n)
		}
	}
	shared := 0
	for _, names := range byKey {
		if len(names) > 1 {
			shared++
		}
	}
	if shared != 1 {
		t.Errorf("%d keys of two vendors: %v", shared, byKey)
	}
}

// TestDemoPosts reads the threads that the forum links to: a thread has posts
// with author, time, text and a range, and its first and last words are known.
func TestDemoPosts(t *testing.T) {
	r, m := demoReader(t)
	h := m.Handler()
	forum, err := r.Page(fetch(h, "/forum", ""))
	if err != nil {
		t.Fatal(err)
	}
	posts := map[string][]tamga.Post{}
	for _, path := range threadPath.FindAllString(forum.Source, -1) {
		p, err := r.Page(fetch(h, path, ""))
		if err != nil {
			t.Fatal(err)
		}
		if p.Kind != tamga.PageThread || p.Title == "" || len(p.Posts) != strings.Count(p.Source, "<article") {
			t.Fatalf("%s: kind %s, title %q, %d posts", path, p.Kind, p.Title, len(p.Posts))
		}
		for _, x := range p.Posts {
			raw := p.Source[x.Span[0]:x.Span[1]]
			if !strings.HasPrefix(raw, "<article") || !strings.HasSuffix(raw, "</article>") || !strings.Contains(raw, ">"+x.Author+"<") {
				t.Errorf("%s: post %s stands at %q", path, x.ID, raw)
			}
			if x.Author == "" || x.Text == "" || x.Thread != p.Title || x.URL != "http://127.0.0.1:8080"+path+"#p"+x.ID {
				t.Errorf("%s: %+v", path, x)
			}
			if x.Time == nil || !strings.Contains(raw, x.Time.Format("2006-01-02T15:04:05")) {
				t.Errorf("%s: time %v in %q", path, x.Time, raw)
			}
		}
		posts[path] = p.Posts
	}
	if len(posts) != 4 {
		t.Fatalf("%d threads", len(posts))
	}
	story := posts["/forum/thread/17"]
	if len(story) != 3 || story[0].ID != "131" || story[0].Author != "grey_suit" || story[1].Text != "Posting your own deposit address in a forum. Brave." {
		t.Errorf("thread 17: %+v", story)
	}
	ru := posts["/forum/thread/21"]
	if len(ru) != 3 || ru[2].Text != "Не обсуждаем в общей теме." || ru[0].Thread != "Вопросы по закладкам: правила форума" {
		t.Errorf("thread 21: %+v", ru)
	}
}

var threadPath = regexp.MustCompile(`/forum/thread/\d+`)

func TestDemoPageKinds(t *testing.T) {
	r, m := demoReader(t)
	h := m.Handler()
	rows := map[string]int{}
	for path, kind := range map[string]tamga.PageKind{
		"/": tamga.PageListings, "/category/ecstasy": tamga.PageListings, "/category/ecstasy?page=2": tamga.PageListings,
		"/forum/thread/17": tamga.PageThread, "/login": tamga.PageLogin, "/human-check": tamga.PageCaptcha,
		"/waiting-room": tamga.PageQueue, "/listing/999": tamga.PageError, "/about": tamga.PageOther, "/vendors": tamga.PageOther,
	} {
		p, err := r.Page(fetch(h, path, ""))
		if err != nil {
			t.Fatal(err)
		}
		if p.Market != "demo" || p.Kind != kind {
			t.Errorf("%s: market %q, kind %s, want %s", path, p.Market, p.Kind, kind)
		}
		for _, x := range p.Listings {
			if kind == tamga.PageListings && (x.Title == "" || x.Vendor == "" || x.Price == "" || x.Currency == "" || x.URL == "") {
				t.Errorf("%s: %+v", path, x)
			}
		}
		rows[path] = len(p.Listings)
	}
	ecstasy := 0
	for _, o := range m.Truth() {
		if o.Section[0] == "Ecstasy" {
			ecstasy++
		}
	}
	if rows["/"] != 12 || rows["/category/ecstasy"] != 20 || rows["/category/ecstasy?page=2"] != ecstasy-20 {
		t.Errorf("rows read %v, want 12, and %d in the category", rows, ecstasy)
	}
}

// TestDemoGeneric reports how far the generic reader comes on the same pages. It
// asserts only that it is used, and that it takes no money for granted: what it
// names as a wallet's address stands on the page.
func TestDemoGeneric(t *testing.T) {
	r, m := demoReader(t)
	h := m.Handler()
	right, total := map[string]int{}, 0
	for _, want := range m.Truth() {
		p, err := r.Page(fetch(h, want.Path, NoProfile))
		if err != nil {
			t.Fatal(err)
		}
		if p.Market != "" {
			t.Fatalf("%s: read by profile %s", want.Path, p.Market)
		}
		for _, f := range p.Findings {
			if f.Type == tamga.FindAddress && f.Valid && !slices.Contains(want.Addresses, f.Value) {
				t.Errorf("%s: address %s is not on the page", want.Path, f.Value)
			}
		}
		total++
		if p.Kind == tamga.PageListing {
			right["kind"]++
		}
		var got tamga.Listing
		if len(p.Listings) > 0 {
			got = p.Listings[0]
		}
		wrong := map[string]bool{}
		for _, d := range differences(got, want) {
			name, _, _ := strings.Cut(d, ":")
			wrong[name] = true
		}
		for _, name := range []string{"title", "vendor", "price", "currency", "from", "to", "quantity", "section", "substances"} {
			if !wrong[name] {
				right[name]++
			}
		}
	}
	for _, name := range []string{"kind", "title", "vendor", "price", "currency", "from", "to", "quantity", "section", "substances"} {
		t.Logf("generic reader: %s right on %d of %d listings", name, right[name], total)
	}
}
