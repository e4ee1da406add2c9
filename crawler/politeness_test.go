package crawler

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tamga"
)

// gauge counts how many requests are being served at a time.
type gauge struct {
	mu        sync.Mutex
	now, peak int
}

func (g *gauge) wrap(h http.Handler, hold time.Duration) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.mu.Lock()
		g.now++
		g.peak = max(g.peak, g.now)
		g.mu.Unlock()
		time.Sleep(hold)
		h.ServeHTTP(w, r)
		g.mu.Lock()
		g.now--
		g.mu.Unlock()
	})
}

func TestParallelPerHost(t *testing.T) {
	var a, b gauge
	s1, s2 := serve(t, a.wrap(tree(40), 5*time.Millisecond)), serve(t, b.wrap(tree(40), 5*time.Millisecond))
	l := newLab(t)
	l.opts.Parallel, l.opts.Workers = 3, 16
	if sum := l.run(t, s1.URL, s2.URL); sum.Captured != 80 {
		t.Errorf("%+v", sum)
	}
	if a.peak > 3 || b.peak > 3 || a.peak < 2 {
		t.Errorf("%d and %d at a time, want 3", a.peak, b.peak)
	}
}

func TestDelay(t *testing.T) {
	var mu sync.Mutex
	var times []time.Time
	s := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		times = append(times, time.Now())
		mu.Unlock()
		tree(8).ServeHTTP(w, r)
	}))
	const delay = 20 * time.Millisecond
	l := newLab(t)
	l.opts.Delay = delay
	l.run(t, s.URL)
	if len(times) != 8 {
		t.Fatalf("%d requests", len(times))
	}
	// A request may be late but never early: from the first to the last there are
	// seven delays, whatever the machine is busy with.
	if d := times[len(times)-1].Sub(times[0]); d < 6*delay {
		t.Errorf("8 requests in %s", d)
	}
	before := len(times)
	l = newLab(t)
	l.opts.Rate = 100
	l.run(t, s.URL)
	if d := times[len(times)-1].Sub(times[before]); d < 60*time.Millisecond {
		t.Errorf("8 requests at 100 a second in %s", d)
	}
}

func TestMaxPages(t *testing.T) {
	s := serve(t, tree(100))
	l := newLab(t)
	l.opts.MaxPages = 17
	for _, want := range []int{17, 34} {
		if sum := l.run(t, s.URL); sum.Captured != 17 || len(l.sink.urls()) != want {
			t.Errorf("%+v, %d in all, want %d", sum, len(l.sink.urls()), want)
		}
	}
	l.opts.MaxPages = 0
	l.run(t)
	noDuplicates(t, l.sink.urls())
	if n := len(l.sink.urls()); n != 100 {
		t.Errorf("%d captures", n)
	}
}

func TestDepthAndTraps(t *testing.T) {
	s := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		n := strings.Count(r.URL.Path, "/")
		fmt.Fprintf(w, "<a href='a/'>deeper</a><a href='/x%d?%s'>long</a>", n, strings.Repeat("q", 3000))
	}))
	l := newLab(t)
	sum := l.run(t, s.URL) // ends by itself: a/a/a/a is a trap
	if sum.Captured != 4 || sum.Skipped != 5 {
		t.Errorf("%+v: %q", sum, l.sink.urls())
	}
	l = newLab(t)
	l.opts.MaxDepth = 1
	if sum := l.run(t, s.URL); sum.Captured != 2 {
		t.Errorf("with a depth of 1: %+v", sum)
	}
}

func TestRetry(t *testing.T) {
	var n atomic.Int64
	s := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/flaky" && n.Add(1) < 3:
			http.Error(w, "not yet", http.StatusServiceUnavailable)
		case r.URL.Path == "/dead":
			http.Error(w, "never", http.StatusBadGateway)
		default:
			w.Header().Set("Content-Type", "text/html")
			io.WriteString(w, "<a href=/flaky>1</a><a href=/dead>2</a>")
		}
	}))
	l := newLab(t)
	l.opts.Attempts = 4
	sum := l.run(t, s.URL)
	noDuplicates(t, l.sink.urls())
	if ex := l.sink.find(t, s.URL+"/flaky"); ex.Outcome != tamga.OutcomeOK || n.Load() != 3 {
		t.Errorf("%s after %d attempts", ex.Outcome, n.Load())
	}
	if ex := l.sink.find(t, s.URL+"/dead"); ex.Outcome != tamga.OutcomeHTTPError || ex.Status != 502 {
		t.Errorf("%s, status %d", ex.Outcome, ex.Status)
	}
	if sum.Failed != 1 || sum.Captured != 3 {
		t.Errorf("%+v", sum)
	}
	// A dead URL that is asked for by name is tried again.
	if sum := l.run(t, s.URL+"/dead"); sum.Captured != 1 {
		t.Errorf("%+v", sum)
	}
}

func TestRedirects(t *testing.T) {
	to := func(where string) func(http.ResponseWriter, *http.Request) {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", where)
			w.WriteHeader(http.StatusFound)
			io.WriteString(w, "<a href=/from-a-redirect>no</a>")
		}
	}
	other := serve(t, tree(1))
	s := serve(t, routes{
		"/":        text("<a href=/hop>1</a><a href=/self>2</a><a href=/circle1>3</a><a href=/endless/0>4</a><a href=/onion>5</a><a href=/private>6</a><a href=/scheme>7</a><a href=/cookie>8</a><a href=/outside>9</a><a href=/nowhere>10</a>"),
		"/hop":     to("/landed?x=1#part"),
		"/self":    to("/self"),
		"/circle1": to("/circle2"), "/circle2": to("/circle3"), "/circle3": to("/circle1"),
		"/onion":   to("http://" + demoOnion("a") + "/"),
		"/private": to("http://10.0.0.1/"),
		"/scheme":  to("file:///etc/hostname"),
		"/outside": to(other.URL + "/"),
		"/nowhere": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusFound) },
		"/cookie": func(w http.ResponseWriter, r *http.Request) {
			if _, err := r.Cookie("demo"); err != nil {
				http.SetCookie(w, &http.Cookie{Name: "demo", Value: "1", Path: "/cookie"})
				http.Redirect(w, r, "/cookie", http.StatusFound)
				return
			}
			text("<a href=/after-cookie>x</a>")(w, r)
		},
	})
	endless := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var i int
		if _, err := fmt.Sscanf(r.URL.Path, "/endless/%d", &i); err == nil {
			to(fmt.Sprintf("/endless/%d", i+1))(w, r)
			return
		}
		s.Config.Handler.(routes).ServeHTTP(w, r)
	})
	e := serve(t, endless)
	l := newLab(t)
	l.opts.Proxy = "127.0.0.1:9" // not to be reached: nothing may go there
	sum := l.run(t, e.URL)

	hop := l.sink.find(t, e.URL+"/hop")
	if hop.Outcome != tamga.OutcomeRedirect || hop.Status != 302 || !strings.Contains(string(hop.Body), "from-a-redirect") || hop.Header.Get("Location") != "/landed?x=1#part" {
		t.Errorf("hop: %+v", hop)
	}
	if landed := l.sink.find(t, e.URL+"/landed?x=1"); landed.Via != e.URL+"/hop" || landed.Outcome != tamga.OutcomeOK {
		t.Errorf("landed: %s via %s", landed.Outcome, landed.Via)
	}
	outcomes := map[string]string{}
	rows, err := l.opts.Frontier.db.Query(`SELECT url, state || ' ' || outcome FROM frontier_url`)
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		var u, o string
		if err := rows.Scan(&u, &o); err != nil {
			t.Fatal(err)
		}
		outcomes[strings.TrimPrefix(u, e.URL)] = o
	}
	rows.Close()
	for path, want := range map[string]string{
		"/self": "3 redirect-loop", "/circle1": "2 redirect", "/circle2": "2 redirect", "/circle3": "3 redirect-loop",
		"/endless/19": "2 redirect", "/endless/20": "3 redirect-loop", "/endless/21": "",
		"/onion": "2 policy", "/private": "2 policy", "/scheme": "2 policy", "/outside": "2 redirect", "/nowhere": "3 http-error",
		"/cookie": "2 ok", "/after-cookie": "2 ok", "/from-a-redirect": "",
		"http://" + demoOnion("a") + "/": "", "http://10.0.0.1/": "", other.URL + "/": "",
	} {
		if outcomes[path] != want {
			t.Errorf("%s: %q, want %q", path, outcomes[path], want)
		}
	}
	for path, why := range map[string]string{"/onion": "from loopback to tor", "/private": "from loopback to private", "/scheme": "is not fetched"} {
		if ex := l.sink.find(t, e.URL+path); ex.Outcome != tamga.OutcomePolicy || ex.Status != 302 || !strings.Contains(ex.Detail, why) {
			t.Errorf("%s: sealed as %s (%s)", path, ex.Outcome, ex.Detail)
		}
	}
	n := 0
	for _, u := range l.sink.urls() {
		if u == e.URL+"/cookie" {
			n++
		}
	}
	if n != 2 {
		t.Errorf("%d exchanges of the page that sets a cookie, want the hop and the page", n)
	}
	if sum.Failed != 4 {
		t.Errorf("%+v, want 4 failed", sum)
	}
}

// A seed's redirect moves the crawl to where the site is now.
func TestSeedRedirect(t *testing.T) {
	s := serve(t, tree(5))
	moved := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, s.URL+"/", http.StatusMovedPermanently)
	}))
	l := newLab(t)
	if sum := l.run(t, moved.URL); sum.Captured != 6 {
		t.Errorf("%+v: %q", sum, l.sink.urls())
	}
}
