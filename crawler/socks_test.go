package crawler

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tamga"
)

// request is one that a SOCKS server got.
type request struct {
	user, password string
	atyp           byte
	host           string
}

// fakeSOCKS is a SOCKS5 server that leads every name to one backend, or answers
// with a reply code by name.
type fakeSOCKS struct {
	addr    string
	backend string
	mu      sync.Mutex
	asked   []request
	replies map[string]byte
}

func newFakeSOCKS(t *testing.T, backend string) *fakeSOCKS {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return serveSOCKS(l, backend)
}

func serveSOCKS(l net.Listener, backend string) *fakeSOCKS {
	s := &fakeSOCKS{addr: l.Addr().String(), backend: strings.TrimPrefix(backend, "http://"), replies: map[string]byte{}}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go s.serve(c)
		}
	}()
	return s
}

func (s *fakeSOCKS) serve(c net.Conn) {
	defer c.Close()
	read := func(n int) []byte {
		b := make([]byte, n)
		if _, err := io.ReadFull(c, b); err != nil {
			return make([]byte, n)
		}
		return b
	}
	var r request
	methods := read(int(read(2)[1]))
	if !slices.Contains(methods, 2) {
		c.Write([]byte{5, 0xff})
		return
	}
	c.Write([]byte{5, 2})
	r.user = string(read(int(read(2)[1])))
	r.password = string(read(int(read(1)[0])))
	c.Write([]byte{1, 0})
	r.atyp = read(4)[3]
	switch r.atyp {
	case 1:
		r.host = net.IP(read(4)).String()
	case 3:
		r.host = string(read(int(read(1)[0])))
	case 4:
		r.host = net.IP(read(16)).String()
	}
	read(2)
	s.mu.Lock()
	s.asked = append(s.asked, r)
	reply := s.replies[r.host]
	s.mu.Unlock()
	c.Write([]byte{5, reply, 0, 1, 0, 0, 0, 0, 0, 0})
	if reply != 0 {
		return
	}
	to, err := net.Dial("tcp", s.backend)
	if err != nil {
		return
	}
	defer to.Close()
	go io.Copy(to, c)
	io.Copy(c, to)
}

func (s *fakeSOCKS) requests() []request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asked)
}

// deafResolver fails the test when it is asked.
func deafResolver(t *testing.T) *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(_ context.Context, network, addr string) (net.Conn, error) {
		t.Errorf("a resolver was asked over %s at %s", network, addr)
		return nil, errors.New("no resolver in this test")
	}}
}

func demoOnion(c string) string { return strings.Repeat(c, 56) + ".onion" }

func TestSOCKS(t *testing.T) {
	s := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, "<a href=/%c>own page</a><a href=http://%s/>other onion</a><a href=http://clear.invalid/>clear</a><a href=http://10.0.0.1/>inside</a>", r.Host[0], demoOnion("b"))
	}))
	proxy := newFakeSOCKS(t, s.URL)
	l := newLab(t)
	l.opts.Local, l.opts.Delay, l.opts.Proxy, l.opts.Resolver, l.opts.Scope = false, -1, proxy.addr, deafResolver(t), ScopeAny
	a, b := demoOnion("a"), demoOnion("b")
	sum := l.run(t, "http://"+a+"/", "http://forum."+a+"/")
	if want := 6; sum.Captured != int64(want) || sum.Skipped != 2*3 {
		t.Errorf("%+v, want %d captured: %q", sum, want, l.sink.urls())
	}
	password := ""
	users := map[string]bool{}
	for _, r := range proxy.requests() {
		if r.atyp != 3 {
			t.Errorf("%+v: want the host as a name", r)
		}
		if want := r.host[strings.LastIndex(strings.TrimSuffix(r.host, ".onion"), ".")+1:]; r.user != want {
			t.Errorf("%+v: want the onion as the user", r)
		}
		if password == "" {
			password = r.password
		}
		if r.password != password || len(r.password) < 16 {
			t.Errorf("%+v: want one secret for the run", r)
		}
		users[r.user] = true
	}
	if len(users) != 2 || !users[a] || !users[b] {
		t.Errorf("users %v", users)
	}
	ex := l.sink.find(t, "http://"+a+"/")
	if ex.Route != tamga.RouteTor || ex.IP != "" {
		t.Errorf("route %s, IP %q", ex.Route, ex.IP)
	}
}

// More hosts than the window holds are crawled all the same, whatever the order
// in which they are found.
func TestManyHosts(t *testing.T) {
	const hosts = 60
	name := func(i int) string {
		return strings.Repeat(string(rune('a'+i/26))+string(rune('a'+i%26)), 28) + ".onion"
	}
	s := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		for i := range hosts {
			if r.Host == name(i) {
				fmt.Fprintf(w, "<a href=http://%s/>1</a><a href=http://%s/>2</a><a href=/more>3</a>", name((2*i+1)%hosts), name((2*i+2)%hosts))
			}
		}
	}))
	proxy := newFakeSOCKS(t, s.URL)
	for _, window := range []int{1, 3, 512} {
		l := newLab(t)
		l.opts.Local, l.opts.Delay, l.opts.Proxy, l.opts.Scope = false, -1, proxy.addr, ScopeAny
		c, err := New(l.opts)
		if err != nil {
			t.Fatal(err)
		}
		c.window = window
		sum, err := c.Run(t.Context(), []string{"http://" + name(0) + "/"})
		if err != nil || sum.Captured != 2*hosts {
			t.Errorf("window of %d: %+v, %v; want %d captured", window, sum, err, 2*hosts)
		}
	}
}

// Without Direct, the clear web goes through the proxy too, by name.
func TestClearWebThroughProxy(t *testing.T) {
	s := serve(t, tree(3))
	proxy := newFakeSOCKS(t, s.URL)
	l := newLab(t)
	l.opts.Local, l.opts.Delay, l.opts.Proxy, l.opts.Resolver = false, -1, proxy.addr, deafResolver(t)
	if sum := l.run(t, "http://demo.invalid/"); sum.Captured != 3 {
		t.Errorf("%+v", sum)
	}
	for _, r := range proxy.requests() {
		if r.atyp != 3 || r.host != "demo.invalid" || r.user != "demo.invalid" {
			t.Errorf("%+v", r)
		}
	}
	if ex := l.sink.find(t, "http://demo.invalid/"); ex.Route != tamga.RouteClear {
		t.Errorf("route %s", ex.Route)
	}
}

func TestSOCKSReplies(t *testing.T) {
	s := serve(t, tree(1))
	proxy := newFakeSOCKS(t, s.URL)
	l := newLab(t)
	l.opts.Local, l.opts.Delay, l.opts.Proxy, l.opts.Resolver = false, -1, proxy.addr, deafResolver(t)
	var seeds []string
	want := map[string]tamga.Outcome{}
	codes := map[byte]tamga.Outcome{1: tamga.OutcomeSOCKS, 2: tamga.OutcomeSOCKS, 3: tamga.OutcomeUnreachable, 4: tamga.OutcomeUnreachable, 5: tamga.OutcomeRefused,
		6: tamga.OutcomeSOCKS, 8: tamga.OutcomeSOCKS, 0xf0: tamga.OutcomeSOCKS, 0xf6: tamga.OutcomeSOCKS, 0xf7: tamga.OutcomeSOCKS}
	for code, outcome := range codes {
		host := demoOnion(string(rune('a' + code%26)))
		proxy.replies[host] = code
		seeds = append(seeds, "http://"+host+"/")
		want[seeds[len(seeds)-1]] = outcome
	}
	l.run(t, seeds...)
	for u, outcome := range want {
		ex := l.sink.find(t, u)
		code := proxy.replies[hostname(u)]
		if ex.Outcome != outcome || !strings.Contains(ex.Detail, fmt.Sprintf("0x%02X", code)) || !strings.Contains(ex.Detail, replies[int(code)]) || ex.Status != 0 {
			t.Errorf("reply %#x: %s (%s)", code, ex.Outcome, ex.Detail)
		}
	}
}

// After failures in a row an onion gets a new password, so new circuits; the
// others keep theirs.
func TestEpoch(t *testing.T) {
	s := serve(t, tree(1))
	proxy := newFakeSOCKS(t, s.URL)
	bad, good := demoOnion("x"), demoOnion("y")
	proxy.replies[bad] = 1
	l := newLab(t)
	l.opts.Local, l.opts.Delay, l.opts.Proxy, l.opts.Attempts = false, -1, proxy.addr, failuresPerEpoch+1
	l.run(t, "http://"+bad+"/", "http://"+good+"/")
	passwords := map[string][]string{}
	for _, r := range proxy.requests() {
		passwords[r.user] = append(passwords[r.user], r.password)
	}
	p := passwords[bad]
	if len(p) != failuresPerEpoch+1 || p[0] != p[failuresPerEpoch-1] || p[failuresPerEpoch] == p[0] {
		t.Errorf("passwords %q", p)
	}
	if q := passwords[good]; len(q) != 1 || q[0] != p[0] {
		t.Errorf("passwords %q", q)
	}
}

// A proxy that is gone ends the crawl and spoils nothing.
func TestProxyGone(t *testing.T) {
	l := newLab(t)
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	l.opts.Local, l.opts.Proxy = false, closed.Addr().String()
	_, err = l.tryRun(t, "http://"+demoOnion("a")+"/")
	var gone *ProxyError
	if !errors.As(err, &gone) {
		t.Fatalf("error %v", err)
	}
	if c, err := l.opts.Frontier.Status(t.Context()); err != nil || c.Ready != 1 || len(l.sink.urls()) != 0 {
		t.Errorf("%+v, %v, %q", c, err, l.sink.urls())
	}
}

func TestRefusedSeeds(t *testing.T) {
	var touched bool
	s := serve(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { touched = true }))
	l := newLab(t)
	l.opts.Local, l.opts.Direct, l.opts.Resolver = false, true, deafResolver(t)
	for _, seed := range []string{s.URL, strings.Replace(s.URL, "127.0.0.1", "localhost", 1), strings.Replace(s.URL, "127.0.0.1", "[::ffff:127.0.0.1]", 1),
		"http://" + demoOnion("a") + "/", "http://demo.i2p/", "http://10.0.0.1/", "http://169.254.169.254/", "http://0.0.0.0/", "file:///etc/hostname"} {
		_, err := l.tryRun(t, seed)
		var refused *PolicyError
		if !errors.As(err, &refused) {
			t.Errorf("%s: error %v, want a PolicyError", seed, err)
		}
	}
	if touched || len(l.sink.urls()) != 0 {
		t.Error("a refused seed was fetched")
	}
}

// A clear-web name that DNS leads to a private address is stopped at the dial.
func TestRebinding(t *testing.T) {
	var touched bool
	s := serve(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { touched = true }))
	dns := fakeDNS(t, net.IPv4(127, 0, 0, 1))
	for _, local := range []bool{false, true} {
		l := newLab(t)
		l.opts.Local, l.opts.Direct, l.opts.Delay, l.opts.Resolver = local, true, -1, dns
		port := s.URL[strings.LastIndexByte(s.URL, ':'):]
		l.run(t, "http://demo.example"+port+"/")
		ex := l.sink.find(t, "http://demo.example"+port+"/")
		if ex.Outcome != tamga.OutcomePolicy || touched {
			t.Errorf("local %v: %s (%s), touched %v", local, ex.Outcome, ex.Detail, touched)
		}
	}
}

// fakeDNS is a resolver over an in-memory server that answers every A query with
// one address.
func fakeDNS(t *testing.T, ip net.IP) *net.Resolver {
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	go func() {
		b := make([]byte, 1500)
		for {
			n, from, err := c.ReadFrom(b)
			if err != nil {
				return
			}
			q := slices.Clone(b[:n])
			end := 12
			for end < n && q[end] != 0 {
				end += int(q[end]) + 1
			}
			end += 5
			if end > n {
				continue
			}
			isA := q[end-4] == 0 && q[end-3] == 1
			answer := append(slices.Clone(q[:2]), 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0)
			answer = append(answer, q[12:end]...)
			if isA {
				answer[7] = 1
				answer = append(answer, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4)
				answer = append(answer, ip.To4()...)
			}
			c.WriteTo(answer, from)
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "udp", c.LocalAddr().String())
	}}
}
