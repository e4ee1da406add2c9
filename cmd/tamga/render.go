package main

import (
	"context"
	"errors"
	"fmt"
	"net"

	"tamga/crawler"
	"tamga/internal/config"
	"tamga/internal/render"
	"tamga/internal/session"
)

// renderer has the crawler's pages drawn.
type renderer struct{ browser *render.Browser }

func newRenderer(conf *config.Config) crawler.Renderer {
	return &renderer{&render.Browser{MaxDOM: conf.Crawl.BodyCap, NoSandbox: conf.Crawl.NoSandbox}}
}

// Draw implements crawler.Renderer.
func (r *renderer) Draw(ctx context.Context, d crawler.Drawing) (crawler.Drawn, error) {
	p := render.Page{
		URL: d.URL, Status: d.Status, Header: d.Header, Body: d.Body, Scripts: d.Scripts, Images: d.Binary, UserAgent: d.UserAgent, Allow: d.Allow,
		Dial: func(ctx context.Context, host, port string) (net.Conn, error) {
			c, err := d.Dial(ctx, host, port)
			var refused *crawler.PolicyError
			if errors.As(err, &refused) {
				err = fmt.Errorf("%w: %w", render.ErrRefused, err)
			}
			return c, err
		},
	}
	for _, c := range d.Cookies {
		p.Cookies = append(p.Cookies, render.Cookie{Name: c.Name, Value: c.Value})
	}
	if live, ok := d.Session.(*session.Live); ok {
		cookies, items := live.Held()
		for _, c := range cookies {
			k := render.Cookie{Name: c.Name, Value: c.Value, Path: c.Path, Secure: c.Secure, HTTPOnly: c.HTTPOnly}
			p.Cookies = append(p.Cookies, k) // of the host of the page, also where the site said its domain
		}
		for _, i := range items {
			p.Storage = append(p.Storage, render.Item(i))
		}
	}
	got, err := r.browser.Draw(ctx, p)
	if err != nil {
		return crawler.Drawn{}, drawError{err}
	}
	return crawler.Drawn(got), nil
}

// drawError has a line on what to do about it.
type drawError struct{ error }

func (e drawError) Unwrap() error { return e.error }

// Hint is what to do.
func (e drawError) Hint() string {
	switch {
	case errors.Is(e, render.ErrNamespace):
		return namespaceHint
	case errors.Is(e, render.ErrBrowser):
		return "install Chromium (Debian: apt-get install chromium); where the system lets it make no sandbox, as in some containers, crawl.no_sandbox leaves it out"
	case errors.Is(e, context.DeadlineExceeded):
		return "the page took too long; the next pass tries it again"
	}
	return ""
}

const namespaceHint = "pages are drawn only in a network namespace, for a proxy setting alone leaks: allow unprivileged user namespaces (sysctl kernel.unprivileged_userns_clone=1, user.max_user_namespaces above 0, kernel.apparmor_restrict_unprivileged_userns=0), in a container the seccomp profile too; or take render out of the source"

// drawing checks that pages can be drawn, where a source wants it or not.
func (d *doctor) drawing() {
	if err := render.Check(); err != nil {
		d.absent("namespace", d.needs.browser, err.Error(), namespaceHint)
		return
	}
	d.ok("namespace", "pages are drawn in a network of their own")
}
