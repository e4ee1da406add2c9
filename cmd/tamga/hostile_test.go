package main

import (
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"tamga/internal/demo"
)

// TestHostile crawls the worst a server can send: each ends in a clear outcome,
// in bounded memory.
func TestHostile(t *testing.T) {
	if testing.Short() {
		t.Skip("two gigabytes are not served with -short")
	}
	server := httptest.NewServer(demo.Hostile())
	defer server.Close()
	c := newCLI(t)
	want := map[string]string{
		"/big":   "truncated",
		"/bomb":  "ok",
		"/loop":  "redirect",
		"/koi8":  "ok",
		"/deep":  "ok",
		"/reset": "reset",
	}
	c.env = []string{"TAMGA_CRAWL_ATTEMPTS=1"}
	args := []string{"crawl", "--local", "--json", "--scope", "regex:/loop"}
	for path := range want {
		args = append(args, server.URL+path)
	}
	out, peak, err := peakOf(t, c.command(args...))
	if _, exited := err.(*exec.ExitError); err != nil && !exited {
		t.Fatal(err)
	}
	t.Logf("peak %d MiB: %s", peak>>20, out)
	if peak > memoryLimit {
		t.Errorf("peak memory %d MiB, want at most %d", peak>>20, memoryLimit>>20)
	}
	got := map[string]string{}
	deepest := 0
	for _, h := range c.hits("", "--kind", "capture") {
		path := strings.TrimPrefix(h.Fields["url"].(string), server.URL)
		got[path] = h.Fields["outcome"].(string)
		if strings.HasPrefix(path, "/loop") {
			deepest++
		}
	}
	for path, outcome := range want {
		if got[path] != outcome {
			t.Errorf("%s: outcome %q, want %q", path, got[path], outcome)
		}
	}
	if deepest < 2 || deepest > 64 {
		t.Errorf("the endless redirect was followed %d times", deepest)
	}
	if hits := c.hits("гашиш", "--kind", "capture"); len(hits) == 0 {
		t.Error("the KOI8-R page cannot be found by its words")
	}
	c.run("verify", "--json")
}

// TestHalfWrittenWARC cuts the archive's last file in the middle of a record, as
// a crash would: it is named, cut back, and the crawl goes on.
func TestHalfWrittenWARC(t *testing.T) {
	server := httptest.NewServer(demo.New().Handler())
	defer server.Close()
	c := newCLI(t)
	c.run("crawl", "--local", server.URL+"/", "--max-pages", "20", "--json")
	files, err := filepath.Glob(filepath.Join(c.ws, "evidence", "warc", "*.warc.gz"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no WARC file: %v", err)
	}
	last := files[len(files)-1]
	f := must(os.OpenFile(last, os.O_WRONLY|os.O_APPEND, 0))
	must(f.Write([]byte{0x1f, 0x8b, 8, 0, 0, 0})) // the beginning of a gzip member
	f.Close()
	report := string(c.run("verify", "--json"))
	if !strings.Contains(report, `"ok":true`) || !strings.Contains(report, filepath.Base(last)) {
		t.Errorf("a torn tail is not named as recovered: %s", report)
	}
	c.run("crawl", "--local", server.URL+"/", "--json")
	if report := string(c.run("verify", "--json")); strings.Contains(report, filepath.Base(last)) {
		t.Errorf("the torn tail is still there after the next start: %s", report)
	}
}
