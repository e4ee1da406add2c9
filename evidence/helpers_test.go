package evidence

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tamga"
)

// quiet is a logger for tests that make faults on purpose.
var quiet = slog.New(slog.DiscardHandler)

// clock is a time source that moves one second a call.
func clock() func() time.Time {
	t := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	return func() time.Time { t = t.Add(time.Second); return t }
}

// chacha makes record ids the same on every run.
func chacha() io.Reader { return rand.NewChaCha8([32]byte{7}) }

func initArchive(t testing.TB) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "evidence")
	if err := Init(dir, "test/log"); err != nil {
		t.Fatal(err)
	}
	return dir
}

func openArchive(t testing.TB, dir string, opt Options) *Archive {
	t.Helper()
	if opt.Now == nil {
		fixed := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
		opt.Now = func() time.Time { return fixed }
	}
	if opt.Logger == nil {
		opt.Logger = quiet
	}
	a, err := Open(dir, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return a
}

func closeArchive(t testing.TB, a *Archive) {
	t.Helper()
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
}

// page is an exchange of a fictional market.
func page(path, body string) *tamga.Exchange {
	head := fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: %d\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n\r\n", len(body))
	ex := &tamga.Exchange{
		URL: "http://demomarket.onion" + path, Via: "http://demomarket.onion/", Route: tamga.RouteTor,
		Requested: time.Date(2026, 3, 1, 11, 0, 0, 123456789, time.UTC), Operator: "analyst", Source: "demo", Tool: "tamga/test",
		RequestHead: []byte("GET " + path + " HTTP/1.1\r\nHost: demomarket.onion\r\nUser-Agent: demo\r\n\r\n"),
		Status:      200, ResponseHead: []byte(head), Body: []byte(body), Outcome: tamga.OutcomeOK,
	}
	ex.Header = parseHeader(ex.ResponseHead)
	return ex
}

func put(t testing.TB, a *Archive, ex *tamga.Exchange) tamga.Capture {
	t.Helper()
	c, err := a.Put(context.Background(), ex)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// fill puts n pages, every fifth a payload seen before, and a claim.
func fillArchive(t testing.TB, a *Archive, from, n int) {
	t.Helper()
	for i := from; i < from+n; i++ {
		body := fmt.Sprintf("<html><title>Offer %d</title>%s</html>", i, strings.Repeat(fmt.Sprintf("<p>lot %d</p>", i*i), 20))
		if i%5 == 4 {
			body = "<html>the same page of rules</html>"
		}
		put(t, a, page(fmt.Sprintf("/offer/%d", i), body))
	}
	if _, err := a.Claim(context.Background(), "note", json.RawMessage(`{"text": "a <claim>"}`)); err != nil {
		t.Fatal(err)
	}
}

func verify(t testing.TB, dir string) Report {
	t.Helper()
	r, err := Verify(context.Background(), dir, nil)
	if err != nil && r.OK {
		t.Fatal(err)
	}
	return r
}

// verifyClean wants an archive without problems and without a torn tail.
func verifyClean(t testing.TB, dir string) Report {
	t.Helper()
	r, err := Verify(context.Background(), dir, nil)
	if err != nil || !r.OK || len(r.Recovered) > 0 {
		t.Fatalf("verify: %v\n%+v", err, r)
	}
	return r
}

// files lists the files of an archive, relative, with their sizes.
func archiveFiles(t testing.TB, dir string) map[string]int64 {
	t.Helper()
	out := map[string]int64{}
	for _, sub := range []string{warcDir, logDir} {
		items, err := os.ReadDir(filepath.Join(dir, sub))
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range items {
			info, err := d.Info()
			if err != nil {
				t.Fatal(err)
			}
			out[sub+"/"+d.Name()] = info.Size()
		}
	}
	return out
}

// copyArchive copies an archive and its key to a new place.
func copyArchive(t testing.TB, dir string) string {
	t.Helper()
	to := t.TempDir()
	if err := os.CopyFS(to, os.DirFS(filepath.Dir(dir))); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(to, filepath.Base(dir))
}

// must reads a file of an archive.
func must(t testing.TB, dir, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func gunzip(t testing.TB, b []byte) []byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	out, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func sha256Of(b []byte) []byte { s := sha256.Sum256(b); return s[:] }
