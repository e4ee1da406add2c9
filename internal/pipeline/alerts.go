package pipeline

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"tamga"
	"tamga/evidence"
	"tamga/extract/change"
	"tamga/index"
	"tamga/internal/database"
)

// ClaimAlert is the kind of the claims that are alerts.
const ClaimAlert = "alert"

// The rules and their severities.
const (
	AlertWallet = "wallet-changed" // high: another wallet where one was
	AlertKey    = "key-changed"    // high: another PGP key where one was
	AlertGone   = "vendor-gone"    // medium
	AlertMoved  = "vendor-moved"   // medium
	AlertPrice  = "price-jump"     // low: by half or more, either way
)

const (
	surestAlert = 0.7 // the least confidence of a changed wallet or key
	priceJump   = 0.5
)

// RuleOf is the rule that calls out a change, and its severity; empty where none does.
func RuleOf(x *tamga.Change) (rule, severity string) {
	replaced := x.Kind == tamga.ChangeValue && len(x.From) > 0 && len(x.To) > 0
	switch {
	case replaced && x.Field == "address" && x.Confidence >= surestAlert:
		return AlertWallet, "high"
	case replaced && x.Field == "pgp" && x.Confidence >= surestAlert:
		return AlertKey, "high"
	case x.Kind == tamga.ChangeGone && x.Record == "vendor":
		return AlertGone, "medium"
	case x.Kind == tamga.ChangeMoved:
		return AlertMoved, "medium"
	case replaced && x.Field == "price":
		if m, ok := change.Move(x.From[0], x.To[0]); ok && (m >= priceJump || m <= -priceJump) {
			return AlertPrice, "low"
		}
	}
	return "", ""
}

const alertSchema = `
CREATE TABLE IF NOT EXISTS alert_meta (one INTEGER PRIMARY KEY CHECK (one = 1), next INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS alert (key TEXT PRIMARY KEY, id INTEGER NOT NULL, time TEXT NOT NULL, data TEXT NOT NULL); -- id: the claim in the log
CREATE TABLE IF NOT EXISTS alert_rule (name TEXT PRIMARY KEY, id INTEGER NOT NULL, data TEXT NOT NULL); -- saved searches; id: the claim
CREATE TABLE IF NOT EXISTS alert_event (key TEXT PRIMARY KEY, seq INTEGER NOT NULL); -- seq: of the later capture of the last alert of an event
`

// Alerts records alerts as claims in the evidence log, each once. Its tables are a
// projection of those claims, so that neither a reindex nor a crash nor the loss of
// the tables raises one again.
type Alerts struct {
	log *evidence.Archive
	db  *database.DB

	searches []Search
	prepared map[string]*index.Entry
}

// OpenAlerts makes the tables where they are missing.
func OpenAlerts(ctx context.Context, log *evidence.Archive, db *database.DB) (*Alerts, error) {
	if _, err := db.ExecContext(ctx, alertSchema+outputSchema); err != nil {
		return nil, fmt.Errorf("open alerts: %w", err)
	}
	return &Alerts{log: log, db: db}, nil
}

// Alerted is an alert with its claim.
type Alerted struct {
	ID   int64     `json:"id"` // entry of the log
	Time time.Time `json:"time"`
	tamga.Alert
}

// List is every alert, oldest first.
func (a *Alerts) List(ctx context.Context) (out []Alerted, err error) {
	if err := a.update(ctx); err != nil {
		return nil, err
	}
	rows, err := a.db.QueryContext(ctx, `SELECT id, time, data FROM alert ORDER BY id`)
	if err != nil {
		return nil, fmt.Errorf("read alerts: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var x Alerted
		var at string
		var data []byte
		if err := rows.Scan(&x.ID, &at, &data); err != nil {
			return nil, fmt.Errorf("read alerts: %w", err)
		}
		if x.Time, err = time.Parse(time.RFC3339Nano, at); err == nil {
			err = json.Unmarshal(data, &x.Alert)
		}
		if err != nil {
			return nil, fmt.Errorf("read alert %d: %w", x.ID, err)
		}
		out = append(out, x)
	}
	return out, rows.Err()
}

// update brings the tables up to the log.
func (a *Alerts) update(ctx context.Context) error {
	next, total := int64(0), a.log.Len()
	err := a.db.QueryRowContext(ctx, `SELECT next FROM alert_meta`).Scan(&next)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("read alerts: %w", err)
	}
	if next == total {
		return nil
	}
	if err := a.takeClaims(ctx, next, total); err != nil {
		return fmt.Errorf("read alerts: %w", err)
	}
	return nil
}

func (a *Alerts) takeClaims(ctx context.Context, next, total int64) error {
	tx, err := a.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // of no effect after Commit
	if next > total {   // of another log
		next = 0
		for _, q := range []string{`DELETE FROM alert`, `DELETE FROM alert_event`, `DELETE FROM alert_rule`, `DELETE FROM alert_output`, `DELETE FROM alert_delivery`} {
			if _, err := tx.ExecContext(ctx, q); err != nil {
				return err
			}
		}
	}
	for c, err := range a.log.Claims(ctx, next) {
		if err != nil {
			return err
		}
		if c.Seq >= total {
			break
		}
		if c.Kind == ClaimSearch {
			if err := keepSearch(ctx, tx, c.Seq, c.Data); err != nil {
				return err
			}
		}
		if c.Kind == ClaimOutput {
			if err := keepOutput(ctx, tx, c.Seq, c.Data); err != nil {
				return err
			}
		}
		if c.Kind != ClaimAlert {
			continue
		}
		var x tamga.Alert
		if err := json.Unmarshal(c.Data, &x); err != nil {
			return fmt.Errorf("entry %d: %w", c.Seq, err)
		}
		if err := keep(ctx, tx, c.Seq, c.Time, &x, c.Data); err != nil {
			return err
		}
	}
	if _, err := tx.ExecContext(ctx, `INSERT OR REPLACE INTO alert_meta VALUES (1, ?)`, total); err != nil {
		return err
	}
	return tx.Commit()
}

// executor is a database or a transaction.
type executor interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

func keep(ctx context.Context, db executor, id int64, at time.Time, x *tamga.Alert, data []byte) error {
	if _, err := db.ExecContext(ctx, `INSERT OR IGNORE INTO alert VALUES (?, ?, ?, ?)`, x.Key, id, at.UTC().Format(time.RFC3339Nano), string(data)); err != nil {
		return err
	}
	if x.Change == nil {
		return nil
	}
	_, err := db.ExecContext(ctx, `INSERT INTO alert_event VALUES (?, ?) ON CONFLICT DO UPDATE SET seq = max(seq, excluded.seq)`,
		alertEvent(x.Rule, x.Change), x.Change.Is.Seq)
	return err
}

// alertEvent names what happened on a site, whatever page of it shows it.
func alertEvent(rule string, x *tamga.Change) string {
	place := x.Market
	if place == "" {
		place = host(x.URL)
	}
	subject := ""
	if rule != AlertWallet && rule != AlertKey { // of each vendor or offer
		subject = x.Record + " " + x.URL
	}
	return eventKey(rule, place, subject, x.Field, x.From, x.To)
}

// Judge records an alert for each change that a rule calls out and that has none. A
// wallet on a hundred pages of a site changes once: what a second page shows between
// captures that overlap with those of an alert is that alert.
func (a *Alerts) Judge(ctx context.Context, found []tamga.Change, log *slog.Logger) error {
	ready := false
	for i := range found {
		x := &found[i]
		rule, severity := RuleOf(x)
		if rule == "" {
			continue
		}
		if !ready {
			if err := a.update(ctx); err != nil {
				return err
			}
			ready = true
		}
		alert := tamga.Alert{Rule: rule, Severity: severity, Subject: x.Subject, URL: x.URL, Change: x}
		alert.Key = eventKey(rule, x.Record, x.Subject, x.URL, x.Was.Capture, x.Is.Capture, x.Was.Seq, x.Is.Seq)
		if known, err := a.known(ctx, &alert); err != nil {
			return fmt.Errorf("look up alert: %w", err)
		} else if known {
			continue
		}
		if err := a.raise(ctx, &alert); err != nil {
			return err
		}
		log.Warn("alert", "rule", rule, "severity", severity, "subject", x.Subject, "url", x.URL, "from", x.From, "to", x.To)
	}
	return nil
}

func (a *Alerts) known(ctx context.Context, x *tamga.Alert) (bool, error) {
	var n int
	if err := a.db.QueryRowContext(ctx, `SELECT count(*) FROM alert WHERE key = ?`, x.Key).Scan(&n); err != nil || n > 0 {
		return n > 0, err
	}
	if x.Change == nil {
		return false, nil
	}
	err := a.db.QueryRowContext(ctx, `SELECT count(*) FROM alert_event WHERE key = ? AND seq >= ?`, alertEvent(x.Rule, x.Change), x.Change.Was.Seq).Scan(&n)
	return n > 0, err
}

// raise records an alert: the claim first, so that a crash behind it finds it there.
func (a *Alerts) raise(ctx context.Context, x *tamga.Alert) error {
	data, err := json.Marshal(x)
	if err != nil {
		return err
	}
	if _, err := a.log.Claim(ctx, ClaimAlert, data); err != nil {
		return err
	}
	if err := a.log.Sync(); err != nil { // the tables are not to know more than the log
		return err
	}
	return a.update(ctx)
}
