package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"tamga"
	"tamga/internal/config"
)

// retained is what a retention run found and did.
type retained struct {
	Applied    bool          `json:"applied"`
	At         time.Time     `json:"at"`
	Sources    []sourceUsage `json:"sources"`    // those with captures that are not covered any more
	Captures   int64         `json:"captures"`   // not covered any more
	Kept       int64         `json:"kept"`       // covered
	Unsourced  int64         `json:"unsourced"`  // of no configured source: kept
	Bytes      int64         `json:"bytes"`      // overwritten
	Carried    int64         `json:"carried"`    // payloads that other captures still need
	Tombstones []int64       `json:"tombstones"` // log entries
}

// sourceUsage is what a source has that its basis does not cover any more.
type sourceUsage struct {
	Source   string    `json:"source"`
	Rule     string    `json:"rule"` // for people: why
	Captures int64     `json:"captures"`
	Oldest   time.Time `json:"oldest"`
	Newest   time.Time `json:"newest"`

	seqs []int64
}

func newRetention(a *app) *cobra.Command {
	var apply, blocked bool
	var at string
	cmd := &cobra.Command{
		Use:   "retention [SOURCE…]",
		Short: "Delete captures that their legal basis no longer covers",
		Long: `Retention finds the captures that may not be kept any longer, and with --apply deletes
them for good: their bytes in the WARC files are overwritten, the index forgets them,
and a signed tombstone in the log says what was removed, when and why, so that the log
still verifies. What the log says of a capture (its URL, times, digest) stays.

A capture is covered until it is as old as the retention of its source says. Where a
source has a basis and no retention, until the day its basis ends. A source without
either, and a capture of no configured source, is kept. Copies elsewhere (exports,
backups) are not reached.

With --blocked it finds what a newer blocklist (safety.blocklist) has by its address or
its body, whatever covers it.

Without --apply nothing is changed.`,
		RunE: func(cmd *cobra.Command, argv []string) error {
			now := time.Now().UTC()
			if at != "" {
				if apply {
					return usageError{errors.New("--at is for looking ahead: it excludes --apply")}
				}
				var err error
				if now, err = moment(at, 0); err != nil {
					return usageError{fmt.Errorf("--at: %w", err)}
				}
			}
			h, err := a.enter(apply)
			if err != nil {
				return err
			}
			defer h.Close()
			for _, name := range argv {
				if _, ok := h.conf.Source(name); !ok {
					return usageError{fmt.Errorf("source %q: no such name in tamga.toml", name)}
				}
			}
			var r retained
			if blocked {
				r, err = a.listed(cmd.Context(), h, now, argv)
			} else {
				r, err = uncovered(cmd.Context(), h, now, argv)
			}
			if err != nil {
				return err
			}
			if apply {
				if err := a.applyRetention(cmd.Context(), h, &r); err != nil {
					return err
				}
			}
			return a.printRetained(r)
		},
	}
	cmd.Flags().BoolVar(&apply, "apply", false, "delete them; this cannot be undone")
	cmd.Flags().BoolVar(&blocked, "blocked", false, "those that are on a blocklist instead")
	cmd.Flags().StringVar(&at, "at", "", "what will not be covered at that `DATE` (UTC; 2006-01-02 or RFC 3339)")
	return cmd
}

// covered tells until when captures of a source are covered; ok is false where
// nothing limits them.
func covered(s *config.Source, requested time.Time) (until time.Time, rule string, ok bool) {
	basis := ""
	if s.Basis != nil && (s.Basis.By != "" || s.Basis.Under != "") {
		basis = fmt.Sprintf(" (%s, %s)", s.Basis.By, s.Basis.Under)
	}
	switch {
	case s.Retention > 0:
		return requested.Add(time.Duration(s.Retention)), "retention of " + s.Retention.String() + basis, true
	case s.Basis != nil && s.Basis.Until.Year != 0:
		return s.Basis.Until.AsTime(time.UTC).AddDate(0, 0, 1), "basis until " + s.Basis.Until.String() + basis, true
	}
	return time.Time{}, "", false
}

// sourceOf finds the source of a capture: by its name, or by a host of its own.
func sourceOf(conf *config.Config) func(*tamga.Capture) *config.Source {
	byName, byHost := map[string]*config.Source{}, map[string]*config.Source{}
	for i := range conf.Sources {
		s := &conf.Sources[i]
		byName[s.Name] = s
		for _, address := range append([]string{s.URL}, s.Mirrors...) {
			if u, err := url.Parse(address); err == nil && byHost[u.Host] == nil {
				byHost[u.Host] = s
			}
		}
	}
	return func(c *tamga.Capture) *config.Source {
		if s, ok := byName[c.Source]; ok {
			return s
		}
		if u, err := url.Parse(c.URL); err == nil {
			return byHost[u.Host]
		}
		return nil
	}
}

func uncovered(ctx context.Context, h *house, now time.Time, only []string) (retained, error) {
	r := retained{At: now, Sources: []sourceUsage{}, Tombstones: []int64{}}
	source := sourceOf(h.conf)
	place := map[string]int{}
	for c, err := range h.archive.Captures(ctx, 0) {
		if err != nil {
			return r, err
		}
		s := source(&c)
		if s == nil {
			r.Unsourced++
			continue
		}
		until, rule, limited := covered(s, c.Requested)
		if !limited || now.Before(until) || len(only) > 0 && !slices.Contains(only, s.Name) {
			r.Kept++
			continue
		}
		r.take(place, s.Name, rule, &c)
	}
	return r, nil
}

// take adds a capture that may not be kept, under its source and the rule.
func (r *retained) take(place map[string]int, source, rule string, c *tamga.Capture) {
	i, ok := place[source+" "+rule]
	if !ok {
		i = len(r.Sources)
		place[source+" "+rule] = i
		r.Sources = append(r.Sources, sourceUsage{Source: source, Rule: rule, Oldest: c.Requested, Newest: c.Requested})
	}
	u := &r.Sources[i]
	u.Captures++
	u.seqs = append(u.seqs, c.Seq)
	if c.Requested.Before(u.Oldest) {
		u.Oldest = c.Requested
	}
	if c.Requested.After(u.Newest) {
		u.Newest = c.Requested
	}
	r.Captures++
}

// staleIndex is a file that is there while the index may hold documents of
// captures that are removed.
func staleIndex(ws *config.Workspace) string { return filepath.Join(ws.Dir, ".index-stale") }

// applyRetention removes the captures, then the documents made of them. The mark
// comes first: whatever is killed, the next writer builds the index anew.
func (a *app) applyRetention(ctx context.Context, h *house, r *retained) error {
	r.Applied = true
	if r.Captures == 0 {
		return nil
	}
	if err := os.WriteFile(staleIndex(h.ws), nil, 0o600); err != nil {
		return err
	}
	for _, u := range r.Sources {
		reason, err := json.Marshal(map[string]any{"source": u.Source, "rule": u.Rule, "at": r.At, "operator": operator(h.conf)})
		if err != nil {
			return err
		}
		done, err := h.archive.Remove(ctx, u.seqs, reason)
		r.Bytes += done.Bytes
		r.Carried += done.Carried
		r.Tombstones = append(r.Tombstones, done.Tombstones...)
		if err != nil {
			return err
		}
	}
	return a.forget(ctx, h)
}

// forget builds the index anew where a removal has left it stale.
func (a *app) forget(ctx context.Context, h *house) error {
	if _, err := os.Stat(staleIndex(h.ws)); errors.Is(err, os.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	a.log.Info("captures were removed: the index is built anew")
	progress := a.progress()
	bar := progress.Bar("reindex", "captures", 0)
	_, err := h.pipe.Reindex(ctx, bar.Set)
	bar.Done()
	progress.Wait()
	if err != nil {
		return fmt.Errorf("captures are removed, and the index still knows them: %w", err)
	}
	return os.Remove(staleIndex(h.ws))
}

func (a *app) printRetained(r retained) error {
	if a.document() {
		return a.print(r)
	}
	verb := "would delete"
	if r.Applied {
		verb = "deleted"
	}
	for _, u := range r.Sources {
		fmt.Fprintf(a.out, "%s  %s: %d captures from %s to %s; %s\n", verb, u.Source, u.Captures, u.Oldest.Format(time.DateOnly), u.Newest.Format(time.DateOnly), u.Rule)
	}
	_, err := fmt.Fprintf(a.out, "%s %d captures, %d are covered, %d are of no configured source\n", verb, r.Captures, r.Kept, r.Unsourced)
	if err == nil && !r.Applied && r.Captures > 0 {
		_, err = fmt.Fprintln(a.out, "nothing was changed: --apply deletes them")
	}
	return err
}
