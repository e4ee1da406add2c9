package pipeline

import (
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
	site := page.Market
	host := ""
	if u, err := url.Parse(c.URL); err == nil {
		host = u.Hostname()
	}
	if site == "" {
		site = host
	}
	seen := map[[2]string]bool{}
	for i := range page.Findings {
		f := &page.Findings[i]
		// An invoice is gone tomorrow, an extended key is no address.
		if f.Type != tamga.FindAddress || !f.Valid || f.Raw == "" || f.Kind == "invoice" || strings.HasSuffix(f.Kind, "pub") {
			continue
		}
		t := tamga.Tag{
			Address: tags.Key(f.Value), Chain: f.Chain, Asset: tags.Asset(f.Chain), Confidence: tags.ConfidenceCrawl,
			Source: fmt.Sprintf("%s#%d-%d", c.Digest, f.Start, f.End),
			Span:   &tamga.Span{Capture: c.Digest, Start: f.Start, End: f.End, Rule: f.Rule},
		}
		if c.Route != tamga.RouteImport { // an import's time is not the page's
			t.Date = c.Requested.UTC().Format(time.DateOnly)
		}
		owner(&t, page, f, site)
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

// owner says whose wallet a page means: the vendor of the offer or of the page
// around it, the author of the post, else the site.
func owner(t *tamga.Tag, page *tamga.Page, f *tamga.Finding, site string) {
	on := ""
	if site != "" {
		on = " on " + site
	}
	for i := range page.Listings {
		l := &page.Listings[i]
		if l.Span[0] > f.Start || f.End > l.Span[1] {
			continue
		}
		if l.Category != "" && l.Category != "other" {
			t.Abuse = "drugs"
		}
		if l.Vendor != "" {
			t.Label, t.Category = "vendor "+l.Vendor+on, "vendor"
			return
		}
	}
	for i := range page.Posts {
		if p := &page.Posts[i]; p.Span[0] <= f.Start && f.End <= p.Span[1] && p.Author != "" {
			t.Label, t.Category, t.Concepts = "named by "+p.Author+on, "user", []string{"forum_mention"}
			return
		}
	}
	switch {
	case page.Vendor != nil && page.Vendor.Name != "":
		t.Label, t.Category = "vendor "+page.Vendor.Name+on, "vendor"
	case site == "":
	case page.Kind == tamga.PageListing, page.Kind == tamga.PageListings:
		t.Label, t.Category = "market "+site, "market"
	default:
		t.Label, t.Concepts = "named"+on, []string{"website_mention"}
	}
}
