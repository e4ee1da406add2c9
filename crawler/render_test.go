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

	"tamga"
)

// fakeRenderer makes a page of every shell whose scripts may run.
type fakeRenderer struct {
	mu   sync.Mutex
	seen []Drawing
	err  error
}

func (f *fakeRenderer) Draw(_ context.Context, d Drawing) (Drawn, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seen = append(f.seen, d)
	if f.err != nil {
		return Drawn{}, f.err
	}
	if !d.Scripts {
		return Drawn{DOM: d.Body, Screenshot: []byte("\x89PNG demo")}, nil
	}
	return Drawn{DOM: []byte(`<html><body><div id="root"><p>Drawn offers</p><a href="/offer">offer</a></div></body></html>`), Screenshot: []byte("\x89PNG demo"), Refused: 2}, nil
}

const emptyShell = `<div id="root"></div><noscript>Please enable JavaScript</noscript><script src=/app.js></script>`

// TestRender: a shell is drawn, both captures are linked to it, the links of what was
// drawn are followed, and the log alone makes the same frontier again.
func TestRender(t *testing.T) {
	srv := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		if r.URL.Path == "/" {
			http.SetCookie(w, &http.Cookie{Name: "seen", Value: "1"})
			fmt.Fprint(w, emptyShell)
			return
		}
		fmt.Fprint(w, "<p>An offer that stands on a page of its own.")
	}))
	for _, tt := range []struct {
		name            string
		render, scripts bool
		err             error
		captures        int
	}{
		{"off", false, false, nil, 1},
		{"scripts off", true, false, nil, 3},
		{"scripts on", true, true, nil, 4},
		{"refused", true, true, errors.New("no network namespace can be made"), 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := newLab(t)
			f := &fakeRenderer{err: tt.err}
			l.opts.Renderer, l.opts.Source = f, Source{Name: "demo", Render: tt.render, Scripts: tt.scripts}
			l.run(t, srv.URL+"/")
			records := l.sink.records()
			if len(records) != tt.captures || tt.render != (len(f.seen) == 1) {
				t.Fatalf("%d captures, %d drawn", len(records), len(f.seen))
			}
			shell := records[len(records)-1]
			if len(records) > 2 {
				shell = records[2]
			}
			if shell.Exchange.Outcome != tamga.OutcomeScriptOnly {
				t.Errorf("shell: %s", shell.Exchange.Outcome)
			}
			if tt.err != nil && !strings.Contains(shell.Exchange.Detail, "not drawn: no network namespace") {
				t.Errorf("detail: %q", shell.Exchange.Detail)
			}
			if len(records) > 2 {
				shot, dom := records[0].Exchange, records[1].Exchange
				if dom.URL != srv.URL+"/" || dom.Via != dom.URL || !strings.HasPrefix(dom.Detail, Rendered+" of "+string(shell.Capture.Digest)+", ") || dom.Status != 0 || len(dom.ResponseHead) != 0 {
					t.Errorf("page: %+v", dom)
				}
				if want := map[bool]tamga.Outcome{true: tamga.OutcomeOK, false: tamga.OutcomeScriptOnly}[tt.scripts]; dom.Outcome != want {
					t.Errorf("page: %s, want %s", dom.Outcome, want)
				}
				if shot.URL != viewScheme+srv.URL+"/" || shot.Via != dom.URL || shot.Header.Get("Content-Type") != "image/png" || len(shot.Body) == 0 {
					t.Errorf("screenshot: %+v", shot)
				}
			}
			if tt.scripts && tt.err == nil {
				if ex := l.sink.find(t, srv.URL+"/offer"); ex.Outcome != tamga.OutcomeOK {
					t.Errorf("offer: %s", ex.Outcome)
				}
			}
			// A frontier that was lost is the same again, and nothing is fetched.
			l.opts.Frontier = openFrontier(t, openDB(t, filepath.Join(l.dir, "again.db")))
			l.run(t)
			if n := len(l.sink.records()); n != tt.captures {
				t.Errorf("after a replay: %d captures", n)
			}
		})
	}
}

// TestRenderKilled: wherever a process ends between the three captures, the next one
// loses none, seals none twice, and draws again only what was not sealed.
func TestRenderKilled(t *testing.T) {
	srv := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		if r.URL.Path == "/" {
			fmt.Fprint(w, emptyShell)
			return
		}
		fmt.Fprint(w, "<p>An offer that stands on a page of its own.")
	}))
	for at, drawn := range []int{2, 2, 1, 1} { // sealed captures before the end
		t.Run(fmt.Sprint(at), func(t *testing.T) {
			l := newLab(t)
			f := &fakeRenderer{}
			l.opts.Renderer, l.opts.Source = f, Source{Name: "demo", Render: true, Scripts: true}
			left := at
			l.sink.fail = func(*tamga.Exchange) error {
				if left--; left < 0 {
					return errors.New("the power is gone")
				}
				return nil
			}
			if _, err := l.tryRun(t, srv.URL+"/"); err == nil {
				t.Fatal("the first run was not cut short")
			}
			l.sink.fail = nil
			l.run(t, srv.URL+"/")
			seen := map[string]int{}
			for _, r := range l.sink.records() {
				kind := r.Exchange.URL
				if rendered(r.Capture.Detail) {
					kind += " drawn"
				}
				seen[kind]++
			}
			for _, want := range []string{srv.URL + "/", srv.URL + "/ drawn", viewScheme + srv.URL + "/ drawn", srv.URL + "/offer"} {
				if seen[want] != 1 {
					t.Errorf("%s: %d captures", want, seen[want])
				}
			}
			if len(f.seen) != drawn {
				t.Errorf("drawn %d times, want %d", len(f.seen), drawn)
			}
		})
	}
}

// TestRenderChanged: what was drawn of other bytes does not stand for the page.
func TestRenderChanged(t *testing.T) {
	var l loose
	c := tamga.Capture{URL: "http://demo.example/", Via: "http://demo.example/", Detail: Rendered + " of sha256:aa, scripts on, 2 requests refused"}
	l.add(c)
	if p := l.take(c.Via, "sha256:bb"); p.page {
		t.Error("a page of other bytes is taken")
	}
	l.add(c)
	if p := l.take(c.Via, "sha256:aa"); !p.page || p.view {
		t.Errorf("took %+v", p)
	}
	if len(l.of) != 0 {
		t.Errorf("kept %v", l.of)
	}
}

// TestRenderPolicy: what a page may ask for is what a link of it could lead to, and
// what only reads; connections are held to it as well.
func TestRenderPolicy(t *testing.T) {
	l := newLab(t)
	l.opts.Proxy, l.opts.Local = "127.0.0.1:1", true
	l.opts.defaults()
	w := newWire(&l.opts)
	src := Source{Session: &fakeSession{}}.defaults(&l.opts)
	k := &worker{wire: w, src: &src}
	onion, other := "http://"+demoOnion("a")+"/", "http://"+demoOnion("b")+"/"
	for _, tt := range []struct {
		page, method, link string
		ok                 bool
	}{
		{onion, "GET", onion + "data.json", true},
		{onion, "GET", other + "data.json", true},
		{onion, "POST", onion + "data.json", false},
		{onion, "GET", onion + "logout", false},
		{onion, "GET", "http://127.0.0.1:8080/", false},
		{onion, "GET", "http://localhost/", false},
		{onion, "GET", "http://192.168.1.1/", false},
		{onion, "GET", "http://[::1]/", false},
		{onion, "GET", "http://clear.example/", false},
		{onion, "GET", "ws://" + demoOnion("a") + "/", false},
		{"http://clear.example/", "GET", "https://static.example/app.js", true},
		{"http://clear.example/", "GET", onion, false},
		{"http://127.0.0.1:8080/", "GET", "http://127.0.0.1:8080/app.js", true},
		{"http://127.0.0.1:8080/", "GET", "http://127.0.0.1:9090/", false},
		{"http://127.0.0.1:8080/", "GET", "http://127.0.0.2:8080/", false},
	} {
		if err := k.reads(tt.page, tt.method, tt.link); (err == nil) != tt.ok {
			t.Errorf("%s: %s %s: %v", tt.page, tt.method, tt.link, err)
		}
	}
	d := &dialer{opts: &l.opts, lane: lane{}, policy: l.opts.policy(lane{}), epochs: w.epochs}
	for _, to := range [][2]string{{"127.0.0.1", "8080"}, {"::1", "80"}, {"clear.example", "443"}, {"10.0.0.1", "80"}, {"169.254.169.254", "80"}} {
		var refused *PolicyError
		if _, err := d.onBehalf(t.Context(), onion, to[0], to[1]); !errors.As(err, &refused) {
			t.Errorf("%v: %v", to, err)
		}
	}
}

// TestRenderCircuit: what the page asks for goes to the proxy by name, under the user
// name and identity of its lane.
func TestRenderCircuit(t *testing.T) {
	site := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "{}") }))
	socks := newFakeSOCKS(t, site.URL)
	l := newLab(t)
	l.opts.Proxy = socks.addr
	l.opts.defaults()
	w := newWire(&l.opts)
	host := demoOnion("a")
	d := &dialer{opts: &l.opts, lane: lane{identity: "analyst"}, policy: l.opts.policy(lane{}), epochs: w.epochs}
	c, err := d.onBehalf(t.Context(), "http://"+host+"/", host, "80")
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
	user, password := w.epochs.credentials(host, "analyst")
	if !slices.ContainsFunc(socks.requests(), func(r request) bool { return r.user == user && r.password == password && r.atyp == 3 }) {
		t.Errorf("asked: %+v, want %s %s", socks.requests(), user, password)
	}
}
