package crawler

import (
	"context"
	"time"

	"tamga"
)

// Pass is one round over a source, from its seeds.
type Pass struct {
	Source   string    `json:"source"`
	Number   int64     `json:"number"` // over all sources
	Began    time.Time `json:"began"`
	Ended    time.Time `json:"ended"`
	Captured int64     `json:"captured"`         // exchanges with a response
	Failed   int64     `json:"failed"`           // URLs given up
	Rested   int64     `json:"rested,omitempty"` // pages that were not due: they hardly change
	Left     int64     `json:"left"`             // URLs that wait for the next pass: the budget is spent, or the source over
	// Outcome is how it went at the seed, its redirects followed; the best of several.
	// Empty: unknown, as after a restart in mid-pass.
	Outcome tamga.Outcome `json:"outcome,omitempty"`
	Address string        `json:"address,omitempty"` // of the source's, the one that answered; empty: none did
}

// progress is a pass under way, and what its source has to fetch.
type progress struct {
	Pass
	pending  int64 // ready or in flight
	inFlight int64
	resting  bool      // pages that hardly change are left out of the pass
	served   int64     // number of its last job
	cursor   int64     // last host the window was filled from
	scan     bool      // hosts with ready URLs may be outside the window
	wakeAt   time.Time // when hosts outside the window have something due; zero: not known
	changed  bool      // since the last commit
	strayed  bool      // pages that nothing led to were asked for
	over     bool      // the source may not be crawled any more
}

func (p *progress) running() bool { return p.Number > 0 && p.Ended.IsZero() }

// progressOf a source that has URLs or passes.
func (c *Crawler) progressOf(source string) *progress {
	p := c.passes[source]
	if p == nil {
		p = &progress{Pass: Pass{Source: source}, scan: true}
		c.passes[source] = p
	}
	return p
}

// loadPasses reads how far each source has come.
func (c *Crawler) loadPasses(ctx context.Context) error {
	f := c.opts.Frontier
	c.passes = map[string]*progress{}
	return f.query(ctx, `SELECT name, pass, began, ended, captured, failed FROM frontier_source`, func(scan func(...any) error) error {
		p, err := scanPass(scan)
		if err != nil {
			return err
		}
		c.passes[p.Source] = &progress{Pass: p, scan: true}
		return nil
	})
}

// loadPending counts what each source has to fetch.
func (c *Crawler) loadPending(ctx context.Context) error {
	for _, p := range c.passes {
		p.pending = 0
	}
	return c.opts.Frontier.query(ctx, `SELECT source, count(*) FROM frontier_url WHERE state <= 1 GROUP BY source`, func(scan func(...any) error) error {
		var source string
		var n int64
		if err := scan(&source, &n); err != nil {
			return err
		}
		c.progressOf(source).pending = n
		return nil
	})
}

// refuses is an error where the policy refuses a seed of a source.
func (c *Crawler) refuses(s *Source) error {
	for _, seed := range s.Seeds {
		u, err := Canonical(seed)
		if err != nil {
			return &PolicyError{seed, err.Error()}
		}
		if err := c.opts.policy(c.opts.lane(s)).check(u); err != nil {
			return err
		}
	}
	return nil
}

// begin starts a new pass of a source, unless one is under way: what it was done
// with is fetched again as it is found again, and what the last pass left comes
// first. In a pass that was not asked for by name, pages may rest.
func (c *Crawler) begin(ctx context.Context, s *Source, asked bool) error {
	f, p := c.opts.Frontier, c.progressOf(s.Name)
	if p.running() && p.pending > 0 {
		return nil // it was interrupted, and goes on
	}
	if err := f.newPass(ctx, s.Name); err != nil {
		return err
	}
	pending := p.pending
	*p = progress{Pass: Pass{Source: s.Name, Number: f.pass, Began: c.opts.Now().UTC()}, inFlight: p.inFlight, served: p.served, scan: true, resting: !asked, changed: true}
	clear(c.down) // they are asked again
	for _, seed := range s.Seeds {
		u, err := Canonical(seed)
		if err == nil {
			err = c.opts.policy(c.opts.lane(s)).check(u)
		} else {
			err = &PolicyError{seed, err.Error()}
		}
		if err != nil {
			c.opts.Logger.WarnContext(ctx, "source refused", "source", s.Name, "err", err)
			p.Outcome = tamga.OutcomePolicy
			continue
		}
		if err := f.seed(ctx, s.Name, u); err != nil {
			return err
		}
	}
	if err := f.row(ctx, `SELECT count(*) FROM frontier_url WHERE state <= 1 AND source = ?`, []any{s.Name}, &p.pending); err != nil {
		return err
	}
	c.stats.Ready += p.pending - pending
	c.empty = false
	c.opts.Logger.InfoContext(ctx, "pass begins", "source", s.Name, "pass", p.Number)
	return c.passEnds(ctx, p)
}

// schedule begins what is due.
func (c *Crawler) schedule(ctx context.Context) error {
	now := c.opts.Now()
	if c.opts.Schedule == nil || c.askAt.IsZero() || now.Before(c.askAt) && !now.Before(c.askedAt) {
		return nil // a clock that was set back is asked too
	}
	var names []string
	c.askedAt = now
	names, c.askAt = c.opts.Schedule(now)
	for _, name := range names {
		if why := c.over(name, c.opts.Now()); why != "" {
			c.opts.Logger.WarnContext(ctx, "no pass begins", "source", name, "reason", why)
			if c.opts.Passed != nil {
				c.opts.Passed(Pass{Source: name, Began: now.UTC(), Ended: now.UTC(), Outcome: tamga.OutcomePolicy})
			}
			continue
		}
		if err := c.begin(ctx, c.wire.sources.get(name), false); err != nil {
			return err
		}
	}
	if len(names) > 0 {
		return c.commit(ctx) // before anything is sealed: a pass that is killed at once goes on as that pass
	}
	return nil
}

// untilAsked is how long until Schedule is asked again; below 0: never.
func (c *Crawler) untilAsked() time.Duration {
	if c.opts.Schedule == nil || c.askAt.IsZero() || c.full() {
		return -1
	}
	return max(c.askAt.Sub(c.opts.Now()), 0)
}

// count takes a URL that became final into its source's pass.
func (c *Crawler) count(j *job, ex *tamga.Exchange, outcome tamga.Outcome, state int) {
	p := c.progressOf(j.source)
	if j.depth == 0 && (!succeeded(p.Outcome) || p.Outcome == tamga.OutcomeRedirect) {
		p.Outcome = outcome
	}
	if ex.Status != 0 {
		p.Captured++
	}
	if state == stateDead {
		p.Failed++
	}
	p.changed = true
	if state != stateReady {
		p.pending--
	}
}

// spent: the budget of a source is used up if everything in flight succeeds, or
// the source is over.
func (c *Crawler) spent(source string) bool {
	p := c.progressOf(source)
	if p.over {
		return true
	}
	budget := c.wire.sources.get(source).Budget
	if budget <= 0 {
		return false
	}
	return p.running() && p.Captured+p.inFlight >= budget
}

// passEnds ends a pass that has nothing more to fetch, or nothing more to spend.
func (c *Crawler) passEnds(ctx context.Context, p *progress) error {
	if !p.running() {
		return nil
	}
	if err := c.strays(ctx, p); err != nil {
		return err
	}
	if p.pending > 0 {
		if p.inFlight > 0 || !c.spent(p.Source) {
			return nil
		}
		if err := c.parkAll(ctx, p); err != nil {
			return err
		}
	}
	p.Ended, p.changed = c.opts.Now().UTC(), true
	var err error
	if p.Address, err = c.answered(ctx, p.Source); err != nil {
		return err
	}
	c.opts.Logger.InfoContext(ctx, "pass ends", "source", p.Source, "pass", p.Number, "outcome", p.Outcome, "captured", p.Captured, "failed", p.Failed, "left", p.Left, "address", p.Address)
	if c.opts.Passed != nil {
		c.opts.Passed(p.Pass)
	}
	return nil
}

// parkAll sets aside what a source has to fetch; nothing of it is in flight.
func (c *Crawler) parkAll(ctx context.Context, p *progress) error {
	left, err := c.park(ctx, p.Source)
	if err != nil {
		return err
	}
	p.Left += left
	c.stats.Ready -= p.pending
	p.pending = 0
	return nil
}

// park sets aside what a source has not fetched.
func (c *Crawler) park(ctx context.Context, source string) (int64, error) {
	for _, h := range c.hosts {
		kept := h.ready[:0]
		for _, j := range h.ready {
			if j.source != source {
				kept = append(kept, j)
			}
		}
		h.ready = kept
	}
	return c.opts.Frontier.park(ctx, source)
}

// savePasses writes what changed into the batch.
func (c *Crawler) savePasses(ctx context.Context) error {
	for _, p := range c.passes {
		if !p.changed || p.Number == 0 {
			continue
		}
		ended := int64(0)
		if !p.Ended.IsZero() {
			ended = p.Ended.UnixNano()
		}
		if err := c.opts.Frontier.exec(ctx, `UPDATE frontier_source SET began = ?, ended = ?, captured = ?, failed = ? WHERE name = ?`,
			p.Began.UnixNano(), ended, p.Captured, p.Failed, p.Source); err != nil {
			return err
		}
		p.changed = false
	}
	return nil
}
