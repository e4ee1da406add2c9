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
	if now.After(c.expireAt) {
		c.expireAt = now.Add(time.Minute)
		if err := c.opts.Frontier.expire(ctx, c.held()); err != nil {
			return 0, err
		}
		c.scan = true
	}
	if err := c.fill(ctx, now); err != nil {
		return 0, err
	}
	due := time.Time{}
	soonest := func(t time.Time) {
		if due.IsZero() || t.Before(due) {
			due = t
		}
	}
	for range c.hosts {
		if len(c.flight) >= c.opts.Workers || c.full() {
			break
		}
		c.turn = (c.turn + 1) % len(c.hosts)
		h := c.hosts[c.turn]
		for len(h.ready) > 0 && h.inFlight < c.parallel(h) && len(c.flight) < c.opts.Workers && !c.full() {
			if start := later(h.nextAt, c.nextAny); start.After(now) {
				break
			}
			j := h.ready[0]
			if c.spent(j.source) {
				break
			}
			h.ready = h.ready[1:]
			j.number = c.number
			c.number++
			h.inFlight++
			c.flight[j] = struct{}{}
			c.stats.Ready--
			c.progressOf(j.source).inFlight++
			if d := max(c.wire.sources.get(j.source).Delay, h.delay); d > 0 {
				h.nextAt = now.Add(d)
			}
			if c.opts.Rate > 0 {
				c.nextAny = now.Add(time.Duration(float64(time.Second) / c.opts.Rate))
			}
			c.crew.prepare(j, now)
			jobs <- j // a worker is idle
		}
	}
	if c.full() {
		return -1, nil
	}
	for _, h := range c.hosts {
		switch {
		case len(h.ready) > 0 && h.inFlight < c.parallel(h) && !c.spent(h.ready[0].source):
			soonest(later(h.nextAt, c.nextAny))
		case len(h.ready) == 0 && !h.wake.IsZero():
			soonest(later(h.wake, h.nextAt))
		}
	}
	if len(c.flight) >= c.opts.Workers {
		return -1, nil
	}
	if due.IsZero() {
		if len(c.flight) > 0 || c.empty {
			return -1, nil
		}
		c.scan, c.empty = true, true // look once more before the frontier is called empty
		return 0, nil
	}
	c.empty = false
	return max(due.Sub(now), 0), nil
}

// full: MaxPages is reached if everything in flight succeeds.
func (c *Crawler) full() bool {
	return c.opts.MaxPages > 0 && c.stats.Captured+int64(len(c.flight)) >= c.opts.MaxPages
}

// parallel is how many requests the next URL of a host may share it with.
func (c *Crawler) parallel(h *host) int {
	n := c.opts.Parallel
	if len(h.ready) > 0 {
		n = c.wire.sources.get(h.ready[0].source).Parallel
	}
	if h.parallel > 0 {
		return min(h.parallel, n)
	}
	return n
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// fill leases what the hosts of the window lack, drops hosts that have nothing,
// and lets others in.
func (c *Crawler) fill(ctx context.Context, now time.Time) error {
	f := c.opts.Frontier
	n := leaseBatch
	if c.opts.Delay > 0 {
		n = 2 * c.opts.Parallel // a slow host must not hold leases for hours
	}
	var err error
	c.hosts = slices.DeleteFunc(c.hosts, func(h *host) bool {
		if err != nil || len(h.ready) > 0 {
			return false
		}
		if h.more || !h.wake.IsZero() && !h.wake.After(now) {
			if err = f.lease(ctx, h, n); err != nil {
				return false
			}
		}
		if len(h.ready) > 0 || h.inFlight > 0 || !h.wake.IsZero() {
			return false
		}
		delete(c.byID, h.id)
		return true
	})
	if err != nil || !c.scan || len(c.hosts) >= c.window {
		return err
	}
	ids, err := f.hostsAfter(ctx, c.cursor, c.window)
	if err != nil {
		return err
	}
	if len(ids) < c.window { // round to the first host again
		first, err := f.hostsAfter(ctx, 0, c.window-len(ids))
		if err != nil {
			return err
		}
		ids = append(ids, first...)
	}
	c.scan = len(ids) == c.window // there may be more
	for _, id := range ids {
		if c.byID[id] != nil {
			continue
		}
		if len(c.hosts) >= c.window {
			c.scan = true
			break
		}
		h, err := f.loadHost(ctx, id)
		if err != nil {
			return err
		}
		c.hosts, c.byID[id], c.cursor = append(c.hosts, h), h, id
		if err := f.lease(ctx, h, n); err != nil {
			return err
		}
	}
	return nil
}

// awake notes that a host has something ready.
func (c *Crawler) awake(ctx context.Context, id int64) error {
	if h := c.byID[id]; h != nil {
		h.more = true
		return nil
	}
	if len(c.hosts) >= c.window {
		c.scan = true
		return nil
	}
	h, err := c.opts.Frontier.loadHost(ctx, id)
	if err != nil {
		return err
	}
	c.hosts, c.byID[id] = append(c.hosts, h), h
	return nil
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
