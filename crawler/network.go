package crawler

import (
	"fmt"
	"net/netip"
	"strings"

	"tamga"
)

// network is what a host is reached through. A link never leads from one to
// another unless that is allowed.
type network string

const (
	netOnion    network = "tor"
	netI2P      network = "i2p"
	netClear    network = "clear"
	netLoopback network = "loopback"
	netPrivate  network = "private"
)

func (n network) local() bool { return n == netLoopback || n == netPrivate }

func (n network) route() tamga.Route {
	switch n {
	case netOnion:
		return tamga.RouteTor
	case netI2P:
		return tamga.RouteI2P
	case netClear:
		return tamga.RouteClear
	}
	return tamga.RouteLocal
}

// PolicyError is a URL that the network policy refuses; no packet was sent.
type PolicyError struct{ URL, Reason string }

func (e *PolicyError) Error() string { return fmt.Sprintf("refuse %s: %s", e.URL, e.Reason) }

// networkOf reads the network from the host name alone.
func networkOf(host string) network {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	switch {
	case host == "onion" || strings.HasSuffix(host, ".onion"):
		return netOnion
	case host == "i2p" || strings.HasSuffix(host, ".i2p"):
		return netI2P
	case host == "localhost" || strings.HasSuffix(host, ".localhost"):
		return netLoopback
	}
	if ip, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return networkOfIP(ip)
	}
	return netClear
}

// reserved are the special-purpose blocks (IANA registries of RFC 6890) that are
// neither public nor private in the sense of netip.
var reserved = func() (p []netip.Prefix) {
	for _, s := range []string{
		"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15",
		"198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
		"::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "3fff::/20", "5f00::/16", "fec0::/10",
	} {
		p = append(p, netip.MustParsePrefix(s))
	}
	return p
}()

// networkOfIP sees through the ways to write an IPv4 address as an IPv6 one:
// mapped (::ffff:0:0/96), NAT64 (64:ff9b::/96) and 6to4 (2002::/16).
func networkOfIP(ip netip.Addr) network {
	ip = ip.WithZone("").Unmap()
	if ip.Is6() && ip != netip.IPv6Loopback() {
		b := ip.As16()
		switch {
		case netip.MustParsePrefix("64:ff9b::/96").Contains(ip):
			return inner(netip.AddrFrom4([4]byte(b[12:])))
		case netip.MustParsePrefix("2002::/16").Contains(ip):
			return inner(netip.AddrFrom4([4]byte(b[2:6])))
		}
	}
	switch {
	case ip.IsLoopback():
		return netLoopback
	case !ip.IsValid(), ip.IsPrivate(), ip.IsLinkLocalUnicast(), ip.IsMulticast(), ip.IsUnspecified():
		return netPrivate
	}
	for _, p := range reserved {
		if p.Contains(ip) {
			return netPrivate
		}
	}
	return netClear
}

// inner: an embedded address that is not public makes the whole private, never
// loopback, so that --local does not reach it either.
func inner(ip netip.Addr) network {
	if networkOfIP(ip) != netClear {
		return netPrivate
	}
	return netClear
}

// metadataIPv6 is where a cloud answers its machines with their credentials, though
// the address is a unique local one.
var metadataIPv6 = netip.MustParseAddr("fd00:ec2::254")

// reachable says whether --local opens the address: loopback, RFC 1918 and
// unique local ones. Link-local (where cloud metadata lives), carrier-grade NAT
// and the rest stay closed.
func reachable(ip netip.Addr) bool {
	ip = ip.WithZone("").Unmap()
	return ip != metadataIPv6 && (ip.IsLoopback() || ip.IsPrivate())
}

// policy decides before any packet.
type policy struct {
	proxy, i2p, direct, local, cross bool
	blocked                          *Blocklist
}

// check refuses a URL as such.
func (p policy) check(canonical string) error {
	refuse := func(reason string) error { return &PolicyError{canonical, reason} }
	host := hostname(canonical)
	switch networkOf(host) {
	case netOnion:
		if !p.proxy {
			return refuse("an onion needs a SOCKS proxy")
		}
	case netI2P:
		if !p.i2p {
			return refuse("an I2P name needs an I2P proxy")
		}
	case netClear:
		if !p.proxy && !p.direct {
			return refuse("the clear web needs a SOCKS proxy, or leave to be reached directly")
		}
	default:
		if !p.local {
			return refuse("a loopback or private address needs --local")
		}
		if ip, err := netip.ParseAddr(host); err == nil && !reachable(ip) {
			return refuse("a reserved address is never fetched")
		}
	}
	if list, blocked := p.blocked.match(canonical); blocked {
		return &PolicyError{p.blocked.Name(canonical), "it is on the blocklist " + list} // the address is not spread
	}
	return nil
}

// follow refuses a link or redirect that leaves the network of its page.
func (p policy) follow(page, link string) error {
	from, to := networkOf(hostname(page)), networkOf(hostname(link))
	if from != to && (to.local() || !p.cross) {
		return &PolicyError{link, fmt.Sprintf("from %s to %s", from, to)}
	}
	// This machine has many loopback addresses and is one host; a network has many.
	if to == netPrivate && hostname(page) != hostname(link) {
		return &PolicyError{link, "from one local host to another"}
	}
	return p.check(link)
}
