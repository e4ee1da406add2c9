package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tamga/evidence"
)

// plantedSite is a shop that plants words in all that a capture holds, and whose
// wallet changes from one pass to the next.
func plantedSite(t *testing.T, word string) (*httptest.Server, *atomic.Int32) {
	t.Helper()
	pass := new(atomic.Int32)
	wallets := []string{"1BoatSLRHtKNngkdXEeobR76b53LETtpyT", "1BitcoinEaterAddressDontSendf59kuE"}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("X-Shop", word+"header")
		http.SetCookie(w, &http.Cookie{Name: "sid", Value: word + "cookie"})
		switch r.URL.Path {
		case "/":
			fmt.Fprintf(w, `<html><title>%[1]stitle</title><a href="/user/chef">chef</a><a href="http://elsewhere.example/%[1]slink">x</a><p>%[1]sbody</p></html>`, word)
		case "/user/chef":
			fmt.Fprintf(w, `<html><title>%[1]schef</title><h1>%[1]schef</h1><p>Vendor profile of %[1]schef. Contact telegram @%[1]schef</p><p>BTC: %[2]s</p><pre>%[1]sbody</pre></html>`, word, wallets[pass.Load()])
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(s.Close)
	return s, pass
}

// survivors names the files under dir that hold a word, as they are or unpacked.
func survivors(t *testing.T, dir, word string) (out []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if strings.HasSuffix(name, ".gz") {
			z, err := gzip.NewReader(bytes.NewReader(b))
			if err != nil {
				return err
			}
			more, err := io.ReadAll(z)
			if err != nil {
				return err
			}
			b = append(b, more...)
		}
		if bytes.Contains(bytes.ToLower(b), []byte(word)) {
			rel, _ := filepath.Rel(dir, name)
			out = append(out, filepath.ToSlash(rel))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Nothing of what a page said survives its deletion anywhere in the workspace.
func TestRetentionSurvivors(t *testing.T) {
	const word = "zqplantedword"
	old, pass := plantedSite(t, word)
	young, _ := plantedSite(t, "zqstayingword")
	c := newCLI(t)
	c.configure("[[source]]\nname = \"old\"\nurl = %q\nretention = \"1s\"\n\n[[source]]\nname = \"young\"\nurl = %q\nretention = \"365d\"\n[[alert]]\nname = \"chef\"\nquery = \"zqplantedwordchef\"", old.URL+"/", young.URL+"/")
	c.run("crawl", "--local", "--json", "young")
	c.run("crawl", "--local", "--json", "old")
	pass.Store(1)
	c.run("crawl", "--local", "--json", "old")
	alerts := decodeJSON[struct{ Alerts []struct{ Rule string } }](t, c.run("alerts", "--json"))
	if !slices.ContainsFunc(alerts.Alerts, func(x struct{ Rule string }) bool { return x.Rule == "wallet-changed" }) || len(alerts.Alerts) < 2 {
		t.Fatalf("nothing was planted in alerts: %+v", alerts)
	}
	wacz := filepath.Join(t.TempDir(), "before.wacz")
	c.run("export", "--wacz", wacz, "--json")
	proven, err := evidence.OpenReader(filepath.Join(c.ws, "evidence"))
	if err != nil {
		t.Fatal(err)
	}
	head := must(proven.Head())
	proven.Close()
	for _, place := range []string{"evidence/log/entries", "evidence/warc/tamga-000000.warc.gz", "tamga.db"} {
		if !slices.ContainsFunc(survivors(t, c.ws, word), func(s string) bool { return strings.HasPrefix(s, place) }) {
			t.Errorf("nothing was planted in %s", place)
		}
	}
	before := must(os.ReadDir(filepath.Join(c.ws, "index")))
	time.Sleep(1100 * time.Millisecond) // the retention
	r := decodeJSON[retained](t, c.run("retention", "--apply", "--json"))
	if !r.Applied || r.Captures < 4 || r.Withdrawn < 2 || len(r.Exports) != 1 || r.Exports[0].Captures != r.Captures {
		t.Errorf("%+v", r)
	}
	// The URL of a capture is part of the log: none of ours has the word. The saved
	// search is the unit's own words.
	for _, s := range survivors(t, c.ws, word) {
		if s == "tamga.toml" || s == "evidence/log/entries" || strings.HasPrefix(s, "tamga.db") {
			continue
		}
		t.Errorf("%s holds the word", s)
	}
	for _, s := range []string{"title", "body", "header", "cookie", "link", "1bitcoineater", "1boat"} {
		w := word + s
		if strings.HasPrefix(s, "1") {
			w = s
			// The other shop has the first of them.
			if s == "1boat" {
				continue
			}
		}
		if left := survivors(t, c.ws, w); len(left) > 0 {
			t.Errorf("%s survives in %v", w, left)
		}
	}
	// chef is in the query of the saved search alone: once in the log, once in the table.
	entries := must(os.ReadFile(filepath.Join(c.ws, "evidence", "log", "entries")))
	if n := bytes.Count(entries, []byte(word)); n != 1 {
		t.Errorf("the log has the word %d times", n)
	}
	for _, d := range must(os.ReadDir(filepath.Join(c.ws, "index"))) {
		if d.IsDir() && slices.ContainsFunc(before, func(b fs.DirEntry) bool { return b.Name() == d.Name() }) {
			t.Errorf("the index %s from before is there", d.Name())
		}
	}
	if n := len(c.hits(word + "chef")); n != 0 {
		t.Errorf("%d hits", n)
	}
	if n := len(c.hits("zqstayingwordchef")); n == 0 {
		t.Error("the other shop is forgotten too")
	}
	if out := c.run("changes", "--json"); bytes.Contains(out, []byte(word)) {
		t.Errorf("changes: %s", out)
	}
	if out := c.run("alerts", "--json"); bytes.Contains(out, []byte("wallet")) {
		t.Errorf("alerts: %s", out)
	}

	// The log verifies, continues what it was, and the rest can be exported; what was
	// exported before still verifies.
	v := decodeJSON[struct {
		verifyReport
		Removed, Withdrawn int64
	}](t, c.run("verify", "--json"))
	if !v.OK || v.Removed != r.Captures || v.Withdrawn != r.Withdrawn || len(v.Recovered) > 0 {
		t.Errorf("%+v", v)
	}
	a, err := evidence.OpenReader(filepath.Join(c.ws, "evidence"))
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if now := must(a.Head()); now.Size <= head.Size {
		t.Errorf("head of %d entries, before %d", now.Size, head.Size)
	}
	for seq := range a.Len() {
		p, err := a.Prove(seq)
		if err != nil || p.Check(seq) != nil {
			t.Errorf("entry %d: %v", seq, err)
		}
	}
	c.run("verify", wacz)
	rest := filepath.Join(t.TempDir(), "rest.wacz")
	c.run("export", "--wacz", rest, "--json")
	c.run("verify", rest)
	if b := must(os.ReadFile(rest)); bytes.Contains(waczFile(t, b, "archive/data.warc.gz"), []byte(word)) {
		t.Error("the export of the rest has the word")
	}
	// A reindex, a lost table and the next pass bring nothing back.
	for _, name := range []string{"tamga.db", "tamga.db-wal", "tamga.db-shm"} {
		os.Remove(filepath.Join(c.ws, name))
	}
	c.run("reindex", "--json")
	if out := c.run("alerts", "--json"); bytes.Contains(out, []byte("wallet")) || len(c.hits(word+"chef")) != 0 {
		t.Errorf("back: %s", out)
	}
}

// A hold keeps what retention would delete.
func TestRetentionHold(t *testing.T) {
	site := retentionSite(t, "heldshopword")
	c := newCLI(t)
	c.configure("[[source]]\nname = \"old\"\nurl = %q\nretention = \"1ms\"", site.URL+"/")
	c.run("crawl", "--local", "--json", site.URL+"/")
	h := decodeJSON[evidence.Hold](t, c.run("retention", "hold", "case 1/2026", "--source", "old", "--why", "trial", "--by", "Court B. Example", "--until", "2999-12-31", "--json"))
	if h.ID == 0 || len(h.Hosts) != 1 || h.Until == nil || h.Until.Year() != 3000 {
		t.Errorf("%+v", h)
	}
	r := decodeJSON[retained](t, c.run("retention", "--apply", "--json"))
	if r.Captures != 0 || r.Held != 2 || len(r.Holds) != 1 || r.Holds[0].Name != "case 1/2026" || len(r.Tombstones) != 0 {
		t.Errorf("%+v", r)
	}
	if r := decodeJSON[retained](t, c.run("retention", "--at", "3000-06-01", "--json")); r.Captures != 2 || r.Held != 0 {
		t.Errorf("after its last day: %+v", r)
	}
	if len(c.hits("heldshopword")) == 0 {
		t.Error("deleted under a hold")
	}
	if _, code, _ := c.try("retention", "release", "case 2", "--why", "x"); code != exitFailed {
		t.Errorf("exit %d", code)
	}
	c.run("retention", "release", "case 1/2026", "--why", "acquitted")
	list := decodeJSON[struct{ Holds []evidence.Hold }](t, c.run("retention", "holds", "--json"))
	if len(list.Holds) != 1 || list.Holds[0].Released == nil || list.Holds[0].Released.Why != "acquitted" {
		t.Errorf("%+v", list)
	}
	if r := decodeJSON[retained](t, c.run("retention", "--apply", "--json")); r.Captures != 2 || r.Held != 0 {
		t.Errorf("%+v", r)
	}
	c.run("verify")
}
