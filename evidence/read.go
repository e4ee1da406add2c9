package evidence

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"

	"tamga"
)

// ErrNotFound is wrapped by the error for a number that is no capture.
var ErrNotFound = errors.New("no such capture")

// refresh takes in what a writer has added since a reader looked last.
func (a *Archive) refresh() error {
	if a.signer != nil {
		return nil
	}
	info, err := os.Stat(filepath.Join(a.dir, entriesFile))
	if err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if info.Size() <= a.st.size || a.closed {
		return nil
	}
	frames := newFrameReader(io.NewSectionReader(a.entries, a.st.size, info.Size()-a.st.size), a.st.size, info.Size())
	for {
		off := frames.off
		text, leaf, err := frames.next()
		if err == io.EOF || err == errTorn {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%w: %s at byte %d: %w", ErrIntegrity, entriesFile, off, err)
		}
		e, err := decodeEntry(a.st.tree.n, text)
		if err != nil {
			return fmt.Errorf("%w: %s at byte %d: %w", ErrIntegrity, entriesFile, off, err)
		}
		a.st.take(e)
		a.st.push(off, frames.off, leaf)
	}
}

// span is where entry seq stands in the entries file.
func (a *Archive) span(seq int64) (off, end int64, err error) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	switch {
	case a.closed:
		return 0, 0, os.ErrClosed
	case seq < 0 || seq >= a.st.tree.n:
		return 0, 0, fmt.Errorf("%w: %d of %d entries", ErrNotFound, seq, a.st.tree.n)
	case seq == a.st.tree.n-1:
		return a.st.offsets[seq], a.st.size, nil
	}
	return a.st.offsets[seq], a.st.offsets[seq+1], nil
}

// entry reads and checks one entry.
func (a *Archive) entry(seq int64) (*entry, error) {
	text, err := a.text(seq)
	if err != nil {
		return nil, err
	}
	e, err := decodeEntry(seq, text)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrIntegrity, entriesFile, err)
	}
	return e, nil
}

// text is the text of an entry, its leaf hash checked.
func (a *Archive) text(seq int64) ([]byte, error) {
	off, end, err := a.span(seq)
	if err != nil {
		return nil, err
	}
	text, _, err := newFrameReader(io.NewSectionReader(a.entries, off, end-off), 0, end-off).next()
	if err != nil {
		return nil, fmt.Errorf("%w: %s at byte %d: %w", ErrIntegrity, entriesFile, off, err)
	}
	return text, nil
}

// all yields the entries from from on that are there now.
func (a *Archive) all(ctx context.Context, from int64) iter.Seq2[*entry, error] {
	return func(yield func(*entry, error) bool) {
		if err := a.refresh(); err != nil {
			yield(nil, err)
			return
		}
		a.mu.RLock()
		n, end := a.st.tree.n, a.st.size
		a.mu.RUnlock()
		from := max(from, 0)
		if from >= n {
			return
		}
		off, _, err := a.span(from)
		if err != nil {
			yield(nil, err)
			return
		}
		frames := newFrameReader(io.NewSectionReader(a.entries, off, end-off), off, end)
		for seq := from; seq < n; seq++ {
			at := frames.off
			text, _, err := frames.next()
			var e *entry
			var bad *corruption
			if errors.As(err, &bad) && bad.framed && a.Withdrawn(seq) {
				continue // a killed removal: the next writer finishes it
			}
			if err == nil {
				e, err = decodeEntry(seq, text)
			}
			if err != nil {
				yield(nil, fmt.Errorf("%w: %s at byte %d: %w", ErrIntegrity, entriesFile, at, err))
				return
			}
			if ctx.Err() != nil {
				yield(nil, ctx.Err())
				return
			}
			if !yield(e, nil) {
				return
			}
		}
	}
}

// Captures yields the captures from entry from on that are there now, in order,
// but for those whose bytes were removed. An error ends them.
func (a *Archive) Captures(ctx context.Context, from int64) iter.Seq2[tamga.Capture, error] {
	return func(yield func(tamga.Capture, error) bool) {
		for e, err := range a.all(ctx, from) {
			if err != nil {
				yield(tamga.Capture{}, fmt.Errorf("read captures: %w", err))
				return
			}
			if e.Kind == kindCapture && !a.Removed(e.Seq) && !yield(e.Capture, nil) {
				return
			}
		}
	}
}

// Capture returns the capture with number seq.
func (a *Archive) Capture(seq int64) (tamga.Capture, error) {
	e, err := a.captureEntry(seq)
	if err != nil {
		return tamga.Capture{}, fmt.Errorf("capture %d: %w", seq, err)
	}
	return e.Capture, nil
}

func (a *Archive) captureEntry(seq int64) (*entry, error) {
	if err := a.refresh(); err != nil {
		return nil, err
	}
	e, err := a.entry(seq)
	if err != nil {
		return nil, err
	}
	if e.Kind != kindCapture {
		return nil, fmt.Errorf("%w: the entry is a %s", ErrNotFound, e.Kind)
	}
	return e, nil
}

// Find returns the first capture of a payload.
func (a *Archive) Find(d tamga.Digest) (seq int64, ok bool) {
	k, ok := keyOfDigest(d)
	if !ok || a.refresh() != nil {
		return 0, false
	}
	a.mu.RLock()
	seq, ok = a.st.held.get(k)
	a.mu.RUnlock()
	if !ok {
		return 0, false
	}
	e, err := a.entry(seq)
	if err != nil || e.Digest != d {
		return 0, false
	}
	return seq, true
}

// Read returns the exchange of a capture as it was put, every digest on the way
// checked. The body of a revisit comes from the capture that holds it.
func (a *Archive) Read(ctx context.Context, seq int64) (*tamga.Exchange, tamga.Capture, error) {
	e, err := a.captureEntry(seq)
	var ex *tamga.Exchange
	if err == nil {
		err = ctx.Err()
	}
	if err == nil {
		ex, err = a.exchange(e)
	}
	if err != nil {
		return nil, tamga.Capture{}, fmt.Errorf("read capture %d: %w", seq, err)
	}
	return ex, e.Capture, nil
}

// Replay calls fn with each capture from entry from on that is there now, in
// order, until fn returns an error. Of a capture whose bytes were removed the
// exchange has what the log says, and no head and no body.
func (a *Archive) Replay(ctx context.Context, from int64, fn func(tamga.Capture, *tamga.Exchange) error) error {
	for e, err := range a.all(ctx, from) {
		if err != nil {
			return fmt.Errorf("replay: %w", err)
		}
		if e.Kind != kindCapture {
			continue
		}
		ex, err := a.exchange(e)
		if err != nil && !errors.Is(err, ErrRemoved) {
			return fmt.Errorf("replay capture %d: %w", e.Seq, err)
		}
		if err := fn(e.Capture, ex); err != nil {
			return err
		}
	}
	return nil
}

func (a *Archive) exchange(e *entry) (*tamga.Exchange, error) {
	c := &e.Capture
	ex := &tamga.Exchange{
		URL: c.URL, Via: c.Via, Route: c.Route, Requested: c.Requested, Operator: c.Operator, Source: c.Source,
		Tool: c.Tool, Status: c.Status, Truncated: c.Truncated, Outcome: c.Outcome, Detail: c.Detail,
	}
	if a.Removed(e.Seq) {
		return ex, ErrRemoved
	}
	for _, r := range e.Records {
		if err := a.readRecord(e, r, ex); err != nil {
			return nil, fmt.Errorf("%s at byte %d: %w", r.File, r.Offset, err)
		}
	}
	if len(ex.ResponseHead) > 0 {
		ex.Header = parseHeader(ex.ResponseHead)
	}
	if e.Revisit != nil {
		if err := a.readOriginal(e, ex); err != nil {
			return nil, err
		}
	}
	if int64(len(ex.Body)) != c.Size || tamga.DigestOf(ex.Body) != c.Digest {
		return nil, fmt.Errorf("%w: the payload does not have the digest in the log", ErrIntegrity)
	}
	return ex, nil
}

func (a *Archive) readOriginal(e *entry, ex *tamga.Exchange) error {
	o, err := a.entry(*e.Revisit)
	if err != nil {
		return err
	}
	if a.Removed(o.Seq) {
		a.mu.RLock()
		carrier, ok := a.st.carried[o.Seq]
		a.mu.RUnlock()
		if !ok {
			return fmt.Errorf("%w: the payload of entry %d was removed and not carried on", ErrIntegrity, o.Seq)
		}
		if o, err = a.entry(carrier); err != nil {
			return err
		}
	}
	r, ok := o.payloadRecord()
	if o.Kind != kindCapture && o.Kind != kindPayload || o.Revisit != nil || !ok {
		return fmt.Errorf("%w: entry %d holds no payload", ErrIntegrity, o.Seq)
	}
	var full tamga.Exchange
	if err := a.readRecord(o, r, &full); err != nil {
		return fmt.Errorf("%s at byte %d: %w", r.File, r.Offset, err)
	}
	ex.Body = full.Body
	return nil
}

// readRecord reads one record of a capture into ex.
func (a *Archive) readRecord(e *entry, r record, ex *tamga.Exchange) error {
	data, err := a.member(r)
	if err != nil {
		return err
	}
	if err := readMember(bytes.NewReader(data), func(w *warcRecord) error { return fill(ex, w, r, e.Size) }); err != nil {
		return fmt.Errorf("%w: %w", ErrIntegrity, err)
	}
	return nil
}

// fill reads the block of w into ex; size is that of the payload.
func fill(ex *tamga.Exchange, w *warcRecord, r record, size int64) (err error) {
	if w.get("WARC-Type") != r.Type {
		return fmt.Errorf("a record of type %.40q, the log has %s", w.get("WARC-Type"), r.Type)
	}
	if ip := w.get("WARC-IP-Address"); ip != "" {
		ex.IP = ip
	}
	switch r.Type {
	case "request":
		ex.RequestHead, err = w.httpHead()
		return err
	case "response", "revisit":
		if w.length > 0 {
			if ex.ResponseHead, err = w.httpHead(); err != nil {
				return err
			}
			ex.ResponseHead = receivedHead(ex.ResponseHead)
		}
	case "metadata":
		return nil
	}
	if r.Type == "revisit" {
		return nil
	}
	if w.left != size {
		return fmt.Errorf("a payload of %d bytes, the log has %d", w.left, size)
	}
	// A member of this length cannot hold more than deflate's ratio allows.
	if size > r.Length*1040+1024 {
		return fmt.Errorf("%d bytes cannot hold a payload of %d", r.Length, size)
	}
	if size == 0 {
		return nil
	}
	ex.Body = make([]byte, size)
	_, err = io.ReadFull(w, ex.Body)
	return err
}
