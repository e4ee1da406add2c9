package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"tamga/internal/config"
	"tamga/internal/render"
)

// TestRender crawls a shop that is empty without scripts, by a real Chromium: with
// scripts its listing is found and the evidence verifies; without, it stays a shell.
func TestRender(t *testing.T) {
	var probed atomic.Int64
	own := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { probed.Add(1) }))
	defer own.Close()
	shop := httptest.NewServer(scriptShop(own.URL))
	defer shop.Close()
	for _, scripts := range []bool{false, true} {
		t.Run(fmt.Sprintf("scripts %v", scripts), func(t *testing.T) { drawShop(t, shop.URL+"/", scripts, "--local") })
	}
	if probed.Load() != 0 {
		t.Error("the page reached another service of this machine")
	}
}

// scriptShop has its listing in a script, and probes another service.
func scriptShop(other string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/":
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			fmt.Fprintf(w, `<!doctype html><title>Demo shop</title><div id="root"></div><noscript>Please enable JavaScript</noscript><script src="/app.js"></script><img src="%[1]s/probe"><script>fetch("%[1]s/probe",{mode:"no-cors"})</script>`, other)
		case "/app.js":
			w.Header().Set("Content-Type", "text/javascript")
			fmt.Fprint(w, `document.getElementById("root").innerHTML = "<h1>Fictional seeds quokkaberry</h1><p>Write to seller@quokkaberry.example</p><a href='/about'>about</a>"`)
		default:
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			fmt.Fprint(w, "<title>About</title><p>A page that only the drawn page links to: wombatfruit.")
		}
	})
}

// drawShop crawls the shop and looks for what its script shows.
func drawShop(t *testing.T, address string, scripts bool, flags ...string) {
	if _, err := exec.LookPath("chromium"); err != nil {
		t.Skip("not drawn: no chromium")
	}
	if err := render.Check(); err != nil {
		t.Skip("not drawn: ", err)
	}
	c := newCLI(t)
	settings := fmt.Sprintf("operator = \"analyst\"\n[[source]]\nname = \"demo\"\nurl = %q\nrender = true\nscripts = %v\n", address, scripts)
	if err := os.WriteFile(filepath.Join(c.ws, config.FileName), []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	_, code, said := c.try(append([]string{"crawl", "demo", "--delay", "0s", "--json"}, flags...)...)
	if code != 0 || strings.Contains(said, "not drawn") {
		t.Fatalf("crawl: exit %d\n%s", code, said)
	}
	for _, word := range []string{"quokkaberry", "wombatfruit"} {
		if found := strings.Contains(string(c.run("search", word, "--json")), strings.TrimSuffix(address, "/")); found != scripts {
			t.Errorf("%s found: %v", word, found)
		}
	}
	var kinds []string
	for _, h := range c.hits("", "--kind", "capture") {
		kinds = append(kinds, fmt.Sprint(h.Fields["url"], " ", h.Fields["outcome"]))
	}
	want := map[bool]string{true: " ok", false: " script-only"}[scripts]
	if all := strings.Join(kinds, "\n"); !strings.Contains(all, "urn:view:"+address+" ok") || !strings.Contains(all, address+" script-only") || !strings.Contains(all, address+want) {
		t.Errorf("captures:\n%s", all)
	}
	c.run("verify")
}
