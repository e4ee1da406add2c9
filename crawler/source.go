package crawler

import (
	"slices"
	"time"

	"tamga"
)

// Source says on whose behalf URLs are crawled, and how. What is zero is as
// Options says.
type Source struct {
	Name  string   // written into every exchange; empty: the host of the URL
	Seeds []string // where a pass begins

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
	UserAgent string
	Binary    bool // keep bodies that are not text
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

// sourceTable knows the sources of a run; it is read by the workers.
type sourceTable struct {
	named map[string]*Source
	other *Source // for a name that is not known
}

func newSourceTable(o *Options) sourceTable {
	other := Source{}.defaults(o)
	t := sourceTable{map[string]*Source{}, &other}
	for _, s := range slices.Concat(o.Sources, []Source{o.Source}) {
		s = s.defaults(o)
		t.named[s.Name] = &s
	}
	return t
}

func (t sourceTable) get(name string) *Source {
	if s := t.named[name]; s != nil {
		return s
	}
	return t.other
}
