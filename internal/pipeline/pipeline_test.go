package pipeline

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"tamga"
	"tamga/evidence"
	"tamga/extract"
	"tamga/index"
	"tamga/index/indextest"
	"tamga/internal/demo"
)

// lab is a pipeline over a new archive and the naive store.
type lab struct {
	*Pipeline
	t *testing.T
}

func newLab(t *testing.T) *lab {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "evidence")
	if err := evidence.Init(dir, "demo"); err != nil {
		t.Fatal(err)
	}
	archive, err := evidence.Open(dir, evidence.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { archive.Close() })
	reader, err := extract.New(extract.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return &lab{&Pipeline{Archive: archive, Reader: reader, Store: indextest.NewOracle(), Log: slog.New(slog.DiscardHandler)}, t}
}

// capture puts the market's answer for a path, as a crawler would.
func (l *lab) capture(path string) {
	l.t.Helper()
	w := httptest.NewRecorder()
	demo.New().Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://demo.example"+path, nil))
	body, err := io.ReadAll(w.Result().Body)
	if err != nil {
		l.t.Fatal(err)
	}
	l.put(path, w.Header(), body)
}

func (l *lab) put(path string, header http.Header, body []byte) {
	l.t.Helper()
	head := "HTTP/1.1 200 OK\r\n"
	for name := range header {
		head += name + ": " + header.Get(name) + "\r\n"
	}
	_, err := l.Archive.Put(l.t.Context(), &tamga.Exchange{
		URL: "http://demo.example" + path, Route: tamga.RouteLocal, Outcome: tamga.OutcomeOK, Status: 200,
		RequestHead: []byte("GET " + path + " HTTP/1.1\r\n\r\n"), ResponseHead: []byte(head + "\r\n"), Header: header, Body: body,
	})
	if err != nil {
		l.t.Fatal(err)
	}
}

func (l *lab) ingest() Stats {
	l.t.Helper()
	s, err := l.Ingest(l.t.Context(), nil)
	if err != nil {
		l.t.Fatal(err)
	}
	return s
}

// everything is the whole index as JSON, in order.
func (l *lab) everything() string {
	l.t.Helper()
	r, err := l.Store.Search(l.t.Context(), index.Query{Size: index.MaxSize, Sort: []index.SortKey{{Field: "id"}}})
	if err != nil {
		l.t.Fatal(err)
	}
	b, err := json.Marshal(r.Hits)
	if err != nil {
		l.t.Fatal(err)
	}
	return string(b)
}

func (l *lab) story() index.Document {
	l.t.Helper()
	r, err := l.Store.Search(l.t.Context(), index.Query{Where: index.And(
		index.Term{Field: "kind", Values: []string{"listing"}},
		index.Term{Field: "url", Values: []string{"http://demo.example" + demo.StoryListing()}},
	)})
	if err != nil || len(r.Hits) != 1 {
		l.t.Fatalf("the story's listing is %d documents: %v", len(r.Hits), err)
	}
	h := r.Hits[0]
	return index.Document{ID: h.ID, Kind: h.Kind, Capture: h.Capture, Seq: h.Seq, Fields: h.Fields}
}

// A listing's own page says more than a card, whichever comes first, and however
// the captures fall into runs.
func TestOwnPageWins(t *testing.T) {
	var all []string
	for _, order := range [][]string{{"/", demo.StoryListing()}, {demo.StoryListing(), "/"}} {
		for _, split := range []bool{false, true} {
			l := newLab(t)
			for _, path := range order {
				l.capture(path)
				if split {
					l.ingest()
				}
			}
			l.ingest()
			d := l.story()
			if d.Fields["page_kind"] != string(tamga.PageListing) {
				t.Errorf("order %v: read from a page of kind %v", order, d.Fields["page_kind"])
			}
			if list, ok := d.Fields["address"].([]any); !ok || len(list) == 0 || list[0] != demo.Wallet() {
				t.Errorf("order %v: the wallet is %v, want %s", order, d.Fields["address"], demo.Wallet())
			}
			delete(d.Fields, "seq")
			d.Fields["captured"] = ""
			b, _ := json.Marshal(d.Fields)
			all = append(all, string(b))
		}
	}
	for _, s := range all[1:] {
		if s != all[0] {
			t.Errorf("the same pages gave two documents:\n%s\n%s", all[0], s)
		}
	}
}

// Ingest in any pieces and reindex give one and the same index.
func TestReindexIsIdentity(t *testing.T) {
	l := newLab(t)
	paths := []string{"/", demo.StoryListing(), "/vendors", "/about"}
	for i, path := range paths {
		l.capture(path)
		if i%2 == 1 {
			l.ingest()
		}
	}
	l.ingest()
	before := l.everything()
	stats, err := l.Reindex(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if stats.Captures != int64(len(paths)) {
		t.Errorf("reindexed %d captures of %d", stats.Captures, len(paths))
	}
	if after := l.everything(); after != before {
		t.Errorf("reindex changed the index")
	}
	if again := l.ingest(); again.Captures != 0 {
		t.Errorf("%d captures were read twice", again.Captures)
	}
}

// A page that cannot be decoded is indexed without its text, and counted.
func TestBrokenPage(t *testing.T) {
	l := newLab(t)
	l.put("/broken", http.Header{"Content-Encoding": {"gzip"}, "Content-Type": {"text/html"}}, []byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff not deflate"))
	l.capture("/about")
	stats := l.ingest()
	if stats.Captures != 2 || stats.Problems != 1 {
		t.Errorf("%+v, want 2 captures and 1 problem", stats)
	}
	r, err := l.Store.Search(t.Context(), index.Query{Where: index.Term{Field: "kind", Values: []string{"capture"}}})
	if err != nil || r.Total != 2 {
		t.Errorf("%d captures in the index: %v", r.Total, err)
	}
}

// An interrupted ingest leaves a checkpoint that the next one goes on from.
func TestInterrupt(t *testing.T) {
	l := newLab(t)
	for i := range batch + 10 {
		l.put(fmt.Sprintf("/p%d", i), http.Header{"Content-Type": {"text/html"}}, fmt.Appendf(nil, "<title>Page %d of nowhere</title>%*s", i, smallBytes/batch, ""))
	}
	ctx, cancel := context.WithCancel(t.Context())
	_, err := l.Ingest(ctx, func(done, total int64) { cancel() })
	if err == nil {
		t.Fatal("a cancelled ingest reported success")
	}
	at, err := l.Store.Checkpoint(t.Context())
	if err != nil || at == 0 || at >= l.Archive.Len() {
		t.Fatalf("checkpoint %d of %d: %v", at, l.Archive.Len(), err)
	}
	if s := l.ingest(); s.Captures != 10 {
		t.Errorf("the second run read %d captures, want the 10 that were left", s.Captures)
	}
}

// What is read of a page of nothing but tags ends before a tag.
func TestTagged(t *testing.T) {
	page := []byte(strings.Repeat("<p>x", 10))
	for n, want := range map[int]int{0: 0, 1: 4, 9: 36, 10: 40, 11: 40} {
		if got := tagged(page, n); got != want {
			t.Errorf("%d tags: %d, want %d", n, got, want)
		}
	}
	if got := tagged(nil, 3); got != 0 {
		t.Errorf("no page: %d", got)
	}
}
