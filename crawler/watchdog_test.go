package crawler

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tamga"
)

// hungSink does not come back from sealing a page the first times.
type hungSink struct {
	*fakeSink
	mu    sync.Mutex
	url   string
	times int
	until chan struct{}
}

func (s *hungSink) Put(ctx context.Context, ex *tamga.Exchange) (tamga.Capture, error) {
	s.mu.Lock()
	hang := strings.HasSuffix(ex.URL, s.url) && s.times > 0
	if hang {
		s.times--
	}
	s.mu.Unlock()
	if hang {
		<-s.until
	}
	return s.fakeSink.Put(ctx, ex)
}

func hungLab(t *testing.T, url string, times int) (*lab, *hungSink, *logLines) {
	l := newLab(t)
	s := &hungSink{fakeSink: l.sink, url: url, times: times, until: make(chan struct{})}
	lines := &logLines{}
	l.opts.Sink, l.opts.Logger = s, slog.New(slog.NewTextHandler(lines, nil))
	l.opts.Timeouts.Total, l.opts.Stall = 200*time.Millisecond, 200*time.Millisecond
	return l, s, lines
}

type logLines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logLines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *logLines) count(what string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.text.String(), what)
}

// TestStalledWorker: a worker that does not come back is reported, its URL is
// fetched by another, and the run ends although it never does.
func TestStalledWorker(t *testing.T) {
	const n = 20
	s := serve(t, tree(n))
	l, sink, lines := hungLab(t, "/p/3", 1)
	defer close(sink.until)
	if sum := l.run(t, s.URL+"/"); sum.Captured != n || !sum.Empty {
		t.Errorf("%+v", sum)
	}
	noDuplicates(t, l.sink.urls())
	if lines.count("worker stalled; its URL is released") != 1 || lines.count("frontier empty") != 1 {
		t.Errorf("log:\n%s", lines.text.String())
	}
}

// TestStalledForGood: a URL that no worker comes back from is given up.
func TestStalledForGood(t *testing.T) {
	const n = 20
	s := serve(t, tree(n))
	l, sink, lines := hungLab(t, "/p/3", 100)
	defer close(sink.until)
	sum := l.run(t, s.URL+"/")
	if sum.Captured != n-7 || sum.Failed != 1 { // 3, and the six behind it
		t.Errorf("%+v", sum)
	}
	if got := lines.count("worker stalled"); got != l.opts.Attempts {
		t.Errorf("%d stalls", got)
	}
	c, err := l.opts.Frontier.Status(t.Context())
	if err != nil || c.Dead != 1 || c.Ready+c.Leased != 0 {
		t.Errorf("%+v %v", c, err)
	}
}

// TestStalledComesBack: what a lost worker brings after all is neither applied
// twice nor does it disturb what others do.
func TestStalledComesBack(t *testing.T) {
	const n = 20
	release := sync.OnceFunc(func() {})
	s := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/p/7" { // found on page 3, which another worker fetched
			release()
			time.Sleep(20 * time.Millisecond)
		}
		tree(n).ServeHTTP(w, r)
	}))
	l, sink, _ := hungLab(t, "/p/3", 1)
	release = sync.OnceFunc(func() { close(sink.until) })
	sum := l.run(t, s.URL+"/")
	if sum.Failed != 0 || !sum.Empty {
		t.Errorf("%+v", sum)
	}
	urls := l.sink.urls()
	slices.Sort(urls)
	if got := len(slices.Compact(urls)); got != n {
		t.Errorf("%d pages of %d", got, n)
	}
	// Nothing of it is left for the next run.
	if again := l.run(t, s.URL+"/"); again.Captured != 0 {
		t.Errorf("again %+v", again)
	}
}

// TestUntil: a source whose time ends is stopped at once, what it has under way is
// cancelled, and the rest waits for a pass under a new term.
func TestUntil(t *testing.T) {
	const n = 40
	end := time.Now().Add(time.Hour)
	now := time.Now
	var mu sync.Mutex
	pages := 0
	hang := make(chan struct{})
	s := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		pages++
		if pages == 6 {
			now = func() time.Time { return end }
		}
		wait := pages >= 6
		mu.Unlock()
		if wait {
			select {
			case <-r.Context().Done():
			case <-hang:
			}
			return
		}
		tree(n).ServeHTTP(w, r)
	}))
	defer close(hang)
	l := newLab(t)
	l.opts.Workers, l.opts.Parallel = 1, 1
	l.opts.Now = func() time.Time { mu.Lock(); defer mu.Unlock(); return now() }
	// The clock of the test jumps, which no timer of the system notices.
	l.opts.Wait = func(d time.Duration, _ bool) <-chan time.Time { return time.After(min(d, 10*time.Millisecond)) }
	l.opts.Schedule = func(now time.Time) ([]string, time.Time) {
		if now.Before(end) {
			return nil, now.Add(10 * time.Millisecond)
		}
		return []string{"demo"}, time.Time{}
	}
	var ended []Pass
	l.opts.Passed = func(p Pass) { ended = append(ended, p) }
	l.opts.Sources = []Source{{Name: "demo", Seeds: []string{s.URL + "/"}, Until: end}}
	l.opts.Begin = []string{"demo"}
	sum := l.run(t)
	c, err := l.opts.Frontier.Status(t.Context())
	if err != nil || sum.Captured != 5 || sum.Failed != 0 || c.Ready+c.Leased != 0 || c.Parked == 0 {
		t.Fatalf("%+v; frontier %+v, %v", sum, c, err)
	}
	if len(ended) != 2 || ended[0].Left != c.Parked || ended[0].Outcome != tamga.OutcomeOK || ended[1].Number != 0 || ended[1].Outcome != tamga.OutcomePolicy {
		t.Errorf("passes %+v", ended)
	}
}

// TestOnly: what the frontier holds of sources that are not configured is left
// alone, and is there when it is asked for.
func TestOnly(t *testing.T) {
	const n = 20
	a, b := serve(t, tree(n)), serve(t, tree(n))
	l := newLab(t)
	l.opts.MaxPages = 5
	l.run(t, a.URL+"/")
	l.opts.MaxPages, l.opts.Only = 0, true
	l.opts.Sources = []Source{{Name: "demo", Seeds: []string{b.URL + "/"}}}
	l.opts.Begin = []string{"demo"}
	if sum := l.run(t); sum.Captured != n || !sum.Empty {
		t.Errorf("%+v", sum)
	}
	l.opts.Only, l.opts.Begin = false, nil
	if sum := l.run(t); sum.Captured != n-5 {
		t.Errorf("what was left aside: %+v", sum)
	}
}

// TestReload takes other sources while passes are under way: those that stay go
// on, those that are gone end, those that are new begin.
func TestReload(t *testing.T) {
	const n = 30
	step := make(chan struct{}, 1)
	slow := func(notify string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == notify {
				step <- struct{}{}
			}
			time.Sleep(3 * time.Millisecond)
			tree(n).ServeHTTP(w, r)
		})
	}
	stays, goes, fresh := serve(t, slow("/p/5")), serve(t, slow("")), serve(t, slow(""))
	l := newLab(t)
	l.opts.Parallel, l.opts.Only = 1, true
	reload := make(chan func() []Source)
	l.opts.Reload = reload
	stay := Source{Name: "stays", Seeds: []string{stays.URL + "/"}}
	l.opts.Sources = []Source{stay, {Name: "goes", Seeds: []string{goes.URL + "/"}}}
	l.opts.Begin = []string{"stays", "goes"}
	var mu sync.Mutex
	due := []string(nil)
	ended := map[string]Pass{}
	l.opts.Schedule = func(now time.Time) ([]string, time.Time) {
		mu.Lock()
		defer mu.Unlock()
		names := due
		due = nil
		if len(ended) == 3 {
			return nil, time.Time{}
		}
		return names, now.Add(5 * time.Millisecond)
	}
	l.opts.Passed = func(p Pass) {
		mu.Lock()
		defer mu.Unlock()
		if _, twice := ended[p.Source]; twice {
			t.Errorf("%s ended twice", p.Source)
		}
		ended[p.Source] = p
	}
	go func() {
		<-step
		reload <- func() []Source {
			mu.Lock()
			defer mu.Unlock()
			due = []string{"fresh"}
			return []Source{stay, {Name: "fresh", Seeds: []string{fresh.URL + "/"}, MaxDepth: 1}}
		}
	}()
	l.run(t)
	if p := ended["stays"]; p.Captured != n || p.Left != 0 {
		t.Errorf("stays: %+v", p)
	}
	if p := ended["goes"]; p.Captured == 0 || p.Captured >= n || p.Left == 0 {
		t.Errorf("goes: %+v", p)
	}
	if p := ended["fresh"]; p.Captured != 3 {
		t.Errorf("fresh: %+v", p)
	}
	if s := fmt.Sprint(len(ended)); s != "3" {
		t.Errorf("%s passes", s)
	}
}

// TestSharedSeed: a page that one source has fetched is another's seed.
func TestSharedSeed(t *testing.T) {
	s := serve(t, tree(7))
	l := newLab(t)
	l.opts.Sources = []Source{{Name: "a", Seeds: []string{s.URL + "/"}}, {Name: "b", Seeds: []string{s.URL + "/"}, MaxDepth: 1}}
	for _, name := range []string{"a", "b", "a", "b"} {
		var ended []Pass
		l.opts.Passed = func(p Pass) { ended = append(ended, p) }
		l.opts.Begin = []string{name}
		l.run(t)
		if len(ended) != 1 || ended[0].Source != name || ended[0].Captured < 1 || ended[0].Outcome != tamga.OutcomeOK {
			t.Errorf("pass of %s: %+v", name, ended)
		}
	}
}
