package crawler

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestSources crawls two sources in one run, each in its own way.
func TestSources(t *testing.T) {
	const n = 31
	var mu sync.Mutex
	agents := map[string]bool{}
	watch := func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			agents[r.Header.Get("User-Agent")] = true
			mu.Unlock()
			h.ServeHTTP(w, r)
		})
	}
	a, b := serve(t, watch(tree(n))), serve(t, tree(n))
	l := newLab(t)
	var ended []Pass
	l.opts.Passed = func(p Pass) { ended = append(ended, p) }
	l.opts.Sources = []Source{
		{Name: "deep", Seeds: []string{a.URL + "/"}, UserAgent: "demo agent"},
		{Name: "flat", Seeds: []string{b.URL + "/"}, MaxDepth: 1},
	}
	l.opts.Begin = []string{"deep", "flat"}
	l.run(t)
	got := map[string]int{}
	for _, r := range l.sink.records() {
		got[r.Capture.Source]++
	}
	if got["deep"] != n || got["flat"] != 3 || len(got) != 2 {
		t.Errorf("captures %v", got)
	}
	if len(agents) != 1 || !agents["demo agent"] {
		t.Errorf("user agents %v", agents)
	}
	slices.SortFunc(ended, func(a, b Pass) int { return strings.Compare(b.Source, a.Source) }) // they end in any order
	if len(ended) != 2 || ended[0].Source != "flat" || ended[0].Captured != 3 || ended[1].Captured != n || ended[1].Ended.Before(ended[1].Began) || ended[0].Number == ended[1].Number {
		t.Errorf("passes %+v", ended)
	}
	ended, l.opts.Begin = nil, []string{"flat"}
	if s := l.run(t); s.Captured != 3 || len(ended) != 1 || ended[0].Number != 3 {
		t.Errorf("second pass %+v, %+v", s, ended)
	}
}

// TestBudget: what a pass may not spend any more waits for the next one.
func TestBudget(t *testing.T) {
	const n, budget = 40, 15
	s := serve(t, tree(n))
	l := newLab(t)
	var ended []Pass
	l.opts.Passed = func(p Pass) { ended = append(ended, p) }
	l.opts.Sources = []Source{{Name: "demo", Seeds: []string{s.URL + "/"}, Budget: budget}}
	l.opts.Begin = []string{"demo"}
	if sum := l.run(t); sum.Captured != budget {
		t.Fatalf("captured %d, want %d", sum.Captured, budget)
	}
	c, err := l.opts.Frontier.Status(t.Context())
	if err != nil || c.Ready+c.Leased != 0 || c.Parked == 0 || len(ended) != 1 || ended[0].Left != c.Parked {
		t.Fatalf("frontier %+v, %v; passes %+v", c, err, ended)
	}
	l.opts.Begin = nil
	if sum := l.run(t); sum.Captured != 0 {
		t.Errorf("what is parked was fetched between two passes: %+v", sum)
	}
	l.opts.Begin = []string{"demo"}
	if sum := l.run(t); sum.Captured != budget {
		t.Errorf("next pass captured %d, want %d", sum.Captured, budget)
	}
}

// TestBudgetOutlivesProcess: a pass that is interrupted goes on, and its budget
// with it.
func TestBudgetOutlivesProcess(t *testing.T) {
	const n, budget = 60, 20
	s := serve(t, tree(n))
	l := newLab(t)
	l.opts.Sources = []Source{{Name: "demo", Seeds: []string{s.URL + "/"}, Budget: budget}}
	l.opts.Begin, l.opts.MaxPages = []string{"demo"}, 7
	if sum := l.run(t); sum.Captured != 7 {
		t.Fatalf("captured %d", sum.Captured)
	}
	var ended []Pass
	l.opts.Passed = func(p Pass) { ended = append(ended, p) }
	l.opts.Frontier = openFrontier(t, openDB(t, filepath.Join(l.dir, "t.db")))
	l.opts.Begin, l.opts.MaxPages = nil, 0
	if sum := l.run(t); sum.Captured != budget-7 || len(ended) != 1 || ended[0].Captured != budget {
		t.Errorf("captured %d more, passes %+v", sum.Captured, ended)
	}
}

// TestIdentities: cookies of one identity are never sent by another.
func TestIdentities(t *testing.T) {
	var mu sync.Mutex
	sent := map[string]string{}
	s := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if c, err := r.Cookie("who"); err == nil {
			sent[r.URL.Path] = c.Value
		}
		switch r.URL.Path {
		case "/a", "/b":
			http.SetCookie(w, &http.Cookie{Name: "who", Value: r.URL.Path, Path: "/"})
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprintf(w, "<a href='%s2'>next</a>", r.URL.Path)
		}
	}))
	l := newLab(t)
	l.opts.Workers = 1
	l.opts.Sources = []Source{
		{Name: "a", Seeds: []string{s.URL + "/a"}, Identity: "first"},
		{Name: "b", Seeds: []string{s.URL + "/b"}, Identity: "second"},
	}
	l.opts.Begin = []string{"a", "b"}
	l.run(t)
	if len(sent) != 2 || sent["/a2"] != "/a" || sent["/b2"] != "/b" {
		t.Errorf("cookies sent %v", sent)
	}
}

// TestSchedule begins passes while the run goes on, until it is ended.
func TestSchedule(t *testing.T) {
	s := serve(t, tree(5))
	l := newLab(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	passes := 0
	l.opts.Passed = func(Pass) {
		if passes++; passes == 3 {
			cancel()
		}
	}
	l.opts.Sources = []Source{{Name: "demo", Seeds: []string{s.URL + "/"}}, {Name: "refused", Seeds: []string{"http://exampleonion.onion/"}}}
	begun := 0
	l.opts.Schedule = func(now time.Time) ([]string, time.Time) {
		if begun++; begun == 1 {
			return []string{"refused", "demo"}, now.Add(20 * time.Millisecond)
		}
		if passes < begun { // the one before is still under way
			begun--
			return nil, now.Add(20 * time.Millisecond)
		}
		return []string{"demo"}, now.Add(20 * time.Millisecond)
	}
	c, err := New(l.opts)
	if err != nil {
		t.Fatal(err)
	}
	if sum, err := c.Run(ctx, nil); !errors.Is(err, context.Canceled) || sum.Captured != 10 {
		t.Errorf("%+v, %v", sum, err)
	}
	// A run whose schedule has no more to say ends by itself.
	l.opts.Schedule = func(time.Time) ([]string, time.Time) { return []string{"demo"}, time.Time{} }
	if sum := l.run(t); sum.Captured != 5 {
		t.Errorf("captured %d", sum.Captured)
	}
}

// TestBeginRefused: a source that the policy refuses ends a run that was asked
// for it.
func TestBeginRefused(t *testing.T) {
	l := newLab(t)
	l.opts.Sources = []Source{{Name: "demo", Seeds: []string{"http://exampleonion.onion/"}}}
	l.opts.Begin = []string{"demo"}
	var refused *PolicyError
	if _, err := l.tryRun(t); !errors.As(err, &refused) {
		t.Errorf("error %v", err)
	}
	if c, err := l.opts.Frontier.Status(t.Context()); err != nil || c.Ready != 0 {
		t.Errorf("frontier %+v, %v", c, err)
	}
}

// TestPrefixOfURL: a scope of prefixes, for a URL that belongs to no source.
func TestPrefixOfURL(t *testing.T) {
	s := serve(t, routes{"/": text("<a href=/in/a>1</a><a href=/out>2</a>")})
	l := newLab(t)
	l.opts.Scope = ScopePrefix(s.URL + "/in/")
	if sum := l.run(t, s.URL); sum.Captured != 2 || sum.Skipped != 1 {
		t.Errorf("%+v", sum)
	}
}
