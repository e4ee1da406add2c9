package link

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"tamga"
)

// Site is one address of a site with what was seen of it.
type Site struct {
	Host    string
	Prints  []Print
	Favicon string   // digest of the icon; empty where none was seen
	Keys    []string // PGP fingerprints on its pages
	Mirrors []string // hosts that its pages name as addresses of the same site
}

// The weights of what two sites share, in nats of log-odds. Sites of one software
// share their markup and the order of their header, so these are worth less.
const (
	sitePrior     = -5.0
	domNats       = 2.5 // of one page's markup
	domMost       = 5.0
	pageNats      = 5.0 // of one page with nearly the same text
	pageMost      = 8.0
	faviconNats   = 3.5
	headerNats    = 1.0
	titleNats     = 2.0
	siteKeyNats   = 4.0
	mirrorNats    = 4.0 // one names the other; both ways counts twice
	siteHolders   = 12  // sites with a value; more is a software's default
	leastTags     = 15
	leastPageText = 40 // words
)

// Sites links the addresses that may be one site, with a score of at least least,
// the surest first.
func Sites(sites []Site, least float64) []tamga.Link {
	personas := make([]Persona, len(sites))
	at := map[string]int32{}
	for i, s := range sites {
		personas[i].Name = s.Host
		at[s.Host] = int32(i)
	}
	c := newCollection(personas)
	c.shared("dom", domNats, domMost, sites, func(s *Site) (v []string) {
		for _, p := range s.Prints {
			if p.Tags >= leastTags {
				v = append(v, p.DOM)
			}
		}
		return v
	})
	c.shared("favicon", faviconNats, faviconNats, sites, func(s *Site) []string { return []string{s.Favicon} })
	c.shared("header", headerNats, headerNats, sites, func(s *Site) (v []string) {
		for _, p := range s.Prints {
			v = append(v, p.Header)
		}
		return v
	})
	c.shared("title", titleNats, titleNats, sites, func(s *Site) (v []string) {
		for _, p := range s.Prints {
			v = append(v, p.Title)
		}
		return v
	})
	c.shared("pgp", siteKeyNats, siteKeyNats, sites, func(s *Site) []string { return s.Keys })
	c.pages(sites)
	for i := range sites {
		for _, m := range sites[i].Mirrors {
			if j, ok := at[m]; ok && j != int32(i) {
				c.add(pair{min(int32(i), j), max(int32(i), j)}, tamga.Reason{Kind: "mirror", Value: sites[i].Host + " names " + m, Weight: mirrorNats})
			}
		}
	}
	var links []tamga.Link
	for p, reasons := range c.found {
		if l := total(personas[p.a].party(), personas[p.b].party(), sitePrior, reasons); l.Score >= least {
			links = append(links, l)
		}
	}
	slices.SortFunc(links, compareLinks)
	return links
}

// shared gives evidence of a kind for sites that have a value in common: full for
// each, most in all, the less the more sites have it.
func (c *collection) shared(kind string, full, most float64, sites []Site, of func(*Site) []string) {
	var h []holding
	var texts []string
	for i := range sites {
		for _, v := range of(&sites[i]) {
			if v != "" {
				h = append(h, holding{mix(hash(hashSeed, v)), int32(i), int32(len(texts))})
				texts = append(texts, v)
			}
		}
	}
	sum := map[pair]tamga.Reason{}
	groups(h, siteHolders, func(g []holding) {
		worth := full / (1 + math.Log(float64(len(g)-1)))
		pairsOf(g, func(p pair) {
			r, known := sum[p]
			if !known {
				r = tamga.Reason{Kind: kind, Value: short(texts[g[0].n], 80)}
			}
			r.Weight = min(most, r.Weight+worth)
			sum[p] = r
		})
	})
	for p, r := range sum {
		c.add(p, r)
	}
}

// pages gives evidence for sites with pages of nearly the same text.
func (c *collection) pages(sites []Site) {
	type page struct {
		site int32
		text uint64
	}
	var all []page
	var h []holding
	for i, s := range sites {
		for _, p := range s.Prints {
			if p.Words < leastPageText {
				continue
			}
			for _, k := range quarters(p.Text) {
				h = append(h, holding{k, int32(len(all)), 0})
			}
			all = append(all, page{int32(i), p.Text})
		}
	}
	seen := map[pair]bool{}     // of pages
	alike := map[pair]float64{} // of sites
	count := map[pair]int{}
	groups(h, maxHolders, func(g []holding) {
		pairsOf(g, func(p pair) {
			a, b := all[p.a], all[p.b]
			if a.site == b.site || seen[p] || Distance(a.text, b.text) > nearBits {
				return
			}
			seen[p] = true
			sites := pair{min(a.site, b.site), max(a.site, b.site)}
			alike[sites] = min(pageMost, alike[sites]+pageNats/float64(1+count[sites]))
			count[sites]++
		})
	})
	for p, w := range alike {
		pages := "pages"
		if count[p] == 1 {
			pages = "page"
		}
		c.add(p, tamga.Reason{Kind: "text", Value: strings.TrimSpace(fmt.Sprintf("%d %s with nearly the same text", count[p], pages)), Weight: w})
	}
}
