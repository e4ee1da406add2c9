package torlab

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"tamga/internal/torctl"
)

// isolated runs the test in a namespace without a way out, where that is
// allowed; true means that this process is the one to go on.
func isolated(t *testing.T) bool {
	t.Helper()
	if err := Available(); err != nil {
		t.Skip(err)
	}
	inside, err := Isolated()
	if err != nil {
		t.Fatal(err)
	}
	if inside {
		return true
	}
	cmd, err := Isolate(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	if err != nil {
		t.Log("not isolated: ", err)
		return true
	}
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Fatalf("isolated: %v", err)
	}
	return false
}

func TestOnion(t *testing.T) {
	if !isolated(t) {
		return
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	n, err := Start(ctx, Options{Dir: t.TempDir(), Services: []Service{{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "demo onion, asked for %s on %s", r.URL.Path, r.Host)
	})}}})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	if len(n.Onions) != 1 || len(n.Onions[0]) != 56+len(".onion") {
		t.Fatalf("onions %q", n.Onions)
	}
	// A SOCKS5 request by name, by hand: no other package is needed to know that
	// the network works.
	conn, err := net.Dial("tcp", n.SOCKS)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(time.Minute))
	fmt.Fprintf(conn, "\x05\x01\x00")
	fmt.Fprintf(conn, "\x05\x01\x00\x03%c%s\x00\x50", len(n.Onions[0]), n.Onions[0])
	fmt.Fprintf(conn, "GET /demo HTTP/1.0\r\nHost: %s\r\n\r\n", n.Onions[0])
	b, err := io.ReadAll(conn)
	if err != nil || len(b) < 12 || b[3] != 0 {
		t.Fatalf("%q, %v", b, err)
	}
	if want := "demo onion, asked for /demo on " + n.Onions[0]; !strings.HasSuffix(string(b), want) {
		t.Errorf("%q, want it to end in %q", b, want)
	}
	circuits, err := n.Circuits(ctx)
	if err != nil || !slices.ContainsFunc(circuits, func(c torctl.Circuit) bool { return c.Onion+".onion" == n.Onions[0] }) {
		t.Errorf("circuits %+v, %v", circuits, err)
	}
}

func TestTooFewRelays(t *testing.T) {
	if err := Available(); err != nil {
		t.Skip(err)
	}
	if _, err := Start(t.Context(), Options{Dir: t.TempDir(), Authorities: 1, Relays: 2}); err == nil {
		t.Error("three relays were accepted")
	}
}
