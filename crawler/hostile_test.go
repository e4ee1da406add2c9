package crawler

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/html/charset"

	"tamga"
)

// routes serves functions by path; anything else is a page without links.
type routes map[string]func(http.ResponseWriter, *http.Request)

func (m routes) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if h := m[r.URL.Path]; h != nil {
		h(w, r)
		return
	}
	page := "<html><body>demo " + r.URL.Path + "</body></html>"
	w.Header().Set("Content-Type", "text/html")
	io.WriteString(w, page)
}

func text(s string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, s)
	}
}

// hijacked answers with raw bytes and closes the connection; linger 0 resets it.
func hijacked(raw string, reset bool) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		c, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			panic(err)
		}
		io.WriteString(c, raw)
		if reset {
			c.(*net.TCPConn).SetLinger(0)
		}
		c.Close()
	}
}

// peakHeap watches the heap while f runs.
func peakHeap(f func()) (peak uint64) {
	var wg sync.WaitGroup
	stop := make(chan struct{})
	runtime.GC()
	wg.Go(func() {
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			peak = max(peak, m.HeapInuse)
			select {
			case <-stop:
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	})
	f()
	close(stop)
	wg.Wait()
	return peak
}

const memoryLimit = 512 << 20

func TestHugePage(t *testing.T) {
	var sent atomic.Int64
	filler := []byte("<p>" + strings.Repeat("demo filler ", 5000) + "</p>")
	s := serve(t, routes{"/": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, "<html><a href=/first>first</a>")
		for sent.Load() < 2<<30 {
			n, err := w.Write(filler)
			if err != nil {
				return
			}
			sent.Add(int64(n))
		}
	}})
	l := newLab(t)
	if peak := peakHeap(func() { l.run(t, s.URL) }); peak > memoryLimit {
		t.Errorf("heap of %d MiB", peak>>20)
	}
	ex := l.sink.find(t, s.URL+"/")
	if ex.Outcome != tamga.OutcomeTruncated || ex.Truncated != "length" || len(ex.Body) != DefaultBodyCap {
		t.Errorf("%s %s, %d bytes", ex.Outcome, ex.Truncated, len(ex.Body))
	}
	if n := sent.Load(); n > 64<<20 {
		t.Errorf("the server could send %d MiB", n>>20)
	}
	l.sink.find(t, s.URL+"/first")
}

// bomb is a gzip of a page and a gibibyte of zeros, in 65 members (RFC 1952 §2.2).
func bomb(page string) []byte {
	member := func(b []byte) []byte {
		var buf bytes.Buffer
		z, _ := gzip.NewWriterLevel(&buf, gzip.BestCompression)
		z.Write(b)
		z.Close()
		return buf.Bytes()
	}
	return append(member([]byte(page)), bytes.Repeat(member(make([]byte, 16<<20)), 64)...)
}

func TestGzipBomb(t *testing.T) {
	b := bomb("<html><a href=/first>first</a>")
	s := serve(t, routes{"/": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Content-Encoding", "gzip")
		w.Write(b)
	}})
	l := newLab(t)
	if peak := peakHeap(func() { l.run(t, s.URL) }); peak > memoryLimit {
		t.Errorf("heap of %d MiB", peak>>20)
	}
	ex := l.sink.find(t, s.URL+"/")
	if ex.Outcome != tamga.OutcomeOK || !strings.Contains(ex.Detail, "decoded body larger than") || !bytes.Equal(ex.Body, b) {
		t.Errorf("%s (%s), %d bytes", ex.Outcome, ex.Detail, len(ex.Body))
	}
	l.sink.find(t, s.URL+"/first")
}

func TestGzipKept(t *testing.T) {
	s := serve(t, routes{"/": func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Accept-Encoding") != "gzip" {
			t.Errorf("Accept-Encoding %q", r.Header.Get("Accept-Encoding"))
		}
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		io.WriteString(z, "<html><a href=/first>first</a>")
		z.Close()
	}})
	l := newLab(t)
	l.run(t, s.URL)
	if ex := l.sink.find(t, s.URL+"/"); string(ex.Body[:2]) != "\x1f\x8b" || ex.Outcome != tamga.OutcomeOK {
		t.Errorf("wire bytes were changed: %q", ex.Body)
	}
	l.sink.find(t, s.URL+"/first")
}

func TestNestedTags(t *testing.T) {
	deep := "<html><base href='/in/'><body>" + strings.Repeat("<div>", 100_000) + "<a href='deep'>x</a><noscript><a href=hidden>y</a></noscript>"
	// Formatting elements that every paragraph opens again: a parser makes a tree
	// of millions of nodes of it.
	var again strings.Builder
	again.WriteString("<html><body><p>")
	for i := range 400 {
		fmt.Fprintf(&again, "<b id=%d>", i)
	}
	again.WriteString(strings.Repeat("<p>x", 100_000) + "<a href=/again>x</a>")
	s := serve(t, routes{"/": text("<a href=/deep>1</a><a href=/formatting>2</a>"), "/deep": text(deep), "/formatting": text(again.String())})
	l := newLab(t)
	if peak := peakHeap(func() { l.run(t, s.URL) }); peak > memoryLimit {
		t.Errorf("heap of %d MiB", peak>>20)
	}
	for _, u := range []string{"/in/deep", "/in/hidden", "/again"} {
		l.sink.find(t, s.URL+u)
	}
}

// The two ways to read links agree.
func TestLinksByTreeAndByTokens(t *testing.T) {
	const src = `<html><head><base href="/b/"><base href="/no/"></head><body><A HREF=one>1</A><a href="&#47;two&amp;x">2</a>
		<map><area href='three'></map><iframe src="four"></iframe><a name=x>no</a><img src=no.png><script>var x = "<a href=no>"</script>
		<!-- <a href=no> --><noscript><a href="five">5</a></noscript><textarea><a href=no></textarea><link href=no><a href=" six
		">6</a></body></html>`
	s := serve(t, routes{"/": text(src), "/b/one": text("<p>" + strings.Repeat("<div>", 600) + strings.ReplaceAll(src, "/b/", "/c/"))})
	l := newLab(t)
	l.run(t, s.URL)
	for _, dir := range []string{"/b/", "/c/"} {
		for _, name := range []string{"one", "three", "four", "five", "six"} {
			l.sink.find(t, s.URL+dir+name)
		}
	}
	l.sink.find(t, s.URL+"/two&x")
	if n := len(l.sink.urls()); n != 12 {
		t.Errorf("%d captures, want 12: %q", n, l.sink.urls())
	}
}

func TestCharset(t *testing.T) {
	enc, _ := charset.Lookup("koi8-r")
	page, err := enc.NewEncoder().String(`<html><head><meta charset="koi8-r"></head><body><a href="/товар?имя=пример">выдуманный товар</a></body></html>`)
	if err != nil {
		t.Fatal(err)
	}
	s := serve(t, routes{"/": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=windows-1251") // it lies
		io.WriteString(w, page)
	}})
	l := newLab(t)
	l.run(t, s.URL)
	if ex := l.sink.find(t, s.URL+"/"); string(ex.Body) != page {
		t.Error("wire bytes were changed")
	}
	l.sink.find(t, s.URL+"/%D1%82%D0%BE%D0%B2%D0%B0%D1%80?%D0%B8%D0%BC%D1%8F=%D0%BF%D1%80%D0%B8%D0%BC%D0%B5%D1%80")
}

func TestBrokenResponses(t *testing.T) {
	stall := make(chan struct{})
	t.Cleanup(func() { close(stall) })
	s := serve(t, routes{
		"/": text(`<a href=/reset>1</a><a href=/cut>2</a><a href=/garbage>3</a><a href=/slow-body>4</a><a href=/slow-head>5</a><a href=/chunk>6</a>
			<a href=/missing>7</a><a href=/gone>8</a><a href=/forbidden>9</a><a href=/image>10</a><a href=/hidden-image>11</a><a href=/lying-text>12</a><a href=/br>13</a><a href=/early>14</a>`),
		"/reset":   hijacked("", true),
		"/cut":     hijacked("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 1000\r\n\r\nonly this", false),
		"/chunk":   hijacked("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n", false),
		"/garbage": hijacked("SSH-2.0-demo\r\n\r\n", false),
		"/early":   hijacked("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 4\r\n\r\ndemo", false),
		"/slow-body": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			io.WriteString(w, "half a page")
			w.(http.Flusher).Flush()
			select {
			case <-stall:
			case <-r.Context().Done():
			}
		},
		"/slow-head": func(w http.ResponseWriter, r *http.Request) {
			select {
			case <-stall:
			case <-r.Context().Done():
			}
		},
		"/missing":   http.NotFound,
		"/gone":      func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "gone", 410) },
		"/forbidden": func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", 403) },
		"/image": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "image/png")
			w.Write([]byte("\x89PNG\r\n\x1a\n demo"))
		},
		"/hidden-image": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			w.Write([]byte("\x89PNG\r\n\x1a\n demo"))
		},
		"/lying-text": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/octet-stream")
			io.WriteString(w, "<html><a href=/from-octets>x</a>")
		},
		"/br": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			w.Header().Set("Content-Encoding", "br")
			io.WriteString(w, "\x0b\x02\x80demo\x03")
		},
	})
	l := newLab(t)
	l.opts.Timeouts = Timeouts{Body: 2 * time.Second, Header: 2 * time.Second}
	l.opts.Attempts = 1
	sum := l.run(t, s.URL)
	for path, want := range map[string]struct {
		outcome   tamga.Outcome
		status    int
		truncated string
		body      int
	}{
		"/":             {tamga.OutcomeOK, 200, "", -1},
		"/reset":        {tamga.OutcomeReset, 0, "", 0},
		"/cut":          {tamga.OutcomeReset, 200, "disconnect", 9},
		"/chunk":        {tamga.OutcomeProtocol, 200, "disconnect", 5},
		"/garbage":      {tamga.OutcomeProtocol, 0, "", 0},
		"/slow-body":    {tamga.OutcomeBody, 200, "time", 11},
		"/slow-head":    {tamga.OutcomeHeader, 0, "", 0},
		"/missing":      {tamga.OutcomeNotFound, 404, "", -1},
		"/gone":         {tamga.OutcomeNotFound, 410, "", -1},
		"/forbidden":    {tamga.OutcomeHTTPError, 403, "", -1},
		"/image":        {tamga.OutcomeTruncated, 200, "unspecified", 0},
		"/hidden-image": {tamga.OutcomeTruncated, 200, "unspecified", 0},
		"/lying-text":   {tamga.OutcomeOK, 200, "", -1},
		"/from-octets":  {tamga.OutcomeOK, 200, "", -1},
		"/br":           {tamga.OutcomeOK, 200, "", 8},
		"/early":        {tamga.OutcomeOK, 200, "", 4},
	} {
		ex := l.sink.find(t, s.URL+path)
		if ex.Outcome != want.outcome || ex.Status != want.status || ex.Truncated != want.truncated || want.body >= 0 && len(ex.Body) != want.body {
			t.Errorf("%s: %s (%s), status %d, truncated %q, %d bytes; want %+v", path, ex.Outcome, ex.Detail, ex.Status, ex.Truncated, len(ex.Body), want)
		}
		if len(ex.RequestHead) == 0 {
			t.Errorf("%s: no request head", path)
		}
	}
	if h := string(l.sink.find(t, s.URL+"/early").ResponseHead); !strings.HasPrefix(h, "HTTP/1.1 200 OK\r\n") {
		t.Errorf("response head after an interim one: %q", h)
	}
	noDuplicates(t, l.sink.urls())
	if sum.Failed != 7 {
		t.Errorf("%+v: want 7 failed", sum)
	}
}

func FuzzScan(f *testing.F) {
	f.Add([]byte("<a href=x><base href=//y><noscript><a href=z></noscript><iframe src=q>"), "text/html")
	f.Add([]byte("<a href='&#x0;'><b><b><p></b></p>"), "")
	f.Fuzz(func(t *testing.T, b []byte, contentType string) {
		var c collected
		c.scan(b)
		for _, u := range c.links("http://demo.example/") {
			if _, err := Canonical(u); err != nil {
				t.Fatalf("link %q: %v", u, err)
			}
		}
		treeworthy(b)
		isHTML(http.Header{"Content-Type": {contentType}}, b)
		for _, status := range []int{200, 401, 403, 503} {
			if o, _ := classify(status, http.Header{}, b, len(c.refs)); o == "" {
				t.Fatal("no outcome")
			}
		}
	})
}

func FuzzHead(f *testing.F) {
	f.Add([]byte("HTTP/1.1 103 x\r\n\r\nHTTP/1.1 200 OK\r\nA: b\r\n\r\nbody"), 7)
	f.Add([]byte("HTTP/1.0 200\n\nbody"), 1)
	f.Fuzz(func(t *testing.T, b []byte, step int) {
		whole, parts := newConn(nil, false), newConn(nil, false)
		whole.record(b)
		step = max(1, step&0xff)
		for rest := b; len(rest) > 0; {
			n := min(step, len(rest))
			parts.record(rest[:n])
			rest = rest[n:]
		}
		if whole.complete != parts.complete || whole.complete && string(whole.response) != string(parts.response) {
			t.Fatalf("%q in one piece, %q in pieces of %d", whole.response, parts.response, step)
		}
	})
}
