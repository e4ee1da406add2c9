package render

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/security"
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
	// So it is where it has asked for all it may: what it asks for from then on waits in
	// the browser's memory.
	load, cancel := context.WithTimeout(ctx, patience(ctx))
	loading := make(chan struct{})
	go func() {
		select {
		case <-door.full:
			cancel()
		case <-loading:
		}
	}()
	err = chromedp.Do(load, chromedp.Navigate(p.URL))
	slow := load.Err() != nil && ctx.Err() == nil
	close(loading)
	cancel()
	if err != nil && !slow {
		return d, fmt.Errorf("load the page: %w", err)
	}
	door.quiet(ctx, slow)
	limit := b.MaxDOM
	if limit <= 0 {
		limit = 8 << 20
	}
	err = chromedp.Do(ctx, chromedp.Func(func(ctx context.Context, t *chromedp.Target) (err error) {
		d.DOM, d.Cut, err = document(ctx, t, p.URL, limit)
		return err
	}))
	if err != nil {
		return d, fmt.Errorf("take the page: %w", err)
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
	// An onion address authenticates its service by itself, as for the crawler.
	if u, err := url.Parse(p.URL); err == nil && (strings.HasSuffix(u.Hostname(), ".onion") || strings.HasSuffix(u.Hostname(), ".i2p")) {
		if _, err := chromedp.CallBrowser(ctx, security.SetIgnoreCertificateErrors, security.SetIgnoreCertificateErrorsParams{Ignore: true}); err != nil {
			return err
		}
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
