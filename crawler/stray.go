package crawler

import "context"

// Bounds of the pages that a pass asks for though nothing led to them.
const (
	strayLeast = 100 // as many as that, or
	strayShare = 4   // one for so many that the pass captured, where that is more
)

// strays asks once for the pages of a source that nothing led to in this pass, the last
// seen first: a vendor who left is mostly gone from the lists too, and only the page
// tells whether it is gone or just not listed. A page that is asked for so has no via
// from then on, and is not asked for again until something leads to it. Pages of hosts
// that did not answer in this pass are left alone, and so are the sources of which
// only the paging is followed.
func (c *Crawler) strays(ctx context.Context, p *progress) error {
	src := c.wire.sources.get(p.Source)
	if p.pending > 0 || p.strayed || !succeeded(p.Outcome) || c.spent(p.Source) || !follows(src.Kind) {
		return nil
	}
	p.strayed = true
	f := c.opts.Frontier
	var found []entry
	err := f.query(ctx, `SELECT url, depth, chain FROM frontier_url WHERE source = ? AND pass < ? AND state = 2 AND outcome IN ('ok', 'truncated') AND depth > 0 AND via IS NOT NULL
		AND host IN (SELECT host FROM frontier_url WHERE source = ? AND pass = ? AND state = 2) ORDER BY pass DESC, id LIMIT ?`,
		func(scan func(...any) error) error {
			e := entry{source: p.Source}
			if err := scan(&e.url, &e.depth, &e.chain); err != nil {
				return err
			}
			found = append(found, e)
			return nil
		}, p.Source, p.Number, p.Source, p.Number, max(strayLeast, p.Captured/strayShare))
	if err != nil {
		return err
	}
	for _, e := range found {
		j := &job{url: e.url, source: e.source, depth: e.depth, chain: e.chain}
		if !follows(KindOf(e.url)) || c.refuse(j, e.url, e.depth) != "" {
			continue
		}
		if use, _, reason := c.guard.link(j, e.url, c.opts.Now()); use != e.url || reason != "" {
			continue
		}
		if err := c.add(ctx, e); err != nil {
			return err
		}
	}
	if p.pending > 0 {
		c.empty = false
		c.opts.Logger.InfoContext(ctx, "asking for pages that nothing leads to any more", "source", p.Source, "pages", p.pending)
	}
	return nil
}

// follows tells whether of a kind of source all links are followed, not only its paging.
func follows(kind string) bool {
	switch kind {
	case "", "site", "market", "forum":
		return true
	}
	return false
}
