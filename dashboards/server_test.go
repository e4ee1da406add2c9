package dashboards

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

const testToken = "test-token-0123456789"

// client talks to a server as a browser that opened the link would.
type client struct {
	t       *testing.T
	server  *Server
	cookies []*http.Cookie
}

func enter(t *testing.T) *client {
	t.Helper()
	c := &client{t: t, server: newFakeServer(t, Options{Token: testToken})}
	r := c.do("GET", "/?token="+testToken, nil)
	if r.StatusCode != http.StatusSeeOther {
		t.Fatalf("link: status %d", r.StatusCode)
	}
	c.cookies = r.Cookies()
	return c
}

func (c *client) do(method, target string, edit func(*http.Request)) *http.Response {
	c.t.Helper()
	r := httptest.NewRequest(method, target, nil)
	r.Host = "127.0.0.1:8080"
	for _, k := range c.cookies {
		r.AddCookie(k)
	}
	if edit != nil {
		edit(r)
	}
	w := httptest.NewRecorder()
	c.server.ServeHTTP(w, r)
	return w.Result()
}

// get decodes a JSON answer into v and returns its status.
func (c *client) get(target string, v any) int {
	c.t.Helper()
	r := c.do("GET", target, nil)
	if got := r.Header.Get("Content-Type"); got != "application/json; charset=utf-8" {
		c.t.Fatalf("GET %s: content type %q", target, got)
	}
	if err := json.NewDecoder(r.Body).Decode(v); err != nil {
		c.t.Fatalf("GET %s: %v", target, err)
	}
	return r.StatusCode
}

func body(t *testing.T, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestLinkOpensOnce(t *testing.T) {
	c := &client{t: t, server: newFakeServer(t, Options{Token: testToken})}
	if r := c.do("GET", "/?token=wrong-token-wrong-token", nil); r.StatusCode != 401 || len(r.Cookies()) != 0 {
		t.Fatalf("wrong token: status %d, cookies %v", r.StatusCode, r.Cookies())
	}
	r := c.do("GET", "/?token="+testToken, nil)
	if r.StatusCode != 303 || r.Header.Get("Location") != "/" {
		t.Fatalf("link: %d to %q", r.StatusCode, r.Header.Get("Location"))
	}
	cookie := r.Cookies()[0]
	if !cookie.HttpOnly || cookie.SameSite != http.SameSiteStrictMode || cookie.Path != "/" || len(cookie.Value) < 43 {
		t.Errorf("cookie %v", cookie)
	}
	if r := c.do("GET", "/?token="+testToken, nil); r.StatusCode != 401 {
		t.Errorf("second use by a stranger: status %d, want 401", r.StatusCode)
	}
	c.cookies = r.Cookies()
	if r := c.do("GET", "/?token="+testToken, nil); r.StatusCode != 303 {
		t.Errorf("second use with the session: status %d, want 303", r.StatusCode)
	}
	next, err := c.server.Link("http://127.0.0.1:1")
	if err != nil || strings.Contains(next, testToken) {
		t.Errorf("the next link is %q, %v: want a fresh token", next, err)
	}
}

func TestSessionEnds(t *testing.T) {
	now := fakeNow
	s := newFakeServer(t, Options{Token: testToken, Now: func() time.Time { return now }})
	c := &client{t: t, server: s}
	c.cookies = c.do("GET", "/?token="+testToken, nil).Cookies()
	var v any
	now = now.Add(sessionIdle - time.Minute)
	if got := c.get("/api/status", &v); got != 200 {
		t.Fatalf("a session in use: status %d", got)
	}
	now = now.Add(sessionIdle + time.Minute)
	if got := c.get("/api/status", &v); got != 401 {
		t.Errorf("an idle session: status %d, want 401", got)
	}

	c = enter(t)
	if r := c.do("POST", "/api/lock", nil); r.StatusCode != 200 {
		t.Fatalf("lock: status %d", r.StatusCode)
	}
	if got := c.get("/api/status", &v); got != 401 {
		t.Errorf("after lock: status %d, want 401", got)
	}
}

func TestNothingWithoutSession(t *testing.T) {
	c := &client{t: t, server: newFakeServer(t, Options{Token: testToken})}
	for _, path := range []string{"/", "/search", "/listing?id=1", "/capture?seq=1", "/trace", "/api/status", "/api/search",
		"/api/document?id=x", "/api/capture?seq=0", "/api/source?seq=0", "/api/raw?seq=0", "/api/trace?subject=x", "/api/nothing", "/elsewhere"} {
		r := c.do("GET", path, nil)
		if text := body(t, r); r.StatusCode != 401 || strings.Contains(text, "demo") {
			t.Errorf("GET %s: status %d, body %q", path, r.StatusCode, text)
		}
	}
	if r := c.do("GET", "/api/status", func(r *http.Request) {
		r.AddCookie(&http.Cookie{Name: "tamga_8080", Value: "guessed"})
	}); r.StatusCode != 401 {
		t.Errorf("a guessed cookie: status %d", r.StatusCode)
	}
}

func TestHostAllowList(t *testing.T) {
	c := enter(t)
	for host, ok := range map[string]bool{
		"127.0.0.1:8080": true, "localhost:8080": true, "[::1]:8080": true, "127.0.0.1": true, "127.9.9.9:8080": true,
		"evil.example:8080": false, "evil.example": false, "127.0.0.1.evil.example:8080": false, "0.0.0.0:8080": false,
		"192.168.1.5:8080": false, "localhost.evil.example": false, "": false,
	} {
		r := c.do("GET", "/api/status", func(r *http.Request) { r.Host = host })
		if got := r.StatusCode != http.StatusMisdirectedRequest; got != ok {
			t.Errorf("Host %q: status %d, want let through %v", host, r.StatusCode, ok)
		}
	}
}

func TestOtherSitesAreRefused(t *testing.T) {
	c := enter(t)
	header := func(k, v string) func(*http.Request) { return func(r *http.Request) { r.Header.Set(k, v) } }
	for _, tc := range []struct {
		method, path, key, value string
		want                     int
	}{
		{"POST", "/api/lock", "Sec-Fetch-Site", "cross-site", 403},
		{"POST", "/api/lock", "Sec-Fetch-Site", "same-site", 403},
		{"POST", "/api/lock", "Origin", "http://evil.example", 403},
		{"POST", "/api/lock", "Origin", "http://127.0.0.1:9999", 403},
		{"GET", "/api/search", "Sec-Fetch-Site", "cross-site", 403},
		{"GET", "/api/raw?seq=0", "Sec-Fetch-Site", "same-site", 403},
		{"GET", "/api/search", "Sec-Fetch-Site", "same-origin", 200},
		{"GET", "/api/raw?seq=0", "Sec-Fetch-Site", "none", 200},
		{"DELETE", "/search", "X-Nothing", "x", 405},
		{"POST", "/api/search", "Sec-Fetch-Site", "same-origin", 404},
		{"POST", "/api/lock", "Origin", "http://127.0.0.1:8080", 200},
	} {
		if r := c.do(tc.method, tc.path, header(tc.key, tc.value)); r.StatusCode != tc.want {
			t.Errorf("%s %s with %s: %s: status %d, want %d", tc.method, tc.path, tc.key, tc.value, r.StatusCode, tc.want)
		}
	}
}

func TestHeadersOfEveryAnswer(t *testing.T) {
	c := enter(t)
	for _, path := range []string{"/search", "/assets/app.js", "/assets/nothing.js", "/api/status", "/api/search?size=x", "/api/nothing", "/nowhere"} {
		h := c.do("GET", path, nil).Header
		csp := strings.Split(h.Get("Content-Security-Policy"), "; ")
		for _, want := range []string{"default-src 'none'", "script-src 'self'", "require-trusted-types-for 'script'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"} {
			if !slices.Contains(csp, want) {
				t.Errorf("GET %s: no %s in %q", path, want, csp)
			}
		}
		if strings.Contains(h.Get("Content-Security-Policy"), "unsafe") {
			t.Errorf("GET %s: unsafe policy", path)
		}
		for k, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
			"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin"} {
			if got := h.Get(k); got != want {
				t.Errorf("GET %s: %s is %q, want %q", path, k, got, want)
			}
		}
		if got := h.Get("Access-Control-Allow-Origin"); got != "" {
			t.Errorf("GET %s: CORS for %q", path, got)
		}
	}
}

func TestServeRefusesOtherMachines(t *testing.T) {
	s := newFakeServer(t, Options{})
	for _, addr := range []string{"0.0.0.0:0", ":0", "[::]:0", "192.168.0.1:0", "example.org:80", "127.0.0.1", "127.0.0.1.evil.example:80"} {
		if err := s.Serve(context.Background(), addr, nil); err == nil {
			t.Errorf("Serve(%q) began", addr)
		}
	}
	for _, addr := range []string{"127.0.0.1:0", "localhost:0", "[::1]:0"} {
		if err := loopbackAddr(addr); err != nil {
			t.Errorf("%q: %v", addr, err)
		}
	}
}

func TestServe(t *testing.T) {
	s := newFakeServer(t, Options{})
	ctx, cancel := context.WithCancel(context.Background())
	links, done := make(chan string, 1), make(chan error, 1)
	go func() { done <- s.Serve(ctx, "127.0.0.1:0", func(link string) { links <- link }) }()
	jarless := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	r, err := jarless.Get(<-links)
	if err != nil {
		t.Fatal(err)
	}
	_ = r.Body.Close()
	if r.StatusCode != 303 {
		t.Errorf("link: status %d", r.StatusCode)
	}
	cancel()
	if err := <-done; err != nil {
		t.Errorf("stopped with %v", err)
	}
}

func TestShortTokenRefused(t *testing.T) {
	w := newFakeWorkspace()
	if _, err := New(Options{Searcher: newFakeSearcher(t, w), Token: "short"}); err == nil {
		t.Error("a token that can be guessed was taken")
	}
	if _, err := New(Options{}); err == nil {
		t.Error("a server without a searcher was made")
	}
}

func TestCallsAtOnceAreBounded(t *testing.T) {
	c := enter(t)
	for range maxRunning {
		c.server.running <- struct{}{}
	}
	r := c.do("GET", "/api/status", nil)
	if r.StatusCode != http.StatusServiceUnavailable || r.Header.Get("Retry-After") == "" {
		t.Errorf("status %d", r.StatusCode)
	}
	for range maxRunning {
		<-c.server.running
	}
	if r := c.do("GET", "/api/status", nil); r.StatusCode != 200 {
		t.Errorf("afterwards: status %d", r.StatusCode)
	}
	if r := c.do("GET", "/api/search?q="+strings.Repeat("a", maxQueryBytes), nil); r.StatusCode != http.StatusRequestURITooLong {
		t.Errorf("a long query: status %d", r.StatusCode)
	}
}
