package dashboards

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"tamga"
)

// Options configure a Server. Searcher is needed; where Opener, Tracer or
// Watcher is nil, what needs it answers with an explanation.
type Options struct {
	Searcher Searcher
	Opener   Opener
	Tracer   Tracer
	Watcher  Watcher

	Title  string // of the workspace, shown in the header
	Token  string // of the first link; random where empty
	Logger *slog.Logger
	Now    func() time.Time
	Rand   io.Reader // of tokens and sessions; crypto/rand where nil
}

// Limits of one server. They bound what a request may cost.
const (
	maxRunning    = 16               // API requests at once
	apiTimeout    = 30 * time.Second // of a search or an opened capture
	traceTimeout  = 90 * time.Second
	maxQueryBytes = 16 << 10 // of a URL's query string
)

// Server is the dashboards of one workspace.
type Server struct {
	opt     Options
	doors   *doors
	running chan struct{}
	handler http.Handler
}

// New returns a server; it listens to nothing until Serve.
func New(opt Options) (*Server, error) {
	if opt.Searcher == nil {
		return nil, errors.New("dashboards: no searcher")
	}
	if opt.Logger == nil {
		opt.Logger = slog.New(slog.DiscardHandler)
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.Rand == nil {
		opt.Rand = rand.Reader
	}
	if opt.Title == "" {
		opt.Title = "Tamga"
	}
	s := &Server{opt: opt, running: make(chan struct{}, maxRunning)}
	d, err := newDoors(opt.Token, opt.Rand, opt.Now)
	if err != nil {
		return nil, err
	}
	s.doors = d

	api := http.NewServeMux()
	api.HandleFunc("GET /api/status", s.status)
	api.HandleFunc("GET /api/search", s.search)
	api.HandleFunc("GET /api/document", s.document)
	api.HandleFunc("GET /api/capture", s.capture)
	api.HandleFunc("GET /api/source", s.source)
	api.HandleFunc("GET /api/raw", s.raw)
	api.HandleFunc("GET /api/trace", s.trace)
	api.HandleFunc("GET /api/changes", s.changes)
	api.HandleFunc("GET /api/alerts", s.alerts)
	api.HandleFunc("GET /api/sources", s.sources)
	api.HandleFunc("POST /api/lock", s.lock)
	api.HandleFunc("/api/", func(w http.ResponseWriter, r *http.Request) {
		writeError(w, http.StatusNotFound, "no such call: "+r.Method+" "+r.URL.Path, "")
	})

	root := http.NewServeMux()
	root.Handle("/api/", s.guard(s.bound(api)))
	root.Handle("/assets/", readOnly(s.asset))
	root.Handle("/", readOnly(s.app))
	cross := http.NewCrossOriginProtection()
	cross.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		writeError(w, http.StatusForbidden, "a request of another site", "open the dashboards by their own link")
	}))
	s.handler = secure(loopbackHost(cross.Handler(root)))
	return s, nil
}

// ServeHTTP answers one request. The caller sees to loopback; Serve does.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Link returns the URL that opens the dashboards at base ("http://host:port").
// It works once; each call after the first link was used makes a new one.
func (s *Server) Link(base string) (string, error) {
	token, err := s.doors.token()
	if err != nil {
		return "", err
	}
	return base + "/?token=" + url.QueryEscape(token), nil
}

// Serve listens on addr ("127.0.0.1:0") until ctx ends, and calls ready with
// the link to open once it listens. An address that is not loopback is refused:
// there are no users yet to tell apart.
func (s *Server) Serve(ctx context.Context, addr string, ready func(link string)) error {
	if err := loopbackAddr(addr); err != nil {
		return err
	}
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", addr, err)
	}
	link, err := s.Link("http://" + ln.Addr().String())
	if err != nil {
		return errors.Join(err, ln.Close())
	}
	srv := &http.Server{
		Handler:           s,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      2 * time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(s.opt.Logger.Handler(), slog.LevelDebug),
	}
	done := make(chan error, 1)
	go func() { done <- srv.Serve(ln) }()
	if ready != nil {
		ready(link)
	}
	select {
	case err := <-done:
		return fmt.Errorf("serve %s: %w", ln.Addr(), err)
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
	defer cancel()
	if err := srv.Shutdown(grace); err != nil {
		_ = srv.Close() // a download still running is cut
	}
	if err := <-done; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve %s: %w", ln.Addr(), err)
	}
	return nil
}

// loopbackAddr refuses an address that other machines could reach.
func loopbackAddr(addr string) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("listen on %q: %w", addr, err)
	}
	if host == "localhost" {
		return nil
	}
	if ip, err := netip.ParseAddr(host); err == nil && ip.Unmap().IsLoopback() {
		return nil
	}
	return fmt.Errorf("listen on %q: not a loopback address; the dashboards have no users, so only this machine may reach them", addr)
}

// status says what is there.
func (s *Server) status(w http.ResponseWriter, r *http.Request) {
	kinds, total, err := s.kinds(r.Context())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	writeJSON(w, struct {
		Title     string     `json:"title"`
		Version   string     `json:"version"`
		Now       time.Time  `json:"now"`
		Documents int64      `json:"documents"`
		Kinds     []facetRow `json:"kinds"`
		Captures  bool       `json:"captures"` // captures can be opened
		Traces    bool       `json:"traces"`   // a ledger is at hand
		Watches   bool       `json:"watches"`  // changes, alerts and sources can be asked for
	}{s.opt.Title, tamga.Version, s.opt.Now().UTC(), total, kinds, s.opt.Opener != nil, s.opt.Tracer != nil, s.opt.Watcher != nil})
}
