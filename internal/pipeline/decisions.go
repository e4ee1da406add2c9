package pipeline

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"tamga"
	"tamga/evidence"
)

// ClaimDecision is the kind of the claims that say what a person decided about
// two addresses, or that such a decision no longer stands.
const ClaimDecision = "decision"

// Undo is the kind of a decision that ends another one, which its Of names.
const Undo = "undo"

// Decided is a decision as its claim says it; id and time are those of the
// log's entry.
type Decided struct {
	Kind string `json:"decision"` // forbid, assert, undo
	A    string `json:"a,omitempty"`
	B    string `json:"b,omitempty"`
	Of   int64  `json:"of,omitempty"` // undo: the decision that ends
	Who  string `json:"who"`
	Why  string `json:"why"`
}

const decisionSchema = `
CREATE TABLE IF NOT EXISTS decision_meta (one INTEGER PRIMARY KEY CHECK (one = 1), next INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS decision (id INTEGER PRIMARY KEY, data TEXT NOT NULL); -- as JSON; those that stand
`

// Decisions are the decisions of a workspace that stand, oldest first. They are
// kept in the evidence log; db remembers how far it was read.
func Decisions(ctx context.Context, log *evidence.Archive, db *sql.DB) ([]tamga.Decision, error) {
	out, err := decisions(ctx, log, db)
	if err != nil {
		return nil, fmt.Errorf("read decisions: %w", err)
	}
	return out, nil
}

func decisions(ctx context.Context, log *evidence.Archive, db *sql.DB) ([]tamga.Decision, error) {
	if _, err := db.ExecContext(ctx, decisionSchema); err != nil {
		return nil, err
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer tx.Rollback() // of no effect after Commit
	next, total := int64(0), log.Len()
	if err := tx.QueryRowContext(ctx, `SELECT next FROM decision_meta`).Scan(&next); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, err
	}
	if next > total { // of another log
		next = 0
		if _, err := tx.ExecContext(ctx, `DELETE FROM decision`); err != nil {
			return nil, err
		}
	}
	if next < total {
		if err := takeDecisions(ctx, log, tx, next, total); err != nil {
			return nil, err
		}
	}
	out, err := standing(ctx, tx)
	if err != nil {
		return nil, err
	}
	return out, tx.Commit()
}

func takeDecisions(ctx context.Context, log *evidence.Archive, tx *sql.Tx, next, total int64) error {
	for c, err := range log.Claims(ctx, next) {
		if err != nil {
			return err
		}
		if c.Seq >= total {
			break
		}
		if c.Kind != ClaimDecision {
			continue
		}
		var d Decided
		if err := json.Unmarshal(c.Data, &d); err != nil {
			return fmt.Errorf("entry %d: %w", c.Seq, err)
		}
		switch d.Kind {
		case Undo:
			_, err = tx.ExecContext(ctx, `DELETE FROM decision WHERE id = ?`, d.Of)
		case tamga.Forbid, tamga.Assert:
			var data []byte
			if data, err = json.Marshal(tamga.Decision{ID: c.Seq, Kind: d.Kind, A: d.A, B: d.B, Who: d.Who, Why: d.Why, Time: c.Time}); err == nil {
				_, err = tx.ExecContext(ctx, `INSERT OR REPLACE INTO decision VALUES (?, ?)`, c.Seq, string(data))
			}
		default: // of a later version
			err = fmt.Errorf("entry %d: a decision to %q is not known to this version", c.Seq, d.Kind)
		}
		if err != nil {
			return err
		}
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO decision_meta VALUES (1, ?) ON CONFLICT DO UPDATE SET next = excluded.next`, total)
	return err
}

func standing(ctx context.Context, tx *sql.Tx) (out []tamga.Decision, err error) {
	rows, err := tx.QueryContext(ctx, `SELECT data FROM decision ORDER BY id`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var data []byte
		var d tamga.Decision
		if err := rows.Scan(&data); err != nil {
			return nil, err
		}
		if err := json.Unmarshal(data, &d); err != nil {
			return nil, err
		}
		out = append(out, d)
	}
	return out, rows.Err()
}
