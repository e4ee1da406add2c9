package crawler

import (
	"net/http"
	"net/url"
	"strings"

	"tamga"
	"tamga/internal/decode"
)

// Session is what a source is asked with as someone who is logged in. It is bound to
// a place: for every URL that it does not hold, the source is asked as nobody. Its
// methods are called by many workers at once.
type Session interface {
	// Holds tells whether a URL is of the place that the session is bound to.
	Holds(u *url.URL) bool
	// Cookie is the value of the Cookie header field; empty: none is sent.
	Cookie(u *url.URL) string
	SetCookies(u *url.URL, cookies []*http.Cookie)
	// UserAgent is that of the login; empty: that of the source.
	UserAgent() string
	// LoggedIn says what tells that a page, in UTF-8, was shown to nobody; empty:
	// nothing does.
	LoggedIn(page []byte) (why string)
	// Name and End tell people of it; first: it was not told before.
	Name() string
	End(why string) (first bool)
}

// session that is sent with a URL of the source; nil: none is.
func (s *Source) session(u *url.URL) Session {
	if s.Session == nil || !s.Session.Holds(u) {
		return nil
	}
	return s.Session
}

// head of a request on behalf of the source, to an address of a kind. The user agent of a login is part of
// it: sites end sessions that change theirs, and nobody else learns it.
func (s *Source) head(kind, address string) http.Header {
	h := http.Header{
		"User-Agent":      {s.UserAgent},
		"Accept":          {accepts(kind)},
		"Accept-Language": {"en-US,en;q=0.5"},
	}
	u, err := url.Parse(address)
	if err != nil {
		return h
	}
	if session := s.session(u); session != nil {
		if agent := session.UserAgent(); agent != "" {
			h.Set("User-Agent", agent)
		}
		if cookie := session.Cookie(u); cookie != "" {
			h.Set("Cookie", cookie)
		}
	}
	return h
}

// loggedIn marks a page that its session should have been shown and was not.
func (k *worker) loggedIn(ex *tamga.Exchange) {
	if k.given != nil || ex.Outcome != tamga.OutcomeOK && ex.Outcome != tamga.OutcomeLogin {
		return
	}
	u, err := url.Parse(ex.URL)
	if err != nil {
		return
	}
	session := k.src.session(u)
	if session == nil {
		return
	}
	why := ""
	if ex.Outcome == tamga.OutcomeLogin {
		why = "session " + session.Name() + " expired: the site asks for a login"
	} else {
		plain, _, err := decode.Body(ex.Header, ex.Body, plainCap)
		if err != nil {
			return
		}
		text, _ := decode.UTF8(ex.Header.Get("Content-Type"), plain)
		why = session.LoggedIn([]byte(text))
	}
	if why == "" {
		return
	}
	ex.Outcome, ex.Detail = tamga.OutcomeLogin, why
	if session.End(why) {
		k.wire.opts.Logger.Warn("session expired", "session", session.Name(), "source", ex.Source, "url", ex.URL, "reason", why,
			"hint", "log in again: `tamga session hand-over`, or `tamga session import --replace`")
	}
}

// acting are names of a link that does something when it is followed: it ends the
// login, or writes.
var acting = map[string]bool{
	"logout": true, "logoff": true, "signout": true, "signoff": true, "delete": true, "remove": true, "vote": true, "upvote": true,
	"downvote": true, "like": true, "unlike": true, "follow": true, "unfollow": true, "subscribe": true, "unsubscribe": true,
	"markread": true, "markallread": true, "ban": true, "выход": true, "выйти": true,
}

// acts tells whether following a link would be more than reading. A segment of its
// path, or a key or value of its query, is such a name as a whole: words of a title
// in an address are none.
func acts(link string) bool {
	u, err := url.Parse(link)
	if err != nil {
		return true
	}
	named := func(s string) bool {
		s, _, _ = strings.Cut(strings.ToLower(s), ".") // logout.php
		return acting[strings.NewReplacer("-", "", "_", "").Replace(s)]
	}
	for segment := range strings.SplitSeq(u.Path, "/") {
		if named(segment) {
			return true
		}
	}
	for part := range strings.FieldsFuncSeq(u.RawQuery, func(r rune) bool { return r == '&' || r == ';' || r == '=' }) {
		if word, err := url.QueryUnescape(part); err == nil && named(word) {
			return true
		}
	}
	return false
}
