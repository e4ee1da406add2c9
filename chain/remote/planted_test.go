package remote

import (
	"tamga/chain/rpc"

	"context"
	"net/http"
	"net/http/httptest"
	"testing"
)

// planted answers one question with bytes of the test's, and passes on others.
type planted struct {
	rpc.Asker
	question string
	body     []byte
}

func (p *planted) Ask(ctx context.Context, q rpc.Question) (rpc.Answer, error) {
	if q.Name == p.question {
		return rpc.Answer{Status: 200, Body: p.body}, nil
	}
	return p.Asker.Ask(ctx, q)
}

func fuzzServer(f *testing.F, h http.Handler) string {
	s := httptest.NewServer(h)
	f.Cleanup(s.Close)
	return s.URL
}
