package crawler

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tamga"
	"tamga/internal/torlab"
)

// isolated runs the test in a network namespace with no route out; true: this
// process is inside.
func isolated(t *testing.T) bool {
	t.Helper()
	if err := torlab.Available(); err != nil {
		t.Skip(err)
	}
	inside, err := torlab.Isolated()
	if err != nil {
		t.Fatal(err)
	}
	if inside {
		return true
	}
	cmd, err := torlab.Isolate(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	if err != nil {
		t.Skip("the test proves that nothing leaves, in a network namespace: ", err)
	}
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Fatalf("in its namespace: %v", err)
	}
	return false
}

// Five sites over a real Tor network at once and over loopback: identical
// payloads, no look-up, no connection but those to the SOCKS port, and of Tor's
// control port: one circuit an onion, which nobody else uses.
func TestTor(t *testing.T) {
	if !isolated(t) {
		return
	}
	if c, err := net.DialTimeout("udp", "192.0.2.1:53", time.Second); err == nil {
		c.Close()
		t.Fatal("the namespace has a route out")
	}
	const sites, pages = 5, 24
	var handlers []http.Handler
	var services []torlab.Service
	for i := range sites {
		h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			tree(pages-i).ServeHTTP(w, r)
			if r.URL.Path == "/" {
				fmt.Fprintf(w, "<!-- demo market %d -->", i)
			}
		})
		handlers, services = append(handlers, h), append(services, torlab.Service{Handler: h})
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	n, err := torlab.Start(ctx, torlab.Options{Dir: t.TempDir(), Services: services})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()

	// crawl goes over all sites in one run, each a source of its own.
	crawl := func(l *lab, origins []string) map[string]tamga.Digest {
		for i, o := range origins {
			name := fmt.Sprint("site", i)
			l.opts.Sources = append(l.opts.Sources, Source{Name: name, Seeds: []string{o + "/"}})
			l.opts.Begin = append(l.opts.Begin, name)
		}
		l.run(t)
		digests := map[string]tamga.Digest{}
		for _, r := range l.sink.records() {
			digests[r.Capture.Source+r.Exchange.URL[len(origin(r.Exchange.URL)):]] = r.Capture.Digest
		}
		noDuplicates(t, l.sink.urls())
		return digests
	}
	var near, far []string
	for i, h := range handlers {
		near, far = append(near, serve(t, h).URL), append(far, "http://"+n.Onions[i])
	}
	want := crawl(newLab(t), near)
	over := newLab(t)
	over.opts.Local, over.opts.Delay, over.opts.Proxy, over.opts.Resolver = false, -1, n.SOCKS, deafResolver(t)
	before := kernelCounters(t)
	got := crawl(over, far)
	// Tor itself looks for a route to learn its address, and sends nothing.
	if after := kernelCounters(t); after.datagrams != before.datagrams {
		t.Errorf("datagrams were sent: before %+v, after %+v", before, after)
	}
	if all := sites*pages - sites*(sites-1)/2; len(want) != all || len(got) != all {
		t.Fatalf("%d pages over Tor, %d directly, want %d", len(got), len(want), all)
	}
	for page, d := range want {
		if got[page] != d {
			t.Errorf("%s: %s over Tor, %s directly", page, got[page], d)
		}
	}
	for _, r := range over.sink.records() {
		if r.Exchange.Route != tamga.RouteTor || r.Exchange.IP != "" {
			t.Errorf("%s by %s from %q", r.Exchange.URL, r.Exchange.Route, r.Exchange.IP)
		}
	}

	circuits, err := n.Circuits(ctx)
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]int{} // circuits by the user that they are kept for
	for _, c := range circuits {
		if c.Purpose != "HS_CLIENT_REND" || !c.Authenticated {
			continue // the lab's own, before the crawl
		}
		used[c.User]++
		if c.User != c.Onion+".onion" {
			t.Errorf("a circuit of %s leads to %s", c.User, c.Onion)
		}
		if c.Status != "BUILT" {
			t.Errorf("circuit %+v", c)
		}
	}
	for _, o := range n.Onions {
		if used[o] != 1 {
			t.Errorf("%d circuits to %s, want 1", used[o], o)
		}
	}
	if len(used) != sites {
		t.Errorf("circuits of %d users, want %d: %+v", len(used), sites, circuits)
	}
	// Two identities on one of the sites: a circuit each, of one run.
	who := newLab(t)
	who.opts.Local, who.opts.Delay, who.opts.Proxy, who.opts.Resolver = false, -1, n.SOCKS, deafResolver(t)
	who.opts.Sources = []Source{
		{Name: "one", Identity: "analyst one", Seeds: []string{far[0] + "/?one"}, MaxDepth: 1},
		{Name: "two", Identity: "analyst two", Seeds: []string{far[0] + "/?two"}, MaxDepth: 1},
	}
	who.opts.Begin = []string{"one", "two"}
	who.run(t)
	if circuits, err = n.Circuits(ctx); err != nil {
		t.Fatal(err)
	}
	passwords := map[string]int{}
	for _, c := range circuits {
		if c.Purpose == "HS_CLIENT_REND" && c.User == n.Onions[0] {
			passwords[c.Password]++
		}
	}
	if len(passwords) != 3 { // with the one before
		t.Errorf("circuits to %s by password: %v", n.Onions[0], passwords)
	}
	for _, peer := range peers(t) {
		if peer != n.SOCKS && !strings.HasPrefix(peer, "127.0.0.1:") {
			t.Errorf("a connection to %s", peer)
		}
	}
}

// peers are the remote addresses of the namespace's TCP connections.
func peers(t *testing.T) (out []string) {
	f, err := os.Open(filepath.Join("/proc", "self", "net", "tcp"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(string(b), "\n")[1:] {
		fields := strings.Fields(line)
		if len(fields) < 3 || fields[2] == "00000000:0000" {
			continue
		}
		var ip, port uint32
		if _, err := fmt.Sscanf(fields[2], "%X:%X", &ip, &port); err != nil {
			t.Fatal(err)
		}
		out = append(out, fmt.Sprintf("%d.%d.%d.%d:%d", byte(ip), byte(ip>>8), byte(ip>>16), byte(ip>>24), port))
	}
	return out
}
