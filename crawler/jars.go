package crawler

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"sync"

	"golang.org/x/net/publicsuffix"
)

// jars keep the cookies of each identity, while the crawler lives.
type jars struct {
	mu sync.Mutex
	m  map[string]http.CookieJar
}

func newJars() *jars { return &jars{m: map[string]http.CookieJar{}} }

func (j *jars) of(identity string) http.CookieJar {
	j.mu.Lock()
	defer j.mu.Unlock()
	jar := j.m[identity]
	if jar == nil {
		jar, _ = cookiejar.New(&cookiejar.Options{PublicSuffixList: publicsuffix.List}) // never fails
		j.m[identity] = jar
	}
	return jar
}

// Cookies and SetCookies make a worker the jar of whoever's page it fetches. What
// a session sends stands in the request already.
func (k *worker) Cookies(u *url.URL) []*http.Cookie {
	if k.src.session(u) != nil {
		return nil
	}
	return k.jars.of(k.src.Identity).Cookies(u)
}

// SetCookies keeps what a response sets. What an archived one set has ended.
func (k *worker) SetCookies(u *url.URL, cookies []*http.Cookie) {
	if session := k.src.session(u); session != nil {
		session.SetCookies(u, cookies)
		return
	}
	k.jars.of(k.src.Identity).SetCookies(u, cookies)
}
