package crawler

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"tamga"
)

// Renderer draws pages that are empty without scripts. Draw is called by many workers
// at once; it must keep to Allow and Dial, and have no other way out.
type Renderer interface {
	Draw(ctx context.Context, d Drawing) (Drawn, error)
}

// Drawing is a page that is to be drawn, as it was captured.
type Drawing struct {
	URL    string
	Status int
	Header http.Header
	Body   []byte // without content coding

	Scripts   bool
	Binary    bool // pictures are loaded
	UserAgent string
	Cookies   []*http.Cookie // of who asks, where that is no session
	Session   Session        // that holds the URL; nil: none

	// Allow says whether the page may ask for something: the policy of a link of the
	// page, and reading only. Dial opens a connection on the page's lane, its circuit
	// and identity; the errors of both are *PolicyError where the policy refuses.
	Allow func(method, url string) error
	Dial  func(ctx context.Context, host, port string) (net.Conn, error)
}

// Drawn is what a browser made of it.
type Drawn struct {
	DOM        []byte // HTML in UTF-8, after scripts
	Cut        bool   // DOM is not whole
	Screenshot []byte // PNG; empty: none
	Refused    int    // requests that were not made
}

// Rendered begins the detail of captures that a browser made of another capture.
const Rendered = "tamga:rendered"

// viewScheme comes before the URL of a page in that of its screenshot, as in the
// archives of Browsertrix.
const viewScheme = "urn:view:"

// drawTime is what a Renderer may take for a page. Pages may have to wait for one
// another.
const drawTime = 2 * time.Minute

// rendered tells a capture of a drawn page from one of the wire.
func rendered(detail string) bool { return strings.HasPrefix(detail, Rendered) }

// wantsDrawing tells whether the page is a shell of a source that has such drawn.
func (k *worker) wantsDrawing() bool {
	return k.src.Render && k.given == nil && k.page && k.turn == nil && k.ex.Outcome == tamga.OutcomeScriptOnly
}

// drawInto has the page of a result drawn and seals what comes of it, before the page:
// one that is interrupted in between is fetched again, and of what was sealed by then
// nothing is drawn or sealed a second time.
func (k *worker) drawInto(ctx, sealing context.Context, r *result, sink Sink) {
	of := tamga.DigestOf(r.ex.Body)
	had := k.wire.drawn.take(r.job.url, of)
	if had.page {
		return // its links were offered by the replay
	}
	drawn, err := k.draw(ctx, r.job, of)
	if r.err = err; err != nil {
		return
	}
	for _, ex := range drawn {
		view := ex.URL != r.job.url
		if view && had.view {
			continue
		}
		c, err := sink.Put(sealing, ex)
		if r.err = err; err != nil {
			return
		}
		r.drawn = append(r.drawn, c.Seq)
		if !view {
			r.links = append(r.links, linksOf(r.job.url, ex.Body)...)
		}
	}
}

// loose are drawn captures that a replay found, until it finds the page they were made
// of: a process was killed before it sealed that.
type loose struct {
	mu sync.Mutex
	of map[string]parts // by the URL of the page
}

// parts of a page that were sealed.
type parts struct {
	digest     string // of the page
	view, page bool
}

func (l *loose) add(c tamga.Capture) {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := l.of[c.Via]
	digest := madeOf(c.Detail)
	if digest != p.digest {
		p = parts{digest: digest}
	}
	if strings.HasPrefix(c.URL, viewScheme) {
		p.view = true
	} else {
		p.page = true
	}
	if l.of == nil {
		l.of = map[string]parts{}
	}
	l.of[c.Via] = p
}

// take gives up what there is of a page; of what was made of other bytes, nothing.
func (l *loose) take(page string, of tamga.Digest) parts {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := l.of[page]
	delete(l.of, page)
	if p.digest != string(of) {
		return parts{}
	}
	return p
}

// madeOf is the digest of the page in the detail of a drawn capture.
func madeOf(detail string) string {
	d, _, _ := strings.Cut(strings.TrimPrefix(detail, Rendered+" of "), ",")
	return d
}

// draw has the page drawn. What comes back are exchanges without an HTTP head. That a
// page cannot be drawn is noted in its detail, and is no error of the crawl.
func (k *worker) draw(ctx context.Context, j *job, of tamga.Digest) ([]*tamga.Exchange, error) {
	o := k.wire.opts
	failed := func(err error, hint string) {
		k.ex.Detail += "; not drawn: " + err.Error()
		args := []any{"url", j.url, "err", err}
		if hint != "" {
			args = append(args, "hint", hint)
		}
		o.Logger.WarnContext(ctx, "page not drawn", args...)
	}
	if o.Renderer == nil {
		failed(errors.New("nothing is there that draws"), "")
		return nil, nil
	}
	u, err := url.Parse(j.url)
	if err != nil {
		return nil, nil
	}
	plain := plainOf(&tamga.Exchange{Header: k.ex.Header, Body: k.ex.Body, Detail: "-"})
	d := Drawing{
		URL: j.url, Status: k.ex.Status, Header: k.ex.Header, Body: plain, Scripts: k.src.Scripts, Binary: k.src.Binary,
		UserAgent: k.src.UserAgent, Session: k.src.session(u),
		Allow: func(method, link string) error { return k.reads(j.url, method, link) },
	}
	if d.Session == nil {
		d.Cookies = k.jars.of(k.src.Identity).Cookies(u)
	} else if agent := d.Session.UserAgent(); agent != "" {
		d.UserAgent = agent
	}
	l := o.lane(k.src)
	way := &dialer{opts: o, lane: l, policy: o.policy(l), epochs: k.wire.epochs}
	d.Dial = func(ctx context.Context, host, port string) (net.Conn, error) {
		return way.onBehalf(ctx, j.url, host, port)
	}
	asked := o.Now().UTC()
	got, err := o.Renderer.Draw(ctx, d)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		var h interface{ Hint() string }
		hint := ""
		if errors.As(err, &h) {
			hint = h.Hint()
		}
		failed(err, hint)
		return nil, nil
	}
	how := Rendered + " of " + string(of) + ", scripts off"
	if d.Scripts {
		how = strings.TrimSuffix(how, "off") + "on"
	}
	if got.Refused > 0 {
		how += fmt.Sprintf(", %d requests refused", got.Refused)
	}
	made := func(address, contentType string, body []byte) *tamga.Exchange {
		return &tamga.Exchange{
			URL: address, Via: j.url, Source: k.ex.Source, Route: k.ex.Route, Requested: asked, Operator: o.Operator, Tool: o.Tool,
			Header: http.Header{"Content-Type": {contentType}}, Body: body, Outcome: tamga.OutcomeOK, Detail: how,
		}
	}
	var out []*tamga.Exchange
	dom := made(j.url, "text/html; charset=utf-8", got.DOM[:min(int64(len(got.DOM)), o.BodyCap)])
	if got.Cut || int64(len(got.DOM)) > o.BodyCap {
		dom.Outcome, dom.Truncated = tamga.OutcomeTruncated, "length"
	}
	if dom.Outcome == tamga.OutcomeOK {
		k.judge(dom, plain, d.Scripts)
	}
	if size := int64(len(got.Screenshot)); size > 0 && size <= o.BodyCap {
		out = append(out, made(viewScheme+j.url, "image/png", got.Screenshot))
	}
	return append(out, dom), nil // the page last: where it is, the view is
}

// judge sets the outcome of a drawn page: a wall, a shell still, or what is shown to
// who is logged in. A shell whose scripts made it say more than before is none.
func (k *worker) judge(dom *tamga.Exchange, shell []byte, scripts bool) {
	var links collected
	links.scan(dom.Body)
	o, detail := classify(http.StatusOK, dom.Header, dom.Body, len(links.refs))
	said := func(b []byte) int { return visible(bytes.ToLower(b[:min(len(b), classifyBytes)])) }
	if o == tamga.OutcomeScriptOnly && scripts && said(dom.Body) > said(shell) {
		o, detail = tamga.OutcomeOK, ""
	}
	if dom.Outcome = o; detail != "" {
		dom.Detail += ", " + detail
	}
	how := dom.Detail
	k.loggedIn(dom)
	if dom.Detail != how {
		dom.Detail = how + ", " + dom.Detail
	}
}

// linksOf are those of a drawn page.
func linksOf(page string, dom []byte) []string {
	var found collected
	found.scan(dom)
	return found.links(page)
}

// reads tells whether a page may ask for something: it only reads, and the policy lets
// a link of the page lead there. A page of this machine or its network asks for
// nothing but what is on its own port.
func (k *worker) reads(page, method, link string) error {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
	default:
		return &PolicyError{link, "method " + method + " does more than read"}
	}
	c, err := Canonical(link)
	if err != nil {
		return &PolicyError{link, err.Error()}
	}
	if k.src.Session != nil && acts(c) {
		return &PolicyError{link, "to follow it would act in the name of who is logged in"}
	}
	return subresource(k.wire.opts.policy(k.wire.opts.lane(k.src)), page, c)
}

func subresource(p policy, page, link string) error {
	if networkOf(hostname(link)).local() && origin(page) != origin(link) {
		return &PolicyError{link, "a page does not reach into this machine or its network"}
	}
	return p.follow(page, link)
}

// onBehalf opens a connection that a page asks for.
func (d *dialer) onBehalf(ctx context.Context, page, host, port string) (net.Conn, error) {
	addr := net.JoinHostPort(host, port)
	var refused error
	for _, scheme := range []string{"http://", "https://"} { // the port tells neither
		c, err := Canonical(scheme + addr + "/")
		if err == nil {
			err = subresource(d.policy, page, c)
		}
		if err == nil {
			refused = nil
			break
		}
		refused = err
	}
	if refused != nil {
		var p *PolicyError
		if !errors.As(refused, &p) {
			refused = &PolicyError{addr, refused.Error()}
		}
		return nil, refused
	}
	c, err := d.dial(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	return c.(*conn).Conn, nil
}
