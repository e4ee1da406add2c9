package crawler

import (
	"context"
	"fmt"
	"strconv"
)

// newPass takes the next number for a pass of a source, and takes back what its
// last pass left.
func (f *Frontier) newPass(ctx context.Context, source string) error {
	f.pass++
	f.passes[source] = f.pass
	for _, q := range []struct {
		query string
		args  []any
	}{
		{`INSERT INTO frontier_meta (name, value) VALUES ('pass', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value`, []any{f.pass}},
		{`INSERT INTO frontier_source (name, pass) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET pass = excluded.pass, began = 0, ended = 0, captured = 0, failed = 0`, []any{source, f.pass}},
		{`UPDATE frontier_url SET state = 0, not_before = 0 WHERE state IN (4, 5) AND source = ?`, []any{source}},
	} {
		if err := f.exec(ctx, q.query, q.args...); err != nil {
			return err
		}
	}
	return nil
}

// loadPasses reads the number of each source's last pass.
func (f *Frontier) loadPasses() error {
	rows, err := f.db.Query(`SELECT name, pass FROM frontier_source`)
	if err != nil {
		return fmt.Errorf("open frontier: read passes: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		var pass int64
		if err := rows.Scan(&name, &pass); err != nil {
			return fmt.Errorf("open frontier: read passes: %w", err)
		}
		f.passes[name] = pass
	}
	return rows.Err()
}

// seed makes a canonical URL ready, whatever became of it in an earlier pass.
func (f *Frontier) seed(ctx context.Context, source, u string) error {
	if _, err := f.insert(ctx, entry{url: u, source: source}); err != nil {
		return err
	}
	k := key(u)
	return f.exec(ctx, `UPDATE frontier_url SET state = 0, attempts = 0, not_before = 0, outcome = '', detail = '' WHERE key = ? AND state IN (3, 4, 5)`, k[:])
}

// park sets aside what a source has not fetched, until its next pass.
func (f *Frontier) park(ctx context.Context, source string) (int64, error) {
	var n int64
	if err := f.row(ctx, `SELECT count(*) FROM frontier_url WHERE source = ? AND state <= 1`, []any{source}, &n); err != nil {
		return 0, err
	}
	return n, f.exec(ctx, `UPDATE frontier_url SET state = 4, lease_until = 0 WHERE source = ? AND state <= 1`, source)
}

// met is how the filter of known URLs names one: each pass meets it anew.
func (f *Frontier) met(source, u string) string {
	return strconv.FormatInt(f.passes[source], 36) + " " + u
}
