package crawler

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"tamga"
)

func TestHomograph(t *testing.T) {
	for raw, want := range map[string]string{
		"http://demo.example/":      "",
		"http://пример.example/":    "",
		"http://bücher.example/":    "",
		"http://dеmo.example/":      "mixes Cyrillic and Latin", // a Cyrillic е
		"http://сосо.example/":      "look Latin",               // all Cyrillic
		"http://shop.ехсо.example/": "look Latin",
		"http://xn--a.example/":     "",
	} {
		u, err := Canonical(raw)
		if err != nil {
			continue // refused by the URL standard
		}
		if h := hostname(u); strings.Trim(h, "abcdefghijklmnopqrstuvwxyz0123456789.-") != "" {
			t.Errorf("%s is shown as %s", raw, h)
		}
		if got := homograph(hostname(u)); (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", raw, got, want)
		}
	}
}

// A capture of a host with a name that imitates another says so.
func TestHomographIsFlagged(t *testing.T) {
	s := serve(t, tree(1))
	socks := newFakeSOCKS(t, s.URL)
	l := newLab(t)
	l.opts.Local, l.opts.Delay, l.opts.Proxy = false, -1, socks.addr
	l.run(t, "http://dеmo.example/")
	ex := l.sink.records()[0].Exchange
	if !strings.HasPrefix(ex.URL, "http://xn--") || ex.Outcome != tamga.OutcomeOK || !strings.Contains(ex.Detail, "mixes Cyrillic and Latin") {
		t.Errorf("%s: %s (%s)", ex.URL, ex.Outcome, ex.Detail)
	}
}

// A server that sends a byte now and then, in the body or in the head, is left.
func TestTrickle(t *testing.T) {
	drip := func(w io.Writer, flush func(), done <-chan struct{}) {
		for {
			select {
			case <-done:
				return
			case <-time.After(20 * time.Millisecond):
			}
			if _, err := w.Write([]byte("x")); err != nil {
				return
			}
			flush()
		}
	}
	s := serve(t, routes{
		"/": text("<a href=/body>1</a><a href=/head>2</a>"),
		"/body": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			drip(w, w.(http.Flusher).Flush, r.Context().Done())
		},
		"/head": func(w http.ResponseWriter, r *http.Request) {
			c, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				panic(err)
			}
			defer c.Close()
			io.WriteString(c, "HTTP/1.1 200 OK\r\nX-Demo: ")
			drip(c, func() {}, nil)
		},
	})
	l := newLab(t)
	l.opts.Attempts = 1
	l.opts.Timeouts = Timeouts{Body: 400 * time.Millisecond, Header: 400 * time.Millisecond}
	l.run(t, s.URL)
	if ex := l.sink.find(t, s.URL+"/body"); ex.Outcome != tamga.OutcomeBody || ex.Truncated != "time" || len(ex.Body) == 0 || !strings.Contains(ex.Detail, "bytes in") {
		t.Errorf("body: %s (%s), %d bytes", ex.Outcome, ex.Detail, len(ex.Body))
	}
	if ex := l.sink.find(t, s.URL+"/head"); ex.Outcome != tamga.OutcomeHeader {
		t.Errorf("head: %s (%s)", ex.Outcome, ex.Detail)
	}
}
