package crawler

import (
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestPace(t *testing.T) {
	h := &host{}
	h.slower(0, slowest, 8)
	if h.delay != firstPace || h.parallel != 4 {
		t.Fatalf("after the first trouble: %s, %d at a time", h.delay, h.parallel)
	}
	for range 30 {
		h.slower(0, slowest, 8)
	}
	if h.delay != slowest || h.parallel != 1 {
		t.Errorf("after much trouble: %s, %d at a time", h.delay, h.parallel)
	}
	last, n := h.delay, 0
	for ; h.faster(0, 8); n++ {
		if h.delay > last || h.parallel > 8 {
			t.Fatalf("%s after %s, %d at a time", h.delay, last, h.parallel)
		}
		last = h.delay
	}
	if h.delay != 0 || h.parallel != 0 || n < paceSteps || n > 20 {
		t.Errorf("back at %s, %d after %d answers", h.delay, h.parallel, n)
	}
	for range 30 {
		h.slower(0, cautious, 8)
	}
	if h.delay != cautious {
		t.Errorf("after many resets: %s", h.delay)
	}
	h = &host{}
	h.slower(2*time.Second, slowest, 2)
	if h.delay != 4*time.Second || h.parallel != 1 {
		t.Errorf("beside a delay of 2 s: %s, %d", h.delay, h.parallel)
	}
	for h.faster(2*time.Second, 2) {
	}
	if h.delay != 0 || h.parallel != 0 {
		t.Errorf("back at %s, %d", h.delay, h.parallel)
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	for v, want := range map[string]time.Duration{
		"": 0, "7": 7 * time.Second, "-1": 0, "soon": 0, "999999999999": maxPause, "99999999": maxPause,
		"Tue, 01 Jan 2030 00:00:30 GMT": 30 * time.Second, "Tue, 01 Jan 2019 00:00:00 GMT": 0, "Tue, 01 Jan 2031 00:00:00 GMT": maxPause,
	} {
		if got := retryAfter(http.Header{"Retry-After": {v}}, now); got != want {
			t.Errorf("%q: %s, want %s", v, got, want)
		}
	}
}

// A host that pushes back is asked less, and that outlives the process.
func TestPaceIsKept(t *testing.T) {
	var n atomic.Int64
	s := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if n.Add(1)%3 == 2 {
			http.Error(w, "too much", http.StatusTooManyRequests)
			return
		}
		tree(12).ServeHTTP(w, r)
	}))
	l := newLab(t)
	l.opts.MaxPages, l.opts.Attempts, l.opts.Parallel = 2, 9, 6
	l.run(t, s.URL)
	h, err := openFrontier(t, openDB(t, filepath.Join(l.dir, "t.db"))).loadHost(t.Context(), 1)
	if err != nil || h.delay != firstPace && h.delay != firstPace-firstPace/paceSteps || h.parallel < 3 || h.parallel > 4 {
		t.Errorf("kept: %+v, %v", h, err)
	}
	l.opts.MaxPages = 0
	if sum := l.run(t); sum.Captured != 10 || sum.Failed != 0 {
		t.Errorf("%+v", sum)
	}
}

// A host that stopped answering does not hold the crawl: what it has waits for
// the next run.
func TestDeadHost(t *testing.T) {
	const pages = 60
	var down atomic.Bool
	var asked atomic.Int64
	s := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if down.Load() {
			c, _, _ := w.(http.Hijacker).Hijack()
			io.WriteString(c, "no HTTP\r\n\r\n")
			c.Close()
			return
		}
		tree(pages).ServeHTTP(w, r)
	}))
	other := serve(t, tree(pages))
	l := newLab(t)
	l.opts.Workers, l.opts.Attempts = 2, 50
	l.opts.MaxPages = 30
	l.run(t, s.URL)
	down.Store(true)
	asked.Store(0)
	l.opts.MaxPages = 0
	if sum := l.run(t, other.URL); sum.Captured != pages || sum.Failed < 1 || sum.Failed > 2 {
		t.Errorf("%+v, want a failure or two that say why", sum)
	}
	if n := asked.Load(); n < hostTries || n > 3*hostTries {
		t.Errorf("the dead host was asked %d times", n)
	}
	c, err := l.opts.Frontier.Status(t.Context())
	if err != nil || c.Parked == 0 || c.Ready+c.Leased != 0 {
		t.Errorf("%+v, %v", c, err)
	}
	down.Store(false)
	if sum := l.run(t); sum.Captured != pages-30 || sum.Failed != 0 {
		t.Errorf("when it is back: %+v", sum)
	}
	var pagesOf []string
	for _, r := range l.sink.records() {
		if r.Exchange.Status == http.StatusOK {
			pagesOf = append(pagesOf, r.Exchange.URL)
		}
	}
	noDuplicates(t, pagesOf)
}

// A source with much to do, on many hosts, leaves another its share.
func TestFairShare(t *testing.T) {
	var mu sync.Mutex
	var order []string
	watch := func(name string, h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			order = append(order, name)
			mu.Unlock()
			time.Sleep(time.Millisecond)
			h.ServeHTTP(w, r)
		})
	}
	const pages = 40
	var big Source
	for i := range 6 {
		big.Seeds = append(big.Seeds, serve(t, watch("big", tree(pages))).URL+"/")
		_ = i
	}
	small := serve(t, watch("small", tree(pages)))
	for _, window := range []int{windowHosts, 4} {
		t.Run(fmt.Sprint("window=", window), func(t *testing.T) {
			order = nil
			l := newLab(t)
			big.Name = "big"
			l.opts.Workers, l.opts.Parallel = 4, 4
			l.opts.Sources = []Source{big, {Name: "small", Seeds: []string{small.URL + "/"}}}
			l.opts.Begin = []string{"big", "small"}
			c, err := New(l.opts)
			if err != nil {
				t.Fatal(err)
			}
			c.window = window
			if sum, err := c.Run(t.Context(), nil); err != nil || sum.Captured != 7*pages {
				t.Fatalf("%+v, %v", sum, err)
			}
			last := strings.LastIndex(strings.Join(order, " "), "small")
			if n := len(strings.Fields(strings.Join(order, " ")[:last])); n > 3*pages {
				t.Errorf("the small source was done after %d of %d requests", n, len(order))
			}
		})
	}
}

// A clock that jumps, either way, delays nothing for good and loses nothing.
func TestClockJumps(t *testing.T) {
	const pages = 40
	for _, jump := range []time.Duration{-300 * 24 * time.Hour, 300 * 24 * time.Hour} {
		var n atomic.Int64
		s := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if k := n.Add(1); k%5 == 0 {
				w.Header().Set("Retry-After", "0")
				http.Error(w, "later", http.StatusServiceUnavailable)
				return
			}
			tree(pages).ServeHTTP(w, r)
		}))
		l := newLab(t)
		l.opts.Attempts, l.opts.Delay, l.opts.Workers = 20, time.Millisecond, 3
		l.opts.Now = func() time.Time { // without the monotonic reading
			now := time.Now().Round(0)
			if k := n.Load(); k > 15 && k < 40 {
				now = now.Add(jump)
			}
			return now
		}
		l.opts.MaxPages = 20
		first := l.run(t, s.URL)
		l.opts.MaxPages = 0
		l.opts.Frontier = openFrontier(t, openDB(t, filepath.Join(l.dir, "t.db")))
		if sum := l.run(t); first.Captured+sum.Captured != pages {
			t.Errorf("jump of %s: %+v", jump, sum)
		}
		noDuplicates(t, l.sink.urls())
		for i, r := range l.sink.records() {
			if r.Capture.Seq != int64(i) {
				t.Errorf("capture %d has number %d", i, r.Capture.Seq)
			}
		}
	}
}
