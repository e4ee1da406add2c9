package session

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// Live is a session in use. Its methods may be called at once.
type Live struct {
	mu      sync.Mutex
	s       Session
	name    string          // of the host
	port    string          // empty: those of ports
	ports   map[string]bool // of the addresses that it is used for
	canary  *Canary
	now     func() time.Time
	changed bool
	ended   string // why it is taken for expired
}

// Use makes a session live. Where it is bound to no port, it is sent to those of the
// given addresses of its host and to no others: two services of one machine share
// its name, and are not one site.
func Use(s *Session, addresses []string, now func() time.Time) (*Live, error) {
	l := &Live{s: *s, ports: map[string]bool{}, now: now}
	l.s.Cookies = slices.Clone(s.Cookies)
	l.name, l.port = split(s.Host)
	for _, a := range addresses {
		l.Also(a)
	}
	var err error
	l.canary, err = ParseCanary(s.Canary)
	return l, err
}

// Also adds an address that the session is used for.
func (l *Live) Also(address string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	u, err := url.Parse(address)
	if err != nil {
		return
	}
	if h, err := asciiHost(u.Hostname()); err != nil || h != l.name {
		return
	}
	switch p := u.Port(); {
	case p == "" || p == "80" || p == "443": // one site, before and after a redirect to https
		l.ports["80"], l.ports["443"] = true, true
	default:
		l.ports[p] = true
	}
}

// Name is that of the session.
func (l *Live) Name() string { return l.s.Name }

// Host is what the session is bound to.
func (l *Live) Host() string { return l.s.Host }

// UserAgent is that of the login; empty: not known.
func (l *Live) UserAgent() string { return l.s.UserAgent }

// Holds tells whether a URL is of the place that the session is bound to.
func (l *Live) Holds(u *url.URL) bool {
	if host, err := asciiHost(u.Hostname()); err != nil || host != l.name || u.Scheme != "http" && u.Scheme != "https" {
		return false
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	if l.port != "" {
		return port == l.port
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.ports[port]
}

// Cookie is the Cookie header field of a request (RFC 6265 §5.4): as the site set
// the values, which is not always as net/http would write them. Empty where the URL
// is not held.
func (l *Live) Cookie(u *url.URL) string {
	if !l.Holds(u) {
		return ""
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now, safe := l.now(), u.Scheme == "https" || secureHost(l.name)
	var send []Cookie
	for _, c := range l.s.Cookies {
		if (c.Expires.IsZero() || c.Expires.After(now)) && keeps(l.name, c.Domain, c.HostOnly) && pathMatch(u.EscapedPath(), c.Path) && (!c.Secure || safe) {
			send = append(send, c)
		}
	}
	slices.SortStableFunc(send, func(a, b Cookie) int { return cmp.Compare(len(b.Path), len(a.Path)) })
	var b strings.Builder
	for i, c := range send {
		if i > 0 {
			b.WriteString("; ")
		}
		if c.Name != "" {
			b.WriteString(c.Name + "=")
		}
		b.WriteString(c.Value)
	}
	return b.String()
}

// Held is what a browser is given to be logged in at the host: its cookies that have
// not expired, and its local storage.
func (l *Live) Held() ([]Cookie, []Item) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	var cookies []Cookie
	for _, c := range l.s.Cookies {
		if (c.Expires.IsZero() || c.Expires.After(now)) && keeps(l.name, c.Domain, c.HostOnly) {
			cookies = append(cookies, c)
		}
	}
	return cookies, slices.Clone(l.s.Storage)
}

// secureHost tells whether what is sent to a host is safe without TLS, so that
// Secure cookies go there, as browsers have it (Secure Contexts §3.1; Tor Browser
// for onions).
func secureHost(host string) bool {
	return strings.HasSuffix(host, ".onion") || strings.HasSuffix(host, ".i2p") || host == "localhost" || strings.HasPrefix(host, "127.") || host == "::1"
}

// pathMatch is RFC 6265 §5.1.4.
func pathMatch(path, cookie string) bool {
	if path == "" {
		path = "/"
	}
	rest, ok := strings.CutPrefix(path, cookie)
	return ok && (rest == "" || strings.HasSuffix(cookie, "/") || rest[0] == '/')
}

// defaultPath is RFC 6265 §5.1.4.
func defaultPath(path string) string {
	i := strings.LastIndexByte(path, '/')
	if i <= 0 || path[0] != '/' {
		return "/"
	}
	return path[:i]
}

// SetCookies takes what a response of the host sets (RFC 6265 §5.3); what one of
// another host sets is not taken. Of more than MaxCookies the oldest goes.
func (l *Live) SetCookies(u *url.URL, cookies []*http.Cookie) {
	if !l.Holds(u) {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	for _, h := range cookies {
		c := Cookie{Name: h.Name, Value: h.Value, Domain: l.name, HostOnly: true, Path: h.Path, Secure: h.Secure, HTTPOnly: h.HttpOnly}
		if h.Quoted {
			c.Value = `"` + c.Value + `"`
		}
		if h.Domain != "" {
			c.Domain, c.HostOnly = strings.ToLower(strings.TrimPrefix(h.Domain, ".")), false
		}
		if !strings.HasPrefix(c.Path, "/") {
			c.Path = defaultPath(u.EscapedPath())
		}
		gone := false
		switch {
		case h.MaxAge < 0:
			gone = true
		case h.MaxAge > 0:
			c.Expires = now.Add(time.Duration(min(h.MaxAge, 400*86400)) * time.Second).UTC() // RFC 6265bis §5.5: 400 days
		case !h.Expires.IsZero():
			c.Expires, gone = h.Expires.UTC(), !h.Expires.After(now)
		}
		if !c.usable() || !keeps(l.name, c.Domain, c.HostOnly) {
			continue
		}
		l.take(c, gone)
	}
}

func (l *Live) take(c Cookie, gone bool) {
	i := slices.IndexFunc(l.s.Cookies, func(o Cookie) bool { return o.key() == c.key() })
	switch {
	case i >= 0 && gone:
		l.s.Cookies = slices.Delete(l.s.Cookies, i, i+1)
	case gone, i >= 0 && l.s.Cookies[i] == c:
		return
	case i >= 0:
		l.s.Cookies[i] = c
	default:
		if len(l.s.Cookies) >= MaxCookies {
			l.s.Cookies = slices.Delete(l.s.Cookies, 0, 1)
		}
		l.s.Cookies = append(l.s.Cookies, c)
	}
	l.changed = true
}

// LoggedIn tells what says that a page of the host was not shown to someone who is
// logged in; empty: nothing does. The canary decides; without one, that no cookie of
// the session is left.
func (l *Live) LoggedIn(page []byte) (why string) {
	if l.canary != nil {
		if !l.canary.In(page) {
			return "session " + l.s.Name + " expired: the page lacks what a logged-in one shows"
		}
		return ""
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if state, _ := l.s.state(l.now()); state == Expired || len(l.s.Cookies) == 0 {
		return "session " + l.s.Name + " expired: its cookies have"
	}
	return ""
}

// End notes that the session is taken for expired; first says that it was not before.
func (l *Live) End(why string) (first bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	first = l.ended == ""
	l.ended = why
	return first
}

// Ended is why the session is taken for expired; empty: it is not.
func (l *Live) Ended() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.ended
}

// Info is that of the session as it is now.
func (l *Live) Info() Info {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.s.Info(l.now())
}

// Changed is the session as it is now, where the site has set something since it was
// last asked for; else nil.
func (l *Live) Changed() *Session {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.changed {
		return nil
	}
	l.changed = false
	l.s.Updated = l.now().UTC()
	s := l.s
	s.Cookies = slices.Clone(l.s.Cookies)
	return &s
}
