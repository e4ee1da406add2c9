package crawler

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// A batch is one transaction of many results, so that a page does not cost a
// commit. Everything in it is a projection of the log: losing it costs a replay.
const (
	batchResults = 64
	batchAge     = 50 * time.Millisecond
	batchLocks   = time.Second // of the system's time, whatever clock is given: others write too
)

func (f *Frontier) begin(ctx context.Context) error {
	if f.tx != nil {
		return nil
	}
	// A transaction outlives the context of the crawl: what was applied is
	// committed when the crawl is interrupted.
	tx, err := f.db.BeginTx(context.WithoutCancel(ctx), nil)
	if err != nil {
		return fmt.Errorf("begin frontier batch: %w", err)
	}
	f.tx, f.begun, f.opened, f.size = tx, f.now(), time.Now(), 0
	return nil
}

// age of the batch under way; one that began in the future is of a clock that was
// set back, and is old, and so is one that others wait for.
func (f *Frontier) age() time.Duration {
	if d := f.now().Sub(f.begun); d >= 0 && time.Since(f.opened) < batchLocks {
		return d
	}
	return batchAge
}

func (f *Frontier) commit() error {
	if f.tx == nil {
		return nil
	}
	f.closeStmts()
	err := f.tx.Commit()
	f.tx = nil
	if err != nil {
		f.known.forget()
		return fmt.Errorf("commit frontier batch: %w", err)
	}
	return nil
}

// abandon drops the batch after an error.
func (f *Frontier) abandon() {
	if f.tx != nil {
		f.closeStmts()
		f.tx.Rollback()
		f.tx = nil
		f.known.forget()
		clear(f.hosts.ids)
	}
}

func (f *Frontier) closeStmts() {
	for q, s := range f.stmts {
		s.Close()
		delete(f.stmts, q)
	}
}

// stmt prepares a statement once a batch.
func (f *Frontier) stmt(ctx context.Context, query string) (*sql.Stmt, error) {
	if s, ok := f.stmts[query]; ok {
		return s, nil
	}
	if err := f.begin(ctx); err != nil {
		return nil, err
	}
	s, err := f.tx.PrepareContext(context.WithoutCancel(ctx), query)
	if err != nil {
		return nil, fmt.Errorf("prepare %.60q: %w", query, err)
	}
	f.stmts[query] = s
	return s, nil
}

func (f *Frontier) exec(ctx context.Context, query string, args ...any) error {
	s, err := f.stmt(ctx, query)
	if err != nil {
		return err
	}
	f.size++
	if _, err := s.ExecContext(context.WithoutCancel(ctx), args...); err != nil {
		return fmt.Errorf("frontier: %.60q: %w", query, err)
	}
	return nil
}

// query calls each with the columns of every row.
func (f *Frontier) query(ctx context.Context, query string, each func(scan func(...any) error) error, args ...any) error {
	if err := f.begin(ctx); err != nil {
		return err
	}
	rows, err := f.tx.QueryContext(context.WithoutCancel(ctx), query, args...)
	if err != nil {
		return fmt.Errorf("frontier: %.60q: %w", query, err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := each(rows.Scan); err != nil {
			return fmt.Errorf("frontier: %.60q: %w", query, err)
		}
	}
	return rows.Err()
}

// row reads one row; no row leaves dest as it is.
func (f *Frontier) row(ctx context.Context, query string, args []any, dest ...any) error {
	s, err := f.stmt(ctx, query)
	if err != nil {
		return err
	}
	err = s.QueryRowContext(context.WithoutCancel(ctx), args...).Scan(dest...)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("frontier: %.60q: %w", query, err)
	}
	return nil
}
