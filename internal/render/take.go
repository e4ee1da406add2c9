package render

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// html is run in a world of its own, where the page's scripts changed nothing and from
// where they cannot be asked. It cuts before it hands over, so that a page of any
// length costs this process no more than the limit.
const html = `(() => {
const e = document.documentElement, t = document.doctype
const s = (t ? new XMLSerializer().serializeToString(t) : "") + (e ? e.outerHTML : "")
return JSON.stringify({host: location.host, cut: s.length > %[1]d, html: s.slice(0, %[1]d).toWellFormed()})
})()`

// document takes the page as it stands, UTF-8 of limit bytes at most.
func document(ctx context.Context, t *chromedp.Target, address string, limit int64) (dom []byte, cut bool, err error) {
	frames, err := cdp.Call(ctx, t, page.GetFrameTree, cdp.Empty{})
	if err != nil {
		return nil, false, err
	}
	if frames.FrameTree == nil || frames.FrameTree.Frame == nil {
		return nil, false, errors.New("there is no frame")
	}
	world, err := cdp.Call(ctx, t, page.CreateIsolatedWorld, page.CreateIsolatedWorldParams{FrameID: frames.FrameTree.Frame.ID})
	if err != nil {
		return nil, false, err
	}
	yes := true
	got, err := cdp.Call(ctx, t, runtime.Evaluate, runtime.EvaluateParams{Expression: fmt.Sprintf(html, limit), ContextID: world.ExecutionContextID, ReturnByValue: &yes})
	if err != nil {
		return nil, false, err
	}
	if got.ExceptionDetails != nil || got.Result == nil {
		return nil, false, errors.New("the page cannot be read")
	}
	var text string
	var read struct {
		Host, HTML string
		Cut        bool
	}
	if err := json.Unmarshal([]byte(got.Result.Value), &text); err != nil {
		return nil, false, err
	}
	if err := json.Unmarshal([]byte(text), &read); err != nil {
		return nil, false, err
	}
	if u, err := url.Parse(address); err != nil || !strings.EqualFold(u.Host, read.Host) {
		return nil, false, errors.New("the page went away to another document")
	}
	dom = []byte(read.HTML)
	if int64(len(dom)) > limit { // the limit of the script is in UTF-16 units
		dom, read.Cut = bytes.ToValidUTF8(dom[:limit], nil), true
	}
	return dom, read.Cut, nil
}

// screenshot of the whole page, maxHeight high at most.
func screenshot(ctx context.Context, t *chromedp.Target) ([]byte, error) {
	m, err := cdp.Call(ctx, t, page.GetLayoutMetrics, cdp.Empty{})
	if err != nil {
		return nil, err
	}
	yes := true
	size := page.Viewport{Width: width, Height: 900, Scale: 1}
	if c := m.CSSContentSize; c != nil {
		size.Height = min(max(c.Height, 1), maxHeight)
	}
	r, err := cdp.Call(ctx, t, page.CaptureScreenshot, page.CaptureScreenshotParams{Format: page.CaptureScreenshotFormatPng, Clip: &size, CaptureBeyondViewport: &yes})
	return r.Data, err
}
