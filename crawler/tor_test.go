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

// The same site over a real Tor network and over loopback: identical payloads,
// no look-up, no connection but those to the SOCKS port, one circuit an onion.
func TestTor(t *testing.T) {
	if !isolated(t) {
		return
	}
	if c, err := net.DialTimeout("udp", "192.0.2.1:53", time.Second); err == nil {
		c.Close()
		t.Fatal("the namespace has a route out")
	}
	site := func(name string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/where" {
				w.Header().Set("Content-Type", "text/html")
				fmt.Fprintf(w, "demo market %s", name)
				return
			}
			tree(60).ServeHTTP(w, r)
		})
	}
	a, b := site("a"), site("b")
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	n, err := torlab.Start(ctx, torlab.Options{Dir: t.TempDir(), Services: []torlab.Service{{Handler: a}, {Handler: b}}})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()

	local := serve(t, a)
	direct := newLab(t)
	direct.run(t, local.URL+"/", local.URL+"/where")

	over := newLab(t)
	over.opts.Local, over.opts.Delay, over.opts.Proxy, over.opts.Resolver = false, -1, n.SOCKS, deafResolver(t)
	onion, other := "http://"+n.Onions[0], "http://"+n.Onions[1]
	over.run(t, onion+"/", onion+"/where", other+"/where")

	digests := func(l *lab, prefix string) map[string]tamga.Digest {
		m := map[string]tamga.Digest{}
		for _, r := range l.sink.records() {
			if path, ok := strings.CutPrefix(r.Exchange.URL, prefix); ok {
				m[path] = r.Capture.Digest
			}
		}
		return m
	}
	want, got := digests(direct, local.URL), digests(over, onion)
	if len(want) != 61 || len(got) != len(want) {
		t.Fatalf("%d pages over Tor, %d directly, want 61", len(got), len(want))
	}
	for path, d := range want {
		if got[path] != d {
			t.Errorf("%s: %s over Tor, %s directly", path, got[path], d)
		}
	}
	if ex := over.sink.find(t, other+"/where"); string(ex.Body) != "demo market b" || ex.Route != tamga.RouteTor || ex.IP != "" {
		t.Errorf("the other onion: %q by %s from %q", ex.Body, ex.Route, ex.IP)
	}

	circuits, err := n.Circuits(ctx)
	if err != nil {
		t.Fatal(err)
	}
	users := map[string]map[string]bool{} // onion, by the circuit's user name
	for _, line := range circuits {
		if field(line, "PURPOSE") != "HS_CLIENT_REND" {
			continue
		}
		user, query := strings.Trim(field(line, "SOCKS_USERNAME"), `"`), field(line, "REND_QUERY")
		if user == "" {
			continue // the lab's own, before the crawl
		}
		if users[user] == nil {
			users[user] = map[string]bool{}
		}
		users[user][query] = true
	}
	for _, o := range n.Onions {
		if q := users[o]; len(q) != 1 || !q[strings.TrimSuffix(o, ".onion")] {
			t.Errorf("circuits of the user %s: %v among %q", o, q, circuits)
		}
	}
	if len(users) != 2 {
		t.Errorf("circuits of %d users, want 2: %q", len(users), circuits)
	}
	for _, peer := range peers(t) {
		if peer != n.SOCKS && !strings.HasPrefix(peer, "127.0.0.1:") {
			t.Errorf("a connection to %s", peer)
		}
	}
}

func field(line, name string) string {
	for _, f := range strings.Fields(line) {
		if v, ok := strings.CutPrefix(f, name+"="); ok {
			return v
		}
	}
	return ""
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
