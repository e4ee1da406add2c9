package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"tamga/internal/torctl"
)

// probeTime is how long a program on this machine may take to answer.
const probeTime = 5 * time.Second

// errNotSOCKS: something else listens there.
var errNotSOCKS = errors.New("what answers there is no SOCKS5 server")

// noOnion has the form of an onion address and a wrong checksum: Tor refuses it
// itself and asks nobody.
const noOnion = "tamgatamgatamgatamgatamgatamgatamgatamgatamgatamgatamgaa.onion"

// greet opens a SOCKS5 connection with a method: 0 for none, 2 for a user name
// and password (RFC 1928, RFC 1929).
func greet(ctx context.Context, addr string, method byte) (net.Conn, error) {
	c, err := (&net.Dialer{Timeout: probeTime}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	c.SetDeadline(time.Now().Add(probeTime))
	var reply [2]byte
	c.Write([]byte{5, 1, method}) // an error shows in the reply
	if _, err := io.ReadFull(c, reply[:]); err != nil || reply[0] != 5 {
		c.Close()
		return nil, errNotSOCKS
	}
	if reply[1] != method {
		c.Close()
		return nil, fmt.Errorf("the proxy refuses SOCKS method %d", method)
	}
	return c, nil
}

// extended asks a SOCKS port for noOnion and returns its reply code.
func extended(ctx context.Context, addr string) (byte, error) {
	c, err := greet(ctx, addr, 2)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	fmt.Fprintf(c, "\x01\x06doctor\x06doctor\x05\x01\x00\x03%c%s\x00\x50", len(noOnion), noOnion)
	var reply [4]byte // of RFC 1929, then version and code
	if _, err := io.ReadFull(c, reply[:]); err != nil {
		return 0, err
	}
	return reply[3], nil
}

const torHint = "start Tor (Debian: apt-get install tor), or set crawl.proxy to its SOCKS port"

func (d *doctor) tor() {
	proxy := d.conf.Crawl.Proxy
	if proxy == "" {
		d.absent("tor-proxy", d.needs.tor, "crawl.proxy is empty: onions are refused", "set crawl.proxy to Tor's SOCKS port")
		return
	}
	code, err := extended(d.ctx, proxy)
	if err != nil {
		d.absent("tor-proxy", d.needs.tor, fmt.Sprintf("%s: %v", proxy, err), torHint)
	} else {
		d.ok("tor-proxy", "%s speaks SOCKS5 and takes user names", proxy)
	}
	reached := err == nil
	c, err := torctl.Dial(d.ctx, d.conf.Crawl.Control)
	if err == nil {
		defer c.Close()
		err = c.Authenticate(d.ctx, string(d.conf.Crawl.ControlPassword), nil)
	}
	if err != nil {
		d.bad("tor-control", false, fmt.Sprintf("%s: %v", cmp.Or(d.conf.Crawl.Control, "crawl.control"), err),
			"put ControlPort and CookieAuthentication 1 into torrc and let this account read the cookie, or set crawl.control; without it Tor's state is not known")
		if reached {
			d.flags(nil, code)
		}
		return
	}
	d.ok("tor-control", "%s answers", d.conf.Crawl.Control)
	d.bootstrap(c)
	d.version(c)
	if reached {
		d.flags(c, code)
	}
	d.consensus(c)
}

func (d *doctor) bootstrap(c *torctl.Conn) {
	b, err := c.Bootstrap(d.ctx)
	switch {
	case err != nil:
		d.bad("tor-bootstrap", false, err.Error(), "")
	case b.Progress == 100:
		d.ok("tor-bootstrap", "done: circuits can be built")
	default:
		detail := fmt.Sprintf("%d %%: %s", b.Progress, cmp.Or(b.Summary, b.Tag))
		if b.Warning != "" {
			detail += ": " + b.Warning
		}
		d.absent("tor-bootstrap", d.needs.tor, detail, "wait; where it comes no further, look at Tor's log, the clock and the network")
	}
}

// version compares with what the directory authorities recommend.
func (d *doctor) version(c *torctl.Conn) {
	info, err := c.Info(d.ctx, "version", "status/version/current")
	if err != nil {
		d.bad("tor-version", false, err.Error(), "")
		return
	}
	version, _, _ := strings.Cut(info["version"], " ")
	switch state := info["status/version/current"]; state {
	case "obsolete", "unrecommended":
		d.bad("tor-version", false, fmt.Sprintf("%s is %s", version, state), "update Tor")
	default:
		d.ok("tor-version", "%s (%s)", version, state)
	}
}

// flags looks at how the SOCKS port isolates and whether it says why an onion
// failed. c may be nil.
func (d *doctor) flags(c *torctl.Conn, code byte) {
	var flags []string
	known := false
	if c != nil {
		ports, err := c.Conf(d.ctx, "SocksPort")
		if err != nil {
			d.bad("tor-isolation", false, err.Error(), "")
			return
		}
		flags, known = flagsOf(ports, d.conf.Crawl.Proxy)
	}
	switch {
	case hasFold(flags, "NoIsolateSOCKSAuth"):
		d.bad("tor-isolation", d.needs.tor, "the SOCKS port has NoIsolateSOCKSAuth: sites and identities share circuits", "take NoIsolateSOCKSAuth off that SocksPort in torrc")
	case known:
		d.ok("tor-isolation", "IsolateSOCKSAuth: each onion and identity has its own circuits")
	default:
		d.bad("tor-isolation", false, "not known: the control port does not tell of this SOCKS port", "Tor isolates by SOCKS user names unless NoIsolateSOCKSAuth is set")
	}
	if code == 0xf6 {
		d.ok("tor-errors", "ExtendedErrors: Tor says why an onion failed")
	} else {
		d.bad("tor-errors", false, fmt.Sprintf("no ExtendedErrors: SOCKS reply 0x%02X where 0xF6 was due; why an onion fails is not told", code), "write ExtendedErrors behind that SocksPort in torrc")
	}
}

// flagsOf finds the flags of the SocksPort that a proxy address leads to, and
// whether Tor has such a port; without a line it has the default one.
func flagsOf(ports []string, proxy string) (flags []string, ok bool) {
	_, port, err := net.SplitHostPort(proxy)
	if err != nil {
		return nil, false
	}
	if len(ports) == 0 {
		return nil, port == "9050"
	}
	for _, p := range ports {
		f := strings.Fields(p)
		if len(f) == 0 {
			continue
		}
		if at := f[0]; at == port || strings.HasSuffix(at, ":"+port) {
			return f[1:], true
		}
	}
	return nil, false
}

func hasFold(list []string, s string) bool {
	for _, x := range list {
		if strings.EqualFold(x, s) {
			return true
		}
	}
	return false
}

// consensus compares the clock with the hours of the network's consensus: a clock
// that is off by more makes circuits impossible and captures doubtful.
func (d *doctor) consensus(c *torctl.Conn) {
	info, err := c.Info(d.ctx, "consensus/valid-after", "consensus/valid-until")
	if err != nil {
		return // Tor has none yet; bootstrap says so
	}
	from, err1 := time.Parse(time.DateTime, info["consensus/valid-after"])
	until, err2 := time.Parse(time.DateTime, info["consensus/valid-until"])
	if err1 != nil || err2 != nil {
		return
	}
	const slack = 24 * time.Hour // a client that slept has an old one
	if now := d.now(); now.Before(from.Add(-10*time.Minute)) || now.After(until.Add(slack)) {
		d.bad("tor-clock", false, fmt.Sprintf("this clock says %s, Tor's consensus is of %s to %s", now.UTC().Format(time.RFC3339), from.Format(time.RFC3339), until.Format(time.RFC3339)), "set the clock by NTP, or wait until Tor has a new consensus")
		return
	}
	d.ok("tor-clock", "within the hours of Tor's consensus")
}

func (d *doctor) i2p() {
	proxy := d.conf.Crawl.I2PProxy
	if proxy == "" {
		if d.needs.i2p {
			d.absent("i2p-proxy", true, "crawl.i2p_proxy is empty, and a source is on I2P", "set crawl.i2p_proxy to the SOCKS proxy of the I2P router")
		} else {
			d.ok("i2p-proxy", "not set: .i2p is refused")
		}
		return
	}
	c, err := greet(d.ctx, proxy, 0)
	if err != nil {
		d.absent("i2p-proxy", d.needs.i2p, fmt.Sprintf("%s: %v", proxy, err), "start the I2P router with its SOCKS proxy (i2pd: [socksproxy] enabled = true)")
		return
	}
	c.Close()
	d.ok("i2p-proxy", "%s speaks SOCKS5", proxy)
}
