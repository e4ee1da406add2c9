package watch

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"net/url"
	"time"

	"tamga"
	"tamga/internal/database"
)

// seriesSchema holds the projection. first is the number of the capture that made
// the point, seq that of the one that decided it.
const seriesSchema = `
CREATE TABLE IF NOT EXISTS uptime (
	source  TEXT NOT NULL,
	at      INTEGER NOT NULL,
	first   INTEGER NOT NULL,
	seq     INTEGER NOT NULL,
	url     TEXT NOT NULL,
	outcome TEXT NOT NULL,
	PRIMARY KEY (source, at, first)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS uptime_log ON uptime (source, first);
CREATE TABLE IF NOT EXISTS uptime_meta (
	name  TEXT PRIMARY KEY,
	value INTEGER NOT NULL
) WITHOUT ROWID;
`

// Log is the evidence log as the series reads it.
type Log interface {
	Len() int64
	Captures(ctx context.Context, from int64) iter.Seq2[tamga.Capture, error]
}

// Series is how each source was found over time: a projection of the log into
// tamga.db. A capture that no page led to is a seed's and makes a point; one that
// the redirect of a point led to, or that stands in for it on a mirror, decides that
// point anew.
type Series struct{ db *database.DB }

// OpenSeries prepares its tables.
func OpenSeries(ctx context.Context, db *database.DB) (*Series, error) {
	if _, err := db.ExecContext(ctx, seriesSchema); err != nil {
		return nil, fmt.Errorf("open uptime series: %w", err)
	}
	return &Series{db}, nil
}

// seriesBatch is the number of captures taken in by one transaction, so that the
// crawl, which shares the database, waits for moments only.
const seriesBatch = 4096

// Update takes in what the log has that the series has not. A log that is shorter
// than what was taken in has lost its tail: so does the series.
func (s *Series) Update(ctx context.Context, log Log) error {
	for {
		more, err := s.update(ctx, log)
		if err != nil {
			return fmt.Errorf("update uptime series: %w", err)
		}
		if !more {
			return nil
		}
	}
}

func (s *Series) update(ctx context.Context, log Log) (more bool, err error) {
	end := log.Len()
	var next int64
	if err := s.db.QueryRowContext(ctx, `SELECT coalesce((SELECT value FROM uptime_meta WHERE name = 'next'), 0)`).Scan(&next); err != nil {
		return false, err
	}
	if next == end {
		return false, nil
	}
	// Read before the transaction: the crawl must not wait for the disk.
	var batch []tamga.Capture
	from := min(next, end)
	for c, err := range log.Captures(ctx, from) {
		if err != nil {
			return false, err
		}
		if c.Seq >= end || c.Seq >= from+seriesBatch {
			break
		}
		if counts(c) {
			batch = append(batch, c)
		}
	}
	to := min(end, from+seriesBatch)
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return false, err
	}
	defer tx.Rollback()
	if next > end {
		if _, err := tx.ExecContext(ctx, `DELETE FROM uptime WHERE seq >= ?`, end); err != nil {
			return false, err
		}
	}
	for _, c := range batch {
		if err := apply(ctx, tx, c); err != nil {
			return false, err
		}
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO uptime_meta (name, value) VALUES ('next', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value`, to); err != nil {
		return false, err
	}
	return to < end, tx.Commit()
}

// counts: the capture may make or decide a point.
func counts(c tamga.Capture) bool {
	return c.Route != tamga.RouteImport && c.Source != "" && c.Outcome != tamga.OutcomeCancelled
}

// found is how a capture found the source: one that sent to where nothing is fetched
// answered.
func found(c tamga.Capture) tamga.Outcome {
	if c.Outcome == tamga.OutcomePolicy && c.Status != 0 {
		return tamga.OutcomeRedirect
	}
	return c.Outcome
}

// apply is the whole effect of one capture on the series; twice is as once.
func apply(ctx context.Context, tx *sql.Tx, c tamga.Capture) error {
	if c.Via == "" {
		_, err := tx.ExecContext(ctx, `INSERT INTO uptime (source, at, first, seq, url, outcome) VALUES (?,?,?,?,?,?) ON CONFLICT DO NOTHING`,
			c.Source, c.Requested.UnixNano(), c.Seq, c.Seq, c.URL, string(found(c)))
		return err
	}
	// Only the last point of its source can still be awaiting this.
	var at, first, seq int64
	var from, outcome string
	err := tx.QueryRowContext(ctx, `SELECT at, first, seq, url, outcome FROM uptime WHERE source = ? ORDER BY first DESC LIMIT 1`, c.Source).Scan(&at, &first, &seq, &from, &outcome)
	if errors.Is(err, sql.ErrNoRows) || err == nil && (from != c.Via || seq >= c.Seq || !open(tamga.Outcome(outcome), from, c.URL)) {
		return nil
	}
	if err == nil {
		_, err = tx.ExecContext(ctx, `UPDATE uptime SET seq = ?, url = ?, outcome = ? WHERE source = ? AND at = ? AND first = ?`,
			c.Seq, c.URL, string(found(c)), c.Source, at, first)
	}
	return err
}

// open tells whether a point with an outcome at a URL is decided by a capture that
// followed from it: the target of a redirect, or a mirror that stood in.
func open(o tamga.Outcome, from, to string) bool {
	switch o {
	case tamga.OutcomeRedirect:
		return true
	case tamga.OutcomeQueue, tamga.OutcomeDDoS: // they may have links of their own
		a, errA := url.Parse(from)
		b, errB := url.Parse(to)
		return errA == nil && errB == nil && a.Host != b.Host
	}
	return !Reached(o)
}

// Points lists the points of sources since a time, in the order of the log, which a
// clock that was set back does not change; of one that has none so late, its last.
func (s *Series) Points(ctx context.Context, sources []string, since time.Time) (map[string][]Point, error) {
	out := map[string][]Point{}
	for _, source := range sources {
		points, err := s.points(ctx, `SELECT source, at, seq, url, outcome FROM uptime WHERE source = ? AND at >= ? ORDER BY first`, source, since.UnixNano())
		if err == nil && len(points) == 0 {
			points, err = s.points(ctx, `SELECT source, at, seq, url, outcome FROM uptime WHERE source = ? ORDER BY first DESC LIMIT 1`, source)
		}
		if err != nil {
			return nil, fmt.Errorf("read uptime series: %w", err)
		}
		out[source] = points
	}
	return out, nil
}

func (s *Series) points(ctx context.Context, query string, args ...any) (out []Point, err error) {
	rows, err := s.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var p Point
		var at int64
		var outcome string
		if err := rows.Scan(&p.Source, &at, &p.Seq, &p.URL, &outcome); err != nil {
			return nil, err
		}
		p.At, p.Outcome = time.Unix(0, at).UTC(), tamga.Outcome(outcome)
		out = append(out, p)
	}
	return out, rows.Err()
}
