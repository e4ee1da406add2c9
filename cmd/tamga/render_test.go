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
	if _, err := exec.LookPath("chromium"); err != nil {
		t.Skip("not drawn: no chromium")
	}
	if err := render.Check(); err != nil {
		t.Skip("not drawn: ", err)
	}
	var probed atomic.Int64
	own := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { probed.Add(1) }))
	defer own.Close()
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/":
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			fmt.Fprintf(w, `<!doctype html><title>Demo shop</title><div id="root"></div><noscript>Please enable JavaScript</noscript><script src="/app.js"></script><img src="%[1]s/probe"><script>fetch("%[1]s/probe",{mode:"no-cors"})</script>`, own.URL)
		case "/app.js":
			fmt.Fprint(w, `document.getElementById("root").innerHTML = "<h1>Fictional seeds quokkaberry</h1><p>Write to seller@quokkaberry.example</p><a href='/about'>about</a>"`)
		default:
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			fmt.Fprint(w, "<title>About</title><p>A page that only the drawn page links to: wombatfruit.")
		}
	}))
	defer shop.Close()
	for _, scripts := range []bool{false, true} {
		c := newCLI(t)
		settings := fmt.Sprintf("operator = \"analyst\"\n[[source]]\nname = \"demo\"\nurl = %q\nrender = true\nscripts = %v\n", shop.URL+"/", scripts)
		if err := os.WriteFile(filepath.Join(c.ws, config.FileName), []byte(settings), 0o600); err != nil {
			t.Fatal(err)
		}
		_, code, said := c.try("crawl", "--local", "demo", "--json")
		if code != 0 || strings.Contains(said, "not drawn") {
			t.Fatalf("crawl: exit %d\n%s", code, said)
		}
		for _, word := range []string{"quokkaberry", "wombatfruit"} {
			if found := strings.Contains(string(c.run("search", word, "--json")), shop.URL); found != scripts {
				t.Errorf("scripts %v: %s found: %v", scripts, word, found)
			}
		}
		c.run("verify")
		if probed.Load() != 0 {
			t.Errorf("scripts %v: the page reached another service of this machine", scripts)
		}
	}
}
