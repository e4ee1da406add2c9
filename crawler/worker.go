package crawler

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gocolly/colly/v2"

	"tamga"
	"tamga/internal/decode"
)

// heavyPage is the size in bytes from which pages are parsed one at a time: the
// tree of one is what bounds memory.
const heavyPage = 512 << 10

// job is a leased URL.
type job struct {
	id       int64
	host     *host
	url      string
	via      string
	source   string
	depth    int
	hops     int
	chain    int    // links of one pattern after another that led to it
	pattern  string // of url, once it was asked for
	mark     uint64 // of the words of the page; 0: no page
	text     uint64 // of all that it says
	attempts int    // made before this one
	number   int64  // order of dispatch in this run
	last     bool   // it is sealed whatever comes: no attempt follows

	ctx     context.Context // of the fetch
	cancel  context.CancelFunc
	overdue time.Time   // when its worker is taken for lost
	halted  bool        // its source ended under it
	lost    atomic.Bool // its worker was given up
}

// result is what became of a job.
type result struct {
	job     *job
	ex      *tamga.Exchange
	capture tamga.Capture
	drawn   []int64  // captures made of it by a browser
	sealed  bool     // capture is in the log; else the attempt is repeated later
	links   []string // canonical
	turn    *turn    // of a paged source
	err     error    // the crawl must end: interrupted, proxy gone, archive broken
}

// worker drives one Colly collector, one request at a time. Its transport
// either goes to the wire or, in a replay, answers from an exchange of the
// archive: both are read by the same code.
type worker struct {
	wire      *wire
	jars      *jars
	heavy     *sync.Mutex // large pages are parsed one at a time
	collector *colly.Collector

	ctx   context.Context
	job   *job
	src   *Source         // of job
	kind  string          // of src
	given *tamga.Exchange // in a replay: the archived exchange

	holding bool // heavy

	ex       *tamga.Exchange
	page     bool   // the body is HTML and may have links
	unparsed bool   // the parser gave the page up
	text     []byte // of a page that Colly does not parse
	turn     *turn  // of a paged source: only its paging is followed
	found    collected
	err      error
}

func newWorker(w *wire, jars *jars, heavy *sync.Mutex) *worker {
	k := &worker{wire: w, jars: jars, heavy: heavy}
	c := colly.NewCollector(colly.UserAgent(w.opts.UserAgent))
	c.Async = false
	c.AllowURLRevisit = true // the frontier knows what was visited
	c.IgnoreRobotsTxt = true
	c.ParseHTTPErrorResponse = true
	c.DetectCharset = false
	c.MaxBodySize = 0 // bounded by the transport, which says so
	// Colly takes settings from COLLY_* variables too; none may reach us.
	c.AllowedDomains, c.DisallowedDomains, c.CacheDir, c.MaxDepth, c.MaxRequests, c.TraceHTTP = nil, nil, "", 0, 0, false
	c.SetClient(&http.Client{ // no timeout but those of the phases
		Transport:     k,
		Jar:           k,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	})
	c.OnHTML(linkSelector, func(e *colly.HTMLElement) {
		switch e.Name {
		case "noscript", "noframes":
			k.found.scan([]byte(e.Text))
		case "frame", "iframe":
			k.found.add(e.Name, e.Attr("src"))
		case "meta":
			k.found.refresh(e.Attr("http-equiv"), e.Attr("content"))
		default:
			k.found.add(e.Name, e.Attr("href"))
		}
	})
	// Colly reports a page that cannot be parsed here and nowhere else.
	c.OnError(func(_ *colly.Response, err error) { k.unparsed = k.page })
	k.collector = c
	return k
}

// fetch performs a job and seals what came of it.
func (k *worker) fetch(ctx context.Context, j *job, last bool, sink Sink) *result {
	r := &result{job: j}
	k.visit(ctx, j, nil)
	if r.err = k.err; r.err != nil {
		return r
	}
	r.ex, r.links, r.turn = k.ex, k.found.links(j.url), k.turn
	k.refine(r)
	if k.page {
		k.loggedIn(r.ex)
	}
	k.refuseTarget(j, r.ex)
	if passing(r.ex.Outcome, r.ex.Status) && !last {
		return r
	}
	// What is fetched is sealed, even while the crawl is being interrupted.
	sealing := context.WithoutCancel(ctx)
	if k.wantsDrawing() {
		if k.drawInto(ctx, sealing, r, sink); r.err != nil {
			return r
		}
	}
	r.capture, r.err = sink.Put(sealing, r.ex)
	r.sealed = r.err == nil
	return r
}

// replay reads an archived exchange as fetch would have.
func (k *worker) replay(ctx context.Context, j *job, ex *tamga.Exchange) (links []string, t *turn) {
	k.visit(ctx, j, ex)
	return k.found.links(j.url), k.turn
}

func (k *worker) visit(ctx context.Context, j *job, given *tamga.Exchange) {
	k.ctx, k.job, k.src, k.given = ctx, j, k.wire.sources.get(j.source), given
	if k.kind = k.src.Kind; k.kind == "" {
		k.kind = KindOf(j.url)
	}
	k.ex, k.page, k.unparsed, k.text, k.turn, k.found, k.err = nil, false, false, nil, nil, collected{}, nil
	defer func() {
		if k.holding {
			k.holding = false
			k.heavy.Unlock()
		}
	}()
	err := k.collector.Request(http.MethodGet, j.url, nil, nil, k.src.head(k.kind, j.url))
	switch {
	case k.err != nil || k.ex == nil:
		if k.err == nil {
			// Colly or net/http refused the request before it reached the wire.
			k.ex = &tamga.Exchange{URL: j.url, Via: j.via, Source: j.source, Route: networkOf(hostname(j.url)).route(),
				Requested: k.wire.opts.Now().UTC(), Operator: k.wire.opts.Operator, Tool: k.wire.opts.Tool,
				Outcome: tamga.OutcomeProtocol, Detail: "not a request: " + errText(err)}
		}
	case k.unparsed && k.turn == nil:
		// Nested deeper than the parser goes: links by tokens.
		k.found = collected{}
		k.found.scan(k.rest())
	case k.text != nil:
		k.found.scan(k.text)
	}
	if k.page && k.turn == nil {
		k.found.refresh("refresh", k.ex.Header.Get("Refresh"))
	}
}

// rest decodes the page again: only for the rare page the parser gave up on.
func (k *worker) rest() []byte {
	plain, _, _ := decode.Body(k.ex.Header, k.ex.Body, plainCap)
	text, _ := decode.UTF8(k.ex.Header.Get("Content-Type"), plain)
	return []byte(text)
}

func errText(err error) string {
	if err == nil {
		return "aborted"
	}
	return err.Error()
}

// refine sets the outcome that only the page itself tells.
func (k *worker) refine(r *result) {
	if k.turn != nil && r.ex.Status == http.StatusUnauthorized { // an API that wants a token
		r.ex.Outcome, r.ex.Detail = tamga.OutcomeLogin, "status 401"
		return
	}
	if !k.page || r.ex.Outcome != tamga.OutcomeOK && r.ex.Outcome != tamga.OutcomeHTTPError {
		return
	}
	if r.ex.Outcome == tamga.OutcomeOK && len(r.links) > fewLinks && k.turn == nil {
		return
	}
	plain, _, err := decode.Body(r.ex.Header, r.ex.Body, classifyBytes)
	if err != nil {
		return
	}
	text, _ := decode.UTF8(r.ex.Header.Get("Content-Type"), plain)
	links := len(r.links)
	if k.turn != nil {
		if hidden(k.kind, r.job.url, r.ex.Status, text) {
			r.ex.Outcome, r.ex.Detail = tamga.OutcomeNoPreview, "no public preview: a group, a person, or a channel that shows none"
			return
		}
		links = strings.Count(text, "<a ") // of which the paging is few
	}
	o, detail := classify(r.ex.Status, r.ex.Header, []byte(text), links)
	if ask := k.wire.opts.Kind; ask != nil && k.turn == nil && o == r.ex.Outcome && mayBeWall(r.ex.Status, r.ex.Header, text) {
		kind := ask(r.job.url, text)
		if wall, known := walls[kind]; known {
			o, detail = wall, "reads as a page of kind "+string(kind)
		}
	}
	if o != r.ex.Outcome {
		r.ex.Outcome, r.ex.Detail = o, detail
	}
}

var errNoResponse = errors.New("no response")

// RoundTrip gives Colly a decoded copy of what was recorded. Redirects come
// without their Location, so that nobody follows them.
func (k *worker) RoundTrip(req *http.Request) (*http.Response, error) {
	var plain []byte
	if k.given != nil {
		given := *k.given
		k.ex, plain = &given, plainOf(&given)
	} else if k.ex, plain, k.err = k.wire.exchange(k.ctx, req, k.job, k.src); k.err != nil {
		return nil, k.err
	}
	if k.ex.Status == 0 {
		return nil, errNoResponse
	}
	header := http.Header{"Content-Type": {"text/plain"}}
	if k.given == nil {
		for _, c := range k.ex.Header.Values("Set-Cookie") {
			header.Add("Set-Cookie", c)
		}
	}
	var body []byte
	if k.paged(plain) {
		// nothing for Colly
	} else if k.ex.Status >= 200 && k.ex.Status < 300 && isHTML(k.ex.Header, plain) || k.ex.Status >= 400 && isHTML(k.ex.Header, plain) {
		k.page = true
		text, _ := decode.UTF8(k.ex.Header.Get("Content-Type"), plain)
		body = []byte(text)
		k.job.mark, k.job.text = markOf(text)
		if treeworthy(body) && k.ex.Status < 300 {
			header.Set("Content-Type", "text/html; charset=utf-8")
			if len(body) > heavyPage {
				k.heavy.Lock()
				k.holding = true
			}
		} else if k.ex.Status < 300 {
			k.text, body = body, nil
		}
	}
	return &http.Response{
		Status: http.StatusText(k.ex.Status), StatusCode: k.ex.Status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: header, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)), Uncompressed: true, Request: req,
	}, nil
}
