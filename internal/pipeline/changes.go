package pipeline

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"tamga"
	"tamga/extract/change"
	"tamga/internal/database"
)

// changesVersion is that of the rules and of the tables; tables of another one are
// made anew from the log.
const changesVersion = 2

const changeSchema = `
CREATE TABLE IF NOT EXISTS change_meta (one INTEGER PRIMARY KEY CHECK (one = 1), version INTEGER NOT NULL, next INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS change_state (key BLOB PRIMARY KEY, data TEXT NOT NULL) WITHOUT ROWID; -- what the last captures said, as JSON
CREATE TABLE IF NOT EXISTS change_found (id TEXT PRIMARY KEY, seq INTEGER NOT NULL, data TEXT NOT NULL); -- seq: of the later capture
CREATE INDEX IF NOT EXISTS change_found_seq ON change_found (seq);
`

// Changes finds what differs between captures, in the order of the log. Its tables
// are a projection of the log with a checkpoint of their own, committed with what
// was found: an interruption anywhere repeats nothing and loses nothing. They hold
// one small row a record, so that memory stays that of a batch.
type Changes struct{ db *database.DB }

// OpenChanges makes the tables where they are missing.
func OpenChanges(ctx context.Context, db *database.DB) (*Changes, error) {
	c := &Changes{db}
	if _, err := db.ExecContext(ctx, changeSchema); err != nil {
		return nil, fmt.Errorf("open changes: %w", err)
	}
	var version int
	err := db.QueryRowContext(ctx, `SELECT version FROM change_meta`).Scan(&version)
	if errors.Is(err, sql.ErrNoRows) || err == nil && version != changesVersion {
		err = c.Clear(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("open changes: %w", err)
	}
	return c, nil
}

// Clear forgets everything: the log is compared from its start again.
func (c *Changes) Clear(ctx context.Context) error {
	tx, err := c.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // of no effect after Commit
	for _, q := range []string{`DELETE FROM change_state`, `DELETE FROM change_found`} {
		if _, err := tx.ExecContext(ctx, q); err != nil {
			return err
		}
	}
	if _, err := tx.ExecContext(ctx, `INSERT OR REPLACE INTO change_meta VALUES (1, ?, 0)`, changesVersion); err != nil {
		return err
	}
	return tx.Commit()
}

// Next is the first entry of the log that was not compared yet.
func (c *Changes) Next(ctx context.Context) (next int64, err error) {
	return next, c.db.QueryRowContext(ctx, `SELECT next FROM change_meta`).Scan(&next)
}

// Take compares captures, which are those of the log from Next up to next, with what
// was before them. Those before Next are passed over. A page may be nil.
func (c *Changes) Take(ctx context.Context, captures []tamga.Capture, pages []*tamga.Page, next int64) error {
	from, err := c.Next(ctx)
	if err != nil || next <= from {
		return err
	}
	b := &comparison{ctx: ctx, db: c.db, rows: map[string]*row{}}
	for i, capture := range captures {
		if capture.Seq < from || capture.Seq >= next {
			continue
		}
		if b.take(capture, pages[i]); b.err != nil {
			return b.err
		}
	}
	return b.commit(next)
}

// Between yields the changes whose later capture is one of the entries [from, to).
func (c *Changes) Between(ctx context.Context, from, to int64) (out []tamga.Change, err error) {
	rows, err := c.db.QueryContext(ctx, `SELECT data FROM change_found WHERE seq >= ? AND seq < ? ORDER BY seq, rowid`, from, to)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var data []byte
		var x tamga.Change
		if err := rows.Scan(&data); err != nil {
			return nil, err
		}
		if err := json.Unmarshal(data, &x); err != nil {
			return nil, err
		}
		out = append(out, x)
	}
	return out, rows.Err()
}

// row is a row of change_state in memory, as its type.
type row struct {
	value any // nil: there is none
	dirty bool
}

// comparison compares the captures of one batch over the tables.
type comparison struct {
	ctx   context.Context
	db    *database.DB
	rows  map[string]*row
	found []tamga.Change
	err   error // the first one; nothing is done after it
}

// stateKey is short, and of one length.
func stateKey(key string) []byte {
	sum := sha256.Sum256([]byte(key))
	return sum[:12]
}

// load is the row of a key, nil where there is none.
func load[T any](b *comparison, key string) *T {
	if b.err != nil {
		return nil
	}
	if r, ok := b.rows[key]; ok {
		v, _ := r.value.(*T)
		return v
	}
	r := &row{}
	b.rows[key] = r
	var data []byte
	switch err := b.db.QueryRowContext(b.ctx, `SELECT data FROM change_state WHERE key = ?`, stateKey(key)).Scan(&data); {
	case errors.Is(err, sql.ErrNoRows):
		return nil
	case err != nil:
		b.err = fmt.Errorf("read what was before: %w", err)
		return nil
	}
	v := new(T)
	if err := json.Unmarshal(data, v); err != nil {
		b.err = fmt.Errorf("read what was before: %w", err)
		return nil
	}
	r.value = v
	return v
}

func save[T any](b *comparison, key string, v *T) { b.rows[key] = &row{v, true} }

func (b *comparison) commit(next int64) error {
	tx, err := b.db.BeginTx(b.ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // of no effect after Commit
	if _, err := tx.ExecContext(b.ctx, `UPDATE change_meta SET next = ?`, next); err != nil {
		return err
	}
	put, err := tx.PrepareContext(b.ctx, `INSERT OR REPLACE INTO change_state VALUES (?, ?)`)
	if err != nil {
		return err
	}
	defer put.Close()
	for key, r := range b.rows {
		if !r.dirty {
			continue
		}
		data, err := json.Marshal(r.value)
		if err != nil {
			return err
		}
		if _, err := put.ExecContext(b.ctx, stateKey(key), string(data)); err != nil {
			return err
		}
	}
	for i := range b.found {
		data, err := json.Marshal(b.found[i])
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(b.ctx, `INSERT OR REPLACE INTO change_found VALUES (?, ?, ?)`, b.found[i].ID, b.found[i].Is.Seq, string(data)); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// remembered is a record as it was seen last.
type remembered struct {
	change.Record
	Seen  tamga.Sighting `json:"seen"`
	Gone  bool           `json:"gone,omitempty"`
	Turns map[string]int `json:"turns,omitempty"` // captures in a row, to this one, that each had other identifiers
}

// at is the sighting with the place of a value of it, or else of the record.
func (r *remembered) at(v []change.Value) tamga.Sighting {
	s := r.Seen
	s.Span = r.Span
	if len(v) > 0 {
		s.Span = v[0].Span
	}
	return s
}

// members are the records of a list page.
type members struct {
	Members []change.Member `json:"members"`
}
