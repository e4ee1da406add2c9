package pipeline

import (
	"fmt"
	"net/http"
	"path/filepath"
	"testing"

	"tamga/index/indextest"
	"tamga/internal/database"
)

// watching makes a lab compare captures and raise alerts.
func (l *lab) watching() *database.DB {
	l.t.Helper()
	db, err := database.Open(filepath.Join(l.t.TempDir(), "t.db"))
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() { db.Close() })
	if l.Changes, err = OpenChanges(l.t.Context(), db); err != nil {
		l.t.Fatal(err)
	}
	if l.Alerts, err = OpenAlerts(l.t.Context(), l.Archive, db); err != nil {
		l.t.Fatal(err)
	}
	return db
}

func (l *lab) alerts() string {
	l.t.Helper()
	all, err := l.Alerts.List(l.t.Context())
	if err != nil {
		l.t.Fatal(err)
	}
	s := ""
	for _, a := range all {
		s += fmt.Sprintf("%d %s %s %v→%v %d %d %s\n", a.ID, a.Rule, a.Subject, a.Change.From, a.Change.To, a.Change.Was.Seq, a.Change.Is.Seq, a.Time)
	}
	return s
}

func (l *lab) page(path, body string) {
	l.put(path, http.Header{"Content-Type": {"text/html; charset=utf-8"}}, []byte(body))
}

// A wallet that changes on several pages of a site is one alert, whenever and
// however often the captures are read; one that changes back and again is another.
func TestOneAlertAChange(t *testing.T) {
	l := newLab(t)
	db := l.watching()
	pass := func(wallet string) {
		for i := range 5 {
			l.page(fmt.Sprintf("/user/chef%d", i), vendorPage(fmt.Sprintf("DemoChef%d", i), "demochef_shop", wallet))
		}
		l.ingest()
	}
	pass(demoWallet)
	if got := l.alerts(); got != "" {
		t.Fatalf("alerts of a first pass: %s", got)
	}
	for n, wallet := range []string{demoWallet2, demoWallet, demoWallet2} {
		pass(wallet)
		all, err := l.Alerts.List(t.Context())
		if err != nil || len(all) != n+1 {
			t.Fatalf("%d alerts after %d changes: %v", len(all), n+1, err)
		}
	}
	want, docs := l.alerts(), l.everything()

	same := func(when string) {
		t.Helper()
		if got := l.alerts(); got != want {
			t.Errorf("%s:\n%swant\n%s", when, got, want)
		}
		if l.everything() != docs {
			t.Errorf("%s: the index differs", when)
		}
	}
	if _, err := l.Reindex(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	same("reindexed")
	for _, table := range []string{"change_state", "change_found", "change_meta", "alert", "alert_event", "alert_meta"} {
		if _, err := db.ExecContext(t.Context(), "DROP TABLE "+table); err != nil {
			t.Fatal(err)
		}
	}
	l.watching()
	l.ingest() // nothing new: the tables catch up
	same("after the tables were lost")
	l.Store = indextest.NewOracle()
	l.ingest()
	same("after the index was lost")

	// A claim that was recorded just before a crash is found in the log.
	before := l.Archive.Len()
	l.watching()
	if err := l.Changes.Clear(t.Context()); err != nil {
		t.Fatal(err)
	}
	l.ingest()
	if l.Archive.Len() != before {
		t.Errorf("%d entries more in the log", l.Archive.Len()-before)
	}
	same("after a crash")
}

// An interrupted comparison goes on where it was.
func TestCompareInterrupted(t *testing.T) {
	l := newLab(t)
	l.page("/user/chef", vendorPage("DemoChef", "demochef_shop", demoWallet))
	l.page("/user/chef", vendorPage("DemoChef", "demochef_shop", demoWallet2))
	l.ingest() // before anything was compared
	l.watching()
	l.page("/user/chef", vendorPage("DemoChef", "demochef_new", demoWallet2))
	l.ingest()
	found, err := l.Changes.Between(t.Context(), 0, l.Archive.Len())
	if err != nil || len(found) != 2 {
		t.Fatalf("%s: %v", said(found), err)
	}
	for _, x := range found {
		if _, there, err := l.Store.Get(t.Context(), KindChange+":"+x.ID); err != nil || !there {
			t.Errorf("%s %s is not in the index: %v", x.Kind, x.Field, err)
		}
	}
}

// What a market shows beside all its vendors, and not at every visit, is of none of
// them; a vendor's own wallet is still told.
func TestContactsOfTheSite(t *testing.T) {
	l := newLab(t)
	l.watching()
	page := func(name, wallet, advert string) {
		l.page("/user/"+name, vendorPage(name, name+"_shop", wallet)+"<p>write to @"+advert+"</p>")
	}
	for _, advert := range []string{"demo_moonlamp", "demo_greylamp"} { // both are met
		for _, name := range []string{"DemoChef", "DemoBaker", "DemoGrocer"} {
			page(name, demoWallet, advert)
		}
	}
	l.ingest()
	before, err := l.Changes.Between(t.Context(), 0, l.Archive.Len())
	if err != nil {
		t.Fatal(err)
	}
	from := l.Archive.Len()
	page("DemoChef", demoWallet, "demo_moonlamp")
	page("DemoBaker", "1BitcoinEaterAddressDontSendf59kuE", "demo_moonlamp")
	l.ingest()
	after, err := l.Changes.Between(t.Context(), from, l.Archive.Len())
	if err != nil {
		t.Fatal(err)
	}
	if len(after) != 1 || after[0].Field != "address" || after[0].Subject != "DemoBaker" {
		t.Errorf("%d before; %+v", len(before), after)
	}
}
