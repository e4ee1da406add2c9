package crawler

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"tamga"
)

// The pace of a host: additive increase of what is asked of it, multiplicative
// decrease (Chiu and Jain 1989). A host that pushes back is asked half as often,
// by half as many, and is asked more again with every answer.
const (
	firstPace = 10 * time.Millisecond // delay after the first trouble of a host that had none
	slowest   = time.Minute           // delay that a host asks for by 429 and 503, at most
	cautious  = time.Second           // delay that broken connections and timeouts lead to, at most
	givenUp   = 50 * time.Millisecond // pause after a request that was given up or broke
	paceSteps = 8                     // answers that take a delay back to what the source says
	maxPause  = time.Hour             // longest Retry-After, and longest pause of a host
	hostTries = 10                    // failures in a row after which a host is held until the next pass or run
)

// troubled: the host or the way to it says that it is asked too much.
func troubled(o tamga.Outcome, status int) bool {
	switch o {
	case tamga.OutcomeReset, tamga.OutcomeDial, tamga.OutcomeHeader, tamga.OutcomeBody, tamga.OutcomeQueue, tamga.OutcomeDDoS:
		return true
	}
	return status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable
}

// slower doubles the delay of a host, up to bound or four times what its source
// says, and halves the requests at a time.
func (h *host) slower(delay, bound time.Duration, parallel int) {
	if next := min(2*max(h.delay, delay, firstPace/2), max(bound, 4*delay)); next > h.delay {
		h.delay = next
	}
	h.step = max(h.delay/paceSteps, 1)
	h.parallel, h.answers = max(1, limited(h.parallel, parallel)/2), 0
}

// faster takes a step back towards what the source says; changed is false where
// the host is there already.
func (h *host) faster(delay time.Duration, parallel int) (changed bool) {
	changed = h.delay > 0 || h.parallel > 0
	if h.step == 0 {
		h.step = max(h.delay/paceSteps, 1)
	}
	if h.delay -= h.step; h.delay <= delay {
		h.delay, h.step = 0, 0
	}
	if h.parallel > 0 {
		if h.answers++; h.answers%2 == 0 {
			h.parallel++
		}
		if h.parallel >= parallel {
			h.parallel = 0
		}
	}
	return changed
}

// limited is the smaller of a host's own limit, where it has one, and its source's.
func limited(own, source int) int {
	if own > 0 {
		return min(own, source)
	}
	return source
}

// retryAfter is how long a response asks to be left alone (RFC 9110 §10.2.3), at
// most maxPause; 0: it does not ask.
func retryAfter(header http.Header, now time.Time) time.Duration {
	v := header.Get("Retry-After")
	if v == "" {
		return 0
	}
	if s, err := strconv.Atoi(v); err == nil {
		return min(time.Duration(max(0, min(s, 1<<20)))*time.Second, maxPause)
	}
	if t, err := http.ParseTime(v); err == nil {
		return min(max(0, t.Sub(now)), maxPause)
	}
	return 0
}

// hostResult adapts to how a host fares: it is paced, left alone for a while
// after three failures in a row and held after ten, and an onion gets new
// circuits. Of requests that were under way together only the first failure
// counts: they failed for one reason.
func (c *Crawler) hostResult(ctx context.Context, r *result) error {
	f, h := c.opts.Frontier, r.job.host
	now := c.opts.Now()
	answered := r.ex.Status != 0 && !passing(r.ex.Outcome, r.ex.Status)
	u, err := url.Parse(h.origin)
	if err != nil {
		return fmt.Errorf("host %q: %w", h.origin, err)
	}
	if r.ex.Outcome != tamga.OutcomePolicy && c.wire.epochs.result(u.Hostname(), c.wire.sources.get(r.job.source).Identity, r.ex.Status != 0) {
		c.wire.closeIdle()
	}
	src := c.wire.sources.get(r.job.source)
	if answered || r.ex.Outcome == tamga.OutcomePolicy {
		changed := h.fails > 0
		h.fails = 0
		delete(c.down, h.id)
		if answered && h.faster(src.Delay, src.Parallel) || changed {
			return f.saveHost(ctx, h)
		}
		return nil
	}
	if pause := retryAfter(r.ex.Header, now); pause > 0 && now.Add(pause).After(h.nextAt) {
		h.nextAt = now.Add(pause)
	}
	moment := firstPace // until the other end has noticed that this one is over
	if r.ex.Status == 0 || r.ex.Truncated != "" {
		moment = givenUp
	}
	if at := now.Add(moment); at.After(h.nextAt) {
		h.nextAt = at
	}
	if r.job.number >= h.mark {
		h.mark = c.number
		h.fails++
		if troubled(r.ex.Outcome, r.ex.Status) {
			bound := cautious
			if r.ex.Status != 0 {
				bound = slowest
			}
			h.slower(src.Delay, bound, src.Parallel)
		}
	}
	if h.fails >= 3 {
		if until := now.Add(min(c.opts.Backoff<<min(h.fails-3, 6), 10*time.Minute)); until.After(h.nextAt) {
			h.nextAt = until
		}
	}
	if h.fails >= hostTries && r.sealed { // the log says why
		h.fails, c.down[h.id] = 0, true
		c.opts.Logger.WarnContext(ctx, "host does not answer; its URLs wait for the next pass", "host", h.origin, "outcome", r.ex.Outcome, "detail", r.ex.Detail)
	}
	return f.saveHost(ctx, h)
}

// hold sets aside what a host that does not answer has left, so that the pass, or
// the run, can end without it.
func (c *Crawler) hold(ctx context.Context, id int64) error {
	f := c.opts.Frontier
	if h := c.byID[id]; h != nil {
		for _, j := range h.ready {
			if err := f.release(ctx, j); err != nil {
				return err
			}
		}
		h.ready, h.sources = nil, map[string]time.Time{}
	}
	held, err := f.hold(ctx, id)
	if err != nil {
		return err
	}
	for source, n := range held {
		p := c.progressOf(source)
		p.pending -= n
		p.Left += n
		c.stats.Ready -= n
		if err := c.passEnds(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// hold sets aside the ready URLs of a host, and counts them by source.
func (f *Frontier) hold(ctx context.Context, id int64) (map[string]int64, error) {
	held := map[string]int64{}
	err := f.query(ctx, `SELECT source, count(*) FROM frontier_url WHERE state = 0 AND host = `+strconv.FormatInt(id, 10)+` GROUP BY source`, func(scan func(...any) error) error {
		var source string
		var n int64
		if err := scan(&source, &n); err != nil {
			return err
		}
		held[source] = n
		return nil
	})
	if err != nil || len(held) == 0 {
		return nil, err
	}
	return held, f.exec(ctx, `UPDATE frontier_url SET state = 5, not_before = 0 WHERE state = 0 AND host = ?`, id)
}

// unhold gives back what was held of hosts that did not answer.
func (f *Frontier) unhold(ctx context.Context) error {
	return f.exec(ctx, `UPDATE frontier_url SET state = 0 WHERE state = 5`)
}
