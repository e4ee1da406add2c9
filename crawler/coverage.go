package crawler

import (
	"context"
	"slices"
)

// coverage are the positions of paged sources that were captured, as ranges that
// do not touch. A page covers all from its oldest post up to its cursor, so pages
// that follow each other merge.
const coverage = `
CREATE TABLE IF NOT EXISTS frontier_covered (
	chain TEXT NOT NULL,
	low   INTEGER NOT NULL,
	high  INTEGER NOT NULL,
	PRIMARY KEY (chain, low)
) WITHOUT ROWID;
`

// maxRanges bounds the ranges of one paging. The lowest are forgotten first: it
// costs that they are fetched again.
const maxRanges = 256

// cover adds a range of positions to a paging; last says that nothing lies below
// it. known says that what lies just below was covered before, down to low.
func (f *Frontier) cover(ctx context.Context, chain string, from, to int64, last bool) (low int64, known bool, err error) {
	var all [][2]int64
	if err := f.rows(ctx, `SELECT low, high FROM frontier_covered WHERE chain = ? ORDER BY low`, []any{chain}, func(scan func(...any) error) error {
		var r [2]int64
		err := scan(&r[0], &r[1])
		all = append(all, r)
		return err
	}); err != nil {
		return 0, false, err
	}
	for _, r := range all {
		if r[0] <= from-1 && from-1 <= r[1] {
			low, known = r[0], true
		}
	}
	if last {
		from = 0
	}
	for _, r := range all { // as far as it is there, it needs no writing
		if r[0] <= from && to <= r[1] {
			return low, known, nil
		}
	}
	merged := [2]int64{from, to}
	for _, r := range all {
		if r[0] > to+1 || r[1] < from-1 {
			continue
		}
		merged[0], merged[1] = min(merged[0], r[0]), max(merged[1], r[1])
		if err := f.exec(ctx, `DELETE FROM frontier_covered WHERE chain = ? AND low = ?`, chain, r[0]); err != nil {
			return 0, false, err
		}
	}
	all = slices.DeleteFunc(all, func(r [2]int64) bool { return r[0] >= merged[0] && r[1] <= merged[1] })
	if len(all) >= maxRanges {
		if err := f.exec(ctx, `DELETE FROM frontier_covered WHERE chain = ? AND low = ?`, chain, all[0][0]); err != nil {
			return 0, false, err
		}
	}
	return low, known, f.exec(ctx, `INSERT INTO frontier_covered (chain, low, high) VALUES (?, ?, ?)`, chain, merged[0], merged[1])
}

// stateOf a URL; -1 where it is not known.
func (f *Frontier) stateOf(ctx context.Context, u string) (int, error) {
	k, state := key(u), -1
	err := f.row(ctx, `SELECT state FROM frontier_url WHERE key = ?`, []any{k[:]}, &state)
	return state, err
}

// rows is query with arguments.
func (f *Frontier) rows(ctx context.Context, query string, args []any, each func(scan func(...any) error) error) error {
	s, err := f.stmt(ctx, query)
	if err != nil {
		return err
	}
	rows, err := s.QueryContext(context.WithoutCancel(ctx), args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := each(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}
