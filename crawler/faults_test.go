package crawler

import (
	"bytes"
	"fmt"
	"hash/fnv"
	"io/fs"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
)

// faultySite serves pages from several hosts with the faults of the dark web,
// seeded: what happens hangs on the URL and the number of its request alone.
type faultySite struct {
	seed  uint64
	scale float64 // seconds of a real delay are so many here
	pages map[string][]byte
	hosts []*httptest.Server
	hang  chan struct{}

	mu       sync.Mutex
	asked    map[string]int
	requests int
	now      []int
	peak     []int
}

func newFaultySite(t testing.TB, hosts int, pages map[string][]byte) *faultySite {
	f := &faultySite{seed: 7, scale: 0.001, pages: pages, hang: make(chan struct{}), asked: map[string]int{}, now: make([]int, hosts), peak: make([]int, hosts)}
	t.Cleanup(func() { close(f.hang) })
	for i := range hosts {
		f.hosts = append(f.hosts, serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { f.serve(i, w, r) })))
	}
	return f
}

// roll is a number of [0, 1) that hangs on what is named.
func (f *faultySite) roll(what ...any) float64 {
	h := fnv.New64a()
	fmt.Fprint(h, f.seed, what)
	return rand.New(rand.NewPCG(h.Sum64(), f.seed)).Float64()
}

func (f *faultySite) home(path string) int       { return int(f.roll("home", path) * float64(len(f.hosts))) }
func (f *faultySite) moved(path string) bool     { return path != "/" && f.roll("moved", path) < 0.03 }
func (f *faultySite) copied(path string) bool    { return f.roll("copied", path) < 0.1 }
func (f *faultySite) next(i, by int) int         { return (i + by) % len(f.hosts) }
func (f *faultySite) url(i int, p string) string { return f.hosts[i].URL + p }

// reachable are the URLs with a page.
func (f *faultySite) reachable() (urls []string) {
	for p := range f.pages {
		at := f.home(p)
		if f.moved(p) {
			at = f.next(at, 2)
		}
		urls = append(urls, f.url(at, p))
		if f.copied(p) {
			urls = append(urls, f.url(f.next(f.home(p), 1), p))
		}
	}
	slices.Sort(urls)
	return urls
}

var hrefs = regexp.MustCompile(`href\s*=\s*["']?(/[^"'\s>]*)["']?`)

// page is a page with its links led to the hosts that have them.
func (f *faultySite) page(p string) []byte {
	out := hrefs.ReplaceAllFunc(f.pages[p], func(m []byte) []byte {
		to, _, _ := strings.Cut(string(hrefs.FindSubmatch(m)[1]), "#")
		if f.pages[to] == nil {
			return []byte(`href="#"`)
		}
		return []byte(`href="` + f.url(f.home(to), to) + `"`)
	})
	if f.copied(p) {
		out = append(out, `<a href="`+f.url(f.next(f.home(p), 1), p)+`">mirror</a>`...)
	}
	return out
}

func (f *faultySite) serve(i int, w http.ResponseWriter, r *http.Request) {
	p := r.URL.RequestURI()
	f.mu.Lock()
	f.requests++
	f.now[i]++
	f.peak[i] = max(f.peak[i], f.now[i])
	f.asked[f.url(i, p)]++
	attempt := f.asked[f.url(i, p)]
	f.mu.Unlock()
	done := sync.OnceFunc(func() {
		f.mu.Lock()
		f.now[i]--
		f.mu.Unlock()
	})
	defer done()
	// Log-normal around 4 s, between 2 and 8.
	rng := rand.New(rand.NewPCG(uint64(attempt), uint64(f.roll("delay", i, p)*math.MaxUint32)))
	delay := math.Min(8, math.Max(2, math.Exp(math.Log(4)+0.35*rng.NormFloat64())))
	time.Sleep(time.Duration(delay * f.scale * float64(time.Second)))
	switch fault := f.roll("fault", i, p, attempt); {
	case fault < 0.05:
		if c, _, err := w.(http.Hijacker).Hijack(); err == nil {
			done()
			c.(*net.TCPConn).SetLinger(0)
			c.Close()
		}
		return
	case fault < 0.07:
		http.Error(w, "busy", http.StatusServiceUnavailable)
		return
	case fault < 0.08:
		select {
		case <-f.hang:
		case <-r.Context().Done():
		}
		return
	}
	home := f.home(p)
	switch {
	case f.pages[p] == nil:
		http.NotFound(w, r)
	case i == home && f.moved(p):
		http.Redirect(w, r, f.url(f.next(home, 2), p), http.StatusFound)
	case i == home, f.copied(p) && i == f.next(home, 1), f.moved(p) && i == f.next(home, 2):
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Write(f.page(p))
	default:
		http.NotFound(w, r)
	}
}

// realPages are up to n pages of a saved market, those nearest to its start; none
// where it is not there.
func realPages(t testing.TB, n int) map[string][]byte {
	root := os.DirFS(filepath.Join(dataDir(), "agora", "mirror"))
	pages := map[string][]byte{}
	seen := map[string]bool{"/": true}
	for queue := []string{"/"}; len(queue) > 0 && len(pages) < n; queue = queue[1:] {
		name := strings.Trim(queue[0], "/")
		b, err := fs.ReadFile(root, name)
		if name == "" || err != nil {
			if b, err = fs.ReadFile(root, strings.TrimPrefix(name+"/index.html", "/")); err != nil {
				continue
			}
		}
		pages[queue[0]] = b
		doc, err := goquery.NewDocumentFromReader(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		doc.Find("a[href]").Each(func(_ int, a *goquery.Selection) {
			to, _, _ := strings.Cut(a.AttrOr("href", ""), "#")
			if strings.HasPrefix(to, "/") && plainPath(to) && !seen[to] {
				seen[to] = true
				queue = append(queue, to)
			}
		})
	}
	return pages
}

// madePages is a site of n invented pages.
func madePages(n int) map[string][]byte {
	pages := map[string][]byte{}
	site := tree(n)
	for i := range n {
		p := fmt.Sprintf("/p/%d", i)
		if i == 0 {
			p = "/"
		}
		w := httptest.NewRecorder()
		site.ServeHTTP(w, httptest.NewRequest(http.MethodGet, p, nil))
		pages[p] = bytes.ReplaceAll(w.Body.Bytes(), []byte("'"), []byte(`"`))
	}
	return pages
}

// TestFaults crawls a site that fails as the dark web does. TAMGA_FULL crawls
// every page of the saved market and says how it went.
func TestFaults(t *testing.T) {
	full := os.Getenv("TAMGA_FULL") != ""
	n, parallel := 250, 4
	if full {
		n = math.MaxInt
	}
	pages := realPages(t, n)
	if len(pages) < 50 {
		if full {
			t.Skip("real pages are not there")
		}
		pages = madePages(n)
	}
	site := newFaultySite(t, 5, pages)
	want := site.reachable()
	l := newLab(t)
	l.opts.Parallel, l.opts.Workers, l.opts.Attempts, l.opts.Backoff = parallel, 16, 4, 5*time.Millisecond
	l.opts.Scope = ScopeDomain
	l.opts.Timeouts.Header = 2 * time.Second
	start := time.Now()
	sum := l.run(t, site.url(site.home("/"), "/"))
	got := map[string]int{}
	for _, r := range l.sink.records() {
		if r.Exchange.Status == http.StatusOK {
			got[r.Exchange.URL]++
		}
	}
	missing := 0
	for _, u := range want {
		if got[u] == 0 {
			if missing++; missing < 5 {
				t.Logf("missing: %s", u)
			}
		}
	}
	for u, n := range got {
		if n > 1 {
			t.Errorf("%s was captured %d times", u, n)
		}
		if _, known := slices.BinarySearch(want, u); !known {
			t.Errorf("%s is no page", u)
		}
	}
	perPage := float64(site.requests) / float64(len(got))
	t.Logf("%d of %d pages, %.3f requests a page, at most %v at a time of %d, %s, %+v", len(got), len(want), perPage, site.peak, parallel, time.Since(start).Round(time.Second), sum)
	if float64(missing) > 0.001*float64(len(want)) {
		t.Errorf("%d of %d pages are missing", missing, len(want))
	}
	most := 1.15
	if !full { // eight of a hundred answers are faults, and of few pages that share scatters
		most += 3 * math.Sqrt(.08/float64(len(got)))
	}
	if perPage > most {
		t.Errorf("%.3f requests a page, want at most %.3f", perPage, most)
	}
	if m := slices.Max(site.peak); m > parallel {
		t.Errorf("%d requests to a host at a time", m)
	}
}
