package session

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// Bounds of a session.
const (
	MaxCookies = 300            // RFC 6265 §6.1 wants 50 a domain at least; browsers keep 180
	MaxCookie  = 4096           // bytes of name and value together (RFC 6265bis §5.6)
	MaxStorage = 2 << 20        // bytes of local storage: names and values
	maxPath    = 1024           // bytes (RFC 6265bis §5.6)
	maxText    = 512            // bytes of a user agent, a canary
	Ahead      = 72 * time.Hour // an expiry is told so long before it
)

// Session is what an analyst is logged in with at one host.
type Session struct {
	Name      string    `json:"name"`
	Host      string    `json:"host"` // ASCII, small letters; with a port where it is bound to one
	Operator  string    `json:"operator"`
	UserAgent string    `json:"user_agent,omitempty"`
	Canary    string    `json:"canary,omitempty"` // as ParseCanary reads it
	Imported  time.Time `json:"imported"`
	Updated   time.Time `json:"updated"` // when the site last set a cookie, or as Imported
	Cookies   []Cookie  `json:"cookies,omitempty"`
	Storage   []Item    `json:"storage,omitempty"`
}

// Cookie is a cookie of the store model of RFC 6265 §5.3.
type Cookie struct {
	Name     string    `json:"name"`
	Value    string    `json:"value"`
	Domain   string    `json:"domain"` // without a leading dot
	Path     string    `json:"path"`
	Expires  time.Time `json:"expires,omitzero"` // zero: with the login, a time that only the site knows
	HostOnly bool      `json:"host_only,omitempty"`
	Secure   bool      `json:"secure,omitempty"`
	HTTPOnly bool      `json:"http_only,omitempty"`
}

// String and GoString keep values out of whatever prints a cookie.
func (c Cookie) String() string   { return c.Name + "=…" }
func (c Cookie) GoString() string { return c.String() }

// Item is an item of the local storage of an origin.
type Item struct {
	Origin string `json:"origin"`
	Name   string `json:"name"`
	Value  string `json:"value"`
}

// String and GoString are as those of Cookie.
func (i Item) String() string   { return i.Name + "=…" }
func (i Item) GoString() string { return i.String() }

var validName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`)

// CheckName refuses what is no name of a session.
func CheckName(name string) error {
	if !validName.MatchString(name) {
		return fmt.Errorf("session %q: a name is up to 64 letters, digits, dashes and underscores", name)
	}
	return nil
}

// CheckText refuses a user agent or a canary that is too long or not text.
func CheckText(what, s string) error {
	if len(s) > maxText {
		return fmt.Errorf("%s of %d bytes; %d are the most", what, len(s), maxText)
	}
	if strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return fmt.Errorf("%s with control characters", what)
	}
	return nil
}

// ParseHost reads the host that a session is bound to: a name or an address, with a
// port or not, or the URL of a page there. A public suffix, which is many people's,
// is refused.
func ParseHost(s string) (string, error) {
	if !strings.Contains(s, "://") {
		s = "http://" + s
	}
	u, err := url.Parse(s)
	if err != nil || u.Hostname() == "" || u.User != nil {
		return "", errors.New("the host is no host name")
	}
	name, err := asciiHost(u.Hostname())
	if err != nil {
		return "", err
	}
	if !isAddress(name) && name != "localhost" {
		if suffix, _ := publicsuffix.PublicSuffix(name); suffix == name {
			return "", fmt.Errorf("host %s is a public suffix, not one site", name)
		}
	}
	port := u.Port()
	if port == "" {
		if strings.Contains(name, ":") {
			return "[" + name + "]", nil
		}
		return name, nil
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return "", fmt.Errorf("host %s: no port %s", name, port)
	}
	if strings.Contains(name, ":") {
		name = "[" + name + "]"
	}
	return name + ":" + port, nil
}

func asciiHost(s string) (string, error) {
	s = strings.TrimSuffix(strings.ToLower(s), ".")
	if isAddress(s) {
		return s, nil
	}
	if len(s) > 253 {
		return "", errors.New("the host name is too long")
	}
	a, err := idna.Lookup.ToASCII(s)
	if err != nil || a == "" {
		return "", errors.New("the host is no host name")
	}
	return a, nil
}

func isAddress(s string) bool { _, err := netip.ParseAddr(s); return err == nil }

// split takes the host and the port, empty where there is none, of Session.Host.
func split(host string) (name, port string) {
	u := url.URL{Host: host}
	return u.Hostname(), u.Port()
}

// keeps tells whether a cookie is one that the host is sent: its own, or one of a
// domain above it that is no public suffix.
func keeps(host, domain string, hostOnly bool) bool {
	if host == domain {
		return true
	}
	if hostOnly || isAddress(host) || !strings.HasSuffix(host, "."+domain) {
		return false
	}
	own, err := publicsuffix.EffectiveTLDPlusOne(host)
	return err == nil && len(domain) >= len(own)
}

// State of a session at a time, as its cookies tell.
type State string

// States. A session whose cookies have no date, or that has none, is active until
// its canary is missed.
const (
	Active   State = "active"
	Expiring State = "expiring" // a cookie expires within Ahead
	Expired  State = "expired"  // no cookie is left
)

// Info is what may be told of a session.
type Info struct {
	Name      string     `json:"name"`
	Host      string     `json:"host,omitempty"`
	Operator  string     `json:"operator,omitempty"`
	UserAgent string     `json:"user_agent,omitempty"`
	Canary    string     `json:"canary,omitempty"`
	Imported  *time.Time `json:"imported,omitempty"`
	Updated   *time.Time `json:"updated,omitempty"`
	Cookies   int        `json:"cookies"`
	Storage   int        `json:"storage"`
	State     State      `json:"state,omitempty"`
	Expires   *time.Time `json:"expires,omitempty"` // when the next cookie does, or the last one did
	Locked    bool       `json:"locked,omitempty"`  // its passphrase is not known: nothing but the name is
	Problem   string     `json:"problem,omitempty"`
}

// Info tells what is no secret.
func (s *Session) Info(now time.Time) Info {
	in := Info{Name: s.Name, Host: s.Host, Operator: s.Operator, UserAgent: s.UserAgent, Canary: s.Canary,
		Imported: &s.Imported, Updated: &s.Updated, Cookies: len(s.Cookies), Storage: len(s.Storage)}
	in.State, in.Expires = s.state(now)
	return in
}

func (s *Session) state(now time.Time) (State, *time.Time) {
	var next, last time.Time
	live := 0
	for _, c := range s.Cookies {
		switch {
		case c.Expires.IsZero():
			live++
		case !c.Expires.After(now):
			if c.Expires.After(last) {
				last = c.Expires
			}
		default:
			live++
			if next.IsZero() || c.Expires.Before(next) {
				next = c.Expires
			}
		}
	}
	switch {
	case live == 0 && len(s.Cookies) > 0:
		return Expired, &last
	case next.IsZero():
		return Active, nil
	case next.Before(now.Add(Ahead)):
		return Expiring, &next
	}
	return Active, &next
}
