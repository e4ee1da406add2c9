package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// retentionSite is a shop with a page that two sources share.
func retentionSite(t *testing.T, name string) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		if r.URL.Path == "/rules" {
			fmt.Fprint(w, "<html><title>Rules</title><p>the shared fictional rules</p></html>")
			return
		}
		fmt.Fprintf(w, `<html><title>%s</title><a href="/rules">rules</a><p>welcome to %s</p></html>`, name, name)
	}))
	t.Cleanup(s.Close)
	return s
}

func TestRetention(t *testing.T) {
	old, young := retentionSite(t, "oldshopword"), retentionSite(t, "youngshopword")
	c := newCLI(t)
	c.configure(`
[[source]]
name = "old"
url = %q
retention = "1s"
basis = { by = "Prosecutor B. Example", under = "case 12/2026" }

[[source]]
name = "young"
url = %q
retention = "365d"`, old.URL+"/", young.URL+"/")
	// Crawled by address: the source is known by its host.
	c.run("crawl", "--local", "--json", old.URL+"/")
	c.run("crawl", "--local", "--json", young.URL+"/")
	if n := len(c.hits("oldshopword")); n == 0 {
		t.Fatal("not indexed")
	}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		r := decodeJSON[retained](t, c.run("retention", "--json"))
		if r.Captures == 2 {
			if r.Applied || r.Kept != 2 || r.Unsourced != 0 || len(r.Sources) != 1 || r.Sources[0].Source != "old" || !strings.Contains(r.Sources[0].Rule, "Prosecutor") {
				t.Errorf("%+v", r)
			}
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%+v", r)
		}
	}
	if r := decodeJSON[retained](t, c.run("retention", "--json", "--at", time.Now().AddDate(2, 0, 0).Format(time.DateOnly))); r.Captures != 4 {
		t.Errorf("in two years: %+v", r)
	}
	if _, code, _ := c.try("retention", "--at", "2030-01-01", "--apply"); code != exitUsage {
		t.Errorf("--at and --apply: exit %d", code)
	}
	if n := len(c.hits("oldshopword")); n == 0 {
		t.Error("a dry run changed something")
	}
	r := decodeJSON[retained](t, c.run("retention", "--apply", "--json"))
	if !r.Applied || r.Captures != 2 || r.Carried != 1 || len(r.Tombstones) != 1 || r.Bytes == 0 {
		t.Errorf("%+v", r)
	}
	if n := len(c.hits("oldshopword")); n != 0 {
		t.Errorf("the index has not forgotten: %d hits", n)
	}
	if n := len(c.hits("shared", "--kind", "capture")); n != 1 {
		t.Errorf("%d hits of the page that stays", n)
	}
	v := decodeJSON[struct {
		verifyReport
		Removed int64
	}](t, c.run("verify", "--json"))
	if !v.OK || v.Removed != 2 || len(v.Recovered) > 0 {
		t.Errorf("%+v", v)
	}
	if r := decodeJSON[retained](t, c.run("retention", "--apply", "--json")); r.Captures != 0 || len(r.Tombstones) != 0 {
		t.Errorf("again: %+v", r)
	}
	c.run("reindex", "--json")
	if n := len(c.hits("oldshopword")); n != 0 {
		t.Errorf("a reindex brings back %d hits", n)
	}
	file := filepath.Join(t.TempDir(), "rest.wacz")
	if sum := decodeJSON[waczSummary](t, c.run("export", "--wacz", file, "--json")); sum.Captures != 2 {
		t.Errorf("%+v", sum)
	}
	c.run("verify", file)
	// A flipped byte of a tombstone.
	warc := filepath.Join(c.ws, "evidence", "warc", "tamga-000000.warc.gz")
	b := must(os.ReadFile(warc))
	i := strings.Index(string(b), "WARC-Type: metadata")
	if i < 0 {
		t.Fatal("no tombstone")
	}
	b[i] ^= 1
	if err := os.WriteFile(warc, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, code, _ := c.try("verify"); code != exitIntegrity {
		t.Errorf("a flipped tombstone: exit %d", code)
	}
}

// Killed at any moment, a retention run is finished by the next writer.
func TestRetentionKilled(t *testing.T) {
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		for i := range 60 {
			fmt.Fprintf(w, `<a href="/p/%d">p</a>`, i)
		}
		fmt.Fprintf(w, "<p>forgetword of %s</p>", r.URL.Path)
	}))
	defer site.Close()
	c := newCLI(t)
	c.configure("[[source]]\nname = \"old\"\nurl = %q\nretention = \"1ms\"", site.URL+"/")
	c.run("crawl", "--local", "--json", site.URL+"/")
	for i := range 12 {
		cmd := c.command("retention", "--apply", "--json")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(20+15*i) * time.Millisecond)
		cmd.Process.Signal(syscall.SIGKILL)
		cmd.Wait()
		if _, code, stderr := c.try("verify", "--json"); code != exitOK {
			t.Fatalf("kill %d: exit %d %s", i, code, stderr)
		}
		// Whoever looks first finishes it: what the log says is deleted is not shown.
		hits := len(c.hits("forgetword"))
		v := decodeJSON[struct{ Removed int64 }](t, c.run("verify", "--json"))
		if v.Removed > 0 && hits > 0 {
			t.Fatalf("kill %d: %d captures are deleted, %d hits", i, v.Removed, hits)
		}
	}
	c.run("retention", "--apply", "--json")
	if n := len(c.hits("forgetword")); n != 0 {
		t.Errorf("%d hits", n)
	}
	if v := decodeJSON[verifyReport](t, c.run("verify", "--json")); !v.OK || len(v.Recovered) > 0 {
		t.Errorf("%+v", v)
	}
}
