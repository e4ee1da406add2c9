// Package database opens the SQLite file of a workspace for one process: with one
// connection that writes and a few that read.
//
// All that write in a process share that connection, so they take turns, in the
// order in which they come, instead of finding the file locked by each other
// (SQLITE_BUSY). Readers see what was committed last, and wait for nobody (WAL).
// Only other processes can hold a writer up, and it waits for them.
package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"

	_ "modernc.org/sqlite" // the driver
)

// Readers is how many connections read at a time.
const Readers = 4

// waits is how long a writer waits for another process, in milliseconds. Writing
// transactions take the lock when they begin (immediate): one that would have to
// take it in the middle could not wait for it.
const waits = "_pragma=busy_timeout(30000)"

// DB is the database. What is read by QueryContext and QueryRowContext is what is
// committed: inside a transaction, read through it.
type DB struct{ write, read *sql.DB }

// Open opens the file, which is made by the first write. A process that is killed
// loses nothing that was committed; a machine that loses its power may lose the
// last moments, which are made again from the evidence log.
func Open(file string) (*DB, error) {
	uri := func(query string) string {
		u := url.URL{Scheme: "file", Opaque: url.PathEscape(file), RawQuery: waits + query}
		return u.String()
	}
	write, err := sql.Open("sqlite", uri("&_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)&_txlock=immediate"))
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", file, err)
	}
	write.SetMaxOpenConns(1)
	read, err := sql.Open("sqlite", uri("&_pragma=query_only(1)"))
	if err != nil {
		write.Close()
		return nil, fmt.Errorf("open %s: %w", file, err)
	}
	read.SetMaxOpenConns(Readers)
	return &DB{write, read}, nil
}

// Close closes every connection.
func (d *DB) Close() error { return errors.Join(d.read.Close(), d.write.Close()) }

// Writer is the connection that writes.
func (d *DB) Writer() *sql.DB { return d.write }

// Reader are those that read.
func (d *DB) Reader() *sql.DB { return d.read }

// ExecContext writes.
func (d *DB) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	return d.write.ExecContext(ctx, query, args...)
}

// BeginTx begins a transaction that writes.
func (d *DB) BeginTx(ctx context.Context, opts *sql.TxOptions) (*sql.Tx, error) {
	return d.write.BeginTx(ctx, opts)
}

// QueryContext reads.
func (d *DB) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return d.read.QueryContext(ctx, query, args...)
}

// QueryRowContext reads a row.
func (d *DB) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	return d.read.QueryRowContext(ctx, query, args...)
}
