package evidence

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"unicode/utf8"

	"tamga"
)

// Put stores an exchange and returns its capture. When it returns, a kill of the
// process loses nothing of it; a loss of power may, until the next batch is
// synced. A payload that is held already is stored as a revisit. When it fails,
// the archive is as it was before.
func (a *Archive) Put(ctx context.Context, ex *tamga.Exchange) (tamga.Capture, error) {
	c, err := a.put(ctx, ex)
	if err != nil {
		return tamga.Capture{}, fmt.Errorf("store %.200s: %w", ex.URL, err)
	}
	return c, nil
}

func (a *Archive) put(ctx context.Context, ex *tamga.Exchange) (tamga.Capture, error) {
	if err := check(ex); err != nil {
		return tamga.Capture{}, err
	}
	r := newResponse(ex)
	c := a.capture(ex, r.payload)
	k, _ := keyOfDigest(c.Digest)
	for {
		// Compression is outside of the lock. Where another Put stores the same
		// payload meanwhile, this one is made anew, as a revisit.
		original, seen, err := a.original(k, &c)
		if err != nil {
			return tamga.Capture{}, err
		}
		b, err := a.records(ex, &c, r, original)
		if err != nil {
			return tamga.Capture{}, err
		}
		done, err := a.store(ctx, &c, k, b, original, seen)
		b.free()
		if err != nil {
			return tamga.Capture{}, err
		}
		if done {
			a.syncBatch()
			return c, nil
		}
	}
}

// check refuses what could not be read back the same.
func check(ex *tamga.Exchange) error {
	u, err := url.Parse(ex.URL)
	switch {
	case err != nil:
		return err
	case u.Scheme == "":
		return errors.New("the URL is not absolute")
	case len(ex.URL) > maxURL:
		return fmt.Errorf("URL of %d bytes: the limit is %d", len(ex.URL), maxURL)
	case !utf8.ValidString(ex.URL) || strings.Contains(ex.URL, " "):
		return errors.New("the URL holds a space, or bytes that are not UTF-8")
	case len(ex.ResponseHead) > 0 && !isHTTP(u.Scheme):
		return fmt.Errorf("an HTTP response to a URL of scheme %q", u.Scheme)
	case ex.Status != 0 && ex.Status < 100, ex.Status > 999:
		return fmt.Errorf("status %d", ex.Status)
	}
	switch ex.Truncated {
	case "", "length", "time", "disconnect", "unspecified":
	default:
		return fmt.Errorf("truncated for the unknown reason %q", ex.Truncated)
	}
	if ex.IP != "" {
		if _, err := netip.ParseAddr(ex.IP); err != nil {
			return err
		}
	}
	for _, head := range [][]byte{ex.RequestHead, ex.ResponseHead} {
		if len(head) > 0 {
			if err := checkHead(head); err != nil {
				return err
			}
		}
	}
	return nil
}

func isHTTP(scheme string) bool { return scheme == "http" || scheme == "https" }

// response is what is stored of a response, with the digests of it.
type response struct {
	head, body     []byte
	block, payload tamga.Digest // of both together, and of the body
}

func newResponse(ex *tamga.Exchange) *response {
	r := &response{head: storedHead(ex.ResponseHead), body: ex.Body, payload: tamga.DigestOf(ex.Body)}
	if r.block = r.payload; len(r.head) > 0 {
		r.block = digestOf(r.head, r.body)
	}
	return r
}

// capture is the capture of an exchange, without its place and time of storing.
func (a *Archive) capture(ex *tamga.Exchange, payload tamga.Digest) tamga.Capture {
	header := ex.Header
	if header == nil {
		header = parseHeader(ex.ResponseHead)
	}
	utf8 := func(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }
	c := tamga.Capture{
		Digest: payload, URL: ex.URL, Via: utf8(ex.Via), Source: utf8(ex.Source), Route: ex.Route,
		Requested: ex.Requested.UTC().Round(0), Operator: utf8(ex.Operator), Tool: utf8(ex.Tool),
		Outcome: ex.Outcome, Detail: utf8(ex.Detail), Status: ex.Status,
		ContentType: utf8(header.Get("Content-Type")), Location: utf8(header.Get("Location")),
		Size: int64(len(ex.Body)), Truncated: ex.Truncated,
	}
	if ex.Requested.IsZero() {
		c.Requested = a.opt.Now().UTC().Round(0)
	}
	if c.Operator == "" {
		c.Operator = a.opt.Operator
	}
	if c.Tool == "" {
		c.Tool = toolName
	}
	return c
}

const toolName = "tamga/" + tamga.Version

// original returns the entry of the capture that holds the payload already, or
// nil where it must be stored: it is new, empty, or one of the two is cut short.
// seen is the capture it looked at, or -1.
func (a *Archive) original(k key, c *tamga.Capture) (e *entry, seen int64, err error) {
	if !mayRevisit(c) {
		return nil, -1, nil
	}
	a.mu.RLock()
	seen, ok := a.st.held.get(k)
	a.mu.RUnlock()
	if !ok {
		return nil, -1, nil
	}
	if e, err = a.entry(seen); err != nil {
		return nil, seen, err
	}
	if e.Digest != c.Digest || e.Truncated != "" || e.Revisit != nil || a.Removed(seen) {
		return nil, seen, nil
	}
	return e, seen, nil
}

func mayRevisit(c *tamga.Capture) bool { return c.Size > 0 && c.Truncated == "" }

// payloadRecord is the record of e that holds its payload.
func (e *entry) payloadRecord() (record, bool) {
	for _, r := range e.Records {
		if r.Type == "response" || r.Type == "resource" {
			return r, true
		}
	}
	return record{}, false
}

// records makes the WARC records of a capture.
func (a *Archive) records(ex *tamga.Exchange, c *tamga.Capture, resp *response, original *entry) (*batch, error) {
	reqID, err := newID(a.opt.Rand)
	if err != nil {
		return nil, err
	}
	respID, err := newID(a.opt.Rand)
	if err != nil {
		return nil, err
	}
	urn := func(id string) string { return "<urn:uuid:" + id + ">" }
	hasReq, hasResp := len(ex.RequestHead) > 0, len(ex.ResponseHead) > 0 || len(ex.Body) > 0 || ex.Status != 0
	base := []field{{"WARC-Target-URI", c.URL}, {"WARC-IP-Address", ex.IP}}

	b := newBatch()
	if hasReq {
		f := append(base[:2:2], field{"Content-Type", typeRequest})
		if hasResp {
			f = append(f, field{"WARC-Concurrent-To", urn(respID)})
		}
		err = b.add("request", reqID, c.Requested, f, ex.RequestHead)
	}
	if err == nil && hasResp {
		f := base[:2:2]
		if hasReq {
			f = append(f, field{"WARC-Concurrent-To", urn(reqID)})
		}
		err = b.addPayload(respID, resp, c, original, f)
	}
	if err == nil && !hasReq && !hasResp {
		err = b.add("metadata", reqID, c.Requested, append(base[:2:2], field{"Content-Type", typeWarcFields}),
			warcFields(field{"via", c.Via}, field{"outcome", string(c.Outcome)}, field{"detail", c.Detail}))
	}
	if err != nil {
		b.free()
		return nil, err
	}
	return b, nil
}

// addPayload adds the record of the response: response, resource where there is
// no HTTP head, or revisit.
func (b *batch) addPayload(id string, resp *response, c *tamga.Capture, original *entry, f []field) error {
	kind, contentType := "response", typeResponse
	head, block := resp.head, resp.block
	parts := [][]byte{head, resp.body}
	if len(head) == 0 {
		kind, contentType = "resource", c.ContentType
		if contentType == "" || strings.ContainsFunc(contentType, isControl) {
			contentType = typeOctetStream
		}
	}
	payload := string(c.Digest)
	if original != nil {
		r, ok := original.payloadRecord()
		if !ok {
			return fmt.Errorf("capture %d holds no payload", original.Seq)
		}
		kind, parts, block = "revisit", [][]byte{head}, digestOf(head)
		f = append(f, field{"WARC-Profile", profileSame}, field{"WARC-Refers-To", "<urn:uuid:" + r.ID + ">"},
			field{"WARC-Refers-To-Target-URI", original.URL}, field{"WARC-Refers-To-Date", warcDate(original.Requested)})
	} else if len(head) > 0 && !plainHead(head) {
		payload = "" // readers would not agree where it starts; the log has it
	}
	return b.addBlock(kind, id, c.Requested, append(f, field{"WARC-Truncated", c.Truncated},
		field{"WARC-Payload-Digest", payload}, field{"Content-Type", contentType}), block, parts...)
}

// store appends a capture. done is false where its payload came to be held since
// original was looked up.
func (a *Archive) store(ctx context.Context, c *tamga.Capture, k key, b *batch, original *entry, seen int64) (done bool, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := errors.Join(ctx.Err(), a.usable()); err != nil {
		return false, err
	}
	if seq, ok := a.st.held.get(k); ok && seq != seen && mayRevisit(c) {
		return false, nil
	}
	if err := a.rotate(int64(b.buf.Len())); err != nil {
		return false, err
	}
	file := &a.st.files[len(a.st.files)-1]
	e := captureEntry{Kind: kindCapture, Capture: *c, Records: b.place(file.name, file.size)}
	e.Seq, e.Stored = a.st.tree.n, a.opt.Now().UTC().Round(0)
	if original != nil {
		e.Revisit = &original.Seq
	}
	if err := a.append(b.buf.Bytes(), e); err != nil {
		return false, err
	}
	a.st.hold(k, e.Seq)
	*c = e.Capture
	return true, nil
}
