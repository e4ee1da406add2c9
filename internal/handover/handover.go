// Package handover opens a page for a person in a browser of its own and takes back
// what the person is logged in with.
//
// The browser has a fresh profile, which is deleted afterwards, and one way out: the
// SOCKS proxy. Names are resolved by the proxy only, WebRTC may not use UDP past it,
// and addresses of this machine, which Chromium would reach without a proxy, are
// asked of the proxy too. The program drives nothing: it opens the page, and reads
// cookies and local storage.
package handover

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"strconv"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/storage"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/remote"

	"tamga/internal/chromium"
	"tamga/internal/session"
)

// look is the time between two looks at what the browser holds: a person who closes
// the window takes the browser along.
const look = 200 * time.Millisecond

// Errors of a hand-over that cannot be made.
var (
	ErrBrowser = chromium.ErrNone
	ErrProxy   = errors.New("the proxy does not answer")
	ErrNothing = errors.New("the browser holds nothing for the host")
)

// Options of a hand-over.
type Options struct {
	URL  string
	Host string // that the session is bound to, as session.ParseHost gives it
	// Proxy is the SOCKS5 proxy, host:port, that everything goes through. Empty: nothing
	// but the host of URL, on this machine, is reached.
	Proxy     string
	Exec      string // of Chromium; empty: looked for in PATH
	Headless  bool   // no window; Port says where to look on
	Port      int    // of the DevTools protocol on loopback; 0: a pipe that nobody else has
	NoSandbox bool
	Log       io.Writer // of the browser; nil: none
}

// Result is what the browser held.
type Result struct {
	session.Found
	UserAgent string
}

// Open shows the page until done is closed, the window is closed or ctx ends, and
// returns what the browser then holds for the host.
func Open(ctx context.Context, o Options, done <-chan struct{}) (Result, error) {
	path, err := chromium.Find(o.Exec)
	if err != nil {
		return Result{}, err
	}
	if o.Proxy != "" {
		c, err := net.DialTimeout("tcp", o.Proxy, 10*time.Second)
		if err != nil {
			return Result{}, fmt.Errorf("%w: %w", ErrProxy, err)
		}
		c.Close()
	}
	profile, err := os.MkdirTemp("", "tamga-browser-*") // mode 0700
	if err != nil {
		return Result{}, fmt.Errorf("make a profile: %w", err)
	}
	defer os.RemoveAll(profile)
	flags, err := o.flags()
	if err != nil {
		return Result{}, err
	}
	flags = append(flags, chromedp.ExecPath(path), chromedp.UserDataDir(profile))
	alloc, end := chromedp.NewExecAllocator(context.WithoutCancel(ctx), flags...)
	defer end()
	tab, closeTab := chromedp.NewContext(alloc)
	defer closeTab()
	version, err := chromedp.Run(tab, func(ctx context.Context, _ *chromedp.Target) (browser.GetVersionResult, error) {
		return chromedp.CallBrowser(ctx, browser.GetVersion, cdp.Empty{})
	})
	if err != nil {
		return Result{}, fmt.Errorf("start the browser: %w", err)
	}
	// A page that does not load is shown as the browser shows it, and tried again there.
	go chromedp.Do(tab, chromedp.Navigate(o.URL))
	last := Result{UserAgent: version.UserAgent}
	err = watch(ctx, tab, o.Host, done, &last)
	stop, cancel := context.WithTimeout(context.WithoutCancel(tab), 5*time.Second)
	defer cancel()
	_, _ = chromedp.CallBrowser(stop, browser.Close, cdp.Empty{}) // it may be closed
	if err == nil && len(last.Cookies)+len(last.Storage) == 0 {
		err = ErrNothing
	}
	return last, err
}

func watch(ctx, tab context.Context, host string, done <-chan struct{}, last *Result) error {
	tick := time.NewTicker(look)
	defer tick.Stop()
	closed, err := chromedp.Detached(tab)
	if err != nil {
		return fmt.Errorf("watch the browser: %w", err)
	}
	for {
		finished := false
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tab.Done():
			return nil
		case <-closed:
			return nil
		case <-done:
			finished = true
		case <-tick.C:
		}
		found, err := held(tab, host)
		switch {
		case err == nil:
			last.Found = found
		case tab.Err() != nil:
			return nil
		case finished:
			return fmt.Errorf("read the browser: %w", err)
		}
		if finished {
			return nil
		}
	}
}

// held reads what the browser holds for the host. Local storage is read while a page
// of the host is open.
func held(tab context.Context, host string) (session.Found, error) {
	ctx, cancel := context.WithTimeout(tab, 10*time.Second)
	defer cancel()
	got, err := chromedp.CallBrowser(ctx, storage.GetCookies, storage.GetCookiesParams{})
	if err != nil {
		return session.Found{}, err
	}
	var cookies []session.Cookie
	for _, c := range got.Cookies {
		k := session.Cookie{Name: c.Name, Value: c.Value, Domain: c.Domain, HostOnly: true, Path: c.Path, Secure: c.Secure, HTTPOnly: c.HTTPOnly}
		if !c.Session && c.Expires > 0 {
			k.Expires = time.Unix(int64(min(c.Expires, 2.5e11)), 0).UTC()
		}
		cookies = append(cookies, k)
	}
	var items []session.Item
	page, err := chromedp.Run(ctx, chromedp.Evaluate[stored](`(() => { try { return {origin: location.origin, items: Object.entries(localStorage)} } catch (e) { return {origin: "", items: []} } })()`))
	if err == nil { // a page that is being loaded has none
		for _, i := range page.Items {
			items = append(items, session.Item{Origin: page.Origin, Name: i[0], Value: i[1]})
		}
	}
	return session.Take(host, cookies, items)
}

type stored struct {
	Origin string      `json:"origin"`
	Items  [][2]string `json:"items"`
}

// flags keep the browser on its one way out, and quiet.
func (o *Options) flags() ([]chromedp.ExecAllocatorOption, error) {
	flag, f := chromedp.Flag, chromium.Quiet()
	if o.Proxy != "" {
		host, _, err := net.SplitHostPort(o.Proxy)
		if err != nil {
			return nil, fmt.Errorf("proxy %s: %w", o.Proxy, err)
		}
		f = append(f, chromium.Proxied(o.Proxy, host)...)
	} else {
		u, err := url.Parse(o.URL)
		if err != nil {
			return nil, err
		}
		f = append(f, flag("no-proxy-server", true), chromium.Resolving(u.Hostname()))
	}
	if o.Headless {
		f = append(f, chromedp.Headless, chromedp.DisableGPU)
	}
	if o.Port > 0 {
		f = append(f, remote.WebSocket, flag("remote-debugging-port", strconv.Itoa(o.Port)), flag("remote-debugging-address", "127.0.0.1"))
	}
	if o.NoSandbox {
		f = append(f, chromedp.NoSandbox)
	}
	if o.Log != nil {
		f = append(f, chromedp.CombinedOutput(o.Log))
	}
	return f, nil
}
