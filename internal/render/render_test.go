package render

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tamga/internal/chromium"
)

// able skips where pages cannot be drawn.
func able(t *testing.T) {
	t.Helper()
	if _, err := chromium.Find(""); err != nil {
		t.Skip("not drawn: ", err)
	}
	if err := Check(); err != nil {
		t.Skip("not drawn: ", err)
	}
}

// asked records what a page wants of the network.
type asked struct {
	mu  sync.Mutex
	all []string
}

func (a *asked) add(s string) { a.mu.Lock(); a.all = append(a.all, s); a.mu.Unlock() }

func (a *asked) has(s string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, x := range a.all {
		if strings.Contains(x, s) {
			return true
		}
	}
	return false
}

const shell = `<!doctype html><title>Demo Bazaar</title><div id=root></div><noscript>Please enable JavaScript</noscript>
<script>
fetch("/offers.json").then(r => r.json()).then(o => {
	document.getElementById("root").innerHTML = "<h1>" + o.title + "</h1><a href='/offer/7'>Offer seven</a><p id=who>" + document.cookie + "/" + localStorage.getItem("token") + "</p>"
})
fetch("/order", {method: "POST", body: "x"}).catch(() => {})
</script>`

// demo serves demo.example out of a handler, and refuses all other places.
func demo(t *testing.T, a *asked, body string) Page {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.add(r.Method + " " + r.URL.Path + " cookie " + r.Header.Get("Cookie"))
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"title": "Fictional offers"}`)
	}))
	t.Cleanup(srv.Close)
	return Page{
		URL: "http://demo.example/", Status: 200, Header: http.Header{"Content-Type": {"text/html; charset=utf-8"}}, Body: []byte(body),
		Allow: func(_, url string) error {
			a.add("allow " + url)
			if !strings.HasPrefix(url, "http://demo.example/") {
				return ErrRefused
			}
			return nil
		},
		Dial: func(ctx context.Context, host, port string) (net.Conn, error) {
			a.add("dial " + net.JoinHostPort(host, port))
			if host != "demo.example" || port != "80" {
				return nil, ErrRefused
			}
			return (&net.Dialer{}).DialContext(ctx, "tcp", srv.Listener.Addr().String())
		},
	}
}

func TestDraw(t *testing.T) {
	able(t)
	var a asked
	p := demo(t, &a, shell)
	p.Scripts = true
	p.Cookies = []Cookie{{Name: "sid", Value: "demo"}}
	p.Storage = []Item{{"http://demo.example", "token", "kept"}, {"http://other.example", "token", "wrong"}}
	d, err := new(Browser).Draw(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"<h1>Fictional offers</h1>", `href="/offer/7"`, "sid=demo/kept"} {
		if !bytes.Contains(d.DOM, []byte(want)) {
			t.Errorf("no %s in %s", want, d.DOM)
		}
	}
	if !bytes.HasPrefix(d.Screenshot, []byte("\x89PNG")) {
		t.Errorf("screenshot of %d bytes", len(d.Screenshot))
	}
	if !a.has("GET /offers.json cookie sid=demo") || a.has("POST") || a.has("GET / ") {
		t.Errorf("asked: %q", a.all)
	}

	var quiet asked
	p = demo(t, &quiet, shell)
	if d, err = new(Browser).Draw(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(d.DOM, []byte("Fictional offers")) || !bytes.Contains(d.DOM, []byte("Please enable")) || len(quiet.all) != 0 {
		t.Errorf("without scripts: %s, asked %q", d.DOM, quiet.all)
	}
	if d.Refused == 0 {
		t.Error("without scripts nothing was refused: the browser asks for an icon and for services of its own")
	}
}

// probing wants to be seen: by WebRTC, by this machine's own services, by DNS.
const probing = `<!doctype html><title>probe</title><link rel="dns-prefetch" href="//prefetch.example"><link rel=preconnect href="http://preconnect.example">
<img src="http://%[1]s/img"><iframe src="http://%[1]s/frame"></iframe><p id=done>no</p>
<script>
fetch("http://%[1]s/fetch", {mode: "no-cors"}).catch(() => {});
fetch("http://localhost:%[3]s/localhost", {mode: "no-cors"}).catch(() => {});
try { new WebSocket("ws://%[1]s/socket") } catch (e) {}
try {
	const pc = new RTCPeerConnection({iceServers: [{urls: "stun:%[2]s"}, {urls: "stun:192.0.2.1:3478"}]});
	pc.createDataChannel("x"); pc.createOffer().then(o => pc.setLocalDescription(o));
	document.getElementById("done").textContent = "webrtc";
} catch (e) { document.getElementById("done").textContent = "no webrtc" }
</script>`

// TestNothingLeaves draws a page that probes, with every fence and with none but the
// namespace: nothing reaches this machine's services, and no packet is sent.
func TestNothingLeaves(t *testing.T) {
	able(t)
	var direct atomic.Int64
	own := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { direct.Add(1) }))
	defer own.Close()
	stun, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer stun.Close()
	var datagrams atomic.Int64
	go func() {
		b := make([]byte, 1500)
		for {
			if _, _, err := stun.ReadFrom(b); err != nil {
				return
			}
			datagrams.Add(1)
		}
	}()
	_, port, _ := net.SplitHostPort(own.Listener.Addr().String())
	body := fmt.Sprintf(probing, own.Listener.Addr(), stun.LocalAddr(), port)
	for _, bare := range []bool{false, true} {
		t.Run(fmt.Sprintf("bare %v", bare), func(t *testing.T) {
			var a asked
			p := demo(t, &a, body)
			p.Scripts, p.Images = true, true
			p.Allow = func(string, string) error { return nil } // the connections are what is looked at
			var seen counters
			b := &Browser{bare: bare, inspect: func(pid int) {
				time.Sleep(2 * time.Second) // WebRTC goes on trying
				seen = countersOf(t, pid)
			}}
			d, err := b.Draw(t.Context(), p)
			if err != nil {
				t.Fatal(err)
			}
			if n, m := direct.Load(), datagrams.Load(); n != 0 || m != 0 {
				t.Errorf("%d requests and %d datagrams reached this machine", n, m)
			}
			if seen.interfaces != "lo" {
				t.Errorf("interfaces: %s", seen.interfaces)
			}
			t.Logf("counters %+v, asked %q", seen, a.all)
			if bare {
				if !bytes.Contains(d.DOM, []byte(">webrtc<")) || seen.noRoute+seen.datagrams == 0 {
					t.Errorf("the page did not try: counters %+v, %s", seen, d.DOM)
				}
				return
			}
			if seen.datagrams != 0 {
				t.Errorf("counters: %+v", seen)
			}
			// The page did try: what it wanted came to the relay, and was refused.
			if !a.has("dial "+own.Listener.Addr().String()) || d.Refused == 0 {
				t.Errorf("asked %q, refused %d", a.all, d.Refused)
			}
		})
	}
}

// counters are those of the network namespace of a process (/proc/PID/net).
type counters struct {
	interfaces         string
	datagrams, noRoute int
}

func countersOf(t *testing.T, pid int) (c counters) {
	t.Helper()
	dir := filepath.Join("/proc", strconv.Itoa(pid), "net")
	dev, err := os.ReadFile(filepath.Join(dir, "dev"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, line := range strings.Split(string(dev), "\n")[2:] {
		if name, _, ok := strings.Cut(line, ":"); ok {
			if rest := strings.Fields(line); len(rest) > 1 && (strings.TrimSpace(name) == "lo" || rest[9] != "0") { // sent packets
				names = append(names, strings.TrimSpace(name))
			}
		}
	}
	c.interfaces = strings.Join(names, " ")
	snmp, err := os.ReadFile(filepath.Join(dir, "snmp"))
	if err != nil {
		t.Fatal(err)
	}
	head := map[string][]string{}
	for line := range strings.Lines(string(snmp)) {
		f := strings.Fields(line)
		if head[f[0]] == nil {
			head[f[0]] = f
			continue
		}
		for i, name := range head[f[0]] {
			n, _ := strconv.Atoi(f[i])
			switch f[0] + name {
			case "Udp:OutDatagrams":
				c.datagrams = n
			case "Ip:OutNoRoutes":
				c.noRoute = n
			}
		}
	}
	return c
}

// TestRefused: where there is no namespace there is no browser either.
func TestRefused(t *testing.T) {
	mark := filepath.Join(t.TempDir(), "started")
	exe := filepath.Join(t.TempDir(), "browser")
	if err := os.WriteFile(exe, []byte("#!/bin/sh\ntouch "+mark+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	var a asked
	p := demo(t, &a, shell)
	b := &Browser{Exec: exe, refuse: func() error { return fmt.Errorf("%w: operation not permitted", ErrNamespace) }}
	if _, err := b.Draw(t.Context(), p); !errors.Is(err, ErrNamespace) {
		t.Errorf("error %v", err)
	}
	if _, err := os.Stat(mark); err == nil {
		t.Error("a browser was started")
	}
	if _, err := (&Browser{Exec: "no-such-browser"}).Draw(t.Context(), p); !errors.Is(err, ErrBrowser) {
		t.Errorf("error %v", err)
	}
	if Check() != nil {
		return
	}
	// A browser that ends at once is no fault of the namespace.
	if _, err := (&Browser{Exec: exe}).Draw(t.Context(), p); !errors.Is(err, ErrBrowser) || errors.Is(err, ErrNamespace) {
		t.Errorf("error %v", err)
	}
}

// TestLimits: a page without end is given up in time, and one that takes too much at once.
func TestLimits(t *testing.T) {
	able(t)
	var a asked
	p := demo(t, &a, `<p>endless</p><script>for (;;) {}</script>`)
	p.Scripts = true
	if _, err := (&Browser{Timeout: 6 * time.Second}).Draw(t.Context(), p); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("endless: %v", err)
	}
	if _, err := (&Browser{Memory: 1}).Draw(t.Context(), p); !errors.Is(err, ErrMemory) {
		t.Errorf("memory: %v", err)
	}
	left, _ := filepath.Glob(filepath.Join(os.TempDir(), "tamga-render-*"))
	if len(left) > 0 {
		t.Errorf("profiles are left: %q", left)
	}
}
