package crawler

import (
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"tamga"
)

// counters are what the kernel counted in this network namespace
// (/proc/net/snmp): connections begun, datagrams sent, packets without a route.
type counters struct{ opens, datagrams, noRoute int }

func kernelCounters(t *testing.T) (c counters) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("/proc", "self", "net", "snmp"))
	if err != nil {
		t.Fatal(err)
	}
	head := map[string][]string{}
	for line := range strings.Lines(string(b)) {
		f := strings.Fields(line)
		if len(f) == 0 {
			continue
		}
		names := head[f[0]]
		if names == nil {
			head[f[0]] = f
			continue
		}
		for i, name := range names[:min(len(names), len(f))] {
			n, _ := strconv.Atoi(f[i])
			switch f[0] + name {
			case "Tcp:ActiveOpens":
				c.opens = n
			case "Udp:OutDatagrams":
				c.datagrams = n
			case "Ip:OutNoRoutes":
				c.noRoute = n
			}
		}
	}
	return c
}

// Without a proxy, or with one that leads an onion astray, nothing leaves: in a
// namespace that has no route the kernel would have counted the attempt. That it
// counts them is shown by a crawl that is allowed to go out.
func TestFailClosed(t *testing.T) {
	if !isolated(t) {
		return
	}
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	astray := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/":
			w.Header().Set("Onion-Location", "http://"+demoOnion("z")+"/")
			w.Header().Set("Content-Type", "text/html")
			w.Write([]byte(`<base href="http://192.0.2.7/"><a href="http://clear.example/">clear</a><a href="//198.51.100.1/">address</a>
				<iframe src="https://frame.example/"></iframe><img src="http://image.example/x.png"><link rel=stylesheet href="http://style.example/x">
				<script src="http://script.example/x.js"></script><meta http-equiv=refresh content="0;url=http://refresh.example/">
				<a href="http://` + r.Host + `/name">1</a><a href="http://` + r.Host + `/address">2</a><a href="http://` + r.Host + `/loopback">3</a><a href="http://` + r.Host + `/i2p">4</a>`))
		case "/name":
			http.Redirect(w, r, "http://clear.example/", http.StatusFound)
		case "/address":
			http.Redirect(w, r, "http://192.0.2.7/", http.StatusMovedPermanently)
		case "/loopback":
			http.Redirect(w, r, "http://127.0.0.1:1/", http.StatusFound)
		case "/i2p":
			http.Redirect(w, r, "http://demo.i2p/", http.StatusFound)
		}
	}))
	onion := "http://" + demoOnion("a") + "/"
	setup := func(proxy string) *lab {
		l := newLab(t)
		l.opts.Local, l.opts.Delay, l.opts.Proxy, l.opts.Scope = false, -1, proxy, ScopeAny
		return l
	}
	quiet := func(name string, connections int, crawl func()) {
		before := kernelCounters(t)
		crawl()
		after := kernelCounters(t)
		if n := after.opens - before.opens; n > connections || after.datagrams != before.datagrams || after.noRoute != before.noRoute {
			t.Errorf("%s: before %+v, after %+v; want %d connections at most and nothing else", name, before, after, connections)
		}
	}
	var gone *ProxyError
	var refused *PolicyError
	for _, seed := range []string{onion, "http://clear.example/", "https://clear.example/", "http://93.184.215.14/"} {
		quiet(seed+" with its proxy down", 1, func() {
			if _, err := setup(closed.Addr().String()).tryRun(t, seed); !errors.As(err, &gone) {
				t.Errorf("%s: error %v", seed, err)
			}
		})
		quiet(seed+" without a proxy", 0, func() {
			if _, err := setup("").tryRun(t, seed); !errors.As(err, &refused) {
				t.Errorf("%s: error %v", seed, err)
			}
		})
	}
	socks := newFakeSOCKS(t, astray.URL)
	quiet("an onion that leads astray", 100, func() {
		l := setup(socks.addr)
		l.run(t, onion)
		for path, why := range map[string]string{"name": "from tor to clear", "address": "from tor to private", "loopback": "from tor to loopback", "i2p": "from tor to i2p"} {
			if ex := l.sink.find(t, onion+path); ex.Outcome != tamga.OutcomeRedirect && ex.Outcome != tamga.OutcomePolicy {
				t.Errorf("%s: %s", path, ex.Outcome)
			}
			var outcome, detail string
			k := key(onion + path)
			if err := l.opts.Frontier.db.QueryRow(`SELECT outcome, detail FROM frontier_url WHERE key = ?`, k[:]).Scan(&outcome, &detail); err != nil || outcome != string(tamga.OutcomePolicy) || !strings.Contains(detail, why) {
				t.Errorf("%s: %s (%s), %v", path, outcome, detail, err)
			}
		}
		for _, u := range l.sink.urls() {
			if !strings.HasPrefix(u, onion) {
				t.Errorf("captured %s", u)
			}
		}
	})
	for _, r := range socks.requests() {
		if r.host+"/" != strings.TrimPrefix(onion, "http://") || r.atyp != 3 {
			t.Errorf("the proxy was asked for %+v", r)
		}
	}
	// The control: what is allowed to go out is counted.
	before := kernelCounters(t)
	l := setup("")
	l.opts.Direct, l.opts.Attempts = true, 1
	l.run(t, "http://93.184.215.14/")
	l.opts.Frontier = openFrontier(t, openDB(t, filepath.Join(l.dir, "other.db")))
	l.run(t, "http://clear.example/")
	if after := kernelCounters(t); after.noRoute == before.noRoute && after.opens == before.opens {
		t.Errorf("a direct crawl is not counted: %+v", after)
	}
	if ex := l.sink.find(t, "http://93.184.215.14/"); ex.Outcome != tamga.OutcomeUnreachable {
		t.Errorf("no route: %s (%s)", ex.Outcome, ex.Detail)
	}
	if ex := l.sink.find(t, "http://clear.example/"); ex.Outcome != tamga.OutcomeDNS {
		t.Errorf("no resolver: %s (%s)", ex.Outcome, ex.Detail)
	}
}
