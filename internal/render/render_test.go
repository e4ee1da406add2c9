package render

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"tamga/internal/chromium"
)

// able skips where pages cannot be drawn.
func able(t *testing.T) {
	t.Helper()
	if _, err := chromium.Find(""); err != nil {
		t.Skip("not drawn: ", err)
	}
	if err := Check(); err != nil {
		t.Skip("not drawn: ", err)
	}
}

// asked records what a page wants of the network.
type asked struct {
	mu  sync.Mutex
	all []string
}

func (a *asked) add(s string) { a.mu.Lock(); a.all = append(a.all, s); a.mu.Unlock() }

func (a *asked) has(s string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, x := range a.all {
		if strings.Contains(x, s) {
			return true
		}
	}
	return false
}

const shell = `<!doctype html><title>Demo Bazaar</title><div id=root></div><noscript>Please enable JavaScript</noscript>
<script>
fetch("/offers.json").then(r => r.json()).then(o => {
	document.getElementById("root").innerHTML = "<h1>" + o.title + "</h1><a href='/offer/7'>Offer seven</a><p id=who>" + document.cookie + "/" + localStorage.getItem("token") + "</p>"
})
fetch("/order", {method: "POST", body: "x"}).catch(() => {})
</script>`

// demo serves demo.example out of a handler, and refuses all other places.
func demo(t *testing.T, a *asked, body string) Page {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.add(r.Method + " " + r.URL.Path + " cookie " + r.Header.Get("Cookie"))
		switch r.URL.Path {
		case "/redirect-private":
			http.Redirect(w, r, "http://10.0.0.1/private", http.StatusFound)
			return
		case "/hang":
			<-r.Context().Done()
			return
		case "/redirect-file":
			http.Redirect(w, r, "file:///etc/passwd", http.StatusFound)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"title": "Fictional offers"}`)
	}))
	t.Cleanup(srv.Close)
	return Page{
		URL: "http://demo.example/", Status: 200, Header: http.Header{"Content-Type": {"text/html; charset=utf-8"}}, Body: []byte(body),
		Allow: func(_, url string) error {
			a.add("allow " + url)
			if !strings.HasPrefix(url, "http://demo.example/") {
				return ErrRefused
			}
			return nil
		},
		Dial: func(ctx context.Context, host, port string) (net.Conn, error) {
			a.add("dial " + net.JoinHostPort(host, port))
			if host != "demo.example" || port != "80" {
				return nil, ErrRefused
			}
			return (&net.Dialer{}).DialContext(ctx, "tcp", srv.Listener.Addr().String())
		},
	}
}

func TestDraw(t *testing.T) {
	able(t)
	var a asked
	p := demo(t, &a, shell)
	p.Scripts = true
	p.Cookies = []Cookie{{Name: "sid", Value: "demo"}}
	p.Storage = []Item{{"http://demo.example", "token", "kept"}, {"http://other.example", "token", "wrong"}}
	d, err := new(Browser).Draw(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"<h1>Fictional offers</h1>", `href="/offer/7"`, "sid=demo/kept"} {
		if !bytes.Contains(d.DOM, []byte(want)) {
			t.Errorf("no %s in %s", want, d.DOM)
		}
	}
	if !bytes.HasPrefix(d.Screenshot, []byte("\x89PNG")) {
		t.Errorf("screenshot of %d bytes", len(d.Screenshot))
	}
	if !a.has("GET /offers.json cookie sid=demo") || a.has("POST") || a.has("GET / ") {
		t.Errorf("asked: %q", a.all)
	}

	var quiet asked
	p = demo(t, &quiet, shell)
	if d, err = new(Browser).Draw(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(d.DOM, []byte("Fictional offers")) || !bytes.Contains(d.DOM, []byte("Please enable")) || len(quiet.all) != 0 {
		t.Errorf("without scripts: %s, asked %q", d.DOM, quiet.all)
	}
	if d.Refused == 0 {
		t.Error("without scripts nothing was refused: the browser asks for an icon and for services of its own")
	}
}

// TestRefused: where there is no namespace there is no browser either.
func TestRefused(t *testing.T) {
	mark := filepath.Join(t.TempDir(), "started")
	exe := filepath.Join(t.TempDir(), "browser")
	if err := os.WriteFile(exe, []byte("#!/bin/sh\ntouch "+mark+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	var a asked
	p := demo(t, &a, shell)
	b := &Browser{Exec: exe, refuse: func() error { return fmt.Errorf("%w: operation not permitted", ErrNamespace) }}
	if _, err := b.Draw(t.Context(), p); !errors.Is(err, ErrNamespace) {
		t.Errorf("error %v", err)
	}
	if _, err := os.Stat(mark); err == nil {
		t.Error("a browser was started")
	}
	if _, err := (&Browser{Exec: "no-such-browser"}).Draw(t.Context(), p); !errors.Is(err, ErrBrowser) {
		t.Errorf("error %v", err)
	}
	if Check() != nil {
		return
	}
	// A browser that ends at once is no fault of the namespace.
	if _, err := (&Browser{Exec: exe}).Draw(t.Context(), p); !errors.Is(err, ErrBrowser) || errors.Is(err, ErrNamespace) {
		t.Errorf("error %v", err)
	}
}
