package crawler

import (
	"database/sql"
	"path/filepath"
	"testing"

	_ "modernc.org/sqlite"
)

func TestForget(t *testing.T) {
	db, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "f.db")+"?_pragma=journal_mode(WAL)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if _, err := Open(db); err != nil {
		t.Fatal(err)
	}
	for _, q := range []string{
		`INSERT INTO frontier_host (id, origin) VALUES (1, 'http://demo.onion'), (2, 'http://told.onion')`,
		`INSERT INTO frontier_url (id, key, url, host, via, state, seq, detail) VALUES
			(1, x'01', 'http://demo.onion/', 1, NULL, 2, 3, 'said by the page'),
			(2, x'02', 'http://demo.onion/stays', 1, 1, 2, 5, 'kept'),
			(3, x'03', 'http://demo.onion/told', 1, 1, 0, NULL, ''),
			(4, x'04', 'http://told.onion/', 2, 1, 3, NULL, 'refused'),
			(5, x'05', 'http://demo.onion/of-another', 1, 2, 0, NULL, '')`,
	} {
		if _, err := db.Exec(q); err != nil {
			t.Fatal(err)
		}
	}
	n, err := Forget(t.Context(), db, []int64{3, 3, 99})
	if err != nil || n != 2 {
		t.Fatalf("%d %v", n, err)
	}
	rows, err := db.Query(`SELECT id || detail FROM frontier_url ORDER BY id`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var got string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		got += s + ";"
	}
	if got != "1;2kept;5;" {
		t.Errorf("left: %s", got)
	}
	rows.Close()
	var hosts int
	if err := db.QueryRow(`SELECT count(*) FROM frontier_host`).Scan(&hosts); err != nil || hosts != 1 {
		t.Errorf("%d hosts %v", hosts, err)
	}
	if n, err := Forget(t.Context(), db, []int64{3}); err != nil || n != 0 {
		t.Errorf("again: %d %v", n, err)
	}
	if _, err := Open(db); err != nil {
		t.Error(err)
	}
}
