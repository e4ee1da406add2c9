package crawler

import (
	"context"
	"errors"
	"time"
)

// A proxy that is gone is asked for again after these times, doubled at each
// further one.
const (
	firstPause   = 2 * time.Second
	longestPause = time.Minute
)

// waitsForProxy takes a job that found no proxy as one that was never begun, and
// has nothing dispatched for a while; false: the run does not wait.
func (c *Crawler) waitsForProxy(ctx context.Context, r *result) bool {
	var gone *ProxyError
	if !c.opts.WaitForProxy || ctx.Err() != nil || !errors.As(r.err, &gone) {
		return false
	}
	if now := c.opts.Now(); !c.paused.After(now) || c.paused.After(now.Add(longestPause)) { // the first of those in flight
		c.paused = now.Add(min(c.pause<<min(c.proxyTries, 8), longestPause))
		c.proxyTries++
		c.opts.Logger.WarnContext(ctx, "waiting for the proxy", "proxy", gone.Proxy, "err", gone.Err, "until", c.paused.UTC())
	}
	r.job.host.waits(r.job.source, c.paused)
	return true
}
