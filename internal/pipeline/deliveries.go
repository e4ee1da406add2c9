package pipeline

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"tamga"
)

// ClaimOutput is the kind of the claims that the alerts of a rule go somewhere, from
// there on, or go there no more.
const ClaimOutput = "alert-output"

// AnyRule is an Output's rule that stands for all.
const AnyRule = "all"

// Pauses between two attempts at one alert.
const (
	firstPause = 15 * time.Second
	longPause  = time.Hour
)

// passOver is the attempts at an alert after which it holds up those behind it no more.
const passOver = 3

// Output is where the alerts of a rule go.
type Output struct {
	Rule     string // or AnyRule
	Kind     string // command, file, webhook: one of each a rule
	Severity string // the least that goes there; empty: any
	// Send hands over an alert, a JSON object without line breaks. An error says that
	// it was not taken; one that was may be sent again after a crash.
	Send func(ctx context.Context, alert []byte) error
}

const outputSchema = `
CREATE TABLE IF NOT EXISTS alert_output (rule TEXT, kind TEXT, next INTEGER NOT NULL, PRIMARY KEY (rule, kind)); -- next: the first claim not looked at
CREATE TABLE IF NOT EXISTS alert_delivery (rule TEXT, kind TEXT, id INTEGER, attempts INTEGER NOT NULL, not_before INTEGER NOT NULL, error TEXT NOT NULL, PRIMARY KEY (rule, kind, id)); -- what waits
`

type outputClaim struct {
	Rule string `json:"rule"`
	Kind string `json:"kind"`
	Off  bool   `json:"off,omitempty"`
}

func keepOutput(ctx context.Context, db executor, id int64, data []byte) error {
	var o outputClaim
	if err := json.Unmarshal(data, &o); err != nil {
		return fmt.Errorf("entry %d: %w", id, err)
	}
	if !o.Off {
		_, err := db.ExecContext(ctx, `INSERT OR IGNORE INTO alert_output VALUES (?, ?, ?)`, o.Rule, o.Kind, id)
		return err
	}
	for _, q := range []string{`DELETE FROM alert_output WHERE rule = ? AND kind = ?`, `DELETE FROM alert_delivery WHERE rule = ? AND kind = ?`} {
		if _, err := db.ExecContext(ctx, q, o.Rule, o.Kind); err != nil {
			return err
		}
	}
	return nil
}

// Deliveries hands alerts to outputs, each at least once: what waits is a table of
// tamga.db, written before the first attempt and after the last. Where the table is
// lost, everything since the output was configured goes out again; receivers drop by
// the alert's key what they have.
type Deliveries struct {
	Now func() time.Time // nil: time.Now

	alerts  *Alerts
	outputs []Output
	log     *slog.Logger
	one     sync.Mutex // a round at a time
}

// Deliver makes the outputs those of the workspace. That one is new, or is no longer
// there, is recorded as a claim: what was alerted before it is not its business.
func (a *Alerts) Deliver(ctx context.Context, outputs []Output, log *slog.Logger) (*Deliveries, error) {
	d := &Deliveries{alerts: a, outputs: outputs, log: log}
	if err := a.update(ctx); err != nil {
		return nil, err
	}
	old := map[outputClaim]bool{}
	rows, err := a.db.QueryContext(ctx, `SELECT rule, kind FROM alert_output`)
	if err != nil {
		return nil, fmt.Errorf("read outputs of alerts: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var o outputClaim
		if err := rows.Scan(&o.Rule, &o.Kind); err != nil {
			return nil, fmt.Errorf("read outputs of alerts: %w", err)
		}
		old[o] = true
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, fmt.Errorf("read outputs of alerts: %w", err)
	}
	var claims []outputClaim
	for _, o := range outputs {
		c := outputClaim{Rule: o.Rule, Kind: o.Kind}
		if !old[c] {
			claims = append(claims, c)
		}
		delete(old, c)
	}
	for c := range old {
		c.Off = true
		claims = append(claims, c)
	}
	for _, c := range claims {
		data, err := json.Marshal(c)
		if err != nil {
			return nil, err
		}
		if _, err := a.log.Claim(ctx, ClaimOutput, data); err != nil {
			return nil, fmt.Errorf("record output of alerts: %w", err)
		}
	}
	if len(claims) == 0 {
		return d, nil
	}
	if err := a.log.Sync(); err != nil {
		return nil, err
	}
	return d, a.update(ctx)
}

// Waiting is an output and what it has not taken yet.
type Waiting struct {
	Rule    string `json:"rule"`
	Kind    string `json:"kind"`
	Sent    int    `json:"sent"` // in this round
	Waiting int    `json:"waiting"`
	Error   string `json:"error,omitempty"` // of the last attempt at the first of them

	next time.Time
}

// Send makes one round: every output gets what is due for it, oldest first, the
// outputs beside one another. It returns what waits then, and when the first of it is
// due; zero where nothing waits. An output that does not take an alert is no error.
func (d *Deliveries) Send(ctx context.Context) (all []Waiting, next time.Time, err error) {
	d.one.Lock()
	defer d.one.Unlock()
	all = make([]Waiting, len(d.outputs))
	errs := make([]error, len(d.outputs))
	var wg sync.WaitGroup
	for i := range d.outputs {
		wg.Go(func() { all[i], errs[i] = d.send(ctx, &d.outputs[i]) })
	}
	wg.Wait()
	for _, w := range all {
		if w.Waiting > 0 && (next.IsZero() || w.next.Before(next)) {
			next = w.next
		}
	}
	if err := errors.Join(errs...); err != nil {
		return all, next, fmt.Errorf("deliver alerts: %w", err)
	}
	return all, next, nil
}

func (d *Deliveries) now() time.Time {
	if d.Now != nil {
		return d.Now()
	}
	return time.Now()
}

// pending is an alert on its way to an output.
type pending struct {
	alert    Alerted
	attempts int
}

func (d *Deliveries) send(ctx context.Context, o *Output) (w Waiting, err error) {
	w = Waiting{Rule: o.Rule, Kind: o.Kind}
	if err := d.collect(ctx, o); err != nil {
		return w, err
	}
	for after := int64(-1); ; {
		p, found, err := d.due(ctx, o, after)
		if err != nil || !found {
			return d.rest(ctx, w, err)
		}
		after = p.alert.ID
		line, err := json.Marshal(p.alert)
		if err != nil {
			return w, err
		}
		failed := o.Send(ctx, line)
		if ctx.Err() != nil && failed != nil { // it was interrupted, which is nobody's fault
			return d.rest(context.WithoutCancel(ctx), w, ctx.Err())
		}
		settled := context.WithoutCancel(ctx) // what is taken is noted, even at the end
		if failed == nil {
			w.Sent++
			if _, err := d.alerts.db.ExecContext(settled, `DELETE FROM alert_delivery WHERE rule = ? AND kind = ? AND id = ?`, o.Rule, o.Kind, p.alert.ID); err != nil {
				return w, err
			}
			continue
		}
		pause := longPause
		if p.attempts < 8 {
			pause = min(pause, firstPause<<p.attempts)
		}
		d.log.Warn("alert not delivered; it is tried again", "rule", o.Rule, "kind", o.Kind, "alert", p.alert.ID, "attempt", p.attempts+1, "in", pause, "err", failed)
		if _, err := d.alerts.db.ExecContext(settled, `UPDATE alert_delivery SET attempts = attempts + 1, not_before = ?, error = ? WHERE rule = ? AND kind = ? AND id = ?`,
			d.now().Add(pause).UnixNano(), failed.Error(), o.Rule, o.Kind, p.alert.ID); err != nil {
			return w, err
		}
		if p.attempts+1 < passOver {
			return d.rest(settled, w, nil)
		}
	}
}

// collect notes what an output has to get, before it gets any of it.
func (d *Deliveries) collect(ctx context.Context, o *Output) error {
	tx, err := d.alerts.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // of no effect after Commit
	var last sql.NullInt64
	if err := tx.QueryRowContext(ctx, `SELECT max(id) FROM alert`).Scan(&last); err != nil || !last.Valid {
		return err
	}
	if _, err := tx.ExecContext(ctx, `INSERT OR IGNORE INTO alert_delivery
		SELECT o.rule, o.kind, a.id, 0, 0, '' FROM alert_output o, alert a
		WHERE o.rule = ?1 AND o.kind = ?2 AND a.id >= o.next AND a.id <= ?3 AND (o.rule = ?4 OR json_extract(a.data, '$.rule') = o.rule)
			AND (?5 = '' OR instr('low medium high', json_extract(a.data, '$.severity')) >= instr('low medium high', ?5))`,
		o.Rule, o.Kind, last.Int64, AnyRule, o.Severity); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `UPDATE alert_output SET next = max(next, ?) WHERE rule = ? AND kind = ?`, last.Int64+1, o.Rule, o.Kind); err != nil {
		return err
	}
	return tx.Commit()
}

// due is the first alert behind another one that may be tried now. Nothing is, where
// the very first has its pause: what is behind it waits with it.
func (d *Deliveries) due(ctx context.Context, o *Output, after int64) (p pending, found bool, err error) {
	var at string
	var data []byte
	var notBefore int64
	for {
		err = d.alerts.db.QueryRowContext(ctx, `SELECT d.id, d.attempts, d.not_before, a.time, a.data FROM alert_delivery d JOIN alert a ON a.id = d.id
			WHERE d.rule = ? AND d.kind = ? AND d.id > ? ORDER BY d.id LIMIT 1`, o.Rule, o.Kind, after).Scan(&p.alert.ID, &p.attempts, &notBefore, &at, &data)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return p, false, nil
		case err != nil:
			return p, false, err
		case notBefore > d.now().UnixNano() && p.attempts < passOver:
			return p, false, nil
		case notBefore > d.now().UnixNano():
			after = p.alert.ID
			continue
		}
		break
	}
	if p.alert.Time, err = time.Parse(time.RFC3339Nano, at); err == nil {
		p.alert.Alert = tamga.Alert{}
		err = json.Unmarshal(data, &p.alert.Alert)
	}
	return p, err == nil, err
}

// rest counts what an output has not taken, and says when it is tried again.
func (d *Deliveries) rest(ctx context.Context, w Waiting, err error) (Waiting, error) {
	if e := d.alerts.db.QueryRowContext(ctx, `SELECT count(*) FROM alert_delivery WHERE rule = ? AND kind = ?`, w.Rule, w.Kind).Scan(&w.Waiting); e != nil || w.Waiting == 0 {
		return w, errors.Join(err, e)
	}
	rows, e := d.alerts.db.QueryContext(ctx, `SELECT attempts, not_before, error FROM alert_delivery WHERE rule = ? AND kind = ? ORDER BY id`, w.Rule, w.Kind)
	if e != nil {
		return w, errors.Join(err, e)
	}
	defer rows.Close()
	for rows.Next() {
		var attempts int
		var at int64
		var text string
		if e := rows.Scan(&attempts, &at, &text); e != nil {
			return w, errors.Join(err, e)
		}
		if t := time.Unix(0, at); w.next.IsZero() || t.Before(w.next) {
			w.next = t
		}
		if w.Error == "" {
			w.Error = text
		}
		if attempts < passOver { // what is behind it waits for it
			break
		}
	}
	return w, errors.Join(err, rows.Err())
}
