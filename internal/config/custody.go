package config

import (
	"fmt"
	"net/url"
)

// Custody is who is asked to vouch for the signed heads of the log. The servers
// are reached as crawl.proxy and crawl.direct say.
type Custody struct {
	TSA       []string `toml:"tsa"`       // time-stamping authorities (RFC 3161), http or https
	Roots     string   `toml:"roots"`     // PEM file of the certificates that they must lead to
	CRL       string   `toml:"crl"`       // PEM file of revocation lists of those, kept with each token
	Calendars []string `toml:"calendars"` // of OpenTimestamps, http or https
	Witnesses []string `toml:"witnesses"` // verifier keys of witnesses, NAME+HASH+KEY
	Timeout   Duration `toml:"timeout"`   // of one question
}

func (c Custody) check() error {
	for key, servers := range map[string][]string{"tsa": c.TSA, "calendars": c.Calendars} {
		for _, s := range servers {
			if u, err := url.Parse(s); err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" {
				return fmt.Errorf("setting custody.%s: %q is not an http or https address", key, s)
			}
		}
	}
	return nil
}
