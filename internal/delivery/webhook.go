package delivery

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"golang.org/x/net/proxy"
)

// Webhook posts each alert to a receiver of the operator's: on this machine, or
// through the SOCKS proxy. There is no third way.
type Webhook struct {
	url     string
	timeout time.Duration
	client  *http.Client
}

// NewWebhook checks an address. On loopback it is dialled as it stands, without DNS;
// any other goes through the SOCKS5 proxy at socks ("host:port"), which resolves its
// name, and must be https or an onion.
func NewWebhook(address, socks string, timeout time.Duration) (*Webhook, error) {
	u, err := url.Parse(address)
	switch {
	case err != nil:
		return nil, fmt.Errorf("webhook: %w", err)
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return nil, errors.New("webhook: want an http or https address")
	case u.User != nil || u.Fragment != "":
		return nil, errors.New("webhook: an address with a user or a fragment")
	}
	host := strings.ToLower(u.Hostname())
	t := &http.Transport{DisableKeepAlives: true, TLSHandshakeTimeout: Timeout, ResponseHeaderTimeout: MaxTimeout, MaxResponseHeaderBytes: 64 << 10}
	ip, err := netip.ParseAddr(host)
	switch {
	case host == "localhost" || err == nil && ip.Unmap().IsLoopback():
		var d net.Dialer
		t.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
			if _, port, err := net.SplitHostPort(addr); err == nil && host == "localhost" {
				addr = net.JoinHostPort("127.0.0.1", port) // no resolver is asked
			}
			return d.DialContext(ctx, network, addr)
		}
	case socks == "":
		return nil, fmt.Errorf("webhook %s: not on this machine, and there is no proxy", host)
	case u.Scheme == "http" && !strings.HasSuffix(host, ".onion"):
		return nil, fmt.Errorf("webhook %s: off this machine only https or an onion", host)
	case err == nil && (ip.IsPrivate() || ip.IsLinkLocalUnicast() || ip.IsUnspecified()):
		return nil, fmt.Errorf("webhook %s: a private address is not behind the proxy", host)
	default:
		// Its own circuit: the password tells it from those of the crawl.
		d, err := proxy.SOCKS5("tcp", socks, &proxy.Auth{User: "tamga-alerts", Password: host}, nil)
		if err != nil {
			return nil, fmt.Errorf("webhook: %w", err)
		}
		t.DialContext = d.(proxy.ContextDialer).DialContext
	}
	return &Webhook{u.String(), orDefault(timeout), &http.Client{
		Transport:     t,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// Send posts an alert; any answer but 2xx has not taken it. A redirect is one.
func (w *Webhook) Send(ctx context.Context, alert []byte) error {
	ctx, cancel := context.WithTimeout(ctx, w.timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url, bytes.NewReader(alert))
	if err != nil {
		return fmt.Errorf("webhook: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "tamga")
	resp, err := w.client.Do(req)
	if err != nil {
		return fmt.Errorf("webhook: %w", err)
	}
	defer resp.Body.Close()
	_, _ = io.CopyN(io.Discard, resp.Body, maxSaid) // what it says beside the status is its own
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("webhook: status %d", resp.StatusCode)
	}
	return nil
}
