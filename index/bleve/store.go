// Package bleve is the index in process: index.Store on Bleve's scorch, one
// folder a generation.
//
//	DIR/CURRENT        names the generation in use, replaced by rename
//	DIR/g000001/       a generation, with schema.json and the mark beside Bleve's own files
//	DIR/.read-PID-N/   a reader's view: hard links; goes when the reader closes
//
// Invariants:
//
//   - One process writes (the workspace lock sees to it); any number may read
//     at the same time, also while another process writes. A reader works on a
//     view of the last whole commit and renews it when there is a newer one.
//   - Documents and checkpoint are in one commit, so the checkpoint is never
//     ahead. A commit is on disk when Put returns.
//   - A generation is built beside the one in use and takes its place by one
//     rename. What an interrupted rebuild left is removed by the next.
//   - Nothing is analysed by Bleve: columns get finished tokens.
package bleve

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"tamga/index"
)

// renewEvery is how often a reader looks for a newer commit of another process.
const renewEvery = time.Second

// Store is an index.Rebuilder on a folder.
type Store struct {
	dir string
	now func() time.Time

	segment int // most documents of a merged segment

	mu     sync.RWMutex // held for reading while a generation is in use
	gen    *generation  // nil until first used
	closed bool
}

var _ index.Rebuilder = (*Store)(nil)

// Open returns the store of a folder, which need not exist: the first Put makes
// it. Nothing is locked or read before the first call that needs it.
func Open(dir string) (*Store, error) {
	if fi, err := os.Stat(dir); err == nil && !fi.IsDir() {
		return nil, fmt.Errorf("open index %s: not a folder", dir)
	}
	return &Store{dir: dir, now: time.Now, segment: wholeSegment}, nil
}

// BoundSegments keeps the segments that merging makes to at most n documents, for
// who writes much and has little memory: a merge goes through the mapped files of
// all of its segments at once. It is to be called before the store is first used; a
// later writer without a bound merges on.
func (s *Store) BoundSegments(n int) { s.segment = n }

var errClosed = errors.New("index is closed")

// Put implements index.Store.
func (s *Store) Put(ctx context.Context, docs []index.Document, checkpoint int64) error {
	s.mu.Lock()
	err := s.openWriter()
	s.mu.Unlock()
	if err != nil {
		return err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		return errClosed
	}
	return s.gen.Put(ctx, docs, checkpoint)
}

// Checkpoint implements index.Store.
func (s *Store) Checkpoint(ctx context.Context) (n int64, err error) {
	err = s.read(func(g *generation) error { n, err = g.Checkpoint(ctx); return err })
	if errors.Is(err, errMissing) {
		return 0, nil
	}
	return n, err
}

// Search implements index.Store.
func (s *Store) Search(ctx context.Context, q index.Query) (r index.Result, err error) {
	plan, err := index.Compile(q)
	if err != nil {
		return r, err
	}
	err = s.read(func(g *generation) error { r, err = g.search(ctx, plan); return err })
	return r, err
}

// Get implements index.Store.
func (s *Store) Get(ctx context.Context, id string) (d index.Document, found bool, err error) {
	err = s.read(func(g *generation) error { d, found, err = g.Get(ctx, id); return err })
	return d, found, err
}

// Close implements index.Store.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	return s.drop()
}

// drop closes the generation in use; the caller holds the lock.
func (s *Store) drop() error {
	if s.gen == nil {
		return nil
	}
	g := s.gen
	s.gen = nil
	return g.Close()
}

// read calls f with the generation in use, opened or renewed if need be.
func (s *Store) read(f func(*generation) error) error {
	for range 100 {
		s.mu.RLock()
		if s.closed {
			s.mu.RUnlock()
			return errClosed
		}
		if s.gen != nil && !s.gen.stale(s.now()) {
			defer s.mu.RUnlock()
			return f(s.gen)
		}
		s.mu.RUnlock()
		s.mu.Lock()
		err := s.openReader()
		s.mu.Unlock()
		if err != nil {
			return err
		}
	}
	return fmt.Errorf("open index %s: it changes too fast to be read", s.dir)
}

// openWriter makes the generation in use writable; the caller holds the lock.
func (s *Store) openWriter() error {
	if s.closed {
		return errClosed
	}
	if s.gen != nil && s.gen.view == nil {
		return nil
	}
	if err := s.drop(); err != nil {
		return err
	}
	name, err := current(s.dir)
	if errors.Is(err, errMissing) {
		if s.gen, err = s.create(); err != nil {
			return err
		}
		return setCurrent(s.dir, s.gen.name)
	}
	if err != nil {
		return err
	}
	sweep(s.dir)
	s.gen, err = openGeneration(s.dir, name, s.segment)
	return err
}

// openReader opens a view of the last commit, or keeps the one there is if it is
// the last; the caller holds the lock.
func (s *Store) openReader() error {
	if s.closed {
		return errClosed
	}
	now := s.now()
	if s.gen != nil && !s.gen.stale(now) {
		return nil
	}
	name, err := current(s.dir)
	if err != nil {
		return err
	}
	if g := s.gen; g != nil && g.name == name && g.view.stamp == stampOf(filepath.Join(s.dir, name)) {
		g.view.checked = now
		return nil
	}
	fresh, err := openView(s.dir, name, now)
	if err != nil {
		return err
	}
	if err := s.drop(); err != nil {
		fresh.Close()
		return err
	}
	s.gen = fresh
	return nil
}

// create makes an empty generation beside the others.
func (s *Store) create() (*generation, error) {
	name, err := nextName(s.dir)
	if err != nil {
		return nil, err
	}
	return newGeneration(s.dir, name, s.segment)
}

// Rebuild implements index.Rebuilder.
func (s *Store) Rebuild(ctx context.Context, fill func(index.Store) error) error {
	if err := os.MkdirAll(s.dir, 0o755); err != nil {
		return fmt.Errorf("rebuild index: %w", err)
	}
	sweep(s.dir)
	removeOthers(s.dir)
	fresh, err := s.create()
	if err != nil {
		return err
	}
	abandon := func(err error) error {
		return errors.Join(err, fresh.Close(), os.RemoveAll(filepath.Join(s.dir, fresh.name)))
	}
	if err := fill(keepOpen{fresh}); err != nil {
		return abandon(err)
	}
	if err := ctx.Err(); err != nil {
		return abandon(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return abandon(errClosed)
	}
	if err := setCurrent(s.dir, fresh.name); err != nil {
		return abandon(err)
	}
	err = s.drop()
	s.gen = fresh
	removeOthers(s.dir)
	return err
}

// keepOpen lends a generation to the filler of a rebuild.
type keepOpen struct{ *generation }

func (keepOpen) Close() error { return nil }
