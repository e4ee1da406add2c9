package rates

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"time"

	"tamga"
)

// Claim is the kind of the claims that a Store is made from, each a Batch.
const Claim = "rates"

// Batch is what one claim says: rates of one file.
type Batch struct {
	File   string `json:"file"`
	Digest string `json:"digest"` // sha256: of its bytes
	Rates  []Rate `json:"rates"`
}

// BatchSize is how many rates go into one claim.
const BatchSize = 5000

// Store holds the rates of a workspace in SQLite, made from the claims of its
// evidence log. Of two rates of one day the later claim's stands.
type Store struct{ db *sql.DB }

const schema = `
CREATE TABLE IF NOT EXISTS rate_meta (one INTEGER PRIMARY KEY CHECK (one = 1), next INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS rate (
	asset TEXT NOT NULL, currency TEXT NOT NULL, date TEXT NOT NULL, rate TEXT NOT NULL, source TEXT NOT NULL,
	PRIMARY KEY (asset, currency, date)
) WITHOUT ROWID;
`

// Open makes the tables where they are not there yet. The caller closes db.
func Open(ctx context.Context, db *sql.DB) (*Store, error) {
	if _, err := db.ExecContext(ctx, schema); err != nil {
		return nil, fmt.Errorf("open rates: %w", err)
	}
	return &Store{db}, nil
}

// Next is the entry of the evidence log that was not read yet.
func (s *Store) Next(ctx context.Context) (next int64, err error) {
	err = s.db.QueryRowContext(ctx, `SELECT next FROM rate_meta`).Scan(&next)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return next, err
}

// Clear forgets everything, so that it is made again from the log.
func (s *Store) Clear(ctx context.Context) error {
	_, err := s.db.ExecContext(ctx, `DELETE FROM rate; DELETE FROM rate_meta`)
	return err
}

// Fill takes in claims, each the JSON of a Batch, and moves Next to next, all or
// nothing.
func (s *Store) Fill(ctx context.Context, claims iter.Seq2[json.RawMessage, error], next int64) (err error) {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("fill rates: %w", err)
	}
	defer tx.Rollback() // of no effect after Commit
	for data, err := range claims {
		if err != nil {
			return err
		}
		var b Batch
		if err := json.Unmarshal(data, &b); err != nil {
			return fmt.Errorf("fill rates: %w", err)
		}
		for _, r := range b.Rates {
			if _, err := tx.ExecContext(ctx, `INSERT OR REPLACE INTO rate VALUES (?, ?, ?, ?, ?)`, r.Asset, r.Currency, r.Date, r.Rate, r.Source); err != nil {
				return fmt.Errorf("fill rates: %w", err)
			}
		}
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO rate_meta VALUES (1, ?) ON CONFLICT DO UPDATE SET next = excluded.next`, next); err != nil {
		return fmt.Errorf("fill rates: %w", err)
	}
	return tx.Commit()
}

// On is the rate of an asset on the day of a time, if there is one for that day.
func (s *Store) On(ctx context.Context, asset, currency string, at time.Time) (r Rate, ok bool, err error) {
	r = Rate{Asset: asset, Currency: currency, Date: Day(at)}
	err = s.db.QueryRowContext(ctx, `SELECT rate, source FROM rate WHERE asset = ? AND currency = ? AND date = ?`, asset, currency, r.Date).Scan(&r.Rate, &r.Source)
	if errors.Is(err, sql.ErrNoRows) {
		return Rate{}, false, nil
	}
	return r, err == nil, err
}

// Value is what an amount was worth on the day of a time; nil where the time or
// the day's rate is not known.
func (s *Store) Value(ctx context.Context, amount tamga.Amount, currency string, at time.Time) (*tamga.Fiat, error) {
	if at.IsZero() {
		return nil, nil
	}
	r, ok, err := s.On(ctx, amount.Asset, currency, at)
	if err != nil || !ok {
		return nil, err
	}
	return r.Value(amount), nil
}

// Range is the days that one source has rates for.
type Range struct {
	Asset    string `json:"asset"`
	Currency string `json:"currency"`
	Source   string `json:"source"`
	From     string `json:"from"`
	To       string `json:"to"`
	Days     int    `json:"days"` // with a rate
}

// Ranges lists what there is.
func (s *Store) Ranges(ctx context.Context) ([]Range, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT asset, currency, source, min(date), max(date), count(*) FROM rate GROUP BY asset, currency, source ORDER BY 1, 2, 3`)
	if err != nil {
		return nil, fmt.Errorf("read rates: %w", err)
	}
	defer rows.Close()
	out := []Range{}
	for rows.Next() {
		var r Range
		if err := rows.Scan(&r.Asset, &r.Currency, &r.Source, &r.From, &r.To, &r.Days); err != nil {
			return nil, fmt.Errorf("read rates: %w", err)
		}
		out = append(out, r)
	}
	return out, rows.Err()
}
