package dashboards

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"tamga"
	"tamga/index"
)

// Watcher tells what happened to what is watched, and how it is. Its documents are
// those of the command line (docs/json.md).
type Watcher interface {
	// Changes of the index, the latest first; where narrows them, nil does not.
	Changes(ctx context.Context, where index.Node, cursor string, size int) (page []tamga.Change, next string, err error)
	// Alerts, the latest first.
	Alerts(ctx context.Context) ([]Alert, error)
	// Sources and the sites that are known at more than one address, as
	// `tamga sources --series` and `tamga mirrors` print them.
	Sources(ctx context.Context) (sources, sites any, err error)
	// Also are the addresses at which a document was seen on other hosts.
	Also(ctx context.Context, d index.Document) ([]string, error)
}

// Alert is an alert with its claim in the log.
type Alert struct {
	ID   int64     `json:"id"`
	Time time.Time `json:"time"`
	tamga.Alert
}

// Stamp is what somebody else says of a head of the log that covers a capture.
type Stamp struct {
	Kind    string     `json:"kind"` // tsr, ots, cosig
	Head    int64      `json:"head"` // entries covered
	File    string     `json:"file"`
	Time    *time.Time `json:"time,omitempty"` // as stated: the capture existed then
	By      string     `json:"by,omitempty"`
	Trusted bool       `json:"trusted"`
	What    string     `json:"what"` // for people
}

// maxAlerts is how many alerts one answer has.
const maxAlerts = 500

var errNoWatcher = &apiError{http.StatusNotImplemented, "nothing is watched here", "serve a workspace"}

// changes answers with a page of changes. q is a query of the index; change and field
// are values any of which will do.
func (s *Server) changes(w http.ResponseWriter, r *http.Request) {
	if s.opt.Watcher == nil {
		s.fail(w, r, errNoWatcher)
		return
	}
	q := r.URL.Query()
	a, err := parseAsk(map[string][]string{"q": q["q"], "cursor": q["cursor"], "size": q["size"]})
	if err != nil {
		s.fail(w, r, err)
		return
	}
	where, err := a.where()
	if err != nil {
		s.fail(w, r, err)
		return
	}
	nodes := []index.Node{where}
	for _, f := range []string{"change", "field", "record"} {
		switch v := q[f]; {
		case len(v) > maxChosen:
			s.fail(w, r, badRequest(f+": more than "+strconv.Itoa(maxChosen)+" values", ""))
			return
		case len(v) > 0:
			nodes = append(nodes, index.Term{Field: f, Values: v})
		}
	}
	all, next, err := s.opt.Watcher.Changes(r.Context(), index.And(nodes...), a.cursor, a.size)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if all == nil {
		all = []tamga.Change{}
	}
	writeJSON(w, struct {
		Changes []tamga.Change `json:"changes"`
		Next    string         `json:"next,omitempty"` // cursor of the next page; absent on the last
	}{all, next})
}

func (s *Server) alerts(w http.ResponseWriter, r *http.Request) {
	if s.opt.Watcher == nil {
		s.fail(w, r, errNoWatcher)
		return
	}
	all, err := s.opt.Watcher.Alerts(r.Context())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	more := max(0, len(all)-maxAlerts)
	if all = all[:len(all)-more]; all == nil {
		all = []Alert{}
	}
	writeJSON(w, struct {
		Alerts []Alert `json:"alerts"`
		More   int     `json:"more,omitempty"` // older ones
	}{all, more})
}

func (s *Server) sources(w http.ResponseWriter, r *http.Request) {
	if s.opt.Watcher == nil {
		s.fail(w, r, errNoWatcher)
		return
	}
	sources, sites, err := s.opt.Watcher.Sources(r.Context())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	writeJSON(w, map[string]any{"sources": sources, "sites": sites})
}
