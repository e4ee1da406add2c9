package crawler

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"tamga"
)

// fakeSink is an archive in a file of JSON lines: what Put acknowledged is in the
// file, and a torn last line is cut off when it is opened again.
type fakeSink struct {
	mu   sync.Mutex
	file *os.File
	next int64
	fail func(*tamga.Exchange) error
}

type fakeRecord struct {
	Capture  tamga.Capture
	Exchange tamga.Exchange
}

func openFakeSink(t testing.TB, file string) *fakeSink {
	t.Helper()
	f, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	s := &fakeSink{file: f}
	good := int64(0)
	r := bufio.NewReader(f)
	for {
		line, err := r.ReadBytes('\n')
		if err != nil {
			break
		}
		good += int64(len(line))
		s.next++
	}
	if err := f.Truncate(good); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Seek(good, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return s
}

func (s *fakeSink) Put(_ context.Context, ex *tamga.Exchange) (tamga.Capture, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		if err := s.fail(ex); err != nil {
			return tamga.Capture{}, err
		}
	}
	c := tamga.Capture{Seq: s.next, Digest: tamga.DigestOf(ex.Body), URL: ex.URL, Via: ex.Via, Source: ex.Source, Route: ex.Route,
		Requested: ex.Requested, Outcome: ex.Outcome, Detail: ex.Detail, Status: ex.Status, Size: int64(len(ex.Body)), Truncated: ex.Truncated}
	line, err := json.Marshal(fakeRecord{c, *ex})
	if err != nil {
		return tamga.Capture{}, err
	}
	if _, err := s.file.Write(append(line, '\n')); err != nil {
		return tamga.Capture{}, err
	}
	s.next++
	return c, nil
}

func (s *fakeSink) Replay(_ context.Context, from int64, fn func(tamga.Capture, *tamga.Exchange) error) error {
	for _, r := range s.records() {
		if r.Capture.Seq >= from {
			if err := fn(r.Capture, &r.Exchange); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *fakeSink) Len() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.next
}

func (s *fakeSink) records() (out []fakeRecord) {
	b, err := os.ReadFile(s.file.Name())
	if err != nil {
		panic(err)
	}
	for len(b) > 0 {
		line, rest, ok := cutLine(b)
		if !ok {
			break
		}
		var r fakeRecord
		if err := json.Unmarshal(line, &r); err != nil {
			panic(err)
		}
		out, b = append(out, r), rest
	}
	return out
}

func cutLine(b []byte) (line, rest []byte, ok bool) {
	for i, c := range b {
		if c == '\n' {
			return b[:i], b[i+1:], true
		}
	}
	return nil, nil, false
}

// urls are the captured URLs, in order.
func (s *fakeSink) urls() (out []string) {
	for _, r := range s.records() {
		out = append(out, r.Exchange.URL)
	}
	return out
}

func (s *fakeSink) find(t testing.TB, url string) tamga.Exchange {
	t.Helper()
	for _, r := range s.records() {
		if r.Exchange.URL == url {
			return r.Exchange
		}
	}
	t.Fatalf("no capture of %s among %d", url, s.next)
	return tamga.Exchange{}
}

func openDB(t testing.TB, file string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.ToSlash(file)+"?_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)&_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { db.Close() })
	return db
}

func openFrontier(t testing.TB, db *sql.DB) *Frontier {
	t.Helper()
	f, err := Open(db)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// bench is a crawler in a temporary folder with quick retries.
type lab struct {
	dir  string
	sink *fakeSink
	opts Options
}

func newLab(t testing.TB) *lab {
	dir := t.TempDir()
	l := &lab{dir: dir, sink: openFakeSink(t, filepath.Join(dir, "log.jsonl"))}
	l.opts = Options{Sink: l.sink, Frontier: openFrontier(t, openDB(t, filepath.Join(dir, "t.db"))), Local: true, Attempts: 2, Backoff: time.Millisecond, Operator: "demo operator"}
	return l
}

func (l *lab) run(t testing.TB, seeds ...string) Summary {
	t.Helper()
	s, err := l.tryRun(t, seeds...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (l *lab) tryRun(t testing.TB, seeds ...string) (Summary, error) {
	t.Helper()
	c, err := New(l.opts)
	if err != nil {
		t.Fatal(err)
	}
	return c.Run(t.Context(), seeds)
}

func serve(t testing.TB, h http.Handler) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

// tree is a site of n pages: page i links to 2i+1 and 2i+2, and to the start.
func tree(n int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		i := 0
		if r.URL.Path != "/" {
			if _, err := fmt.Sscanf(r.URL.Path, "/p/%d", &i); err != nil || i >= n {
				http.NotFound(w, r)
				return
			}
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, "<html><head><title>demo page %d</title></head><body><a href='/#top'>start</a>", i)
		for _, k := range []int{2*i + 1, 2*i + 2} {
			if k < n {
				fmt.Fprintf(w, "<p><a href='/p/%d'>page %d</a></p>", k, k)
			}
		}
		fmt.Fprint(w, "</body></html>")
	})
}

func noDuplicates(t testing.TB, urls []string) {
	t.Helper()
	sorted := slices.Sorted(slices.Values(urls))
	for i := 1; i < len(sorted); i++ {
		if sorted[i] == sorted[i-1] {
			t.Errorf("%s was captured twice", sorted[i])
		}
	}
}

var errFake = errors.New("demo disk is full")
