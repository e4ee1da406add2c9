// Package elastic is the index on an Elasticsearch 8 cluster: index.Store over
// go-elasticsearch, for when a unit outgrows one machine.
//
// With the prefix "tamga" there are, on the cluster:
//
//	tamga           alias: the generation in use
//	tamga-g000001   a generation, one primary shard, strict mapping
//	tamga-state     a document a generation: its checkpoint
//
// Invariants:
//
//   - Counts are exact: one primary shard, total hits tracked, a request that
//     some shard did not answer is an error.
//   - No document is lost quietly: every item of a bulk request is looked at; a
//     rejected one (429) is sent again, any other failure fails Put.
//   - The checkpoint is written after the documents it covers are acknowledged
//     and refreshed, so it is never ahead.
//   - Only what the leanest server has is used: no scripts, no reindex or
//     update by query, no language analysis, no index lifecycle.
//   - The mapping is made from index.Columns and never edited in place.
package elastic

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"sync"

	"github.com/elastic/go-elasticsearch/v8"

	"tamga/index"
)

// Store is an index.Rebuilder on a cluster.
type Store struct {
	client *elasticsearch.Client
	prefix string
	pits   *pits

	mu      sync.Mutex
	checked string // the generation whose schema was found right
}

var _ index.Rebuilder = (*Store)(nil)

// errMissing is ErrNoIndex where there never was one.
var errMissing = fmt.Errorf("%w: there is none yet", index.ErrNoIndex)

// Open returns the store of a cluster. It sends nothing before the first call
// that needs it.
func Open(o Options) (*Store, error) {
	if o.Prefix == "" {
		o.Prefix = "tamga"
	}
	client, err := o.client()
	if err != nil {
		return nil, err
	}
	return &Store{client: client, prefix: o.Prefix, pits: newPits()}, nil
}

func (s *Store) state() string { return s.prefix + "-state" }

// generation is one index of the cluster; quiet ones are refreshed at the end.
type generation struct {
	s     *Store
	name  string
	quiet bool
}

// current returns the generation in use.
func (s *Store) current(ctx context.Context) (*generation, error) {
	var out map[string]struct {
		Mappings struct {
			Meta struct {
				Schema int `json:"schema"`
			} `json:"_meta"`
		} `json:"mappings"`
	}
	status, err := s.call(ctx, http.MethodGet, "/"+s.prefix+"/_mapping?filter_path=*.mappings._meta", nil, &out, http.StatusNotFound)
	if err != nil {
		return nil, fmt.Errorf("find index: %w", err)
	}
	if status == http.StatusNotFound || len(out) == 0 {
		return nil, errMissing
	}
	if len(out) > 1 {
		return nil, fmt.Errorf("find index: alias %s names %d indices: %w", s.prefix, len(out), index.ErrNoIndex)
	}
	for name, m := range out {
		if m.Mappings.Meta.Schema != index.SchemaVersion() {
			return nil, fmt.Errorf("index %s: schema %d, want %d: %w", name, m.Mappings.Meta.Schema, index.SchemaVersion(), index.ErrNoIndex)
		}
		s.mu.Lock()
		s.checked = name
		s.mu.Unlock()
		return &generation{s: s, name: name}, nil
	}
	return nil, errMissing
}

// Put implements index.Store.
func (s *Store) Put(ctx context.Context, docs []index.Document, checkpoint int64) error {
	g, err := s.current(ctx)
	if errors.Is(err, errMissing) {
		g, err = s.create(ctx, true)
	}
	if err != nil {
		return err
	}
	return g.Put(ctx, docs, checkpoint)
}

// Checkpoint implements index.Store.
func (s *Store) Checkpoint(ctx context.Context) (int64, error) {
	g, err := s.current(ctx)
	if errors.Is(err, errMissing) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return g.Checkpoint(ctx)
}

// Search implements index.Store.
func (s *Store) Search(ctx context.Context, q index.Query) (index.Result, error) {
	plan, err := index.Compile(q)
	if err != nil {
		return index.Result{}, err
	}
	s.mu.Lock()
	unchecked := s.checked == ""
	s.mu.Unlock()
	if unchecked {
		if _, err := s.current(ctx); err != nil {
			return index.Result{}, err
		}
	}
	return s.search(ctx, s.prefix, plan)
}

// Get implements index.Store.
func (s *Store) Get(ctx context.Context, id string) (index.Document, bool, error) {
	return s.get(ctx, s.prefix, id)
}

// Close gives back what the cluster keeps for open cursors.
func (s *Store) Close() error {
	for _, id := range s.pits.drain() {
		s.closePIT(id)
	}
	return nil
}

// names lists the generations on the cluster, oldest first.
func (s *Store) names(ctx context.Context) ([]string, error) {
	var out map[string]any
	_, err := s.call(ctx, http.MethodGet, "/"+s.prefix+"-g*/_settings?filter_path=*.settings.index.uuid&expand_wildcards=all", nil, &out, http.StatusNotFound)
	if err != nil {
		return nil, fmt.Errorf("list indices: %w", err)
	}
	re := regexp.MustCompile("^" + regexp.QuoteMeta(s.prefix) + `-g\d{6}$`)
	var names []string
	for n := range out {
		if re.MatchString(n) {
			names = append(names, n)
		}
	}
	slices.Sort(names)
	return names, nil
}

// create makes an empty generation, in use at once or not.
func (s *Store) create(ctx context.Context, use bool) (*generation, error) {
	if err := s.createState(ctx); err != nil {
		return nil, err
	}
	names, err := s.names(ctx)
	if err != nil {
		return nil, err
	}
	last := 0
	if len(names) > 0 {
		last = seqOf(names[len(names)-1])
	}
	g := &generation{s: s, name: fmt.Sprintf("%s-g%06d", s.prefix, last+1), quiet: !use}
	body := map[string]any{"settings": settings(), "mappings": mapping()}
	if use {
		body["aliases"] = map[string]any{s.prefix: map[string]any{}}
	}
	if _, err := s.call(ctx, http.MethodPut, "/"+g.name, body, nil); err != nil {
		return nil, fmt.Errorf("create index %s: %w", g.name, err)
	}
	// A checkpoint of an index of this name that is gone is not this one's.
	return g, g.setCheckpoint(ctx, 0)
}

// createState makes the index of checkpoints if it is not there.
func (s *Store) createState(ctx context.Context) error {
	status, err := s.call(ctx, http.MethodHead, "/"+s.state(), nil, nil, http.StatusNotFound)
	if err != nil {
		return fmt.Errorf("find %s: %w", s.state(), err)
	}
	if status != http.StatusNotFound {
		return nil
	}
	body := map[string]any{
		"settings": map[string]any{"number_of_shards": 1, "auto_expand_replicas": "0-1"},
		"mappings": map[string]any{"dynamic": "strict", "properties": map[string]any{"checkpoint": map[string]any{"type": "long"}}},
	}
	if _, err := s.call(ctx, http.MethodPut, "/"+s.state(), body, nil); err != nil {
		return fmt.Errorf("create %s: %w", s.state(), err)
	}
	return nil
}

// drop removes generations and their checkpoints.
func (s *Store) drop(ctx context.Context, names ...string) error {
	for _, n := range names {
		if _, err := s.call(ctx, http.MethodDelete, "/"+n, nil, nil, http.StatusNotFound); err != nil {
			return fmt.Errorf("remove index %s: %w", n, err)
		}
		if _, err := s.call(ctx, http.MethodDelete, "/"+s.state()+"/_doc/"+n, nil, nil, http.StatusNotFound); err != nil {
			return fmt.Errorf("remove checkpoint of %s: %w", n, err)
		}
	}
	return nil
}

// Rebuild implements index.Rebuilder.
func (s *Store) Rebuild(ctx context.Context, fill func(index.Store) error) error {
	used := ""
	switch g, err := s.current(ctx); {
	case err == nil:
		used = g.name
	case !errors.Is(err, index.ErrNoIndex):
		return err
	}
	names, err := s.names(ctx)
	if err != nil {
		return err
	}
	var inUse []string
	for _, n := range names {
		// What another schema built is in use until the new one is.
		if aliased, err := s.aliased(ctx, n); err != nil {
			return err
		} else if aliased || n == used {
			inUse = append(inUse, n)
		} else if err := s.drop(ctx, n); err != nil {
			return err
		}
	}
	fresh, err := s.create(ctx, false)
	if err != nil {
		return err
	}
	err = fill(fresh)
	if err == nil {
		err = fresh.refresh(ctx)
	}
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return errors.Join(err, s.drop(context.WithoutCancel(ctx), fresh.name))
	}
	actions := []any{map[string]any{"add": map[string]any{"index": fresh.name, "alias": s.prefix}}}
	for _, n := range inUse {
		actions = append(actions, map[string]any{"remove_index": map[string]any{"index": n}})
	}
	if _, err := s.call(ctx, http.MethodPost, "/_aliases", map[string]any{"actions": actions}, nil); err != nil {
		return errors.Join(fmt.Errorf("put index %s in use: %w", fresh.name, err), s.drop(context.WithoutCancel(ctx), fresh.name))
	}
	s.mu.Lock()
	s.checked = fresh.name
	s.mu.Unlock()
	return s.drop(ctx, inUse...)
}

func (s *Store) aliased(ctx context.Context, name string) (bool, error) {
	status, err := s.call(ctx, http.MethodHead, "/"+name+"/_alias/"+s.prefix, nil, nil, http.StatusNotFound)
	if err != nil {
		return false, fmt.Errorf("find alias of %s: %w", name, err)
	}
	return status != http.StatusNotFound, nil
}
