package main

import (
	"context"
	"os"
	"time"

	"tamga/internal/watch"
)

// guard is an error where the disk or the memory is at its end.
func (w *watcher) guard(begin bool) error {
	conf := w.conf.Load()
	g := w.guarding
	g.MinFree, g.Memory = int64(conf.Watch.MinFree), int64(conf.Watch.Memory)
	return g.Check(begin, w.h.ws.Dir, w.h.ws.Evidence())
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
		alive := false
		select {
		case <-ctx.Done():
			return
		case <-w.look:
		case <-tick.C:
			alive = time.Since(w.began)-time.Duration(w.beat.Load()) < deadAfter
		}
		if err := w.guard(false); err != nil {
			stop(err)
			return
		}
		if alive {
			w.tell("WATCHDOG=1")
		}
	}
}
