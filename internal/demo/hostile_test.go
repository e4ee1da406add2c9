package demo

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/net/html/charset"
)

func hostile(t *testing.T) func(path string) *http.Response {
	t.Helper()
	s := httptest.NewServer(Hostile())
	t.Cleanup(s.Close)
	client := &http.Client{
		Transport:     &http.Transport{DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	t.Cleanup(client.CloseIdleConnections)
	return func(path string) *http.Response {
		t.Helper()
		r, err := client.Get(s.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { r.Body.Close() })
		return r
	}
}

func TestHostileStreams(t *testing.T) {
	get := hostile(t)
	for path, size := range map[string]int64{"/big": BigSize, "/endless": -1, "/slow": -1} {
		r := get(path)
		n := int64(1 << 20)
		if path == "/slow" {
			n = 1
		}
		if got, err := io.CopyN(io.Discard, r.Body, n); r.ContentLength != size || got != n || err != nil {
			t.Errorf("%s: length %d, read %d, %v", path, r.ContentLength, got, err)
		}
	}
	if r := get("/stall"); r.StatusCode != 200 {
		t.Errorf("/stall: %d", r.StatusCode)
	}
}

func TestHostileBomb(t *testing.T) {
	get := hostile(t)
	r := get("/bomb")
	body, err := io.ReadAll(r.Body)
	if err != nil || r.Header.Get("Content-Encoding") != "gzip" || len(body) > 2<<20 {
		t.Fatalf("%d bytes, %v", len(body), err)
	}
	if n := binary.LittleEndian.Uint32(body[len(body)-4:]); n < BombSize {
		t.Errorf("unpacks to %d bytes", n)
	}
	// A small one of the same make is whole: length and checksum are right.
	for _, mib := range []int{0, 1, 2, 3, 8} {
		z, err := gzip.NewReader(bytes.NewReader(zeroBomb(mib)))
		if err != nil {
			t.Fatal(err)
		}
		if n, err := io.Copy(io.Discard, z); n < int64(mib)<<20 || err != nil {
			t.Errorf("%d MiB unpack to %d bytes, %v", mib, n, err)
		}
	}
}

func TestHostileRedirects(t *testing.T) {
	get := hostile(t)
	seen := map[string]bool{}
	for path := "/loop"; len(seen) < 50; path = get(path).Header.Get("Location") {
		if seen[path] || path == "" {
			t.Fatalf("the loop comes to %q", path)
		}
		seen[path] = true
	}
	if to := get("/circle").Header.Get("Location"); to != "/circle" {
		t.Errorf("the circle leads to %q", to)
	}
}

func TestHostileText(t *testing.T) {
	get := hostile(t)
	r := get("/koi8")
	text, err := charset.NewReader(r.Body, r.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(text)
	if err != nil || !strings.Contains(string(b), "Гашиш сухой 5 г") {
		t.Errorf("%q, %v", b, err)
	}
	b, err = io.ReadAll(get("/deep").Body)
	if n := bytes.Count(b, []byte("<div>")); n != DeepTags || err != nil {
		t.Errorf("%d tags, %v", n, err)
	}
	b, err = io.ReadAll(get("/trap/5").Body)
	if !bytes.Contains(b, []byte(`"/trap/10"`)) || err != nil {
		t.Errorf("%s, %v", b, err)
	}
	if r := get("/nothing"); r.StatusCode != http.StatusNotFound {
		t.Errorf("/nothing: %d", r.StatusCode)
	}
}

func TestHostileBreaks(t *testing.T) {
	get := hostile(t)
	if _, err := io.ReadAll(get("/short").Body); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("/short: %v", err)
	}
	if _, err := io.ReadAll(get("/reset").Body); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("/reset: %v", err)
	}
}

// TestHostileIndex sees that whatever the index names is there.
func TestHostileIndex(t *testing.T) {
	get := hostile(t)
	b, err := io.ReadAll(get("/").Body)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(strings.ReplaceAll(string(b), "<li>", "\n")) {
		_, rest, ok := strings.Cut(line, `href="`)
		if !ok {
			continue
		}
		path, _, _ := strings.Cut(rest, `"`)
		if r := get(path); r.StatusCode >= 400 {
			t.Errorf("%s: %d", path, r.StatusCode)
		}
	}
}
