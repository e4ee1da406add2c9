package rpc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Limits where Options do not say otherwise.
const (
	DefaultTimeout  = 30 * time.Second // an attempt; searches of a whole chain have longer
	DefaultAttempts = 5
	DefaultBodyCap  = 64 << 20 // bytes; the largest block takes 8 MB in hexadecimal

	SearchTimeout = 30 * time.Minute
	maxPause      = time.Minute // between two attempts
)

// Question is one request. Its Name is what its answer is kept under.
type Question struct {
	Name    string        // `getblockhash [0]` or `GET /block-height/0`
	Path    string        // of a GET; empty for JSON-RPC
	Body    []byte        // of a JSON-RPC POST
	Timeout time.Duration // more than Options.Timeout for a search, which is not asked again when it stalls
}

// Answer is what came back: Status is the HTTP status.
type Answer struct {
	Status int
	Body   []byte
}

// Asker puts a question and returns the bytes of the answer.
type Asker interface {
	Ask(ctx context.Context, q Question) (Answer, error)
	Origin() string // the server, without credentials
}

// web asks a server over HTTP, again where it is worth it.
type web struct {
	base   *url.URL
	client *http.Client
	o      Options
	login  func() (user, password string, err error)
}

func newWeb(server string, o Options) (*web, error) {
	u, err := url.Parse(server)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, &Error{Server: Redact(server), Err: errors.New("not an http or https address"), Hint: "write it like http://127.0.0.1:8332"}
	}
	w := &web{o: o}
	if w.login, err = o.login(u); err != nil {
		return nil, err
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	u.Path = strings.TrimRight(u.Path, "/")
	w.base = u
	w.client = &http.Client{
		Transport:     o.Transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return w, nil
}

// Redact takes credentials out of a text that may be an address.
func Redact(server string) string {
	if i := strings.LastIndexByte(server, '@'); i >= 0 {
		scheme, _, ok := strings.Cut(server[:i], "://")
		if !ok {
			return "***" + server[i:]
		}
		return scheme + "://***" + server[i:]
	}
	return server
}

// Origin is the address, without a path that is a secret.
func (w *web) Origin() string {
	if w.o.HidePath && w.base.Path != "" {
		return w.base.Scheme + "://" + w.base.Host + "/***"
	}
	return w.base.String()
}

// Host is the server of an address alone.
func Host(server string) string {
	u, err := url.Parse(server)
	if err != nil {
		return "a server"
	}
	return u.Scheme + "://" + u.Host
}

// ErrTooLong says that an answer is larger than Options.BodyCap.
var ErrTooLong = errors.New("the answer has more")

// ErrStall says that a server took too long.
var ErrStall = errors.New("no whole answer")

// again marks a failure after which the same question is worth asking again.
type again struct {
	error
	after time.Duration // as the server wishes; 0 where it does not say
}

func (a again) Unwrap() error { return a.error }

// ask makes up to Options.Attempts attempts: after 429, 502, 503 and 504, after
// an answer that ends early, a connection that fails and a stall. Pauses double
// from Options.Pause, and are not shorter than Retry-After asks for.
func (w *web) Ask(ctx context.Context, q Question) (Answer, error) {
	pause := w.o.Pause
	for n := 1; ; n++ {
		a, err := w.once(ctx, q)
		if err == nil {
			return a, nil
		}
		var retry again
		if ctx.Err() != nil {
			return a, ctx.Err()
		}
		if !errors.As(err, &retry) {
			return a, w.fail(q, err)
		}
		if n >= w.o.Attempts || q.Timeout > w.o.Timeout && errors.Is(err, ErrStall) {
			e := w.fail(q, fmt.Errorf("given up after %d attempts: %w", n, err))
			e.Down = true
			if e.Hint == "" {
				e.Hint = "see that the server runs and is reachable from here, then ask again: kept answers are not lost"
			}
			return a, e
		}
		wait := min(max(pause, retry.after), maxPause)
		if err := w.o.Sleep(ctx, wait); err != nil {
			return a, err
		}
		pause *= 2
	}
}

func (w *web) fail(q Question, err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return &Error{Server: w.Origin(), Asked: q.Name, Err: err}
}

// once makes one attempt.
func (w *web) once(ctx context.Context, q Question) (Answer, error) {
	timeout := max(q.Timeout, w.o.Timeout)
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	method, body := http.MethodGet, io.Reader(nil)
	if q.Body != nil {
		method, body = http.MethodPost, bytes.NewReader(q.Body)
	}
	req, err := http.NewRequestWithContext(ctx, method, w.base.String()+q.Path, body)
	if err != nil {
		return Answer{}, err
	}
	req.Header.Set("User-Agent", w.o.UserAgent)
	req.Header.Set("Accept", "application/json, text/plain")
	if q.Body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	user, password, err := w.login()
	if err != nil {
		return Answer{}, err
	}
	if user != "" || password != "" {
		req.SetBasicAuth(user, password)
	}
	res, err := w.client.Do(req)
	if err != nil {
		var proxy *Error // the transport's own refusal
		if errors.As(err, &proxy) {
			return Answer{}, proxy
		}
		return Answer{}, again{error: w.stall(ctx, err, timeout)}
	}
	defer res.Body.Close()
	b, err := io.ReadAll(io.LimitReader(res.Body, w.o.BodyCap+1))
	switch {
	case int64(len(b)) > w.o.BodyCap:
		return Answer{}, fmt.Errorf("%w than %d bytes", ErrTooLong, w.o.BodyCap)
	case err != nil:
		return Answer{}, again{error: w.stall(ctx, fmt.Errorf("the answer ends after %d bytes: %w", len(b), err), timeout)}
	}
	switch res.StatusCode {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return Answer{}, again{fmt.Errorf("HTTP %s", res.Status), w.retryAfter(res.Header)}
	case http.StatusUnauthorized, http.StatusForbidden:
		return Answer{}, &Error{
			Server: w.Origin(), Asked: q.Name, Err: fmt.Errorf("HTTP %s", res.Status),
			Hint: "set chain.cookie to the node's .cookie file, or chain.user and TAMGA_CHAIN_PASSWORD",
		}
	}
	if res.StatusCode >= 300 && res.StatusCode < 400 {
		return Answer{}, fmt.Errorf("HTTP %s: redirected, which is not followed", res.Status)
	}
	return Answer{res.StatusCode, b}, nil
}

func (w *web) stall(ctx context.Context, err error, timeout time.Duration) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Errorf("%w in %s", ErrStall, timeout)
	}
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err // without the address, which the caller names
	}
	return err
}

// retryAfter reads the header of that name: seconds, or a date (RFC 9110).
func (w *web) retryAfter(h http.Header) time.Duration {
	v := h.Get("Retry-After")
	if n, err := strconv.Atoi(v); err == nil && n > 0 && n < 1<<20 {
		return time.Duration(n) * time.Second
	}
	if at, err := http.ParseTime(v); err == nil {
		return max(at.Sub(w.o.Now()), 0)
	}
	return 0
}
