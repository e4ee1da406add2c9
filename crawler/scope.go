package crawler

import (
	"fmt"
	"regexp"
	"strings"

	"golang.org/x/net/publicsuffix"
)

// Scope says which links of a page are followed; the zero value keeps to the
// page's host. The network policy holds besides. A redirect of a seed moves the
// crawl with it; any other redirect is held to the scope like a link.
type Scope struct {
	kind     string
	prefixes []string
	re       *regexp.Regexp
}

// The scopes that need no argument: the host (and port) of the page, its
// registrable domain or onion with all subdomains, anything.
var (
	ScopeHost   = Scope{kind: "host"}
	ScopeDomain = Scope{kind: "domain"}
	ScopeAny    = Scope{kind: "any"}
)

// ScopePrefix keeps to URLs that begin with one of the prefixes.
func ScopePrefix(prefixes ...string) Scope { return Scope{kind: "prefix", prefixes: prefixes} }

// ParseScope reads host, domain, any, prefix:URL and regex:PATTERN (RE2, matched
// anywhere in the canonical URL).
func ParseScope(s string) (Scope, error) {
	kind, arg, _ := strings.Cut(s, ":")
	switch {
	case s == "" || s == "host":
		return ScopeHost, nil
	case s == "domain":
		return ScopeDomain, nil
	case s == "any":
		return ScopeAny, nil
	case kind == "prefix":
		p, err := Canonical(arg)
		if err != nil {
			return Scope{}, fmt.Errorf("scope %q: %w", s, err)
		}
		return ScopePrefix(p), nil
	case kind == "regex":
		re, err := regexp.Compile(arg)
		if err != nil {
			return Scope{}, fmt.Errorf("scope %q: %w", s, err)
		}
		return Scope{kind: "regex", re: re}, nil
	}
	return Scope{}, fmt.Errorf("scope %q: want host, domain, any, prefix:URL or regex:PATTERN", s)
}

// contains decides on two canonical URLs.
func (s Scope) contains(page, link string) bool {
	switch s.kind {
	case "any":
		return true
	case "domain":
		return domain(page) == domain(link)
	case "prefix":
		for _, p := range s.prefixes {
			if strings.HasPrefix(link, p) {
				return true
			}
		}
		return false
	case "regex":
		return s.re.MatchString(link)
	}
	a, b := origin(page), origin(link)
	return a == b || sameSite(a, b)
}

// sameSite: one host by http and by https on their default ports.
func sameSite(a, b string) bool {
	a, b = strings.TrimPrefix(strings.TrimPrefix(a, "http://"), "https://"), strings.TrimPrefix(strings.TrimPrefix(b, "http://"), "https://")
	return a == b && !strings.Contains(a[strings.LastIndexByte(a, ']')+1:], ":")
}

func domain(u string) string {
	h := hostname(u)
	if strings.HasSuffix(h, ".onion") {
		labels := strings.Split(h, ".")
		return strings.Join(labels[max(0, len(labels)-2):], ".")
	}
	if d, err := publicsuffix.EffectiveTLDPlusOne(h); err == nil {
		return d
	}
	return h
}
