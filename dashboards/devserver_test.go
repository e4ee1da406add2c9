package dashboards

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"testing"
)

// TestDevServer serves the invented workspace for work on the interface:
//
//	TAMGA_DEV=127.0.0.1:8765 go test -count 1 -timeout 0 -run TestDevServer ./dashboards
func TestDevServer(t *testing.T) {
	addr := os.Getenv("TAMGA_DEV")
	if addr == "" {
		t.Skip("set TAMGA_DEV to an address to serve the invented workspace")
	}
	s := newFakeServer(t, Options{Token: os.Getenv("TAMGA_DEV_TOKEN"), Logger: slog.New(slog.NewTextHandler(os.Stderr, nil))})
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := s.Serve(ctx, addr, func(link string) { fmt.Fprintln(os.Stderr, link) })
	if err != nil {
		t.Fatal(err)
	}
}

// newFakeServer is a server over the invented workspace.
func newFakeServer(t testing.TB, opt Options) *Server {
	t.Helper()
	w := newFakeWorkspace()
	opt.Searcher, opt.Opener, opt.Tracer, opt.Title = newFakeSearcher(t, w), w, w, "demo workspace"
	if opt.Watcher == nil {
		opt.Watcher = fakeWatcher{w: w}
	}
	s, err := New(opt)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
