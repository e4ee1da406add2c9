package render

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/storage"
	"github.com/chromedp/chromedp"
)

// draw prepares the tab, loads the page and takes what is there then.
func (b *Browser) draw(ctx context.Context, p Page) (d Drawn, err error) {
	door := &door{page: p}
	defer func() { d.Refused += int(door.refused.Load()) }()
	err = chromedp.Do(ctx, func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		return chromedp.Void{}, b.prepare(ctx, t, p)
	})
	if err != nil {
		return d, fmt.Errorf("prepare the browser: %w", err)
	}
	if err := door.open(ctx); err != nil {
		return d, fmt.Errorf("watch requests: %w", err)
	}
	// What is still loading when three quarters of the time are over is left out: the
	// page is taken as it is then.
	load, cancel := context.WithTimeout(ctx, patience(ctx))
	err = chromedp.Do(load, chromedp.Navigate(p.URL))
	slow := load.Err() != nil && ctx.Err() == nil
	cancel()
	if err != nil && !slow {
		return d, fmt.Errorf("load the page: %w", err)
	}
	door.quiet(ctx, slow)
	if d.DOM, err = chromedp.Run(ctx, outerHTML); err != nil {
		return d, fmt.Errorf("take the page: %w", err)
	}
	limit := b.MaxDOM
	if limit <= 0 {
		limit = 8 << 20
	}
	if int64(len(d.DOM)) > limit {
		d.DOM, d.Cut = d.DOM[:limit], true
	}
	shot, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	if d.Screenshot, err = chromedp.Run(shot, screenshot); err != nil && ctx.Err() != nil {
		return d, err
	}
	return d, nil
}

// patience is how long a page may load: three quarters of what is left.
func patience(ctx context.Context) time.Duration {
	if end, ok := ctx.Deadline(); ok {
		return time.Until(end) * 3 / 4
	}
	return DefaultTimeout / 2
}

// prepare shuts what a page could leave traces or talk by, and logs in.
func (b *Browser) prepare(ctx context.Context, t *chromedp.Target, p Page) error {
	if _, err := chromedp.CallBrowser(ctx, browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{Behavior: browser.SetDownloadBehaviorBehaviorDeny}); err != nil {
		return err
	}
	if _, err := cdp.Call(ctx, t, network.SetBypassServiceWorker, network.SetBypassServiceWorkerParams{Bypass: true}); err != nil {
		return err
	}
	if _, err := cdp.Call(ctx, t, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !p.Scripts}); err != nil {
		return err
	}
	if p.Scripts && !b.bare {
		if _, err := cdp.Call(ctx, t, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: without + stored(p.Storage)}); err != nil {
			return err
		}
	}
	if len(p.Cookies) == 0 {
		return nil
	}
	var cookies []*network.CookieParam
	for _, c := range p.Cookies {
		k := &network.CookieParam{Name: c.Name, Value: c.Value, Domain: c.Domain, Path: c.Path, Secure: c.Secure, HTTPOnly: c.HTTPOnly}
		if c.Domain == "" {
			k.URL = p.URL
		}
		cookies = append(cookies, k)
	}
	_, err := chromedp.CallBrowser(ctx, storage.SetCookies, storage.SetCookiesParams{Cookies: cookies})
	return err
}

// without takes from a page's scripts what it could talk by besides requests, before
// they begin. It is a second fence: none of it has a way out of the namespace.
const without = `(() => { "use strict";
for (const name of ["RTCPeerConnection", "webkitRTCPeerConnection", "RTCDataChannel", "WebSocket", "WebSocketStream", "WebTransport", "Notification", "SharedWorker", "PushManager"]) { try { delete window[name] } catch (e) {} }
for (const name of ["serviceWorker", "sendBeacon", "geolocation", "mediaDevices", "bluetooth", "usb", "serial", "hid"]) { try { delete Navigator.prototype[name] } catch (e) {} }
})();
`

// stored writes local storage of a session where its origin is open.
func stored(items []Item) string {
	if len(items) == 0 {
		return ""
	}
	b, err := json.Marshal(items)
	if err != nil {
		return ""
	}
	return `for (const i of ` + string(b) + `) { try { if (location.origin === i.Origin) localStorage.setItem(i.Name, i.Value) } catch (e) {} }`
}

// outerHTML asks the browser and not the page's scripts, which could lie and may not run.
func outerHTML(ctx context.Context, t *chromedp.Target) ([]byte, error) {
	doc, err := cdp.Call(ctx, t, dom.GetDocument, dom.GetDocumentParams{})
	if err != nil {
		return nil, err
	}
	html, err := cdp.Call(ctx, t, dom.GetOuterHTML, dom.GetOuterHTMLParams{NodeID: doc.Root.NodeID})
	if err != nil {
		return nil, err
	}
	return []byte(strings.ToValidUTF8(html.OuterHTML, "\uFFFD")), nil
}

// screenshot of the whole page, of maxHeight at most.
func screenshot(ctx context.Context, t *chromedp.Target) ([]byte, error) {
	m, err := cdp.Call(ctx, t, page.GetLayoutMetrics, cdp.Empty{})
	if err != nil {
		return nil, err
	}
	yes := true
	size := page.Viewport{Width: width, Height: 900, Scale: 1}
	if c := m.CSSContentSize; c != nil {
		size.Width, size.Height = min(max(c.Width, width), 2*width), min(max(c.Height, 1), maxHeight)
	}
	r, err := cdp.Call(ctx, t, page.CaptureScreenshot, page.CaptureScreenshotParams{Format: page.CaptureScreenshotFormatPng, Clip: &size, CaptureBeyondViewport: &yes})
	return r.Data, err
}

// door sees every request of the page before it is made.
type door struct {
	page    Page
	given   atomic.Bool // the page was
	refused atomic.Int64

	mu    sync.Mutex
	last  time.Time // a request
	frame cdp.FrameID
}

// maxRequests bounds those of a page.
const maxRequests = 500

func (o *door) open(ctx context.Context) error {
	paused := make(chan fetch.EventRequestPaused, maxRequests)
	err := chromedp.Listen(ctx, func(ev any) {
		var e fetch.EventRequestPaused
		switch ev := ev.(type) {
		case fetch.EventRequestPaused:
			e = ev
		case *fetch.EventRequestPaused:
			e = *ev
		default:
			return
		}
		select {
		case paused <- e:
		default: // it stays paused: a page that asks for so much gets no more
			o.refused.Add(1)
		}
	})
	if err != nil {
		return err
	}
	go func() {
		for n := 0; ; n++ {
			select {
			case <-ctx.Done():
				return
			case e := <-paused:
				_ = chromedp.Do(ctx, chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
					return o.answer(ctx, t, e, n < maxRequests)
				}))
			}
		}
	}()
	return chromedp.Do(ctx, chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, fetch.Enable, fetch.EnableParams{Patterns: []*fetch.RequestPattern{{URLPattern: "*"}}})
		return err
	}))
}

func (o *door) answer(ctx context.Context, t *chromedp.Target, e fetch.EventRequestPaused, more bool) error {
	o.mu.Lock()
	o.last = time.Now()
	o.mu.Unlock()
	if e.ResourceType == network.ResourceTypeDocument && same(e.Request.URL, o.page.URL) && o.given.CompareAndSwap(false, true) {
		o.frame = e.FrameID
		return o.give(ctx, t, e)
	}
	if !more || !o.lets(e) {
		o.refused.Add(1)
		reason := network.ErrorReasonBlockedByClient
		if e.ResourceType == network.ResourceTypeDocument {
			reason = network.ErrorReasonAborted // any other would put an error page in place of the page
		}
		_, err := cdp.Call(ctx, t, fetch.FailRequest, fetch.FailRequestParams{RequestID: e.RequestID, ErrorReason: reason})
		return err
	}
	_, err := cdp.Call(ctx, t, fetch.ContinueRequest, fetch.ContinueRequestParams{RequestID: e.RequestID})
	return err
}

func same(a, b string) bool {
	u, err := url.Parse(a)
	v, err2 := url.Parse(b)
	if err != nil || err2 != nil {
		return a == b
	}
	u.Fragment, v.Fragment = "", ""
	return u.String() == v.String()
}

// lets tells whether a request goes on: one that only reads, of a kind that is wanted,
// to where the policy allows. The page does not go elsewhere, and a frame is of its own
// host, so that no frame has a process whose requests are not seen here.
func (o *door) lets(e fetch.EventRequestPaused) bool {
	switch e.ResourceType {
	case network.ResourceTypeImage, network.ResourceTypeMedia, network.ResourceTypeFont:
		if !o.page.Images {
			return false
		}
	case network.ResourceTypeDocument:
		u, err := url.Parse(e.Request.URL)
		v, err2 := url.Parse(o.page.URL)
		if err != nil || err2 != nil || u.Host != v.Host || e.FrameID == o.frame {
			return false
		}
	case network.ResourceTypePing, network.ResourceTypeCSPViolationReport, network.ResourceTypePrefetch:
		return false
	}
	switch e.Request.Method {
	case "GET", "HEAD", "OPTIONS":
	default:
		return false
	}
	return o.page.Allow(e.Request.Method, e.Request.URL) == nil
}

// give answers with the capture. Fields that say how it was coded on the wire do not
// hold for what the browser gets.
func (o *door) give(ctx context.Context, t *chromedp.Target, e fetch.EventRequestPaused) error {
	var header []*fetch.HeaderEntry
	for name, values := range o.page.Header {
		switch name {
		case "Content-Encoding", "Content-Length", "Transfer-Encoding", "Connection", "Refresh", "Strict-Transport-Security", "Content-Disposition":
			continue
		}
		for _, v := range values {
			header = append(header, &fetch.HeaderEntry{Name: name, Value: strings.ToValidUTF8(v, "")})
		}
	}
	_, err := cdp.Call(ctx, t, fetch.FulfillRequest, fetch.FulfillRequestParams{RequestID: e.RequestID, ResponseCode: int64(o.page.Status), ResponseHeaders: header, Body: o.page.Body})
	return err
}

// quiet waits until the page has asked for nothing for a while, five seconds at most.
func (o *door) quiet(ctx context.Context, slow bool) {
	if slow {
		return
	}
	for range 50 {
		select {
		case <-ctx.Done():
			return
		case <-time.After(100 * time.Millisecond):
		}
		o.mu.Lock()
		since := time.Since(o.last)
		o.mu.Unlock()
		if since > settle {
			return
		}
	}
}
