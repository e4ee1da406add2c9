package elastic

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"sync/atomic"
	"testing"

	"tamga/index"
	"tamga/index/indextest"
	"tamga/internal/eslab"
)

// clusterURL is a real Elasticsearch: that of ES_URL, or one that the first test
// that needs it starts. Empty: there is none.
var (
	clusterURL string
	prefixes   atomic.Int64
)

func TestMain(m *testing.M) {
	code := func() int {
		if clusterURL = os.Getenv("ES_URL"); clusterURL == "" {
			s, err := eslab.Start(context.Background(), "")
			if err != nil && !errors.Is(err, eslab.ErrNotInstalled) {
				fmt.Fprintln(os.Stderr, err)
				return 1
			}
			if err == nil {
				defer s.Close()
				clusterURL = s.URL
			}
		}
		return m.Run()
	}()
	os.Exit(code)
}

// open returns a store under a prefix of its own, removed after the test.
func open(t *testing.T) *Store {
	t.Helper()
	if clusterURL == "" {
		t.Skip("not run: ", eslab.ErrNotInstalled)
	}
	s, err := Open(Options{URL: clusterURL, Prefix: fmt.Sprintf("tamga-test-%d-%d", os.Getpid(), prefixes.Add(1))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx := context.Background()
		names, err := s.names(ctx)
		if err != nil {
			t.Error(err)
		}
		if err := s.drop(ctx, names...); err != nil {
			t.Error(err)
		}
		if _, err := s.call(ctx, http.MethodDelete, "/"+s.state(), nil, nil, http.StatusNotFound); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestSuite(t *testing.T) {
	if clusterURL == "" {
		t.Skip("not run: ", eslab.ErrNotInstalled)
	}
	indextest.Run(t, func(t *testing.T) index.Rebuilder { return open(t) })
}
