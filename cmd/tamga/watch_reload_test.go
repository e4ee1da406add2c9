package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// TestWatchReloadAll changes everything that a running watch can take, and what it
// must not take: a file of which one line is wrong changes nothing.
func TestWatchReloadAll(t *testing.T) {
	c := newCLI(t)
	var mu sync.Mutex
	agents := map[string]bool{}
	site := func() string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			agents[r.UserAgent()] = true
			mu.Unlock()
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, "<html><body><p>Demo page about crystal samovars</p></body></html>")
		}))
		t.Cleanup(s.Close)
		return s.URL
	}
	urls := []string{site(), site(), site()}
	source := func(n int) (text string) {
		for i := range n {
			text += fmt.Sprintf("[[source]]\nname = \"s%d\"\nurl = \"%s/\"\ncadence = \"1h\"\n", i, urls[i])
		}
		return text
	}
	hup := func(w *watching, text string) {
		writeSettings(t, c, text)
		w.cmd.Process.Signal(syscall.SIGHUP)
	}
	const crawl = "[crawl]\nuser_agent = \"demo agent\"\n[watch]\nmetrics = \"127.0.0.1:0\"\n"
	const alert = "[[alert]]\nname = \"samovars\"\nquery = \"samovars\"\n"

	writeSettings(t, c, source(1)+"[[source]]\nname = \"wrong\"\nurl = \"ftp://x.example/\"\n")
	w := c.watch(t)
	w.until("source refused", "source=wrong", "http or https")
	w.until("pass ends", "source=s0")
	for name, broken := range map[string]string{
		"an alert":   source(3) + "[[alert]]\nname = \"x\"\nquery = \"(\"\n",
		"a source":   source(3) + "[[source]]\nname = \"fresh\"\nurl = \"ftp://y.example/\"\n",
		"a key":      source(3) + "[watch]\nspeed = 3\n",
		"the syntax": source(3) + "[crawl\n",
		"a list":     source(3) + "[safety]\nblocklist = [\"missing\"]\n",
		"metrics":    source(3) + "[watch]\nmetrics = \"0.0.0.0:0\"\n",
		"authority":  source(3) + "[custody]\nroots = \"missing.pem\"\n",
	} {
		t.Log(name)
		hup(w, broken)
		w.until("settings not reloaded; the old ones stay")
	}
	hup(w, source(2)+alert)
	w.until("settings reloaded", "sources=2", "alerts=1", `crawl="as before"`)
	w.until("pass begins", "source=s1") // and not s2
	w.until("msg=alert", "rule=samovars")
	hup(w, source(3)+crawl+alert)
	w.until("msg=metrics", "url=http://127.0.0.1:")
	w.until("settings reloaded", "sources=3", "crawl=anew")
	w.until("pass ends", "source=s2", "captured=1")
	if code := w.end(syscall.SIGTERM); code != 0 {
		t.Errorf("exit %d", code)
	}
	mu.Lock()
	defer mu.Unlock()
	if len(agents) != 2 || !agents["demo agent"] {
		t.Errorf("agents %v", agents)
	}
	for _, s := range decodeJSON[sourceList](t, c.run("sources", "--json")).Sources {
		if s.LastPass == nil || s.LastPass.Number < 1 || s.Captured != 1 {
			t.Errorf("%+v", s)
		}
	}
}

// TestWatchSeals: a watch has others vouch for what it found. While nobody can be
// asked the questions wait, no pass does, and a later watch asks again.
func TestWatchSeals(t *testing.T) {
	tsa := authority(t)
	c := newCLI(t)
	s, _ := slowTree(t, 5, 0, nil)
	settings := func(address string) string {
		return fmt.Sprintf("[[source]]\nname = \"demo\"\nurl = \"%s/\"\ncadence = \"1h\"\n[custody]\ntsa = [%q]\nroots = %q\ntimeout = \"5s\"\n", s.URL, address, tsa.Root)
	}
	waiting := func() int {
		files, err := filepath.Glob(filepath.Join(c.ws, "outbox", "*.json"))
		if err != nil {
			t.Fatal(err)
		}
		return len(files)
	}
	down := httptest.NewServer(nil)
	down.Close()
	writeSettings(t, c, settings(down.URL+"/tsr"))
	w := c.watch(t)
	w.until("pass ends", "source=demo", "captured=5")
	if code := w.end(syscall.SIGTERM); code != 0 || waiting() == 0 {
		t.Errorf("exit %d, %d questions wait", code, waiting())
	}
	if !strings.Contains(w.log.String(), "msg=sealed") {
		t.Errorf("log:\n%s", w.log.String())
	}

	writeSettings(t, c, settings(tsa.URL))
	w = c.watch(t)
	w.until("watching")
	if code := w.end(syscall.SIGTERM); code != 0 || tsa.Asked() == 0 {
		t.Errorf("exit %d, asked %d times:\n%s", code, tsa.Asked(), w.log.String())
	}
	r := decodeJSON[verifyReport](t, c.run("verify", "--json"))
	if !r.OK || len(r.Timestamps) == 0 || !r.Timestamps[0].Trusted {
		t.Errorf("%+v", r)
	}
	asked := tsa.Asked()
	if _, err := os.Stat(filepath.Join(c.ws, "outbox")); err != nil {
		t.Error(err)
	}

	// Not more often than watch.seal says, and never where it says so.
	writeSettings(t, c, "[watch]\nseal = \"0\"\n"+settings(tsa.URL))
	w = c.watch(t)
	w.until("watching")
	if w.end(syscall.SIGTERM); tsa.Asked() != asked {
		t.Errorf("asked %d times, %d before", tsa.Asked(), asked)
	}
}

// TestWatchTellsDue: what is not covered any more is told, and nothing of it deleted.
func TestWatchTellsDue(t *testing.T) {
	c := newCLI(t)
	s, _ := slowTree(t, 5, 0, nil)
	settings := func(rest string) string {
		return fmt.Sprintf("[[source]]\nname = \"demo\"\nurl = \"%s/\"\ncadence = \"1h\"\n", s.URL) + rest
	}
	writeSettings(t, c, settings(""))
	c.run("crawl", "--local", "--json", "demo")
	writeSettings(t, c, settings("retention = \"1ms\"\n"))
	w := c.watch(t)
	w.until("5 captures are not covered any more", "source=demo")
	if code := w.end(syscall.SIGTERM); code != 0 {
		t.Errorf("exit %d", code)
	}
	if r := decodeJSON[verifyReport](t, c.run("verify", "--json")); r.Captures < 5 {
		t.Errorf("%+v", r)
	}
}
