package evidence

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"
)

// Claim appends a statement that was inferred, not captured, and returns its
// place in the log. kind is the field's noun for it ("trace", "tag"); data is
// one JSON value.
func (a *Archive) Claim(ctx context.Context, kind string, data json.RawMessage) (int64, error) {
	seq, err := a.claim(ctx, kind, data)
	if err != nil {
		return 0, fmt.Errorf("log claim %q: %w", kind, err)
	}
	a.syncBatch()
	return seq, nil
}

func (a *Archive) claim(ctx context.Context, kind string, data json.RawMessage) (int64, error) {
	if kind == "" || strings.Trim(kind, "abcdefghijklmnopqrstuvwxyz-") != "" {
		return 0, errors.New("the kind of a claim is small letters and dashes")
	}
	if !json.Valid(data) {
		return 0, errors.New("not JSON")
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := errors.Join(ctx.Err(), a.usable()); err != nil {
		return 0, err
	}
	seq := a.st.tree.n
	return seq, a.append(nil, claimEntry{kindClaim, seq, a.opt.Now().UTC().Round(0), kind, data})
}

// Claim is a statement in the log.
type Claim struct {
	Seq  int64
	Time time.Time
	Kind string
	Data json.RawMessage
}

// Claims yields the claims from entry from on that are there now, in order. An
// error ends them.
func (a *Archive) Claims(ctx context.Context, from int64) iter.Seq2[Claim, error] {
	return func(yield func(Claim, error) bool) {
		for e, err := range a.all(ctx, from) {
			if err != nil {
				yield(Claim{}, fmt.Errorf("read claims: %w", err))
				return
			}
			if e.Kind == kindClaim && !yield(Claim{e.Seq, e.Time, e.Claim, e.Data}, nil) {
				return
			}
		}
	}
}
