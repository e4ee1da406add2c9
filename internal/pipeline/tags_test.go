package pipeline

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	_ "modernc.org/sqlite"

	"tamga"
	"tamga/chain/tags"
)

const (
	walletA = "1BoatSLRHtKNngkdXEeobR76b53LETtpyT"
	walletB = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4" // of BIP-173
)

// TestCapturedTags wants the source of a tag to be the very bytes of the page.
func TestCapturedTags(t *testing.T) {
	l := newLab(t)
	page := "<html><head><title>Wallets</title></head><body><p>Send to " + walletA + " or\n" + walletB + ", not to 1BoatSLRHtKNngkdXEeobR76b53LETtpyX.</p></body></html>"
	l.put("/about", http.Header{"Content-Type": {"text/html"}}, []byte(page))
	var all []tamga.Tag
	for tag, err := range l.CapturedTags(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, tag)
	}
	if len(all) != 2 {
		t.Fatalf("tags %+v", all)
	}
	for i, want := range []string{walletA, walletB} {
		g := all[i]
		if g.Address != want || page[g.Span.Start:g.Span.End] != want || g.Source != fmt.Sprintf("%s#%d-%d", g.Span.Capture, g.Span.Start, g.Span.End) {
			t.Errorf("tag %+v", g)
		}
		if g.Confidence != 20 || g.Chain != "bitcoin" || g.Asset != "BTC" || g.Label != "named on demo.example" || len(g.Date) != 10 {
			t.Errorf("tag %+v", g)
		}
	}
	if _, ok := l.Archive.Find(all[0].Span.Capture); !ok {
		t.Error("the source is no capture")
	}
}

// TestOwners wants the nearest owner that the page names.
func TestOwners(t *testing.T) {
	find := func(at int) tamga.Finding {
		return tamga.Finding{Type: tamga.FindAddress, Value: walletA, Raw: walletA, Valid: true, Chain: "bitcoin", Kind: "p2pkh", Start: at, End: at + 5}
	}
	page := &tamga.Page{
		Kind: tamga.PageListings, Market: "bazaar",
		Listings: []tamga.Listing{
			{Vendor: "anna", Span: [2]int{10, 30}, Category: "cannabis"}, {Span: [2]int{30, 50}, Category: "other"}, {Vendor: "bek", Span: [2]int{60, 63}},
		},
		Findings: []tamga.Finding{find(0), find(12), find(35), find(60)},
	}
	c := tamga.Capture{URL: "http://bazaar.onion/x", Route: tamga.RouteImport}
	got := ""
	for _, tag := range pageTags(c, page) {
		got += fmt.Sprintln(tag.Label, tag.Category, tag.Abuse, tag.Concepts, tag.Date)
	}
	want := "market bazaar market  [dark_web] \nvendor anna on bazaar vendor drugs [dark_web] \n"
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	page.Listings, page.Kind = nil, tamga.PageThread
	page.Posts = []tamga.Post{{Author: "cholpon", Span: [2]int{0, 20}}}
	page.Vendor = &tamga.Vendor{Name: "daniyar"}
	page.Findings[3].Kind = "xpub"
	got = ""
	for _, tag := range pageTags(c, page) {
		got += fmt.Sprintln(tag.Label, tag.Category, tag.Concepts)
	}
	want = "named by cholpon on bazaar user [forum_mention dark_web]\nvendor daniyar on bazaar vendor [dark_web]\n"
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// TestFillTags brings tables up to the log, in parts, and makes them anew where
// they were made from another log.
func TestFillTags(t *testing.T) {
	l := newLab(t)
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	store, err := tags.Open(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	claim := func(label string) {
		data, err := json.Marshal(tags.Batch{Tags: []tamga.Tag{{Address: walletA, Label: label, Source: "https://demo.example", Asset: "BTC"}}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.Archive.Claim(t.Context(), tags.ClaimTags, data); err != nil {
			t.Fatal(err)
		}
	}
	want := func(labels ...string) {
		t.Helper()
		if err := FillTags(t.Context(), l.Archive, store); err != nil {
			t.Fatal(err)
		}
		all, err := store.Lookup(t.Context(), walletA)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, a := range all {
			got = append(got, a.Label)
		}
		if strings.Join(got, " ") != strings.Join(labels, " ") {
			t.Errorf("labels %v, want %v", got, labels)
		}
	}
	want()
	claim("one")
	want("one")
	if _, err := l.Archive.Claim(t.Context(), "link", json.RawMessage(`{}`)); err != nil {
		t.Fatal(err)
	}
	claim("two")
	want("one", "two")
	if next, err := store.Next(t.Context()); err != nil || next != l.Archive.Len() {
		t.Errorf("next %d of %d, %v", next, l.Archive.Len(), err)
	}
	l = newLab(t)
	claim("other")
	want("other")
}
