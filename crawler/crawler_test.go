package crawler

import (
	"strings"
	"testing"
)

func TestCrawlTree(t *testing.T) {
	const n = 150
	s := serve(t, tree(n))
	l := newLab(t)
	sum := l.run(t, s.URL)
	urls := l.sink.urls()
	noDuplicates(t, urls)
	if len(urls) != n || sum.Captured != n || sum.Failed != 0 {
		t.Fatalf("%d captures, summary %+v, want %d", len(urls), sum, n)
	}
	ex := l.sink.find(t, s.URL+"/p/3")
	if !strings.HasPrefix(string(ex.RequestHead), "GET /p/3 HTTP/1.1\r\nHost: 127.0.0.1:") || !strings.HasSuffix(string(ex.RequestHead), "\r\n\r\n") {
		t.Errorf("request head %q", ex.RequestHead)
	}
	if !strings.HasPrefix(string(ex.ResponseHead), "HTTP/1.1 200 OK\r\n") || !strings.HasSuffix(string(ex.ResponseHead), "\r\n\r\n") {
		t.Errorf("response head %q", ex.ResponseHead)
	}
	if ex.Via != s.URL+"/p/1" || ex.IP != "127.0.0.1" || ex.Route != "local" || ex.Operator != "demo operator" || ex.Outcome != "ok" {
		t.Errorf("%+v", ex)
	}
	c, err := l.opts.Frontier.Status(t.Context())
	if err != nil || c.Done != n || c.Ready+c.Leased+c.Dead != 0 || c.Outcomes["ok"] != n {
		t.Errorf("frontier %+v, %v", c, err)
	}
	if again := l.run(t, s.URL); again.Captured != 0 || len(l.sink.urls()) != n {
		t.Errorf("a finished crawl started again: %+v", again)
	}
	l.opts.Refresh = true
	if again := l.run(t, s.URL); again.Captured != n {
		t.Errorf("refresh captured %d, want %d", again.Captured, n)
	}
}
