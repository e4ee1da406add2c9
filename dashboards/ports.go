package dashboards

import (
	"context"

	"tamga"
	"tamga/index"
)

// Searcher answers queries. Every index.Store is one.
type Searcher interface {
	Search(ctx context.Context, q index.Query) (index.Result, error)
	// Get returns the document of an id; found is false where there is none.
	Get(ctx context.Context, id string) (d index.Document, found bool, err error)
}

// Opener opens a capture by its place in the evidence log and reads it. The
// error is fs.ErrNotExist where the log holds no such entry.
type Opener interface {
	Open(ctx context.Context, seq int64) (*View, error)
}

// Tracer follows value on a ledger. Direction is "forward" or "backward". The
// error is fs.ErrNotExist for a subject the ledger does not hold and
// fs.ErrInvalid for one that is no address, transaction or output.
type Tracer interface {
	Trace(ctx context.Context, subject, direction string, hops int) (tamga.Trace, error)
}

// View is a capture as the workspace holds it and as it reads.
type View struct {
	Capture      tamga.Capture
	Page         *tamga.Page // nil where the payload is no page, or could not be read
	Problem      string      // why it could not be read; empty where it was
	RequestHead  string      // as sent, without what logs a reader in, ending in an empty line
	ResponseHead string      // as received, without the same
	Payload      []byte      // as on the wire, content coding kept
	Proof        *Proof      // nil where the caller did not prove it
	Stamps       []Stamp     // the first of each authority, calendar and witness that covers it
}

// Proof says that the entry of a capture is in the evidence log under a signed
// head (RFC 6962 §2.1.1). Hashes are base64 as the log prints them.
type Proof struct {
	LogSize int64    `json:"log_size"` // entries under the head
	Root    string   `json:"root"`
	Leaf    string   `json:"leaf"`
	Path    []string `json:"path,omitempty"`
	Signed  string   `json:"signed,omitempty"` // the key name that signed the head
	OK      bool     `json:"ok"`               // path recomputed from the leaf to the root
}
