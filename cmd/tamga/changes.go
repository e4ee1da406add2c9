package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tamga"
	"tamga/index"
	"tamga/internal/config"
	"tamga/internal/pipeline"
)

func newChanges(a *app) *cobra.Command {
	var jsonl bool
	var since string
	var kinds []string
	cmd := &cobra.Command{
		Use:   "changes [SUBJECT]",
		Short: "What differs between captures: prices, stock, wallets, keys, vendors gone",
		Long: `Changes lists what the records of a page say differently than in the capture before:
prices, stock, titles, routes, wallets, PGP keys, contacts, posts edited or deleted,
vendors and offers that are gone, came back, or are known from another place. Records
are compared, so a clock, a counter or a token is no change (docs/changes.md).

With SUBJECT only those about it: a part of a name or of a URL, or a value as it was or
is. Each line says when it was seen first, what, from what to what, and both captures
as entries of the log.`,
		Example: `  tamga changes
  tamga changes DemoChef --since 2026-11-01
  tamga changes --kind gone --jsonl`,
		Args: args(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, argv []string) error {
			var from time.Time
			if since != "" {
				var err error
				if from, err = moment(since, 0); err != nil {
					return usageError{fmt.Errorf("--since: %w", err)}
				}
			}
			if jsonl && a.json {
				return usageError{errors.New("--json and --jsonl exclude each other")}
			}
			subject := ""
			if len(argv) > 0 {
				subject = argv[0]
			}
			ws, conf, err := a.open()
			if err != nil {
				return err
			}
			if err := a.settle(ws); err != nil {
				return err
			}
			store, err := a.store(ws, conf)
			if err != nil {
				return err
			}
			defer store.Close()
			all := []tamga.Change{}
			err = everyChange(cmd.Context(), store, kinds, func(x tamga.Change) error {
				if !about(&x, subject) || x.Is.Time.Before(from) {
					return nil
				}
				switch {
				case a.json:
					all = append(all, x)
				case jsonl:
					return a.print(x)
				default:
					printChangeLine(a.out, &x)
				}
				return nil
			})
			if err != nil && !a.nothingYet(ws, err) {
				return err
			}
			if a.json {
				return a.print(map[string]any{"changes": all})
			}
			return nil
		},
	}
	f := cmd.Flags()
	f.BoolVar(&jsonl, "jsonl", false, "a JSON object a line")
	f.StringVar(&since, "since", "", "only those seen at that `TIME` or later (UTC; 2006-01-02 or RFC 3339)")
	f.StringSliceVar(&kinds, "kind", nil, "only these: changed, edited, gone, returned, appeared, moved")
	return cmd
}

// everyChange calls fn with every change of the index, in the order of the log.
func everyChange(ctx context.Context, store index.Store, kinds []string, fn func(tamga.Change) error) error {
	q := index.Query{Size: 1000, Sort: []index.SortKey{{Field: "seq"}}, Where: index.Term{Field: "kind", Values: []string{pipeline.KindChange}}}
	if len(kinds) > 0 {
		q.Where = index.And(q.Where, index.Term{Field: "change", Values: kinds})
	}
	for {
		r, err := store.Search(ctx, q)
		if err != nil {
			return err
		}
		for _, h := range r.Hits {
			x, err := pipeline.ChangeOf(h)
			if err != nil {
				return err
			}
			if err := fn(x); err != nil {
				return err
			}
		}
		if r.Cursor == "" || len(r.Hits) == 0 {
			return nil
		}
		q.Cursor = r.Cursor
	}
}

// about tells whether a change has to do with a subject: a part of a name or URL, or
// a value.
func about(x *tamga.Change, subject string) bool {
	if subject == "" {
		return true
	}
	low := strings.ToLower(subject)
	for _, s := range []string{x.Subject, x.URL, x.Vendor, x.Was.URL} {
		if strings.Contains(strings.ToLower(s), low) {
			return true
		}
	}
	is := func(v string) bool {
		_, bare, _ := strings.Cut(v, ":")
		return strings.EqualFold(v, subject) || strings.EqualFold(bare, subject)
	}
	return slices.ContainsFunc(x.From, is) || slices.ContainsFunc(x.To, is)
}

func printChangeLine(out io.Writer, x *tamga.Change) {
	what := cmp.Or(x.Field, x.Kind)
	if x.Field != "" && x.Kind != tamga.ChangeValue {
		what += " " + x.Kind
	}
	fmt.Fprintf(out, "%s  %s %s: %s", x.Is.Time.Format("2006-01-02 15:04:05"), x.Record, oneLine(x.Subject, 60), what)
	if len(x.From)+len(x.To) > 0 {
		fmt.Fprintf(out, " %s → %s", values(x.From), values(x.To))
	}
	fmt.Fprintf(out, "\n    %s  captures %d (%s) and %d; confidence %.2f", x.URL, x.Was.Seq, x.Was.Time.Format("2006-01-02 15:04:05"), x.Is.Seq, x.Confidence)
	for i, r := range x.Reasons {
		fmt.Fprintf(out, "%s %s %s", map[bool]string{true: "; by", false: ","}[i == 0], r.Kind, oneLine(r.Value, 44))
	}
	fmt.Fprintln(out)
}

func values(v []string) string {
	if len(v) == 0 {
		return "none"
	}
	var out []string
	for _, s := range v {
		out = append(out, oneLine(s, 100))
	}
	return strings.Join(out, ", ")
}

// oneLine is a text without line breaks and control characters, cut to n letters.
func oneLine(s string, n int) string {
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 }), " ")
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}

// compareCaptures has a pipeline that writes compare captures and raise alerts.
func (a *app) compareCaptures(ctx context.Context, h *house) (err error) {
	if h.pipe.Changes, err = pipeline.OpenChanges(ctx, h.db); err != nil {
		return err
	}
	if h.pipe.Alerts, err = pipeline.OpenAlerts(ctx, h.archive, h.db); err != nil {
		return err
	}
	rules, err := savedSearches(h.conf)
	if err != nil {
		return err
	}
	if err := h.pipe.Alerts.Save(ctx, rules); err != nil {
		return err
	}
	return a.openDeliveries(ctx, h)
}

// savedSearches are the saved searches of the settings.
func savedSearches(conf *config.Config) (out []pipeline.Search, err error) {
	for _, s := range conf.Alerts {
		if s.Query == "" {
			continue // a rule that is always there
		}
		x, err := pipeline.NewSearch(s.Name, s.Query, s.Severity)
		if errors.Is(err, index.ErrQuery) {
			return nil, hinted{err, "correct the query of that [[alert]] in tamga.toml (docs/query.md)"}
		} else if err != nil {
			return nil, err
		}
		out = append(out, x)
	}
	return out, nil
}

func newAlerts(a *app) *cobra.Command {
	var jsonl, deliver bool
	cmd := &cobra.Command{
		Use:   "alerts",
		Short: "What rules called out: a changed wallet or key, a price jump, a vendor gone",
		Long: `Alerts lists the alerts of the workspace, oldest first: what the rules that are always
there call out of the changes, and what saved searches ([[alert]] of tamga.toml) find. They are claims of the evidence
log: each is recorded once, when the captures were first read, and stays
(docs/changes.md).

With --deliver it hands out what the commands, files and webhooks of [[alert]] have not
taken yet, as a crawl does at its end and a watch at once, and says what waits.`,
		Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if jsonl && a.json {
				return usageError{errors.New("--json and --jsonl exclude each other")}
			}
			h, err := a.enter(deliver)
			if err != nil {
				return err
			}
			defer h.Close()
			if deliver {
				return a.deliverNow(cmd.Context(), h)
			}
			db, err := a.database(h.ws)
			if err != nil {
				return err
			}
			defer db.Close()
			alerts, err := pipeline.OpenAlerts(cmd.Context(), h.archive, db)
			if err != nil {
				return err
			}
			all, err := alerts.List(cmd.Context())
			if err != nil {
				return err
			}
			if a.json {
				if all == nil {
					all = []pipeline.Alerted{}
				}
				return a.print(map[string]any{"alerts": all})
			}
			for i := range all {
				if jsonl {
					if err := a.print(all[i]); err != nil {
						return err
					}
					continue
				}
				x := &all[i]
				fmt.Fprintf(a.out, "%s  %s  %s\n", x.Time.Format("2006-01-02 15:04:05"), strings.ToUpper(x.Severity), x.Rule)
				if x.Change != nil {
					fmt.Fprint(a.out, "  ")
					printChangeLine(a.out, x.Change)
				} else {
					fmt.Fprintf(a.out, "  %s  %s\n", x.Subject, x.URL)
				}
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&jsonl, "jsonl", false, "a JSON object a line")
	cmd.Flags().BoolVar(&deliver, "deliver", false, "hand out what waits")
	return cmd
}

// deliverNow makes a round and tells of it.
func (a *app) deliverNow(ctx context.Context, h *house) error {
	all, err := a.deliver(ctx, h)
	if err != nil {
		return err
	}
	waiting := 0
	for _, w := range all {
		waiting += w.Waiting
	}
	if a.json {
		err = a.print(map[string]any{"outputs": all})
	} else {
		for _, w := range all {
			fmt.Fprintf(a.out, "%s %s: %d delivered, %d waiting\n", w.Rule, w.Kind, w.Sent, w.Waiting)
		}
	}
	if err == nil && waiting > 0 {
		return hinted{errIncomplete, "the log says what an output answered; it is tried again by the next crawl or watch"}
	}
	return err
}
