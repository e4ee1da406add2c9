package tags

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"

	"tamga"
)

// The kinds of claims in the evidence log that a Store is made from.
const (
	ClaimTags   = "tags"
	ClaimActors = "actors"
)

// Batch is what one claim says: some tags or actors of one file or page.
type Batch struct {
	File   string      `json:"file,omitempty"`   // name of the file imported
	Digest string      `json:"digest,omitempty"` // sha256: of its bytes
	Title  string      `json:"title,omitempty"`
	By     string      `json:"creator,omitempty"`
	Tags   []tamga.Tag `json:"tags,omitempty"`
	Actors []Actor     `json:"actors,omitempty"`
}

// BatchSize is how many tags or actors go into one claim.
const BatchSize = 1000

// Store holds the tags of a workspace in SQLite, made from the claims of its
// evidence log. The later of two claims about one thing of one source stands.
type Store struct{ db *sql.DB }

const schema = `
CREATE TABLE IF NOT EXISTS tag_meta (one INTEGER PRIMARY KEY CHECK (one = 1), next INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS tag (
	subject TEXT NOT NULL, -- address or txid
	label TEXT NOT NULL, source TEXT NOT NULL, asset TEXT NOT NULL,
	definer INTEGER NOT NULL,
	data TEXT NOT NULL, -- the tag as JSON
	PRIMARY KEY (subject, label, source, asset)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS tag_definer ON tag (subject) WHERE definer = 1;
CREATE TABLE IF NOT EXISTS actor (id TEXT PRIMARY KEY, data TEXT NOT NULL) WITHOUT ROWID;
`

// Open makes the tables where they are not there yet. The caller closes db.
func Open(ctx context.Context, db *sql.DB) (*Store, error) {
	if _, err := db.ExecContext(ctx, schema); err != nil {
		return nil, fmt.Errorf("open tags: %w", err)
	}
	return &Store{db}, nil
}

// Next is the entry of the evidence log that was not read yet.
func (s *Store) Next(ctx context.Context) (next int64, err error) {
	err = s.db.QueryRowContext(ctx, `SELECT next FROM tag_meta`).Scan(&next)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return next, err
}

// Clear forgets everything, so that it is made again from the log.
func (s *Store) Clear(ctx context.Context) error {
	_, err := s.db.ExecContext(ctx, `DELETE FROM tag; DELETE FROM actor; DELETE FROM tag_meta`)
	return err
}

// Fill takes in claims, each the JSON of a Batch, and moves Next to next, all or
// nothing.
func (s *Store) Fill(ctx context.Context, claims iter.Seq2[json.RawMessage, error], next int64) (err error) {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("fill tags: %w", err)
	}
	defer tx.Rollback() // of no effect after Commit
	insert, err := tx.PrepareContext(ctx, `INSERT OR REPLACE INTO tag VALUES (?, ?, ?, ?, ?, ?)`)
	if err != nil {
		return fmt.Errorf("fill tags: %w", err)
	}
	defer insert.Close()
	for data, err := range claims {
		if err != nil {
			return err
		}
		var b Batch
		if err := json.Unmarshal(data, &b); err != nil {
			return fmt.Errorf("fill tags: %w", err)
		}
		if err := put(ctx, tx, insert, b); err != nil {
			return fmt.Errorf("fill tags: %w", err)
		}
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO tag_meta VALUES (1, ?) ON CONFLICT DO UPDATE SET next = excluded.next`, next); err != nil {
		return fmt.Errorf("fill tags: %w", err)
	}
	return tx.Commit()
}

func put(ctx context.Context, tx *sql.Tx, insert *sql.Stmt, b Batch) error {
	for _, t := range b.Tags {
		data, err := json.Marshal(t)
		if err != nil {
			return err
		}
		if _, err := insert.ExecContext(ctx, subject(t), t.Label, t.Source, t.Asset, t.ClusterDefiner, string(data)); err != nil {
			return err
		}
	}
	for _, a := range b.Actors {
		data, err := json.Marshal(a)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `INSERT OR REPLACE INTO actor VALUES (?, ?)`, a.ID, string(data)); err != nil {
			return err
		}
	}
	return nil
}

// Lookup returns the tags of an address or transaction, the surest first; none
// is no error. It asks no wallet: see
// Resolver.
func (s *Store) Lookup(ctx context.Context, subject string) ([]tamga.Tag, error) {
	return s.query(ctx, `SELECT data FROM tag WHERE subject = ?`, Key(subject))
}

// All returns every tag, in the order of compare.
func (s *Store) All(ctx context.Context) ([]tamga.Tag, error) {
	return s.query(ctx, `SELECT data FROM tag`)
}

// Definers returns the tags of addresses that speak for their wallets.
func (s *Store) Definers(ctx context.Context) ([]tamga.Tag, error) {
	return s.query(ctx, `SELECT data FROM tag WHERE definer = 1`)
}

func (s *Store) query(ctx context.Context, q string, a ...any) ([]tamga.Tag, error) {
	all, err := rows[tamga.Tag](ctx, s.db, q, a...)
	slices.SortFunc(all, compare)
	return all, err
}

// Latest is the newest date of the tags with an abuse; "" where there is none.
func (s *Store) Latest(ctx context.Context, abuse string) (date string, err error) {
	err = s.db.QueryRowContext(ctx, `SELECT coalesce(max(data ->> 'date'), '') FROM tag WHERE data ->> 'abuse' = ?`, abuse).Scan(&date)
	return date, err
}

// Actors returns every actor, by id.
func (s *Store) Actors(ctx context.Context) ([]Actor, error) {
	return rows[Actor](ctx, s.db, `SELECT data FROM actor ORDER BY id`)
}

// Actor returns an actor by its id.
func (s *Store) Actor(ctx context.Context, id string) (Actor, bool, error) {
	found, err := rows[Actor](ctx, s.db, `SELECT data FROM actor WHERE id = ?`, id)
	if err != nil || len(found) == 0 {
		return Actor{}, false, err
	}
	return found[0], true, nil
}

// rows reads JSON values.
func rows[T any](ctx context.Context, db *sql.DB, q string, a ...any) (out []T, err error) {
	r, err := db.QueryContext(ctx, q, a...)
	if err != nil {
		return nil, fmt.Errorf("read tags: %w", err)
	}
	defer r.Close()
	for r.Next() {
		var data []byte
		var v T
		if err := r.Scan(&data); err != nil {
			return nil, fmt.Errorf("read tags: %w", err)
		}
		if err := json.Unmarshal(data, &v); err != nil {
			return nil, fmt.Errorf("read tags: %w", err)
		}
		out = append(out, v)
	}
	return out, r.Err()
}

// Holds tells whether there is a tag with the same subject, label, source and
// asset.
func (s *Store) Holds(ctx context.Context, t tamga.Tag) (held bool, err error) {
	err = s.db.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM tag WHERE subject = ? AND label = ? AND source = ? AND asset = ?)`,
		subject(t), t.Label, t.Source, t.Asset).Scan(&held)
	return held, err
}

// subject is what a tag is kept under.
func subject(t tamga.Tag) string {
	if t.Address != "" {
		return Key(t.Address)
	}
	return t.TxID
}
