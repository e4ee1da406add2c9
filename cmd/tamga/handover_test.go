package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/remote"

	"tamga/internal/config"
)

// TestHandOver plays the analyst: it looks on at the DevTools port of a real
// Chromium, logs in through the form and presses Enter; the crawl then reads what
// only members see.
func TestHandOver(t *testing.T) {
	if _, err := exec.LookPath("chromium"); err != nil {
		t.Skip("hand-over not run: no chromium")
	}
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		c, err := r.Cookie("sid")
		switch {
		case r.Method == http.MethodPost && r.FormValue("word") == "demo-password":
			http.SetCookie(w, &http.Cookie{Name: "sid", Value: "topsecret-8", Path: "/", HttpOnly: true, MaxAge: 3600 * 24 * 30})
			http.Redirect(w, r, "/", http.StatusSeeOther)
		case err == nil && c.Value == "topsecret-8":
			fmt.Fprint(w, `<title>In</title><p id=in>Signed in as demo<script>localStorage.setItem("token","topsecret-9")</script>`)
		default:
			fmt.Fprint(w, `<title>Login</title><form method=post action=/login><input id=word name=word type=password><button id=go>in</button></form>`)
		}
	}))
	defer site.Close()
	c := newCLI(t)
	settings := fmt.Sprintf("operator = \"analyst\"\n[[source]]\nname = \"demo\"\nurl = %q\nsession = \"demo\"\n", site.URL+"/")
	if err := os.WriteFile(filepath.Join(c.ws, config.FileName), []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	port := freePort(t)
	cmd := c.command("session", "hand-over", "demo", site.URL+"/", "--local", "--headless",
		"--no-sandbox", "--debug-port", fmt.Sprint(port), "--canary", "css:#in", "--json")
	enter := must(cmd.StdinPipe())
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Process.Signal(os.Interrupt)
	// The person's hold on the browser ends with the test: letting go of it closes it.
	person, leave := context.WithTimeout(t.Context(), time.Minute)
	defer leave()
	if err := logIn(person, port, site.URL); err != nil {
		t.Fatalf("log in: %v; %s", err, errs.String())
	}
	fmt.Fprintln(enter)
	if err := cmd.Wait(); err != nil {
		t.Fatalf("hand-over: %v\n%s", err, errs.String())
	}
	var kept struct{ Cookies, Storage int }
	if err := json.Unmarshal([]byte(out.String()), &kept); err != nil || kept.Cookies != 1 || kept.Storage != 1 || strings.Contains(out.String()+errs.String(), "topsecret") {
		t.Fatalf("%s%s%v", out.String(), errs.String(), err)
	}
	out.Reset()
	crawl := c.command("crawl", "--local", "demo", "--json")
	crawl.Stdout = &out
	if err := crawl.Run(); err != nil || !strings.Contains(out.String(), `"captured":1,`) || strings.Contains(out.String(), "waiting") {
		t.Errorf("crawl: %v\n%s", err, out.String())
	}
}

// logIn does what a person does in the browser at the port, which stays open until
// ctx ends.
func logIn(ctx context.Context, port int, address string) error {
	end := fmt.Sprintf("http://127.0.0.1:%d", port)
	for {
		c, err := net.Dial("tcp", end[len("http://"):])
		if err == nil {
			c.Close()
			break
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
	alloc, _ := remote.NewAllocator(ctx, end)
	tab, _ := chromedp.NewContext(alloc)
	if err := chromedp.Do(tab, chromedp.Navigate(address), chromedp.SendKeys(chromedp.CSS("#word"), "demo-password"),
		chromedp.Click(chromedp.CSS("#go")), chromedp.WaitVisible(chromedp.CSS("#in"))); err != nil {
		return err
	}
	// The window of the hand-over sees the login too.
	targets, err := chromedp.Targets(tab)
	if err != nil {
		return err
	}
	for _, x := range targets {
		if x.Type == "page" && strings.HasPrefix(x.URL, address) && x.TargetID != chromedp.FromContext(tab).Target.TargetID {
			other, _ := chromedp.NewContext(tab, chromedp.WithTargetID(x.TargetID))
			return chromedp.Do(other, chromedp.Navigate(address+"/again"), chromedp.WaitVisible(chromedp.CSS("#in")))
		}
	}
	return fmt.Errorf("no window of the hand-over among %d targets", len(targets))
}

func freePort(t testing.TB) int {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}
