package evidence

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"tamga"
)

// warcio returns the independent WARC reader that scripts/deps.sh installs.
func warcio(t *testing.T) string {
	t.Helper()
	path := os.Getenv("TAMGA_WARCIO")
	if path == "" {
		path = filepath.Join("..", ".deps", "venv", "bin", "warcio")
	}
	if _, err := os.Stat(path); err != nil {
		t.Skipf("no warcio at %s: run `make deps` or set TAMGA_WARCIO", path)
	}
	return path
}

// hostile are exchanges that a careless reader or writer gets wrong.
func hostile() []*tamga.Exchange {
	with := func(path, head, body string) *tamga.Exchange {
		ex := page(path, body)
		ex.ResponseHead = []byte(head)
		ex.Header = parseHeader(ex.ResponseHead)
		return ex
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	z.Write([]byte(strings.Repeat("compressed by the server ", 100)))
	z.Close()
	cut := with("/cut", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 999999\r\n\r\n", packed.String()[:packed.Len()/2])
	cut.Truncated = "disconnect"
	down := page("/down", "")
	down.Status, down.ResponseHead, down.Header, down.Outcome = 0, nil, nil, tamga.OutcomeReset
	return []*tamga.Exchange{
		page("/", "<html>plain</html>"),
		page("/same", "<html>plain</html>"),
		page("/empty", ""),
		with("/chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "no chunks here any more"),
		with("/like-chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "5\r\nhello\r\n0\r\n\r\n"),
		with("/gzip", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n", packed.String()),
		with("/not-gzip", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n", "not gzip at all"),
		with("/lf", "HTTP/1.1 200 OK\nA: b\n\n", "line feeds only"),
		with("/blank", "HTTP/1.1 200 OK\r\nA: b\r\n \t\r\nC: d\r\n\r\n", "a folded line of blanks"),
		with("/nbsp", "HTTP/1.1 200 OK\r\nA: b\r\n \xa0\r\nC: d\r\n\r\n", "a folded line of a no-break space"),
		with("/latin", "HTTP/1.1 200 \xcf\xf0\xe8\r\nServer: \xff\xfe\r\nno colon\r\n: no name\r\n\r\n", "mis-encoded"),
		with("/warc", "HTTP/1.1 200 OK\r\n\r\n", "\r\n\r\nWARC/1.1\r\nWARC-Type: response\r\nContent-Length: 9999\r\n\r\n"),
		with("/gone", "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", ""),
		cut, down,
		{URL: "http://10.0.0.1/", Outcome: tamga.OutcomePolicy, Detail: "refused"},
		{URL: "urn:import:1", Body: []byte("{}"), Outcome: tamga.OutcomeOK},
		{URL: "https://demo.example/page.html", Status: 200, Body: []byte("from a folder"), Outcome: tamga.OutcomeOK},
	}
}

// Two independent readers accept the files: warcio checks digests and passes a
// torn last member, gzip sees that and knows no digests.
func TestIndependentReaders(t *testing.T) {
	tool := warcio(t)
	dir := initArchive(t)
	a := openArchive(t, dir, Options{MaxFile: 8 << 10})
	for _, ex := range hostile() {
		put(t, a, ex)
	}
	fillArchive(t, a, 0, 60)
	closeArchive(t, a)
	verifyClean(t, dir)
	files, err := filepath.Glob(filepath.Join(dir, warcDir, "*"))
	if err != nil || len(files) < 3 {
		t.Fatalf("%d files %v", len(files), err)
	}
	checked := 0
	for _, f := range files {
		out, err := exec.Command(tool, "check", "-v", f).CombinedOutput()
		if err != nil {
			t.Errorf("warcio check %s: %v\n%s", filepath.Base(f), err, out)
		}
		for _, bad := range []string{"no digest to check", "failed", "WARNING", "ERROR"} {
			if strings.Contains(string(out), bad) {
				t.Errorf("warcio says %q of %s:\n%s", bad, filepath.Base(f), out)
			}
		}
		checked += strings.Count(string(out), "digest pass")
		if out, err := exec.Command("gzip", "-t", f).CombinedOutput(); err != nil {
			t.Errorf("gzip -t %s: %v\n%s", filepath.Base(f), err, out)
		}
	}
	if checked < 120 {
		t.Errorf("warcio checked the digests of %d records", checked)
	}

	// And they do object to a changed byte and to a torn end.
	good, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	broken := filepath.Join(t.TempDir(), "broken.warc.gz")
	plain := inflate(t, good)
	at := bytes.Index(plain, []byte("plain</html>"))
	if at < 0 {
		t.Fatal("the page is not in the first file")
	}
	plain[at] ^= 1
	if err := os.WriteFile(broken, plain, 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(tool, "check", broken).CombinedOutput(); err == nil || !strings.Contains(string(out), "digest failed") {
		t.Errorf("warcio accepts a changed byte: %v\n%s", err, out)
	}
	if err := os.WriteFile(broken, good[:len(good)-20], 0o644); err != nil {
		t.Fatal(err)
	}
	if exec.Command("gzip", "-t", broken).Run() == nil {
		t.Error("gzip accepts a torn file")
	}
}

func inflate(t *testing.T, b []byte) []byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return plain
}

// What warcio extracts as payload is what was put.
func TestPayloadsThroughWarcio(t *testing.T) {
	tool := warcio(t)
	dir := initArchive(t)
	a := openArchive(t, dir, Options{})
	for _, ex := range hostile() {
		put(t, a, ex)
	}
	file := filepath.Join(dir, warcDir, warcName(0))
	for e, err := range a.all(context.Background(), 1) {
		if err != nil {
			t.Fatal(err)
		}
		r, ok := e.payloadRecord()
		if !ok || strings.Contains(e.URL, "/blank") || strings.Contains(e.URL, "/nbsp") || strings.Contains(e.URL, "gzip") || e.Truncated != "" {
			continue // readers differ on where the head ends, or undo the content coding
		}
		var stderr bytes.Buffer
		cmd := exec.Command(tool, "extract", "--payload", file, strconv.FormatInt(r.Offset, 10))
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil {
			t.Errorf("%s: %v\n%s", e.URL, err, stderr.Bytes())
			continue
		}
		if tamga.DigestOf(out) != e.Digest {
			t.Errorf("%s: warcio extracts %q", e.URL, out)
		}
	}
	if err := a.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		t.Fatal(err)
	}
}
