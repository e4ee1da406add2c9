package crawler

import (
	"context"
	"slices"
	"time"
)

// dispatch hands out every job that may start now and returns how long until
// the next one may; below 0: nothing is left but what is in flight.
func (c *Crawler) dispatch(ctx context.Context, jobs chan<- *job) (time.Duration, error) {
	now := c.opts.Now()
	if now.After(c.expireAt) || c.expireAt.After(now.Add(2*time.Minute)) {
		c.expireAt = now.Add(time.Minute)
		if err := c.opts.Frontier.expire(ctx, c.held()); err != nil {
			return 0, err
		}
		c.lookOutside()
	}
	if wait := c.paused.Sub(now); wait > 0 && wait <= longestPause {
		return wait, nil
	}
	if err := c.fill(ctx, now); err != nil {
		return 0, err
	}
	c.nextAny = sane(c.nextAny, now)
	for len(c.flight) < c.opts.Workers && !c.full() {
		h, at := c.next(now)
		if h == nil {
			break
		}
		j := h.ready[at]
		h.ready = slices.Delete(h.ready, at, at+1)
		c.start(h, j, now)
		c.crew.prepare(j, now)
		jobs <- j // a worker is idle
	}
	if c.full() || len(c.flight) >= c.opts.Workers {
		return -1, nil
	}
	due := time.Time{}
	soonest := func(t time.Time) {
		if due.IsZero() || t.Before(due) {
			due = t
		}
	}
	for _, h := range c.hosts {
		switch {
		case len(h.ready) > 0 && h.inFlight < c.parallel(h, h.ready[0].source) && !c.spent(h.ready[0].source) && !c.crowded(h.ready[0].source):
			soonest(later(h.nextAt, c.nextAny))
		case len(h.ready) == 0 && len(h.sources) > 0:
			soonest(later(h.wake(), h.nextAt))
		}
	}
	for _, p := range c.passes {
		if !p.wakeAt.IsZero() {
			soonest(p.wakeAt)
		}
	}
	if due.IsZero() {
		if len(c.flight) > 0 || c.empty {
			return -1, nil
		}
		c.empty = true // look once more before the frontier is called empty
		c.lookOutside()
		return 0, nil
	}
	c.empty = false
	return max(due.Sub(now), 0), nil
}

// next is the host whose turn it is, and the place of the job among its ready
// ones: that of the source that has the fewest requests under way, and has
// waited longest; then of the host that has waited longest.
func (c *Crawler) next(now time.Time) (best *host, at int) {
	var of *progress
	for _, h := range c.hosts {
		if len(h.ready) == 0 || later(h.nextAt, c.nextAny).After(now) {
			continue
		}
		for i, j := range h.ready {
			if h.inFlight >= c.parallel(h, j.source) || c.spent(j.source) || c.crowded(j.source) {
				if i > leaseBatch {
					break
				}
				continue
			}
			p := c.progressOf(j.source)
			if best == nil || p.before(of) || p == of && h.served < best.served {
				best, at, of = h, i, p
			}
			break
		}
	}
	return best, at
}

// before: the source's turn comes earlier.
func (p *progress) before(q *progress) bool {
	if p.inFlight != q.inFlight {
		return p.inFlight < q.inFlight
	}
	return p.served < q.served
}

// crowded: a source has three quarters of the workers while another has URLs to
// fetch. One whose hosts are slow would have them all in the end.
func (c *Crawler) crowded(source string) bool {
	p := c.progressOf(source)
	if 4*p.inFlight < 3*int64(c.opts.Workers) || c.opts.Workers < 2 {
		return false
	}
	for _, q := range c.passes {
		if q != p && q.pending > q.inFlight {
			return true
		}
	}
	return false
}

// start accounts for a job that is handed out.
func (c *Crawler) start(h *host, j *job, now time.Time) {
	p := c.progressOf(j.source)
	j.number = c.number
	j.last = j.attempts+1 >= c.opts.Attempts || h.fails >= hostTries-1
	h.served, p.served = c.number, c.number
	c.number++
	h.inFlight++
	p.inFlight++
	c.flight[j] = struct{}{}
	c.stats.Ready--
	if d := max(c.wire.sources.get(j.source).Delay, h.delay); d > 0 {
		h.nextAt = now.Add(d)
	}
	if c.opts.Rate > 0 {
		c.nextAny = now.Add(time.Duration(float64(time.Second) / c.opts.Rate))
	}
}

// full: MaxPages is reached if everything in flight succeeds.
func (c *Crawler) full() bool {
	return c.opts.MaxPages > 0 && c.stats.Captured+int64(len(c.flight)) >= c.opts.MaxPages
}

// parallel is how many requests a URL of a source may share its host with.
func (c *Crawler) parallel(h *host, source string) int {
	return limited(h.parallel, c.wire.sources.get(source).Parallel)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// lookOutside has every source looked for hosts that are not in the window.
func (c *Crawler) lookOutside() {
	for _, p := range c.passes {
		p.scan = true
	}
}

// fill leases what the hosts of the window lack, drops hosts that have nothing,
// and lets others in.
func (c *Crawler) fill(ctx context.Context, now time.Time) error {
	n := leaseBatch
	if c.opts.Delay > 0 {
		n = 2 * c.opts.Parallel // a slow host must not hold leases for hours
	}
	scan := false
	for _, p := range c.passes {
		if p.wakeAt = sane(p.wakeAt, now); !p.wakeAt.IsZero() && !p.wakeAt.After(now) {
			p.scan, p.wakeAt = true, time.Time{}
		}
		scan = scan || p.scan
	}
	var err error
	crowd := scan && len(c.hosts) >= c.window
	c.hosts = slices.DeleteFunc(c.hosts, func(h *host) bool {
		h.nextAt = sane(h.nextAt, now)
		if err != nil {
			return false
		}
		if len(h.ready) == 0 && h.wants(now) {
			if err = c.lease(ctx, h, n); err != nil {
				return false
			}
		}
		if h.inFlight > 0 || (len(h.ready) > 0 || len(h.sources) > 0) && !crowd {
			return false
		}
		if len(h.ready) > 0 || len(h.sources) > 0 { // make room if it only waits
			at := later(h.wake(), h.nextAt)
			if len(h.ready) > 0 {
				at = h.nextAt
			}
			if at.Before(now.Add(batchAge)) {
				return false
			}
			if err = c.putBack(ctx, h, at); err != nil {
				return false
			}
		}
		delete(c.byID, h.id)
		return true
	})
	if err != nil || !scan {
		return err
	}
	for _, p := range c.passes {
		if p.scan {
			if err := c.letIn(ctx, p, n); err != nil {
				return err
			}
		}
	}
	return nil
}

// putBack gives the table back what a host has that waits until then.
func (c *Crawler) putBack(ctx context.Context, h *host, until time.Time) error {
	for _, j := range h.ready {
		if err := c.opts.Frontier.release(ctx, j); err != nil {
			return err
		}
		h.sources[j.source] = time.Time{}
	}
	h.ready = nil
	for source := range h.sources {
		if p := c.progressOf(source); p.wakeAt.IsZero() || until.Before(p.wakeAt) {
			p.wakeAt = until
		}
	}
	return nil
}

// letIn takes hosts of a source into the window: as there is room, but a few in
// any case.
func (c *Crawler) letIn(ctx context.Context, p *progress, n int) error {
	f, owned := c.opts.Frontier, 0
	for _, h := range c.hosts {
		if h.owner == p.Source {
			owned++
		}
	}
	room := max(c.window-len(c.hosts), min(sourceHosts, c.window)-owned)
	if room <= 0 {
		return nil
	}
	ids, wake, err := f.hostsAfter(ctx, p.Source, p.cursor, c.window)
	if err != nil {
		return err
	}
	if len(ids) < c.window { // round to the first host again
		first, at, err := f.hostsAfter(ctx, p.Source, 0, c.window-len(ids))
		if err != nil {
			return err
		}
		ids = append(ids, first...)
		if wake.IsZero() || !at.IsZero() && at.Before(wake) {
			wake = at
		}
	}
	if !wake.IsZero() && (p.wakeAt.IsZero() || wake.Before(p.wakeAt)) {
		p.wakeAt = wake
	}
	p.scan = len(ids) == c.window // there may be more
	for _, id := range ids {
		if h := c.byID[id]; h != nil {
			if _, known := h.sources[p.Source]; !known {
				h.sources[p.Source] = time.Time{}
			}
			continue
		}
		if room--; room < 0 {
			p.scan = true
			break
		}
		h, err := c.admit(ctx, id, p.Source)
		if err != nil {
			return err
		}
		p.cursor = id
		if err := c.lease(ctx, h, n); err != nil {
			return err
		}
	}
	return nil
}

// lease takes URLs of a host out of the table, but for those that turned out to be
// others under another name.
func (c *Crawler) lease(ctx context.Context, h *host, n int) error {
	if err := c.opts.Frontier.lease(ctx, h, n); err != nil {
		return err
	}
	return c.dropSpurious(ctx, h)
}

// admit takes a host into the window.
func (c *Crawler) admit(ctx context.Context, id int64, source string) (*host, error) {
	h, err := c.opts.Frontier.loadHost(ctx, id)
	if err != nil {
		return nil, err
	}
	h.owner, h.sources[source] = source, time.Time{}
	c.hosts, c.byID[id] = append(c.hosts, h), h
	return h, nil
}

// awake notes that a host has something ready of a source.
func (c *Crawler) awake(ctx context.Context, id int64, source string) error {
	if c.down[id] {
		return c.hold(ctx, id)
	}
	if h := c.byID[id]; h != nil {
		h.sources[source] = time.Time{}
		return nil
	}
	if len(c.hosts) >= c.window {
		c.progressOf(source).scan = true
		return nil
	}
	_, err := c.admit(ctx, id, source)
	return err
}

// held are the leases this process really holds.
func (c *Crawler) held() map[int64]bool {
	m := make(map[int64]bool, len(c.flight))
	for j := range c.flight {
		m[j.id] = true
	}
	for _, h := range c.hosts {
		for _, j := range h.ready {
			m[j.id] = true
		}
	}
	return m
}
