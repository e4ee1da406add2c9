package crawler

import (
	"context"
	"fmt"
	"log/slog"

	"tamga"
)

// apply is the whole effect of one capture on the frontier: the URL is final,
// its links and its redirect target are known. It is the same for a page that
// was just fetched and for one replayed from the log, and doing it twice changes
// nothing.
func (c *Crawler) apply(ctx context.Context, j *job, capture tamga.Capture, ex *tamga.Exchange, links []string) error {
	f := c.opts.Frontier
	outcome, detail, state := ex.Outcome, ex.Detail, stateDone
	switch {
	case outcome == tamga.OutcomePolicy && ex.Status != 0: // a redirect that is not followed
		c.stats.Skipped++
		c.opts.Logger.InfoContext(ctx, "redirect not followed", "url", j.url, "reason", detail)
	case !succeeded(outcome):
		state = stateDead
	}
	if outcome == tamga.OutcomeRedirect {
		var again bool
		var err error
		if outcome, detail, again, err = c.redirect(ctx, j, ex); err != nil {
			return err
		}
		switch {
		case again:
			state = stateReady
		case outcome == tamga.OutcomeLoop:
			state = stateDead
		}
	}
	if state == stateDead {
		c.stats.Failed++
		if err := c.goOn(ctx, j, outcome, ex.Status); err != nil {
			return err
		}
	}
	hops := j.hops
	if state == stateReady {
		hops++
	}
	if err := f.exec(ctx, `UPDATE frontier_url SET state = ?, lease_until = 0, attempts = attempts + 1, not_before = 0, hops = ?, pass = ?, seq = ?, outcome = ?, detail = ? WHERE id = ?`,
		state, hops, f.passes[j.source], capture.Seq, string(outcome), detail, j.id); err != nil {
		return err
	}
	if ex.Status != 0 {
		if err := f.visited(ctx, j.id, capture); err != nil {
			return err
		}
		if err := c.observe(ctx, j, capture, ex); err != nil {
			return err
		}
	}
	if j.depth == 0 && state == stateDone {
		for _, path := range c.wire.sources.get(j.source).Also {
			links = append(links, origin(j.url)+path)
		}
	}
	for _, link := range links {
		if err := c.offer(ctx, j, link); err != nil {
			return err
		}
	}
	if err := c.offerRested(ctx); err != nil {
		return err
	}
	c.count(j, ex, outcome, state)
	return nil
}

// offer adds a link of a page to the frontier, or skips it.
func (c *Crawler) offer(ctx context.Context, page *job, link string) error {
	f := c.opts.Frontier
	if f.known.has(f.met(page.source, link)) {
		return nil
	}
	reason := c.refuse(page, link, page.depth+1)
	use, chain, guarded := link, 0, reason == ""
	if guarded {
		if use, chain, reason = c.guard.link(page, link, c.opts.Now()); use != link && reason == "" && f.known.has(f.met(page.source, use)) {
			return nil
		}
	}
	if reason != "" {
		// The same link is refused for every page of the site; count it once.
		if k := origin(page.url) + " " + link; !c.skipped.has(k) {
			c.skipped.add(k)
			c.stats.Skipped++
			level := slog.LevelDebug
			if k := "pattern " + patternOf(use) + " " + reason; guarded && !c.skipped.has(k) {
				c.skipped.add(k)
				level = slog.LevelInfo // the first of its kind
			}
			c.opts.Logger.Log(ctx, level, "link skipped", "url", c.opts.Blocklist.Name(link), "page", page.url, "reason", reason)
		}
		return nil
	}
	return c.enqueue(ctx, entry{url: use, source: page.source, via: page.id, depth: page.depth + 1, chain: chain})
}

func (c *Crawler) refuse(page *job, link string, depth int) string {
	src := c.wire.sources.get(page.source)
	if !src.contains(page.url, link) {
		return "out of scope"
	}
	if src.MaxDepth > 0 && depth > src.MaxDepth {
		return fmt.Sprintf("more than %d links from a seed", src.MaxDepth)
	}
	if reason := trap(link, c.opts.MaxURL); reason != "" {
		return reason
	}
	if src.Session != nil && acts(link) {
		return "to follow it would act in the name of who is logged in"
	}
	if err := c.policy(page.source).follow(page.url, link); err != nil {
		return err.Error()
	}
	return ""
}

func (c *Crawler) enqueue(ctx context.Context, e entry) error {
	if rests, err := c.rests(ctx, e); rests || err != nil {
		return err
	}
	return c.add(ctx, e)
}

// add makes a URL ready that this pass has not met yet.
func (c *Crawler) add(ctx context.Context, e entry) error {
	f := c.opts.Frontier
	added, err := f.insert(ctx, e)
	if err != nil || !added {
		return err
	}
	c.stats.Ready++
	c.progressOf(e.source).pending++
	id, err := f.hostID(ctx, origin(e.url))
	if err != nil {
		return err
	}
	return c.awake(ctx, id, e.source)
}

// redirect decides where a hop leads. again: the page sends back to itself with
// a cookie, which is worth one more try.
func (c *Crawler) redirect(ctx context.Context, j *job, ex *tamga.Exchange) (o tamga.Outcome, detail string, again bool, err error) {
	location := ex.Header.Get("Location")
	r, err := newResolver(j.url, "")
	if err != nil {
		return tamga.OutcomeRedirect, err.Error(), false, nil
	}
	skip := func(o tamga.Outcome, why string) (tamga.Outcome, string, bool, error) {
		c.stats.Skipped++
		return o, why, false, nil
	}
	target, ok := r.resolve(location)
	if !ok {
		return skip(tamga.OutcomeRedirect, fmt.Sprintf("target %.200q is not fetched", location))
	}
	if err := c.policy(j.source).follow(j.url, target); err != nil {
		return skip(tamga.OutcomePolicy, "redirect refused: "+err.Error())
	}
	if j.hops >= MaxRedirects {
		return tamga.OutcomeLoop, fmt.Sprintf("more than %d redirects", MaxRedirects), false, nil
	}
	if target == j.url {
		if j.hops == 0 && len(ex.Header.Values("Set-Cookie")) > 0 {
			return tamga.OutcomeRedirect, "sent back with a cookie", true, nil
		}
		return tamga.OutcomeLoop, "redirects to itself", false, nil
	}
	seed := j.depth == 0
	if !seed && !c.wire.sources.get(j.source).contains(j.url, target) {
		return skip(tamga.OutcomeRedirect, "target out of scope")
	}
	if reason := trap(target, c.opts.MaxURL); reason != "" {
		return skip(tamga.OutcomeRedirect, "target: "+reason)
	}
	loop, err := c.leadsTo(ctx, target, j.id)
	if err != nil {
		return "", "", false, err
	}
	if loop {
		if back, err := c.backWithCookie(ctx, j, ex, target); back || err != nil {
			return tamga.OutcomeRedirect, "sent back with a cookie", false, err
		}
		return tamga.OutcomeLoop, "redirects in a circle", false, nil
	}
	if err := c.enqueue(ctx, entry{url: target, source: j.source, via: j.id, depth: j.depth, hops: j.hops + 1}); err != nil {
		return "", "", false, err
	}
	k := key(target)
	err = c.opts.Frontier.exec(ctx, `UPDATE frontier_url SET target = (SELECT id FROM frontier_url WHERE key = ?) WHERE id = ?`, k[:], j.id)
	return tamga.OutcomeRedirect, "", false, err
}

// leadsTo follows the redirects known so far from a URL.
func (c *Crawler) leadsTo(ctx context.Context, u string, id int64) (bool, error) {
	k := key(u)
	at := int64(0)
	if err := c.opts.Frontier.row(ctx, `SELECT id FROM frontier_url WHERE key = ?`, []any{k[:]}, &at); err != nil {
		return false, err
	}
	for range MaxRedirects {
		if at == id {
			return true, nil
		}
		if at == 0 {
			return false, nil
		}
		next := int64(0)
		if err := c.opts.Frontier.row(ctx, `SELECT coalesce(target, 0) FROM frontier_url WHERE id = ?`, []any{at}, &next); err != nil {
			return false, err
		}
		at = next
	}
	return false, nil
}
