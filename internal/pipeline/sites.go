package pipeline

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"strings"

	"tamga"
	"tamga/extract/link"
)

// sitePages is how many different pages of a site are fingerprinted; its latest
// captures of them stand for it.
const sitePages = 64

// Sites are the hosts of the archive with the fingerprints of their pages.
func (p *Pipeline) Sites(ctx context.Context) ([]link.Site, error) {
	by := map[string]*link.Site{}
	var order []string
	seen := map[string]bool{}
	for c, err := range p.Archive.Captures(ctx, 0) {
		if err != nil {
			return nil, err
		}
		u, err := url.Parse(c.URL)
		if err != nil || u.Host == "" || c.Outcome != tamga.OutcomeOK {
			continue
		}
		s := by[u.Host]
		if s == nil {
			s = &link.Site{Host: u.Host}
			by[u.Host] = s
			order = append(order, u.Host)
		}
		if len(s.Prints) >= sitePages || seen[c.URL] {
			continue
		}
		seen[c.URL] = true
		ex, page, err := p.Open(ctx, c.Seq)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if ex == nil {
			p.Log.Warn("site page not read", "capture", c.Seq, "err", err)
			continue
		}
		if strings.HasSuffix(u.Path, "/favicon.ico") && len(ex.Body) > 0 {
			sum := sha256.Sum256(ex.Body)
			s.Favicon = hex.EncodeToString(sum[:])
			continue
		}
		if page == nil || !strings.Contains(c.ContentType, "html") {
			continue
		}
		s.Prints = append(s.Prints, link.Fingerprint(link.HeaderNames(ex.ResponseHead), []byte(page.Source)))
		addFindings(s, page)
	}
	out := make([]link.Site, 0, len(order))
	for _, h := range order {
		out = append(out, *by[h])
	}
	return out, nil
}

// addFindings takes what a page says of the site's other addresses: hosts that it
// names near the word, and the keys on a page that has no vendor of its own.
func addFindings(s *link.Site, page *tamga.Page) {
	for _, f := range page.Findings {
		switch f.Type {
		case tamga.FindPGP:
			if page.Vendor == nil && f.Valid {
				s.Keys = union(s.Keys, []string{f.Value})
			}
		case tamga.FindOnion:
			from, to := max(0, f.Start-mirrorReach), min(len(page.Source), f.End+mirrorReach)
			around := strings.ToLower(page.Source[from:to])
			for _, word := range []string{"mirror", "зеркал", "alternative", "official link", "our link", "backup"} {
				if strings.Contains(around, word) {
					s.Mirrors = union(s.Mirrors, []string{f.Value})
					break
				}
			}
		}
	}
}

// mirrorReach is how far from an address the word that calls it a mirror may
// stand, in bytes of the page's source.
const mirrorReach = 2000
