package crawler

import (
	"context"
	"fmt"
	"strings"

	"tamga"
)

// replay applies what the log holds and the frontier does not: the captures of a
// process that was killed between sealing and committing, or all of them when
// the frontier was lost. Imported captures are not ours to follow.
func (c *Crawler) replay(ctx context.Context) error {
	f := c.opts.Frontier
	if err := c.shrunk(ctx); err != nil {
		return err
	}
	k := newWorker(c.wire, c.jars, &c.heavy)
	n := 0
	err := c.opts.Sink.Replay(ctx, f.watermark, func(capture tamga.Capture, ex *tamga.Exchange) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		if rendered(capture.Detail) {
			if err := c.replayDrawn(ctx, capture, ex); err != nil {
				return err
			}
		} else if capture.Route != tamga.RouteImport {
			c.wire.drawn.take(capture.URL, "")
			j, applied, err := f.replayed(ctx, capture)
			if err != nil {
				return err
			}
			if !applied {
				links, turn := k.replay(ctx, j, ex)
				if links, err = c.turned(ctx, j, turn, links); err != nil {
					return err
				}
				if err := c.apply(ctx, j, capture, ex, links); err != nil {
					return err
				}
				n++
			}
		}
		c.marks.to(capture.Seq + 1)
		if f.size >= batchResults {
			return c.commit(ctx)
		}
		return nil
	})
	if err != nil {
		f.abandon()
		return fmt.Errorf("replay the log into the frontier: %w", err)
	}
	if n > 0 {
		c.opts.Logger.InfoContext(ctx, "frontier caught up with the log", "captures", n)
	}
	return c.commit(ctx)
}

// replayDrawn offers the links of a page that a browser drew. All else that is known of
// its URL came with the page itself.
func (c *Crawler) replayDrawn(ctx context.Context, capture tamga.Capture, ex *tamga.Exchange) error {
	c.wire.drawn.add(capture)
	if strings.HasPrefix(capture.URL, viewScheme) {
		return nil
	}
	j, _, err := c.opts.Frontier.replayed(ctx, capture)
	if err != nil {
		return err
	}
	for _, link := range linksOf(j.url, ex.Body) {
		if err := c.offer(ctx, j, link); err != nil {
			return err
		}
	}
	return nil
}

// shrunk notices a log that is shorter than what the frontier has applied: its
// tail was lost with the machine's power, or it is another log. What is not in
// it any more is fetched again.
func (c *Crawler) shrunk(ctx context.Context) error {
	f := c.opts.Frontier
	log, ok := c.opts.Sink.(interface{ Len() int64 })
	if !ok || log.Len() >= f.watermark {
		return nil
	}
	c.opts.Logger.WarnContext(ctx, "the log is shorter than the frontier remembers; what it lacks is fetched again", "log", log.Len(), "frontier", f.watermark)
	if err := f.exec(ctx, `UPDATE frontier_url SET state = 0, seq = NULL, attempts = 0, not_before = 0, outcome = '', detail = '' WHERE seq >= ?`, log.Len()); err != nil {
		return err
	}
	if err := f.exec(ctx, `DELETE FROM frontier_covered`); err != nil { // which of it the log still holds is not known
		return err
	}
	c.marks.next = log.Len()
	return c.commit(ctx)
}

// replayed finds or makes the row of a capture; applied says that the frontier
// has this capture, or a later one of the same URL.
func (f *Frontier) replayed(ctx context.Context, capture tamga.Capture) (j *job, applied bool, err error) {
	j = &job{url: capture.URL, via: capture.Via, source: capture.Source}
	find := func() (seq int64, err error) {
		k := key(capture.URL)
		seq = -1
		err = f.row(ctx, `SELECT id, source, depth, hops, chain, coalesce(seq, -1) FROM frontier_url WHERE key = ?`, []any{k[:]}, &j.id, &j.source, &j.depth, &j.hops, &j.chain, &seq)
		return seq, err
	}
	seq, err := find()
	if err != nil {
		return nil, false, err
	}
	if j.id == 0 {
		if _, err := f.insert(ctx, entry{url: capture.URL, source: capture.Source}); err != nil {
			return nil, false, err
		}
		if seq, err = find(); err != nil {
			return nil, false, err
		}
	}
	return j, seq >= capture.Seq, nil
}

// watermarks tracks which captures of the log are applied. Puts overlap, so they
// are applied out of order, and the log may have entries of others in between:
// the mark passes a gap once everything that was in flight when the gap was seen
// has come back.
type watermarks struct {
	next    int64 // first capture that may not be applied
	applied map[int64]bool
	held    bool  // no gap is passed any more
	gapAt   int64 // job number from which on a gap at next is not ours; 0: no gap seen
}

func (m *watermarks) to(next int64) { m.next = max(m.next, next) }

// add notes an applied capture. dispatched is the number of the next job to be
// dispatched, oldest that of the oldest job in flight (or dispatched).
func (m *watermarks) add(seq, dispatched, oldest int64) {
	if seq >= m.next {
		m.applied[seq] = true
	}
	m.advance(dispatched, oldest)
}

func (m *watermarks) advance(dispatched, oldest int64) {
	for {
		for m.applied[m.next] {
			delete(m.applied, m.next)
			m.next++
			m.gapAt = 0
		}
		if len(m.applied) == 0 {
			m.gapAt = 0
			return
		}
		if m.gapAt == 0 {
			m.gapAt = dispatched
		}
		if m.held || oldest < m.gapAt {
			return
		}
		first := int64(-1)
		for seq := range m.applied {
			if first < 0 || seq < first {
				first = seq
			}
		}
		m.next = first
	}
}
