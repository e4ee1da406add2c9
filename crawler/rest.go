package crawler

import (
	"context"
	"math"
	"time"

	"tamga"
)

// Bounds of how long a page rests that does not change.
const (
	restAfter  = 3                   // comparisons with an earlier capture, at least
	restChance = 0.25                // that it has changed meanwhile, from which it is fetched again
	restPasses = 16                  // times the usual interval, at most
	restMost   = 30 * 24 * time.Hour // at most
	hubLinks   = 3                   // pages that were found on it make a page a listing
)

// history of a URL.
type history struct {
	visits  int   // captures with a response
	changes int   // of them, that differed from the one before
	first   int64 // Unix time of the first and the last, in nanoseconds
	last    int64
}

// due is when a page should be looked at again: when the chance that it has
// changed is restChance, its changes taken for a Poisson process. Its rate is
// estimated from whether it had changed at each visit, which is less biased than
// counting changes (Cho and Garcia-Molina 2003).
func (h history) due() time.Time {
	n := h.visits - 1
	last := time.Unix(0, h.last)
	if n < restAfter || h.last <= h.first {
		return last
	}
	interval := float64(h.last-h.first) / float64(n)
	rate := -math.Log((float64(n-h.changes) + 0.5) / float64(n+1)) // changes an interval
	rest := -math.Log(1-restChance) / rate
	if rest < 1 {
		return last
	}
	return last.Add(time.Duration(min(rest*interval, restPasses*interval, float64(restMost))))
}

// rests says whether a URL that was met needs no fetch in this pass; it is then
// taken for met, and what was found on it before is offered in its place. Only
// passes that the schedule began rest: what a person asks for is fetched.
func (c *Crawler) rests(ctx context.Context, e entry) (bool, error) {
	p := c.progressOf(e.source)
	if !p.resting || e.hops > 0 || e.depth == 0 || e.state != stateReady {
		return false, nil
	}
	f := c.opts.Frontier
	var id int64
	var h history
	k := key(e.url)
	// The mean interval is what "now" is measured in: half of one is no reason to wait.
	if err := f.row(ctx, `SELECT id, visits, changes, first, last FROM frontier_url WHERE key = ? AND state = 2 AND pass < ? AND source = ? AND outcome IN ('ok', 'truncated')`,
		[]any{k[:], f.passes[e.source], e.source}, &id, &h.visits, &h.changes, &h.first, &h.last); err != nil || id == 0 {
		return false, err
	}
	slack := time.Duration(0)
	if h.visits > 1 {
		slack = time.Duration(h.last-h.first) / time.Duration(2*(h.visits-1))
	}
	now := c.opts.Now()
	if due := h.due(); !due.After(now.Add(slack)) || time.Unix(0, h.last).After(now) {
		return false, nil
	}
	links := 0
	if err := f.row(ctx, `SELECT count(*) FROM (SELECT 1 FROM frontier_url WHERE via = ? LIMIT ?)`, []any{id, hubLinks}, &links); err != nil || links >= hubLinks {
		return false, err
	}
	var via any
	if e.via != 0 {
		via = e.via
	}
	if err := f.exec(ctx, `UPDATE frontier_url SET pass = ?, via = ?, depth = ? WHERE id = ?`, f.passes[e.source], via, e.depth, id); err != nil {
		return false, err
	}
	f.known.add(f.met(e.source, e.url))
	p.Rested++
	c.resting = append(c.resting, &job{id: id, url: e.url, source: e.source, depth: e.depth, chain: e.chain})
	return true, nil
}

// offerRested offers what was found on pages that rest.
func (c *Crawler) offerRested(ctx context.Context) error {
	for len(c.resting) > 0 {
		j := c.resting[len(c.resting)-1]
		c.resting = c.resting[:len(c.resting)-1]
		var links []string
		s, err := c.opts.Frontier.stmt(ctx, `SELECT url FROM frontier_url WHERE via = ? AND state >= 2 AND depth > 0 LIMIT ?`)
		if err != nil {
			return err
		}
		rows, err := s.QueryContext(context.WithoutCancel(ctx), j.id, hubLinks)
		if err != nil {
			return err
		}
		for rows.Next() {
			var u string
			if err = rows.Scan(&u); err != nil {
				break
			}
			links = append(links, u)
		}
		rows.Close()
		if err == nil {
			err = rows.Err()
		}
		for i := 0; err == nil && i < len(links); i++ {
			err = c.offer(ctx, j, links[i])
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// visited takes a response into the history of a URL.
func (f *Frontier) visited(ctx context.Context, id int64, capture tamga.Capture) error {
	digest, at := int64(0), capture.Requested.UnixNano()
	for _, b := range []byte(capture.Digest)[max(0, len(capture.Digest)-16):] {
		digest = digest<<4 | int64(b&15+b>>6*9)
	}
	return f.exec(ctx, `UPDATE frontier_url SET changes = changes + (visits > 0 AND digest != ?), visits = visits + 1, digest = ?, last = ?,
		first = CASE WHEN visits = 0 THEN ? ELSE first END WHERE id = ?`, digest, digest, at, at, id)
}
