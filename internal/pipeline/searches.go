package pipeline

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"tamga"
	"tamga/index"
)

// ClaimSearch is the kind of the claims that a search is saved as a rule for alerts:
// what is captured from there on is held against it.
const ClaimSearch = "alert-rule"

// Search is a saved search.
type Search struct {
	Name     string `json:"name"`
	Query    string `json:"query"` // docs/query.md
	Severity string `json:"severity"`

	from    int64 // entry of the log from which it holds
	matcher *index.Matcher
	changes bool // it asks about changes
}

// NewSearch makes a saved search. An error is one of its query.
func NewSearch(name, query, severity string) (Search, error) {
	s := Search{Name: name, Query: query, Severity: severity}
	where, err := index.Parse(query)
	if err == nil {
		s.matcher, err = index.NewMatcher(where)
	}
	if err != nil {
		return s, fmt.Errorf("alert %q: %w", name, err)
	}
	s.changes = strings.Contains(query, "kind:"+KindChange) || strings.Contains(query, "change:")
	return s, nil
}

// Save makes searches rules, in place of those before. Each is recorded as a claim when it is new or has
// another query, so that what it is held against does not depend on when the log is
// read. It is not for use while captures are read.
func (a *Alerts) Save(ctx context.Context, searches []Search) error {
	if len(searches) == 0 {
		a.searches = nil
		return nil
	}
	var ready []Search
	if err := a.update(ctx); err != nil {
		return err
	}
	for _, s := range searches {
		if err := a.since(ctx, &s); err != nil {
			return fmt.Errorf("alert %q: %w", s.Name, err)
		}
		ready = append(ready, s)
	}
	a.searches = ready
	return nil
}

// since finds where the claim of a search stands, or records it.
func (a *Alerts) since(ctx context.Context, s *Search) error {
	var data []byte
	err := a.db.QueryRowContext(ctx, `SELECT id, data FROM alert_rule WHERE name = ?`, s.Name).Scan(&s.from, &data)
	if err == nil {
		var old Search
		if err := json.Unmarshal(data, &old); err != nil || old.Query == s.Query {
			return err
		}
	} else if !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if data, err = json.Marshal(s); err != nil {
		return err
	}
	s.from, err = a.log.Claim(ctx, ClaimSearch, data)
	return err
}

func keepSearch(ctx context.Context, db executor, id int64, data []byte) error {
	var s Search
	if err := json.Unmarshal(data, &s); err != nil {
		return fmt.Errorf("entry %d: %w", id, err)
	}
	_, err := db.ExecContext(ctx, `INSERT OR REPLACE INTO alert_rule VALUES (?, ?, ?)`, s.Name, id, string(data))
	return err
}

// Find records an alert for each record that a saved search finds and has not found
// before. docs are those of the captures of a batch, before they are settled: what
// is found does not depend on where a batch ends. A capture counts only where none of
// its records is found.
func (a *Alerts) Find(ctx context.Context, docs []index.Document, log *slog.Logger) error {
	ready := false
	for i := range a.searches {
		s := &a.searches[i]
		records := map[int64]bool{} // captures of which a record was found
		var pages []index.Document
		for _, d := range docs {
			if d.Seq <= s.from || d.Kind == KindChange && !s.changes {
				continue
			}
			e, err := a.entry(d)
			if err != nil || !s.matcher.Matches(e) {
				continue // what cannot be indexed is said where it is indexed
			}
			if d.Kind == "capture" {
				pages = append(pages, d)
				continue
			}
			records[d.Seq] = true
			if err := a.hit(ctx, s, d, &ready, log); err != nil {
				return err
			}
		}
		for _, d := range pages {
			if !records[d.Seq] {
				if err := a.hit(ctx, s, d, &ready, log); err != nil {
					return err
				}
			}
		}
	}
	a.prepared = nil
	return nil
}

// entry prepares a document once for all searches of a batch.
func (a *Alerts) entry(d index.Document) (*index.Entry, error) {
	key := fmt.Sprint(d.Seq, " ", d.ID)
	if e, ok := a.prepared[key]; ok {
		return e, nil
	}
	e, err := index.Prepare(d)
	if err == nil && len(a.searches) > 1 {
		if a.prepared == nil {
			a.prepared = map[string]*index.Entry{}
		}
		a.prepared[key] = e
	}
	return e, err
}

func (a *Alerts) hit(ctx context.Context, s *Search, d index.Document, ready *bool, log *slog.Logger) error {
	if !*ready {
		if err := a.update(ctx); err != nil {
			return err
		}
		*ready = true
	}
	id := d.ID
	if d.Kind == "capture" { // of a page, whenever it is captured
		id = "capture:" + first(d.Fields, "url")
	}
	x := tamga.Alert{
		Rule: s.Name, Severity: s.Severity, Subject: clean(first(d.Fields, "title", "author", "url")), URL: first(d.Fields, "url"),
		Document: d.ID, Key: eventKey("search", s.Name, s.Query, id),
	}
	at, err := time.Parse(time.RFC3339, first(d.Fields, "captured"))
	if err != nil {
		return fmt.Errorf("alert of %s: %w", d.ID, err)
	}
	x.Hit = &tamga.Sighting{Seq: d.Seq, Capture: d.Capture, URL: x.URL, Time: at}
	if span, ok := d.Fields["span"].([2]int); ok {
		x.Hit.Span = span
	}
	if known, err := a.known(ctx, &x); err != nil || known {
		return err
	}
	if err := a.raise(ctx, &x); err != nil {
		return err
	}
	log.Warn("alert", "rule", x.Rule, "severity", x.Severity, "subject", x.Subject, "url", x.URL)
	return nil
}

// clean is a text on one line.
func clean(s string) string { return strings.Join(strings.Fields(s), " ") }
