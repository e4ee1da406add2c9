package pipeline

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"tamga"
	"tamga/evidence"
)

// Orphans are the claims of the log that quote captures whose bytes were removed:
// alerts with the values that a page showed, and addresses that one told. What
// people stated (tags, decisions, recorded links) is theirs and none.
func Orphans(ctx context.Context, log *evidence.Archive) (out []int64, err error) {
	for c, err := range log.Claims(ctx, 0) {
		if err != nil {
			return nil, err
		}
		orphan := false
		switch c.Kind {
		case ClaimAlert:
			var x tamga.Alert
			if err := json.Unmarshal(c.Data, &x); err != nil {
				return nil, fmt.Errorf("entry %d: %w", c.Seq, err)
			}
			if x.Hit != nil {
				orphan = log.Removed(x.Hit.Seq)
			}
			if x.Change != nil {
				orphan = orphan || log.Removed(x.Change.Was.Seq) || log.Removed(x.Change.Is.Seq)
			}
		case ClaimMirror:
			var x Told
			if err := json.Unmarshal(c.Data, &x); err != nil {
				return nil, fmt.Errorf("entry %d: %w", c.Seq, err)
			}
			_, stays := log.Find(x.Capture)
			orphan = !stays
		}
		if orphan {
			out = append(out, c.Seq)
		}
	}
	return out, nil
}

// Forget drops the alerts whose claims were withdrawn from the tables.
func (a *Alerts) Forget(ctx context.Context) error {
	if err := a.update(ctx); err != nil {
		return err
	}
	rows, err := a.db.QueryContext(ctx, `SELECT id FROM alert`)
	if err != nil {
		return fmt.Errorf("read alerts: %w", err)
	}
	var ids []int64
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			rows.Close()
			return fmt.Errorf("read alerts: %w", err)
		}
		ids = append(ids, id)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read alerts: %w", err)
	}
	for _, id := range slices.DeleteFunc(ids, func(id int64) bool { return !a.log.Withdrawn(id) }) {
		for _, q := range []string{`DELETE FROM alert_delivery WHERE id = ?`, `DELETE FROM alert WHERE id = ?`} {
			if _, err := a.db.ExecContext(ctx, q, id); err != nil {
				return fmt.Errorf("forget alert %d: %w", id, err)
			}
		}
	}
	return nil
}
