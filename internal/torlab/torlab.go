// Package torlab runs a private Tor network on loopback: directory authorities,
// relays, a client with a SOCKS port, and version 3 onion services in front of
// local handlers. It is for tests and for the demonstration.
//
// Invariants. Everything listens on 127.0.0.1 and no process has a way out: there
// are no exits, no fallback directories and no resolvers. Processes end with
// their parent, whatever ends it. Keys and descriptors live in a folder of the
// caller's and are worth nothing outside.
package torlab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"tamga/internal/child"
)

// Service is what one onion serves on its port 80.
type Service struct {
	Handler http.Handler // served on a loopback port of its own; or
	Backend string       // host:port that serves it already
}

// Options of a network.
type Options struct {
	Dir         string // an existing empty folder, for keys, state and logs
	Services    []Service
	Authorities int // default 3
	Relays      int // default 2; four nodes in all are the least that works
}

// Net is a running network.
type Net struct {
	SOCKS   string   // host:port of the client's SOCKS5 port (IsolateSOCKSAuth, ExtendedErrors)
	Control string   // host:port of the client's control port
	Onions  []string // host names, in the order of Options.Services

	dir     string
	nodes   []*node
	servers []*http.Server
}

// Available says why no network can be started here, or nil.
func Available() error {
	for _, name := range []string{"tor", "tor-gencert"} {
		if _, err := exec.LookPath(name); err != nil {
			return fmt.Errorf("%s is not installed (Debian: apt-get install tor)", name)
		}
	}
	return nil
}

// errShort is a consensus that lacks relays: the vote was faster than their
// descriptors. The next one is a minute away, so the network is started anew.
var errShort = errors.New("the first consensus lacks relays")

// Start builds the network and returns when every onion answers, after
// some ten seconds. ctx bounds the start, not the network.
func Start(ctx context.Context, o Options) (*Net, error) {
	if err := Available(); err != nil {
		return nil, err
	}
	if o.Authorities <= 0 {
		o.Authorities = 3
	}
	if o.Relays <= 0 {
		o.Relays = 2
	}
	if o.Authorities+o.Relays < 4 {
		return nil, errors.New("start Tor network: a circuit to an onion needs four relays")
	}
	// The interval to the first vote, in seconds: longer ones bear more load.
	var err error
	for try, interval := range []int{6, 10, 15} {
		var n *Net
		if n, err = start(ctx, o, filepath.Join(o.Dir, fmt.Sprintf("net%d", try)), interval); err == nil {
			return n, nil
		}
		if ctx.Err() != nil {
			break
		}
	}
	return nil, fmt.Errorf("start Tor network: %w", err)
}

func start(ctx context.Context, o Options, dir string, interval int) (_ *Net, err error) {
	n := &Net{dir: dir}
	defer func() {
		if err != nil {
			n.Close()
		}
	}()
	ports, err := child.FreePorts(2*o.Authorities + o.Relays + 3)
	if err != nil {
		return nil, err
	}
	take := func() int { p := ports[0]; ports = ports[1:]; return p }

	var authorities, relays []*node
	for i := range o.Authorities {
		authorities = append(authorities, &node{nick: fmt.Sprintf("auth%d", i), or: take(), dirPort: take()})
	}
	for i := range o.Relays {
		relays = append(relays, &node{nick: fmt.Sprintf("relay%d", i), or: take()})
	}
	service := &node{nick: "service", control: take()}
	client := &node{nick: "client", socks: take(), control: take()}
	all := append(append(append([]*node{}, authorities...), relays...), service, client)
	for _, x := range all {
		x.dir = filepath.Join(dir, x.nick)
		if err := os.MkdirAll(x.dir, 0o700); err != nil {
			return nil, err
		}
	}
	if err := makeKeys(ctx, authorities); err != nil {
		return nil, err
	}
	for _, s := range o.Services {
		backend := s.Backend
		if s.Handler != nil {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				return nil, err
			}
			server := &http.Server{Handler: s.Handler, ReadHeaderTimeout: time.Minute}
			n.servers = append(n.servers, server)
			go server.Serve(l)
			backend = l.Addr().String()
		}
		service.backends = append(service.backends, backend)
	}

	c := config{interval: interval, start: time.Now(), authorities: authorities}
	for _, x := range append(append([]*node{}, authorities...), relays...) {
		if err := n.launch(x, c); err != nil {
			return nil, err
		}
	}
	if err := n.consensus(ctx, authorities[0], len(authorities)+len(relays), time.Duration(interval)*time.Second+20*time.Second); err != nil {
		return nil, err
	}
	for _, x := range []*node{service, client} {
		if err := n.launch(x, c); err != nil {
			return nil, err
		}
	}
	if n.Onions, err = service.onions(ctx); err != nil {
		return nil, err
	}
	if err := service.published(ctx, n.Onions, 60*time.Second); err != nil {
		return nil, err
	}
	if err := client.bootstrapped(ctx, 60*time.Second); err != nil {
		return nil, err
	}
	n.SOCKS = fmt.Sprintf("127.0.0.1:%d", client.socks)
	n.Control = fmt.Sprintf("127.0.0.1:%d", client.control)
	for _, onion := range n.Onions {
		if err := n.reach(ctx, onion, 90*time.Second); err != nil {
			return nil, fmt.Errorf("%w (%s)", err, client.tail())
		}
	}
	return n, nil
}

// reach connects to an onion through the client until it succeeds: the client
// may ask a directory that has no descriptor yet, and asks it again only after
// seconds. It sends no credentials, so its circuits are nobody else's.
func (n *Net) reach(ctx context.Context, onion string, limit time.Duration) error {
	reply := byte(0xff)
	err := poll(ctx, limit, func() (bool, error) {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", n.SOCKS)
		if err != nil {
			return false, nil
		}
		defer conn.Close()
		conn.SetDeadline(time.Now().Add(limit))
		// RFC 1928: no authentication; CONNECT to a name, port 80.
		fmt.Fprintf(conn, "\x05\x01\x00\x05\x01\x00\x03%c%s\x00\x50", len(onion), onion)
		var answer [4]byte // the choice of method, version and reply
		if _, err := io.ReadFull(conn, answer[:]); err != nil {
			return false, nil
		}
		reply = answer[3]
		return reply == 0, nil
	})
	if err != nil {
		return fmt.Errorf("reach %s: SOCKS reply 0x%02X: %w", onion, reply, err)
	}
	return nil
}

// consensus waits until the authority holds one that lists every relay. It reads
// the file: over HTTP an authority goes on serving the first, empty one.
func (n *Net) consensus(ctx context.Context, authority *node, relays int, limit time.Duration) error {
	file := filepath.Join(authority.dir, "cached-microdesc-consensus")
	last := 0
	return poll(ctx, limit, func() (bool, error) {
		if err := n.alive(); err != nil {
			return false, err
		}
		b, err := os.ReadFile(file)
		if err != nil || !strings.Contains(string(b), "directory-footer") {
			return false, nil
		}
		last = strings.Count(string(b), "\nr ")
		if last < relays {
			return false, fmt.Errorf("%w: %d of %d", errShort, last, relays)
		}
		return true, nil
	})
}

// alive returns an error if a process ended by itself.
func (n *Net) alive() error {
	for _, x := range n.nodes {
		select {
		case <-x.process.Exited:
			return fmt.Errorf("tor %s ended: %s", x.nick, x.tail())
		default:
		}
	}
	return nil
}

// Close ends every process and server of the network.
func (n *Net) Close() error {
	for _, x := range n.nodes {
		x.process.End(5 * time.Second) // ShutdownWaitLength 0: at once
	}
	for _, s := range n.servers {
		s.Close()
	}
	n.nodes, n.servers = nil, nil
	return nil
}

// poll asks until done, an error or the limit.
func poll(ctx context.Context, limit time.Duration, ask func() (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		done, err := ask()
		if done || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}
