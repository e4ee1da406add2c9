package elastic

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"tamga/index"
	"tamga/index/indextest"
)

// faulty returns a store that reaches the cluster of s through a proxy; fault may
// answer in its place and says whether it did.
func faulty(t *testing.T, s *Store, o Options, fault func(w http.ResponseWriter, r *http.Request) bool) *Store {
	t.Helper()
	target, err := url.Parse(clusterURL)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(target)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Elastic-Product", "Elasticsearch")
		if !fault(w, r) {
			w.Header().Del("X-Elastic-Product")
			proxy.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(server.Close)
	o.URL, o.Prefix = server.URL, s.prefix
	f, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestUnreachable(t *testing.T) {
	server := httptest.NewServer(nil)
	url := server.URL
	server.Close() // its port is now nobody's
	s, err := Open(Options{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Search(t.Context(), index.Query{}); !errors.Is(err, index.ErrUnreachable) {
		t.Errorf("search: %v, want ErrUnreachable", err)
	}
	if err := s.Put(t.Context(), nil, 0); !errors.Is(err, index.ErrUnreachable) {
		t.Errorf("put: %v, want ErrUnreachable", err)
	}
}

func TestOptions(t *testing.T) {
	for _, o := range []Options{
		{}, {URL: "ftp://x"}, {URL: "http://user:pass@demo.example"}, {URL: "http://demo.example", Prefix: "Tamga*"},
		{URL: "http://demo.example", Username: "a", APIKey: "b"}, {URL: "https://demo.example", CAFile: "/nonexistent"},
	} {
		if _, err := Open(o); err == nil {
			t.Errorf("%+v: no error", o)
		} else if strings.Contains(err.Error(), "pass@") {
			t.Errorf("the error shows the password: %v", err)
		}
	}
}

// A busy cluster is asked again: whole requests that it refuses, and single
// documents.
func TestBusy(t *testing.T) {
	s := open(t)
	var whole, single atomic.Int64
	f := faulty(t, s, Options{}, func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, "/_bulk") {
			return false
		}
		if whole.Add(1) == 1 {
			w.WriteHeader(http.StatusTooManyRequests)
			return true
		}
		if single.Add(1) > 1 {
			return false
		}
		// Every other document is rejected; the others are passed on.
		b, _ := io.ReadAll(r.Body)
		lines := bytes.SplitAfter(b, []byte("\n"))
		var kept bytes.Buffer
		var rejected []int
		for i := 0; i+1 < len(lines); i += 2 {
			if i%4 == 0 {
				kept.Write(lines[i])
				kept.Write(lines[i+1])
			} else {
				rejected = append(rejected, i/2)
			}
		}
		res, err := http.Post(clusterURL+r.URL.Path, "application/x-ndjson", &kept)
		if err != nil {
			t.Error(err)
			return false
		}
		defer res.Body.Close()
		var out struct {
			Items []any `json:"items"`
		}
		json.NewDecoder(res.Body).Decode(&out)
		for _, i := range rejected {
			busy := map[string]any{"index": map[string]any{"status": 429, "error": map[string]any{"type": "es_rejected_execution_exception", "reason": "full"}}}
			out.Items = append(out.Items[:i], append([]any{busy}, out.Items[i:]...)...)
		}
		json.NewEncoder(w).Encode(map[string]any{"errors": true, "items": out.Items})
		return true
	})
	if err := f.Put(t.Context(), indextest.Documents(1, 40), 40); err != nil {
		t.Fatal(err)
	}
	r, err := s.Search(t.Context(), index.Query{})
	if err != nil || r.Total != 40 {
		t.Errorf("%d documents, %v; want 40", r.Total, err)
	}
	if whole.Load() < 3 {
		t.Errorf("%d bulk requests", whole.Load())
	}
}

// A document that the cluster refuses for good fails Put, and the checkpoint stays.
func TestRefusedDocument(t *testing.T) {
	s := open(t)
	if err := s.Put(t.Context(), nil, 3); err != nil {
		t.Fatal(err)
	}
	f := faulty(t, s, Options{}, func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, "/_bulk") {
			return false
		}
		fmt.Fprint(w, `{"errors":true,"items":[{"index":{"status":400,"error":{"type":"document_parsing_exception","reason":"no"}}}]}`)
		return true
	})
	if err := f.Put(t.Context(), indextest.Documents(1, 1), 9); err == nil || !strings.Contains(err.Error(), "document_parsing_exception") {
		t.Errorf("put: %v", err)
	}
	if n, err := s.Checkpoint(t.Context()); n != 3 || err != nil {
		t.Errorf("checkpoint %d, %v; want 3", n, err)
	}
}

// Pages go on where the state that the cluster kept is gone, also in another
// process.
func TestPagesWithoutState(t *testing.T) {
	s := open(t)
	if err := s.Put(t.Context(), indextest.Documents(1, 40), 40); err != nil {
		t.Fatal(err)
	}
	q := index.Query{Size: 15, Sort: []index.SortKey{{Field: "posted", Desc: true}}}
	seen := map[string]bool{}
	for page := range 3 {
		r, err := s.Search(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range r.Hits {
			seen[h.ID] = true
		}
		q.Cursor = r.Cursor
		for _, id := range s.pits.byKey {
			s.closePIT(id) // as if its time were up
		}
		if page == 1 {
			s.pits.drain() // as if another process asked
		}
	}
	if len(seen) != 40 {
		t.Errorf("%d documents on three pages, want 40", len(seen))
	}
}

func TestCredentials(t *testing.T) {
	for want, o := range map[string]Options{
		"Basic ZGVtbzpwYXNz": {Username: "demo", Password: "pass"},
		"APIKey a2V5":        {APIKey: "a2V5"},
	} {
		var got atomic.Value
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			got.Store(r.Header.Get("Authorization"))
			w.Header().Set("X-Elastic-Product", "Elasticsearch")
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprint(w, `{"error":{"type":"security_exception","reason":"who are you"},"status":401}`)
		}))
		o.URL = server.URL
		s, err := Open(o)
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.Search(context.Background(), index.Query{})
		if err == nil || errors.Is(err, index.ErrUnreachable) || !strings.Contains(err.Error(), "security_exception") {
			t.Errorf("refused: %v", err)
		}
		if g, _ := got.Load().(string); !strings.EqualFold(g, want) {
			t.Errorf("authorization %q, want %q", g, want)
		}
		server.Close()
	}
}
