package evidence

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"tamga"
)

func TestRoundTrip(t *testing.T) {
	dir := initArchive(t)
	a := openArchive(t, dir, Options{Operator: "unit 4"})

	hop := page("/old", "")
	hop.Status, hop.Outcome = 302, tamga.OutcomeRedirect
	hop.ResponseHead = []byte("HTTP/1.1 302 Found\r\nLocation: /new\r\n\r\n")
	hop.Header = parseHeader(hop.ResponseHead)
	cut := page("/big", "the first half of a p")
	cut.Truncated, cut.Outcome = "length", tamga.OutcomeTruncated
	chunked := page("/chunked", "dechunked")
	chunked.ResponseHead = []byte("HTTP/1.1 200 OK\r\nTRANSFER-encoding : chunked\r\nX-Orig-Transfer-Encoding: x\r\nA: folded\r\n  line\r\n\r\n")
	chunked.Header = parseHeader(chunked.ResponseHead)
	odd := page("/odd", "blank line before?")
	odd.ResponseHead = []byte("HTTP/1.1 200 OK\nA: b\n \t \nC: d\n\n")
	odd.Header = parseHeader(odd.ResponseHead)
	down := page("/down", "")
	down.Status, down.ResponseHead, down.Header = 0, nil, nil
	down.Outcome, down.Detail = tamga.OutcomeHeader, "no answer in 90 s"
	refused := &tamga.Exchange{
		URL: "http://10.0.0.1/", Route: tamga.RouteTor, Requested: time.Unix(1e9, 0).UTC(), Operator: "analyst", Tool: "tamga/test",
		Outcome: tamga.OutcomePolicy, Detail: "private address\r\nrefused",
	}
	imported := &tamga.Exchange{
		URL: "urn:import:chat.json", Route: tamga.RouteImport, Requested: time.Unix(1e9, 0).UTC(), Operator: "analyst", Tool: "tamga/test",
		Body: []byte(`{"messages":[]}`), Outcome: tamga.OutcomeOK,
	}
	local := page("/local", "dialled directly")
	local.IP, local.Route = "127.0.0.1", tamga.RouteLocal
	binary := page("/binary", string([]byte{0, 1, 2, 0xff, '\r', '\n', '\r', '\n'}))
	first, again := page("/a", "one payload"), page("/b", "one payload")

	all := []*tamga.Exchange{page("/", "<html>hello</html>"), hop, cut, chunked, odd, down, refused, imported, local, binary, first, again}
	var captures []tamga.Capture
	for i, ex := range all {
		c := put(t, a, ex)
		if c.Seq != int64(i+1) { // entry 0 is the warcinfo
			t.Fatalf("capture %d has number %d", i, c.Seq)
		}
		if c.Digest != tamga.DigestOf(ex.Body) || c.Stored.IsZero() {
			t.Fatalf("capture %+v", c)
		}
		captures = append(captures, c)
	}
	if got := captures[1]; got.Location != "/new" || got.Status != 302 {
		t.Errorf("redirect: %+v", got)
	}
	if got := captures[0].ContentType; got != "text/html; charset=utf-8" {
		t.Errorf("content type %q", got)
	}

	check := func(t *testing.T, a *Archive) {
		t.Helper()
		for i, want := range all {
			ex, c, err := a.Read(context.Background(), captures[i].Seq)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(c, captures[i]) {
				t.Errorf("capture\n%+v, put\n%+v", c, captures[i])
			}
			if !equalExchange(ex, want) {
				t.Errorf("read %s\n%+v, put\n%+v", want.URL, ex, want)
			}
		}
		i := 0
		err := a.Replay(context.Background(), 3, func(c tamga.Capture, ex *tamga.Exchange) error {
			if want := captures[i+2]; !reflect.DeepEqual(c, want) || !equalExchange(ex, all[i+2]) {
				t.Errorf("replayed %+v, want %+v", c, want)
			}
			i++
			return nil
		})
		if err != nil || i != len(all)-2 {
			t.Errorf("replayed %d: %v", i, err)
		}
		if seq, ok := a.Find(captures[11].Digest); !ok || seq != captures[10].Seq {
			t.Errorf("find: %d %v", seq, ok)
		}
		if _, ok := a.Find(tamga.DigestOf([]byte("not stored"))); ok {
			t.Error("found a payload that was never stored")
		}
		if _, err := a.Capture(0); !errors.Is(err, ErrNotFound) {
			t.Errorf("the warcinfo as a capture: %v", err)
		}
		if _, err := a.Capture(a.Len()); !errors.Is(err, ErrNotFound) {
			t.Errorf("a capture beyond the end: %v", err)
		}
	}
	check(t, a)
	closeArchive(t, a)
	r := verifyClean(t, dir)
	if r.Captures != int64(len(all)) || r.LogSize != int64(len(all)+1) {
		t.Errorf("report %+v", r)
	}
	b := openArchive(t, dir, Options{})
	if len(b.Recovered()) != 0 {
		t.Errorf("recovered %q after a clean end", b.Recovered())
	}
	check(t, b)
	closeArchive(t, b)
	reader, err := OpenReader(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	check(t, reader)
	if _, err := reader.Put(context.Background(), page("/", "x")); err == nil {
		t.Error("a reader stored something")
	}
}

func equalExchange(a, b *tamga.Exchange) bool {
	x, y := *a, *b
	x.Body, y.Body = nil, nil
	return bytes.Equal(a.Body, b.Body) && reflect.DeepEqual(x, y)
}

func TestRevisit(t *testing.T) {
	dir := initArchive(t)
	a := openArchive(t, dir, Options{})
	body := strings.Repeat("a long page of rules ", 5000)
	truncated := page("/cut", body)
	truncated.Truncated = "length"
	put(t, a, truncated)
	full := put(t, a, page("/a", body))
	before := archiveFiles(t, dir)["warc/"+warcName(0)]
	seen := map[string]int64{}
	for i := range 3 {
		c := put(t, a, page(fmt.Sprint("/mirror/", i), body))
		e, err := a.entry(c.Seq)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range e.Records {
			seen[r.Type]++
		}
	}
	_ = full
	grown := archiveFiles(t, dir)["warc/"+warcName(0)] - before
	closeArchive(t, a)

	// A truncated capture is never what a whole one refers to.
	if seen["revisit"] != 0 {
		t.Errorf("revisits of a truncated payload: %v, %d bytes", seen, grown)
	}
	dir = initArchive(t)
	a = openArchive(t, dir, Options{})
	put(t, a, page("/a", body))
	c := put(t, a, page("/b", body))
	e, err := a.entry(c.Seq)
	if err != nil {
		t.Fatal(err)
	}
	if e.Revisit == nil || *e.Revisit != 1 || e.Records[1].Type != "revisit" || e.Records[1].Length > 1000 {
		t.Errorf("the second capture is %+v", e)
	}
	if c := put(t, a, page("/empty", "")); c.Size != 0 {
		t.Fatal(c)
	}
	c = put(t, a, page("/empty2", ""))
	if e, _ := a.entry(c.Seq); e.Revisit != nil {
		t.Error("an empty payload was stored as a revisit")
	}
	closeArchive(t, a)
	verifyClean(t, dir)
}

func TestRotation(t *testing.T) {
	dir := initArchive(t)
	a := openArchive(t, dir, Options{MaxFile: 4 << 10})
	fillArchive(t, a, 0, 20)
	big := page("/big", noise(16<<10))
	put(t, a, big)
	put(t, a, page("/after", "small"))
	closeArchive(t, a)
	files := archiveFiles(t, dir)
	n := 0
	for name, size := range files {
		if strings.HasPrefix(name, "warc/") {
			n++
			if size > 4<<10 && size < 16<<10 {
				t.Errorf("%s has %d bytes", name, size)
			}
		}
	}
	if n < 5 {
		t.Errorf("%d WARC files", n)
	}
	verifyClean(t, dir)
	a = openArchive(t, dir, Options{MaxFile: 4 << 10})
	fillArchive(t, a, 20, 20)
	closeArchive(t, a)
	verifyClean(t, dir)
}

// noise does not compress.
func noise(n int) string {
	b := make([]byte, n)
	chacha().Read(b)
	return string(b)
}

func TestConcurrentPut(t *testing.T) {
	dir := initArchive(t)
	a := openArchive(t, dir, Options{MaxFile: 64 << 10})
	var wg sync.WaitGroup
	const workers, each = 8, 40
	for w := range workers {
		wg.Go(func() {
			for i := range each {
				body := fmt.Sprintf("page %d %s", i, strings.Repeat("x", i*10)) // the same in all workers
				if i%2 == 0 {
					body += fmt.Sprint(w)
				}
				if _, err := a.Put(context.Background(), page(fmt.Sprintf("/%d/%d", w, i), body)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	// A reader sees a consistent prefix meanwhile.
	reader, err := OpenReader(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	for range 6 {
		seen := int64(0)
		if err := reader.Replay(context.Background(), 0, func(c tamga.Capture, ex *tamga.Exchange) error { seen++; return nil }); err != nil {
			t.Fatal(err)
		}
		if n := reader.Len(); n < seen {
			t.Fatalf("%d captures in %d entries", seen, n)
		}
	}
	wg.Wait()
	full := 0
	for e, err := range a.all(context.Background(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Kind == kindCapture && e.Revisit == nil {
			full++
		}
	}
	if want := each/2 + workers*each/2; full != want {
		t.Errorf("%d payloads stored in full, want %d", full, want)
	}
	closeArchive(t, a)
	if r := verifyClean(t, dir); r.Captures != workers*each {
		t.Errorf("%d captures", r.Captures)
	}
	if n := reader.Len(); n != verifyClean(t, dir).LogSize {
		t.Errorf("the reader sees %d entries", n)
	}
}

func TestClaims(t *testing.T) {
	dir := initArchive(t)
	a := openArchive(t, dir, Options{})
	put(t, a, page("/", "x"))
	seq, err := a.Claim(context.Background(), "trace", []byte("{\"hops\":\n [\"<1>\"]}"))
	if err != nil || seq != 2 {
		t.Fatal(seq, err)
	}
	for _, bad := range []string{"", "Trace", "a b"} {
		if _, err := a.Claim(context.Background(), bad, []byte(`1`)); err == nil {
			t.Errorf("claim of kind %q", bad)
		}
	}
	if _, err := a.Claim(context.Background(), "trace", []byte(`{`)); err == nil {
		t.Error("a claim that is not JSON")
	}
	put(t, a, page("/2", "y"))
	closeArchive(t, a)
	reader, err := OpenReader(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	n := 0
	for c, err := range reader.Claims(context.Background(), 0) {
		if err != nil || c.Seq != 2 || c.Kind != "trace" || string(c.Data) != `{"hops":["<1>"]}` {
			t.Errorf("%+v %v", c, err)
		}
		n++
	}
	var seqs []int64
	for c, err := range reader.Captures(context.Background(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		seqs = append(seqs, c.Seq)
	}
	if n != 1 || !reflect.DeepEqual(seqs, []int64{1, 3}) {
		t.Errorf("%d claims, captures %v", n, seqs)
	}
}

func TestPutRefuses(t *testing.T) {
	a := openArchive(t, initArchive(t), Options{})
	for name, change := range map[string]func(*tamga.Exchange){
		"relative URL":   func(ex *tamga.Exchange) { ex.URL = "/x" },
		"line end":       func(ex *tamga.Exchange) { ex.URL += "\r\nWARC-Type: x" },
		"space":          func(ex *tamga.Exchange) { ex.URL += " x" },
		"long URL":       func(ex *tamga.Exchange) { ex.URL += strings.Repeat("x", maxURL) },
		"no empty line":  func(ex *tamga.Exchange) { ex.ResponseHead = []byte("HTTP/1.1 200 OK\r\n") },
		"two heads":      func(ex *tamga.Exchange) { ex.ResponseHead = []byte("HTTP/1.1 200 OK\r\n\r\nA: b\r\n\r\n") },
		"no status line": func(ex *tamga.Exchange) { ex.ResponseHead = []byte("\r\n") },
		"huge head": func(ex *tamga.Exchange) {
			ex.ResponseHead = []byte("HTTP/1.1 200 OK\r\nA: " + strings.Repeat("b", maxHead) + "\r\n\r\n")
		},
		"head of no HTTP": func(ex *tamga.Exchange) { ex.URL = "file:///x" },
		"reason":          func(ex *tamga.Exchange) { ex.Truncated = "bored" },
		"address":         func(ex *tamga.Exchange) { ex.IP = "not an address" },
		"status":          func(ex *tamga.Exchange) { ex.Status = 7 },
	} {
		ex := page("/", "body")
		change(ex)
		if _, err := a.Put(context.Background(), ex); err == nil {
			t.Errorf("%s: stored", name)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := a.Put(ctx, page("/", "body")); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if a.Len() != 0 {
		t.Errorf("%d entries", a.Len())
	}
	closeArchive(t, a)
	if _, err := a.Put(context.Background(), page("/", "body")); !errors.Is(err, os.ErrClosed) {
		t.Errorf("closed: %v", err)
	}
}

func TestInit(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "my case", "evidence")
	if err := Init(dir, "tamga/my case+1"); err != nil {
		t.Fatal(err)
	}
	if err := Init(dir, "again"); err == nil {
		t.Error("made an archive over an archive")
	}
	info, err := os.Stat(filepath.Join(filepath.Dir(dir), "keys", "log.key"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("key: %v %v", info, err)
	}
	verifyClean(t, dir)
	a := openArchive(t, dir, Options{})
	if _, err := Open(dir, Options{Logger: quiet}); err == nil {
		t.Error("two writers")
	}
	put(t, a, page("/", "x"))
	if err := a.Sync(); err != nil {
		t.Fatal(err)
	}
	h, err := a.Head()
	if err != nil || h.Size != 2 || !bytes.Contains(h.Note, []byte("— tamga/my-case-1 ")) {
		t.Errorf("head %+v %v", h, err)
	}
	closeArchive(t, a)

	other := initArchive(t)
	_, err = Open(dir, Options{Logger: quiet, Key: filepath.Join(filepath.Dir(other), "keys", "log.key")})
	if err == nil || errors.Is(err, ErrIntegrity) {
		t.Errorf("another archive's key: %v", err)
	}
}

// A head is signed without being asked for once a batch is old or large enough.
func TestBatches(t *testing.T) {
	dir := initArchive(t)
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	a := openArchive(t, dir, Options{Now: func() time.Time { return now }})
	signed := func() int64 {
		reader, err := OpenReader(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer reader.Close()
		h, err := reader.Head()
		if err != nil {
			t.Fatal(err)
		}
		return h.Size
	}
	put(t, a, page("/1", "x"))
	if n := signed(); n != 0 {
		t.Errorf("%d entries signed at once", n)
	}
	now = now.Add(batchTime)
	put(t, a, page("/2", "y"))
	if n := signed(); n != 3 {
		t.Errorf("%d entries signed after %v", n, batchTime)
	}
	for i := range batchEntries {
		if _, err := a.Claim(context.Background(), "note", fmt.Append(nil, i)); err != nil {
			t.Fatal(err)
		}
	}
	if n := signed(); n != 3+batchEntries {
		t.Errorf("%d entries signed of %d", n, a.Len())
	}
}
