package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"
)

// receiver notes the keys it got.
type receiver struct {
	got  []string
	fail error
}

func (r *receiver) send(_ context.Context, alert []byte) error {
	if r.fail != nil {
		return r.fail
	}
	var x Alerted
	if err := json.Unmarshal(alert, &x); err != nil {
		return err
	}
	r.got = append(r.got, fmt.Sprint(x.Rule, " ", x.Change.To[0]))
	return nil
}

func (l *lab) deliveries(outputs ...Output) *Deliveries {
	l.t.Helper()
	d, err := l.Alerts.Deliver(l.t.Context(), outputs, slog.New(slog.DiscardHandler))
	if err != nil {
		l.t.Fatal(err)
	}
	return d
}

func send(t *testing.T, d *Deliveries) ([]Waiting, time.Time) {
	t.Helper()
	all, next, err := d.Send(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return all, next
}

// wallets are different ones, the burn addresses and test vectors of other tests.
var wallets = []string{demoWallet, "1BitcoinEaterAddressDontSendf59kuE", "1BoatSLRHtKNngkdXEeobR76b53LETtpyT", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "12c6DSiU4Rq3P4ZxziKxzrL5LmMBrzjrJX"}

func (l *lab) wallet(i int) {
	l.t.Helper()
	l.page("/user/chef", vendorPage("DemoChef", "demochef_shop", wallets[i]))
	l.ingest()
}

// An output gets each alert from its beginning on, once; what it does not take waits,
// in order, with growing pauses; another one does not wait with it.
func TestDeliveries(t *testing.T) {
	l := newLab(t)
	l.watching()
	l.wallet(0)
	l.wallet(1) // before anybody listens
	var all, keys, bad receiver
	outputs := []Output{
		{Rule: AnyRule, Kind: "file", Severity: "medium", Send: all.send},
		{Rule: AlertKey, Kind: "file", Send: keys.send},
		{Rule: AlertWallet, Kind: "command", Send: bad.send},
	}
	now := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	d := l.deliveries(outputs...)
	d.Now = func() time.Time { return now }
	bad.fail = errors.New("not today")
	if w, next := send(t, d); w[0].Waiting+w[2].Waiting != 0 || !next.IsZero() || len(all.got) != 0 {
		t.Fatalf("what was alerted before: %+v, next %v", w, next)
	}
	l.wallet(2)
	l.wallet(3)
	w, next := send(t, d)
	if want := []string{AlertWallet + " " + wallets[2], AlertWallet + " " + wallets[3]}; !slices.Equal(all.got, want) {
		t.Errorf("delivered %v, want %v", all.got, want)
	}
	if len(keys.got) != 0 || w[2].Waiting != 2 || w[2].Error != "not today" || !next.Equal(now.Add(firstPause)) {
		t.Errorf("%v; %+v, next %v", keys.got, w, next)
	}
	if w, _ := send(t, d); w[2].Waiting != 2 || len(all.got) != 2 {
		t.Errorf("at once again: %+v", w)
	}
	pauses := []time.Duration{}
	for range 40 {
		_, next := send(t, d)
		pauses = append(pauses, next.Sub(now))
		now = next
	}
	if slices.Min(pauses) <= 0 || slices.Max(pauses) > longPause || now.Sub(time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)) < 10*time.Hour {
		t.Errorf("pauses %v", pauses)
	}
	// A restart knows what waits.
	bad.fail = nil
	d = l.deliveries(outputs...)
	d.Now = func() time.Time { return now.Add(2 * time.Hour) }
	if w, next := send(t, d); len(bad.got) != 2 || w[2].Sent != 2 || w[2].Waiting != 0 || !next.IsZero() || len(all.got) != 2 {
		t.Errorf("after a restart: %v, %+v, next %v", bad.got, w, next)
	}
	if !slices.Equal(bad.got, all.got) {
		t.Errorf("out of order: %v, %v", bad.got, all.got)
	}
	// One that went away and comes back begins anew.
	l.deliveries(outputs[:2]...)
	for _, w := range wallets[3:] {
		l.page("/user/baker", vendorPage("DemoBaker", "demobaker_shop", w))
		l.ingest()
	}
	d = l.deliveries(outputs...)
	if w, _ := send(t, d); len(bad.got) != 2 || w[2].Waiting != 0 || len(all.got) != 3 {
		t.Errorf("an output that was away: %v, %+v; %v", bad.got, w, all.got)
	}
}

// An alert that is never taken does not hold up the others for good.
func TestDeliveryPoison(t *testing.T) {
	l := newLab(t)
	l.watching()
	l.wallet(0)
	var r receiver
	now := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	first := true
	d := l.deliveries(Output{Rule: AnyRule, Kind: "command", Send: func(ctx context.Context, alert []byte) error {
		var x Alerted
		if err := json.Unmarshal(alert, &x); err != nil {
			return err
		}
		if slices.Contains(x.Change.From, wallets[0]) {
			return errors.New("cannot read it")
		}
		first = false
		return r.send(ctx, alert)
	}})
	d.Now = func() time.Time { return now }
	l.wallet(1)
	l.wallet(2)
	for range passOver {
		if !first {
			t.Fatal("the second before the first was tried often enough")
		}
		_, next := send(t, d)
		now = next
	}
	if w, _ := send(t, d); len(r.got) != 1 || w[0].Waiting != 1 || w[0].Error != "cannot read it" {
		t.Errorf("%v, %+v", r.got, w)
	}
}

// A crash between the handing over and its note repeats the alert and loses none; so
// does the loss of the tables.
func TestDeliveryCrash(t *testing.T) {
	l := newLab(t)
	db := l.watching()
	l.wallet(0)
	var r receiver
	crash := true
	out := Output{Rule: AlertWallet, Kind: "webhook", Send: func(ctx context.Context, alert []byte) error {
		if err := r.send(ctx, alert); err != nil {
			return err
		}
		if crash { // the note of it cannot be written
			_, err := db.ExecContext(t.Context(), `CREATE TRIGGER crash BEFORE DELETE ON alert_delivery BEGIN SELECT RAISE(ABORT, 'demo crash'); END`)
			return err
		}
		return nil
	}}
	d := l.deliveries(out)
	l.wallet(1)
	if _, _, err := d.Send(t.Context()); err == nil {
		t.Fatal("the crash was not seen")
	}
	crash = false
	if _, err := db.ExecContext(t.Context(), `DROP TRIGGER crash`); err != nil {
		t.Fatal(err)
	}
	d = l.deliveries(out)
	send(t, d)
	if len(r.got) != 2 || r.got[0] != r.got[1] {
		t.Errorf("%v", r.got)
	}
	for _, table := range []string{"alert", "alert_meta", "alert_event", "alert_output", "alert_delivery"} {
		if _, err := db.ExecContext(t.Context(), `DELETE FROM `+table); err != nil {
			t.Fatal(err)
		}
	}
	d = l.deliveries(out)
	send(t, d)
	send(t, d)
	if len(r.got) != 3 || r.got[2] != r.got[0] {
		t.Errorf("after the loss of the tables: %v", r.got)
	}
}
