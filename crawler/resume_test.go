package crawler

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tamga"
)

const (
	childDir   = "TAMGA_CRAWLER_CHILD"
	childSeed  = "TAMGA_CRAWLER_SEED"
	childPages = "TAMGA_CRAWLER_PAGES" // stops after so many lists, and prints its memory
)

// TestMain turns the test binary into a crawler when TestKill starts it as one.
func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		os.Exit(child(dir, os.Getenv(childSeed)))
	}
	os.Exit(m.Run())
}

func child(dir, seed string) int {
	var t childTB
	l := &lab{dir: dir, sink: openFakeSink(&t, filepath.Join(dir, "log.jsonl"))}
	l.opts = Options{Sink: l.sink, Frontier: openFrontier(&t, openDB(&t, filepath.Join(dir, "t.db"))), Local: true}
	pages := os.Getenv(childPages)
	if pages != "" {
		lists, _ := strconv.Atoi(pages)
		l.opts.MaxPages = int64(lists)
	}
	c, err := New(l.opts)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if _, err := c.Run(context.Background(), []string{seed}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if pages != "" {
		fmt.Println(peakMemory())
	}
	return 0
}

// childTB is what the helpers need of a test, outside of one.
type childTB struct{ testing.TB }

func (*childTB) Helper()        {}
func (*childTB) Cleanup(func()) {}
func (*childTB) Fatal(a ...any) { fmt.Fprintln(os.Stderr, a...); os.Exit(1) }

// A crawler that is killed again and again loses nothing and captures nothing
// twice.
func TestKill(t *testing.T) {
	const pages, kills = 1200, 20
	var killed atomic.Int64
	s := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if killed.Load() < kills { // leave time to be killed in
			time.Sleep(time.Millisecond)
		}
		tree(pages).ServeHTTP(w, r)
	}))
	dir := t.TempDir()
	random := rand.New(rand.NewPCG(1, 2))
	runs := 0
	for ; killed.Load() < kills; runs++ {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), childDir+"="+dir, childSeed+"="+s.URL)
		cmd.Stderr = os.Stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		alarm := time.AfterFunc(time.Duration(20+random.IntN(60))*time.Millisecond, func() { cmd.Process.Kill() })
		err := cmd.Wait()
		alarm.Stop()
		if err == nil {
			break // finished before it could be killed
		}
		killed.Add(1)
		if cmd.ProcessState.Exited() {
			t.Fatalf("run %d: %v", runs, err)
		}
	}
	killed.Store(kills)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childDir+"="+dir, childSeed+"="+s.URL)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("last run: %v: %s", err, out)
	}
	sink := openFakeSink(t, filepath.Join(dir, "log.jsonl"))
	urls := sink.urls()
	noDuplicates(t, urls)
	if len(urls) != pages {
		t.Errorf("%d captures after %d runs, want %d", len(urls), runs, pages)
	}
	c, err := openFrontier(t, openDB(t, filepath.Join(dir, "t.db"))).Status(t.Context())
	if err != nil || c.Done != pages || c.Ready+c.Leased+c.Dead != 0 {
		t.Errorf("frontier %+v, %v", c, err)
	}
	t.Logf("%d runs were killed", runs)
}

// The window between sealing and committing: the log has a capture of which the
// frontier knows nothing.
func TestReplayAfterSealing(t *testing.T) {
	s := serve(t, tree(40))
	l := newLab(t)
	var sealed atomic.Int64
	l.sink.fail = func(*tamga.Exchange) error {
		if sealed.Add(1) > 10 {
			return errFake
		}
		return nil
	}
	if _, err := l.tryRun(t, s.URL); !errors.Is(err, errFake) {
		t.Fatalf("error %v, want the sink's", err)
	}
	l.sink.fail = nil
	before := len(l.sink.urls())
	// A frontier from before the first capture, with the seed leased.
	dir := t.TempDir()
	l.opts.Frontier = openFrontier(t, openDB(t, filepath.Join(dir, "t.db")))
	if err := l.opts.Frontier.Add(t.Context(), Source{}, s.URL); err != nil {
		t.Fatal(err)
	}
	sum := l.run(t)
	urls := l.sink.urls()
	noDuplicates(t, urls)
	if len(urls) != 40 || sum.Captured != int64(40-before) {
		t.Errorf("%d captures, %d of them in the second run after %d", len(urls), sum.Captured, before)
	}
}

// A lost frontier is built again from the log, the same in all that matters, and
// nothing is fetched for it.
func TestRebuild(t *testing.T) {
	var asked atomic.Int64
	h := routes{
		"/":  text("<a href=/a>1</a><a href=/r>2</a><a href=/bad>3</a><a href=http://other.invalid/>4</a>"),
		"/r": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/target", http.StatusFound) },
		"/a": text("<a href=/a/b>1</a>"), "/bad": hijacked("", true),
	}
	s := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { asked.Add(1); h.ServeHTTP(w, r) }))
	l := newLab(t)
	l.run(t, s.URL)
	dump := func(f *Frontier) (out []string) {
		rows, err := f.db.Query(`SELECT u.url, coalesce(v.url, ''), u.depth, u.hops, u.state, u.seq, u.outcome, coalesce(w.url, '')
			FROM frontier_url u LEFT JOIN frontier_url v ON v.id = u.via LEFT JOIN frontier_url w ON w.id = u.target ORDER BY u.url`)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			var u, via, outcome, target string
			var depth, hops, state, seq int
			if err := rows.Scan(&u, &via, &depth, &hops, &state, &seq, &outcome, &target); err != nil {
				t.Fatal(err)
			}
			out = append(out, fmt.Sprint(u, " ", via, " ", depth, hops, state, seq, " ", outcome, " ", target))
		}
		return out
	}
	want, before := dump(l.opts.Frontier), asked.Load()
	if len(want) != 6 {
		t.Fatalf("%d URLs in the frontier: %q", len(want), want)
	}
	l.opts.Frontier = openFrontier(t, openDB(t, filepath.Join(t.TempDir(), "t.db")))
	if sum := l.run(t); sum.Captured != 0 || sum.Failed != 0 || asked.Load() != before {
		t.Errorf("rebuilding fetched: %+v", sum)
	}
	if got := dump(l.opts.Frontier); !slices.Equal(got, want) {
		t.Errorf("rebuilt\n%q\nwant\n%q", got, want)
	}
}

// A log that lost its tail, as a machine does that loses its power: what is gone
// is fetched again, and nothing else.
func TestShrunkLog(t *testing.T) {
	const pages, kept = 30, 18
	s := serve(t, tree(pages))
	l := newLab(t)
	l.run(t, s.URL)
	b, err := os.ReadFile(l.sink.file.Name())
	if err != nil {
		t.Fatal(err)
	}
	rest := b
	for range kept {
		_, rest, _ = cutLine(rest)
	}
	if err := os.Truncate(l.sink.file.Name(), int64(len(b)-len(rest))); err != nil {
		t.Fatal(err)
	}
	l.sink = openFakeSink(t, l.sink.file.Name())
	l.opts.Sink = l.sink
	if sum := l.run(t); sum.Captured != pages-kept {
		t.Errorf("%+v", sum)
	}
	noDuplicates(t, l.sink.urls())
	if n := len(l.sink.urls()); n != pages {
		t.Errorf("%d captures", n)
	}
}

// Imported captures are in the log too, and lead nowhere.
func TestReplayLeavesImports(t *testing.T) {
	s := serve(t, tree(3))
	l := newLab(t)
	l.sink.Put(t.Context(), &tamga.Exchange{URL: "http://demo.invalid/", Route: tamga.RouteImport, Status: 200,
		Header: http.Header{"Content-Type": {"text/html"}}, Body: []byte("<a href=/next>x</a>"), Outcome: tamga.OutcomeOK})
	if sum := l.run(t, s.URL); sum.Captured != 3 {
		t.Errorf("%+v", sum)
	}
	if c, err := l.opts.Frontier.Status(t.Context()); err != nil || c.Done != 3 || c.Hosts != 1 {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestInterrupt(t *testing.T) {
	const pages = 60
	ctx, cancel := context.WithCancel(t.Context())
	var n atomic.Int64
	site := tree(pages)
	s := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if n.Add(1) == 20 {
			cancel()
		}
		site.ServeHTTP(w, r)
	}))
	l := newLab(t)
	c, err := New(l.opts)
	if err != nil {
		t.Fatal(err)
	}
	sum, err := c.Run(ctx, []string{s.URL})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v", err)
	}
	counts, err := l.opts.Frontier.Status(t.Context())
	if err != nil || counts.Leased != 0 || counts.Done != sum.Captured || counts.Dead != 0 || sum.Captured >= pages {
		t.Errorf("%+v, %+v, %v", sum, counts, err)
	}
	again := l.run(t)
	urls := l.sink.urls()
	noDuplicates(t, urls)
	if len(urls) != pages || sum.Captured+again.Captured != pages {
		t.Errorf("%d captures, %d and %d", len(urls), sum.Captured, again.Captured)
	}
}

// An archive that fails may hold the exchange nevertheless: the next run asks
// the log, and does not fetch it twice.
func TestSinkFailsAfterWriting(t *testing.T) {
	s := serve(t, tree(20))
	l := newLab(t)
	broken := &torn{fakeSink: l.sink}
	l.opts.Sink = broken
	if _, err := l.tryRun(t, s.URL); !errors.Is(err, errFake) {
		t.Fatalf("error %v", err)
	}
	l.opts.Sink = l.sink
	l.run(t)
	urls := l.sink.urls()
	noDuplicates(t, urls)
	if len(urls) != 20 {
		t.Errorf("%d captures", len(urls))
	}
}

// torn writes its fifth exchange and then says it did not.
type torn struct {
	*fakeSink
	mu sync.Mutex
	n  int
}

func (s *torn) Put(ctx context.Context, ex *tamga.Exchange) (tamga.Capture, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.fakeSink.Put(ctx, ex)
	if s.n++; s.n == 5 {
		return tamga.Capture{}, errFake
	}
	return c, err
}

func TestWatermarks(t *testing.T) {
	m := watermarks{next: 10, applied: map[int64]bool{}}
	step := func(want int64, what string) {
		t.Helper()
		if m.next != want {
			t.Errorf("%s: %d, want %d", what, m.next, want)
		}
	}
	m.add(10, 5, 3)
	step(11, "in order")
	m.add(12, 6, 4)
	step(11, "a gap")
	m.add(13, 9, 4)
	step(11, "jobs from before the gap are in flight")
	m.add(11, 9, 8)
	step(14, "filled")
	m.add(16, 20, 15)
	step(14, "a gap of another writer, perhaps")
	m.add(17, 25, 19)
	step(14, "not yet")
	m.add(19, 26, 20)
	step(18, "passed, up to the next gap")
	m.held = true
	m.advance(99, 99)
	step(18, "held")
}

// The lease of a job that is lost is given out again after its term.
func TestLeaseExpiry(t *testing.T) {
	f := openFrontier(t, openDB(t, filepath.Join(t.TempDir(), "t.db")))
	clock := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	f.now = func() time.Time { return clock }
	ctx := t.Context()
	if err := f.Add(ctx, Source{}, "http://demo.example/1", "http://demo.example/2"); err != nil {
		t.Fatal(err)
	}
	h, err := f.loadHost(ctx, 1)
	if err != nil {
		t.Fatal(err)
	}
	h.sources[""] = time.Time{}
	if err := f.lease(ctx, h, 10); err != nil || len(h.ready) != 2 {
		t.Fatalf("%d leased, %v", len(h.ready), err)
	}
	kept := h.ready[0].id
	count := func() Counts {
		if err := f.commit(); err != nil {
			t.Fatal(err)
		}
		c, err := f.Status(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	clock = clock.Add(leaseTerm - time.Second)
	f.expire(ctx, map[int64]bool{kept: true})
	if c := count(); c.Leased != 2 {
		t.Errorf("before the term: %+v", c)
	}
	clock = clock.Add(2 * time.Second)
	if err := f.expire(ctx, map[int64]bool{kept: true}); err != nil {
		t.Fatal(err)
	}
	if c := count(); c.Leased != 1 || c.Ready != 1 {
		t.Errorf("after the term: %+v", c)
	}
	if f, err := Open(f.db); err != nil || f == nil {
		t.Fatal(err)
	}
	if c := count(); c.Ready != 2 {
		t.Errorf("after a restart: %+v", c)
	}
}
