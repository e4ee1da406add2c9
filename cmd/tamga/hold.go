package main

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tamga/evidence"
	"tamga/internal/config"
)

func newHold(a *app) *cobra.Command {
	var h evidence.Hold
	var until string
	var captures []string
	cmd := &cobra.Command{
		Use:   "hold CASE",
		Short: "Keep captures from being deleted, for a case",
		Long: `Hold keeps captures from being deleted by a retention run until the hold is released or
its last day has passed: those of the sources, hosts and captures named, what they
capture later too, or everything where none is named. Who laid it, on whose order, why
and until when is in the log under a signed head.

A hold gives no right to collect: a source whose basis has ended still stops.`,
		Example: `  tamga retention hold 'case 12/2026' --source demo-market --why 'trial pending' --by 'Court B. Example'
  tamga retention hold audit --why 'inspection' --until 2027-01-31`,
		Args: args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, argv []string) error {
			h.Name = argv[0]
			if h.Why == "" {
				return usageError{errors.New("--why: say why; it stands in the log")}
			}
			if until != "" {
				t, err := moment(until, 0)
				if err != nil {
					return usageError{fmt.Errorf("--until: %w", err)}
				}
				if len(until) == len(time.DateOnly) {
					t = t.AddDate(0, 0, 1) // its last day
				}
				h.Until = &t
			}
			for _, s := range captures {
				n, err := strconv.ParseInt(strings.TrimPrefix(s, "capture:"), 10, 64)
				if err != nil {
					return usageError{fmt.Errorf("--capture %q: want the number of a capture", s)}
				}
				h.Captures = append(h.Captures, n)
			}
			ws, conf, err := a.open()
			if err != nil {
				return err
			}
			for _, name := range h.Sources {
				s, ok := conf.Source(name)
				if !ok {
					return usageError{fmt.Errorf("source %q: no such name in tamga.toml", name)}
				}
				h.Hosts = append(h.Hosts, hostsOf(&s)...)
			}
			return a.onLog(ws, conf, func(archive *evidence.Archive) error {
				laid, err := archive.Hold(cmd.Context(), h)
				if err != nil {
					return err
				}
				return a.printHolds([]evidence.Hold{laid}, false)
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&h.Why, "why", "", "the reason")
	f.StringVar(&h.By, "by", "", "who ordered it")
	f.StringVar(&until, "until", "", "its last `DAY` (UTC; 2006-01-02), or the time it ends (RFC 3339); default: until it is released")
	f.StringSliceVar(&h.Sources, "source", nil, "captures of these sources")
	f.StringSliceVar(&h.Hosts, "host", nil, "captures of these hosts")
	f.StringSliceVar(&captures, "capture", nil, "captures by number")
	return cmd
}

func newRelease(a *app) *cobra.Command {
	var why string
	cmd := &cobra.Command{
		Use:   "release CASE",
		Short: "End a hold",
		Long:  `Release ends a hold: what it kept is deleted by the next retention run where nothing else keeps it. Who released it and why is in the log under a signed head.`,
		Args:  args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, argv []string) error {
			if why == "" {
				return usageError{errors.New("--why: say why; it stands in the log")}
			}
			ws, conf, err := a.open()
			if err != nil {
				return err
			}
			return a.onLog(ws, conf, func(archive *evidence.Archive) error {
				h, err := archive.Release(cmd.Context(), argv[0], why, operator(conf))
				if err != nil {
					return err
				}
				return a.printHolds([]evidence.Hold{h}, false)
			})
		},
	}
	cmd.Flags().StringVar(&why, "why", "", "the reason")
	return cmd
}

func newHolds(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "holds",
		Short: "List the holds, those that have ended too",
		Args:  args(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			ws, _, err := a.open()
			if err != nil {
				return err
			}
			archive, err := evidence.OpenReader(ws.Evidence())
			if err != nil {
				return err
			}
			defer archive.Close()
			return a.printHolds(archive.Holds(), true)
		},
	}
}

// onLog opens the log for writing under the lock of the workspace.
func (a *app) onLog(ws *config.Workspace, conf *config.Config, f func(*evidence.Archive) error) error {
	unlock, err := ws.Lock()
	if err != nil {
		return err
	}
	defer unlock()
	archive, err := evidence.Open(ws.Evidence(), evidence.Options{Logger: a.log, Operator: operator(conf)})
	if err != nil {
		return err
	}
	return errors.Join(f(archive), archive.Close())
}

// hostsOf are the hosts of the addresses of a source.
func hostsOf(s *config.Source) (out []string) {
	for _, address := range append([]string{s.URL}, s.Mirrors...) {
		if u, err := url.Parse(address); err == nil && !slices.Contains(out, u.Host) {
			out = append(out, u.Host)
		}
	}
	return out
}

func (a *app) printHolds(holds []evidence.Hold, list bool) error {
	if a.document() {
		if !list {
			return a.print(holds[0])
		}
		if holds == nil {
			holds = []evidence.Hold{}
		}
		return a.print(map[string]any{"holds": holds})
	}
	for _, h := range holds {
		state := "stands"
		switch {
		case h.Released != nil:
			state = fmt.Sprintf("released %s by %s: %s", h.Released.Time.Format(time.DateOnly), h.Released.Operator, h.Released.Why)
		case !h.Active(time.Now()):
			state = "ended " + h.Until.Format(time.DateOnly)
		case h.Until != nil:
			state = "until " + h.Until.Format(time.RFC3339)
		}
		what := "everything"
		if n := len(h.Sources) + len(h.Hosts) + len(h.Captures); n > 0 {
			what = fmt.Sprintf("%d sources, %d hosts, %d captures", len(h.Sources), len(h.Hosts), len(h.Captures))
		}
		by := h.Operator
		if h.By != "" {
			by += " on the order of " + h.By
		}
		fmt.Fprintf(a.out, "%s  entry %d, %s, laid %s by %s: %s; %s\n", h.Name, h.ID, what, h.Time.Format(time.DateOnly), by, h.Why, state)
	}
	return nil
}
