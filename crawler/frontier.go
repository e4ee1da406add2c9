package crawler

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"hash/maphash"
	"time"

	"tamga"
)

// The states of a URL. Ready waits, leased is being fetched, done and dead are
// final: captured, or given up. Parked waits for the next pass of its source, held
// for that or for the next run: its host does not answer.
const (
	stateReady = iota
	stateLeased
	stateDone
	stateDead
	stateParked
	stateHeld
)

// schema of the frontier's tables. The key is the first half of the SHA-256 of
// the canonical URL: short, and nobody can aim at a collision of 128 bits.
const schema = `
CREATE TABLE IF NOT EXISTS frontier_meta (
	name  TEXT PRIMARY KEY,
	value INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS frontier_host (
	id       INTEGER PRIMARY KEY,
	origin   TEXT NOT NULL UNIQUE,
	delay    INTEGER NOT NULL DEFAULT 0,
	parallel INTEGER NOT NULL DEFAULT 0,
	next_at  INTEGER NOT NULL DEFAULT 0,
	fails    INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS frontier_url (
	id          INTEGER PRIMARY KEY,
	key         BLOB NOT NULL UNIQUE,
	url         TEXT NOT NULL,
	host        INTEGER NOT NULL,
	via         INTEGER,
	source      TEXT NOT NULL DEFAULT '',
	depth       INTEGER NOT NULL DEFAULT 0,
	hops        INTEGER NOT NULL DEFAULT 0,
	pass        INTEGER NOT NULL DEFAULT 0,
	state       INTEGER NOT NULL DEFAULT 0,
	attempts    INTEGER NOT NULL DEFAULT 0,
	not_before  INTEGER NOT NULL DEFAULT 0,
	lease_until INTEGER NOT NULL DEFAULT 0,
	seq         INTEGER,
	target      INTEGER,
	outcome     TEXT NOT NULL DEFAULT '',
	detail      TEXT NOT NULL DEFAULT '',
	chain       INTEGER NOT NULL DEFAULT 0,
	visits      INTEGER NOT NULL DEFAULT 0,
	changes     INTEGER NOT NULL DEFAULT 0,
	digest      INTEGER NOT NULL DEFAULT 0,
	first       INTEGER NOT NULL DEFAULT 0,
	last        INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS frontier_rule (
	host INTEGER NOT NULL,
	rule TEXT NOT NULL,
	PRIMARY KEY (host, rule)
) WITHOUT ROWID;
DROP INDEX IF EXISTS frontier_ready;
CREATE INDEX IF NOT EXISTS frontier_due ON frontier_url (source, host, not_before, id) WHERE state = 0;
CREATE INDEX IF NOT EXISTS frontier_via ON frontier_url (via) WHERE via IS NOT NULL;
CREATE INDEX IF NOT EXISTS frontier_leased ON frontier_url (lease_until) WHERE state = 1;
CREATE INDEX IF NOT EXISTS frontier_parked ON frontier_url (source) WHERE state = 4;
CREATE INDEX IF NOT EXISTS frontier_held ON frontier_url (source) WHERE state = 5;
CREATE TABLE IF NOT EXISTS frontier_source (
	name     TEXT PRIMARY KEY,
	pass     INTEGER NOT NULL,
	began    INTEGER NOT NULL DEFAULT 0,
	ended    INTEGER NOT NULL DEFAULT 0,
	captured INTEGER NOT NULL DEFAULT 0,
	failed   INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
`

// Frontier is the set of URLs of a workspace with what became of them. One
// process writes to it at a time; the caller holds the workspace's lock.
type Frontier struct {
	db    *sql.DB
	now   func() time.Time
	known *recent // URLs that certainly have a row
	hosts *recentHosts
	stmts map[string]*sql.Stmt

	tx     *sql.Tx // the batch under way; nil between batches
	begun  time.Time
	opened time.Time // begun, by the system's clock
	size   int

	pass      int64            // the last one that began
	passes    map[string]int64 // the last one of each source
	watermark int64
}

// Open prepares the frontier's tables in db (SQLite, in WAL mode) and releases
// the leases that a dead process left.
func Open(db *sql.DB) (*Frontier, error) {
	f := &Frontier{db: db, now: time.Now, known: newRecent(knownURLs), hosts: newRecentHosts(), stmts: map[string]*sql.Stmt{}, passes: map[string]int64{}}
	if err := prepare(db); err != nil {
		return nil, fmt.Errorf("open frontier: %w", err)
	}
	if _, err := db.Exec(`UPDATE frontier_url SET state = ?, lease_until = 0 WHERE state = ?`, stateReady, stateLeased); err != nil {
		return nil, fmt.Errorf("release leases: %w", err)
	}
	for name, v := range map[string]*int64{"watermark": &f.watermark, "pass": &f.pass} {
		if err := db.QueryRow(`SELECT coalesce((SELECT value FROM frontier_meta WHERE name = ?), 0)`, name).Scan(v); err != nil {
			return nil, fmt.Errorf("open frontier: read %s: %w", name, err)
		}
	}
	return f, f.loadPasses()
}

// prepare makes the tables, and adds what those of an older program lack.
func prepare(db *sql.DB) error {
	if _, err := db.Exec(schema + coverage); err != nil {
		return err
	}
	for _, column := range []string{"chain", "visits", "changes", "digest", "first", "last"} {
		n := 0
		if err := db.QueryRow(`SELECT count(*) FROM pragma_table_info('frontier_url') WHERE name = ?`, column).Scan(&n); err != nil {
			return err
		}
		if n == 0 {
			if _, err := db.Exec(`ALTER TABLE frontier_url ADD COLUMN ` + column + ` INTEGER NOT NULL DEFAULT 0`); err != nil {
				return err
			}
		}
	}
	return nil
}

// Counts are the URLs by state. Outcomes counts the final ones by outcome.
type Counts struct {
	Ready    int64            `json:"ready"`
	Leased   int64            `json:"leased"`
	Done     int64            `json:"done"`
	Dead     int64            `json:"dead"`
	Parked   int64            `json:"parked"` // until the next pass of their source, or until their host may answer again
	Hosts    int64            `json:"hosts"`
	Outcomes map[string]int64 `json:"outcomes,omitempty"`
}

// Status counts the committed state; it may be called while a crawl runs.
func (f *Frontier) Status(ctx context.Context) (Counts, error) {
	c := Counts{Outcomes: map[string]int64{}}
	rows, err := f.db.QueryContext(ctx, `SELECT state, outcome, count(*) FROM frontier_url GROUP BY state, outcome`)
	if err != nil {
		return c, fmt.Errorf("count frontier: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var state int
		var outcome string
		var n int64
		if err := rows.Scan(&state, &outcome, &n); err != nil {
			return c, fmt.Errorf("count frontier: %w", err)
		}
		*[]*int64{&c.Ready, &c.Leased, &c.Done, &c.Dead, &c.Parked, &c.Parked}[state] += n
		if state == stateDone || state == stateDead {
			c.Outcomes[outcome] += n
		}
	}
	if err := rows.Err(); err != nil {
		return c, fmt.Errorf("count frontier: %w", err)
	}
	rows.Close()
	err = f.db.QueryRowContext(ctx, `SELECT count(*) FROM frontier_host`).Scan(&c.Hosts)
	return c, err
}

// Add puts seeds into the frontier. A URL that is done stays done; one that is
// dead is tried again, since it was asked for by name. It is not for use while a
// crawl runs.
func (f *Frontier) Add(ctx context.Context, source Source, urls ...string) error {
	canonical := make([]string, len(urls))
	for i, raw := range urls {
		u, err := Canonical(raw)
		if err != nil {
			return err
		}
		canonical[i] = u
	}
	if err := f.begin(ctx); err != nil {
		return err
	}
	for _, u := range canonical {
		if err := f.seed(ctx, source.Name, u); err != nil {
			return err
		}
	}
	return f.commit()
}

// entry is a URL to be known, unless it is.
type entry struct {
	url    string
	source string
	via    int64 // row of the page or hop it was found on; 0: a seed
	depth  int
	hops   int
	chain  int
	state  int
	reason tamga.Outcome // of a dead one
	detail string
}

func key(u string) [16]byte {
	sum := sha256.Sum256([]byte(u))
	return [16]byte(sum[:16])
}

// insert adds an entry where its URL is new, or where a refreshing pass has not
// met it yet and its body is not one that must not be kept. added is false if nothing changed.
func (f *Frontier) insert(ctx context.Context, e entry) (added bool, err error) {
	h, err := f.hostID(ctx, origin(e.url))
	if err != nil {
		return false, err
	}
	k := key(e.url)
	var via any
	if e.via != 0 {
		via = e.via
	}
	s, err := f.stmt(ctx, `INSERT INTO frontier_url (key, url, host, via, source, depth, hops, pass, state, outcome, detail, chain) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)
		ON CONFLICT (key) DO UPDATE SET source = excluded.source, pass = excluded.pass, state = excluded.state, via = excluded.via, depth = excluded.depth, hops = excluded.hops, chain = excluded.chain,
			attempts = 0, not_before = 0, outcome = excluded.outcome, detail = excluded.detail
		WHERE frontier_url.pass < excluded.pass AND frontier_url.state >= 2 AND frontier_url.outcome != 'blocked'`)
	if err != nil {
		return false, err
	}
	r, err := s.ExecContext(context.WithoutCancel(ctx), k[:], e.url, h, via, e.source, e.depth, e.hops, f.passes[e.source], e.state, string(e.reason), e.detail, e.chain)
	if err != nil {
		return false, fmt.Errorf("add to frontier: %w", err)
	}
	f.size++
	f.known.add(f.met(e.source, e.url))
	n, err := r.RowsAffected()
	return n > 0, err
}

func (f *Frontier) hostID(ctx context.Context, origin string) (int64, error) {
	if id, ok := f.hosts.get(origin); ok {
		return id, nil
	}
	if err := f.exec(ctx, `INSERT INTO frontier_host (origin) VALUES (?) ON CONFLICT DO NOTHING`, origin); err != nil {
		return 0, err
	}
	var id int64
	if err := f.row(ctx, `SELECT id FROM frontier_host WHERE origin = ?`, []any{origin}, &id); err != nil {
		return 0, err
	}
	f.hosts.put(origin, id)
	return id, nil
}

// knownURLs bounds the memory of the filter in front of the table: 16 bytes and
// overhead for each of twice as many.
const knownURLs = 1 << 19

// recent is a set that forgets: two generations of hashes under a secret seed,
// so that no site can make two URLs collide. What it has forgotten the table
// still knows.
type recent struct {
	seed     maphash.Seed
	limit    int
	now, old map[uint64]struct{}
}

func newRecent(limit int) *recent {
	return &recent{seed: maphash.MakeSeed(), limit: limit, now: map[uint64]struct{}{}}
}

func (r *recent) has(s string) bool {
	h := maphash.String(r.seed, s)
	if _, ok := r.now[h]; ok {
		return true
	}
	_, ok := r.old[h]
	if ok {
		r.put(h)
	}
	return ok
}

func (r *recent) add(s string) { r.put(maphash.String(r.seed, s)) }

func (r *recent) put(h uint64) {
	if len(r.now) >= r.limit {
		r.old, r.now = r.now, make(map[uint64]struct{}, r.limit/4)
	}
	r.now[h] = struct{}{}
}

func (r *recent) forget() { r.now, r.old = map[uint64]struct{}{}, nil }

// recentHosts remembers the rows of origins, a bounded number of them.
type recentHosts struct{ ids map[string]int64 }

func newRecentHosts() *recentHosts { return &recentHosts{map[string]int64{}} }

func (r *recentHosts) get(origin string) (int64, bool) { id, ok := r.ids[origin]; return id, ok }

func (r *recentHosts) put(origin string, id int64) {
	if len(r.ids) >= 1<<14 {
		clear(r.ids)
	}
	r.ids[origin] = id
}
