package rpc

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"golang.org/x/net/proxy"
)

// NewTransport returns how a server is reached: an address of this machine
// directly, everything else through the SOCKS5 proxy (host:port), which gets the
// host's name and resolves it. Without a proxy a server elsewhere is refused
// unless direct says that it may be reached without one; onion names never are.
// Proxies of the environment are not used.
func NewTransport(server, socks string, direct bool) (http.RoundTripper, error) {
	u, err := url.Parse(server)
	if err != nil || u.Hostname() == "" {
		return nil, &Error{Server: Redact(server), Err: errors.New("not an http or https address"), Hint: "write it like http://127.0.0.1:8332"}
	}
	host := u.Hostname()
	hidden := strings.HasSuffix(host, ".onion") || strings.HasSuffix(host, ".i2p")
	plain := &net.Dialer{Timeout: 20 * time.Second}
	t := &http.Transport{
		MaxIdleConnsPerHost: 4, IdleConnTimeout: time.Minute,
		TLSHandshakeTimeout: 30 * time.Second, MaxResponseHeaderBytes: 64 << 10,
	}
	switch {
	case loopback(host):
		t.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
			c, err := plain.DialContext(ctx, network, addr)
			if err != nil {
				return nil, err
			}
			if ip, err := netip.ParseAddrPort(c.RemoteAddr().String()); err != nil || !ip.Addr().Unmap().IsLoopback() {
				c.Close() // a hosts file that sends the name elsewhere
				return nil, &Error{Server: Redact(server), Err: errors.New("the name is not this machine's")}
			}
			return c, nil
		}
	case direct && !hidden:
		t.DialContext = plain.DialContext
	case socks == "":
		return nil, &Error{
			Server: u.Scheme + "://" + u.Host, Err: errors.New("it is not on this machine, and no proxy is set"),
			Hint: `set chain.proxy to Tor's SOCKS port ("127.0.0.1:9050"); chain.direct = true goes without one, and tells the server and the network who asks`,
		}
	default:
		// One user name for all ledgers' questions: circuits of their own
		// (IsolateSOCKSAuth), apart from those of the crawler.
		s, err := proxy.SOCKS5("tcp", socks, &proxy.Auth{User: "ledger-" + host, Password: "0"}, plain)
		if err != nil {
			return nil, &Error{Server: Redact(server), Err: err}
		}
		t.DialContext = s.(proxy.ContextDialer).DialContext
	}
	return t, nil
}

// Public says whether asking a server tells somebody else what is asked.
func Public(server string) bool {
	u, err := url.Parse(server)
	return err != nil || !loopback(u.Hostname())
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// private says whether a host is an address of a private network (RFC 1918, RFC
// 4193).
func private(host string) bool {
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsPrivate()
}
