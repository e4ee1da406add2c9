package pipeline

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"tamga"
	"tamga/extract/link"
)

// More ways by which two addresses are known to be of one site.
const (
	ToldSource    = "source"     // a source of tamga.toml lists both
	ToldSamePages = "same-pages" // their pages are alike (extract/link)
)

// SiteAddresses is a site with its addresses (claim).
type SiteAddresses struct {
	Source    string        `json:"source,omitempty"` // of tamga.toml, where it is one
	Addresses []SiteAddress `json:"addresses"`
}

// SiteAddress is one of them: what says that it is, and how it was when last asked.
type SiteAddress struct {
	Address  string        `json:"address"` // host
	LastUp   *time.Time    `json:"last_up,omitempty"`
	LastSeen *time.Time    `json:"last_asked,omitempty"`
	Outcome  tamga.Outcome `json:"outcome,omitempty"` // of the last capture
	Told     []Teller      `json:"told"`
}

// Teller is one thing that says so.
type Teller struct {
	How     string       `json:"how"`
	By      string       `json:"by"`               // host, or source, that says it
	Status  string       `json:"status,omitempty"` // see Told
	Capture tamga.Digest `json:"capture,omitempty"`
	Time    *time.Time   `json:"time,omitempty"`
	Key     string       `json:"key,omitempty"`
	Signed  *time.Time   `json:"signed,omitempty"`
	Score   float64      `json:"score,omitempty"` // same-pages: 0 to 1
	Reasons []string     `json:"reasons,omitempty"`
	Detail  string       `json:"detail,omitempty"`
}

// vouches: addresses are put together for it. A list whose signature is not the
// site's says something of the list, not of the address.
func (t *Teller) vouches() bool {
	return t.How != ToldSignedList || t.Status == "verified" || t.Status == "claimed"
}

// SourceAddresses are the addresses that a source of the settings lists.
type SourceAddresses struct {
	Name string
	URLs []string
}

// Addresses puts the addresses of each site together: what the settings list, what
// sites tell, and with a score of at least least whose pages are alike; above 1
// pages are not compared. Sites with one address and nothing told are left out.
func (p *Pipeline) Addresses(ctx context.Context, sources []SourceAddresses, least float64) ([]SiteAddresses, error) {
	told, err := p.Told(ctx)
	if err != nil {
		return nil, err
	}
	g := gathering{at: map[string]*SiteAddress{}, root: map[string]string{}, source: map[string]string{}}
	for _, s := range sources {
		var first string
		for _, address := range s.URLs {
			u, err := url.Parse(address)
			if err != nil {
				continue
			}
			host := strings.ToLower(u.Host)
			if first == "" {
				first = host
			}
			g.source[host] = s.Name
			g.tell(first, host, Teller{How: ToldSource, By: s.Name})
		}
	}
	for _, t := range told {
		at := t.Time
		g.tell(t.Site, t.Address, Teller{How: t.How, By: t.Site, Status: t.Status, Capture: t.Capture, Time: &at, Key: t.Key, Signed: t.Signed, Detail: t.Detail})
	}
	if least <= 1 {
		sites, err := p.Sites(ctx)
		if err != nil {
			return nil, err
		}
		for _, l := range link.Sites(sites, least) {
			t := Teller{How: ToldSamePages, By: l.A.Name, Score: l.Score}
			for _, r := range l.Reasons {
				t.Reasons = append(t.Reasons, fmt.Sprintf("%s: %s", r.Kind, r.Value))
			}
			g.tell(l.A.Name, l.B.Name, t)
		}
	}
	if err := g.asked(ctx, p); err != nil {
		return nil, err
	}
	return g.sites(), nil
}

// gathering joins hosts into sites.
type gathering struct {
	at     map[string]*SiteAddress
	order  []string
	root   map[string]string // union-find
	source map[string]string // by host
}

func (g *gathering) host(h string) *SiteAddress {
	if g.at[h] == nil {
		g.at[h] = &SiteAddress{Address: h, Told: []Teller{}}
		g.root[h] = h
		g.order = append(g.order, h)
	}
	return g.at[h]
}

func (g *gathering) find(h string) string {
	for g.root[h] != h {
		g.root[h] = g.root[g.root[h]]
		h = g.root[h]
	}
	return h
}

// tell notes that by names host.
func (g *gathering) tell(by, host string, t Teller) {
	g.host(by)
	a := g.host(host)
	if by == host && t.How != ToldSource {
		return
	}
	a.Told = append(a.Told, t)
	if t.vouches() {
		g.root[g.find(host)] = g.find(by)
	}
}

// asked adds how each address was, by the log.
func (g *gathering) asked(ctx context.Context, p *Pipeline) error {
	for c, err := range p.Archive.Captures(ctx, 0) {
		if err != nil {
			return err
		}
		if c.Route == tamga.RouteImport {
			continue
		}
		u, err := url.Parse(c.URL)
		if err != nil {
			continue
		}
		a := g.at[strings.ToLower(u.Host)]
		if a == nil {
			continue
		}
		at := c.Requested
		if a.LastSeen == nil || !at.Before(*a.LastSeen) {
			a.LastSeen, a.Outcome = &at, c.Outcome
		}
		if c.Status != 0 && (a.LastUp == nil || at.After(*a.LastUp)) {
			a.LastUp = &at
		}
	}
	return nil
}

func (g *gathering) sites() []SiteAddresses {
	at := map[string]int{}
	out := []SiteAddresses{}
	for _, h := range g.order {
		r := g.find(h)
		i, known := at[r]
		if !known {
			i = len(out)
			at[r] = i
			out = append(out, SiteAddresses{})
		}
		out[i].Addresses = append(out[i].Addresses, *g.at[h])
		if s := g.source[h]; s != "" && out[i].Source == "" {
			out[i].Source = s
		}
	}
	return slices.DeleteFunc(out, func(s SiteAddresses) bool {
		return len(s.Addresses) < 2 && !slices.ContainsFunc(s.Addresses[0].Told, func(t Teller) bool { return t.How != ToldSource })
	})
}
