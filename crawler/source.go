package crawler

import (
	"slices"
	"sync/atomic"
	"time"

	"tamga"
)

// Source says on whose behalf URLs are crawled, and how. What is zero is as
// Options says.
type Source struct {
	Name  string   // written into every exchange; empty: the host of the URL
	Seeds []string // where a pass begins
	Kind  string   // telegram mastodon bluesky reddit vk feed: only its paging is followed; else its links. Empty: by the host of each URL, see KindOf
	// Mirrors are further addresses of the first seed's place. A pass goes on at
	// the next one when one is not reached, and with it what is still to be fetched.
	Mirrors []string
	Also    []string // paths that are fetched as if the first page linked to them

	Scope    Scope         // which links are followed
	Budget   int64         // exchanges with a response a pass; 0: no limit. What is left waits for the next pass
	MaxDepth int           // links from a seed
	Delay    time.Duration // between requests to one host; below 0: none
	Parallel int           // fetches at a time from one host

	// Route is RouteClear or RouteTor to reach the clear web directly or through
	// the proxy, whatever Options.Direct says.
	Route tamga.Route
	// Identity is who asks: each has circuits, connections and cookies of its own.
	Identity  string
	Session   Session // what Identity is logged in with; nil: nothing
	UserAgent string
	Binary    bool // keep bodies that are not text
	Render    bool // have pages drawn that are empty without scripts
	Scripts   bool // with Render: their scripts run

	// Until is when it may no longer be crawled: what it has under way is given up
	// and what is left is parked. Zero: no end.
	Until time.Time
	// Closed says why it may not be crawled at all, as Until says from when on.
	Closed string
}

// defaults fills in what Options says.
func (s Source) defaults(o *Options) Source {
	if s.Scope.kind == "" {
		s.Scope = o.Scope
	}
	if s.MaxDepth == 0 {
		s.MaxDepth = o.MaxDepth
	}
	switch {
	case s.Delay < 0:
		s.Delay = 0
	case s.Delay == 0:
		s.Delay = o.Delay
	}
	if s.Parallel <= 0 {
		s.Parallel = o.Parallel
	}
	if s.UserAgent == "" {
		s.UserAgent = o.UserAgent
	}
	s.Binary = s.Binary || o.Binary
	return s
}

// sourceTable knows the sources of a run. The workers read it while a reload
// replaces what it holds.
type sourceTable struct {
	named atomic.Pointer[map[string]*Source]
	other *Source // for a name that is not known
}

func newSourceTable(o *Options) *sourceTable {
	other := Source{}.defaults(o)
	t := &sourceTable{other: &other}
	t.set(o, o.Sources)
	return t
}

// set replaces the sources, but for that of the seeds of Run.
func (t *sourceTable) set(o *Options, sources []Source) {
	named := map[string]*Source{}
	if !o.Only {
		sources = slices.Concat(sources, []Source{o.Source})
	}
	for _, s := range sources {
		s = s.defaults(o)
		named[s.Name] = &s
	}
	t.named.Store(&named)
}

func (t *sourceTable) known(name string) bool { return (*t.named.Load())[name] != nil }

func (t *sourceTable) get(name string) *Source {
	if s := (*t.named.Load())[name]; s != nil {
		return s
	}
	return t.other
}
