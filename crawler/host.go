package crawler

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"
)

// host is one origin that has URLs to fetch, with its limits. Only a window of
// them is in memory; the others wait in the table.
type host struct {
	id       int64
	origin   string
	owner    string    // the source that brought it into the window
	ready    []*job    // leased, not yet dispatched
	inFlight int       // dispatched
	nextAt   time.Time // no request before
	served   int64     // number of its last job

	fails    int           // in a row
	mark     int64         // failures of jobs before this one are accounted for
	delay    time.Duration // of its own, above its source's; 0: none
	step     time.Duration // that an answer takes off delay
	parallel int           // of its own, below its source's; 0: none
	answers  int           // since parallel was cut

	// Sources that have URLs in the table: the time when the first of them is due,
	// zero where it may be now.
	sources map[string]time.Time
}

// windowHosts bounds the hosts in memory by default, sourceHosts those that a
// source may have there whatever the others have, leaseBatch the URLs leased at once.
const (
	windowHosts = 512
	sourceHosts = 8
	leaseBatch  = 64
	leaseTerm   = time.Hour
)

// wants: the table may have something due for it.
func (h *host) wants(now time.Time) bool {
	for _, at := range h.sources {
		if !at.After(now) {
			return true
		}
	}
	return false
}

// waits: a URL of a source is due then.
func (h *host) waits(source string, at time.Time) {
	if due, ok := h.sources[source]; !ok || at.Before(due) {
		h.sources[source] = at
	}
}

// wake is when the first URL that waits for its next attempt is due; zero: none.
func (h *host) wake() (first time.Time) {
	for _, at := range h.sources {
		if first.IsZero() || at.Before(first) {
			first = at
		}
	}
	return first
}

// loadHost reads a host's limits. A pause that is longer than any is what a clock
// left that was set back since.
func (f *Frontier) loadHost(ctx context.Context, id int64) (*host, error) {
	h := &host{id: id, sources: map[string]time.Time{}}
	var delay, next int64
	if err := f.row(ctx, `SELECT origin, delay, parallel, next_at, fails FROM frontier_host WHERE id = ?`, []any{id}, &h.origin, &delay, &h.parallel, &next, &h.fails); err != nil {
		return nil, err
	}
	h.delay = time.Duration(delay)
	if next > 0 {
		h.nextAt = sane(time.Unix(0, next), f.now())
	}
	return h, nil
}

// sane is a time to wait for, or now where it lies further off than any pause:
// the clock was set back after it was chosen.
func sane(at, now time.Time) time.Time {
	if at.After(now.Add(maxPause + time.Minute)) {
		return now
	}
	return at
}

func (f *Frontier) saveHost(ctx context.Context, h *host) error {
	next := int64(0)
	if !h.nextAt.IsZero() {
		next = h.nextAt.UnixNano()
	}
	return f.exec(ctx, `UPDATE frontier_host SET next_at = ?, fails = ?, delay = ?, parallel = ? WHERE id = ?`, next, h.fails, int64(h.delay), h.parallel, h.id)
}

// hostsAfter lists hosts that have URLs of a source that are due, by number;
// later is when the first of those that are not is due, zero: there is none.
func (f *Frontier) hostsAfter(ctx context.Context, source string, after int64, n int) (ids []int64, later time.Time, err error) {
	now := f.now()
	for len(ids) < n {
		id, at := int64(-1), int64(0)
		if err := f.row(ctx, `SELECT host, not_before FROM frontier_url WHERE state = 0 AND source = ? AND host > ? ORDER BY host, not_before LIMIT 1`, []any{source, after}, &id, &at); err != nil {
			return nil, later, err
		}
		if id < 0 {
			break
		}
		after = id
		next := int64(0)
		if err := f.row(ctx, `SELECT next_at FROM frontier_host WHERE id = ?`, []any{id}, &next); err != nil {
			return nil, later, err
		}
		if due := sane(time.Unix(0, max(at, next)), now); due.After(now) {
			if later.IsZero() || due.Before(later) {
				later = due
			}
			continue
		}
		ids = append(ids, id)
	}
	return ids, later, nil
}

// lease takes up to n ready URLs of each source of a host, oldest first, and
// puts those of one source behind those of another in turns.
func (f *Frontier) lease(ctx context.Context, h *host, n int) error {
	var lists [][]*job
	now := f.now()
	for _, source := range slices.Sorted(maps.Keys(h.sources)) {
		if h.sources[source].After(now) {
			continue
		}
		jobs, err := f.leaseOf(ctx, h, source, max(1, n/len(h.sources)), now)
		if err != nil {
			return err
		}
		lists = append(lists, jobs)
	}
	for i, more := 0, true; more; i++ {
		more = false
		for _, jobs := range lists {
			if i < len(jobs) {
				h.ready, more = append(h.ready, jobs[i]), true
			}
		}
	}
	return nil
}

func (f *Frontier) leaseOf(ctx context.Context, h *host, source string, n int, now time.Time) (jobs []*job, err error) {
	s, err := f.stmt(ctx, `SELECT u.id, u.url, coalesce(v.url, ''), u.source, u.depth, u.hops, u.attempts, u.chain
		FROM frontier_url u LEFT JOIN frontier_url v ON v.id = u.via
		WHERE u.state = 0 AND u.source = ? AND u.host = ? AND u.not_before <= ? ORDER BY u.not_before, u.id LIMIT ?`)
	if err != nil {
		return nil, err
	}
	rows, err := s.QueryContext(context.WithoutCancel(ctx), source, h.id, now.UnixNano(), n)
	if err != nil {
		return nil, fmt.Errorf("lease from frontier: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		j := &job{host: h}
		if err := rows.Scan(&j.id, &j.url, &j.via, &j.source, &j.depth, &j.hops, &j.attempts, &j.chain); err != nil {
			return nil, fmt.Errorf("lease from frontier: %w", err)
		}
		jobs = append(jobs, j)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("lease from frontier: %w", err)
	}
	rows.Close()
	for _, j := range jobs {
		if err := f.exec(ctx, `UPDATE frontier_url SET state = 1, lease_until = ? WHERE id = ?`, now.Add(leaseTerm).UnixNano(), j.id); err != nil {
			return nil, err
		}
	}
	if len(jobs) == n {
		return jobs, nil // there may be more
	}
	next := int64(-1)
	if err := f.row(ctx, `SELECT not_before FROM frontier_url WHERE state = 0 AND source = ? AND host = ? ORDER BY not_before LIMIT 1`, []any{source, h.id}, &next); err != nil {
		return nil, err
	}
	switch at := time.Unix(0, next); {
	case next < 0:
		delete(h.sources, source)
	case !sane(at, now).Equal(at): // the clock was set back
		h.sources[source] = time.Time{}
		return jobs, f.exec(ctx, `UPDATE frontier_url SET not_before = 0 WHERE state = 0 AND source = ? AND host = ? AND not_before > ?`, source, h.id, now.Add(maxPause).UnixNano())
	default:
		h.sources[source] = at
	}
	return jobs, nil
}

// retry makes a URL ready again, for later.
func (f *Frontier) retry(ctx context.Context, j *job, at time.Time, outcome, detail string) error {
	return f.exec(ctx, `UPDATE frontier_url SET state = 0, lease_until = 0, attempts = attempts + 1, not_before = ?, outcome = ?, detail = ? WHERE id = ?`,
		at.UnixNano(), outcome, detail, j.id)
}

// release gives back a lease as if it had never been taken.
func (f *Frontier) release(ctx context.Context, j *job) error {
	return f.exec(ctx, `UPDATE frontier_url SET state = 0, lease_until = 0 WHERE id = ? AND state = 1`, j.id)
}

// releaseAll gives back every lease: there is one writer, so none is another's.
func (f *Frontier) releaseAll(ctx context.Context) error {
	return f.exec(ctx, `UPDATE frontier_url SET state = 0, lease_until = 0 WHERE state = 1`)
}

// expire makes ready again what has been leased for longer than any fetch takes
// and is not held here, and renews what is.
func (f *Frontier) expire(ctx context.Context, held map[int64]bool) error {
	now := f.now()
	s, err := f.stmt(ctx, `SELECT id, host FROM frontier_url WHERE state = 1 AND lease_until < ? LIMIT 1000`)
	if err != nil {
		return err
	}
	rows, err := s.QueryContext(context.WithoutCancel(ctx), now.UnixNano())
	if err != nil {
		return fmt.Errorf("expire leases: %w", err)
	}
	defer rows.Close()
	var ids []int64
	for rows.Next() {
		var id, host int64
		if err := rows.Scan(&id, &host); err != nil {
			return fmt.Errorf("expire leases: %w", err)
		}
		ids = append(ids, id)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("expire leases: %w", err)
	}
	rows.Close()
	for _, id := range ids {
		if held[id] {
			err = f.exec(ctx, `UPDATE frontier_url SET lease_until = ? WHERE id = ?`, now.Add(leaseTerm).UnixNano(), id)
		} else {
			err = f.exec(ctx, `UPDATE frontier_url SET state = 0, lease_until = 0 WHERE id = ?`, id)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
