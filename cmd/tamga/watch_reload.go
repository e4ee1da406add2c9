package main

import (
	"context"
	"os"
	"sync"

	"tamga/crawler"
	"tamga/extract"
	"tamga/internal/config"
	"tamga/internal/pipeline"
	"tamga/internal/watch"
)

// renewal ends the run of a crawler so that another goes on with other options.
type renewal struct {
	mu   sync.Mutex
	stop context.CancelFunc // of the run under way
	next *renewed
}

// renewed is how a crawl goes on.
type renewed struct {
	opt   crawler.Options
	apply func() // between the two runs
}

// start begins a run.
func (r *renewal) start(ctx context.Context) context.Context {
	r.mu.Lock()
	defer r.mu.Unlock()
	ctx, r.stop = context.WithCancel(ctx)
	if r.next != nil { // asked for between two runs
		r.stop()
	}
	return ctx
}

// ask has the run end and another one go on.
func (r *renewal) ask(next *renewed) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.next = next
	if r.stop != nil {
		r.stop()
	}
}

// end is what was asked for meanwhile, or nil.
func (r *renewal) end() *renewed {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stop()
	next := r.next
	r.stop, r.next = nil, nil
	return next
}

// reloadWhile reads the settings again at each SIGHUP.
func (w *watcher) reloadWhile(ctx context.Context, hup <-chan os.Signal) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-hup:
		}
		if err := w.notify.Reloading(); err != nil {
			w.a.log.Warn("systemd does not hear", "err", err)
		}
		if err := w.reloadNow(ctx); err != nil && ctx.Err() == nil {
			w.a.log.Error("settings not reloaded; the old ones stay", "err", err)
		}
		w.tell("READY=1", w.status())
	}
}

// reloadNow takes new settings, all of them or none.
func (w *watcher) reloadNow(ctx context.Context) error {
	old := w.conf.Load()
	ws, conf, err := w.a.open()
	if err != nil {
		return err
	}
	if err := newlyRefused(old, conf); err != nil {
		return err
	}
	opt, _, err := w.a.crawlOptions(w.cmd, conf, w.fl, w.logins.again(conf), nil)
	if err != nil {
		return err
	}
	if _, err := blocklist(ws, conf); err != nil {
		return err
	}
	mirrors, err := mirrorKeys(ws, conf)
	if err != nil {
		return err
	}
	reader, err := w.a.reader(ws)
	if err != nil {
		return err
	}
	rules, err := savedSearches(conf)
	if err != nil {
		return err
	}
	targets, err := outputs(ws, conf)
	if err != nil {
		return err
	}
	if _, err := custodyRoots(ws, conf); err != nil {
		return err
	}
	known, err := w.known(ctx, conf)
	if err != nil {
		return err
	}
	if w.cmd.Flags().Changed("metrics") {
		conf.Watch.Metrics = w.h.conf.Watch.Metrics
	}
	metrics := w.metrics
	if conf.Watch.Metrics != old.Watch.Metrics || conf.Watch.Remote != old.Watch.Remote {
		if metrics, err = w.serveFigures(conf.Watch); err != nil {
			return err
		}
	}
	if err := w.take(ctx, conf, rules, targets, mirrors, reader); err != nil {
		if metrics != w.metrics {
			metrics.close()
		}
		return err
	}
	if metrics != w.metrics {
		w.metrics.close()
		w.metrics = metrics
	}
	anew := crawlerOf(old) != crawlerOf(conf)
	w.hand(ctx, opt, known, anew)
	if conf.Index != old.Index {
		w.a.log.Warn("settings of [index] count at the next start")
	}
	w.a.log.Info("settings reloaded", "sources", len(planned(conf, opt.Sources)), "alerts", len(conf.Alerts), "crawl", map[bool]string{true: "anew", false: "as before"}[anew])
	return nil
}

// newlyRefused is an error where a source has a mistake that was not there before:
// what is taken while nobody looks on is not taken in part. A mistake that was there
// at the start does not keep other changes out.
func newlyRefused(old, conf *config.Config) error {
	known := map[string]bool{}
	for _, r := range old.Refused {
		known[r.Err.Error()] = true
	}
	for _, r := range conf.Refused {
		if !known[r.Err.Error()] {
			return r.Err
		}
	}
	return nil
}

// crawlerOf is what a crawler cannot change while it runs.
func crawlerOf(conf *config.Config) any {
	c := conf.Crawl
	c.Control, c.ControlPassword = "", ""
	return struct {
		config.Crawl
		operator string
	}{c, operator(conf)}
}

// take has what reads captures use new settings, between two readings.
func (w *watcher) take(ctx context.Context, conf *config.Config, rules []pipeline.Search, targets []pipeline.Output, mirrors *pipeline.Mirrors, reader *extract.Reader) error {
	w.reading.Lock()
	defer w.reading.Unlock()
	if err := w.h.pipe.Alerts.Save(ctx, rules); err != nil {
		return err
	}
	deliveries, err := w.h.pipe.Alerts.Deliver(ctx, targets, w.a.log)
	if err != nil {
		return err
	}
	if err := w.opt.Blocklist.Reload(w.h.ws.Blocklists(conf)...); err != nil {
		return err
	}
	w.h.pipe.Mirrors, w.h.pipe.Reader = mirrors, reader
	w.reader.Store(reader)
	w.deliveries.Store(deliveries)
	select {
	case w.told <- struct{}{}:
	default:
	}
	w.useProfiles(conf)
	w.conf.Store(conf)
	boundGarbage(conf)
	return nil
}

// hand gives the crawl its new options: the one under way takes other sources; for
// all else another takes its place. What is being fetched is then released, and
// fetched by that one.
func (w *watcher) hand(ctx context.Context, opt crawler.Options, known map[string]watch.Pass, anew bool) {
	w.dress(&opt)
	plan := planned(w.conf.Load(), opt.Sources)
	apply := func() {
		w.schedule.Set(plan, known, w.now())
		keep := map[string]bool{}
		for _, s := range opt.Sources {
			keep[s.Name] = true
		}
		w.figures.Retain("source", keep)
	}
	if anew {
		w.renewal.ask(&renewed{opt, apply})
		return
	}
	select {
	case w.reload <- func() []crawler.Source { apply(); return opt.Sources }:
	case <-ctx.Done():
	}
}
