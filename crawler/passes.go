package crawler

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// Passes reads the last pass of each source out of db, which may lack the
// frontier's tables and may be written to by a crawl. Left and Outcome are not
// kept there.
func Passes(ctx context.Context, db *sql.DB) ([]Pass, error) {
	if there, err := present(ctx, db, "frontier_source"); !there || err != nil {
		return nil, err
	}
	rows, err := db.QueryContext(ctx, `SELECT name, pass, began, ended, captured, failed FROM frontier_source ORDER BY name`)
	if err != nil {
		return nil, fmt.Errorf("read passes: %w", err)
	}
	defer rows.Close()
	var out []Pass
	for rows.Next() {
		p, err := scanPass(rows.Scan)
		if err != nil {
			return nil, fmt.Errorf("read passes: %w", err)
		}
		out = append(out, p)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read passes: %w", err)
	}
	return out, nil
}

func scanPass(scan func(...any) error) (Pass, error) {
	var p Pass
	var began, ended int64
	if err := scan(&p.Source, &p.Number, &began, &ended, &p.Captured, &p.Failed); err != nil {
		return p, err
	}
	if began > 0 {
		p.Began = time.Unix(0, began).UTC()
	}
	if ended > 0 {
		p.Ended = time.Unix(0, ended).UTC()
	}
	return p, nil
}

// States counts the URLs of a frontier by state, as Passes reads.
func States(ctx context.Context, db *sql.DB) (map[string]int64, error) {
	out := map[string]int64{}
	if there, err := present(ctx, db, "frontier_url"); !there || err != nil {
		return out, err
	}
	rows, err := db.QueryContext(ctx, `SELECT state, count(*) FROM frontier_url GROUP BY state`)
	if err != nil {
		return nil, fmt.Errorf("count frontier: %w", err)
	}
	defer rows.Close()
	names := []string{"ready", "leased", "done", "dead", "parked"}
	for _, name := range names {
		out[name] = 0
	}
	for rows.Next() {
		var state int
		var n int64
		if err := rows.Scan(&state, &n); err != nil {
			return nil, fmt.Errorf("count frontier: %w", err)
		}
		if state == stateHeld {
			state = stateParked
		}
		if state >= 0 && state < len(names) {
			out[names[state]] += n
		}
	}
	return out, rows.Err()
}

func present(ctx context.Context, db *sql.DB, table string) (bool, error) {
	n := 0
	if err := db.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = ?`, table).Scan(&n); err != nil {
		return false, fmt.Errorf("look for %s: %w", table, err)
	}
	return n > 0, nil
}
