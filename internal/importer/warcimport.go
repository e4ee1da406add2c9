package importer

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/textproto"
	"strconv"
	"strings"

	"tamga"
)

// maxOriginals bounds the records of a file that revisits may refer to.
const maxOriginals = 1 << 20

// warcImport is one WARC file on its way in.
type warcImport struct {
	*run
	file      string
	waiting   *exchange               // a request or response whose other half may follow
	originals map[string]tamga.Digest // payloads by record id and by labelled digest
}

// exchange is one half of an exchange, or both.
type exchange struct {
	*tamga.Exchange
	id, mate string // record ids: its own, and that it names as concurrent
	bare     bool   // a request without its response
}

// warc seals the records of a WARC file. file is its name for people.
func (r *run) warc(in io.Reader, file string) error {
	f, err := newWarcFile(in)
	if err != nil {
		return err
	}
	w := &warcImport{run: r, file: file, originals: map[string]tamga.Digest{}}
	for {
		rec, err := f.next()
		if err == nil {
			if err := w.take(rec); err != nil {
				return err
			}
			continue
		}
		if e := w.flush(); e != nil || err == io.EOF {
			return e
		}
		var bad fileError
		if r.ctx.Err() != nil || !errors.As(err, &bad) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return err
		}
		place, what := f.at, err.Error()
		again := f.recover(err)
		if errors.Is(err, io.ErrUnexpectedEOF) {
			what = "a record that ends early"
			if again == io.EOF {
				what = "the file ends in the middle of a record"
			}
		}
		switch {
		case again == nil:
			what += "; it is not taken in, what is behind it is, from byte " + strconv.FormatInt(f.begin(), 10)
		case again != io.EOF && !errors.Is(again, io.ErrUnexpectedEOF):
			return again
		default:
			what += "; what is behind it is not taken in"
		}
		r.sum.problem(where(file, place), "%s", what)
		if again != nil {
			return nil
		}
	}
}

// take seals a record, or keeps it until its other half is there.
func (w *warcImport) take(rec *warcRecord) error {
	kind := strings.ToLower(rec.get("WARC-Type"))
	switch kind {
	case "response", "resource", "request", "revisit", "conversion", "metadata":
	case "warcinfo":
		return w.flush()
	case "continuation":
		w.sum.problem(where(w.file, rec.at), "a continuation record: segments are not joined")
		return w.flush()
	default:
		w.sum.problem(where(w.file, rec.at), "a record of type %.40q: not taken in", kind)
		return w.flush()
	}
	e, flaws := w.read(kind, rec)
	for _, f := range flaws {
		w.sum.problem(where(w.file, rec.at), "%s", f)
	}
	if e == nil {
		w.sum.Records++
		return w.flush()
	}
	if p := w.waiting; p != nil && p.bare != e.bare && p.URL == e.URL &&
		(p.mate != "" && p.mate == e.id || e.mate != "" && e.mate == p.id || p.mate == "" && e.mate == "" && p.Requested.Equal(e.Requested)) {
		w.waiting = nil
		return w.seal(joined(p, e))
	}
	if err := w.flush(); err != nil {
		return err
	}
	if kind != "response" && kind != "request" && kind != "revisit" && kind != "resource" {
		return w.seal(e.Exchange)
	}
	e.Body, e.RequestHead, e.ResponseHead = bytes.Clone(e.Body), bytes.Clone(e.RequestHead), bytes.Clone(e.ResponseHead)
	w.waiting = e
	return nil
}

// joined is an exchange of both halves.
func joined(a, b *exchange) *tamga.Exchange {
	if a.bare {
		a, b = b, a
	}
	a.RequestHead = b.RequestHead
	if b.Detail != "" {
		a.Detail += "; request " + b.Detail
	}
	return a.Exchange
}

func (w *warcImport) flush() error {
	e := w.waiting
	if w.waiting = nil; e == nil {
		return nil
	}
	return w.seal(e.Exchange)
}

// read makes an exchange of a record; nil where it cannot be one. flaws are what
// is wrong with it.
func (w *warcImport) read(kind string, rec *warcRecord) (e *exchange, flaws []string) {
	id := rec.get("WARC-Record-ID")
	x := w.exchange("", "", nil)
	x.Header = nil
	x.Detail = fmt.Sprintf("record %s %s", clip(oneLine(id), 200), "at byte "+strconv.FormatInt(rec.at, 10))
	if w.file != w.name {
		x.Detail += " of " + clip(w.file, 300)
	}
	e = &exchange{Exchange: x, id: id, mate: rec.get("WARC-Concurrent-To")}
	flaw := func(format string, a ...any) {
		s := fmt.Sprintf(format, a...)
		flaws = append(flaws, s)
		x.Detail += "; " + s
	}
	ok := false
	if x.Requested, ok = rec.date(); !ok {
		flaw("no time: WARC-Date is %.40q", rec.get("WARC-Date"))
	} else {
		x.Detail += ", WARC-Date " + rec.get("WARC-Date")
	}
	if x.URL = rec.uri(); x.URL == "" {
		if rec.get("WARC-Target-URI") != "" || kind == "response" {
			return nil, append(flaws, fmt.Sprintf("a record of the address %.200q: not taken in", rec.get("WARC-Target-URI")))
		}
		if x.URL = absolute(strings.Trim(id, "<>")); x.URL == "" {
			return nil, append(flaws, "a record without an address: not taken in")
		}
	}
	x.IP = address(rec.get("WARC-IP-Address"))
	if w.Source == "" {
		if h := host(x.URL); h != "" {
			x.Source = h
		}
	}
	if same, ok := rec.blockDigest(); ok && !same {
		flaw("its block does not have the WARC-Block-Digest %s", clip(oneLine(rec.get("WARC-Block-Digest")), 100))
	}
	contentType := strings.ToLower(rec.get("Content-Type"))
	isHTTP := strings.HasPrefix(contentType, "application/http") && webURL(x.URL) != "" || kind == "request" && webURL(x.URL) != ""
	var readings [][]byte
	switch {
	case kind == "request" && isHTTP:
		e.bare = true
		end := headEnd(rec.block)
		if end < 0 || badHead(rec.block[:end]) {
			return nil, append(flaws, "a request whose head cannot be read: not taken in")
		}
		x.RequestHead, x.Outcome = rec.block[:end], ""
		if n := rec.length - int64(end); n > 0 {
			x.Detail += fmt.Sprintf("; its body of %d bytes stands in the file alone", n)
		}
		return e, flaws
	case (kind == "response" || kind == "revisit" && rec.length > 0) && isHTTP:
		end := headEnd(rec.block)
		if end < 0 || badHead(rec.block[:end]) {
			flaw("no HTTP head: sealed as it stands")
			x.Body = rec.block
			x.Header = http.Header{"Content-Type": {"application/octet-stream"}}
			break
		}
		x.ResponseHead = rec.block[:end]
		body := rec.block[end:]
		status, chunked := statusOf(x.ResponseHead)
		x.Status, x.Outcome, x.Body = status, outcome(status), body
		readings = [][]byte{body}
		if chunked && kind == "response" && !rec.cut() {
			if plain, ok := dechunk(body); ok {
				x.Body = plain
				readings = append(readings, plain)
			}
		}
	default:
		x.Body = rec.block
		readings = [][]byte{rec.block}
		x.Header = http.Header{"Content-Type": {oneLine(rec.get("Content-Type"))}}
	}
	if rec.cut() || len(x.Body) > MaxRecord {
		x.Body = x.Body[:min(len(x.Body), MaxRecord)]
		x.Truncated = "length"
		flaw("a record of %d bytes: the first %d of its body are sealed", rec.length, len(x.Body))
	} else if t := rec.get("WARC-Truncated"); t != "" {
		x.Truncated = "unspecified"
		switch t {
		case "length", "time", "disconnect":
			x.Truncated = t
		}
	}
	if x.Truncated != "" && x.Outcome == tamga.OutcomeOK {
		x.Outcome = tamga.OutcomeTruncated
	}
	if kind == "revisit" {
		w.revisit(rec, x, flaw)
		return e, flaws
	}
	verified := false
	if p := rec.get("WARC-Payload-Digest"); p != "" && !rec.cut() {
		if same, ok := rec.payloadDigest(readings...); ok && !same {
			flaw("its payload does not have the WARC-Payload-Digest %s", clip(oneLine(p), 100))
		} else if ok {
			verified = true
			x.Detail += ", payload digest " + clip(oneLine(p), 100) + " verified"
		}
	}
	if len(w.originals) < maxOriginals && x.Truncated == "" {
		d := tamga.DigestOf(x.Body)
		w.originals[id] = d
		if p := rec.get("WARC-Payload-Digest"); verified {
			w.originals[p] = d
		}
	}
	return e, flaws
}

// revisit finds the payload that a revisit record refers to, in this file or in
// what was sealed before.
func (w *warcImport) revisit(rec *warcRecord, x *tamga.Exchange, flaw func(string, ...any)) {
	x.Body = nil
	if strings.Contains(rec.get("WARC-Profile"), "server-not-modified") {
		return
	}
	labelled := rec.get("WARC-Payload-Digest")
	d, ok := w.originals[rec.get("WARC-Refers-To")]
	if !ok {
		d, ok = w.originals[labelled]
	}
	if !ok {
		if parsed, err := tamga.ParseDigest(strings.ToLower(labelled)); err == nil {
			d, ok = parsed, true
		}
	}
	if ok && d == tamga.DigestOf(nil) {
		return
	}
	if ok {
		if seq, held := w.waitingOr(d); held {
			if seq == nil {
				x.Body = bytes.Clone(w.waiting.Body)
				return
			}
			if full, _, err := w.Archive.Read(w.ctx, *seq); err == nil {
				x.Body = full.Body
				return
			}
		}
	}
	flaw("a revisit of a payload that is not there: sealed without it")
	x.Truncated = "unspecified"
}

// waitingOr is the capture that holds a payload; nil where the record that waits
// does.
func (w *warcImport) waitingOr(d tamga.Digest) (*int64, bool) {
	if seq, ok := w.Archive.Find(d); ok {
		return &seq, true
	}
	return nil, w.waiting != nil && tamga.DigestOf(w.waiting.Body) == d
}

// headEnd is the length of an HTTP head with its empty line; -1 where there is none.
func headEnd(b []byte) int {
	for i := 0; i < len(b) && i <= maxHead; {
		n := bytes.IndexByte(b[i:], '\n')
		if n < 0 {
			return -1
		}
		if n == 0 || n == 1 && b[i] == '\r' {
			return i + n + 1
		}
		i += n + 1
	}
	return -1
}

// badHead says that the archive would not take a head.
func badHead(h []byte) bool { return len(h) <= 2 || len(h) > maxHead }

// statusOf reads the status of a response head and whether its body is chunked.
func statusOf(h []byte) (status int, chunked bool) {
	line, rest, _ := bytes.Cut(h, []byte("\n"))
	if f := bytes.Fields(line); len(f) > 1 {
		if n, err := strconv.Atoi(string(f[1])); err == nil && n >= 100 && n <= 999 {
			status = n
		}
	}
	for l := range bytes.Lines(rest) {
		name, value, ok := strings.Cut(string(l), ":")
		if ok && textproto.CanonicalMIMEHeaderKey(strings.TrimSpace(name)) == "Transfer-Encoding" && strings.Contains(strings.ToLower(value), "chunked") {
			chunked = true
		}
	}
	return status, chunked
}

// dechunk removes the transfer coding (RFC 9112 §7.1). ok is false where the
// bytes do not have it: many tools remove it and leave the head as it was.
func dechunk(b []byte) (plain []byte, ok bool) {
	plain = make([]byte, 0, len(b))
	for {
		line, rest, found := bytes.Cut(b, []byte("\n"))
		if !found || len(line) > 1000 {
			return nil, false
		}
		size, _, _ := strings.Cut(strings.TrimSpace(string(line)), ";")
		n, err := strconv.ParseUint(strings.TrimSpace(size), 16, 31)
		if err != nil {
			return nil, false
		}
		if n == 0 {
			return plain, true
		}
		if uint64(len(rest)) < n {
			return nil, false
		}
		plain, b = append(plain, rest[:n]...), rest[n:]
		b = bytes.TrimPrefix(b, []byte("\r"))
		if b, found = bytes.CutPrefix(b, []byte("\n")); !found {
			return nil, false
		}
	}
}
