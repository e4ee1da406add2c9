package rpc

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"tamga"
)

// Options say how a server is asked. Network and Transport are required.
type Options struct {
	Network   string            // whose first block the server must have
	Transport http.RoundTripper // how servers are reached: see NewTransport
	Keep      *Answers          // where answers are kept; nil: they are not

	User, Password string // of a node; also taken from its address
	Cookie         string // a node's .cookie file, read again for every request

	HidePath bool // the path of the address is a secret, as providers put a key into it

	Timeout   time.Duration // an attempt
	Attempts  int           // the first included
	Pause     time.Duration // before the second attempt; doubles; default 1 s
	BodyCap   int64         // bytes of an answer
	UserAgent string

	Now   func() time.Time                                 // default time.Now
	Sleep func(ctx context.Context, d time.Duration) error // default a timer
}

func (o *Options) defaults() {
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	if o.Attempts <= 0 {
		o.Attempts = DefaultAttempts
	}
	if o.Pause <= 0 {
		o.Pause = time.Second
	}
	if o.BodyCap <= 0 {
		o.BodyCap = DefaultBodyCap
	}
	if o.UserAgent == "" {
		o.UserAgent = "tamga/" + tamga.Version
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Sleep == nil {
		o.Sleep = sleep
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// maxCookie bounds a cookie file, which has some 75 bytes.
const maxCookie = 4096

// login finds the credentials of a server: of the cookie file, of the options,
// or of its address. They are not sent where others could read them.
func (o *Options) login(u *url.URL) (func() (string, string, error), error) {
	user, password := o.User, o.Password
	if user == "" && password == "" && u.User != nil {
		user = u.User.Username()
		password, _ = u.User.Password()
	}
	if user == "" && password == "" && o.Cookie == "" {
		return func() (string, string, error) { return "", "", nil }, nil
	}
	if host := u.Hostname(); u.Scheme == "http" && !loopback(host) && !private(host) && !strings.HasSuffix(host, ".onion") {
		return nil, &Error{
			Server: Redact(u.String()), Err: errors.New("a password would cross the network in the clear"),
			Hint: "use https, an onion address, or an address of this machine or its private network",
		}
	}
	if user != "" || password != "" {
		return func() (string, string, error) { return user, password, nil }, nil
	}
	server := Redact(u.String())
	return func() (string, string, error) {
		b, err := os.ReadFile(o.Cookie)
		if err == nil && len(b) > maxCookie {
			err = fmt.Errorf("%d bytes are no cookie", len(b))
		}
		user, password, ok := strings.Cut(strings.TrimSpace(string(b)), ":")
		if err == nil && !ok {
			err = errors.New("no user:password in it")
		}
		if err != nil {
			return "", "", &Error{
				Server: server, Err: fmt.Errorf("cookie %s: %w", o.Cookie, err),
				Hint: "the node writes it into its data folder when it starts; chain.cookie names it",
			}
		}
		return user, password, nil
	}, nil
}
