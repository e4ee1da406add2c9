package elastic

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"

	"tamga/index"
)

// maxResponse is the largest answer read, in bytes.
const maxResponse = 1 << 30

// apiError is an answer of the cluster that says no.
type apiError struct {
	Status int
	Type   string
	Reason string
}

func (e *apiError) Error() string {
	if e.Type == "" {
		return fmt.Sprintf("Elasticsearch answers %d", e.Status)
	}
	return fmt.Sprintf("Elasticsearch answers %d %s: %s", e.Status, e.Type, e.Reason)
}

// Unwrap: a gateway or node that is not ready is no answer of the index.
func (e *apiError) Unwrap() error {
	if e.Status == http.StatusBadGateway || e.Status == http.StatusServiceUnavailable || e.Status == http.StatusGatewayTimeout {
		return index.ErrUnreachable
	}
	return nil
}

// call sends a request and decodes the answer into out. body is nil, raw NDJSON
// ([]byte) or a value for JSON. A status of 400 or more is an *apiError unless it
// is one of allow.
func (s *Store) call(ctx context.Context, method, path string, body, out any, allow ...int) (int, error) {
	var payload []byte
	kind := "application/json"
	switch b := body.(type) {
	case nil:
	case []byte:
		payload, kind = b, "application/x-ndjson"
	default:
		var err error
		if payload, err = json.Marshal(b); err != nil {
			return 0, err
		}
	}
	var reader io.Reader
	if payload != nil {
		reader = bytes.NewReader(payload)
	}
	// The host is the client's to fill in.
	req, err := http.NewRequestWithContext(ctx, method, path, reader)
	if err != nil {
		return 0, err
	}
	if payload != nil {
		req.Header.Set("Content-Type", kind)
	}
	res, err := s.client.Perform(req)
	if err != nil {
		if e := ctx.Err(); e != nil {
			return 0, e
		}
		return 0, unreachable(err)
	}
	defer res.Body.Close()
	if res.StatusCode >= 400 {
		if slices.Contains(allow, res.StatusCode) {
			io.Copy(io.Discard, io.LimitReader(res.Body, 1<<20))
			return res.StatusCode, nil
		}
		return res.StatusCode, readError(res)
	}
	if out == nil {
		io.Copy(io.Discard, io.LimitReader(res.Body, maxResponse))
		return res.StatusCode, nil
	}
	dec := json.NewDecoder(io.LimitReader(res.Body, maxResponse))
	dec.UseNumber()
	if err := dec.Decode(out); err != nil {
		if e := ctx.Err(); e != nil {
			return 0, e
		}
		return 0, unreachable(fmt.Errorf("read answer: %w", err))
	}
	return res.StatusCode, nil
}

func readError(res *http.Response) error {
	e := &apiError{Status: res.StatusCode}
	b, _ := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	var full struct {
		Error struct {
			Type   string `json:"type"`
			Reason string `json:"reason"`
			Causes []struct {
				Type   string `json:"type"`
				Reason string `json:"reason"`
			} `json:"root_cause"`
		} `json:"error"`
	}
	if json.Unmarshal(b, &full) == nil {
		e.Type, e.Reason = full.Error.Type, full.Error.Reason
		if len(full.Error.Causes) > 0 {
			e.Type, e.Reason = full.Error.Causes[0].Type, full.Error.Causes[0].Reason
		}
	}
	return e
}

// isType tells whether err is an answer of a type.
func isType(err error, kind string) bool {
	var e *apiError
	return errors.As(err, &e) && e.Type == kind
}
