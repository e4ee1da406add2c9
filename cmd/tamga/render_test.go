package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"tamga/internal/chromium"
	"tamga/internal/config"
	"tamga/internal/render"
)

// TestRender crawls a shop that is empty without scripts, by a real Chromium: with
// scripts its listing is found and the evidence verifies; without, it stays a shell.
func TestRender(t *testing.T) {
	canDraw(t)
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

// scriptShop has its offers in a script, and probes another service.
func scriptShop(other string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/", "/more":
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			fmt.Fprintf(w, `<!doctype html><title>Demo shop</title><div id="root"></div><noscript>Please enable JavaScript</noscript><script src="/app.js"></script><img src="%[1]s/probe"><script>fetch("%[1]s/probe",{mode:"no-cors"})</script>`, other)
		case "/app.js":
			w.Header().Set("Content-Type", "text/javascript")
			fmt.Fprint(w, `fetch("/offers.json").then(r => r.json()).then(all => {
	const cards = all.map((o, i) => "<div class=product><h3><a href='/offer/" + i + "'>" + o[0] + "</a></h3><p class=price>" + o[1] + " USD</p><p>Ships from Germany</p></div>")
	document.getElementById("root").innerHTML = "<h1>Offers</h1><div class=products>" + cards.join("") + "</div><p>Write to seller@quokkaberry.example</p><a href='/more'>more</a>"
})`)
		case "/offers.json":
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprint(w, `[["Fictional quokkaberry cannabis 5g", "25.00"], ["Fictional wallabyleaf cannabis 10g", "45.00"], ["Fictional numbatresin hashish 3g", "30.00"], ["Fictional bilbyflower cannabis 1g", "8.00"]]`)
		default:
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			fmt.Fprint(w, "<title>About</title><p>A page that only the drawn page links to: wombatfruit.")
		}
	})
}

// canDraw skips where no page can be drawn.
func canDraw(t *testing.T) {
	t.Helper()
	if _, err := chromium.Find(""); err != nil {
		t.Skip("not drawn: ", err)
	}
	if err := render.Check(); err != nil {
		t.Skip("not drawn: ", err)
	}
}

// drawingCLI is a workspace whose source demo is drawn.
func drawingCLI(t *testing.T, address string, scripts bool) *cli {
	t.Helper()
	c := newCLI(t)
	settings := fmt.Sprintf("operator = \"analyst\"\n[[source]]\nname = \"demo\"\nurl = %q\nrender = true\nscripts = %v\n", address, scripts)
	if err := os.WriteFile(filepath.Join(c.ws, config.FileName), []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	return c
}

// drawShop crawls the shop and looks for what its script shows.
func drawShop(t *testing.T, address string, scripts bool, flags ...string) {
	canDraw(t)
	c := drawingCLI(t, address, scripts)
	_, code, said := c.try(append([]string{"crawl", "demo", "--delay", "0s", "--json"}, flags...)...)
	if code != 0 || strings.Contains(said, "not drawn") {
		t.Fatalf("crawl: exit %d\n%s", code, said)
	}
	if found := strings.Contains(string(c.run("search", "wombatfruit", "--json")), strings.TrimSuffix(address, "/")); found != scripts {
		t.Errorf("a page that is linked to by a drawn page found: %v", found)
	}
	var page, dom, view hit
	for _, h := range c.hits("", "--kind", "capture") {
		switch url, outcome := h.Fields["url"], h.Fields["outcome"]; {
		case url == "urn:view:"+address:
			view = h
		case url == address && (outcome == "ok" || page.ID != "" && !scripts):
			dom = h
		case url == address:
			page = h
		}
	}
	if page.Fields["outcome"] != "script-only" || dom.ID == "" || view.Fields["outcome"] != "ok" {
		t.Errorf("captures: page %v, drawn %v, view %v", page, dom, view)
	}
	// What the script shows is read from the drawn capture, at its own bytes.
	offers := 0
	for _, h := range c.hits("", "--kind", "listing") {
		if strings.HasPrefix(fmt.Sprint(h.Fields["title"]), "Fictional ") && h.Capture == dom.Capture {
			offers++
		}
	}
	if want := map[bool]int{true: 4, false: 0}[scripts]; offers < want || !scripts && offers != 0 {
		t.Errorf("%d offers of the drawn page, want %d", offers, want)
	}
	c.run("verify")
	out := filepath.Join(t.TempDir(), "drawn.wacz")
	c.run("export", "--wacz", out)
	if said := string(c.run("verify", out)); !strings.Contains(said, "ok: ") {
		t.Errorf("the WACZ: %s", said)
	}
}

// TestRenderKill kills a crawl with SIGKILL while Chromium draws. The browser ends with
// it, leaving no file; the next crawl captures every page, and each part of it once.
func TestRenderKill(t *testing.T) {
	canDraw(t)
	asked := make(chan struct{}, 100)
	shop := scriptShop("http://127.0.0.1:1")
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/offers.json" {
			asked <- struct{}{}
			time.Sleep(300 * time.Millisecond)
		}
		shop.ServeHTTP(w, r)
	}))
	defer srv.Close()
	c := drawingCLI(t, srv.URL+"/", true)
	args := []string{"crawl", "demo", "--delay", "0s", "--json", "--local"}
	tmp := t.TempDir()
	for range 2 {
		cmd := c.command(args...)
		cmd.Env = append(cmd.Env, "TMPDIR="+tmp)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		select {
		case <-asked:
		case <-time.After(2 * time.Minute):
			t.Fatal("the page is not drawn")
		}
		below := descendants(cmd.Process.Pid)
		if !slices.ContainsFunc(below, func(p process) bool { return strings.Contains(p.cmdline(), "--user-data-dir=") }) {
			t.Fatalf("no browser among %v", below)
		}
		cmd.Process.Signal(syscall.SIGKILL)
		cmd.Wait()
		late := time.Now().Add(30 * time.Second)
		for slices.ContainsFunc(below, process.alive) {
			if time.Now().After(late) {
				t.Fatal("a process of the browser goes on")
			}
			time.Sleep(50 * time.Millisecond)
		}
		if left, err := os.ReadDir(tmp); err != nil || len(left) != 0 {
			t.Errorf("left behind: %v, %v", left, err)
		}
	}
	c.run(args...)
	seen := map[string]int{}
	for _, h := range c.hits("", "--kind", "capture") {
		seen[fmt.Sprint(h.Fields["url"], " ", h.Fields["outcome"])]++
	}
	for _, url := range []string{srv.URL + "/", srv.URL + "/more"} {
		for _, want := range []string{url + " script-only", url + " ok", "urn:view:" + url + " ok"} {
			if seen[want] != 1 {
				t.Errorf("%s: %d captures", want, seen[want])
			}
		}
	}
	c.run("verify")
}

// process is one of this machine; start tells it from a later one of the same number.
type process struct {
	pid   int
	start string
}

// stat is what /proc says of a process (proc_pid_stat(5)).
func stat(pid int) (parent int, start string, ok bool) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, "", false
	}
	_, rest, _ := strings.Cut(string(b[bytes.LastIndexByte(b, ')'):]), " ")
	f := strings.Fields(rest)
	if len(f) < 20 || f[0] == "Z" {
		return 0, "", false
	}
	parent, _ = strconv.Atoi(f[1])
	return parent, f[19], true
}

func (p process) alive() bool {
	_, start, ok := stat(p.pid)
	return ok && start == p.start
}

func (p process) cmdline() string {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", p.pid))
	return string(b)
}

// descendants are the processes that a process started, and those below them.
func descendants(pid int) (out []process) {
	below := map[int][]process{}
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		if n, err := strconv.Atoi(e.Name()); err == nil {
			if parent, start, ok := stat(n); ok {
				below[parent] = append(below[parent], process{n, start})
			}
		}
	}
	out = below[pid]
	for i := 0; i < len(out); i++ {
		out = append(out, below[out[i].pid]...)
	}
	return out
}
