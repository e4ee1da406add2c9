package dashboards

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"tamga"
	"tamga/index"
)

// hostileName is a vendor who would like to be markup, an address, and the other way
// round.
const hostileName = `"><script>window.__pwned=3</script><img src=x onerror=window.__pwned=4>` + "\u202egnp.exe\u2066"

// fakeWatcher tells of what never happened.
type fakeWatcher struct {
	w    *fakeWorkspace
	err  error
	many bool // alerts
}

func (f fakeWatcher) sighting(seq int64, value string) tamga.Sighting {
	v := f.w.views[seq]
	s := tamga.Sighting{Seq: seq, Capture: v.Capture.Digest, URL: v.Capture.URL, Time: v.Capture.Requested}
	if i := strings.Index(v.Page.Source, value); value != "" && i >= 0 {
		s.Span = [2]int{i, i + len(value)}
	}
	return s
}

func (f fakeWatcher) all() []tamga.Change {
	x := func(id, kind, record, field, from, to string, was, is int64) tamga.Change {
		c := tamga.Change{ID: id, Kind: kind, Record: record, Subject: hostileName, URL: f.w.views[is].Capture.URL, Market: "demo-bazaar", Vendor: hostileName, Field: field,
			Was: f.sighting(was, from), Is: f.sighting(is, to), Confidence: 0.95, Rule: "change@1"}
		if from != "" {
			c.From, c.To = []string{from}, []string{to}
		}
		return c
	}
	gone := x("c2", tamga.ChangeGone, "vendor", "", "", "", 4, 6)
	gone.URL = "javascript:window.__pwned=5"
	moved := x("c3", tamga.ChangeMoved, "vendor", "", "demo-bazaar/"+hostileName, "demo-caravan/"+strings.Repeat("long", 200), 8, 9)
	moved.Reasons = []tamga.Reason{{Kind: "pgp", Value: hostileName, Weight: 7}}
	return []tamga.Change{
		x("c0", tamga.ChangeValue, "vendor", "address", burnAddress, burnOther, 0, 1),
		x("c1", tamga.ChangeValue, "listing", "price", "55.00 EUR", "40.00 USD", 3, 6), gone, moved,
		x("c4", tamga.ChangeEdited, "post", "text", "<b>one</b>\nline", "another\nline", 10, 11),
	}
}

// Changes implements Watcher.
func (f fakeWatcher) Changes(_ context.Context, where index.Node, cursor string, size int) ([]tamga.Change, string, error) {
	if f.err != nil {
		return nil, "", f.err
	}
	m, err := index.NewMatcher(where)
	if err != nil {
		return nil, "", err
	}
	var out []tamga.Change
	for _, x := range f.all() {
		fields := map[string]any{"title": x.Subject, "vendor": x.Vendor, "url": x.URL, "change": x.Kind, "record": x.Record, "captured": x.Is.Time.Format(time.RFC3339)}
		if x.Field != "" {
			fields["field"] = x.Field
		}
		e, err := index.Prepare(index.Document{ID: x.ID, Kind: "change", Seq: x.Is.Seq, Fields: fields})
		if err != nil {
			return nil, "", err
		}
		if where == nil || m.Matches(e) {
			out = append(out, x)
		}
	}
	if cursor == "" && len(out) > size {
		return out[:size], "next", nil
	}
	if cursor != "" {
		out = out[min(size, len(out)):]
	}
	return out, "", nil
}

// Alerts implements Watcher.
func (f fakeWatcher) Alerts(context.Context) ([]Alert, error) {
	all := f.all()
	out := []Alert{
		{300, fakeNow, tamga.Alert{Rule: "wallet-changed", Severity: "high", Key: "k0", Subject: hostileName, URL: all[0].URL, Change: &all[0]}},
		{299, fakeNow, tamga.Alert{Rule: "vendor-gone", Severity: "medium", Key: "k1", Subject: hostileName, URL: all[2].URL, Change: &all[2]}},
		{298, fakeNow, tamga.Alert{Rule: hostileName, Severity: hostileName, Key: "k2", Subject: hostileName, Document: "listing:3:0", Hit: &all[1].Is}},
	}
	for i := range maxAlerts {
		if !f.many {
			break
		}
		out = append(out, Alert{int64(i), fakeNow, tamga.Alert{Rule: "price-jump", Severity: "low", Key: "old" + string(rune('a'+i)), Subject: "older"}})
	}
	return out, f.err
}

// Sources implements Watcher.
func (f fakeWatcher) Sources(context.Context) (sources, sites any, err error) {
	var series []map[string]any
	for i, o := range []tamga.Outcome{"ok", "captcha", "dial-timeout", "policy", "queue", "truncated", "socks-error", tamga.Outcome(hostileName)} {
		series = append(series, map[string]any{"at": fakeNow.Add(-time.Duration(i*19) * time.Hour), "seq": i, "outcome": o})
	}
	sources = []map[string]any{
		{"name": "bazaar", "kind": "market", "url": f.w.views[0].Capture.URL, "captured": 96, "failed": 1, "last_outcome": "ok", "series": series,
			"uptime": map[string]any{"24h": map[string]any{"checks": 2, "reached": 1}, "7d": map[string]any{"checks": 8, "reached": 0.75}}},
		{"name": "never-checked", "kind": "site", "url": "http://" + strings.Repeat("b", 56) + ".onion/", "captured": 0, "failed": 0, "expired": true, "basis_ends": fakeNow},
	}
	told := []map[string]any{{"how": "signed-list", "by": hostileName, "status": "bad-signature"}, {"how": "source", "by": "bazaar"}}
	sites = []map[string]any{
		{"source": "bazaar", "addresses": []map[string]any{{"address": strings.Repeat("a", 56) + ".onion", "outcome": "ok", "last_up": fakeNow, "told": told}, {"address": hostileName, "told": told[:1]}}},
		{"addresses": []map[string]any{{"address": "demo.example", "told": told[1:]}}},
	}
	return sources, sites, f.err
}

// Also implements Watcher.
func (f fakeWatcher) Also(_ context.Context, d index.Document) ([]string, error) {
	if d.Seq == 95 {
		return []string{"http://demo.example/" + hostileName, "javascript:window.__pwned=6"}, nil
	}
	return nil, f.err
}

func TestChanges(t *testing.T) {
	c := enter(t)
	var got struct {
		Changes []tamga.Change
		Next    string
	}
	for query, want := range map[string]int{"": 5, "change=gone": 1, "change=gone&change=moved": 2, "field=address": 1, "record=vendor&field=price": 0, "q=nothing-of-that-name": 0, "q=title:script": 5} {
		got.Changes, got.Next = nil, ""
		if status := c.get("/api/changes?"+query, &got); status != 200 || len(got.Changes) != want || got.Changes == nil {
			t.Errorf("%s: status %d, %d changes, want %d", query, status, len(got.Changes), want)
		}
	}
	c.get("/api/changes?size=2", &got)
	if len(got.Changes) != 2 || got.Next == "" || got.Changes[0].From[0] != burnAddress || got.Changes[0].Was.Seq != 0 || got.Changes[0].Is.Seq != 1 {
		t.Errorf("%+v", got)
	}
	c.get("/api/changes?size=2&cursor="+got.Next, &got)
	if len(got.Changes) != 3 {
		t.Errorf("the rest: %d", len(got.Changes))
	}
	for query, want := range map[string]int{"size=0": 400, "q=" + strings.Repeat("x", 3000): 400, "q=%22open": 400, "field=" + strings.Repeat("&field=x", 101): 400} {
		if status := c.get("/api/changes?"+query, new(map[string]any)); status != want {
			t.Errorf("%.40s: status %d, want %d", query, status, want)
		}
	}
}

func TestAlertsAndSources(t *testing.T) {
	w := newFakeWorkspace()
	c := &client{t: t, server: newFakeServer(t, Options{Token: testToken, Watcher: fakeWatcher{w: w, many: true}})}
	c.cookies = c.do("GET", "/?token="+testToken, nil).Cookies()
	var alerts struct {
		Alerts []map[string]any
		More   int
	}
	if status := c.get("/api/alerts", &alerts); status != 200 || len(alerts.Alerts) != maxAlerts || alerts.More != 3 {
		t.Fatalf("status %d, %d alerts and %d more", status, len(alerts.Alerts), alerts.More)
	}
	for _, field := range []string{"id", "time", "rule", "severity", "key", "subject", "change"} { // of docs/json.md
		if alerts.Alerts[0][field] == nil {
			t.Errorf("an alert without %s", field)
		}
	}
	var sources struct{ Sources, Sites []map[string]any }
	if status := c.get("/api/sources", &sources); status != 200 || len(sources.Sources) != 2 || len(sources.Sites) != 2 {
		t.Errorf("status %d, %+v", status, sources)
	}
	var doc struct {
		Also []string `json:"also_seen_at"`
	}
	if c.get("/api/document?id=listing:95:0", &doc); len(doc.Also) != 2 {
		t.Errorf("also seen at %q", doc.Also)
	}
	if doc.Also = nil; c.get("/api/document?id=listing:1:0", &doc) != 200 || doc.Also != nil {
		t.Errorf("also seen at %q", doc.Also)
	}
}

// What cannot be told says why.
func TestWatcherFails(t *testing.T) {
	c := &client{t: t, server: newFakeServer(t, Options{Token: testToken, Watcher: fakeWatcher{w: newFakeWorkspace(), err: errors.New("demo trouble")}})}
	c.cookies = c.do("GET", "/?token="+testToken, nil).Cookies()
	for _, path := range []string{"/api/changes", "/api/alerts", "/api/sources"} {
		if status := c.get(path, new(map[string]any)); status != http.StatusInternalServerError {
			t.Errorf("%s: status %d", path, status)
		}
	}
}
