package crawler

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync"
	"testing"
	"time"
)

// watching is a handler of a log that calls a function at each record.
type watching struct {
	slog.Handler
	at func(string)
}

func (w watching) Enabled(context.Context, slog.Level) bool { return true }
func (w watching) Handle(_ context.Context, r slog.Record) error {
	w.at(r.Message)
	return nil
}

// A run that waits for its proxy goes on when it is there, with every page once
// and no failure held against a site.
func TestWaitForProxy(t *testing.T) {
	const n = 9
	s := serve(t, tree(n))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	lab := newLab(t)
	var once sync.Once
	waited := 0
	lab.opts.Local, lab.opts.Delay, lab.opts.Proxy, lab.opts.WaitForProxy = false, -1, addr, true
	lab.opts.Logger = slog.New(watching{slog.DiscardHandler, func(message string) {
		if message != "waiting for the proxy" {
			return
		}
		if waited++; waited < 3 {
			return
		}
		once.Do(func() {
			l, err := net.Listen("tcp", addr)
			if err != nil {
				t.Error(err)
				return
			}
			t.Cleanup(func() { l.Close() })
			serveSOCKS(l, s.URL)
		})
	}})
	c, err := New(lab.opts)
	if err != nil {
		t.Fatal(err)
	}
	c.pause = time.Millisecond
	if sum, err := c.Run(t.Context(), []string{"http://" + demoOnion("a") + "/"}); err != nil || sum.Captured != n || sum.Failed != 0 || waited != 3 {
		t.Errorf("%+v, %v after %d waits", sum, err, waited)
	}
	noDuplicates(t, lab.sink.urls())
	if lab.sink.Len() != n {
		t.Errorf("%d captures", lab.sink.Len())
	}

	// It can be interrupted while it waits.
	lab = newLab(t)
	ctx, cancel := context.WithCancel(t.Context())
	lab.opts.Local, lab.opts.Proxy, lab.opts.WaitForProxy = false, "127.0.0.1:1", true
	lab.opts.Logger = slog.New(watching{slog.DiscardHandler, func(string) { cancel() }})
	if c, err = New(lab.opts); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Run(ctx, []string{"http://" + demoOnion("a") + "/"}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}
