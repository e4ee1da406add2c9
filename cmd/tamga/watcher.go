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
	"tamga/internal/config"
	"tamga/internal/watch"
)

// The intervals of a watch.
const (
	guardEvery = 5 * time.Second  // disk and memory are looked at
	askEvery   = 30 * time.Second // the crawl shows a sign of life, at least
	deadAfter  = 5 * time.Minute  // without one, systemd hears no more of us
	lastRead   = 10 * time.Second // for reading what is sealed, at the end
)

// watcher is a running watch: one crawler whose schedule is that of the sources,
// and beside it a reader of what is sealed and the guards.
type watcher struct {
	a    *app
	cmd  *cobra.Command
	h    *house
	fl   crawlFlags
	opt  crawler.Options
	conf *config.Config // as read last; of the goroutine that reloads

	logins   *logins
	series   *watch.Series
	schedule watch.Schedule
	figures  *figures
	notify   *watch.Notifier
	profile  atomic.Pointer[func(tamga.Capture) string]

	readEvery time.Duration
	reload    chan func() []crawler.Source
	wake      chan struct{}      // a pass has ended: there is something to read
	told      chan struct{}      // something was read: there may be alerts to deliver
	beat      atomic.Int64       // unix time of the crawl's last sign of life
	heard     func(crawler.Pass) // each pass that has ended; nil: nobody listens
}

func newWatcher(a *app, cmd *cobra.Command, h *house, fl crawlFlags) (*watcher, error) {
	w := &watcher{a: a, cmd: cmd, h: h, fl: fl, conf: h.conf, readEvery: readEvery,
		reload: make(chan func() []crawler.Source), wake: make(chan struct{}, 1), told: make(chan struct{}, 1), notify: watch.NewNotifier(os.Getenv("NOTIFY_SOCKET"))}
	if len(planned(h.conf)) == 0 {
		return nil, hinted{errors.New("no source has a cadence"), "give a [[source]] of tamga.toml one, like cadence = \"6h\"; `tamga crawl` makes a single pass"}
	}
	if limit := int64(h.conf.Watch.Memory); limit > 0 && os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(min(memoryTarget, limit/4*3))
	}
	var err error
	w.logins = a.logins(h.ws, h.conf)
	if w.opt, err = a.crawlOptions(cmd, h.conf, fl, w.logins, nil); err != nil {
		return w, err
	}
	w.opt.Blocklist, err = blocklist(h.ws, h.conf)
	return w, err
}

// planned are the sources that a schedule is made for.
func planned(conf *config.Config) (out []watch.Source) {
	for _, s := range conf.Sources {
		if s.Cadence > 0 {
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
	if err := w.guard(); err != nil {
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
	known, err := w.known(ctx, w.conf)
	if err != nil {
		return err
	}
	w.schedule.Set(planned(w.conf), known, w.now())
	w.useProfiles(w.conf)
	w.h.pipe.Profile = func(c tamga.Capture) string { return (*w.profile.Load())(c) }

	w.figures = newFigures()
	w.opt.Sink, w.opt.Kind = countingSink{w.h.archive, w.figures}, w.h.pipe.Kind
	w.opt.Only, w.opt.Reload, w.opt.WaitForProxy = true, w.reload, true
	w.opt.Schedule, w.opt.Passed = w.due, w.passed
	w.opt.Progress = func(s crawler.Stats) { w.figures.stalled.Set(float64(s.Stalled)) }
	c, err := crawler.New(w.opt)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	if w.conf.Watch.Metrics != "" {
		closeMetrics, err := w.serveFigures(w.conf.Watch.Metrics)
		if err != nil {
			return err
		}
		defer closeMetrics()
	}
	var beside sync.WaitGroup
	beside.Go(func() { w.guardWhile(ctx, stop) })
	beside.Go(func() { w.readWhile(ctx, stop) })
	beside.Go(func() { w.reloadWhile(ctx, hup) })
	beside.Go(func() { w.deliverWhile(ctx) })
	w.beat.Store(time.Now().Unix())
	w.tell("READY=1", fmt.Sprintf("STATUS=watching %d sources", len(planned(w.conf))))
	w.a.log.Info("watching", "sources", len(planned(w.conf)), "workspace", w.h.ws.Dir)

	_, err = c.Run(ctx, nil)
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
	}
	return err
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
	for _, s := range planned(conf) {
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
	w.beat.Store(time.Now().Unix())
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
	if w.heard != nil {
		w.heard(p)
	}
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// guard is an error where the disk or the memory is at its end.
func (w *watcher) guard() error {
	for _, dir := range []string{w.h.ws.Dir, w.h.ws.Evidence()} {
		if err := watch.CheckDisk(dir, int64(w.h.conf.Watch.MinFree)); err != nil {
			return err
		}
	}
	return watch.CheckMemory(int64(w.h.conf.Watch.Memory))
}

// guardWhile looks at the machine, and tells systemd that the crawl lives.
func (w *watcher) guardWhile(ctx context.Context, stop context.CancelCauseFunc) {
	every := guardEvery
	if d := watch.WatchdogEvery(os.Getenv("WATCHDOG_USEC")); d > 0 {
		every = min(every, d)
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := w.guard(); err != nil {
			stop(err)
			return
		}
		if time.Since(time.Unix(w.beat.Load(), 0)) < deadAfter {
			w.tell("WATCHDOG=1")
		}
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
	if err := w.series.Update(ctx, w.h.archive); err != nil {
		return err
	}
	stats, err := w.h.pipe.Ingest(ctx, nil)
	w.figures.read(stats.Captures)
	select {
	case w.told <- struct{}{}:
	default:
	}
	return errors.Join(err, w.logins.save())
}

// reloadWhile reads the settings again at each SIGHUP.
func (w *watcher) reloadWhile(ctx context.Context, hup <-chan os.Signal) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-hup:
		}
		w.tell("RELOADING=1")
		if err := w.reloadNow(ctx); err != nil && ctx.Err() == nil {
			w.a.log.Error("settings not reloaded; the old ones stay", "err", err)
		}
		w.tell("READY=1", fmt.Sprintf("STATUS=watching %d sources", len(planned(w.conf))))
	}
}

func (w *watcher) reloadNow(ctx context.Context) error {
	_, conf, err := w.a.open()
	if err != nil {
		return err
	}
	sources, err := crawlSources(w.cmd, conf, w.logins.again(conf), nil)
	if err != nil {
		return err
	}
	known, err := w.known(ctx, conf)
	if err != nil {
		return err
	}
	if err := w.opt.Blocklist.Reload(w.h.ws.Blocklists(conf)...); err != nil {
		return err
	}
	change := func() []crawler.Source {
		w.schedule.Set(planned(conf), known, w.now())
		return sources
	}
	select {
	case w.reload <- change:
		w.conf = conf
		w.useProfiles(conf)
	case <-ctx.Done():
		return ctx.Err()
	}
	w.a.log.Info("settings reloaded", "sources", len(planned(conf)))
	return nil
}

func (w *watcher) useProfiles(conf *config.Config) {
	f := profiles(conf)
	w.profile.Store(&f)
}

func (w *watcher) tell(lines ...string) {
	if err := w.notify.Send(lines...); err != nil {
		w.a.log.Warn("systemd does not hear", "err", err)
	}
}
