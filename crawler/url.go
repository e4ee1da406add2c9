package crawler

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	whatwg "github.com/nlnwa/whatwg-url/url"
)

// urlParser is set up as Colly's own, so that what the frontier calls a URL is
// what Colly asks for.
var urlParser = whatwg.NewParser(whatwg.WithPercentEncodeSinglePercentSign())

// Canonical returns the form under which the frontier knows a URL: parsed by the
// URL standard (lower-case scheme and host, no default port, dot segments gone,
// IPv4 addresses in dotted form, IDNA), without fragment. The query is left in
// its order. Only http and https with a host and without credentials pass.
func Canonical(raw string) (string, error) {
	u, err := urlParser.Parse(strings.TrimSpace(raw))
	if err != nil {
		return "", fmt.Errorf("parse URL %.200q: %w", raw, err)
	}
	return accept(u)
}

func accept(u *whatwg.Url) (string, error) {
	if s := u.Scheme(); s != "http" && s != "https" {
		return "", fmt.Errorf("scheme %q: only http and https are fetched", s)
	}
	if u.Username() != "" || u.Password() != "" {
		return "", errors.New("URL with credentials")
	}
	if strings.Trim(u.Hostname(), ".") == "" {
		return "", errors.New("URL without a host")
	}
	g, err := url.Parse(u.Href(true)) // what net/http will put on the wire
	if err != nil {
		return "", fmt.Errorf("parse URL: %w", err)
	}
	return g.String(), nil
}

// resolver turns the hrefs of one page into canonical URLs.
type resolver struct {
	base   *whatwg.Url
	origin string // scheme://host[:port] of base
}

// newResolver takes the page's URL and the href of its <base>, which may be empty.
func newResolver(page, base string) (*resolver, error) {
	u, err := urlParser.Parse(page)
	if err != nil {
		return nil, err
	}
	if base != "" {
		if b, err := u.Parse(base); err == nil && (b.Scheme() == "http" || b.Scheme() == "https") {
			u = b
		}
	}
	return &resolver{base: u, origin: u.Scheme() + "://" + u.Host()}, nil
}

func (r *resolver) resolve(href string) (string, bool) {
	href = strings.TrimSpace(href)
	if href == "" || href[0] == '#' {
		return "", false
	}
	if plainPath(href) {
		return r.origin + href, true
	}
	if i := strings.IndexByte(href, ':'); i > 0 && i < 12 {
		switch s := strings.ToLower(href[:i]); s {
		case "http", "https":
		default:
			if strings.Trim(s, "abcdefghijklmnopqrstuvwxyz-+.") == "" {
				return "", false // mailto, javascript, data, magnet …
			}
		}
	}
	u, err := r.base.Parse(href)
	if err != nil {
		return "", false
	}
	s, err := accept(u)
	return s, err == nil
}

// plainPath says that href is an absolute path which the parser would not
// change: most links of most pages, spared the cost of parsing.
func plainPath(href string) bool {
	if href[0] != '/' || len(href) > 1 && href[1] == '/' {
		return false
	}
	for i := 1; i < len(href); i++ {
		switch c := href[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '_', c == '-', c == '=', c == '&', c == '?', c == '/':
		case c == '.' && href[i-1] != '/' && href[i-1] != '.': // no dot segments
		default:
			return false
		}
	}
	return true
}

// origin is the part of a canonical URL that its host limits go by.
func origin(canonical string) string {
	if i := strings.Index(canonical, "://"); i >= 0 {
		if j := strings.IndexAny(canonical[i+3:], "/?"); j >= 0 {
			return canonical[:i+3+j]
		}
	}
	return canonical
}

// hostname without port, brackets and final dot.
func hostname(canonical string) string {
	u, err := url.Parse(origin(canonical))
	if err != nil {
		return ""
	}
	return strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
}

// trap says why a URL looks as if a site made it without end; empty if not.
func trap(canonical string, maxLen int) string {
	if len(canonical) > maxLen {
		return fmt.Sprintf("URL longer than %d bytes", maxLen)
	}
	path := canonical[len(origin(canonical)):]
	path, _, _ = strings.Cut(path, "?")
	if strings.Count(path, "/") < 4 {
		return ""
	}
	segments := strings.Split(strings.Trim(path, "/"), "/")
	if len(segments) > 32 {
		return "more than 32 path segments"
	}
	// A relative link on an error page makes a/b/a/b/a/b: a run of segments that
	// repeats at least four times (three, where it is more than one).
	for size := 1; size <= 4; size++ {
		need := 3
		if size > 1 {
			need = 2
		}
		for start, again := size, 0; start < len(segments); start++ {
			if segments[start] != segments[start-size] || segments[start] == "" {
				again = 0
				continue
			}
			if again++; again >= need*size {
				return "path segments repeat"
			}
		}
	}
	return ""
}
