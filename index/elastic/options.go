package elastic

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"time"

	"github.com/elastic/go-elasticsearch/v8"

	"tamga/index"
)

// Options say where the cluster is and who asks.
type Options struct {
	URL    string // http://… or https://…; several nodes are one address here: put a balancer before them
	Prefix string // of the names of indices and alias; default "tamga"
	// Username and Password, or APIKey (as the cluster prints it, base64).
	Username, Password string
	APIKey             string
	CAFile             string            // PEM certificates to trust instead of the system's
	Transport          http.RoundTripper // nil: one of its own; CAFile then must be empty
}

var rePrefix = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,99}$`)

// Attempts of one request, the first included, and the longest pause between two.
const (
	attempts   = 8
	longestGap = 10 * time.Second
)

func (o Options) client() (*elasticsearch.Client, error) {
	u, err := url.Parse(o.URL)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return nil, fmt.Errorf("index.url %q: want http://HOST:PORT or https://HOST:PORT", o.URL)
	}
	if u.User != nil {
		return nil, errors.New("index.url: put the user and password into index.username and index.password")
	}
	if !rePrefix.MatchString(o.Prefix) {
		return nil, fmt.Errorf("index.prefix %q: want up to 100 of a-z, 0-9, dot, minus and underscore", o.Prefix)
	}
	if (o.Username != "" || o.Password != "") && o.APIKey != "" {
		return nil, errors.New("index: give a user and password or an API key, not both")
	}
	c := elasticsearch.Config{
		Addresses: []string{o.URL}, Username: o.Username, Password: o.Password, APIKey: o.APIKey,
		Transport:     o.Transport,
		RetryOnStatus: []int{http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout},
		MaxRetries:    attempts - 1,
		RetryBackoff:  backoff,
		// A host that cannot be dialled is said to be so at once.
		RetryOnError: func(_ *http.Request, err error) bool {
			var op *net.OpError
			return !errors.As(err, &op) || op.Op != "dial"
		},
	}
	if o.CAFile != "" {
		if c.CACert, err = os.ReadFile(o.CAFile); err != nil {
			return nil, fmt.Errorf("index.ca: %w", err)
		}
	}
	return elasticsearch.NewClient(c)
}

// backoff is the pause before an attempt, from 1: 0.1 s, doubled each time.
func backoff(attempt int) time.Duration {
	return min(100*time.Millisecond<<min(attempt-1, 10), longestGap)
}

// unreachable marks an error of the connection, which is not the cluster's answer.
func unreachable(err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	var op net.Error
	if errors.As(err, &op) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: %w", index.ErrUnreachable, err)
	}
	return err
}

// seqOf reads the number of a generation from its name.
func seqOf(name string) int {
	n, _ := strconv.Atoi(name[max(0, len(name)-6):])
	return n
}
