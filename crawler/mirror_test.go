package crawler

import (
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"tamga"
)

// A source whose first address does not answer is crawled at its mirror, and the
// pass says which one it was.
func TestMirrorStandsIn(t *testing.T) {
	const n = 20
	s := serve(t, tree(n))
	socks := newFakeSOCKS(t, s.URL)
	a, b, d := demoOnion("a"), demoOnion("b"), demoOnion("d")
	for name, x := range map[string]struct {
		replies map[string]byte
		answers string
	}{
		"first":  {map[string]byte{b: 0xf0, d: 0xf0}, a},
		"second": {map[string]byte{a: 0xf0}, b},
		"third":  {map[string]byte{a: 0x06, b: 0x04}, d},
		"none":   {map[string]byte{a: 0xf0, b: 0xf2, d: 0x01}, ""},
	} {
		socks.replies = x.replies
		l := newLab(t)
		var ended []Pass
		l.opts.Local, l.opts.Delay, l.opts.Proxy, l.opts.Resolver = false, -1, socks.addr, deafResolver(t)
		l.opts.Passed = func(p Pass) { ended = append(ended, p) }
		l.opts.Sources = []Source{{Name: "demo", Seeds: []string{"http://" + a + "/"}, Mirrors: []string{"http://" + b, "http://" + d + "/"}}}
		l.opts.Begin = []string{"demo"}
		sum := l.run(t)
		want, address := int64(n), "http://"+x.answers+"/"
		if x.answers == "" {
			want, address = 0, ""
		}
		if sum.Captured != want || len(ended) != 1 || ended[0].Address != address || ended[0].Captured != want {
			t.Errorf("%s: %+v, %+v; want %d from %q", name, sum, ended, want, address)
		}
		for _, r := range l.sink.records() {
			host := hostname(r.Exchange.URL)
			if r.Exchange.Status != 0 && host != x.answers || r.Exchange.Status == 0 && r.Exchange.Outcome != outcomes[x.replies[host]] {
				t.Errorf("%s: %s: %s", name, r.Exchange.URL, r.Exchange.Outcome)
			}
		}
		noDuplicates(t, l.sink.urls())
	}
}

var outcomes = map[byte]tamga.Outcome{1: tamga.OutcomeSOCKS, 4: tamga.OutcomeUnreachable, 6: tamga.OutcomeSOCKS, 0xf0: tamga.OutcomeSOCKS, 0xf2: tamga.OutcomeSOCKS}

// A site that goes down in the middle of a pass is crawled to its end at the
// mirror, and what its address answered is not fetched again there; a frontier
// that is lost afterwards comes to the same.
func TestMirrorInTheMiddle(t *testing.T) {
	const n, before = 40, 12
	var served atomic.Int64
	a, b := demoOnion("a"), demoOnion("b")
	var socks *fakeSOCKS
	s := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if served.Add(1) == before {
			socks.mu.Lock()
			socks.replies[a] = 4
			socks.mu.Unlock()
			w.Header().Set("Connection", "close")
		}
		tree(n).ServeHTTP(w, r)
	}))
	socks = newFakeSOCKS(t, s.URL)
	l := newLab(t)
	var ended []Pass
	l.opts.Local, l.opts.Delay, l.opts.Proxy, l.opts.Parallel, l.opts.Workers = false, -1, socks.addr, 1, 1
	l.opts.Passed = func(p Pass) { ended = append(ended, p) }
	l.opts.Sources = []Source{{Name: "demo", Seeds: []string{"http://" + a + "/"}, Mirrors: []string{"http://" + b + "/"}, Scope: ScopePrefix("http://" + a + "/")}}
	l.opts.Begin = []string{"demo"}
	l.run(t)
	at := map[string][]string{} // hosts that answered, by path
	for _, r := range l.sink.records() {
		if r.Exchange.Status != 0 {
			path := r.Exchange.URL[len(origin(r.Exchange.URL)):]
			at[path] = append(at[path], hostname(r.Exchange.URL))
		}
	}
	both := 0
	for path, hosts := range at {
		if len(hosts) > 1 {
			both++
			if !slices.Contains([]string{"/"}, path) && both > before {
				t.Errorf("%s was fetched from %q", path, hosts)
			}
		}
	}
	if len(at) != n || len(ended) != 1 || !strings.HasPrefix(ended[0].Address, "http://"+a) {
		t.Errorf("%d of %d pages, passes %+v", len(at), n, ended)
	}
	captured := l.sink.Len()
	l.opts.Frontier = openFrontier(t, openDB(t, filepath.Join(l.dir, "other.db")))
	l.opts.Begin = nil
	l.run(t)
	if l.sink.Len() != captured {
		t.Errorf("%d captures after a lost frontier, %d before", l.sink.Len(), captured)
	}
}

func TestElsewhere(t *testing.T) {
	for _, x := range [][4]string{
		{"http://a.example/", "http://a.example/", "https://b.example/shop/", "https://b.example/shop/"},
		{"http://a.example/p/1?x=2", "http://a.example/", "https://b.example/shop/", "https://b.example/shop/p/1?x=2"},
		{"http://a.example/m/p/1", "http://a.example/m/index", "http://b.example/", "http://b.example/p/1"},
		{"http://a.example/other", "http://a.example/m/index", "http://b.example/", "http://b.example/other"},
		{"https://a.example/p", "http://a.example/", "http://b.example/", "http://b.example/p"},
	} {
		if got := elsewhere(x[0], x[1], x[2]); got != x[3] {
			t.Errorf("%s from %s at %s: %s, want %s", x[0], x[1], x[2], got, x[3])
		}
	}
}

// Each identity has circuits of its own on an onion, and a new epoch for its own
// failures only. Every failure of Tor counts: its extended errors, the lifetime
// of a circuit.
func TestIdentityCircuits(t *testing.T) {
	s := serve(t, tree(1))
	onion, down := demoOnion("a"), demoOnion("b")
	for _, reply := range []byte{0x01, 0x03, 0x04, 0x05, 0x06, 0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7} {
		socks := newFakeSOCKS(t, s.URL)
		socks.replies[down] = reply
		l := newLab(t)
		l.opts.Local, l.opts.Delay, l.opts.Proxy, l.opts.Resolver, l.opts.Attempts = false, -1, socks.addr, deafResolver(t), failuresPerEpoch+1
		for i, who := range []string{"", "analyst one", "analyst two"} {
			name := fmt.Sprint("s", i)
			seeds := []string{fmt.Sprintf("http://%s/?%d", onion, i)}
			if who == "analyst one" {
				seeds = append(seeds, "http://"+down+"/")
			}
			l.opts.Sources = append(l.opts.Sources, Source{Name: name, Identity: who, Seeds: seeds})
			l.opts.Begin = append(l.opts.Begin, name)
		}
		l.run(t)
		passwords := map[string][]string{}
		for _, r := range socks.requests() {
			if r.atyp != 3 || r.user != r.host {
				t.Errorf("%+v", r)
			}
			passwords[r.user] = append(passwords[r.user], r.password)
		}
		// One may have been dialled twice: the transport dials while it waits.
		if p := slices.Compact(slices.Sorted(slices.Values(passwords[onion]))); len(p) != 3 {
			t.Errorf("reply %#x: passwords of three identities: %q", reply, p)
		}
		p := passwords[down]
		if len(p) != failuresPerEpoch+1 || p[0] != p[failuresPerEpoch-1] || p[failuresPerEpoch] == p[0] {
			t.Errorf("reply %#x: passwords of an onion that fails: %q", reply, p)
		}
		for _, secret := range append(p, passwords[onion]...) {
			if strings.Contains(secret, "analyst") {
				t.Errorf("the identity is told to the proxy: %q", secret)
			}
		}
	}
	e := newEpochs()
	for range failuresPerEpoch {
		e.result(onion, "one", false)
	}
	_, one := e.credentials(onion, "one")
	_, two := e.credentials(onion, "two")
	if !strings.Contains(one, "-1-") || !strings.Contains(two, "-0-") {
		t.Errorf("epochs %q and %q", one, two)
	}
}
