package crawler

import (
	"context"
	"database/sql"
	"fmt"
)

// Forget drops from the frontier in db what captures told that are removed: URLs
// that stood on their pages and were never captured themselves, and what their
// layers said. The URLs of the captures stay: they are in the log, and keep them
// from being fetched again in the same pass. What is dropped is found again where
// another page has it. No crawl may be at work.
func Forget(ctx context.Context, db *sql.DB, captures []int64) (dropped int64, err error) {
	if err := prepare(db); err != nil {
		return 0, fmt.Errorf("open frontier: %w", err)
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return 0, fmt.Errorf("clean frontier: %w", err)
	}
	defer tx.Rollback() // of no effect after Commit
	err = func() error {
		if _, err := tx.ExecContext(ctx, `CREATE TEMP TABLE removed (seq INTEGER PRIMARY KEY)`); err != nil {
			return err
		}
		put, err := tx.PrepareContext(ctx, `INSERT OR IGNORE INTO removed VALUES (?)`)
		if err != nil {
			return err
		}
		defer put.Close()
		for _, seq := range captures {
			if _, err := put.ExecContext(ctx, seq); err != nil {
				return err
			}
		}
		// A row of a capture that is a redirect has no link of its own but its target.
		r, err := tx.ExecContext(ctx, `DELETE FROM frontier_url WHERE seq IS NULL AND via IN (SELECT id FROM frontier_url WHERE seq IN (SELECT seq FROM removed))`)
		if err != nil {
			return err
		}
		if dropped, err = r.RowsAffected(); err != nil {
			return err
		}
		for _, q := range []string{
			`UPDATE frontier_url SET detail = '' WHERE seq IN (SELECT seq FROM removed)`,
			`DELETE FROM frontier_rule WHERE host NOT IN (SELECT host FROM frontier_url)`,
			`DELETE FROM frontier_host WHERE id NOT IN (SELECT host FROM frontier_url)`,
			`DROP TABLE removed`,
		} {
			if _, err := tx.ExecContext(ctx, q); err != nil {
				return err
			}
		}
		return tx.Commit()
	}()
	if err != nil {
		return 0, fmt.Errorf("clean frontier: %w", err)
	}
	return dropped, nil
}
