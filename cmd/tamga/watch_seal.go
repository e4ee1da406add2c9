package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tamga/evidence"
	"tamga/internal/config"
)

// vouchers: somebody is configured to vouch for the evidence.
func vouchers(c config.Custody) bool { return len(c.TSA)+len(c.Calendars)+len(c.Witnesses) > 0 }

// sealWhile has others vouch for what is new, as often as watch.seal says, as `tamga
// seal` does: what a server cannot be asked waits in the outbox for the next time. It
// holds no pass up, and its failures end nothing.
func (w *watcher) sealWhile(ctx context.Context) {
	w.unsealed.Store(true) // an earlier watch may have been killed
	last := evidence.LastHead(w.h.ws.Evidence())
	if now := time.Now(); last.After(now) { // by a clock that was set back since
		last = now
	}
	for {
		conf := w.conf.Load()
		wait := time.Minute
		if every := time.Duration(conf.Watch.Seal); every > 0 && vouchers(conf.Custody) {
			if wait = every - time.Since(last); wait <= 0 {
				w.seal(ctx, conf)
				last, wait = time.Now(), every
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(max(min(wait, time.Minute), time.Millisecond)):
		}
	}
}

// sealAtEnd does so for what came since, within a bound: where that is too short, the
// questions wait for the next start.
func (w *watcher) sealAtEnd(ctx context.Context) {
	conf := w.conf.Load()
	if conf.Watch.Seal <= 0 || !vouchers(conf.Custody) || !w.unsealed.Load() {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastSeal)
	defer cancel()
	w.seal(ctx, conf)
}

func (w *watcher) seal(ctx context.Context, conf *config.Config) {
	w.unsealed.Store(false)
	result, err := w.sealOnce(ctx, conf)
	switch {
	case err == nil:
		w.a.log.Info("sealed", "head", result.Head, "stamped", len(result.Stamped), "waiting", len(result.Queued))
		return
	case errors.Is(err, config.ErrLocked): // a person is at it
	case errors.Is(err, evidence.ErrIntegrity):
		w.a.log.Error("nobody is asked to vouch for the evidence", "err", err)
	default:
		w.a.log.Warn("not sealed; it is tried again later", "err", err)
	}
	w.unsealed.Store(true)
}

func (w *watcher) sealOnce(ctx context.Context, conf *config.Config) (sealed, error) {
	s, err := w.a.sealer(w.h.ws, conf)
	if err != nil {
		return sealed{}, err
	}
	defer s.box.Close()
	s.archive = w.h.archive
	result, err := s.run(ctx)
	if result.Head > 0 {
		w.figures.sealed.Set(float64(result.Head))
	}
	if items, e := s.box.Items(); e == nil {
		w.figures.waiting.Set(float64(len(items)))
	}
	return result, err
}

// dueWhile tells once a day what is not covered any more: to delete it is a person's
// decision (`tamga retention --apply`).
func (w *watcher) dueWhile(ctx context.Context) {
	for {
		err := w.tellDue(ctx)
		if err != nil && ctx.Err() == nil {
			w.a.log.Warn("not counted what is not covered any more", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(dueEvery):
		}
	}
}

func (w *watcher) tellDue(ctx context.Context) error {
	conf := w.conf.Load()
	limited := false
	for i := range conf.Sources {
		_, _, ok := covered(&conf.Sources[i], w.now())
		limited = limited || ok
	}
	if !limited {
		return nil
	}
	r, err := uncovered(ctx, &house{conf: conf, archive: w.h.archive}, w.now().UTC(), nil)
	if err != nil {
		return err
	}
	for _, u := range r.Sources {
		w.figures.due.Set(float64(u.Captures), "source", u.Source)
		w.a.log.Warn(fmt.Sprintf("%d captures are not covered any more: `tamga retention --apply` deletes them", u.Captures), "source", u.Source, "rule", u.Rule)
	}
	return nil
}
