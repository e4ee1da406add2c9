package main

import (
	"context"
	"slices"
	"time"

	"tamga/crawler"
	"tamga/internal/config"
)

// blocklist reads what must never be fetched. A list that cannot be read stops
// the command: nothing is collected without the gate that was asked for.
func blocklist(ws *config.Workspace, conf *config.Config) (*crawler.Blocklist, error) {
	b, err := crawler.OpenBlocklist(ws.Blocklists(conf)...)
	if err != nil {
		return nil, hinted{err, "one hash a line, MD5, SHA-1 or SHA-256 of a host name, a URL or a body; `safety.blocklist` in tamga.toml names the files"}
	}
	return b, nil
}

// listed finds the captures that a blocklist has by now; only, where it is not empty,
// names the sources that are looked at.
func (a *app) listed(ctx context.Context, h *house, now time.Time, only []string) (retained, error) {
	r := newRetained(h, now)
	lists, err := blocklist(h.ws, h.conf)
	if err != nil {
		return r, err
	}
	source := sourceOf(h.conf)
	place := map[string]int{}
	for c, err := range h.archive.Captures(ctx, 0) {
		if err != nil {
			return r, err
		}
		name := c.Source
		if s := source(&c); s != nil {
			name = s.Name
		}
		if len(only) > 0 && !slices.Contains(only, name) {
			r.Kept++
			continue
		}
		ex, _, err := h.archive.Read(ctx, c.Seq)
		if err != nil {
			return r, err
		}
		if list, found := lists.Refuses(ex); found {
			r.take(place, name, "on the blocklist "+list, &c)
		} else {
			r.Kept++
		}
	}
	return r, r.exports(ctx, h)
}
