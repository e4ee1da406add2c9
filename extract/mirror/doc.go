// Package mirror reads what a site says of its other addresses: the
// Onion-Location header and element, and lists that are clear-signed with
// OpenPGP (RFC 9580 §7).
//
// Invariants. Only what a signature covers is read of a signed list. A list is
// verified against the key that was given for the site and no other: not against
// one that stands beside it. Everything here is a claim of whoever served the
// page. Input is hostile: lengths, lists, blocks and addresses are bounded.
package mirror

import (
	"net/url"
	"strings"
)

// maxAddresses of one list.
const maxAddresses = 64

// Host reads an address: a URL of http or https, or a bare name under .onion or
// .i2p. It returns the host in lower case, with a port that is not the scheme's.
func Host(s string) (string, bool) {
	if !strings.Contains(s, "://") {
		name, _, _ := strings.Cut(strings.ToLower(s), "/")
		if !strings.HasSuffix(name, ".onion") && !strings.HasSuffix(name, ".i2p") {
			return "", false
		}
		s = "http://" + s
	}
	if len(s) > 2048 {
		return "", false
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.User != nil {
		return "", false
	}
	host := strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
	if !isHost(host) {
		return "", false
	}
	if p := u.Port(); p != "" && p != map[string]string{"http": "80", "https": "443"}[u.Scheme] {
		host += ":" + p
	}
	return host, true
}

// isHost: a name of two labels at least, of letters, digits and dashes.
func isHost(s string) bool {
	labels := strings.Split(s, ".")
	if len(s) > 253 || len(labels) < 2 {
		return false
	}
	for _, l := range labels {
		if l == "" || len(l) > 63 || strings.Trim(l, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			return false
		}
	}
	return strings.Trim(labels[len(labels)-1], "0123456789") != "" // an IP address
}

// addresses are the hosts that a text names, each once, in its order.
func addresses(text string) (hosts []string) {
	seen := map[string]bool{}
	for f := range strings.FieldsFuncSeq(text, func(r rune) bool { return r <= ' ' || strings.ContainsRune("<>\"'()[]{},;|`", r) }) {
		if h, ok := Host(strings.TrimRight(f, ".:!?*")); ok && !seen[h] {
			seen[h] = true
			if hosts = append(hosts, h); len(hosts) == maxAddresses {
				break
			}
		}
	}
	return hosts
}
