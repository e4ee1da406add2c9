package crawler

import (
	"context"
	"errors"
	"sync"
	"time"

	"tamga"
)

// Crawler runs crawls, one at a time. All its state but the workers' belongs to
// the goroutine of Run.
type Crawler struct {
	opts Options
	wire *wire
	jars *jars

	heavy   sync.Mutex // held while a large page is parsed
	stats   Stats
	skipped *recent
	marks   watermarks

	window     int     // hosts in memory, at most
	hosts      []*host // window
	byID       map[int64]*host
	guard      *guard
	resting    []*job         // pages that are not fetched in this pass, whose links are to be offered
	down       map[int64]bool // hosts that do not answer: what they have waits for the next pass
	empty      bool           // nothing was found at the last look
	flight     map[*job]struct{}
	number     int64     // next job's
	nextAny    time.Time // of Options.Rate
	expireAt   time.Time
	passes     map[string]*progress
	askAt      time.Time // Options.Schedule, next
	askedAt    time.Time // last
	endAt      time.Time // the first Source.Until to come; zero: none
	crew       *crew
	toldEmpty  bool          // the log says that nothing is left
	paused     time.Time     // until then nothing is dispatched: the proxy is gone
	proxyTries int           // of it in a row
	pause      time.Duration // before the proxy is asked for again, doubled at each further time
	broken     bool          // the frontier failed: nothing more is applied in this run
}

// New checks the options.
func New(o Options) (*Crawler, error) {
	if o.Sink == nil || o.Frontier == nil {
		return nil, errors.New("crawler: a sink and a frontier are required")
	}
	o.defaults()
	o.Frontier.now = o.Now
	return &Crawler{opts: o, wire: newWire(&o), jars: newJars(), window: windowHosts, pause: firstPause}, nil
}

// Run crawls until the frontier is empty, MaxPages is reached or ctx ends; the
// seeds come first, and without seeds it goes on with what the frontier holds. A
// seed that is done already starts nothing, unless Options.Refresh asks for a
// new pass. Everything that was sealed is committed when Run returns, whatever
// it returns: ctx's error if interrupted, a *PolicyError (and nothing fetched)
// if a seed is refused, a *ProxyError if the proxy is gone.
func (c *Crawler) Run(ctx context.Context, seeds []string) (Summary, error) {
	start := c.opts.Now()
	err := c.run(ctx, seeds)
	c.stats.Seconds = max(0, c.opts.Now().Sub(start).Seconds())
	c.wire.closeIdle()
	return c.stats.Summary, err
}

func (c *Crawler) run(ctx context.Context, seeds []string) (err error) {
	f := c.opts.Frontier
	for _, s := range seeds {
		u, err := Canonical(s)
		if err != nil {
			return &PolicyError{s, err.Error()}
		}
		if err := c.policy(c.opts.Source.Name).check(u); err != nil {
			return err
		}
	}
	c.broken, c.empty = false, false
	if err := f.releaseAll(ctx); err != nil {
		return err
	}
	if err := f.unhold(ctx); err != nil {
		return err
	}
	c.stats, c.skipped = Stats{}, newRecent(1<<16)
	c.marks = watermarks{next: f.watermark, applied: map[int64]bool{}}
	c.hosts, c.byID, c.down, c.flight = nil, map[int64]*host{}, map[int64]bool{}, map[*job]struct{}{}
	c.number, c.nextAny, c.expireAt = 1, time.Time{}, c.opts.Now().Add(time.Minute)
	if err := c.loadPasses(ctx); err != nil {
		return err
	}
	if err := c.loadRules(ctx); err != nil {
		return err
	}
	if err := c.replay(ctx); err != nil {
		return err
	}
	c.stats, c.skipped = Stats{}, newRecent(1<<16)
	c.hosts, c.byID = nil, map[int64]*host{}
	if c.opts.Refresh && len(seeds) > 0 {
		if err := f.newPass(ctx, c.opts.Source.Name); err != nil {
			return err
		}
	}
	if err := f.Add(ctx, c.opts.Source, seeds...); err != nil {
		return err
	}
	if err := c.unpark(ctx); err != nil {
		return err
	}
	if err := c.loadPending(ctx); err != nil {
		return err
	}
	for _, p := range c.passes {
		c.stats.Ready += p.pending
	}
	begun := len(seeds)
	var refused error
	for _, name := range c.opts.Begin {
		s := c.wire.sources.get(name)
		if err := c.refuses(s); err != nil && c.opts.Refused != nil {
			c.opts.Refused(name, err)
			refused = err
			continue
		} else if err != nil {
			f.abandon()
			return err
		}
		if err := c.begin(ctx, s, true); err != nil {
			f.abandon()
			return err
		}
		begun++
	}
	if begun == 0 && refused != nil {
		f.abandon()
		return refused
	}
	if err := c.commit(ctx); err != nil { // passes are known before anything is sealed
		return err
	}
	for _, p := range c.passes { // one that was killed at its end
		if err := c.passEnds(ctx, p); err != nil {
			return err
		}
	}
	c.askAt, c.askedAt = c.opts.Now(), time.Time{}
	return c.loop(ctx)
}

// loop dispatches jobs and applies results until there is nothing left to do.
func (c *Crawler) loop(ctx context.Context) (err error) {
	f := c.opts.Frontier
	work, cancel := context.WithCancel(ctx)
	c.crew = c.newCrew(work)
	stop := func(e error) { // the first reason to end is the one that is reported
		if err == nil {
			err = e
		}
		cancel()
	}
	settle := func(r *result) {
		r.job.cancel()
		if r.job.lost.Load() {
			if e := c.late(ctx, r); e != nil {
				stop(e)
			}
			return
		}
		delete(c.flight, r.job)
		r.job.host.inFlight--
		c.progressOf(r.job.source).inFlight--
		if c.broken {
			return // what is sealed is replayed by the next run
		}
		if e := c.settle(ctx, r); e != nil {
			stop(e)
		}
	}
	for {
		wait := time.Duration(-1)
		if ctx.Err() != nil {
			stop(ctx.Err())
		}
		if err == nil {
			if e := c.tend(ctx); e != nil {
				stop(e)
			}
		}
		if err == nil {
			var e error
			if wait, e = c.dispatch(ctx, c.crew.jobs); e != nil {
				stop(e)
			}
		}
		if err == nil {
			c.tellEmpty(ctx, wait)
			if until := c.untilEnd(); until >= 0 && (wait > until || wait < 0 && len(c.flight) > 0) {
				wait = until
			}
			if until := c.untilAsked(); until >= 0 && (wait < 0 || until < wait) {
				wait = until
			}
		}
		if len(c.flight) == 0 && (err != nil || wait < 0) {
			break
		}
		if until := c.untilStall(); until >= 0 && (wait < 0 || until < wait) {
			wait = until
		}
		if f.tx != nil {
			if age := batchAge - f.age(); wait < 0 || age < wait {
				wait = max(age, 0)
			}
		}
		if wait < 0 {
			wait = time.Hour
		}
		interrupted := ctx.Done()
		if err != nil {
			interrupted = nil
		}
		select {
		case r := <-c.crew.results:
			settle(r)
			for more := true; more; { // what else has come
				select {
				case r := <-c.crew.results:
					settle(r)
				default:
					more = false
				}
			}
		case sources := <-c.opts.Reload:
			c.reload(ctx, sources())
		case <-c.opts.Wait(wait, len(c.flight) == 0):
		case <-interrupted:
		}
		if e := c.stalled(ctx); e != nil {
			stop(e)
		}
		if f.tx != nil && (f.size >= 8*batchResults || f.age() >= batchAge) {
			if e := c.commit(ctx); e != nil {
				stop(e)
			}
		}
	}
	c.crew.close()
	cancel()
	if c.broken {
		f.abandon()
		return err
	}
	c.marks.advance(c.number, c.number)
	if e := f.releaseAll(ctx); e != nil {
		stop(e)
	}
	left := int64(0)
	if e := f.row(ctx, `SELECT 1 FROM frontier_url WHERE state = 0 LIMIT 1`, nil, &left); e != nil {
		stop(e)
	}
	c.stats.Empty = left == 0
	if e := c.commit(ctx); e != nil {
		stop(e)
	}
	return err
}

// settle takes a result into the frontier.
func (c *Crawler) settle(ctx context.Context, r *result) error {
	f, j := c.opts.Frontier, r.job
	if r.err != nil {
		if r.ex != nil {
			c.marks.held = true // the archive failed: it may hold this exchange or not
		}
		if err := f.release(ctx, j); err != nil {
			return err
		}
		c.stats.Ready++
		if c.waitsForProxy(ctx, r) {
			return nil
		}
		if (ctx.Err() == nil || !errors.Is(r.err, ctx.Err())) && !(j.halted && errors.Is(r.err, context.Canceled)) {
			return r.err
		}
		return c.passEnds(ctx, c.progressOf(j.source))
	}
	if err := c.hostResult(ctx, r); err != nil {
		return err
	}
	if !r.sealed {
		at, h := c.opts.Now().Add(c.backoff(j.attempts, r.ex)), j.host
		h.waits(j.source, at)
		c.stats.Ready++
		c.opts.Logger.DebugContext(ctx, "will be tried again", "url", j.url, "outcome", r.ex.Outcome, "detail", r.ex.Detail, "at", at)
		if err := f.retry(ctx, j, at, string(r.ex.Outcome), r.ex.Detail); err != nil {
			return err
		}
		if c.down[h.id] {
			if err := c.hold(ctx, h.id); err != nil {
				return err
			}
		}
		return c.passEnds(ctx, c.progressOf(j.source))
	}
	if r.ex.Status != 0 {
		c.proxyTries = 0
		c.stats.Captured++
		c.stats.Bytes += int64(len(r.ex.Body))
	}
	c.stats.URL = j.url
	links, err := c.turned(ctx, j, r.turn, r.links)
	if err == nil {
		err = c.apply(ctx, j, r.capture, r.ex, links)
	}
	if err != nil {
		c.broken = true
		return err
	}
	for _, seq := range r.drawn {
		c.marks.add(seq, c.number, c.oldest())
	}
	c.marks.add(r.capture.Seq, c.number, c.oldest())
	if c.down[j.host.id] {
		if len(c.wire.sources.get(j.source).Mirrors) == 0 { // the URL itself waits too
			if err := f.exec(ctx, `UPDATE frontier_url SET state = 5, attempts = 0 WHERE id = ? AND state = 3`, j.id); err != nil {
				return err
			}
		}
		if err := c.hold(ctx, j.host.id); err != nil {
			return err
		}
	}
	return c.passEnds(ctx, c.progressOf(j.source))
}

// policy of a source.
func (c *Crawler) policy(source string) policy {
	return c.opts.policy(c.opts.lane(c.wire.sources.get(source)))
}

func (c *Crawler) oldest() int64 {
	n := c.number
	for j := range c.flight {
		n = min(n, j.number)
	}
	return n
}

// commit ends the batch, the watermark with it.
func (c *Crawler) commit(ctx context.Context) error {
	f := c.opts.Frontier
	if c.marks.next != f.watermark {
		if err := f.exec(ctx, `INSERT INTO frontier_meta (name, value) VALUES ('watermark', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value`, c.marks.next); err != nil {
			return err
		}
	}
	if err := c.savePasses(ctx); err != nil {
		return err
	}
	if err := f.commit(); err != nil {
		c.broken = true
		return err
	}
	f.watermark = c.marks.next
	if c.opts.Progress != nil {
		s := c.stats
		s.InFlight = len(c.flight)
		c.opts.Progress(s)
	}
	return nil
}

// backoff before the next attempt; a Retry-After of up to an hour is honoured.
func (c *Crawler) backoff(attempts int, ex *tamga.Exchange) time.Duration {
	d := c.opts.Backoff << min(attempts, 16)
	return min(max(d, retryAfter(ex.Header, c.opts.Now())), maxPause)
}
