package crawler

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"tamga"
)

// fakeSession is a login at one origin.
type fakeSession struct {
	mu     sync.Mutex
	origin string
	set    []string
	ends   int
}

func (s *fakeSession) Holds(u *url.URL) bool    { return u.Scheme+"://"+u.Host == s.origin }
func (s *fakeSession) Cookie(u *url.URL) string { return `sid="a b"; t={"x":1}` }
func (s *fakeSession) UserAgent() string        { return "login agent" }
func (s *fakeSession) Name() string             { return "demo" }
func (s *fakeSession) LoggedIn(page []byte) string {
	if strings.Contains(string(page), "member") {
		return ""
	}
	return "no member"
}

func (s *fakeSession) SetCookies(u *url.URL, cookies []*http.Cookie) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range cookies {
		s.set = append(s.set, u.Path+" "+c.Name)
	}
}

func (s *fakeSession) End(string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ends++
	return s.ends == 1
}

// TestSession: a login goes to its place, as it was set, and to nobody else, on links
// and redirects; what another place sets is not taken into it.
func TestSession(t *testing.T) {
	var mu sync.Mutex
	got := map[string]string{}
	note := func(who string, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		got[who+r.URL.Path] = r.Header.Get("Cookie") + "|" + r.UserAgent()
	}
	other := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		note("other", r)
		http.SetCookie(w, &http.Cookie{Name: "theirs", Value: "1"})
		w.Header().Set("Content-Type", "text/html")
	}))
	home := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		note("home", r)
		w.Header().Set("Content-Type", "text/html")
		switch r.URL.Path {
		case "/":
			http.SetCookie(w, &http.Cookie{Name: "ours", Value: "1"})
			fmt.Fprintf(w, "member <a href='%s/link'>x</a><a href='/away'>x</a><a href='/guest'>x</a><a href='/logout'>x</a>", other.URL)
		case "/away":
			http.Redirect(w, r, other.URL+"/redirect", http.StatusFound)
		}
	}))
	l := newLab(t)
	s := &fakeSession{origin: home.URL}
	scope, err := ParseScope("any")
	if err != nil {
		t.Fatal(err)
	}
	l.opts.UserAgent = "plain agent"
	l.opts.Sources = []Source{{Name: "demo", Seeds: []string{home.URL + "/"}, Scope: scope, Identity: "demo", Session: s}}
	l.opts.Begin = []string{"demo"}
	l.run(t)
	login := `sid="a b"; t={"x":1}|login agent`
	for path, want := range map[string]string{"home/": login, "home/away": login, "home/guest": login, "other/link": "|plain agent", "other/redirect": "|plain agent"} {
		if have := got[path]; have != want && !(strings.HasPrefix(path, "other") && have == "theirs=1"+want) {
			t.Errorf("%s was sent %q, want %q", path, have, want)
		}
	}
	if _, asked := got["home/logout"]; asked || len(s.set) != 1 || s.set[0] != "/ ours" {
		t.Errorf("logged out: %v; set %v", asked, s.set)
	}
	outcomes := map[string]tamga.Outcome{}
	for _, r := range l.sink.records() {
		outcomes[r.Capture.URL] = r.Exchange.Outcome
	}
	if outcomes[home.URL+"/"] != tamga.OutcomeOK || outcomes[home.URL+"/guest"] != tamga.OutcomeLogin || outcomes[other.URL+"/link"] != tamga.OutcomeOK || s.ends != 1 {
		t.Errorf("outcomes %v, ended %d times", outcomes, s.ends)
	}
}

func TestActs(t *testing.T) {
	for link, want := range map[string]bool{
		"http://e.example/logout": true, "http://e.example/log-out.php": true, "http://e.example/ucp.php?mode=logout&sid=1": true,
		"http://e.example/?do=delete&id=1": true, "http://e.example/t/1/Mark_Read": true, "http://e.example/%d0%b2%d1%8b%d1%85%d0%be%d0%b4": true,
		"http://e.example/t/how-to-delete-traces": false, "http://e.example/votes/1": false, "http://e.example/": false, "http://e.example/?q=like+new": false,
	} {
		if acts(link) != want {
			t.Errorf("%s: want %v", link, want)
		}
	}
}
