package crawler

import (
	"fmt"
	"net/http"
	"path/filepath"
	"sync"
	"testing"

	"tamga"
)

// market is a site whose list leads to some vendors; some are gone.
type market struct {
	mu     sync.Mutex
	listed []string
	gone   map[string]bool
	down   bool
	asked  map[string]int
}

func (m *market) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.asked[r.URL.Path]++
	switch {
	case m.down:
		w.WriteHeader(http.StatusForbidden)
	case m.gone[r.URL.Path]:
		http.NotFound(w, r)
	case r.URL.Path == "/":
		for _, v := range m.listed {
			fmt.Fprintf(w, "<p><a href=%q>%s</a></p>", v, v)
		}
	default:
		fmt.Fprintf(w, "<h1>%s</h1><p>offers of the demo</p>", r.URL.Path)
	}
}

func (m *market) change(listed []string, gone ...string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.listed, m.gone, m.asked = listed, map[string]bool{}, map[string]int{}
	for _, g := range gone {
		m.gone[g] = true
	}
}

// pass makes a pass and tells how often the vendors were asked for.
func (m *market) pass(t *testing.T, l *lab) (a, b int) {
	t.Helper()
	l.opts.Begin = []string{"demo"}
	l.run(t)
	m.mu.Lock()
	defer m.mu.Unlock()
	a, b = m.asked["/v/a"], m.asked["/v/b"]
	m.asked = map[string]int{}
	return a, b
}

// TestStrays: what no page leads to any more is asked for once, so that a vendor who
// left is seen to be gone.
func TestStrays(t *testing.T) {
	m := &market{}
	m.change([]string{"/v/a", "/v/b"})
	s := serve(t, m)
	l := newLab(t)
	l.opts.Sources = []Source{{Name: "demo", Seeds: []string{s.URL + "/"}, Kind: "market"}}
	want := func(when string, a, b int) {
		t.Helper()
		if ga, gb := m.pass(t, l); ga != a || gb != b {
			t.Errorf("%s: vendors asked for %d and %d times, want %d and %d", when, ga, gb, a, b)
		}
	}
	want("both listed", 1, 1)
	m.change([]string{"/v/b"}, "/v/a")
	want("one gone and not listed", 1, 1)
	var last fakeRecord
	for _, r := range l.sink.records() {
		if r.Exchange.URL == s.URL+"/v/a" {
			last = r
		}
	}
	if last.Capture.Outcome != tamga.OutcomeNotFound || last.Capture.Via != "" {
		t.Errorf("capture of the page that is gone: %+v", last.Capture)
	}
	want("known to be gone", 0, 1)
	m.change(nil)
	want("the other not listed", 0, 1)
	want("asked for once", 0, 0)
	m.change([]string{"/v/a", "/v/b"})
	want("both back", 1, 1)
	m.change(nil)
	m.down = true
	want("the site refuses", 0, 0)
	m.down = false
	want("the site is back", 1, 1)
}

// TestStraysBounded: of a site whose links never come back only so many are asked for,
// within the budget, and those under way outlive the process.
func TestStraysBounded(t *testing.T) {
	const n = 3 * strayLeast
	m := &market{}
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf("/p/%d", i))
	}
	m.change(all)
	s := serve(t, m)
	l := newLab(t)
	l.opts.Sources = []Source{{Name: "demo", Seeds: []string{s.URL + "/"}}}
	m.pass(t, l)
	m.change(nil)
	l.opts.Begin, l.opts.MaxPages = []string{"demo"}, 11
	if got := l.run(t).Captured; got != 11 {
		t.Fatalf("captured %d", got)
	}
	l.opts.Frontier = openFrontier(t, openDB(t, filepath.Join(l.dir, "t.db")))
	l.opts.Begin, l.opts.MaxPages = nil, 0
	if got := l.run(t).Captured; got < strayLeast-11 || got > 2*strayLeast {
		t.Errorf("captured %d more of those that were asked for before", got)
	}
	for u, times := range m.asked {
		if times > 1 && u != "/" {
			t.Errorf("%s asked for %d times", u, times)
		}
	}
	l.opts.Sources[0].Budget = 1
	l.opts.Begin = []string{"demo"}
	if got := l.run(t).Captured; got != 1 {
		t.Errorf("captured %d over the budget", got)
	}
}

// TestStraysOfAFeed: where only the paging is followed, what is not met is older.
func TestStraysOfAFeed(t *testing.T) {
	for kind, want := range map[string]bool{"": true, "market": true, "site": true, "forum": true, "telegram": false, "feed": false, "mastodon": false} {
		if follows(kind) != want {
			t.Errorf("%q: %v", kind, !want)
		}
	}
}
