package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWitness(t *testing.T) {
	c, w, other := withCustody(t, ""), newCLI(t), newCLI(t)
	key := strings.TrimSpace(string(w.run("witness")))
	if again := strings.TrimSpace(string(w.run("witness"))); again != key {
		t.Errorf("another key: %s, %s", key, again)
	}
	type cosigned struct {
		Head, Since int64
		File        string
	}
	first := decodeJSON[cosigned](t, w.run("witness", c.ws, "--json"))
	if first.Head == 0 || first.Since != 0 {
		t.Fatalf("%+v", first)
	}
	other.run("witness", c.ws, "--json") // several may
	v := decodeJSON[verifyReport](t, c.run("verify", "--json", "--witness", key))
	if !v.OK || len(v.Timestamps) != 2 {
		t.Fatalf("%+v", v)
	}
	for _, s := range v.Timestamps {
		if mine := strings.HasSuffix(s.File, first.File); s.Kind != "cosig" || s.Trusted != mine || mine == strings.Contains(s.What, "not checked") {
			t.Errorf("%+v", s)
		}
	}
	// The log grows: the next cosignature says that it continues.
	old := must(os.ReadFile(filepath.Join(c.ws, "evidence", "log", "head")))
	c.configure("[[source]]\nname = \"x\"\nurl = \"http://127.0.0.1:1/\"")
	pages := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write([]byte("<html>more</html>")) }))
	defer pages.Close()
	c.run("crawl", "--local", pages.URL+"/", "--json")
	second := decodeJSON[cosigned](t, w.run("witness", c.ws, "--json"))
	if second.Since != first.Head || second.Head <= first.Head {
		t.Errorf("%+v", second)
	}
	// A log that went back is not signed.
	if err := os.WriteFile(filepath.Join(c.ws, "evidence", "log", "head"), old, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, code, stderr := w.try("witness", c.ws); code != exitIntegrity || !strings.Contains(stderr, "does not continue") {
		t.Errorf("exit %d %s", code, stderr)
	}
	if _, code, _ := c.try("verify", "--witness", "nonsense"); code != exitUsage {
		t.Errorf("exit %d", code)
	}
}
