package crawler

import (
	"context"
	"fmt"
	"time"
)

// host is one origin that has URLs to fetch, with its limits. Only a window of
// them is in memory; the others wait in the table.
type host struct {
	id       int64
	origin   string
	ready    []*job    // leased, not yet dispatched
	inFlight int       // dispatched
	nextAt   time.Time // no request before
	fails    int       // in a row
	delay    time.Duration
	parallel int
	more     bool      // the table may hold ready URLs
	wake     time.Time // when the first URL that waits for its next attempt is due; zero: none
}

// windowHosts bounds the hosts in memory by default, leaseBatch the URLs leased at once.
const (
	windowHosts = 512
	leaseBatch  = 64
	leaseTerm   = time.Hour
)

// loadHost reads a host's limits.
func (f *Frontier) loadHost(ctx context.Context, id int64) (*host, error) {
	h := &host{id: id, more: true}
	var delay, next int64
	if err := f.row(ctx, `SELECT origin, delay, parallel, next_at, fails FROM frontier_host WHERE id = ?`, []any{id}, &h.origin, &delay, &h.parallel, &next, &h.fails); err != nil {
		return nil, err
	}
	h.delay = time.Duration(delay)
	if next > 0 {
		h.nextAt = time.Unix(0, next)
	}
	return h, nil
}

func (f *Frontier) saveHost(ctx context.Context, h *host) error {
	return f.exec(ctx, `UPDATE frontier_host SET next_at = ?, fails = ? WHERE id = ?`, h.nextAt.UnixNano(), h.fails, h.id)
}

// hostsAfter lists hosts that have ready URLs, by number.
func (f *Frontier) hostsAfter(ctx context.Context, after int64, n int) (ids []int64, err error) {
	for len(ids) < n {
		id := int64(-1)
		if err := f.row(ctx, `SELECT host FROM frontier_url WHERE state = 0 AND host > ? ORDER BY host LIMIT 1`, []any{after}, &id); err != nil {
			return nil, err
		}
		if id < 0 {
			break
		}
		ids, after = append(ids, id), id
	}
	return ids, nil
}

// lease takes up to n ready URLs of a host, oldest first.
func (f *Frontier) lease(ctx context.Context, h *host, n int) error {
	now := f.now()
	s, err := f.stmt(ctx, `SELECT u.id, u.url, coalesce(v.url, ''), u.source, u.depth, u.hops, u.attempts
		FROM frontier_url u LEFT JOIN frontier_url v ON v.id = u.via
		WHERE u.state = 0 AND u.host = ? AND u.not_before <= ? ORDER BY u.not_before, u.id LIMIT ?`)
	if err != nil {
		return err
	}
	rows, err := s.QueryContext(context.WithoutCancel(ctx), h.id, now.UnixNano(), n)
	if err != nil {
		return fmt.Errorf("lease from frontier: %w", err)
	}
	defer rows.Close()
	var jobs []*job
	for rows.Next() {
		j := &job{host: h}
		if err := rows.Scan(&j.id, &j.url, &j.via, &j.source, &j.depth, &j.hops, &j.attempts); err != nil {
			return fmt.Errorf("lease from frontier: %w", err)
		}
		jobs = append(jobs, j)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("lease from frontier: %w", err)
	}
	rows.Close()
	for _, j := range jobs {
		if err := f.exec(ctx, `UPDATE frontier_url SET state = 1, lease_until = ? WHERE id = ?`, now.Add(leaseTerm).UnixNano(), j.id); err != nil {
			return err
		}
	}
	h.ready = append(h.ready, jobs...)
	h.more = len(jobs) == n
	h.wake = time.Time{}
	if !h.more {
		var next int64
		if err := f.row(ctx, `SELECT not_before FROM frontier_url WHERE state = 0 AND host = ? ORDER BY not_before LIMIT 1`, []any{h.id}, &next); err != nil {
			return err
		}
		if next > 0 {
			h.wake = time.Unix(0, next)
		}
	}
	return nil
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
