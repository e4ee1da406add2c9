package index

import (
	"context"
	"errors"

	"tamga"
)

// Errors a caller branches on.
var (
	// ErrUnreachable: the engine is another process and does not answer.
	ErrUnreachable = errors.New("index engine unreachable")
	// ErrNoIndex: there is no index, or it cannot be read, or it was built by
	// another version. The cure is `tamga reindex`.
	ErrNoIndex = errors.New("no usable index: run `tamga reindex`")
	// ErrQuery: the query is wrong, not the store.
	ErrQuery = errors.New("query")
)

// Store holds documents and answers queries. Its methods may be called from
// several goroutines; writers take turns.
type Store interface {
	// Put adds documents, each replacing one of the same id, and then sets the
	// checkpoint: the number of the first log entry not yet ingested. Documents
	// are found by Search when it returns. After a crash the checkpoint is that
	// of a Put whose documents are all there. The first Put makes the index.
	Put(ctx context.Context, docs []Document, checkpoint int64) error
	// Checkpoint is 0 where there is no index.
	Checkpoint(ctx context.Context) (int64, error)
	// Search answers a query; ErrNoIndex where there is no index, an error that
	// is ErrQuery for a query that is wrong.
	Search(ctx context.Context, q Query) (Result, error)
	// Get returns the document of an id; found is false where there is none.
	Get(ctx context.Context, id string) (d Document, found bool, err error)
	Close() error
}

// Rebuilder is a Store that can be built anew.
type Rebuilder interface {
	Store
	// Rebuild calls fill with an empty store beside the one in use and, if fill
	// returns nil, puts it in its place at once; else it is thrown away. The
	// store in use answers until then.
	Rebuild(ctx context.Context, fill func(Store) error) error
}

// Result is the answer to a Query.
type Result struct {
	Total     int64                  `json:"total"` // exact
	Hits      []Hit                  `json:"hits"`
	Facets    map[string]FacetResult `json:"facets,omitempty"` // by field
	Histogram []Day                  `json:"histogram,omitempty"`
	Cursor    string                 `json:"cursor,omitempty"` // of the next page; empty on the last
}

// Hit is a document found.
type Hit struct {
	ID      string         `json:"id"`
	Kind    string         `json:"kind"`
	Capture tamga.Digest   `json:"capture,omitempty"`
	Seq     int64          `json:"seq"`
	Fields  map[string]any `json:"fields"`
	// Marks are byte ranges [start, end) of the words found, by text field.
	Marks map[string][][2]int `json:"marks,omitempty"`
}

// FacetResult counts the values of a field. All counts are exact.
type FacetResult struct {
	Values  []FacetValue `json:"values"`  // most frequent first, then by value
	Other   int64        `json:"other"`   // occurrences of values not listed
	Missing int64        `json:"missing"` // documents without a value
}

// FacetValue is a value and the number of documents that have it.
type FacetValue struct {
	Value string `json:"value"`
	Count int64  `json:"count"`
}

// Day is a bucket of the histogram: a day in UTC, YYYY-MM-DD.
type Day struct {
	Day   string `json:"day"`
	Count int64  `json:"count"`
}
