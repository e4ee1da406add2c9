package database

import (
	"path/filepath"
	"sync"
	"testing"
)

func open(t *testing.T, file string) *DB {
	t.Helper()
	d, err := Open(file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// TestTurns: many write at once, each in long transactions, and nobody finds the
// file locked; readers meanwhile see whole transactions only.
func TestTurns(t *testing.T) {
	const writers, rounds = 8, 50
	d := open(t, filepath.Join(t.TempDir(), "a b%20?.db"))
	if _, err := d.ExecContext(t.Context(), `CREATE TABLE demo (who INTEGER, n INTEGER)`); err != nil {
		t.Fatal(err)
	}
	var writing, reading sync.WaitGroup
	done := make(chan struct{})
	for range 2 {
		reading.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				n := 0
				if err := d.QueryRowContext(t.Context(), `SELECT count(*) FROM demo`).Scan(&n); err != nil || n%2 != 0 {
					t.Errorf("%d rows of pairs: %v", n, err)
					return
				}
			}
		})
	}
	for who := range writers {
		writing.Go(func() {
			for n := range rounds {
				tx, err := d.BeginTx(t.Context(), nil)
				if err != nil {
					t.Error(err)
					return
				}
				for range 2 {
					if _, err := tx.Exec(`INSERT INTO demo VALUES (?, ?)`, who, n); err != nil {
						t.Error(err)
					}
				}
				if err := tx.Commit(); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	writing.Wait()
	close(done)
	reading.Wait()
	n := 0
	if err := d.Reader().QueryRow(`SELECT count(*) FROM demo`).Scan(&n); err != nil || n != 2*writers*rounds {
		t.Errorf("%d rows, %v", n, err)
	}
}

// TestReadersOnlyRead: a statement that writes does not slip past the one writer.
func TestReadersOnlyRead(t *testing.T) {
	d := open(t, filepath.Join(t.TempDir(), "t.db"))
	if _, err := d.Writer().Exec(`CREATE TABLE demo (n INTEGER)`); err != nil {
		t.Fatal(err)
	}
	rows, err := d.QueryContext(t.Context(), `INSERT INTO demo VALUES (1) RETURNING n`)
	if err == nil {
		for rows.Next() {
		}
		err = rows.Err()
		rows.Close()
	}
	if err == nil {
		t.Error("a reader has written")
	}
}

// TestOtherProcess: a writer waits for one that has the file open for itself, as
// another process has.
func TestOtherProcess(t *testing.T) {
	file := filepath.Join(t.TempDir(), "t.db")
	a, b := open(t, file), open(t, file)
	if _, err := a.ExecContext(t.Context(), `CREATE TABLE demo (n INTEGER)`); err != nil {
		t.Fatal(err)
	}
	var both sync.WaitGroup
	for _, d := range []*DB{a, b} {
		both.Go(func() {
			for range 100 {
				tx, err := d.BeginTx(t.Context(), nil)
				if err == nil {
					_, err = tx.Exec(`INSERT INTO demo SELECT count(*) FROM demo`)
				}
				if err == nil {
					err = tx.Commit()
				}
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	both.Wait()
	n := 0
	if err := b.QueryRowContext(t.Context(), `SELECT max(n) FROM demo`).Scan(&n); err != nil || n != 199 {
		t.Errorf("the last of 200 counted %d: %v", n, err)
	}
}
