package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"tamga"
	"tamga/crawler"
	"tamga/extract"
	"tamga/internal/config"
	"tamga/internal/pipeline"
	"tamga/internal/watch"
)

// The intervals of a watch.
const (
	guardEvery = 5 * time.Second  // disk and memory are looked at, at least
	guardBytes = 8 << 20          // and after so many bytes were sealed
	askEvery   = 30 * time.Second // the crawl shows a sign of life, at least
	deadAfter  = 5 * time.Minute  // without one, systemd hears no more of us
	lastRead   = 10 * time.Second // for reading what is sealed, at the end
	lastSeal   = 10 * time.Second // and for having it vouched for
	dueEvery   = 24 * time.Hour   // it is looked for what is not covered any more
)

// watcher is a running watch: one crawler whose schedule is that of the sources,
// and beside it a reader of what is sealed, the guards, and who asks others to vouch.
type watcher struct {
	a    *app
	cmd  *cobra.Command
	h    *house
	fl   crawlFlags
	conf atomic.Pointer[config.Config] // as read last

	opt      crawler.Options // of the first run
	logins   *logins
	series   *watch.Series
	schedule watch.Schedule
	figures  *figures
	metrics  *metricsServer
	notify   *watch.Notifier
	profile  atomic.Pointer[func(tamga.Capture) string]
	reader   atomic.Pointer[extract.Reader]
	guarding watch.Guard // its limits are those of conf

	readEvery  time.Duration
	reading    sync.Mutex // held while captures are read, and while what reads them is changed
	reload     chan func() []crawler.Source
	wake       chan struct{} // a pass has ended: there is something to read
	told       chan struct{} // something was read: there may be alerts to deliver
	look       chan struct{} // much was sealed or indexed: look at the disk
	began      time.Time
	beat       atomic.Int64 // the crawl's last sign of life, since began
	unsealed   atomic.Bool  // a pass has ended since others were asked to vouch
	renewal    renewal
	deliveries atomic.Pointer[pipeline.Deliveries]
	heard      func(crawler.Pass) // each pass that has ended; nil: nobody listens
}

func newWatcher(a *app, cmd *cobra.Command, h *house, fl crawlFlags) (*watcher, error) {
	w := &watcher{a: a, cmd: cmd, h: h, fl: fl, readEvery: readEvery, began: time.Now(),
		reload: make(chan func() []crawler.Source), wake: make(chan struct{}, 1), told: make(chan struct{}, 1), look: make(chan struct{}, 1),
		notify: watch.NewNotifier(os.Getenv("NOTIFY_SOCKET"))}
	w.conf.Store(h.conf)
	w.deliveries.Store(h.deliveries)
	w.reader.Store(h.pipe.Reader)
	for _, r := range h.conf.Refused {
		logRefused(a.log, []refusal{refuse(r.Source.Name, r.Err)})
	}
	if len(planned(h.conf, nil)) == 0 {
		return nil, hinted{errors.New("no source has a cadence"), "give a [[source]] of tamga.toml one, like cadence = \"6h\"; `tamga crawl` makes a single pass"}
	}
	boundGarbage(h.conf)
	blocked, err := blocklist(h.ws, h.conf)
	if err != nil {
		return nil, err
	}
	w.figures = newFigures()
	w.logins = a.logins(h.ws, h.conf)
	if w.opt, _, err = a.crawlOptions(cmd, h.conf, fl, w.logins, nil); err != nil {
		return nil, err
	}
	w.opt.Blocklist = blocked
	w.opt.Sink = &countingSink{Archive: h.archive, figures: w.figures, look: w.look}
	w.dress(&w.opt)
	return w, nil
}

// dress makes options those of a watch.
func (w *watcher) dress(o *crawler.Options) {
	o.Sink, o.Frontier, o.Blocklist, o.Kind = w.opt.Sink, w.opt.Frontier, w.opt.Blocklist, w.kind
	o.Now, o.Wait, o.Timeouts = w.opt.Now, w.opt.Wait, w.opt.Timeouts
	o.Only, o.Reload, o.WaitForProxy = true, w.reload, true
	o.Schedule, o.Passed, o.Progress = w.due, w.passed, w.progress()
}

// kind is what kind of page one is, by the reader of the time.
func (w *watcher) kind(url, page string) tamga.PageKind {
	return (&pipeline.Pipeline{Reader: w.reader.Load()}).Kind(url, page)
}

// boundGarbage has the collector keep well below what the guard allows.
func boundGarbage(conf *config.Config) {
	if limit := int64(conf.Watch.Memory); limit > 0 && os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(min(garbageTarget(), limit/4*3))
	}
}

// planned are the sources that a schedule is made for: those with a cadence, but for
// those that the crawler is to leave alone.
func planned(conf *config.Config, sources []crawler.Source) (out []watch.Source) {
	closed := map[string]bool{}
	for _, s := range sources {
		closed[s.Name] = s.Closed != ""
	}
	for _, s := range conf.Sources {
		if s.Cadence > 0 && !closed[s.Name] {
			out = append(out, watch.Source{Name: s.Name, Cadence: time.Duration(s.Cadence), Until: s.Ends()})
		}
	}
	return out
}

func (w *watcher) now() time.Time {
	if w.opt.Now != nil {
		return w.opt.Now()
	}
	return time.Now()
}

// run watches until ctx ends or a guard stops it.
func (w *watcher) run(ctx context.Context) (err error) {
	hup := make(chan os.Signal, 1) // before all else: unheard, it would end the process
	signal.Notify(hup, syscall.SIGHUP)
	defer signal.Stop(hup)
	if err := w.guard(true); err != nil {
		return err
	}
	if w.opt.Frontier, err = crawler.Open(w.h.db.Writer()); err != nil {
		return err
	}
	if w.series, err = watch.OpenSeries(ctx, w.h.db); err != nil {
		return err
	}
	if err := w.series.Update(ctx, w.h.archive); err != nil {
		return err
	}
	conf := w.conf.Load()
	known, err := w.known(ctx, conf)
	if err != nil {
		return err
	}
	w.schedule.Set(planned(conf, w.opt.Sources), known, w.now())
	w.useProfiles(conf)
	w.h.pipe.Profile = func(c tamga.Capture) string { return (*w.profile.Load())(c) }
	w.count()
	if w.metrics, err = w.serveFigures(conf.Watch); err != nil {
		return err
	}
	defer func() { w.metrics.close() }()

	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var beside sync.WaitGroup
	beside.Go(func() { w.guardWhile(ctx, stop) })
	beside.Go(func() { w.readWhile(ctx, stop) })
	beside.Go(func() { w.reloadWhile(ctx, hup) })
	beside.Go(func() { w.deliverWhile(ctx) })
	beside.Go(func() { w.sealWhile(ctx) })
	beside.Go(func() { w.dueWhile(ctx) })
	w.live()
	w.tell("READY=1", w.status())
	w.a.log.Info("watching", "sources", len(planned(conf, w.opt.Sources)), "workspace", w.h.ws.Dir)

	err = w.crawl(ctx)
	w.tell("STOPPING=1")
	if cause := context.Cause(ctx); cause != nil && errors.Is(err, context.Canceled) {
		err = cause // what the guards say
	}
	stop(err)
	beside.Wait()
	if err == nil || errors.Is(err, context.Canceled) {
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastRead)
		defer cancel()
		if e := w.read(last); e != nil && last.Err() == nil {
			err = errors.Join(err, e)
		}
		w.sealAtEnd(ctx)
	}
	return err
}

// crawl runs crawlers, one after the other, each with the settings that are of the
// time: what is under way goes on with the next.
func (w *watcher) crawl(ctx context.Context) error {
	opt := w.opt
	for {
		c, err := crawler.New(opt)
		if err != nil {
			return err
		}
		run := w.renewal.start(ctx)
		_, err = c.Run(run, nil)
		next := w.renewal.end()
		if next == nil || ctx.Err() != nil || err != nil && !errors.Is(err, context.Canceled) {
			return err
		}
		next.apply()
		opt = next.opt
	}
}

// known is what the workspace remembers of each source's last pass: from the
// frontier or, where it was lost, the series.
func (w *watcher) known(ctx context.Context, conf *config.Config) (map[string]watch.Pass, error) {
	passes, err := crawler.Passes(ctx, w.h.db.Reader())
	if err != nil {
		return nil, err
	}
	last := map[string]crawler.Pass{}
	for _, p := range passes {
		last[p.Source] = p
	}
	var names []string
	for _, s := range planned(conf, nil) {
		names = append(names, s.Name)
	}
	points, err := w.series.Points(ctx, names, w.now().AddDate(0, 0, -7))
	if err != nil {
		return nil, err
	}
	known := map[string]watch.Pass{}
	for _, name := range names {
		known[name] = lastPass(last[name], points[name])
	}
	return known, nil
}

func lastPass(p crawler.Pass, points []watch.Point) watch.Pass {
	out := watch.Pass{Began: p.Began, Ended: p.Ended, Down: watch.Down(points)}
	if n := len(points); n > 0 && p.Began.IsZero() {
		out.Began, out.Ended = points[n-1].At, points[n-1].At
	}
	return out
}

// due is crawler.Options.Schedule.
func (w *watcher) due(now time.Time) ([]string, time.Time) {
	w.live()
	begin, closed, again := w.schedule.Due(now)
	for _, name := range closed {
		w.a.log.Warn("no more passes: the legal basis of the source has ended", "source", name)
	}
	for _, name := range begin {
		w.figures.began(name, now)
	}
	if soon := now.Add(askEvery); again.IsZero() || soon.Before(again) {
		again = soon
	}
	return begin, again
}

// passed is crawler.Options.Passed.
func (w *watcher) passed(p crawler.Pass) {
	w.schedule.Ended(p.Source, p.Began, p.Ended, p.Outcome)
	w.figures.passed(p, w.schedule.Next(p.Source))
	w.unsealed.Store(w.unsealed.Load() || p.Number > 0)
	if w.heard != nil {
		w.heard(p)
	}
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// readWhile reads what is sealed, every readEvery and after each pass. What fails
// is tried again at the next turn, unless the disk is full.
func (w *watcher) readWhile(ctx context.Context, stop context.CancelCauseFunc) {
	tick := time.NewTicker(w.readEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-w.wake:
		}
		err := w.read(ctx)
		switch {
		case err == nil || ctx.Err() != nil:
		case diskFull(err):
			stop(err)
			return
		default:
			w.a.log.Error("what was sealed is not read yet", "err", err)
		}
	}
}

func (w *watcher) read(ctx context.Context) error {
	w.reading.Lock()
	defer w.reading.Unlock()
	if err := w.series.Update(ctx, w.h.archive); err != nil {
		return err
	}
	stats, err := w.h.pipe.Ingest(ctx, func(_, _ int64) { // a batch takes more in the index than in the evidence
		select {
		case w.look <- struct{}{}:
		default:
		}
	})
	w.figures.read(stats.Captures)
	select {
	case w.told <- struct{}{}:
	default:
	}
	return errors.Join(err, w.logins.save())
}

func (w *watcher) useProfiles(conf *config.Config) {
	f := profiles(conf)
	w.profile.Store(&f)
}

// progress counts the workers that stalled, over all runs.
func (w *watcher) progress() func(crawler.Stats) {
	last := 0
	return func(s crawler.Stats) {
		if s.Stalled > last {
			w.figures.stalled.Add(float64(s.Stalled - last))
		}
		last = s.Stalled
	}
}

func (w *watcher) live() { w.beat.Store(int64(time.Since(w.began))) }

func (w *watcher) status() string {
	return fmt.Sprintf("STATUS=watching %d sources", len(planned(w.conf.Load(), nil)))
}

func (w *watcher) tell(lines ...string) {
	if err := w.notify.Send(lines...); err != nil {
		w.a.log.Warn("systemd does not hear", "err", err)
	}
}
