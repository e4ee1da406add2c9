package importer

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tamga"
	"tamga/evidence"
)

// archive is a new archive with an importer into it.
func archive(t testing.TB) (*Importer, *evidence.Archive) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "evidence")
	if err := evidence.Init(dir, "demo"); err != nil {
		t.Fatal(err)
	}
	a, err := evidence.Open(dir, evidence.Options{Logger: slog.New(slog.DiscardHandler), Operator: "demo"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	clock := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	return &Importer{Archive: a, Now: func() time.Time { clock = clock.Add(time.Second); return clock }}, a
}

// file writes a file of a name.
func file(t testing.TB, name, content string) string {
	t.Helper()
	p := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(p, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return p
}

// take imports a file, whose kind its content must tell.
func take(t testing.TB, im *Importer, path string, want Kind) Summary {
	t.Helper()
	kind, err := Detect(path)
	if err != nil || kind != want {
		t.Fatalf("%s is %q (%v), want %q", filepath.Base(path), kind, err, want)
	}
	var sum Summary
	if err := im.Import(context.Background(), path, kind, &sum); err != nil {
		t.Fatalf("import %s: %v", filepath.Base(path), err)
	}
	return sum
}

// sealed are the captures of records, with their bodies.
func sealed(t testing.TB, a *evidence.Archive) (out []*tamga.Exchange) {
	t.Helper()
	err := a.Replay(context.Background(), 0, func(c tamga.Capture, ex *tamga.Exchange) error {
		if c.Route != tamga.RouteImport {
			t.Errorf("capture %d has route %s", c.Seq, c.Route)
		}
		if c.ContentType != TypeManifest {
			ex.Header = map[string][]string{"Content-Type": {c.ContentType}}
			out = append(out, ex)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// count checks a summary.
func count(t testing.TB, s Summary, captured, records, problems int) {
	t.Helper()
	if int(s.Captured) != captured || int(s.Records) != records || len(s.Problems) != problems {
		t.Fatalf("captured %d of %d records with problems %v, want %d of %d with %d", s.Captured, s.Records, s.Problems, captured, records, problems)
	}
}

// samples are one file of each kind, with its number of records.
func samples(t testing.TB) map[Kind]struct {
	path    string
	records int
} {
	return map[Kind]struct {
		path    string
		records int
	}{
		KindTelegram: {file(t, "result.json", telegramSample), 4},
		KindDiscord:  {file(t, "market.json", discordSample), 3},
		KindMbox:     {file(t, "box", mboxSample), 3},
		KindHAR:      {file(t, "a.har", harSample), 2},
		KindWARC:     {file(t, "a.warc", warcSample()), 4},
		KindWACZ:     {file(t, "a.wacz", string(waczSample(t, nil))), 4},
		KindHTML:     {folder(t), 4},
	}
}

// TestTwice imports each kind twice, the second time through a new Importer, as a
// later command does.
func TestTwice(t *testing.T) {
	for kind, s := range samples(t) {
		t.Run(string(kind), func(t *testing.T) {
			im, a := archive(t)
			first := take(t, im, s.path, kind)
			count(t, first, s.records, s.records, 0)
			n := a.Len()
			again := take(t, &Importer{Archive: a, Now: im.Now}, s.path, kind)
			count(t, again, 0, s.records, 0)
			if again.Known != int64(s.records) || a.Len() != n {
				t.Errorf("again: %d known, the log grew by %d", again.Known, a.Len()-n)
			}
		})
	}
}

// TestInterrupted stops an import at each record and carries on.
func TestInterrupted(t *testing.T) {
	for kind, s := range samples(t) {
		t.Run(string(kind), func(t *testing.T) {
			whole, a := archive(t)
			take(t, whole, s.path, kind)
			want := a.Len()
			for stop := int64(1); stop < want; stop++ {
				im, a := archive(t)
				ctx, cancel := context.WithCancel(context.Background())
				now := im.Now
				im.Now = func() time.Time { // asked for once a record
					if a.Len() >= stop {
						cancel()
					}
					return now()
				}
				err := im.Import(ctx, s.path, kind, &Summary{})
				if cancel(); err == nil && a.Len() < want-1 {
					t.Fatalf("stopped after %d: no error", stop)
				}
				var sum Summary
				if err := (&Importer{Archive: a}).Import(context.Background(), s.path, kind, &sum); err != nil {
					t.Fatal(err)
				}
				if a.Len() != want || len(sum.Problems) != 0 {
					t.Fatalf("stopped after %d and carried on: %d entries, want %d; %v", stop, a.Len(), want, sum.Problems)
				}
			}
		})
	}
}

// TestPlaces checks the bytes of each record against the file, at the place that
// its capture names.
func TestPlaces(t *testing.T) {
	for _, kind := range []Kind{KindTelegram, KindDiscord, KindMbox} {
		im, a := archive(t)
		s := samples(t)[kind]
		take(t, im, s.path, kind)
		content, err := os.ReadFile(s.path)
		if err != nil {
			t.Fatal(err)
		}
		for _, ex := range sealed(t, a) {
			place := at(int64(bytes.Index(content, ex.Body)), len(ex.Body))
			if ex.Detail != place {
				t.Errorf("%s: %q, it stands %s", ex.URL, ex.Detail, place)
			}
			if ex.Via != "urn:sha256:"+digestHex(content) {
				t.Errorf("%s is of %s, not of the file", ex.URL, ex.Via)
			}
		}
	}
}

// TestTruncated cuts each file off at every length and wants a problem or a whole
// number of records, never an error or a panic.
func TestTruncated(t *testing.T) {
	for kind, s := range samples(t) {
		if kind == KindHTML {
			continue
		}
		t.Run(string(kind), func(t *testing.T) {
			content, err := os.ReadFile(s.path)
			if err != nil {
				t.Fatal(err)
			}
			im, _ := archive(t)
			step := max(1, len(content)/60)
			for n := 0; n < len(content)-2; n += step {
				var sum Summary
				if err := im.Import(context.Background(), file(t, "cut", string(content[:n])), kind, &sum); err != nil {
					t.Fatalf("%d of %d bytes: %v", n, len(content), err)
				}
				if kind != KindMbox && kind != KindWARC && len(sum.Problems) == 0 {
					t.Errorf("%d of %d bytes: %d records and no problem", n, len(content), sum.Records)
				}
			}
		})
	}
}

func TestUnknown(t *testing.T) {
	for name, content := range map[string]string{
		"empty": "", "text": "hello", "json": `{"a":1}`, "array": `[1]`, "nul": strings.Repeat("\x00", 1000),
		"zip": "PK\x03\x04 and no more", "gzip": "\x1f\x8b\x08\x00", "utf16": "\xff\xfe{\x00", "png": "\x89PNG\r\n\x1a\n",
	} {
		if kind, err := Detect(file(t, name, content)); err == nil {
			t.Errorf("%s is taken for %q", name, kind)
		}
	}
}

// A record that a gate refuses is counted, named by its number, and not sealed; its
// neighbours are.
func TestGate(t *testing.T) {
	im, a := archive(t)
	im.Gate = func(ex *tamga.Exchange) (string, bool) {
		return "demo-list", bytes.Contains(ex.Body, []byte("not to be kept"))
	}
	mail := func(n, text string) string {
		return "From demo@example.org Mon Mar  2 00:00:00 2026\nFrom: demo@example.org\nMessage-ID: <" + n + "@example.org>\nDate: Mon, 2 Mar 2026 00:00:00 +0000\nSubject: demo\n\n" + text + "\n\n"
	}
	sum := take(t, im, file(t, "demo.mbox", mail("1", "one")+mail("2", "not to be kept")+mail("3", "three")), KindMbox)
	if sum.Records != 3 || sum.Captured != 2 || len(sum.Problems) != 1 || sum.Problems[0].What != "record 2 is on the blocklist demo-list: not taken in" {
		t.Errorf("%+v", sum)
	}
	for _, ex := range sealed(t, a) {
		if bytes.Contains(ex.Body, []byte("not to be kept")) {
			t.Errorf("sealed: %s", ex.URL)
		}
	}
}

// TestMirrored tells the addresses of pages by the folders of a mirror.
func TestMirrored(t *testing.T) {
	for name, want := range map[string]string{
		"demo.example.onion/index.html": "http://demo.example.onion/", "mirror/demo.example.onion/item/1.html": "http://demo.example.onion/item/1.html",
		"mirror/www.demo.com/index.html?page=2": "http://www.demo.com/?page=2", "m/demo.onion:8080/a.php?id=3&x=1.html": "http://demo.onion:8080/a.php?id=3&x=1",
		"mirror/item/1.html": "", "saved.files/a.html": "", "saved/a.html": "", "v1.2/a.html": "", "mirror/../demo.onion/a": "", "mirror/Demo.Page/a.html": "",
	} {
		if got := mirrored(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	dir := filepath.Join(t.TempDir(), "mirror")
	page := filepath.Join(dir, "demo.example.onion", "item")
	if err := os.MkdirAll(page, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(page, "index.html"), []byte("<html><body>a</body></html>"), 0o600); err != nil {
		t.Fatal(err)
	}
	im, a := archive(t)
	count(t, take(t, im, dir, KindHTML), 1, 1, 0)
	if ex := sealed(t, a)[0]; ex.URL != "http://demo.example.onion/item/" || ex.Source != "demo.example.onion" {
		t.Errorf("%s of %s", ex.URL, ex.Source)
	}
}
