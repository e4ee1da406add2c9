package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"modernc.org/sqlite"

	"tamga/internal/watch"
)

func newWatch(a *app) *cobra.Command {
	var fl crawlFlags
	var status bool
	var metrics string
	cmd := &cobra.Command{
		Use:   "watch",
		Short: "Recrawl the configured sources as they are due, until stopped",
		Long: `Watch begins a pass over each source of tamga.toml whenever its cadence says so
(docs/sources.md), seals and indexes what it finds and keeps the series of how each
source was found. It runs until it is stopped; stopped or killed at any moment it
loses nothing, and the next start keeps the schedule.

The cadence counts from the start of a pass to the start of the next one. A pass
that takes longer delays the next one; passes that were missed are not made up. A
source that could not be reached is tried again earlier: after an eighth of its
cadence, a quarter, a half. A source whose legal basis ends is stopped at that
moment.

SIGHUP reads tamga.toml again: all of it but [index] counts at once, and a file with a
new mistake not at all. Where [custody] names somebody, what was captured is vouched for
as by "tamga seal", once an hour at most (watch.seal). SIGTERM ends with exit code 0,
Ctrl-C with 130. It stops by itself, with exit code 3, before the disk is full
(watch.min_free) or when it holds more memory than watch.memory.`,
		Example: `  tamga watch --metrics 127.0.0.1:9464
  tamga watch --status`,
		Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if status {
				return a.printSources(cmd.Context())
			}
			if err := a.mayWatch(); err != nil {
				return stopped(err)
			}
			h, err := a.enter(true)
			if err != nil {
				return err
			}
			defer h.Close()
			if cmd.Flags().Changed("metrics") {
				h.conf.Watch.Metrics = metrics
			}
			if err := mayListen(h.conf.Watch); err != nil {
				return err
			}
			w, err := newWatcher(a, cmd, h, fl)
			if err != nil {
				return err
			}
			return a.untilStopped(cmd.Context(), w)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&fl.local, "local", false, "allow loopback and private addresses, and no others")
	f.StringVar(&fl.scope, "scope", "host", "links that are followed where a source does not say: host, domain, any, prefix:URL or regex:PATTERN")
	f.Float64Var(&fl.rate, "rate", 0, "requests a second in all, at most; 0 is no limit")
	f.StringVar(&fl.proxy, "proxy", "", "SOCKS5 proxy of Tor, host:port (default: crawl.proxy)")
	f.StringVar(&metrics, "metrics", "", "loopback `ADDRESS` of figures for Prometheus (default: watch.metrics)")
	f.BoolVar(&status, "status", false, "print how the sources are and end, as `tamga sources` does")
	return cmd
}

// untilStopped runs a watch and makes of its end what systemd and a shell expect:
// SIGTERM is how a service ends and no failure.
func (a *app) untilStopped(ctx context.Context, w *watcher) error {
	term := make(chan os.Signal, 1)
	signal.Notify(term, syscall.SIGTERM)
	defer signal.Stop(term)
	err := w.run(ctx)
	if ctx.Err() == nil {
		return stopped(err)
	}
	select {
	case <-term:
		a.log.Info("stopped")
		return nil
	case <-time.After(50 * time.Millisecond): // both hear of the signal, in any order
	}
	return ctx.Err()
}

// mayWatch looks at the disk before anything is written to it.
func (a *app) mayWatch() error {
	ws, conf, err := a.open()
	if err != nil {
		return err
	}
	return watch.Guard{MinFree: int64(conf.Watch.MinFree)}.Check(true, ws.Dir, ws.Evidence())
}

// stoppedError is a clean stop before everything was done.
type stoppedError struct{ error }

func (stoppedError) Is(target error) bool { return target == errIncomplete }
func (s stoppedError) Unwrap() error      { return s.error }

// stopped tells what to do where the machine, not the program, is at its end.
func stopped(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, watch.ErrDisk), diskFull(err):
		return hinted{stoppedError{fmt.Errorf("stopped, everything sealed is kept: %w", err)}, "make room on the disk and start again: it goes on where it stopped"}
	case errors.Is(err, watch.ErrMemory):
		return hinted{stoppedError{fmt.Errorf("stopped, everything sealed is kept: %w", err)}, "start again, or allow more in watch.memory; a supervisor that restarts it may do so"}
	}
	return err
}

// diskFull tells whether a write failed for want of room.
func diskFull(err error) bool {
	var db *sqlite.Error
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT), errors.Is(err, syscall.EFBIG):
		return true
	case errors.As(err, &db) && (db.Code()&0xff == 13 || db.Code() == 778 || db.Code() == 4874): // SQLITE_FULL, SQLITE_IOERR_WRITE, SQLITE_IOERR_SHMSIZE
		return true
	}
	return strings.Contains(err.Error(), syscall.ENOSPC.Error()) // the search engine does not wrap it
}
