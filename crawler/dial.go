package crawler

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/net/proxy"
)

// dialer opens every connection of a lane, or refuses to.
type dialer struct {
	opts   *Options
	lane   lane
	policy policy
	epochs *epochs
}

// phaseError says in which phase of opening a connection an error arose.
type phaseError struct {
	phase string // dial, proxy, tls
	reply int    // SOCKS reply code; 0 where none came
	err   error
}

func (e *phaseError) Error() string { return e.phase + ": " + e.err.Error() }
func (e *phaseError) Unwrap() error { return e.err }

// ProxyError says that the SOCKS proxy itself cannot be reached: not a fault of
// any page, so it ends the crawl instead of spoiling its URLs.
type ProxyError struct {
	Proxy string
	Err   error
}

func (e *ProxyError) Error() string { return fmt.Sprintf("reach SOCKS proxy %s: %v", e.Proxy, e.Err) }
func (e *ProxyError) Unwrap() error { return e.Err }

func (d *dialer) dial(ctx context.Context, _, addr string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, &phaseError{phase: "dial", err: err}
	}
	n := networkOf(host)
	if err := d.policy.check("http://" + net.JoinHostPort(strings.Trim(host, "[]"), port) + "/"); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, d.opts.timeouts(n, d.lane.direct).Dial)
	defer cancel()
	switch {
	case n == netOnion:
		return d.socks(ctx, d.opts.Proxy, host, port)
	case n == netI2P:
		return d.socks(ctx, d.opts.I2P, host, port)
	case n == netClear && !d.lane.direct:
		return d.socks(ctx, d.opts.Proxy, host, port)
	case n == netLoopback && !isIP(host):
		host = "127.0.0.1" // localhost is loopback by definition (RFC 6761), not by DNS
	}
	nd := net.Dialer{Resolver: d.opts.Resolver, Control: d.control(n)}
	c, err := nd.DialContext(ctx, "tcp", net.JoinHostPort(host, port))
	if err != nil {
		var refused *PolicyError
		if errors.As(err, &refused) {
			return nil, refused
		}
		return nil, &phaseError{phase: "dial", err: timedOut(ctx, err)}
	}
	return newConn(c, true), nil
}

// control looks at the address that is really being dialled, after DNS: a name
// that is rebound to a private address gets no further than here.
func (d *dialer) control(n network) func(string, string, syscall.RawConn) error {
	return func(_, addr string, _ syscall.RawConn) error {
		ap, err := netip.ParseAddrPort(addr)
		if err != nil {
			return &PolicyError{addr, "not an IP address"}
		}
		if got := networkOfIP(ap.Addr()); got != n || n.local() && !reachable(ap.Addr()) {
			return &PolicyError{addr, fmt.Sprintf("a name of the %s network leads to a %s address", n, got)}
		}
		return nil
	}
}

func isIP(host string) bool { _, err := netip.ParseAddr(strings.Trim(host, "[]")); return err == nil }

// socks asks a SOCKS5 proxy for the host by name. The credentials isolate: one
// user name a site, so Tor gives each its own circuits (IsolateSOCKSAuth), and
// as the password the identity and the site's session epoch, so a new epoch is a
// new circuit and two identities never share one.
func (d *dialer) socks(ctx context.Context, server, host, port string) (net.Conn, error) {
	spy := &replySpy{}
	user, password := d.epochs.credentials(host, d.lane.identity)
	s, err := proxy.SOCKS5("tcp", server, &proxy.Auth{User: user, Password: password}, spy)
	if err != nil {
		return nil, &phaseError{phase: "proxy", err: err}
	}
	c, err := s.(proxy.ContextDialer).DialContext(ctx, "tcp", net.JoinHostPort(host, port))
	if err != nil {
		if spy.failed != nil && ctx.Err() == nil {
			return nil, &ProxyError{server, spy.failed}
		}
		return nil, &phaseError{phase: "proxy", reply: spy.reply(), err: timedOut(ctx, err)}
	}
	return newConn(c, false), nil
}

// timedOut makes the end of ctx visible in err: x/net/proxy reports it as a
// deadline of the connection.
func timedOut(ctx context.Context, err error) error {
	if ctx.Err() != nil && !errors.Is(err, ctx.Err()) {
		return fmt.Errorf("%w (%w)", err, ctx.Err())
	}
	return err
}

// dialTLS makes the handshake here, so that what is recorded is HTTP and not the
// cipher text. An onion address authenticates its service by itself; elsewhere
// certificates are verified.
func (d *dialer) dialTLS(ctx context.Context, network, addr string) (net.Conn, error) {
	c, err := d.dial(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	host, _, _ := net.SplitHostPort(addr)
	n := networkOf(host)
	conf := &tls.Config{ServerName: strings.Trim(host, "[]"), NextProtos: []string{"http/1.1"}, InsecureSkipVerify: n == netOnion || n == netI2P}
	ctx, cancel := context.WithTimeout(ctx, d.opts.timeouts(n, d.lane.direct).TLS)
	defer cancel()
	t := tls.Client(c.(*conn).Conn, conf)
	if err := t.HandshakeContext(ctx); err != nil {
		c.Close()
		return nil, &phaseError{phase: "tls", err: timedOut(ctx, err)}
	}
	return newConn(t, c.(*conn).direct), nil
}

// replySpy is the dialer under x/net/proxy, which turns the reply code of the
// proxy into prose: the spy reads it off the wire.
type replySpy struct {
	failed error // the proxy itself could not be reached
	conn   *spyConn
}

func (s *replySpy) Dial(network, addr string) (net.Conn, error) {
	return s.DialContext(context.Background(), network, addr)
}

func (s *replySpy) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	c, err := (&net.Dialer{}).DialContext(ctx, network, addr)
	if err != nil {
		s.failed = err
		return nil, err
	}
	s.conn = &spyConn{Conn: c}
	return s.conn, nil
}

// reply is the REP field (RFC 1928 §6), or 0.
func (s *replySpy) reply() int {
	if s.conn == nil {
		return 0
	}
	at := 3 // VER METHOD, VER REP
	if s.conn.n >= 2 && s.conn.head[1] == 2 {
		at = 5 // VER METHOD, VER STATUS (RFC 1929), VER REP
	}
	if s.conn.n <= at {
		return 0
	}
	return int(s.conn.head[at])
}

type spyConn struct {
	net.Conn
	head [8]byte
	n    int
}

func (c *spyConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if c.n < len(c.head) {
		c.n += copy(c.head[c.n:], b[:n])
	}
	return n, err
}

// epochs are the sessions of sites with the proxy, one for each identity. Only
// those that failed take memory: the others share the run's own secret.
type epochs struct {
	mu     sync.Mutex
	run    string
	failed map[visit]int // failures in a row since the epoch began
	number map[visit]int
}

// visit is an identity on a site: what has circuits of its own.
type visit struct{ site, identity string }

// failuresPerEpoch is how many failures in a row a circuit is held for.
const failuresPerEpoch = 3

func newEpochs() *epochs {
	var b [16]byte
	rand.Read(b[:])
	return &epochs{run: hex.EncodeToString(b[:]), failed: map[visit]int{}, number: map[visit]int{}}
}

func (e *epochs) credentials(host, identity string) (user, password string) {
	user = site(host)
	e.mu.Lock()
	defer e.mu.Unlock()
	password = fmt.Sprintf("%s-%d", e.run, e.number[visit{user, identity}])
	if identity != "" {
		sum := sha256.Sum256([]byte(identity))
		password += "-" + hex.EncodeToString(sum[:8])
	}
	return user, password
}

// result notes how a fetch ended; true: a new epoch has begun.
func (e *epochs) result(host, identity string, ok bool) bool {
	s := visit{site(host), identity}
	e.mu.Lock()
	defer e.mu.Unlock()
	if ok {
		delete(e.failed, s)
		return false
	}
	if e.failed[s]++; e.failed[s] < failuresPerEpoch {
		return false
	}
	delete(e.failed, s)
	e.number[s]++
	return true
}

// site is the user name of a host: the onion without subdomains, else the host.
// RFC 1929 allows 255 bytes.
func site(host string) string {
	s := domain("http://" + host + "/")
	if len(s) > 255 {
		sum := sha256.Sum256([]byte(s))
		return hex.EncodeToString(sum[:])
	}
	return s
}

// stallTimer cancels a fetch when no byte came for a while.
type stallTimer struct {
	t *time.Timer
	d time.Duration
}

func (s stallTimer) touch() { s.t.Reset(s.d) }
