package render

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/storage"
	"github.com/chromedp/chromedp"
)

// draw prepares the tab, loads the page and takes what is there then.
func (b *Browser) draw(ctx context.Context, p Page, door *door) (d Drawn, err error) {
	err = chromedp.Do(ctx, func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		return chromedp.Void{}, b.prepare(ctx, t, p)
	})
	if err != nil {
		return d, fmt.Errorf("prepare the browser: %w", err)
	}
	if err := door.watch(ctx); err != nil {
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
