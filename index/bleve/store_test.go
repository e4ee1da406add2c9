package bleve

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tamga/index"
	"tamga/index/indextest"
)

func TestSuite(t *testing.T) {
	indextest.Run(t, func(t *testing.T) index.Rebuilder {
		s, err := Open(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		return s
	})
}

func open(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func total(t *testing.T, s *Store) int64 {
	t.Helper()
	r, err := s.Search(t.Context(), index.Query{})
	if err != nil {
		t.Fatal(err)
	}
	return r.Total
}

// A reader follows a writer that keeps the index open, and neither stops the
// other. Two stores on one folder lock each other as two processes do.
func TestReaderBesideWriter(t *testing.T) {
	dir := t.TempDir()
	w, r := open(t, dir), open(t, dir)
	clock := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
	r.now = func() time.Time { return clock }
	docs := indextest.Documents(5, 300)
	for i := 0; i < len(docs); i += 50 {
		if err := w.Put(t.Context(), docs[i:i+50], int64(i+50)); err != nil {
			t.Fatal(err)
		}
		clock = clock.Add(renewEvery)
		if n := total(t, r); n != int64(i+50) {
			t.Fatalf("the reader sees %d documents, want %d", n, i+50)
		}
		if n, err := r.Checkpoint(t.Context()); err != nil || n != int64(i+50) {
			t.Fatalf("the reader's checkpoint: %d, %v", n, err)
		}
	}
	// Within the second it stays where it is.
	if err := w.Put(t.Context(), indextest.Documents(6, 301)[300:], 301); err != nil {
		t.Fatal(err)
	}
	if n := total(t, r); n != 300 {
		t.Errorf("%d documents within a second, want 300", n)
	}
	// A rebuild by the writer takes the old generation away under the reader.
	err := w.Rebuild(t.Context(), func(s index.Store) error { return s.Put(t.Context(), docs[:7], 7) })
	if err != nil {
		t.Fatal(err)
	}
	if n := total(t, r); n != 300 {
		t.Errorf("%d documents of the old generation, want 300", n)
	}
	clock = clock.Add(renewEvery)
	if n := total(t, r); n != 7 {
		t.Errorf("%d documents after the rebuild, want 7", n)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".read-*")); len(left) > 0 {
		t.Errorf("views left behind: %v", left)
	}
	if gens, _ := filepath.Glob(filepath.Join(dir, "g*")); len(gens) != 1 {
		t.Errorf("generations: %v", gens)
	}
}

func TestSecondWriterRefused(t *testing.T) {
	dir := t.TempDir()
	a, b := open(t, dir), open(t, dir)
	if err := a.Put(t.Context(), nil, 1); err != nil {
		t.Fatal(err)
	}
	if err := b.Put(t.Context(), nil, 2); err == nil || errors.Is(err, index.ErrNoIndex) {
		t.Errorf("second writer: %v", err)
	}
	if n, err := a.Checkpoint(t.Context()); n != 1 || err != nil {
		t.Errorf("checkpoint %d, %v", n, err)
	}
}

// Whatever is damaged, the answer is ErrNoIndex, never a panic, and a rebuild
// mends it.
func TestDamage(t *testing.T) {
	files := func(pattern string, harm func(path string) error) func(dir string) error {
		return func(dir string) error {
			paths, err := filepath.Glob(filepath.Join(dir, pattern))
			if err != nil || len(paths) == 0 {
				return fmt.Errorf("%s: no such file, %w", pattern, err)
			}
			for _, p := range paths {
				if err := harm(p); err != nil {
					return err
				}
			}
			return nil
		}
	}
	cut := func(p string) error { return os.Truncate(p, 10) }
	empty := func(p string) error { return os.WriteFile(p, nil, 0o600) }
	for name, harm := range map[string]func(string) error{
		"CURRENT gone":    files("CURRENT", os.Remove),
		"CURRENT empty":   files("CURRENT", empty),
		"CURRENT wrong":   files("CURRENT", func(p string) error { return os.WriteFile(p, []byte("../../etc"), 0o600) }),
		"generation gone": files("g*", os.RemoveAll),
		"schema gone":     files("g*/schema.json", os.Remove),
		"another schema":  files("g*/schema.json", func(p string) error { return os.WriteFile(p, []byte(`{"version":999}`), 0o600) }),
		"meta gone":       files("g*/index_meta.json", os.Remove),
		"meta cut":        files("g*/index_meta.json", cut),
		"root gone":       files("g*/store/root.bolt", os.Remove),
		"root cut":        files("g*/store/root.bolt", cut),
		"segments gone":   files("g*/store/*.zap", os.Remove),
		"segments cut":    files("g*/store/*.zap", cut),
		"segments empty":  files("g*/store/*.zap", empty),
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			w, err := Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			if err := w.Put(t.Context(), indextest.Documents(1, 50), 50); err != nil {
				t.Fatal(err)
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			if err := harm(dir); err != nil {
				t.Fatal(err)
			}
			s := open(t, dir)
			if _, err := s.Search(t.Context(), index.Query{}); !errors.Is(err, index.ErrNoIndex) || !strings.Contains(err.Error(), "tamga reindex") {
				t.Errorf("search: %v", err)
			}
			err = s.Rebuild(t.Context(), func(fresh index.Store) error { return fresh.Put(t.Context(), indextest.Documents(1, 20), 20) })
			if err != nil {
				t.Fatal(err)
			}
			if n := total(t, s); n != 20 {
				t.Errorf("%d documents after the rebuild, want 20", n)
			}
		})
	}
}

// TestReleaseMapped lets go of mapped segments while the index is written and read.
func TestReleaseMapped(t *testing.T) {
	s, err := Open(filepath.Join(t.TempDir(), "index"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.ReleaseMapped(); err != nil {
		t.Fatalf("of an index that is not open: %v", err)
	}
	s.BoundSegments(100)
	ctx := context.Background()
	done := make(chan error, 1)
	stop := make(chan struct{})
	go func() {
		for {
			select {
			case <-stop:
				done <- nil
				return
			default:
			}
			if err := s.ReleaseMapped(); err != nil {
				done <- err
				return
			}
			time.Sleep(time.Millisecond)
		}
	}()
	const batches, each = 20, 50
	for i := range int64(batches) {
		var docs []index.Document
		for j := range int64(each) {
			docs = append(docs, index.Document{ID: fmt.Sprintf("capture:%d", i*each+j), Kind: "capture", Seq: i*each + j, Fields: map[string]any{"seq": i*each + j, "text": "demo words"}})
		}
		if err := s.Put(ctx, docs, (i+1)*each); err != nil {
			t.Fatal(err)
		}
	}
	close(stop)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	where, err := index.Parse("demo")
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.Search(ctx, index.Query{Where: where, Size: 1})
	if err != nil || r.Total != batches*each {
		t.Errorf("%d found (%v), want %d", r.Total, err, batches*each)
	}
}
