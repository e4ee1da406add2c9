package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"tamga"
	"tamga/crawler"
	"tamga/internal/config"
	"tamga/internal/watch"
)

// simClock goes on only while nothing is being fetched, and then at once to the
// end of what is waited for: a day takes as long as its fetches.
type simClock struct {
	at   atomic.Int64
	end  time.Time
	over func() // called when end has come
	tick func(time.Time)
}

func (c *simClock) now() time.Time { return time.Unix(0, c.at.Load()).UTC() }

func (c *simClock) wait(d time.Duration, idle bool) <-chan time.Time {
	if !idle {
		return nil
	}
	next := c.now().Add(d)
	if !next.Before(c.end) {
		c.at.Store(c.end.UnixNano())
		c.over()
		return nil
	}
	c.at.Store(next.UnixNano())
	c.tick(next)
	fired := make(chan time.Time, 1)
	fired <- next
	return fired
}

// simKinds are how a source of the simulation behaves, and the outcomes that its
// seed may have. hour is that of the simulated day.
var simKinds = []struct {
	name     string
	outcomes []tamga.Outcome
	serve    func(w http.ResponseWriter, r *http.Request, hour int)
}{
	{"market", []tamga.Outcome{"ok"}, simPages},
	{"moved", []tamga.Outcome{"ok"}, func(w http.ResponseWriter, r *http.Request, hour int) {
		if r.URL.Path == "/" {
			http.Redirect(w, r, "/p/0", http.StatusFound)
			return
		}
		simPages(w, r, hour)
	}},
	{"captcha", []tamga.Outcome{"captcha"}, simText(200, `<form><p>Captcha: type what you see</p><input name="c"></form>`)},
	{"queue", []tamga.Outcome{"queue"}, simText(200, `<p>You are in queue. Estimated wait time: 3 minutes</p>`)},
	{"login", []tamga.Outcome{"login"}, simText(200, `<form><input name="u"><input type="password" name="p"></form>`)},
	{"ddos", []tamga.Outcome{"ddos"}, simText(503, `<p>Checking your browser. DDoS protection</p>`)},
	{"error", []tamga.Outcome{"http-error"}, simText(500, `<p>error</p>`)},
	{"resets", []tamga.Outcome{"ok", "reset"}, func(w http.ResponseWriter, r *http.Request, hour int) {
		if hour%4 != 0 {
			simPages(w, r, hour)
			return
		}
		c, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			c.(*net.TCPConn).SetLinger(0)
			c.Close()
		}
	}},
	{"hangs", []tamga.Outcome{"ok", "header-timeout"}, func(w http.ResponseWriter, r *http.Request, hour int) {
		if hour%6 != 3 {
			simPages(w, r, hour)
			return
		}
		<-r.Context().Done()
	}},
	{"gone", []tamga.Outcome{"refused"}, nil},
}

func simText(status int, body string) func(http.ResponseWriter, *http.Request, int) {
	return func(w http.ResponseWriter, _ *http.Request, _ int) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(status)
		io.WriteString(w, "<html><body>"+body+"</body></html>")
	}
}

// simPages is a site of four pages that change by the hour.
func simPages(w http.ResponseWriter, r *http.Request, hour int) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprintf(w, "<html><head><title>demo %s</title></head><body><p>Demo offer %d of hour %d, 1 g for $20</p>", r.URL.Path, len(r.URL.Path), hour)
	for i := range 3 {
		fmt.Fprintf(w, "<a href='/p/%d'>more</a> ", i)
	}
	io.WriteString(w, "</body></html>")
}

// sim is a simulated watch.
type sim struct {
	sources []config.Source
	passes  map[string][]crawler.Pass
	heap    map[int]uint64 // by hour
	points  map[string][]watch.Point
	sealed  int64
}

// simulate runs a watch over n sources for some hours of simulated time.
func simulate(t *testing.T, n, hours int) *sim {
	t.Helper()
	start := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s := &sim{passes: map[string][]crawler.Pass{}, heap: map[int]uint64{}}
	clock := &simClock{end: start.Add(time.Duration(hours) * time.Hour), over: cancel}
	clock.at.Store(start.UnixNano())
	hour := func() int { return int(clock.now().Sub(start) / time.Hour) }
	var w *watcher
	clock.tick = func(time.Time) {
		// What is being read is not what is kept, and is not waited for: it may wait for
		// the batch that this crawl has open. The next tick of the hour looks again.
		if h := hour(); s.heap[h] == 0 && w != nil && w.reading.TryLock() {
			defer w.reading.Unlock()
			runtime.GC()
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			s.heap[h] = m.HeapAlloc
		}
	}

	dir := filepath.Join(t.TempDir(), "ws")
	ws, err := config.Create(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := createEvidence(ws); err != nil {
		t.Fatal(err)
	}
	settings := "[crawl]\nattempts = 2\n[watch]\nmemory = \"4GiB\"\nmin_free = \"1MiB\"\n"
	cadences := []string{"30m", "1h", "2h", "45m", "3h"}
	for i := range n {
		kind := simKinds[i%len(simKinds)]
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { kind.serve(w, r, hour()) }))
		if kind.serve == nil {
			server.Close()
		} else {
			defer server.Close()
		}
		settings += fmt.Sprintf("[[source]]\nname = \"%s-%02d\"\nurl = \"%s/\"\ncadence = %q\n", kind.name, i, server.URL, cadences[(i/len(simKinds)+i)%len(cadences)])
	}
	if err := os.WriteFile(ws.File(), []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	var logged strings.Builder
	var mu sync.Mutex
	a := &app{workspace: dir, out: io.Discard, err: io.Discard, quiet: true}
	a.log = slog.New(slog.NewTextHandler(lockedWriter{&mu, &logged}, &slog.HandlerOptions{Level: slog.LevelError}))
	h, err := a.enter(true)
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	s.sources = h.conf.Sources
	w, err = newWatcher(a, &cobra.Command{}, h, crawlFlags{local: true, scope: "host"})
	if err != nil {
		t.Fatal(err)
	}
	w.opt.Now, w.opt.Wait, w.opt.Timeouts.Header = clock.now, clock.wait, 500*time.Millisecond
	w.readEvery = 500 * time.Millisecond
	w.heard = func(p crawler.Pass) { s.passes[p.Source] = append(s.passes[p.Source], p) }
	if err := w.run(ctx); err != nil && ctx.Err() == nil {
		t.Fatal(err)
	}
	if logged.Len() > 0 {
		t.Errorf("errors:\n%.2000s", logged.String())
	}
	db, err := a.database(ws)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	series, err := watch.OpenSeries(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, src := range s.sources {
		names = append(names, src.Name)
	}
	if s.points, err = series.Points(t.Context(), names, start); err != nil {
		t.Fatal(err)
	}
	s.sealed = h.archive.Len()
	return s
}

type lockedWriter struct {
	mu *sync.Mutex
	w  io.Writer
}

func (l lockedWriter) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(b)
}

// check wants the schedule kept, and an outcome of the source's kind for each pass,
// in the passes and in the series alike.
func (s *sim) check(t *testing.T, hours int) {
	t.Helper()
	const tolerance = 2 * time.Second
	for i, src := range s.sources {
		kind, passes, cadence := simKinds[i%len(simKinds)], s.passes[src.Name], time.Duration(src.Cadence)
		if want := int(time.Duration(hours) * time.Hour / cadence); len(passes) < want-1 {
			t.Errorf("%s: %d passes in %d hours at a cadence of %v", src.Name, len(passes), hours, cadence)
		}
		if first := passes[0].Began.Sub(passes[0].Began.Truncate(24 * time.Hour)); first > 5*time.Minute {
			t.Errorf("%s began %v after the start", src.Name, first)
		}
		down := 0
		for k, p := range passes {
			if !slices.Contains(kind.outcomes, p.Outcome) {
				t.Errorf("%s: outcome %q", src.Name, p.Outcome)
			}
			if k == len(passes)-1 {
				break
			}
			want := cadence
			if !watch.Reached(p.Outcome) {
				if down++; down <= 3 {
					want = max(cadence>>(4-down), time.Minute)
				}
			} else {
				down = 0
			}
			next := passes[k+1].Began
			if gap := next.Sub(p.Began); gap < want-tolerance || gap > want+tolerance && next.Sub(p.Ended) > tolerance {
				t.Errorf("%s: %v from pass to pass, want %v (%s)", src.Name, gap, want, p.Outcome)
			}
			if next.Before(p.Ended) {
				t.Errorf("%s: a pass began before the last one ended", src.Name)
			}
		}
		got := s.points[src.Name]
		if len(got) < len(passes) || len(got) > len(passes)+1 { // one may be under way at the end
			t.Errorf("%s: %d points of %d passes", src.Name, len(got), len(passes))
		}
		for k := range min(len(got), len(passes)) {
			if got[k].Outcome != passes[k].Outcome {
				t.Errorf("%s: pass %d ended %s, and the series says %s", src.Name, k, passes[k].Outcome, got[k].Outcome)
			}
		}
		for _, o := range kind.outcomes {
			if !slices.ContainsFunc(passes, func(p crawler.Pass) bool { return p.Outcome == o }) && cadence <= time.Hour {
				t.Errorf("%s: outcome %s never came", src.Name, o)
			}
		}
	}
}

// least is the least heap of the hours [from, to).
func (s *sim) least(from, to int) (least uint64) {
	for h := from; h < to; h++ {
		if n := s.heap[h]; n > 0 && (least == 0 || n < least) {
			least = n
		}
	}
	return least
}

// begins is the schedule as it was kept, to the second.
func (s *sim) begins() (out []string) {
	for _, name := range slices.Sorted(maps.Keys(s.passes)) {
		for _, p := range s.passes[name] {
			out = append(out, fmt.Sprintf("%s %s %s %d", name, p.Began.Truncate(time.Second).Format(time.TimeOnly), p.Outcome, p.Captured))
		}
	}
	return out
}

// TestWatchSimulated watches 10 sources, one of each kind, for 9 simulated hours,
// twice: the schedule is kept, and the same. With TAMGA_WATCH_DAY it is 50 sources and
// so many days.
func TestWatchSimulated(t *testing.T) {
	n, hours, early := 10, 9, 3
	if os.Getenv("TAMGA_WATCH_DAY") != "" {
		n, hours, early = 50, 24, 2
		if h, err := strconv.Atoi(os.Getenv("TAMGA_WATCH_DAY")); err == nil && h > 1 {
			hours = 24 * h
		}
	}
	began := time.Now()
	s := simulate(t, n, hours)
	s.check(t, hours)
	passes := 0
	for _, list := range s.passes {
		passes += len(list)
	}
	t.Logf("%d sources, %d simulated hours in %v: %d passes, %d log entries; heap %.1f MiB at hour %d, %.1f MiB at hour %d",
		n, hours, time.Since(began).Round(time.Millisecond), passes, s.sealed, float64(s.heap[early])/(1<<20), early, float64(s.heap[hours-1])/(1<<20), hours-1)
	// The least of some hours: what the search engine merges just then comes and goes.
	a, b := s.least(early, early+hours/4), s.least(hours-hours/4, hours)
	t.Logf("least heap of the hours from %d: %.1f MiB, of the last %d: %.1f MiB", early, float64(a)/(1<<20), hours/4, float64(b)/(1<<20))
	if a == 0 || b > a+a/8+1<<20 {
		t.Errorf("the heap grows from %d to %d bytes", a, b)
	}
	if n < 50 {
		if first, second := s.begins(), simulate(t, n, hours).begins(); !slices.Equal(first, second) {
			t.Errorf("two runs differ:\n%s\n--\n%s", strings.Join(first, "\n"), strings.Join(second, "\n"))
		}
	}
}
