package crawler

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"tamga"
)

// places of a source: the canonical address where a pass begins, then those that
// stand in for it.
func (s *Source) places() (out []string) {
	for i, address := range slices.Concat(s.Seeds[:min(1, len(s.Seeds))], s.Mirrors) {
		if u, err := Canonical(address); err == nil {
			out = append(out, u)
		} else if i == 0 {
			return nil
		}
	}
	return out
}

// at is the place that a URL belongs to, or -1.
func at(places []string, u string) int {
	for i, p := range places {
		if sameSite(origin(p), origin(u)) || origin(p) == origin(u) {
			return i
		}
	}
	return -1
}

// elsewhere is the URL at another place: the same path below it.
func elsewhere(u, from, to string) string {
	if u == from {
		return to
	}
	folder := func(place string) string { return place[:strings.LastIndexByte(place, '/')+1] }
	if rest, ok := strings.CutPrefix(u, folder(from)); ok {
		return folder(to) + rest
	}
	return origin(to) + u[len(origin(u)):]
}

// contains tells whether a link is in the scope of a source. A scope that names
// addresses names them as the first place has them.
func (s *Source) contains(page, link string) bool {
	if s.Scope.kind == "prefix" || s.Scope.kind == "regex" {
		places := s.places()
		if i := at(places, link); i > 0 && i == at(places, page) {
			return s.Scope.contains(page, link) || s.Scope.contains(page, elsewhere(link, places[i], places[0]))
		}
	}
	return s.Scope.contains(page, link)
}

// unreached: no connection came about, so the fault is not that page's.
func unreached(o tamga.Outcome) bool {
	switch o {
	case tamga.OutcomeUnreachable, tamga.OutcomeRefused, tamga.OutcomeSOCKS, tamga.OutcomeDNS, tamga.OutcomeDial:
		return true
	}
	return false
}

// goOn takes a pass to the next place of its source when one cannot be reached,
// with everything that was still to be fetched at the old one. It hangs on the
// capture of the failure alone, so that a replay decides the same.
func (c *Crawler) goOn(ctx context.Context, j *job, o tamga.Outcome, status int) error {
	src := c.wire.sources.get(j.source)
	if len(src.Mirrors) == 0 {
		return nil
	}
	places := src.places()
	here := at(places, j.url)
	down := j.host != nil && c.down[j.host.id] // not in a replay, where its URLs are asked again
	if here < 0 || !unreached(o) && (j.url != places[here] && !down || !passing(o, status)) {
		return nil
	}
	next := here + 1
	for ; next < len(places); next++ {
		if err := c.policy(j.source).check(places[next]); err == nil {
			break
		}
	}
	if next >= len(places) {
		return nil
	}
	move := func(u string, depth int) error {
		// It is no seed: it stands in for the page that was not reached.
		return c.enqueue(ctx, entry{url: elsewhere(u, places[here], places[next]), source: j.source, via: j.id, depth: depth})
	}
	if err := move(j.url, j.depth); err != nil {
		return err
	}
	n := int64(0)
	err := c.opts.Frontier.take(ctx, j, "goes on at "+origin(places[next]), c.hosts, func(u string, depth int) error {
		n++
		c.stats.Ready--
		c.progressOf(j.source).pending--
		return move(u, depth)
	})
	c.opts.Logger.WarnContext(ctx, "a place of the source is not reached; the pass goes on at the next", "source", j.source,
		"at", origin(places[here]), "outcome", o, "next", origin(places[next]), "moved", n)
	return err
}

// takeBatch is how many URLs are moved at a time.
const takeBatch = 512

// take gives up what a source has ready on the host of a job, and calls each with
// the URLs.
func (f *Frontier) take(ctx context.Context, j *job, detail string, hosts []*host, each func(u string, depth int) error) error {
	id, err := f.hostID(ctx, origin(j.url))
	if err != nil {
		return err
	}
	for _, h := range hosts {
		if h.id != id {
			continue
		}
		kept := h.ready[:0]
		for _, r := range h.ready {
			if r.source != j.source {
				kept = append(kept, r)
			} else if err := f.release(ctx, r); err != nil {
				return err
			}
		}
		h.ready = kept
	}
	for {
		type waiting struct {
			id    int64
			url   string
			depth int
		}
		var all []waiting
		s, err := f.stmt(ctx, `SELECT id, url, depth FROM frontier_url WHERE state = 0 AND host = ? AND source = ? LIMIT ?`)
		if err != nil {
			return err
		}
		rows, err := s.QueryContext(context.WithoutCancel(ctx), id, j.source, takeBatch)
		if err != nil {
			return err
		}
		for rows.Next() {
			var w waiting
			if err = rows.Scan(&w.id, &w.url, &w.depth); err != nil {
				break
			}
			all = append(all, w)
		}
		rows.Close()
		if err != nil || rows.Err() != nil || len(all) == 0 {
			return cmp.Or(err, rows.Err())
		}
		for _, w := range all {
			if err := f.exec(ctx, `UPDATE frontier_url SET state = ?, outcome = ?, detail = ?, pass = ? WHERE id = ?`,
				stateDead, string(tamga.OutcomeUnreachable), detail, f.passes[j.source], w.id); err != nil {
				return err
			}
			if err := each(w.url, w.depth); err != nil {
				return err
			}
		}
	}
}

// answered is the first place of a source that answered in its pass.
func (c *Crawler) answered(ctx context.Context, source string) (string, error) {
	f := c.opts.Frontier
	for _, p := range c.wire.sources.get(source).places() {
		k, n := key(p), 0
		if err := f.row(ctx, `SELECT count(*) FROM frontier_url WHERE key = ? AND pass = ? AND state = ?`, []any{k[:], f.passes[source], stateDone}, &n); err != nil {
			return "", err
		}
		if n > 0 {
			return p, nil
		}
	}
	return "", nil
}
