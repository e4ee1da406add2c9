package elastic

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"tamga/index"
)

// Limits of one bulk request.
const (
	bulkBytes = 5 << 20
	bulkDocs  = 1000
)

// item is a document on its way.
type item struct {
	id   string
	line []byte // action and document, as the bulk request has them
}

// Put implements index.Store.
func (g *generation) Put(ctx context.Context, docs []index.Document, checkpoint int64) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	items, err := encode(docs)
	if err != nil {
		return err
	}
	for len(items) > 0 {
		n, size := 0, 0
		for n < len(items) && n < bulkDocs && (n == 0 || size+len(items[n].line) <= bulkBytes) {
			size += len(items[n].line)
			n++
		}
		if err := g.bulk(ctx, items[:n]); err != nil {
			return fmt.Errorf("write index %s: %w", g.name, err)
		}
		items = items[n:]
	}
	if !g.quiet {
		if err := g.refresh(ctx); err != nil {
			return err
		}
	}
	return g.setCheckpoint(ctx, checkpoint)
}

// encode prepares every document before any is sent; of several with one id the
// last counts.
func encode(docs []index.Document) ([]item, error) {
	place := map[string]int{}
	var items []item
	for _, d := range docs {
		e, err := index.Prepare(d)
		if err != nil {
			return nil, err
		}
		line, err := encodeEntry(e)
		if err != nil {
			return nil, fmt.Errorf("document %s: %w", e.ID, err)
		}
		if i, ok := place[e.ID]; ok {
			items[i].line = line
			continue
		}
		place[e.ID] = len(items)
		items = append(items, item{e.ID, line})
	}
	return items, nil
}

func encodeEntry(e *index.Entry) ([]byte, error) {
	doc := map[string]any{sourceField: e.Source}
	for name, tokens := range e.Tokens {
		doc[name] = strings.Join(tokens, " ")
	}
	for name, values := range e.Keywords {
		doc[name] = values
	}
	for name, n := range e.Numbers {
		doc[name] = n
	}
	for _, c := range index.Columns() {
		if n, ok := e.Numbers[c.Name]; ok && c.Type == index.Date {
			doc[c.Name] = int64(n)
		}
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(map[string]any{"index": map[string]string{"_id": e.ID}}); err != nil {
		return nil, err
	}
	if err := enc.Encode(doc); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// bulk sends documents and looks at each one's outcome; those rejected because
// the cluster is busy are sent again.
func (g *generation) bulk(ctx context.Context, items []item) error {
	for attempt := 1; ; attempt++ {
		var body bytes.Buffer
		for _, it := range items {
			body.Write(it.line)
		}
		var out struct {
			Errors bool                        `json:"errors"`
			Items  []map[string]bulkItemResult `json:"items"`
		}
		if _, err := g.s.call(ctx, http.MethodPost, "/"+g.name+"/_bulk", body.Bytes(), &out); err != nil {
			return err
		}
		if len(out.Items) != len(items) {
			return fmt.Errorf("%d documents sent, %d outcomes came back", len(items), len(out.Items))
		}
		var busy []item
		var failed []error
		for i, outcome := range out.Items {
			r := outcome["index"]
			switch {
			case r.Status == http.StatusOK || r.Status == http.StatusCreated:
			case r.Status == http.StatusTooManyRequests || r.Status == http.StatusServiceUnavailable:
				busy = append(busy, items[i])
			default:
				failed = append(failed, fmt.Errorf("document %s: %d %s: %s", items[i].id, r.Status, r.Error.Type, r.Error.Reason))
			}
		}
		if len(failed) > 0 {
			return errors.Join(failed[:min(len(failed), 10)]...)
		}
		if len(busy) == 0 {
			return nil
		}
		if attempt == attempts {
			return fmt.Errorf("%d documents rejected %d times because the cluster is busy: %w", len(busy), attempts, index.ErrUnreachable)
		}
		items = busy
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(backoff(attempt)):
		}
	}
}

type bulkItemResult struct {
	Status int `json:"status"`
	Error  struct {
		Type   string `json:"type"`
		Reason string `json:"reason"`
	} `json:"error"`
}

func (g *generation) refresh(ctx context.Context) error {
	if _, err := g.s.call(ctx, http.MethodPost, "/"+g.name+"/_refresh", nil, nil); err != nil {
		return fmt.Errorf("refresh index %s: %w", g.name, err)
	}
	return nil
}

func (g *generation) setCheckpoint(ctx context.Context, n int64) error {
	if _, err := g.s.call(ctx, http.MethodPut, "/"+g.s.state()+"/_doc/"+g.name, map[string]int64{"checkpoint": n}, nil); err != nil {
		return fmt.Errorf("write checkpoint of %s: %w", g.name, err)
	}
	return nil
}

// Checkpoint implements index.Store.
func (g *generation) Checkpoint(ctx context.Context) (int64, error) {
	var out struct {
		Source struct {
			Checkpoint int64 `json:"checkpoint"`
		} `json:"_source"`
	}
	// An index whose checkpoint is lost is read again from the start.
	_, err := g.s.call(ctx, http.MethodGet, "/"+g.s.state()+"/_doc/"+g.name, nil, &out, http.StatusNotFound)
	if err != nil {
		return 0, fmt.Errorf("read checkpoint of %s: %w", g.name, err)
	}
	return out.Source.Checkpoint, nil
}

// Search implements index.Store.
func (g *generation) Search(ctx context.Context, q index.Query) (index.Result, error) {
	plan, err := index.Compile(q)
	if err != nil {
		return index.Result{}, err
	}
	if err := g.refresh(ctx); err != nil {
		return index.Result{}, err
	}
	return g.s.search(ctx, g.name, plan)
}

// Get implements index.Store.
func (g *generation) Get(ctx context.Context, id string) (index.Document, bool, error) {
	return g.s.get(ctx, g.name, id)
}

// Close implements index.Store; the generation is its store's.
func (g *generation) Close() error { return nil }

// get reads a document, refreshed or not.
func (s *Store) get(ctx context.Context, name, id string) (d index.Document, found bool, err error) {
	if id == "" {
		return d, false, nil
	}
	var out struct {
		Docs []struct {
			Found  bool   `json:"found"`
			Source source `json:"_source"`
			Error  *struct {
				Type   string `json:"type"`
				Reason string `json:"reason"`
			} `json:"error"`
		} `json:"docs"`
	}
	// Not by path: an id may hold anything.
	status, err := s.call(ctx, http.MethodPost, "/"+name+"/_mget", map[string]any{"ids": []string{id}}, &out, http.StatusNotFound)
	if err != nil {
		return d, false, fmt.Errorf("get document: %w", err)
	}
	if status == http.StatusNotFound || len(out.Docs) != 1 {
		return d, false, errMissing
	}
	if e := out.Docs[0].Error; e != nil {
		if e.Type == "index_not_found_exception" {
			return d, false, errMissing
		}
		return d, false, fmt.Errorf("get document: %s: %s", e.Type, e.Reason)
	}
	if !out.Docs[0].Found {
		return d, false, nil
	}
	d, err = index.Decode(out.Docs[0].Source.Doc)
	return d, err == nil, err
}

type source struct {
	Doc json.RawMessage `json:"doc"`
}
