// Package pipeline is the one place where the stages meet: sealed captures go in
// at one end, documents of the index come out at the other.
//
// Ingest and Reindex are the same loop over the evidence log, started at the
// index's checkpoint or at 0; the index holds nothing that the loop cannot make
// again. Captures are read in parallel and applied in the order of the log.
package pipeline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"tamga"
	"tamga/evidence"
	"tamga/extract"
	"tamga/index"
	"tamga/internal/decode"
)

// Limits of reading. What is beyond PageLimit stays sealed and is not read; pages
// over LargePage are read one at a time, so that memory stays bounded.
const (
	PageLimit = 8 << 20 // bytes after content decoding
	LargePage = 1 << 20

	mostTags  = 75_000  // of a page over LargePage; each is an element of its tree
	pagesHeld = 8 << 20 // bytes of pages that are read before what they say is put
)

// A batch of captures is read before their documents are put: of small ones more,
// for each batch is a segment of the index.
const (
	batch      = 256
	smallBatch = 1024
	smallBytes = 256 << 10 // payload, as stored, of a batch of small captures
)

// Pipeline reads captures of an archive into an index.
type Pipeline struct {
	Archive *evidence.Archive
	Reader  *extract.Reader
	Store   index.Rebuilder
	Log     *slog.Logger
	Profile func(tamga.Capture) string // profile a source names; nil or "": by URL and content
	Changes *Changes                   // what differs between captures; nil: nothing is compared
	Alerts  *Alerts                    // what rules call out of it; nil: nothing
	Mirrors *Mirrors                   // what sites tell of their other addresses; nil: it is not recorded

	large sync.Mutex // held while a page over LargePage is read
}

// Stats counts what a run did.
type Stats struct {
	Captures  int64 `json:"captures"`
	Documents int64 `json:"documents"`
	Problems  int64 `json:"problems"` // captures that were indexed without their text; each is logged
}

// Ingest reads every capture after the index's checkpoint. It may be interrupted
// anywhere: the next call carries on.
func (p *Pipeline) Ingest(ctx context.Context, progress func(done, total int64)) (Stats, error) {
	return p.fill(ctx, p.Store, progress)
}

// Reindex builds the index anew beside the old one and swaps them.
func (p *Pipeline) Reindex(ctx context.Context, progress func(done, total int64)) (stats Stats, err error) {
	if p.Changes != nil {
		if err := p.Changes.Clear(ctx); err != nil {
			return stats, fmt.Errorf("compare anew: %w", err)
		}
	}
	err = p.Store.Rebuild(ctx, func(fresh index.Store) error {
		stats, err = p.fill(ctx, fresh, progress)
		return err
	})
	return stats, err
}

func (p *Pipeline) fill(ctx context.Context, store index.Store, progress func(done, total int64)) (stats Stats, err error) {
	from, err := store.Checkpoint(ctx)
	if err != nil {
		return stats, fmt.Errorf("read checkpoint of the index: %w", err)
	}
	total := p.Archive.Len()
	if from > total {
		return stats, fmt.Errorf("the index is ahead of the evidence log (%d > %d): run `tamga reindex`", from, total)
	}
	if err := p.compareUpTo(ctx, store, from); err != nil {
		return stats, err
	}
	merge := newMerger(store, from == 0)
	var captures []tamga.Capture
	var size int64
	at := from
	put := func(captures []tamga.Capture, pages []*tamga.Page, next int64) error {
		var docs []index.Document
		for i, c := range captures {
			docs = append(docs, Documents(c, pages[i])...)
		}
		changes, err := p.compare(ctx, captures, pages, at, next)
		if err != nil {
			return err
		}
		if p.Alerts != nil {
			if err := p.Alerts.Find(ctx, append(docs[:len(docs):len(docs)], changes...), p.Log); err != nil {
				return err
			}
		}
		if docs, err = merge.merge(ctx, docs); err != nil {
			return err
		}
		docs = append(docs, changes...)
		if err := p.Mirrors.record(ctx, p); err != nil {
			return err
		}
		if err := store.Put(ctx, docs, next); err != nil {
			return fmt.Errorf("put documents: %w", err)
		}
		at = next
		stats.Captures += int64(len(captures))
		stats.Documents += int64(len(docs))
		if progress != nil {
			progress(next, total)
		}
		return nil
	}
	flush := func(next int64) error {
		for rest := captures; ; {
			pages, problems := p.read(ctx, rest)
			if err := ctx.Err(); err != nil {
				return err
			}
			stats.Problems += problems
			n, to := len(pages), next
			if n < len(rest) {
				to = rest[n].Seq
			}
			if err := put(rest[:n], pages, to); err != nil {
				return err
			}
			if rest = rest[n:]; len(rest) == 0 {
				captures = captures[:0]
				return nil
			}
		}
	}
	for c, err := range p.Archive.Captures(ctx, from) {
		if err != nil {
			return stats, err
		}
		if c.Seq >= total {
			break
		}
		captures = append(captures, c)
		if size += c.Size; len(captures) >= batch && size >= smallBytes || len(captures) == smallBatch {
			size = 0
			if err := flush(c.Seq + 1); err != nil {
				return stats, err
			}
		}
	}
	if err := ctx.Err(); err != nil {
		return stats, err
	}
	if total > from {
		err = flush(total)
	}
	return stats, err
}

// read reads the pages of captures on every core; a page that cannot be read is
// nil and logged. It stops where the pages it has read are many bytes: there are less
// of them than captures then, but one at least.
func (p *Pipeline) read(ctx context.Context, captures []tamga.Capture) ([]*tamga.Page, int64) {
	pages := make([]*tamga.Page, len(captures))
	var problems int64
	var held atomic.Int64
	var mu sync.Mutex
	var wg sync.WaitGroup
	work := make(chan int)
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := range work {
				ex, page, err := p.Open(ctx, captures[i].Seq)
				p.Mirrors.look(ctx, p, captures[i], ex, page)
				if err != nil && ctx.Err() == nil && !errors.Is(err, errNoPage) {
					p.Log.Warn("page not read", "capture", captures[i].Seq, "url", captures[i].URL, "err", err)
					mu.Lock()
					problems++
					mu.Unlock()
				}
				if pages[i] = page; page != nil {
					held.Add(int64(len(page.Source)))
				}
			}
		})
	}
	n := 0
	for n < len(captures) && held.Load() < pagesHeld {
		work <- n
		n++
	}
	close(work)
	wg.Wait()
	return pages[:n], problems
}

// errNoPage is for a capture without a text to read.
var errNoPage = errors.New("capture has no page")

// Open reads one capture: the exchange as sealed and, where it has one, the page.
func (p *Pipeline) Open(ctx context.Context, seq int64) (*tamga.Exchange, *tamga.Page, error) {
	ex, capture, err := p.Archive.Read(ctx, seq)
	if err != nil {
		return nil, nil, fmt.Errorf("open capture %d: %w", seq, err)
	}
	if len(ex.Body) == 0 || unread(capture.ContentType) {
		return ex, nil, errNoPage
	}
	body, cut, err := decode.Body(ex.Header, ex.Body, PageLimit)
	if err != nil {
		return ex, nil, fmt.Errorf("decode capture %d: %w", seq, err)
	}
	large := len(body) > LargePage // whatever is left of it: what it is of takes the memory
	if large {
		n := len(body)
		body = body[:tagged(body, mostTags)]
		cut = cut || len(body) < n
	}
	if cut {
		p.Log.Warn("page read in part", "capture", seq, "url", capture.URL, "bytes", len(body))
	}
	if large {
		p.large.Lock()
		defer p.large.Unlock()
	}
	profile := ""
	if p.Profile != nil {
		profile = p.Profile(capture)
	}
	when := capture.Requested
	if capture.Route == tamga.RouteImport && len(ex.ResponseHead) == 0 { // the import, not the page, has that time
		when = time.Time{}
	}
	page, err := p.Reader.Page(extract.Input{
		URL: capture.URL, ContentType: capture.ContentType, Body: body, Profile: profile, Time: when,
	})
	if err != nil {
		return ex, nil, fmt.Errorf("read capture %d: %w", seq, err)
	}
	return ex, page, nil
}

// tagged is where the tag after the first n starts in body, or its end.
func tagged(body []byte, n int) int {
	at := 0
	for ; n >= 0; n-- {
		i := bytes.IndexByte(body[at:], '<')
		if i < 0 {
			return len(body)
		}
		at += i + 1
	}
	return at - 1
}

// NoPage tells whether err says that a capture has no page, which is no failure.
func NoPage(err error) bool { return errors.Is(err, errNoPage) }
