package main

import (
	"context"
	"fmt"
	"time"

	"tamga/internal/config"
	"tamga/internal/delivery"
	"tamga/internal/pipeline"
)

// deliverFor is how long a verb that ends by itself hands out alerts; what is left
// waits for the next one, or for a watch.
const deliverFor = 2 * time.Minute

// openDeliveries prepares the outputs that tamga.toml gives alerts.
func (a *app) openDeliveries(ctx context.Context, h *house) error {
	outputs, err := outputs(h.ws, h.conf)
	if err == nil {
		h.deliveries, err = h.pipe.Alerts.Deliver(ctx, outputs, a.log)
	}
	return err
}

// outputs are where the alerts of the settings go.
func outputs(ws *config.Workspace, conf *config.Config) (outputs []pipeline.Output, err error) {
	for i := range conf.Alerts {
		s := &conf.Alerts[i]
		o := pipeline.Output{Rule: s.Name}
		if s.Name == config.AllAlerts {
			o.Rule, o.Severity = pipeline.AnyRule, s.Severity
		}
		add := func(kind string, send func(context.Context, []byte) error) {
			o.Kind, o.Send = kind, send
			outputs = append(outputs, o)
		}
		if len(s.Command) > 0 {
			add("command", delivery.Command{Argv: s.Command, Timeout: time.Duration(s.Timeout)}.Send)
		}
		if s.File != "" {
			add("file", delivery.File{Path: ws.AlertFile(s)}.Send)
		}
		if s.Webhook != "" {
			w, err := delivery.NewWebhook(s.Webhook, conf.Crawl.Proxy, time.Duration(s.Timeout))
			if err != nil {
				return nil, hinted{fmt.Errorf("alert %q: %w", s.Name, err), "a webhook is on this machine, or an https address or onion behind crawl.proxy (docs/changes.md)"}
			}
			add("webhook", w.Send)
		}
	}
	return outputs, nil
}

// deliver makes a round of a verb that ends by itself. That an output does not take an
// alert fails nothing: it waits, and the log says so.
func (a *app) deliver(ctx context.Context, h *house) ([]pipeline.Waiting, error) {
	bounded, cancel := context.WithTimeout(ctx, deliverFor)
	defer cancel()
	all, _, err := h.deliveries.Send(bounded)
	switch {
	case ctx.Err() != nil:
		return all, ctx.Err()
	case bounded.Err() != nil:
		a.log.Warn("alerts are left to deliver; `tamga alerts --deliver` goes on")
		return all, nil
	}
	return all, err
}

// deliverWhile hands out alerts beside a watch, after each reading and when a pause is
// over. Nothing else waits for it.
func (w *watcher) deliverWhile(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		case <-w.told:
		}
		_, next, err := w.deliveries.Load().Send(ctx)
		if err != nil && ctx.Err() == nil {
			w.a.log.Error("alerts are not delivered yet", "err", err)
			next = time.Now().Add(time.Minute)
		}
		if !next.IsZero() {
			timer.Reset(max(time.Until(next), time.Second))
		}
	}
}
