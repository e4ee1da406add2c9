package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/url"
	"os"
	"slices"
	"sync"
	"time"

	"tamga"
	"tamga/crawler"
	"tamga/internal/config"
	"tamga/internal/session"
)

// passphraseVariable locks and opens sessions with a passphrase instead of the key.
const passphraseVariable = "TAMGA_SESSION_PASSPHRASE"

func vault(ws *config.Workspace) *session.Vault {
	return &session.Vault{Dir: ws.Sessions(), Key: ws.SessionKey, Passphrase: os.Getenv(passphraseVariable), Random: rand.Reader}
}

// logins are the sessions that a crawl uses.
type logins struct {
	vault    *session.Vault
	operator string
	log      *slog.Logger

	mu       sync.Mutex
	live     map[string]*session.Live
	imported map[string]time.Time
}

func (a *app) logins(ws *config.Workspace, conf *config.Config) *logins {
	return &logins{vault: vault(ws), operator: operator(conf), log: a.log, live: map[string]*session.Live{}, imported: map[string]time.Time{}}
}

// again reads what was imported since: what a reload calls for. Sessions that are as
// they were stay live.
func (l *logins) again(conf *config.Config) *logins {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.operator = operator(conf)
	for name, at := range l.imported {
		if s, err := l.vault.Get(name); err != nil || !s.Imported.Equal(at) {
			delete(l.live, name)
			delete(l.imported, name)
		}
	}
	return l
}

// give hands a source its session. One whose session cannot be used is left alone:
// it is never asked without.
func (l *logins) give(c *crawler.Source, s config.Source) error {
	if s.Session == "" {
		return nil
	}
	live, err := l.use(s, slices.Concat(c.Seeds, c.Mirrors))
	if err != nil {
		c.Closed = "its session cannot be used"
		return err
	}
	c.Session = live
	return nil
}

func (l *logins) use(s config.Source, addresses []string) (*session.Live, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	live := l.live[s.Session]
	if live == nil {
		kept, err := l.vault.Get(s.Session)
		if err != nil {
			return nil, sessionHint(err)
		}
		if kept.Operator != l.operator {
			return nil, hinted{fmt.Errorf("session %s is that of %s, and the operator is %s", s.Session, kept.Operator, l.operator),
				"a session is used by who logged in; import one of your own"}
		}
		if live, err = session.Use(kept, nil, time.Now); err != nil {
			return nil, err
		}
		l.live[s.Session], l.imported[s.Session] = live, kept.Imported
		l.warn(live)
	}
	for _, a := range addresses {
		live.Also(a)
	}
	if !slices.ContainsFunc(addresses, func(a string) bool { u, err := url.Parse(a); return err == nil && live.Holds(u) }) {
		return nil, hinted{fmt.Errorf("session %s is bound to %s, and the source is elsewhere", s.Session, live.Host()),
			"import it again with --replace and the --host of the source, if the login is one there"}
	}
	return live, nil
}

// warn tells of an expiry, ahead or past.
func (l *logins) warn(live *session.Live) {
	switch in := live.Info(); in.State {
	case session.Expiring:
		l.log.Warn("session expires soon", "session", in.Name, "host", in.Host, "at", in.Expires.Format(time.RFC3339))
	case session.Expired:
		l.log.Warn("session expired", "session", in.Name, "host", in.Host, "at", in.Expires.Format(time.RFC3339), "reason", "no cookie of it is left")
	}
}

// save writes back what sites have set. A session that was imported anew, or
// deleted, while it was in use is left as it is.
func (l *logins) save() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	var errs []error
	for name, live := range l.live {
		s := live.Changed()
		if s == nil {
			continue
		}
		kept, err := l.vault.Get(name)
		if errors.Is(err, session.ErrNone) || err == nil && !kept.Imported.Equal(l.imported[name]) {
			l.log.Warn("what the site set is not kept: the session was imported anew or deleted", "session", name)
			continue
		}
		if err == nil {
			err = l.vault.Put(s, true)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// crawlResult is what a crawl did, and what it leaves to people.
type crawlResult struct {
	crawler.Summary
	Waiting []waiting `json:"waiting,omitempty"`
	Refused []refusal `json:"refused,omitempty"` // sources that were left out
}

// waiting is a source that a wall keeps out, or whose session has expired.
type waiting struct {
	Source  string        `json:"source"`
	Outcome tamga.Outcome `json:"outcome"`
	URL     string        `json:"url"`
	Session string        `json:"session,omitempty"`
	Reason  string        `json:"reason,omitempty"`
	Command string        `json:"command"`
}

// passed notes a pass that met a wall at its seed.
func (s *crawlResult) passed(conf *config.Config, p crawler.Pass) {
	switch p.Outcome {
	case tamga.OutcomeCaptcha, tamga.OutcomeQueue, tamga.OutcomeDDoS, tamga.OutcomeLogin:
		if src, found := conf.Source(p.Source); found {
			s.wait(src, p.Outcome, "")
		}
	}
}

// expired notes the sources whose sessions are at their end.
func (s *crawlResult) expired(conf *config.Config, l *logins) {
	for _, name := range slices.Sorted(maps.Keys(l.live)) {
		why := l.live[name].Ended()
		if why == "" {
			continue
		}
		for _, src := range conf.Sources {
			if src.Session == name {
				s.wait(src, tamga.OutcomeLogin, why)
			}
		}
	}
}

func (s *crawlResult) wait(src config.Source, o tamga.Outcome, why string) {
	w := waiting{Source: src.Name, Outcome: o, URL: src.URL, Session: src.Session, Reason: why, Command: handOver(src)}
	if i := slices.IndexFunc(s.Waiting, func(w waiting) bool { return w.Source == src.Name }); i >= 0 {
		s.Waiting[i] = w
		return
	}
	s.Waiting = append(s.Waiting, w)
}

// handOver is what a person does about a wall: log in and bring the session.
func handOver(src config.Source) string {
	name := src.Session
	if name == "" {
		name = src.Name
	}
	return fmt.Sprintf("tamga session hand-over %s %s", name, src.URL)
}

// tell prints what waits for a person.
func (s *crawlResult) tell(w io.Writer) {
	for _, x := range s.Waiting {
		fmt.Fprintf(w, "%s waits for a person (%s) at %s: %s\n", x.Source, x.Outcome, x.URL, x.Command)
	}
}

func sessionHint(err error) error {
	switch {
	case errors.Is(err, session.ErrLocked):
		return hinted{err, "put the passphrase into " + passphraseVariable}
	case errors.Is(err, session.ErrOpen):
		return hinted{err, "keys/session.key, or the passphrase in " + passphraseVariable + ", is not the one it was locked with: log in again and import with --replace"}
	case errors.Is(err, session.ErrNone):
		return hinted{err, "`tamga session list` tells which there are, `tamga session import` brings one"}
	case errors.Is(err, session.ErrExists):
		return hinted{err, "--replace puts the new one in its place"}
	}
	return err
}
