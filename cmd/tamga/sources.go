package main

import (
	"context"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"tamga"
	"tamga/crawler"
	"tamga/evidence"
	"tamga/internal/config"
	"tamga/internal/watch"
)

// sourceStatus is a source as `tamga sources` tells it (docs/json.md).
type sourceStatus struct {
	Name    string `json:"name"`
	Kind    string `json:"kind"`
	URL     string `json:"url"`
	Cadence string `json:"cadence,omitempty"`
	Running bool   `json:"running"`

	LastPass  *sourcePass `json:"last_pass,omitempty"`
	NextPass  *time.Time  `json:"next_pass,omitempty"`
	Captured  int64       `json:"captured"`
	Failed    int64       `json:"failed"`
	BasisEnds *time.Time  `json:"basis_ends,omitempty"`
	Expired   bool        `json:"expired,omitempty"`
	Refused   string      `json:"refused,omitempty"` // why it is not crawled

	LastOutcome tamga.Outcome            `json:"last_outcome,omitempty"`
	LastSeen    *time.Time               `json:"last_check,omitempty"`
	Uptime      map[string]*watch.Uptime `json:"uptime,omitempty"`
	Series      []watch.Point            `json:"series,omitempty"`
}

type sourcePass struct {
	Number   int64      `json:"number"`
	Began    time.Time  `json:"began"`
	Ended    *time.Time `json:"ended,omitempty"`
	Captured int64      `json:"captured"`
	Failed   int64      `json:"failed"`
}

// spans of the uptime figures.
var spans = []struct {
	name string
	long time.Duration
}{{"24h", 24 * time.Hour}, {"7d", 7 * 24 * time.Hour}}

func newSources(a *app) *cobra.Command {
	var series bool
	cmd := &cobra.Command{
		Use:   "sources",
		Short: "List the configured sources: schedule, last pass, uptime",
		Long: `Sources tells of each source of tamga.toml when its last pass was and what it
brought, when the next one is due, how the source was found last, and the share of
the checks of the last 24 hours and 7 days at which it was reached: that something
of it answered, if only a captcha or a queue. A source that is not crawled, because its
table has a mistake or its legal basis has ended, is listed with the reason. It may be
asked while a watch runs.`,
		Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.listSources(cmd.Context(), series) },
	}
	cmd.Flags().BoolVar(&series, "series", false, "with --json: every check of the last 7 days too")
	return cmd
}

func (a *app) printSources(ctx context.Context) error { return a.listSources(ctx, false) }

func (a *app) listSources(ctx context.Context, series bool) error {
	ws, conf, err := a.open()
	if err != nil {
		return err
	}
	list, err := a.sourceStatus(ctx, ws, conf, time.Now().UTC(), series)
	if err != nil {
		return err
	}
	if a.document() {
		return a.print(struct {
			Sources []sourceStatus `json:"sources"`
		}{list})
	}
	w := tabwriter.NewWriter(a.out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "SOURCE\tKIND\tCADENCE\tLAST PASS\tNEXT PASS\tCAPTURED\tFAILED\tLAST OUTCOME\t24 H\t7 D\tBASIS ENDS")
	for _, s := range list {
		last := "never"
		if s.LastPass != nil {
			last = clock(&s.LastPass.Began)
		}
		next := clock(s.NextPass)
		if s.Running {
			next = "under way"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%d\t%d\t%s\t%s\t%s\t%s\n", s.Name, s.Kind, dash(s.Cadence), last, next,
			s.Captured, s.Failed, dash(string(s.LastOutcome)), percent(s.Uptime["24h"]), percent(s.Uptime["7d"]), clock(s.BasisEnds))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, s := range list {
		if s.Refused != "" {
			fmt.Fprintf(a.out, "%s is not crawled: %s\n", s.Name, s.Refused)
		}
	}
	return nil
}

// sourceStatus brings the series up to date and reads what is known.
func (a *app) sourceStatus(ctx context.Context, ws *config.Workspace, conf *config.Config, now time.Time, series bool) ([]sourceStatus, error) {
	db, err := a.database(ws)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	store, err := watch.OpenSeries(ctx, db)
	if err != nil {
		return nil, err
	}
	archive, err := evidence.OpenReader(ws.Evidence())
	if err != nil {
		return nil, err
	}
	defer archive.Close()
	if err := store.Update(ctx, archive); err != nil {
		return nil, err
	}
	passes, err := crawler.Passes(ctx, db.Reader())
	if err != nil {
		return nil, err
	}
	last := map[string]crawler.Pass{}
	for _, p := range passes {
		last[p.Source] = p
	}
	var names []string
	for _, s := range conf.Sources {
		names = append(names, s.Name)
	}
	points, err := store.Points(ctx, names, now.Add(-spans[len(spans)-1].long))
	if err != nil {
		return nil, err
	}
	known := map[string]watch.Pass{}
	for _, name := range names {
		known[name] = lastPass(last[name], points[name])
	}
	var plan watch.Schedule
	plan.Set(planned(conf, nil), known, now)
	out := make([]sourceStatus, 0, len(conf.Sources))
	for _, s := range conf.Sources {
		st := statusOf(s, last[s.Name], points[s.Name], now)
		if next := plan.Next(s.Name); !next.IsZero() && !st.Expired {
			next = next.UTC()
			st.NextPass = &next
		}
		if series {
			st.Series = points[s.Name]
		}
		out = append(out, st)
	}
	for _, r := range conf.Refused {
		out = append(out, sourceStatus{Name: r.Source.Name, Kind: r.Source.Kind, URL: r.Source.URL})
	}
	for _, r := range refused(conf, now) {
		for i := range out {
			if out[i].Name == r.Source && (out[i].Uptime == nil) == !errors.Is(r.err, config.ErrBasis) {
				out[i].Refused = r.Reason
			}
		}
	}
	return out, nil
}

func statusOf(s config.Source, p crawler.Pass, points []watch.Point, now time.Time) sourceStatus {
	st := sourceStatus{Name: s.Name, Kind: s.Kind, URL: s.URL, Captured: p.Captured, Failed: p.Failed}
	if s.Cadence > 0 {
		st.Cadence = s.Cadence.String()
	}
	if p.Number > 0 {
		st.Running = p.Ended.IsZero()
		st.LastPass = &sourcePass{Number: p.Number, Began: p.Began, Captured: p.Captured, Failed: p.Failed}
		if !st.Running {
			st.LastPass.Ended = &p.Ended
		}
	}
	if end := s.Ends(); !end.IsZero() {
		st.BasisEnds, st.Expired = &end, !now.Before(end)
	}
	if n := len(points); n > 0 {
		st.LastOutcome, st.LastSeen = points[n-1].Outcome, &points[n-1].At
	}
	st.Uptime = map[string]*watch.Uptime{}
	for _, span := range spans {
		if u := watch.Count(points, now.Add(-span.long)); u != nil {
			st.Uptime[span.name] = u
		}
	}
	return st
}

func clock(t *time.Time) string {
	if t == nil {
		return "-"
	}
	return t.UTC().Format("2006-01-02 15:04:05")
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func percent(u *watch.Uptime) string {
	if u == nil {
		return "-"
	}
	return fmt.Sprintf("%.1f %%", 100*u.Reached)
}
