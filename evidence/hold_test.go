package evidence

import (
	"errors"
	"testing"
	"time"

	"tamga"
)

func TestHold(t *testing.T) {
	dir, a, same := duplicated(t)
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	a.opt.Now = func() time.Time { return now }
	until := now.Add(time.Hour)
	for name, bad := range map[string]Hold{
		"no name": {Why: "x"}, "no reason": {Name: "x"}, "over": {Name: "x", Why: "y", Until: &now},
		"no capture": {Name: "x", Why: "y", Captures: []int64{0}},
	} {
		if _, err := a.Hold(t.Context(), bad); err == nil {
			t.Errorf("%s: laid", name)
		}
	}
	h, err := a.Hold(t.Context(), Hold{Name: "case 7/2026", Why: "trial", By: "Court B. Example", Until: &until, Captures: same[:1]})
	if err != nil || h.ID == 0 {
		t.Fatalf("%+v %v", h, err)
	}
	if head, err := a.Head(); err != nil || head.Size <= h.ID {
		t.Errorf("the hold is not under a signed head: %+v %v", head, err)
	}
	if _, err := a.Hold(t.Context(), Hold{Name: "case 7/2026", Why: "again"}); err == nil {
		t.Error("two holds of one name")
	}
	text := warcText(t, dir)
	if _, err := a.Remove(t.Context(), same[:], reason); !errors.Is(err, ErrHeld) || warcText(t, dir) != text {
		t.Fatalf("removed: %v", err)
	}
	if _, err := a.Remove(t.Context(), same[1:2], reason); err != nil {
		t.Error(err)
	}
	// It outlives the program, and is seen by readers.
	closeArchive(t, a)
	a = openArchive(t, dir, Options{Now: func() time.Time { return now }})
	if have := a.Holds(); len(have) != 1 || have[0].By != "Court B. Example" || !have[0].Until.Equal(until) || have[0].ID != h.ID {
		t.Fatalf("%+v", have)
	}
	if _, err := a.Remove(t.Context(), same[:1], reason); !errors.Is(err, ErrHeld) {
		t.Errorf("removed: %v", err)
	}
	if _, err := a.Release(t.Context(), "case 8", "x", ""); err == nil {
		t.Error("a hold that is none was released")
	}
	if _, err := a.Release(t.Context(), "case 7/2026", "", ""); err == nil {
		t.Error("released without a reason")
	}
	if _, err := a.Release(t.Context(), "case 7/2026", "acquitted", "analyst"); err != nil {
		t.Fatal(err)
	}
	if have := a.Holds(); have[0].Released == nil || have[0].Active(now) {
		t.Errorf("%+v", have)
	}
	// One that ends by itself.
	if _, err := a.Hold(t.Context(), Hold{Name: "all", Why: "audit", Until: &until}); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Remove(t.Context(), same[:1], reason); !errors.Is(err, ErrHeld) {
		t.Errorf("removed: %v", err)
	}
	now = until
	if r, err := a.Remove(t.Context(), same[:1], reason); err != nil || r.Captures != 1 {
		t.Errorf("%+v %v", r, err)
	}
	closeArchive(t, a)
	verifyClean(t, dir)
}

func TestHoldCovers(t *testing.T) {
	c := &tamga.Capture{Seq: 4, Source: "demo", URL: "http://DemoMarket.onion:8080/a"}
	for _, tc := range []struct {
		h    Hold
		want bool
	}{
		{Hold{}, true}, {Hold{Sources: []string{"demo"}}, true}, {Hold{Sources: []string{"other"}}, false},
		{Hold{Hosts: []string{"demomarket.onion"}}, true}, {Hold{Hosts: []string{"demomarket.onion:8080"}}, true},
		{Hold{Hosts: []string{"demomarket.onion:81"}}, false}, {Hold{Captures: []int64{4}}, true},
		{Hold{Captures: []int64{5}, Hosts: []string{"x"}}, false}, {Hold{Captures: []int64{5}, Sources: []string{"demo"}}, true},
	} {
		if got := tc.h.Covers(c); got != tc.want {
			t.Errorf("%+v: %v", tc.h, got)
		}
	}
}
