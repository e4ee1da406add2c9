package demo

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"golang.org/x/net/html/charset"
)

// digest covers every page with its status and header.
func digest(m *Market) string {
	h := sha256.New()
	for _, path := range slices.Sorted(maps.Keys(m.pages)) {
		p := m.pages[path]
		io.WriteString(h, path+"\n")
		p.header.Write(h)
		h.Write([]byte{byte(p.status >> 8), byte(p.status)})
		h.Write(p.body)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// TestSameSeedSamePages compares with the digest of the pages as committed.
func TestSameSeedSamePages(t *testing.T) {
	got := digest(shown())
	if got != digest(New()) || got == digest(NewSeed(1)) {
		t.Fatal("the seed does not decide what the pages are")
	}
	const file = "testdata/pages.sha256"
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if strings.TrimSpace(string(want)) != got {
		t.Errorf("the pages changed (digest %s); if that was meant: go test -update", got)
	}
}

// crawl follows every link of the market from its front page.
func crawl(t *testing.T, h http.Handler) map[string]*httptest.ResponseRecorder {
	t.Helper()
	got := map[string]*httptest.ResponseRecorder{}
	todo := []string{"/"}
	for len(todo) > 0 {
		u := todo[0]
		todo = todo[1:]
		if got[u] != nil {
			continue
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", u, nil))
		got[u] = w
		base, err := url.Parse(u)
		if err != nil {
			t.Fatal(err)
		}
		add := func(ref string) {
			next, err := base.Parse(ref)
			if err != nil {
				t.Errorf("%s links to %q: %v", u, ref, err)
				return
			}
			todo = append(todo, next.String())
		}
		if loc := w.Header().Get("Location"); loc != "" {
			add(loc)
			continue
		}
		doc, err := goquery.NewDocumentFromReader(bytes.NewReader(w.Body.Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		doc.Find("a[href]").Each(func(_ int, a *goquery.Selection) { add(a.AttrOr("href", "")) })
	}
	return got
}

func TestEveryPageIsReached(t *testing.T) {
	m := shown()
	got := crawl(t, m.Handler())
	paths := map[string]int{}
	for u, w := range got {
		plain, err := url.PathUnescape(u)
		if err != nil {
			t.Fatal(err)
		}
		paths[plain] = w.Code
	}
	apart := map[string]bool{"404": true, "/static/bazaar.css": true, "/waiting-room": true}
	for path, p := range m.pages {
		if paths[path] == 0 && !apart[path] {
			t.Errorf("no link leads to %s", path)
		}
		if code := paths[path]; code != 0 && code != p.status {
			t.Errorf("%s: %d", path, code)
		}
	}
	var dead []string
	for path, code := range paths {
		if code == http.StatusNotFound {
			dead = append(dead, path)
		}
	}
	if !slices.Equal(dead, []string{"/listing/999"}) {
		t.Errorf("dead links %q", dead)
	}
	if len(paths) < 270 {
		t.Errorf("%d pages", len(paths))
	}
}

// TestTruthIsOnThePages reads the pages with a browser's idea of encodings.
func TestTruthIsOnThePages(t *testing.T) {
	m := shown()
	h := m.Handler()
	offers := m.Truth()
	if len(offers) < 190 || len(m.Vendors()) != 40 {
		t.Fatalf("%d offers, %d vendors", len(offers), len(m.Vendors()))
	}
	encodings := map[string]int{}
	for _, o := range offers {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", o.Path, nil))
		r, err := charset.NewReader(w.Body, w.Header().Get("Content-Type"))
		if err != nil {
			t.Fatal(err)
		}
		doc, err := goquery.NewDocumentFromReader(r)
		if err != nil {
			t.Fatal(err)
		}
		encodings[o.Charset]++
		for sel, want := range map[string]string{
			"h1": o.Title, ".bzr-seller a": o.Vendor, ".bzr-ask td": o.PriceText, ".bzr-pack td": o.PackText,
			".bzr-from td": o.FromText, ".bzr-to td": o.ToText, ".bzr-wallet": strings.Join(o.Addresses, ""),
		} {
			if got := strings.TrimSpace(doc.Find("main " + sel).First().Text()); got != want {
				t.Errorf("%s %s: %q, want %q", o.Path, sel, got, want)
			}
		}
		if !strings.Contains(doc.Find(".bzr-blurb").Text(), o.Description) {
			t.Errorf("%s: description", o.Path)
		}
		if (doc.Find("script").Length() == 1) != o.Hostile || (doc.Find("img[onerror]").Length() == 1) != o.Hostile {
			t.Errorf("%s: stored markup, want %v", o.Path, o.Hostile)
		}
	}
	if encodings["koi8-r"] != 1 || encodings["windows-1251"] != 1 {
		t.Errorf("encodings %v", encodings)
	}
}

// TestStoryIsOnThePages looks for what an analyst should be able to find.
func TestStoryIsOnThePages(t *testing.T) {
	m := shown()
	keys, purses := map[string][]string{}, map[string][]string{}
	for _, v := range m.Vendors() {
		if v.Key != "" {
			keys[v.Key] = append(keys[v.Key], v.Name)
		}
		for _, a := range v.Addresses {
			purses[a] = append(purses[a], v.Name)
		}
	}
	shared := func(all map[string][]string) (n int, who []string) {
		for _, names := range all {
			if len(names) > 1 {
				n, who = n+1, names
			}
		}
		return n, who
	}
	if n, who := shared(keys); n != 1 || !slices.Equal(who, []string{storyOld, storyNew}) {
		t.Errorf("%d shared keys, %v", n, who)
	}
	if n, who := shared(purses); n != 1 || !slices.Equal(who, []string{sharedA, sharedB}) {
		t.Errorf("%d shared wallets, %v", n, who)
	}
	var last, first Offer
	days := map[string]int{}
	for _, o := range m.Truth() {
		if o.Vendor == storyOld {
			last = o
		}
		if o.Vendor == storyNew && first.ID == 0 {
			first = o
		}
		days[o.Posted.Format("2006-01-02")]++
		if o.Posted.After(base) {
			t.Errorf("%s posted %s", o.Path, o.Posted)
		}
	}
	if !last.Posted.Before(first.Posted) {
		t.Errorf("%s still posts on %s, %s begins on %s", storyOld, last.Posted, storyNew, first.Posted)
	}
	if len(days) < 30 {
		t.Errorf("offers on %d days", len(days))
	}
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest("GET", StoryListing(), nil))
	if !strings.Contains(w.Body.String(), Wallet()) || Wallet() == "" {
		t.Errorf("%q does not name %q", StoryListing(), Wallet())
	}
	w = httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/forum/thread/17", nil))
	if !strings.Contains(w.Body.String(), wallets[exchangeWallet]) {
		t.Error("the forum does not name the deposit address")
	}
}

var (
	wallet   = regexp.MustCompile(`\b(?:[13mn2][1-9A-HJ-NP-Za-km-z]{25,34}|(?:bc|tb|bcrt|ltc)1[0-9a-z]{20,}|0x[0-9a-fA-F]{40})\b`)
	onions   = regexp.MustCompile(`[a-z2-7]+\.onion`)
	mails    = regexp.MustCompile(`[\w.+-]+@[\w-]+\.[\w.]+`)
	handles  = regexp.MustCompile(`(?:^|[\s>])@\w+`)
	external = regexp.MustCompile(`https?://[^\s"<]+`)
	armour   = regexp.MustCompile(`(?s)-----BEGIN PGP.*?-----END PGP[^\n]*`)
)

// TestNothingReal looks at every page of two markets for what is not fictional.
func TestNothingReal(t *testing.T) {
	ours := map[string]bool{}
	for _, a := range wallets {
		ours[a] = true
	}
	for _, m := range []*Market{shown(), NewSeed(1)} {
		for path, p := range m.pages {
			text := armour.ReplaceAllString(string(p.body), "")
			for _, a := range wallet.FindAllString(text, -1) {
				if !ours[a] {
					t.Errorf("%s: wallet %s is not of the ledger", path, a)
				}
			}
			for _, s := range onions.FindAllString(text, -1) {
				if !strings.HasPrefix(s, "demo") || len(s) != 62 {
					t.Errorf("%s: onion %s", path, s)
				}
			}
			for _, s := range mails.FindAllString(text, -1) {
				if !strings.HasSuffix(s, "@example.org") {
					t.Errorf("%s: mail %s", path, s)
				}
			}
			for _, s := range handles.FindAllString(text, -1) {
				if !strings.Contains(s, "@nowhere_demo_") {
					t.Errorf("%s: handle %s", path, s)
				}
			}
			for _, s := range external.FindAllString(text, -1) {
				if !strings.HasPrefix(s, "http://demo") {
					t.Errorf("%s: link %s", path, s)
				}
			}
			if strings.HasPrefix(p.header.Get("Content-Type"), "text/html") && !strings.Contains(text, "Synthetic demonstration market") {
				t.Errorf("%s: no banner", path)
			}
		}
	}
}

func TestMethods(t *testing.T) {
	h := shown().Handler()
	for method, code := range map[string]int{"HEAD": 200, "POST": 405} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(method, "/login", nil))
		if w.Code != code || w.Body.Len() != 0 {
			t.Errorf("%s: %d, %d bytes", method, w.Code, w.Body.Len())
		}
	}
}

// TestLater: a second visit differs in what happened, and in nothing else; the first
// stays what it was.
func TestLater(t *testing.T) {
	m := New()
	l := m.Later()
	count := map[string]int{}
	for i, was := range m.traders {
		j := slices.IndexFunc(l.traders, func(is Trader) bool { return is.Name == was.Name })
		switch {
		case j < 0:
			t.Errorf("%s is no more in the directory", was.Name)
		case was.Key != l.traders[j].Key:
			count["key"]++
		case !slices.Equal(was.Addresses, l.traders[j].Addresses):
			count["wallet"]++
		case was.Bio != l.traders[j].Bio || was.Handle != l.traders[j].Handle:
			t.Errorf("%s changed", m.traders[i].Name)
		}
	}
	for _, was := range m.offers {
		j := slices.IndexFunc(l.offers, func(is Offer) bool { return is.ID == was.ID })
		switch {
		case j < 0:
			count["offers gone"]++
		case was.Price != l.offers[j].Price:
			count["price"]++
		case was.Title != l.offers[j].Title || was.Path != l.offers[j].Path:
			t.Errorf("%s changed", was.Path)
		}
	}
	if want := map[string]int{"key": 1, "wallet": 1, "offers gone": 5, "price": 1}; !maps.Equal(count, want) {
		t.Errorf("%v, want %v", count, want)
	}
	for path, p := range New().pages {
		if !bytes.Equal(p.body, m.pages[path].body) {
			t.Errorf("%s of the first visit changed", path)
		}
	}
	if l.pages["/vendor/"+moved].body != nil || !bytes.Contains(l.pages["/vendor/"+newWallet].body, []byte(laterWallet)) {
		t.Error("the pages do not say it")
	}
}
