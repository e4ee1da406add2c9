package main

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// waczSite has pages that a session sees, two of them the same, and other types.
func waczSite(t *testing.T) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "sid", Value: "demo-secret"})
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		body := "<html><title>Rules</title>the same page of rules</html>"
		switch r.URL.Path {
		case "/":
			body = `<html><title>Demo shop</title><a href="/rules">r</a><a href="/rules-copy?b=2&a=1">r</a><a href="/moved">m</a><a href="/gone">g</a><a href="/notes">n</a></html>`
		case "/moved":
			http.Redirect(w, r, "/rules", http.StatusFound)
			return
		case "/gone":
			http.NotFound(w, r)
			return
		case "/notes":
			w.Header().Set("Content-Type", "text/plain")
			body = strings.Repeat("fictional notes\n", 2000)
		}
		io.WriteString(w, body)
	}))
	t.Cleanup(s.Close)
	return s
}

type waczSummary struct {
	Captures, Bytes, Entry int64
	Redacted               map[string]int64
}

func TestExportWACZ(t *testing.T) {
	site := waczSite(t)
	c := newCLI(t)
	c.run("crawl", "--local", site.URL+"/", "--json")
	file := filepath.Join(t.TempDir(), "case.wacz")
	sum := decodeJSON[waczSummary](t, c.run("export", "--wacz", file, "--json"))
	if sum.Captures != 6 || sum.Redacted["Set-Cookie"] != 6 {
		t.Errorf("%+v", sum)
	}
	c.run("verify")
	elsewhere := &cli{t: t, bin: c.bin, ws: filepath.Join(t.TempDir(), "none")}
	r := decodeJSON[verifyReport](t, elsewhere.run("verify", file, "--json"))
	if !r.OK || r.Captures != 6 {
		t.Errorf("%+v", r)
	}
	elsewhere.run("verify", file, "--key", filepath.Join(c.ws, "evidence", "log", "key"))
	if _, code, stderr := elsewhere.try("verify", file, "--key", filepath.Join(newCLI(t).ws, "evidence", "log", "key")); code != exitIntegrity {
		t.Errorf("another key: exit %d %s", code, stderr)
	}
	if out := elsewhere.run("verify", file); !bytes.Contains(out, []byte("proven")) || !bytes.Contains(out, []byte("not    ")) {
		t.Errorf("%s", out)
	}
	b := must(os.ReadFile(file))
	if bytes.Contains(b, []byte("demo-secret")) {
		t.Error("the session is in the file")
	}
	for _, i := range []int{3, 100, 2000, len(b) / 2, len(b) - 700, len(b) - 60} {
		changed := bytes.Clone(b)
		changed[i] ^= 4
		other := filepath.Join(t.TempDir(), "changed.wacz")
		if err := os.WriteFile(other, changed, 0o600); err != nil {
			t.Fatal(err)
		}
		out, code, _ := elsewhere.try("verify", other, "--json")
		if r := decodeJSON[verifyReport](t, out); code != exitIntegrity || r.OK || len(r.Problems) == 0 {
			t.Errorf("byte %d of %d: exit %d %s", i, len(b), code, out)
		}
	}
	// Chosen by query, host, capture and time.
	for _, tc := range []struct {
		args []string
		want int64
	}{
		{[]string{"rules"}, 2},
		{[]string{"--capture", "1,2"}, 2},
		{[]string{"--host", "127.0.0.1"}, 6},
		{[]string{"rules", "--capture", "1"}, 0},
		{[]string{"--after", "2000-01-01", "--before", time.Now().AddDate(0, 0, 2).Format(time.DateOnly)}, 6},
		{[]string{"--before", "2000-01-01"}, 0},
		{[]string{"--host", "elsewhere.example"}, 0},
	} {
		out, code, stderr := c.try(append([]string{"export", "--json", "--wacz", file}, tc.args...)...)
		if tc.want == 0 {
			if code != exitFailed || !strings.Contains(stderr, "no capture is chosen") {
				t.Errorf("%v: exit %d %s", tc.args, code, stderr)
			}
		} else if got := decodeJSON[waczSummary](t, out); got.Captures != tc.want {
			t.Errorf("%v: %d captures, want %d", tc.args, got.Captures, tc.want)
		}
	}
	// The records of the WACZ's WARC on their own.
	warc := filepath.Join(t.TempDir(), "data.warc.gz")
	if err := os.WriteFile(warc, waczFile(t, b, "archive/data.warc.gz"), 0o600); err != nil {
		t.Fatal(err)
	}
	if r := decodeJSON[verifyReport](t, elsewhere.run("verify", warc, "--json")); !r.OK || r.Captures != 6 {
		t.Errorf("%+v", r)
	}
}

func waczFile(t *testing.T, b []byte, name string) []byte {
	t.Helper()
	z := must(zip.NewReader(bytes.NewReader(b), int64(len(b))))
	return must(io.ReadAll(must(z.Open(name))))
}

// TestWACZValidate asks the validator of the format's authors.
func TestWACZValidate(t *testing.T) {
	wacz, err := exec.LookPath("wacz")
	if err != nil {
		wacz = "../../.deps/wacz/bin/wacz"
	}
	if _, err := os.Stat(wacz); err != nil {
		t.Skip("wacz is not installed (make deps)")
	}
	site := waczSite(t)
	c := newCLI(t)
	c.run("crawl", "--local", site.URL+"/", "--json")
	file := filepath.Join(t.TempDir(), "case.wacz")
	c.run("export", "--wacz", file, "--title", "A fictional case")
	validate := func() (string, error) {
		out, err := exec.Command(wacz, "validate", "-f", file).CombinedOutput()
		return string(out), err
	}
	if out, err := validate(); err != nil {
		t.Errorf("%v %s", err, out)
	}
	b := must(os.ReadFile(file))
	i := bytes.Index(b, waczFile(t, b, "pages/pages.jsonl"))
	b[i+2] ^= 1
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := validate(); err == nil {
		t.Errorf("a changed file is valid: %s", out)
	}
}

// TestWACZReplay replays an export with wabac in Chromium, byte for byte.
func TestWACZReplay(t *testing.T) {
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
	site := waczSite(t)
	c := newCLI(t)
	c.run("crawl", "--local", site.URL+"/", "--json")
	file := filepath.Join(t.TempDir(), "case.wacz")
	c.run("export", "--wacz", file)
	type want struct {
		URL  string `json:"url"`
		Time string `json:"ts"`
		Sum  string `json:"sha256"`
		Size int64  `json:"size"`
	}
	var wanted []want
	for _, line := range lines(waczFile(t, must(os.ReadFile(file)), "indexes/index.cdx")) {
		parts := strings.SplitN(line, " ", 3)
		x := decodeJSON[struct{ URL, Status, Digest string }](t, []byte(parts[2]))
		if x.Status != "200" {
			continue
		}
		resp, err := http.Get(x.URL)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		wanted = append(wanted, want{x.URL, parts[1], strings.TrimPrefix(x.Digest, "sha256:"), int64(len(body))})
	}
	if len(wanted) != 4 {
		t.Fatalf("%d pages in the index", len(wanted))
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "node", "../../dashboards/web/e2e/replay.mjs", file)
	cmd.Stdin = bytes.NewReader(must(json.Marshal(wanted)))
	out, err := cmd.CombinedOutput()
	if err != nil || strings.Count(string(out), "ok 200 ") != len(wanted) {
		t.Errorf("%v\n%s", err, out)
	}
	wanted[0].Sum = fmt.Sprintf("%064d", 0)
	cmd = exec.CommandContext(ctx, "node", "../../dashboards/web/e2e/replay.mjs", file)
	cmd.Stdin = bytes.NewReader(must(json.Marshal(wanted)))
	if out, err := cmd.CombinedOutput(); err == nil {
		t.Errorf("another body passes\n%s", out)
	}
}
