package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"tamga/internal/demo"
	"tamga/internal/sociallab"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"tamga": func() { os.Exit(run()) },
	})
}

// TestScripts runs testdata/script/*.txtar: one or more a verb, each in a folder
// of its own, with the demo market and the hostile server on loopback.
func TestScripts(t *testing.T) {
	market := httptest.NewServer(demo.New().Handler())
	t.Cleanup(market.Close) // the scripts are parallel subtests
	hostile := httptest.NewServer(demo.Hostile())
	t.Cleanup(hostile.Close)
	social := httptest.NewServer(sociallab.New(35))
	t.Cleanup(social.Close)
	forum := newLoginForum(t)
	forum.check(t)
	sources := newLedgerServers(t)
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			sources.setenv(e)
			e.Setenv("MARKET", market.URL)
			e.Setenv("HOSTILE", hostile.URL)
			e.Setenv("SOCIAL", social.URL)
			e.Setenv("FORUM", forum.forum.URL)
			e.Setenv("HOME", e.WorkDir)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exitcode": exitcode,
			"blocks":   blocks,
			"undo":     undo,
			"waitfile": waitfile,
			"flip":     flipBit,
			"ledger":   sources.write,
			"serve":    serveSite,
		},
		RequireExplicitExec: true,
	})
}

// exitcode N CMD… runs a program and wants exactly that exit code.
func exitcode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exitcode N COMMAND [ARG…]")
	}
	err := ts.Exec(args[1], args[2:]...)
	got := "0"
	if err != nil {
		got = strings.TrimPrefix(err.Error(), "exit status ")
	}
	if got != args[0] {
		ts.Fatalf("exit code %s, want %s", got, args[0])
	}
}

// blocks DIR writes the demo ledger's block files.
func blocks(ts *testscript.TestScript, neg bool, args []string) {
	ts.Check(demo.WriteBlocks(ts.MkAbs(args[0])))
}

// waitfile FILE waits until a file is there.
func waitfile(ts *testscript.TestScript, neg bool, args []string) {
	for range 2000 {
		if _, err := os.Stat(ts.MkAbs(args[0])); err == nil {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	ts.Fatalf("%s did not appear", args[0])
}

// flipBit flips a bit in the middle of the one file that a pattern matches,
// or, said again, flips it back.
func flipBit(ts *testscript.TestScript, neg bool, args []string) {
	files, err := filepath.Glob(ts.MkAbs(args[0]))
	ts.Check(err)
	if len(files) != 1 {
		ts.Fatalf("%s matches %d files", args[0], len(files))
	}
	b, err := os.ReadFile(files[0])
	ts.Check(err)
	b[len(b)/2] ^= 1
	ts.Check(os.WriteFile(files[0], b, 0o644))
}

// realData is the folder of real pages and blocks, or "".
func realData() string {
	dir := os.Getenv("TAMGA_DATA")
	if dir == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return ""
		}
		dir = filepath.Join(cache, "tamga-data")
	}
	if _, err := os.Stat(dir); err != nil {
		return ""
	}
	return dir
}

// dataDir is realData of a test that needs it.
func dataDir(t testing.TB) string {
	t.Helper()
	dir := realData()
	if dir == "" {
		t.Skip("real data not run: it is not there")
	}
	return dir
}

// serveFolder serves a folder of pages without extensions as HTML, and no list of
// a folder without an index page.
func serveFolder(t testing.TB, dir string) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(folder(dir))
	t.Cleanup(server.Close)
	return server
}

func folder(dir string) http.Handler {
	files := http.FileServer(http.Dir(dir))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if name := filepath.Join(dir, filepath.FromSlash(r.URL.Path)); strings.HasSuffix(r.URL.Path, "/") {
			if _, err := os.Stat(filepath.Join(name, "index.html")); err != nil {
				http.NotFound(w, r)
				return
			}
		}
		if filepath.Ext(r.URL.Path) == "" {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
		}
		files.ServeHTTP(w, r)
	})
}

func lines(b []byte) []string {
	s := strings.TrimSpace(string(b))
	if s == "" {
		return nil
	}
	return strings.Split(s, "\n")
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(fmt.Sprintf("unexpected: %v", err))
	}
	return v
}

// path is a URL without its scheme and host.
func path(url string) string {
	_, rest, _ := strings.Cut(url, "://")
	_, p, _ := strings.Cut(rest, "/")
	return "/" + p
}
