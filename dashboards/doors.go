package dashboards

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"
)

const (
	sessionIdle = 12 * time.Hour // a session unused for so long has ended
	maxSessions = 64
	minToken    = 16 // characters of a token given by the caller
)

// doors lets people in: one token that works once, and the sessions it began.
// Only digests are held, so that memory names no way in.
type doors struct {
	mu       sync.Mutex
	rand     io.Reader
	now      func() time.Time
	given    string // the token of the link not yet used, empty when used
	sessions map[[32]byte]time.Time
}

func newDoors(token string, random io.Reader, now func() time.Time) (*doors, error) {
	d := &doors{rand: random, now: now, sessions: map[[32]byte]time.Time{}, given: token}
	if token != "" && len(token) < minToken {
		return nil, fmt.Errorf("dashboards: a token of %d characters can be guessed, want %d", len(token), minToken)
	}
	return d, nil
}

// token returns the token of the next link.
func (d *doors) token() (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.given == "" {
		t, err := d.secret()
		if err != nil {
			return "", err
		}
		d.given = t
	}
	return d.given, nil
}

// secret is 256 random bits.
func (d *doors) secret() (string, error) {
	var b [32]byte
	if _, err := io.ReadFull(d.rand, b[:]); err != nil {
		return "", fmt.Errorf("read randomness: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(b[:]), nil
}

var errSpent = errors.New("the link was used before")

// enter spends the token and returns the secret of a new session.
func (d *doors) enter(token string) (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.given == "" || subtle.ConstantTimeCompare([]byte(token), []byte(d.given)) != 1 {
		return "", errSpent
	}
	secret, err := d.secret()
	if err != nil {
		return "", err
	}
	d.given = ""
	now := d.now()
	for k, seen := range d.sessions {
		if now.Sub(seen) > sessionIdle {
			delete(d.sessions, k)
		}
	}
	if len(d.sessions) >= maxSessions {
		return "", errors.New("too many sessions")
	}
	d.sessions[sha256.Sum256([]byte(secret))] = now
	return secret, nil
}

// known says whether r belongs to a session that has not ended.
func (d *doors) known(r *http.Request) bool {
	key, ok := sessionKey(r)
	if !ok {
		return false
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	seen, ok := d.sessions[key]
	now := d.now()
	if !ok || now.Sub(seen) > sessionIdle {
		delete(d.sessions, key)
		return false
	}
	d.sessions[key] = now
	return true
}

// leave ends the session of r.
func (d *doors) leave(r *http.Request) {
	if key, ok := sessionKey(r); ok {
		d.mu.Lock()
		delete(d.sessions, key)
		d.mu.Unlock()
	}
}

func sessionKey(r *http.Request) ([32]byte, bool) {
	c, err := r.Cookie(cookieName(r))
	if err != nil {
		return [32]byte{}, false
	}
	return sha256.Sum256([]byte(c.Value)), true
}

// cookieName has the port in it: cookies ignore ports, and two workspaces
// served side by side must not put each other out.
func cookieName(r *http.Request) string {
	_, port, err := net.SplitHostPort(r.Host)
	if err != nil {
		port = "80"
	}
	return "tamga_" + port
}

func setCookie(w http.ResponseWriter, r *http.Request, value string, maxAge int) {
	http.SetCookie(w, &http.Cookie{
		Name: cookieName(r), Value: value, Path: "/", MaxAge: maxAge,
		HttpOnly: true, SameSite: http.SameSiteStrictMode,
	})
}

// app answers every page of the application: the link that opens it, then the
// same document whatever the path, since the path is the application's state.
func (s *Server) app(w http.ResponseWriter, r *http.Request) {
	if token := r.URL.Query().Get("token"); token != "" && r.URL.Path == "/" {
		if !s.doors.known(r) {
			secret, err := s.doors.enter(token)
			if err != nil {
				s.locked(w, "This link was already used, or belongs to an earlier start.")
				return
			}
			setCookie(w, r, secret, 0)
		}
		http.Redirect(w, r, "/", http.StatusSeeOther) // the token leaves the address bar and the history
		return
	}
	if !s.doors.known(r) {
		s.locked(w, "This browser has no session.")
		return
	}
	switch r.URL.Path {
	case "/", "/search", "/listing", "/capture", "/trace", "/changes", "/alerts", "/sources":
		s.serveFile(w, r, "index.html")
	default:
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, "There is no such page. The search is at /search.\n")
	}
}

// locked is the page of somebody without a session. It names no workspace.
func (s *Server) locked(w http.ResponseWriter, why string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusUnauthorized)
	_, _ = io.WriteString(w, `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Tamga: locked</title>`+
		`<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="/assets/app.css"></head>`+
		`<body class="locked"><main><h1>Locked</h1><p>`+why+`</p><p>Open the link that <code>tamga serve</code> printed. It works once; `+
		`start it again for a new one.</p></main></body></html>`)
}

// lock ends the session.
func (s *Server) lock(w http.ResponseWriter, r *http.Request) {
	s.doors.leave(r)
	setCookie(w, r, "", -1)
	writeJSON(w, map[string]bool{"locked": true})
}

// guard lets a call through only with a session and only from our own pages.
func (s *Server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.Header.Get("Sec-Fetch-Site") {
		case "", "same-origin", "none": // a program, our page, a typed address
		default:
			writeError(w, http.StatusForbidden, "a request of another site", "open the dashboards by their own link")
			return
		}
		if !s.doors.known(r) {
			writeError(w, http.StatusUnauthorized, "no session", "open the link that tamga serve printed")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// loopbackHost refuses a Host that is not this machine's own name, so that a
// page whose name was re-pointed at loopback (DNS rebinding) reads nothing.
func loopbackHost(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if h, _, err := net.SplitHostPort(host); err == nil {
			host = h
		}
		host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
		if host != "localhost" {
			if ip, err := netip.ParseAddr(host); err != nil || !ip.Unmap().IsLoopback() {
				writeError(w, http.StatusMisdirectedRequest, "this server answers to loopback names only", "")
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}
