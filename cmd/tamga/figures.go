package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"tamga"
	"tamga/crawler"
	"tamga/evidence"
	"tamga/internal/config"
	"tamga/internal/watch"
)

// figures are what `tamga watch` tells Prometheus.
type figures struct {
	watch.Metrics
	captures, bytes, outcomes, passes    *watch.Figure
	up, start, end, next, running        *watch.Figure
	frontier, disk, memory, log, indexed *watch.Figure
	stalled, due, sealed, waiting        *watch.Figure
}

func newFigures() *figures {
	f := &figures{}
	f.Gauge("tamga_up", "The watch runs.").Set(1)
	f.Gauge("tamga_build_info", "Its version.").Set(1, "version", tamga.Version)
	f.captures = f.Counter("tamga_captures_total", "Exchanges sealed with a response.")
	f.bytes = f.Counter("tamga_payload_bytes_total", "Bytes of their payloads.")
	f.outcomes = f.Counter("tamga_outcomes_total", "Sealed exchanges, attempts without a response included, by outcome.")
	f.passes = f.Counter("tamga_passes_total", "Passes that have ended, by the outcome at the seed.")
	f.up = f.Gauge("tamga_source_up", "Whether something of the source answered at its last pass.")
	f.running = f.Gauge("tamga_pass_running", "Whether a pass of the source is under way.")
	f.start = f.Gauge("tamga_last_pass_start_timestamp_seconds", "When the last pass began.")
	f.end = f.Gauge("tamga_last_pass_end_timestamp_seconds", "When the last pass ended.")
	f.next = f.Gauge("tamga_next_pass_timestamp_seconds", "When the next pass begins.")
	f.frontier = f.Gauge("tamga_frontier_urls", "URLs of the frontier, by state; counted four times a minute at most.")
	f.stalled = f.Counter("tamga_stalled_workers_total", "Fetches that never came back; their URLs were released.")
	f.stalled.Set(0)
	f.due = f.Gauge("tamga_retention_due_captures", "Captures that their basis does not cover any more (`tamga retention`), counted once a day.")
	f.sealed = f.Gauge("tamga_sealed_entries", "Entries of the newest log head that others were asked to vouch for.")
	f.waiting = f.Gauge("tamga_outbox_questions", "Questions to authorities and calendars that wait for an answer.")
	f.disk = f.Gauge("tamga_disk_free_bytes", "Free on the disk of the workspace.")
	f.memory = f.Gauge("tamga_memory_bytes", "Memory that the program holds.")
	f.log = f.Gauge("tamga_log_entries", "Entries of the evidence log.")
	f.indexed = f.Counter("tamga_indexed_captures_total", "Captures read into the index.")
	f.indexed.Set(0)
	return f
}

func seconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

func (f *figures) began(source string, at time.Time) {
	f.start.Set(seconds(at), "source", source)
	f.running.Set(1, "source", source)
}

func (f *figures) passed(p crawler.Pass, next time.Time) {
	f.running.Set(0, "source", p.Source)
	f.end.Set(seconds(p.Ended), "source", p.Source)
	if !next.IsZero() {
		f.next.Set(seconds(next), "source", p.Source)
	}
	outcome := string(p.Outcome)
	if outcome == "" {
		outcome = "unknown"
	} else {
		f.up.Set(map[bool]float64{true: 1}[watch.Reached(p.Outcome)], "source", p.Source)
	}
	f.passes.Add(1, "source", p.Source, "outcome", outcome)
}

func (f *figures) captured(ex *tamga.Exchange) {
	if ex.Status != 0 {
		f.captures.Add(1, "source", ex.Source)
		f.bytes.Add(float64(len(ex.Body)), "source", ex.Source)
	}
	f.outcomes.Add(1, "source", ex.Source, "outcome", string(ex.Outcome))
}

func (f *figures) read(captures int64) { f.indexed.Add(float64(captures)) }

// countingSink is the archive, counts what is sealed, and has the guards look when
// that was much.
type countingSink struct {
	*evidence.Archive
	figures *figures
	look    chan<- struct{}
	bytes   atomic.Int64 // sealed since they looked
}

func (s *countingSink) Put(ctx context.Context, ex *tamga.Exchange) (tamga.Capture, error) {
	c, err := s.Archive.Put(ctx, ex)
	if err != nil {
		return c, err
	}
	s.figures.captured(ex)
	if s.bytes.Add(int64(len(ex.Body))) >= guardBytes {
		s.bytes.Store(0)
		select {
		case s.look <- struct{}{}:
		default:
		}
	}
	return c, nil
}

// countEvery is the time between two counts of the frontier, which reads it all.
const countEvery = 15 * time.Second

// metricsServer tells the figures; nil: nobody asks.
type metricsServer struct{ http *http.Server }

func (s *metricsServer) close() {
	if s != nil {
		s.http.Close()
	}
}

// mayListen refuses an address of figures that other machines reach, unless that was
// asked for.
func mayListen(conf config.Watch) error {
	if conf.Metrics == "" || conf.Remote {
		return nil
	}
	if err := watch.Loopback(conf.Metrics); err != nil {
		return hinted{usageError{err}, "the names of the sources are in the figures; watch.metrics_remote = true has others read them"}
	}
	return nil
}

// serveFigures listens until it is closed; at no address, nowhere.
func (w *watcher) serveFigures(conf config.Watch) (*metricsServer, error) {
	if err := mayListen(conf); err != nil || conf.Metrics == "" {
		return nil, err
	}
	ln, err := net.Listen("tcp", conf.Metrics)
	if err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	var handler http.Handler = &w.figures.Metrics
	if !conf.Remote {
		handler = watch.LocalOnly(handler)
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second, WriteTimeout: 30 * time.Second}
	go func() {
		if err := server.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			w.a.log.Error("metrics ended", "err", err)
		}
	}()
	w.a.log.Info("metrics", "url", "http://"+ln.Addr().String()+"/metrics")
	return &metricsServer{server}, nil
}

// count has the figures of the workspace read when they are asked for.
func (w *watcher) count() {
	var counted time.Time
	w.figures.Collect(func() {
		if free, _, err := watch.Free(w.h.ws.Dir); err == nil {
			w.figures.disk.Set(float64(free))
		}
		w.figures.memory.Set(float64(watch.Memory()))
		w.figures.log.Set(float64(w.h.archive.Len()))
		if time.Since(counted) < countEvery {
			return
		}
		counted = time.Now()
		states, err := crawler.States(context.Background(), w.h.db.Reader())
		if err != nil {
			w.a.log.Warn("frontier not counted", "err", err)
		}
		for state, n := range states {
			w.figures.frontier.Set(float64(n), "state", state)
		}
	})
}
