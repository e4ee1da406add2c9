package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// loginForum is a forum that shows its threads to who is logged in, and another site
// that its pages link and redirect to. It ends a login that follows /logout.
type loginForum struct {
	forum, other *httptest.Server

	mu     sync.Mutex
	ended  bool
	leaked []string // what the other site was sent of the login
}

const (
	loginSecret  = "topsecret-1"
	loginRotated = "topsecret-2"
	loginAgent   = "Demo Browser 1"
)

func newLoginForum(t testing.TB) *loginForum {
	f := &loginForum{}
	f.other = httptest.NewServer(http.HandlerFunc(f.away))
	f.forum = httptest.NewServer(http.HandlerFunc(f.page))
	t.Cleanup(f.other.Close)
	t.Cleanup(f.forum.Close)
	return f
}

func (f *loginForum) page(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	sid, err := r.Cookie("sid")
	in := err == nil && sid.Value == loginSecret && r.UserAgent() == loginAgent && !f.ended
	switch {
	case !in:
		fmt.Fprintf(w, "<title>Guests</title><p>%s<a href='/t/1'>threads</a>", strings.Repeat("Guests see rules only. ", 100))
	case r.URL.Path == "/logout":
		f.ended = true
	case r.URL.Path == "/away":
		http.Redirect(w, r, f.other.URL+"/landing", http.StatusFound)
	case r.URL.Path == "/":
		http.SetCookie(w, &http.Cookie{Name: "rotated", Value: loginRotated, Path: "/", MaxAge: 3600})
		fmt.Fprintf(w, "<title>Forum</title><p>Signed in as <b>demo</b><a id=logout href='/logout'>out</a><a href='/t/1'>1</a><a href='/t/2'>2</a><a href='/away'>away</a><a href='%s/linked'>other</a>", f.other.URL)
	default:
		fmt.Fprintf(w, "<title>Thread</title><p>Signed in as <b>demo</b><p>Members only %s", r.URL.Path)
	}
}

func (f *loginForum) away(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if r.UserAgent() == loginAgent || strings.Contains(fmt.Sprint(r.Header), "topsecret") {
		f.leaked = append(f.leaked, r.URL.Path)
	}
	w.Header().Set("Content-Type", "text/html")
	fmt.Fprint(w, "<title>Elsewhere</title>")
}

// check is for when the scripts have run: nothing of the login went elsewhere, and
// it was never ended.
func (f *loginForum) check(t testing.TB) {
	t.Cleanup(func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		if len(f.leaked) > 0 || f.ended {
			t.Errorf("the login was sent elsewhere: %v; it was ended: %v", f.leaked, f.ended)
		}
	})
}

func TestWithoutSecrets(t *testing.T) {
	got := withoutSecrets([]byte("GET / HTTP/1.1\r\nHost: forum.example.org\r\nCookie: sid=" + loginSecret + "\r\n\r\n"))
	if strings.Contains(got, loginSecret) || got != "GET / HTTP/1.1\r\nHost: forum.example.org\r\nX-Redacted: Cookie\r\n\r\n" {
		t.Errorf("%q", got)
	}
}
