package crawler

import (
	"context"
	"fmt"
	"time"

	"tamga"
)

// crew are the workers of a run. One that does not come back in time is given up:
// its URL is released, another takes its place, and what it may bring one day is
// taken in late.
type crew struct {
	c       *Crawler
	ctx     context.Context
	jobs    chan *job
	results chan *result
	live    int           // that were not given up
	lost    int           // that were
	left    chan struct{} // a value for each that has ended
	gone    chan struct{} // closed when the run is over
}

// lostWorkers is how many workers may be given up in a run, for each that it has:
// more is a fault of the program, and a restart serves better.
const lostWorkers = 4

func (c *Crawler) newCrew(ctx context.Context) *crew {
	w := &crew{c: c, ctx: ctx, jobs: make(chan *job), results: make(chan *result, c.opts.Workers), left: make(chan struct{}), gone: make(chan struct{})}
	for range c.opts.Workers {
		w.hire()
	}
	return w
}

func (w *crew) hire() {
	w.live++
	go func() {
		k := newWorker(w.c.wire, w.c.jars, &w.c.heavy)
		for j := range w.jobs {
			r := k.fetch(j.ctx, j, j.last, w.c.opts.Sink)
			select {
			case w.results <- r:
			case <-w.gone:
				return
			}
			if j.lost.Load() {
				return
			}
		}
		select {
		case w.left <- struct{}{}:
		case <-w.gone:
		}
	}()
}

// close waits for the workers, but for those given up. Nothing is in flight.
func (w *crew) close() {
	close(w.jobs)
	for range w.live {
		<-w.left
	}
	close(w.gone)
}

// prepare a job that is about to be handed out.
func (w *crew) prepare(j *job, now time.Time) {
	o := &w.c.opts
	j.ctx, j.cancel = context.WithCancel(w.ctx)
	src := w.c.wire.sources.get(j.source)
	limits := o.timeouts(networkOf(hostname(j.url)), o.lane(src).direct)
	j.overdue = now.Add(limits.Total + o.Stall)
	if src.Render { // all the others may be before it
		j.overdue = j.overdue.Add(time.Duration(o.Workers) * drawTime)
	}
}

// untilStall is how long until a worker would be overdue; below 0: none works.
func (c *Crawler) untilStall() time.Duration {
	until := time.Duration(-1)
	now := c.opts.Now()
	for j := range c.flight {
		if d := max(j.overdue.Sub(now), 0); until < 0 || d < until {
			until = d
		}
	}
	return until
}

// stalled gives up the workers that are overdue.
func (c *Crawler) stalled(ctx context.Context) error {
	now := c.opts.Now()
	for j := range c.flight {
		if now.Before(j.overdue) {
			continue
		}
		c.opts.Logger.ErrorContext(ctx, "worker stalled; its URL is released", "url", j.url, "source", j.source, "attempt", j.attempts+1)
		j.lost.Store(true)
		j.cancel()
		delete(c.flight, j)
		j.host.inFlight--
		c.progressOf(j.source).inFlight--
		c.crew.live--
		c.crew.lost++
		c.stats.Stalled++
		c.crew.hire()
		if err := c.giveBack(ctx, j, now); err != nil {
			return err
		}
		if c.crew.lost > lostWorkers*c.opts.Workers {
			return fmt.Errorf("crawler: %d workers have stalled", c.crew.lost)
		}
	}
	return nil
}

// giveBack releases the URL of a stalled worker, or gives it up after its last
// attempt.
func (c *Crawler) giveBack(ctx context.Context, j *job, now time.Time) error {
	const detail = "the worker stalled"
	p := c.progressOf(j.source)
	if j.attempts+1 < c.opts.Attempts {
		at := now.Add(c.backoff(j.attempts, &tamga.Exchange{}))
		j.host.waits(j.source, at)
		c.stats.Ready++
		if err := c.opts.Frontier.retry(ctx, j, at, string(tamga.OutcomeCancelled), detail); err != nil {
			return err
		}
		return c.passEnds(ctx, p)
	}
	c.stats.Failed++
	p.Failed++
	p.pending--
	p.changed = true
	if err := c.opts.Frontier.exec(ctx, `UPDATE frontier_url SET state = ?, lease_until = 0, attempts = attempts + 1, outcome = ?, detail = ? WHERE id = ?`,
		stateDead, string(tamga.OutcomeCancelled), detail, j.id); err != nil {
		return err
	}
	return c.passEnds(ctx, p)
}

// late takes in what a worker brings that had been given up. Its URL has been
// released; where it has not been taken again, the capture still counts.
func (c *Crawler) late(ctx context.Context, r *result) error {
	if c.broken || !r.sealed {
		if r.ex != nil && r.err != nil {
			c.marks.held = true
		}
		return nil
	}
	state := int64(-1)
	if err := c.opts.Frontier.row(ctx, `SELECT state FROM frontier_url WHERE id = ?`, []any{r.job.id}, &state); err != nil {
		return err
	}
	if state == stateReady {
		c.stats.Ready--
		if err := c.apply(ctx, r.job, r.capture, r.ex, r.links); err != nil {
			c.broken = true
			return err
		}
	}
	c.marks.add(r.capture.Seq, c.number, c.oldest())
	return c.passEnds(ctx, c.progressOf(r.job.source))
}
