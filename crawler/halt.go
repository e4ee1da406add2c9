package crawler

import (
	"context"
	"time"
)

// tend ends the sources that are over and begins the passes that are due.
func (c *Crawler) tend(ctx context.Context) error {
	if err := c.halt(ctx); err != nil {
		return err
	}
	return c.schedule(ctx)
}

// over tells why a source is not to be crawled; empty: it is.
func (c *Crawler) over(source string, now time.Time) string {
	t := c.wire.sources
	if c.opts.Only && !t.known(source) {
		return "it is not configured"
	}
	if why := t.get(source).Closed; why != "" && t.known(source) {
		return why
	}
	if until := t.get(source).Until; !until.IsZero() && !now.Before(until) {
		return "its time has ended"
	}
	return ""
}

// halt stops sources that are over: fetches under way are cancelled, what is left
// is parked. It also finds out when the next one will be.
func (c *Crawler) halt(ctx context.Context) error {
	now := c.opts.Now()
	c.endAt = time.Time{}
	for source, p := range c.passes {
		if p.pending == 0 && p.inFlight == 0 {
			continue
		}
		why, known := c.over(source, now), p.over
		if p.over = why != ""; !p.over {
			if until := c.wire.sources.get(source).Until; !until.IsZero() && (c.endAt.IsZero() || until.Before(c.endAt)) {
				c.endAt = until
			}
			continue
		}
		if !known {
			c.opts.Logger.WarnContext(ctx, "source stopped", "source", source, "reason", why, "left", p.pending)
		}
		for j := range c.flight {
			if j.source == source && !j.halted {
				j.halted = true
				j.cancel()
			}
		}
		if p.inFlight > 0 {
			continue
		}
		if p.running() {
			if err := c.passEnds(ctx, p); err != nil {
				return err
			}
			continue
		}
		if err := c.parkAll(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// untilEnd is how long until a source is over; below 0: none will be.
func (c *Crawler) untilEnd() time.Duration {
	if c.endAt.IsZero() {
		return -1
	}
	return max(c.endAt.Sub(c.opts.Now()), 0)
}

// reload takes other sources; Schedule is asked at once.
func (c *Crawler) reload(ctx context.Context, sources []Source) {
	c.opts.Sources = sources
	c.wire.sources.set(&c.opts, sources)
	if c.opts.Schedule != nil {
		c.askAt = c.opts.Now()
	}
	c.opts.Logger.InfoContext(ctx, "sources taken anew", "sources", len(sources))
}

// tellEmpty logs, once each time, that nothing is left to fetch. wait is what
// dispatch said.
func (c *Crawler) tellEmpty(ctx context.Context, wait time.Duration) {
	if len(c.flight) > 0 || wait >= 0 {
		c.toldEmpty = false
		return
	}
	if !c.toldEmpty && !c.full() {
		c.toldEmpty = true
		c.opts.Logger.InfoContext(ctx, "frontier empty")
	}
}

// unpark takes back what a run of configured sources only had set aside.
func (c *Crawler) unpark(ctx context.Context) error {
	if c.opts.Only || c.opts.Source.Budget > 0 {
		return nil
	}
	return c.opts.Frontier.exec(ctx, `UPDATE frontier_url SET state = 0, not_before = 0 WHERE state = 4 AND source = ?`, c.opts.Source.Name)
}
