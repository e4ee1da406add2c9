package config

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"
)

// Source is one place to collect from (docs/sources.md). What is empty is as
// [Crawl] says.
type Source struct {
	Name    string   `toml:"name"`    // small letters, digits and dashes
	Kind    string   `toml:"kind"`    // one of Kinds; empty: site
	URL     string   `toml:"url"`     // where a pass begins
	Mirrors []string `toml:"mirrors"` // other addresses of the same place, for when the first is down

	MirrorKey string `toml:"mirror_key"` // OpenPGP key of its lists of mirrors: a file, or a fingerprint

	Cadence Duration `toml:"cadence"` // between the starts of two passes; 0: only when asked
	Scope   string   `toml:"scope"`   // links that are followed: host domain any prefix:URL regex:PATTERN
	Budget  int64    `toml:"budget"`  // pages a pass, at most; 0: no limit
	Depth   int      `toml:"depth"`   // links from the address; 0: no limit

	Delay    Duration `toml:"delay"`    // between two requests to a host
	Parallel int      `toml:"parallel"` // requests to a host at a time

	Route   string `toml:"route"`   // tor, i2p or clear; empty: by the address, and the clear web as Crawl says
	Profile string `toml:"profile"` // page profile; empty: chosen by URL and content
	Session string `toml:"session"` // an imported session (tamga session); empty: none
	Render  bool   `toml:"render"`  // pages that need scripts are drawn by a browser
	Scripts bool   `toml:"scripts"` // with render: their scripts run
	Binary  bool   `toml:"binary"`  // bodies that are no text are kept: images, archives

	Basis     *Basis   `toml:"basis"`     // why it may be collected
	Retention Duration `toml:"retention"` // how long a capture is kept; 0: for ever
}

// Basis is the legal basis of a source: who authorised its collection, under
// what, and until when.
type Basis struct {
	By    string         `toml:"by"`
	Under string         `toml:"under"`
	Until toml.LocalDate `toml:"until"` // its last day, UTC; absent: open
}

// Kinds are what a source can be.
var Kinds = []string{"market", "site", "forum", "telegram", "mastodon", "bluesky", "reddit", "vk", "feed"}

// Source finds a source by its name.
func (c *Config) Source(name string) (Source, bool) {
	i := slices.IndexFunc(c.Sources, func(s Source) bool { return s.Name == name })
	if i < 0 {
		return Source{}, false
	}
	return c.Sources[i], true
}

// ErrBasis says that the legal basis of a source has ended.
var ErrBasis = errors.New("its legal basis has ended")

// Authorised tells whether the source may be collected at a time; the error is
// ErrBasis where it may not.
func (s *Source) Authorised(at time.Time) error {
	if end := s.Ends(); !end.IsZero() && !at.Before(end) {
		return fmt.Errorf("source %s: %w: %s, %s, until %s", s.Name, ErrBasis, s.Basis.By, s.Basis.Under, s.Basis.Until)
	}
	return nil
}

// Ends is the first moment at which the source may not be collected any more; the
// zero time where there is none.
func (s *Source) Ends() time.Time {
	if s.Basis == nil || s.Basis.Until == (toml.LocalDate{}) {
		return time.Time{}
	}
	return s.Basis.Until.AsTime(time.UTC).AddDate(0, 0, 1)
}

var sessionName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`)

var sourceName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,63}$`)

// Refused is a source that no pass could use, and why.
type Refused struct {
	Source Source
	Err    error // names the source
}

// Refuse takes out the sources that check finds an error in, and those whose name
// another has: a mistake in one table stops that source and no other.
func (c *Config) Refuse(check func(*Source) error) {
	seen := map[string]bool{}
	var good []Source
	for _, s := range c.Sources {
		err := check(&s)
		if err == nil && seen[s.Name] {
			err = errors.New("it is there twice")
		}
		if err != nil {
			c.Refused = append(c.Refused, Refused{s, fmt.Errorf("source %q: %w", s.Name, err)})
			continue
		}
		seen[s.Name] = true
		good = append(good, s)
	}
	c.Sources = good
}

// WhyRefused is why there is no source of that name to use; nil where there is one,
// or none at all.
func (c *Config) WhyRefused(name string) error {
	if _, found := c.Source(name); found {
		return nil
	}
	for _, r := range c.Refused {
		if r.Source.Name == name {
			return r.Err
		}
	}
	return nil
}

func (s *Source) check() error {
	if !sourceName.MatchString(s.Name) {
		return errors.New("a name is small letters, digits and dashes")
	}
	if s.Kind == "" {
		s.Kind = "site"
	}
	if !slices.Contains(Kinds, s.Kind) {
		return fmt.Errorf("kind = %q: want one of %s", s.Kind, strings.Join(Kinds, ", "))
	}
	for _, address := range append([]string{s.URL}, s.Mirrors...) {
		u, err := url.Parse(address)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
			return fmt.Errorf("url = %q: want an http or https address", address)
		}
		if err := s.checkRoute(u.Hostname()); err != nil {
			return err
		}
	}
	if s.Cadence < 0 || s.Delay < 0 || s.Retention < 0 || s.Budget < 0 || s.Depth < 0 || s.Parallel < 0 {
		return errors.New("cadence, delay, retention, budget, depth and parallel are not below zero")
	}
	if s.Cadence > 0 && s.Cadence < Duration(time.Minute) {
		return fmt.Errorf("cadence = %s: a minute is the shortest", s.Cadence)
	}
	if s.Scripts && !s.Render {
		return errors.New("scripts without render")
	}
	if s.Session != "" && !sessionName.MatchString(s.Session) {
		return fmt.Errorf("session = %q: a name is letters, digits, dashes and underscores", s.Session)
	}
	if b := s.Basis; b != nil && (b.By == "" || b.Under == "") {
		return errors.New("a basis says by whom and under what")
	}
	return nil
}

// checkRoute keeps a name that only one network knows on that network.
func (s *Source) checkRoute(host string) error {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	var want string
	switch {
	case strings.HasSuffix(host, ".onion"):
		want = "tor"
	case strings.HasSuffix(host, ".i2p"):
		want = "i2p"
	}
	switch s.Route {
	case "", "tor", "i2p", "clear":
	default:
		return fmt.Errorf("route = %q: want tor, i2p or clear", s.Route)
	}
	if want != "" && s.Route != "" && s.Route != want {
		return fmt.Errorf("route = %q: %s is reached by %s only", s.Route, host, want)
	}
	if want == "" && s.Route == "i2p" {
		return fmt.Errorf("route = %q: %s is no name of I2P", s.Route, host)
	}
	return nil
}
