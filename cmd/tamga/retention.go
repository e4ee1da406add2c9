package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"tamga"
	"tamga/evidence"
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
	Withdrawn  int64         `json:"withdrawn"`  // alerts and addresses told that quoted them
	Held       int64         `json:"held"`       // not covered any more, and kept by a hold
	Holds      []heldUsage   `json:"holds"`      // those that keep any
	Exports    []exported    `json:"exports"`    // files that left the workspace with any of them

	laid []evidence.Hold
}

// heldUsage is what a hold keeps.
type heldUsage struct {
	Name     string `json:"name"`
	Entry    int64  `json:"entry"`
	Captures int64  `json:"captures"`
}

// exported is an export that has captures which are not covered any more.
type exported struct {
	Entry    int64     `json:"entry"`
	Time     time.Time `json:"time"`
	Captures int64     `json:"captures"`
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
either, and a capture of no configured source, is kept. What a hold keeps stays
("tamga retention hold"). Alerts that quote a deleted capture are deleted with it, and
what the tables remember of it. Copies elsewhere (exports, backups) are not reached: the
report names the exports that had any of the captures.

With --blocked it finds what a newer blocklist (safety.blocklist) has by its address or
its body, whatever covers it.

Without --apply nothing is changed. A run that is killed has deleted what the log
announced: any program that opens the workspace next finishes that first.`,
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
	cmd.AddCommand(newHold(a), newRelease(a), newHolds(a))
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
	r := newRetained(h, now)
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
	return r, r.exports(ctx, h)
}

func newRetained(h *house, now time.Time) retained {
	return retained{At: now, Sources: []sourceUsage{}, Tombstones: []int64{}, Holds: []heldUsage{}, Exports: []exported{}, laid: h.archive.Holds()}
}

// take adds a capture that may not be kept, under its source and the rule, or under
// the hold that keeps it.
func (r *retained) take(place map[string]int, source, rule string, c *tamga.Capture) {
	if hold, held := evidence.HeldBy(r.laid, c, r.At); held {
		i := slices.IndexFunc(r.Holds, func(x heldUsage) bool { return x.Entry == hold.ID })
		if i < 0 {
			i = len(r.Holds)
			r.Holds = append(r.Holds, heldUsage{Name: hold.Name, Entry: hold.ID})
		}
		r.Holds[i].Captures++
		r.Held++
		return
	}
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

// exports names the exports that have any of the captures.
func (r *retained) exports(ctx context.Context, h *house) error {
	if r.Captures == 0 {
		return nil
	}
	gone := map[int64]bool{}
	for _, u := range r.Sources {
		for _, seq := range u.seqs {
			gone[seq] = true
		}
	}
	all, err := h.archive.Exports(ctx)
	for _, x := range all {
		e := exported{Entry: x.Entry, Time: x.Time}
		for _, seq := range x.Captures {
			if gone[seq] {
				e.Captures++
			}
		}
		if e.Captures > 0 {
			r.Exports = append(r.Exports, e)
		}
	}
	return err
}

// applyRetention removes the captures, then the documents made of them. The mark
// comes first: whatever is killed, what is announced is finished before anything of
// the workspace is shown again.
func (a *app) applyRetention(ctx context.Context, h *house, r *retained) error {
	r.Applied = true
	if r.Captures == 0 {
		return nil
	}
	if err := markStale(h.ws); err != nil {
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
	withdrawn, tombstones, err := a.forget(ctx, h)
	r.Withdrawn = withdrawn
	r.Tombstones = append(r.Tombstones, tombstones...)
	return err
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
	for _, x := range r.Holds {
		fmt.Fprintf(a.out, "held  %d captures by %q, entry %d\n", x.Captures, x.Name, x.Entry)
	}
	for _, x := range r.Exports {
		fmt.Fprintf(a.out, "exported  %d of them on %s, entry %d: that copy is not reached\n", x.Captures, x.Time.Format(time.DateOnly), x.Entry)
	}
	_, err := fmt.Fprintf(a.out, "%s %d captures, %d are covered, %d are of no configured source\n", verb, r.Captures, r.Kept, r.Unsourced)
	if err == nil && !r.Applied && r.Captures > 0 {
		_, err = fmt.Fprintln(a.out, "nothing was changed: --apply deletes them")
	}
	return err
}
