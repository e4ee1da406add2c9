package crawler

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"strings"
	"sync"
	"time"

	"tamga"
	"tamga/internal/decode"
)

// plainCap bounds a body after content decoding, in bytes: the guard against
// compression bombs.
const plainCap = 32 << 20

var errStalled = errors.New("body stalled")

// trickle is the fewest bytes of a body in the time that it may stall: one that comes
// a byte a second never stalls and never ends.
const trickle = 256

// wire performs exchanges and records them. It is shared by the workers.
type wire struct {
	opts    *Options
	epochs  *epochs
	sources *sourceTable
	drawn   loose

	mu    sync.Mutex
	lanes map[lane]*http.Transport
}

func newWire(o *Options) *wire {
	return &wire{opts: o, epochs: newEpochs(), sources: newSourceTable(o), lanes: map[lane]*http.Transport{}}
}

// exchange sends the request and records what happened; plain is the body after
// content decoding, bounded. err is set only where nothing can be recorded: the
// crawl was interrupted or the proxy is gone.
func (w *wire) exchange(ctx context.Context, req *http.Request, job *job, src *Source) (ex *tamga.Exchange, plain []byte, err error) {
	ex = &tamga.Exchange{
		URL: job.url, Via: job.via, Source: job.source,
		Requested: w.opts.Now().UTC(), Operator: w.opts.Operator, Tool: w.opts.Tool,
	}
	if ex.Source == "" {
		ex.Source = hostname(job.url)
	}
	n := networkOf(hostname(job.url))
	ex.Route = n.route()
	lane := w.opts.lane(src)
	if err := w.opts.policy(lane).check(job.url); err != nil {
		ex.Outcome, ex.Detail = outcomeOf(err)
		return ex, nil, nil
	}
	limits := w.opts.timeouts(n, lane.direct)
	parent := ctx
	ctx, cancel := context.WithTimeout(ctx, limits.Total)
	defer cancel()
	ctx, stall := context.WithCancelCause(ctx)
	defer stall(nil)

	var c *conn
	header := stallTimer{time.AfterFunc(time.Hour, func() { stall(errStalled) }), limits.Header}
	defer header.t.Stop()
	req = req.WithContext(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn:      func(i httptrace.GotConnInfo) { c, _ = i.Conn.(*conn) },
		WroteRequest: func(httptrace.WroteRequestInfo) { header.touch() },
	}))
	req.Header.Set("Accept-Encoding", "gzip")
	resp, err := w.transport(lane).RoundTrip(req)
	if err != nil {
		var gone *ProxyError
		switch {
		case parent.Err() != nil:
			return nil, nil, parent.Err()
		case errors.As(err, &gone):
			return nil, nil, err
		}
		if cause := context.Cause(ctx); cause != nil && !isTimeout(err) {
			err = cause
		}
		ex.Outcome, ex.Detail = outcomeOf(err)
		if c != nil {
			ex.RequestHead, _, ex.IP = c.heads()
		}
		return ex, nil, nil
	}
	defer resp.Body.Close()
	if c != nil {
		ex.RequestHead, ex.ResponseHead, ex.IP = c.heads()
	}
	ex.Status, ex.Header = resp.StatusCode, resp.Header
	ex.Outcome = statusOutcome(resp.StatusCode, resp.Header)
	ex.Detail = homograph(hostname(job.url))

	if !src.Binary && binaryType(resp.Header.Get("Content-Type")) {
		withhold(ex, resp.Header.Get("Content-Type"))
		return ex, nil, nil
	}
	body := stallTimer{time.AfterFunc(limits.Body, func() { stall(errStalled) }), limits.Body}
	defer body.t.Stop()
	header.t.Stop()
	err = w.read(ex, resp, body, limits.Body)
	if err != nil {
		if parent.Err() != nil {
			return nil, nil, parent.Err()
		}
		if cause := context.Cause(ctx); cause != nil && !isTimeout(err) {
			err = cause
		}
		ex.Outcome, ex.Truncated = bodyOutcome(err)
		ex.Detail = err.Error()
	}
	plain = plainOf(ex)
	if list, listed := w.opts.Blocklist.Body(ex.Body, plain); listed {
		drop(ex, list)
		return ex, nil, nil
	}
	if !src.Binary && len(plain) > 0 && binaryBytes(plain, ex.Header.Get("Content-Type")) {
		withhold(ex, http.DetectContentType(plain))
		return ex, nil, nil
	}
	return ex, plain, nil
}

// read fills the body up to the cap; each window of time must bring a trickle.
func (w *wire) read(ex *tamga.Exchange, resp *http.Response, stall stallTimer, window time.Duration) error {
	since, had := time.Now(), 0
	limit := w.opts.BodyCap
	size := int64(4096)
	if resp.ContentLength > 0 {
		size = min(resp.ContentLength, limit, 1<<20)
	}
	buf := make([]byte, 0, size+1)
	for {
		if len(buf) == cap(buf) {
			buf = append(buf, 0)[:len(buf)]
		}
		n, err := resp.Body.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		stall.touch()
		if now := time.Now(); now.Sub(since) > window {
			if len(buf)-had < trickle && err == nil {
				ex.Body = buf
				return fmt.Errorf("%w: %d bytes in %s", errStalled, len(buf)-had, now.Sub(since).Round(time.Second))
			}
			since, had = now, len(buf)
		}
		if int64(len(buf)) > limit {
			ex.Body, ex.Truncated = buf[:limit], "length"
			if ex.Outcome == tamga.OutcomeOK {
				ex.Outcome = tamga.OutcomeTruncated
			}
			ex.Detail = "body cut at " + strconv.FormatInt(limit, 10) + " bytes"
			return nil
		}
		if err != nil {
			ex.Body = buf
			if err == io.EOF {
				return nil
			}
			return err
		}
	}
}

// plainOf decodes the body of an exchange; a coding that cannot be undone gives
// nothing to parse, and is noted.
func plainOf(ex *tamga.Exchange) []byte {
	plain, cut, err := decode.Body(ex.Header, ex.Body, plainCap)
	switch {
	case ex.Detail != "":
	case err != nil:
		ex.Detail = err.Error()
	case cut && int64(len(plain)) == plainCap:
		ex.Detail = "decoded body larger than " + strconv.Itoa(plainCap) + " bytes"
	}
	return plain
}

func withhold(ex *tamga.Exchange, what string) {
	ex.Body, ex.Truncated = nil, "unspecified"
	if ex.Outcome == tamga.OutcomeOK {
		ex.Outcome = tamga.OutcomeTruncated
	}
	ex.Detail = "body withheld by policy: " + what
}

// binaryType says that a declared type is certainly not text, so that the body
// need not even be read.
func binaryType(contentType string) bool {
	t, _, err := mime.ParseMediaType(contentType)
	if err != nil && t == "" {
		return false
	}
	major, minor, _ := strings.Cut(t, "/")
	switch major {
	case "image", "video", "audio", "font":
		return true
	case "application":
		switch minor {
		case "zip", "pdf", "gzip", "x-gzip", "x-7z-compressed", "x-rar-compressed", "vnd.rar", "x-tar", "x-bzip2", "x-xz",
			"java-archive", "vnd.android.package-archive", "x-msdownload", "wasm", "x-shockwave-flash", "x-bittorrent":
			return true
		}
		return strings.HasPrefix(minor, "vnd.openxmlformats") || strings.HasPrefix(minor, "vnd.ms-")
	}
	return false
}

// binaryBytes looks at the bytes, whatever was declared. Text that is declared
// as such may hold a few control bytes; anything else must sniff as text.
func binaryBytes(plain []byte, contentType string) bool {
	t := http.DetectContentType(plain[:min(len(plain), 512)])
	if t == "application/octet-stream" {
		return !textType(contentType)
	}
	return !strings.HasPrefix(t, "text/")
}

func textType(contentType string) bool {
	t, _, err := mime.ParseMediaType(contentType)
	if err != nil && t == "" {
		t, _, _ = strings.Cut(strings.ToLower(contentType), ";")
	}
	return strings.HasPrefix(t, "text/") || strings.HasSuffix(t, "xml") || strings.HasSuffix(t, "json") || strings.HasSuffix(t, "javascript")
}
