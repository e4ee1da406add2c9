package term

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"
)

func TestOffATerminalALineEveryTenSeconds(t *testing.T) {
	var out bytes.Buffer
	p := NewProgress(&out, slog.New(slog.NewTextHandler(&out, nil)))
	clock := time.Unix(0, 0)
	p.now = func() time.Time { return clock }
	b := p.Bar("crawl", "pages", 0)
	for i := range int64(31) {
		b.Set(i*10, 600)
		clock = clock.Add(time.Second)
	}
	b.Done()
	p.Wait()
	if n := strings.Count(out.String(), "msg=crawl"); n != 3 {
		t.Errorf("%d lines in 31 seconds, want 3:\n%s", n, out.String())
	}
	if !strings.Contains(out.String(), "total=600") || strings.Contains(out.String(), "\x1b") {
		t.Errorf("unexpected text: %q", out.String())
	}
}

func TestZeroProgressIsSilent(t *testing.T) {
	b := new(Progress).Bar("x", "y", 1)
	b.Set(1, 1)
	b.Done()
}
