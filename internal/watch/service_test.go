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
	if err := CheckDisk(dir, total+1); !errors.Is(err, ErrDisk) || !strings.Contains(err.Error(), "min_free") {
		t.Errorf("more than the disk has: %v", err)
	}
	if err := CheckDisk(dir, 1); err != nil {
		t.Error(err)
	}
	if err := CheckMemory(1); !errors.Is(err, ErrMemory) {
		t.Errorf("one byte: %v", err)
	}
	for _, limit := range []int64{0, 1 << 50} {
		if err := CheckMemory(limit); err != nil {
			t.Error(err)
		}
	}
}
