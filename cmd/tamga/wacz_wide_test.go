package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// warcRecordText is a record of a WARC of others.
func warcRecordText(kind, uri, id, fields, block string) string {
	return fmt.Sprintf("WARC/1.0\r\nWARC-Type: %s\r\nWARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-%012s>\r\nWARC-Date: 2026-03-01T00:00:00Z\r\nWARC-Target-URI: %s\r\n%sContent-Length: %d\r\n\r\n%s\r\n\r\n",
		kind, id, uri, fields, len(block), block)
}

// wideWACZ exports a workspace of many shapes: pages in other charsets and with
// names that need encoding, redirects, pages that were there before, answers to
// POST, an imported WARC, and n plain pages.
func wideWACZ(t *testing.T, n int) (file string) {
	t.Helper()
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "sid", Value: "demo-secret"})
		w.Header().Set("Content-Type", "text/html")
		switch r.URL.Path {
		case "/":
			fmt.Fprint(w, `<html><title>Wide</title><a href="/cp1251">c</a><a href="/Raw Space/%D0%BF%D1%83%D1%82%D1%8C/?b=2&a=1">s</a><a href="/moved/">m</a><a href="/twin/1/">1</a><a href="/twin/2/">2</a>`)
			for i := range n {
				fmt.Fprintf(w, `<a href="/p/%d">p</a>`, i)
			}
		case "/cp1251":
			w.Header().Set("Content-Type", "text/html; charset=windows-1251")
			w.Write([]byte("<html><title>\xcf\xf0\xe0\xe9\xf1</title>\xf2\xee\xe2\xe0\xf0 \xe2\xfb\xec\xfb\xf8\xeb\xe5\xed</html>"))
		case "/moved/":
			http.Redirect(w, r, "/twin/1/", http.StatusMovedPermanently)
		case "/twin/1/", "/twin/2/":
			fmt.Fprint(w, "<html><title>Twin</title>the same fictional page</html>")
		default:
			fmt.Fprintf(w, "<html><title>Page %s</title>fictional</html>", r.URL.Path)
		}
	}))
	t.Cleanup(site.Close)
	c := newCLI(t)
	c.run("crawl", "--local", site.URL+"/", "--json")
	const form = "http://www.Wide.example/Search/?x=1"
	post := "POST /Search/?x=1 HTTP/1.1\r\nHost: wide.example\r\nCookie: sid=demo-secret\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 6\r\n\r\nq=demo"
	http200 := func(body string) string {
		return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nSet-Cookie: sid=demo-secret\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	}
	req, resp := "Content-Type: application/http; msgtype=request\r\n", "Content-Type: application/http; msgtype=response\r\n"
	warc := filepath.Join(t.TempDir(), "others.warc")
	if err := os.WriteFile(warc, []byte(
		warcRecordText("response", form, "1", resp, http200("<html><title>Answer</title>to a form</html>"))+
			warcRecordText("request", form, "2", req+"WARC-Concurrent-To: <urn:uuid:00000000-0000-4000-8000-000000000001>\r\n", post)+
			warcRecordText("response", "http://wide.example/Search/?x=1", "3", resp, http200("<html><title>Form</title>asked for</html>"))+
			warcRecordText("request", "http://wide.example/Search/?x=1", "4", req+"WARC-Concurrent-To: <urn:uuid:00000000-0000-4000-8000-000000000003>\r\n", "GET /Search/?x=1 HTTP/1.1\r\nHost: wide.example\r\n\r\n")+
			warcRecordText("resource", "http://wide.example/notes.txt", "5", "Content-Type: text/plain\r\n", "fictional notes")), 0o600); err != nil {
		t.Fatal(err)
	}
	if sum := decodeJSON[struct{ Captured int64 }](t, c.run("import", warc, "--json")); sum.Captured != 3 {
		t.Fatalf("imported %d", sum.Captured)
	}
	file = filepath.Join(t.TempDir(), "wide.wacz")
	if sum := decodeJSON[waczSummary](t, c.run("export", "--wacz", file, "--json")); sum.Captures < int64(n)+9 || sum.Redacted["Cookie"] == 0 {
		t.Fatalf("%+v", sum)
	}
	c.run("verify", file)
	if b := must(os.ReadFile(file)); bytes.Contains(b, []byte("demo-secret")) {
		t.Error("a session is in the file")
	}
	return file
}

type cdxLine struct {
	key  string
	data map[string]string
}

func cdxLines(t *testing.T, text []byte) (out []cdxLine) {
	t.Helper()
	for _, line := range lines(text) {
		parts := strings.SplitN(line, " ", 3)
		if len(parts) != 3 {
			t.Fatalf("%q", line)
		}
		out = append(out, cdxLine{parts[0] + " " + parts[1], decodeJSON[map[string]string](t, []byte(parts[2]))})
	}
	return out
}

// waczTool is a program of the environment with the tools of WACZ files.
func waczTool(t *testing.T, name string) string {
	t.Helper()
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	path := filepath.Join("../../.deps/wacz/bin", name)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("%s is not installed (make deps)", name)
	}
	return path
}

// TestWACZIndex compares the index with the one that another program makes of the
// same WARC: the same keys, in the same order, of the same records. The format's own
// validator takes the file.
func TestWACZIndex(t *testing.T) {
	indexer, wacz := waczTool(t, "cdxj-indexer"), waczTool(t, "wacz")
	file := wideWACZ(t, 300)
	if out, err := exec.Command(wacz, "validate", "-f", file).CombinedOutput(); err != nil {
		t.Errorf("wacz validate: %v %s", err, out)
	}
	b := must(os.ReadFile(file))
	warc := filepath.Join(t.TempDir(), "data.warc.gz")
	if err := os.WriteFile(warc, waczFile(t, b, "archive/data.warc.gz"), 0o600); err != nil {
		t.Fatal(err)
	}
	text := waczFile(t, b, "indexes/index.cdx")
	if !slices.IsSorted(lines(text)) {
		t.Error("the index is not sorted")
	}
	ours := cdxLines(t, text)
	theirs := cdxLines(t, must(exec.Command(indexer, "--sort", "--post-append", warc).Output()))
	if len(ours) != len(theirs) || len(ours) < 309 {
		t.Fatalf("%d lines, they have %d", len(ours), len(theirs))
	}
	at := map[string]cdxLine{}
	for _, l := range theirs {
		at[l.data["offset"]] = l
	}
	posts := 0
	for _, l := range ours {
		x, ok := at[l.data["offset"]]
		if !ok {
			t.Errorf("%s: no record at %s", l.key, l.data["offset"])
			continue
		}
		key := x.key
		if x.data["method"] == "POST" { // the body of a request is not kept
			posts++
			if !strings.Contains(key, "__wb_method=post") || l.data["method"] != "POST" {
				t.Errorf("%s, they have %s", l.key, key)
			}
		}
		if l.key != key {
			t.Errorf("key %s, they have %s", l.key, key)
		}
		for _, name := range []string{"url", "digest", "length", "filename"} {
			if l.data[name] != x.data[name] {
				t.Errorf("%s: %s %q, they have %q", l.key, name, l.data[name], x.data[name])
			}
		}
		if x.data["status"] != "" && x.data["status"] != l.data["status"] || x.data["mime"] != "" && x.data["mime"] != l.data["mime"] {
			t.Errorf("%s: %v, they have %v", l.key, l.data, x.data)
		}
	}
	if posts != 1 {
		t.Errorf("%d answers to POST", posts)
	}
	// Every page of pages.jsonl is in the index, with a time that leads there.
	known := map[string]bool{}
	for _, l := range ours {
		known[l.data["url"]+" "+l.key[strings.LastIndexByte(l.key, ' ')+1:]] = true
	}
	n := 0
	for i, line := range lines(waczFile(t, b, "pages/pages.jsonl")) {
		p := decodeJSON[struct{ Format, URL, TS, Title string }](t, []byte(line))
		if i == 0 {
			if p.Format != "json-pages-1.0" {
				t.Errorf("%s", line)
			}
			continue
		}
		n++
		if ts := strings.NewReplacer("-", "", ":", "", "T", "", "Z", "").Replace(p.TS); !known[p.URL+" "+ts] || p.Title == "" {
			t.Errorf("page %s at %s is not in the index", p.URL, ts)
		}
	}
	if n < 305 {
		t.Errorf("%d pages", n)
	}
}

// TestWACZReplayWide replays one of several thousand pages, byte for byte.
func TestWACZReplayWide(t *testing.T) {
	if testing.Short() {
		t.Skip("no browser with -short")
	}
	for _, need := range []string{"node", "chromium"} {
		if _, err := exec.LookPath(need); err != nil {
			t.Skipf("replay not run: %s is missing (make deps)", need)
		}
	}
	if _, err := os.Stat("../../dashboards/web/node_modules/@webrecorder/wabac"); err != nil {
		t.Skip("replay not run: node packages are missing (make deps)")
	}
	file := wideWACZ(t, 3000)
	type want struct {
		URL  string `json:"url"`
		Time string `json:"ts"`
		Sum  string `json:"sha256"`
		Size int64  `json:"size"`
	}
	sizes := map[string]int64{}
	b := must(os.ReadFile(file))
	for i, line := range lines(waczFile(t, b, "pages/pages.jsonl")) {
		if i > 0 {
			p := decodeJSON[struct {
				URL  string
				Size int64
			}](t, []byte(line))
			sizes[p.URL] = p.Size
		}
	}
	var wanted []want
	for i, l := range cdxLines(t, waczFile(t, b, "indexes/index.cdx")) {
		size, page := sizes[l.data["url"]]
		if !page || l.data["method"] != "" || strings.Contains(l.data["url"], "/p/") && i%100 != 0 {
			continue
		}
		wanted = append(wanted, want{l.data["url"], l.key[strings.LastIndexByte(l.key, ' ')+1:], strings.TrimPrefix(l.data["digest"], "sha256:"), size})
	}
	if len(wanted) < 30 {
		t.Fatalf("%d pages to replay", len(wanted))
	}
	cmd := exec.CommandContext(t.Context(), "node", "../../dashboards/web/e2e/replay.mjs", file)
	cmd.Stdin = bytes.NewReader(must(json.Marshal(wanted)))
	out, err := cmd.CombinedOutput()
	if err != nil || strings.Count(string(out), "ok 200 ") != len(wanted) {
		t.Errorf("%v\n%s", err, out)
	}
}
