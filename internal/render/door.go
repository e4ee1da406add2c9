package render

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

const (
	// maxRequests bounds those of a page.
	maxRequests = 500
	// hold is how long a connection waits for a request that it is for: Chromium opens
	// some ahead, and hands them to the request that comes.
	hold = 5 * time.Second
)

// door sees every request before it is made, and lets connections be opened for those
// alone that it let go on. So nothing that the browser asks for by itself (updates,
// variations, the clock) leaves, nor what a page asks for by other means than requests
// (WebSocket, preconnect) to where it asked for nothing else.
type door struct {
	page    Page
	given   atomic.Bool // the page was
	refused atomic.Int64

	mu    sync.Mutex
	last  time.Time       // a request
	frame cdp.FrameID     // the page's own
	open  map[string]bool // host:port of requests that went on
	more  chan struct{}   // closed when open grows

	full chan struct{} // closed when the page has asked for as much as it may
}

func newDoor(p Page) *door {
	return &door{page: p, open: map[string]bool{}, more: make(chan struct{}), full: make(chan struct{})}
}

// watch begins to look at the requests of the browser.
func (o *door) watch(ctx context.Context) error {
	paused := make(chan fetch.EventRequestPaused, maxRequests)
	err := chromedp.ListenBrowser(ctx, func(ev any) {
		e, ok := ev.(*fetch.EventRequestPaused)
		if !ok {
			return
		}
		select {
		case paused <- *e:
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
				if n == maxRequests {
					close(o.full)
				}
				_ = o.answer(ctx, e, n < maxRequests)
			}
		}
	}()
	// Of the browser and not of the tab: frames with a process of their own and workers
	// are seen too.
	_, err = chromedp.CallBrowser(ctx, fetch.Enable, fetch.EnableParams{Patterns: []*fetch.RequestPattern{{URLPattern: "*"}}})
	return err
}

func (o *door) answer(ctx context.Context, e fetch.EventRequestPaused, more bool) error {
	o.mu.Lock()
	o.last = time.Now()
	o.mu.Unlock()
	if e.ResourceType == network.ResourceTypeDocument && same(e.Request.URL, o.page.URL) && o.given.CompareAndSwap(false, true) {
		o.frame = e.FrameID
		return o.give(ctx, e)
	}
	if !more || !o.lets(e) {
		o.refused.Add(1)
		reason := network.ErrorReasonBlockedByClient
		if e.ResourceType == network.ResourceTypeDocument {
			reason = network.ErrorReasonAborted // any other would put an error page in place of the page
		}
		_, err := chromedp.CallBrowser(ctx, fetch.FailRequest, fetch.FailRequestParams{RequestID: e.RequestID, ErrorReason: reason})
		return err
	}
	o.unlock(e.Request.URL)
	_, err := chromedp.CallBrowser(ctx, fetch.ContinueRequest, fetch.ContinueRequestParams{RequestID: e.RequestID})
	return err
}

// unlock lets connections be opened to where a request goes.
func (o *door) unlock(link string) {
	to := hostPort(link)
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.open[to] {
		o.open[to] = true
		close(o.more)
		o.more = make(chan struct{})
	}
}

// dial opens a connection to where a request goes, and refuses any other.
func (o *door) dial(ctx context.Context, host, port string) (net.Conn, error) {
	to := net.JoinHostPort(strings.ToLower(host), port)
	late := time.NewTimer(hold)
	defer late.Stop()
	for {
		o.mu.Lock()
		open, more := o.open[to], o.more
		o.mu.Unlock()
		if open {
			return o.page.Dial(ctx, host, port)
		}
		select {
		case <-more:
		case <-late.C:
			return nil, fmt.Errorf("%w: no request goes to %s", ErrRefused, to)
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// hostPort is where a request to a URL is sent; empty where that is nowhere.
func hostPort(link string) string {
	u, err := url.Parse(link)
	if err != nil {
		return ""
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	if port == "" || u.Hostname() == "" {
		return ""
	}
	return net.JoinHostPort(strings.ToLower(u.Hostname()), port)
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
// host. What is of no kind is an icon, or the browser's own.
func (o *door) lets(e fetch.EventRequestPaused) bool {
	switch e.ResourceType {
	case network.ResourceTypeImage, network.ResourceTypeMedia, network.ResourceTypeFont, network.ResourceTypeOther:
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
func (o *door) give(ctx context.Context, e fetch.EventRequestPaused) error {
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
	_, err := chromedp.CallBrowser(ctx, fetch.FulfillRequest, fetch.FulfillRequestParams{RequestID: e.RequestID, ResponseCode: int64(o.page.Status), ResponseHeaders: header, Body: o.page.Body})
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
		case <-o.full:
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
