package pipeline

import (
	"context"

	"tamga"
	"tamga/extract"
)

// Seen is the feedback on offers that the captures of the archive show, in the
// order of the log.
func (p *Pipeline) Seen(ctx context.Context) (out []extract.Seen, err error) {
	for c, err := range p.Archive.Captures(ctx, 0) {
		if err != nil {
			return nil, err
		}
		if c.Outcome != tamga.OutcomeOK {
			continue
		}
		_, page, err := p.Open(ctx, c.Seq)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil && !NoPage(err) {
			p.Log.Warn("page not read", "capture", c.Seq, "url", c.URL, "err", err)
		}
		if page == nil || page.Kind != tamga.PageListing || len(page.Listings) == 0 || len(page.Listings[0].Feedback) == 0 {
			continue
		}
		l := page.Listings[0]
		offer := l.URL
		if offer == "" {
			offer = c.URL
		}
		out = append(out, extract.Seen{Offer: offer, Captured: c.Requested, Price: l.Price, Currency: l.Currency, Feedback: l.Feedback})
	}
	return out, nil
}
