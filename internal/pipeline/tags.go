package pipeline

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"net/url"
	"strings"
	"time"

	"tamga"
	"tamga/chain/rates"
	"tamga/chain/tags"
	"tamga/evidence"
)

// tables are made from claims of the evidence log, as far as Next.
type tables interface {
	Next(context.Context) (int64, error)
	Clear(context.Context) error
	Fill(ctx context.Context, claims iter.Seq2[json.RawMessage, error], next int64) error
}

// FillTags brings the tables of tags up to the evidence log.
func FillTags(ctx context.Context, log *evidence.Archive, store *tags.Store) error {
	return fill(ctx, log, store, tags.ClaimTags, tags.ClaimActors)
}

// FillRates brings the table of rates up to the evidence log.
func FillRates(ctx context.Context, log *evidence.Archive, store *rates.Store) error {
	return fill(ctx, log, store, rates.Claim)
}

func fill(ctx context.Context, log *evidence.Archive, t tables, kinds ...string) error {
	next, err := t.Next(ctx)
	if err != nil {
		return fmt.Errorf("read checkpoint of %s: %w", kinds[0], err)
	}
	total := log.Len()
	if next > total { // of another log
		if err := t.Clear(ctx); err != nil {
			return err
		}
		next = 0
	}
	if next == total {
		return nil
	}
	return t.Fill(ctx, claims(ctx, log, next, total, kinds...), total)
}

// claims yields what the claims of some kinds say, of the entries [from, to).
func claims(ctx context.Context, log *evidence.Archive, from, to int64, kinds ...string) iter.Seq2[json.RawMessage, error] {
	return func(yield func(json.RawMessage, error) bool) {
		for c, err := range log.Claims(ctx, from) {
			if err != nil {
				yield(nil, err)
				return
			}
			if c.Seq >= to {
				return
			}
			for _, k := range kinds {
				if c.Kind == k && !yield(c.Data, nil) {
					return
				}
			}
		}
	}
}

// CapturedTags yields a tag for each wallet address that a captured page names:
// who the page says is behind it, with the bytes that say so. It is a claim that
// rests on the page alone.
func (p *Pipeline) CapturedTags(ctx context.Context) iter.Seq2[tamga.Tag, error] {
	return func(yield func(tamga.Tag, error) bool) {
		for c, err := range p.Archive.Captures(ctx, 0) {
			if err != nil {
				yield(tamga.Tag{}, err)
				return
			}
			_, page, err := p.Open(ctx, c.Seq)
			if ctx.Err() != nil {
				yield(tamga.Tag{}, ctx.Err())
				return
			}
			if err != nil {
				continue // said when it was read into the index
			}
			for _, t := range pageTags(c, page) {
				if !yield(t, nil) {
					return
				}
			}
		}
	}
}

// pageTags are the tags of one page, one for each address and who it is said to
// belong to.
func pageTags(c tamga.Capture, page *tamga.Page) (out []tamga.Tag) {
	host := ""
	if u, err := url.Parse(c.URL); err == nil {
		host = u.Hostname()
	}
	site := cmp.Or(page.Market, host)
	owners := owners(page, site)
	seen := map[[2]string]bool{}
	for i := range page.Findings {
		f := &page.Findings[i]
		// An invoice is gone tomorrow, an extended key is no address.
		if f.Type != tamga.FindAddress || !f.Valid || f.Raw == "" || f.Kind == "invoice" || strings.HasSuffix(f.Kind, "pub") {
			continue
		}
		t := owners[i]
		t.Address, t.Chain, t.Asset, t.Confidence = tags.Key(f.Value), f.Chain, tags.Asset(f.Chain), tags.ConfidenceCrawl
		t.Source = fmt.Sprintf("%s#%d-%d", c.Digest, f.Start, f.End)
		t.Span = &tamga.Span{Capture: c.Digest, Start: f.Start, End: f.End, Rule: f.Rule}
		if c.Route != tamga.RouteImport { // an import's time is not the page's
			t.Date = c.Requested.UTC().Format(time.DateOnly)
		}
		if strings.HasSuffix(host, ".onion") || strings.HasSuffix(host, ".i2p") {
			t.Concepts = append(t.Concepts, "dark_web")
		}
		if key := [2]string{t.Address, t.Label}; t.Label != "" && !seen[key] {
			seen[key] = true
			out = append(out, t)
		}
	}
	return out
}

// owners says, for each finding of a page, whose wallet the page means there: the
// vendor of the offer or of the page around it, the author of the post, else the
// site.
func owners(page *tamga.Page, site string) []tamga.Tag {
	on := ""
	if site != "" {
		on = " on " + site
	}
	var whole tamga.Tag
	switch {
	case page.Vendor != nil && page.Vendor.Name != "":
		whole = tamga.Tag{Label: "vendor " + page.Vendor.Name + on, Category: "vendor"}
	case site == "":
	case page.Kind == tamga.PageListing, page.Kind == tamga.PageListings:
		whole = tamga.Tag{Label: "market " + site, Category: "market"}
	default:
		whole = tamga.Tag{Label: "named" + on, Concepts: []string{"website_mention"}}
	}
	out := make([]tamga.Tag, len(page.Findings))
	for i := range out {
		out[i] = whole
	}
	at := 0 // offers and posts stand in the order of the page
	mark := func(span [2]int, set func(*tamga.Tag)) {
		for at > 0 && page.Findings[at-1].Start >= span[0] {
			at--
		}
		for ; at < len(out) && page.Findings[at].Start < span[1]; at++ {
			if f := &page.Findings[at]; f.Type == tamga.FindAddress && f.Start >= span[0] && f.End <= span[1] {
				set(&out[at])
			}
		}
	}
	for i := range page.Posts {
		if p := &page.Posts[i]; p.Author != "" {
			mark(p.Span, func(t *tamga.Tag) {
				*t = tamga.Tag{Label: "named by " + p.Author + on, Category: "user", Concepts: []string{"forum_mention"}}
			})
		}
	}
	at = 0
	for i := range page.Listings {
		l := &page.Listings[i]
		mark(l.Span, func(t *tamga.Tag) {
			if l.Vendor != "" {
				*t = tamga.Tag{Label: "vendor " + l.Vendor + on, Category: "vendor"}
			}
			if l.Category != "" && l.Category != "other" {
				t.Abuse = "drugs"
			}
		})
	}
	return out
}
