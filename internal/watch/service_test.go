package watch

import (
	"errors"
	"net"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestMetrics(t *testing.T) {
	var m Metrics
	c := m.Counter("demo_total", "Things.")
	c.Add(1, "source", `a"b\c`+"\n")
	c.Add(2, "source", `a"b\c`+"\n")
	c.Add(1, "source", "b", "outcome", "ok")
	g := m.Gauge("demo_now", "Now.")
	m.Collect(func() { g.Set(1.5) })
	r := httptest.NewRecorder()
	m.ServeHTTP(r, httptest.NewRequest("GET", "/metrics", nil))
	want := "# HELP demo_total Things.\n# TYPE demo_total counter\n" +
		`demo_total{source="a\"b\\c\n"} 3` + "\n" + `demo_total{source="b",outcome="ok"} 1` + "\n" +
		"# HELP demo_now Now.\n# TYPE demo_now gauge\ndemo_now 1.5\n"
	if r.Body.String() != want {
		t.Errorf("got\n%s\nwant\n%s", r.Body, want)
	}
	r = httptest.NewRecorder()
	if m.ServeHTTP(r, httptest.NewRequest("POST", "/metrics", nil)); r.Code != 404 {
		t.Errorf("POST: %d", r.Code)
	}
}

func TestLoopback(t *testing.T) {
	for address, ok := range map[string]bool{
		"127.0.0.1:9464": true, "[::1]:9464": true, "localhost:0": true, "127.8.8.8:1": true,
		"0.0.0.0:9464": false, ":9464": false, "[::]:1": false, "192.168.1.2:1": false, "example.org:1": false, "127.0.0.1": false, "": false,
	} {
		if err := Loopback(address); (err == nil) != ok {
			t.Errorf("%q: %v", address, err)
		}
	}
}

func TestNotifier(t *testing.T) {
	file := filepath.Join(t.TempDir(), "n")
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: file, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := NewNotifier(file).Send("READY=1", "STATUS=demo"); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 100)
	n, err := c.Read(b)
	if err != nil || string(b[:n]) != "READY=1\nSTATUS=demo\n" {
		t.Errorf("%q %v", b[:n], err)
	}
	if err := NewNotifier("").Send("READY=1"); err != nil {
		t.Error(err)
	}
	if err := NewNotifier(file + "x").Send("READY=1"); err == nil {
		t.Error("no socket, and no error")
	}
	for usec, want := range map[string]time.Duration{"": 0, "x": 0, "-4": 0, "600000000": 5 * time.Minute} {
		if got := WatchdogEvery(usec); got != want {
			t.Errorf("%q: %v", usec, got)
		}
	}
}

func TestGuards(t *testing.T) {
	dir := t.TempDir()
	free, total, err := Free(dir)
	if err != nil || free <= 0 || total < free {
		t.Fatalf("free %d of %d: %v", free, total, err)
	}
	if err := (Guard{MinFree: total + 1}).Check(false, dir); !errors.Is(err, ErrDisk) || !strings.Contains(err.Error(), "min_free") {
		t.Errorf("more than the disk has: %v", err)
	}
	if err := (Guard{MinFree: 1}).Check(true, dir); err != nil {
		t.Error(err)
	}
	if err := (Guard{MinFree: 1, Memory: 1}).Check(false, dir); !errors.Is(err, ErrMemory) {
		t.Errorf("one byte: %v", err)
	}
	if err := (Guard{MinFree: 1}).Check(false, dir, filepath.Join(dir, "none")); err == nil || errors.Is(err, ErrDisk) {
		t.Errorf("a folder that is not there: %v", err)
	}
	const mib = 1 << 20
	for _, c := range []struct {
		guard       Guard
		begin       bool
		free, total int64
		held        int64
		want        error
	}{
		{Guard{MinFree: 100 * mib}, false, 100 * mib, 1 << 40, 0, nil},
		{Guard{MinFree: 100 * mib}, false, 100*mib - 1, 1 << 40, 0, ErrDisk},
		{Guard{MinFree: 100 * mib}, true, 125*mib - 1, 1 << 40, 0, ErrDisk},
		{Guard{MinFree: 100 * mib}, true, 125 * mib, 1 << 40, 0, nil},
		{Guard{}, false, 1<<30 - 1, 1 << 40, 0, ErrDisk},
		{Guard{}, false, 1 << 30, 1 << 40, 0, nil},
		{Guard{}, false, 6 * mib, 100 * mib, 0, nil}, // a twentieth
		{Guard{}, false, 4 * mib, 100 * mib, 0, ErrDisk},
		{Guard{MinFree: 1, Memory: 50}, false, 2, 2, 50, nil},
		{Guard{MinFree: 1, Memory: 50}, false, 2, 2, 51, ErrMemory},
		{Guard{MinFree: 1}, false, 2, 2, 1 << 50, nil},
	} {
		c.guard.Free = func(string) (int64, int64, error) { return c.free, c.total, nil }
		c.guard.Held = func() int64 { return c.held }
		if err := c.guard.Check(c.begin, dir); !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}
