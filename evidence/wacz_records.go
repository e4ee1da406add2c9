package evidence

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"tamga"
)

// warc writes the records.
func (x *waczWriter) warc(ctx context.Context, f io.Writer) error {
	out := &warcOut{w: f}
	b := newBatch()
	defer b.free()
	id, err := newID(x.a.opt.Rand)
	if err != nil {
		return err
	}
	if err := b.add("warcinfo", id, x.created, []field{{"WARC-Filename", filepath.Base(waczWARC)}, {"Content-Type", typeWarcFields}},
		warcFields(field{"software", toolName}, field{"format", "WARC File Format 1.1"},
			field{"isPartOf", x.a.st.verifier.Name()}, field{"operator", x.a.opt.Operator})); err != nil {
		return err
	}
	if _, err := out.write(b.buf.Bytes()); err != nil {
		return err
	}
	fmt.Fprintf(x.pages, `{"format":"json-pages-1.0","id":"pages","title":"Pages"}`+"\n")
	for i, seq := range x.opt.Captures {
		if err := ctx.Err(); err != nil {
			return err
		}
		if x.opt.Progress != nil {
			x.opt.Progress(int64(i), int64(len(x.opt.Captures)))
		}
		if err := x.capture(seq, out); err != nil {
			return fmt.Errorf("capture %d: %w", seq, err)
		}
	}
	return nil
}

// warcOut is the WARC being written.
type warcOut struct {
	w io.Writer
	n int64
}

func (o *warcOut) write(b []byte) (offset int64, err error) {
	offset = o.n
	n, err := o.w.Write(b)
	o.n += int64(n)
	return offset, err
}

func (x *waczWriter) capture(seq int64, out *warcOut) error {
	e, err := x.a.captureEntry(seq)
	if err != nil {
		return err
	}
	if x.a.Removed(seq) {
		x.sum.Removed++
		return nil
	}
	line := waczCapture{Seq: seq}
	held := -1 // the record with the payload
	x.method = ""
	for i, r := range e.Records {
		member, as, redacted, err := x.record(e, r)
		if err != nil {
			return err
		}
		at, err := out.write(member)
		if err != nil {
			return err
		}
		for _, name := range redacted {
			x.sum.Redacted[name]++
		}
		line.Records = append(line.Records, waczRecord{i, at, int64(len(member)), tamga.DigestOf(member), as, redacted})
		if r.Type == "response" || r.Type == "resource" || r.Type == "revisit" {
			held = i
		}
	}
	if held >= 0 {
		status, mime, at := e.Status, mimeOf(e.ContentType), line.Records[held]
		if e.Records[held].Type == "resource" {
			status = 200
		}
		x.cdx = append(x.cdx, cdxLine(e.URL, x.method, e.Requested, mime, status, e.Digest, at.Offset, at.Length, filepath.Base(waczWARC)))
		if mime == "text/html" && status == 200 && x.method == "" {
			if err := x.page(&e.Capture); err != nil {
				return err
			}
		}
	}
	x.numbers = append(x.numbers, seq)
	x.sum.Captures++
	return json.NewEncoder(x.listed).Encode(line)
}

func (x *waczWriter) page(c *tamga.Capture) error {
	title := ""
	if x.opt.PageTitle != nil {
		title = x.opt.PageTitle(*c)
	}
	if title == "" {
		title = c.URL
	}
	enc := json.NewEncoder(x.pages)
	enc.SetEscapeHTML(false)
	return enc.Encode(struct {
		ID    string `json:"id"`
		URL   string `json:"url"`
		Time  string `json:"ts"`
		Title string `json:"title"`
		Size  int64  `json:"size"`
	}{fmt.Sprint(c.Seq), c.URL, c.Requested.UTC().Format(time.RFC3339), title, c.Size})
}

// record is the gzip member of a record as it leaves the archive.
func (x *waczWriter) record(e *entry, r record) (member []byte, as string, redacted []string, err error) {
	member, err = x.a.member(r)
	if err != nil || r.Type == "metadata" || r.Type == "resource" {
		return member, asSame, nil, err
	}
	var head, body []byte
	var fields []field
	err = readMember(bytes.NewReader(member), func(w *warcRecord) (err error) {
		fields = w.kept()
		if w.length == 0 {
			return nil
		}
		if head, err = w.httpHead(); err != nil || w.left == 0 {
			return err
		}
		if w.left > r.Length*1040+1024 {
			return fmt.Errorf("%d bytes cannot hold %d", r.Length, w.left)
		}
		body = make([]byte, w.left)
		_, err = io.ReadFull(w, body)
		return err
	})
	if err != nil {
		return nil, "", nil, fmt.Errorf("%w: %w", ErrIntegrity, err)
	}
	if r.Type == "request" {
		x.method = methodOf(head)
	}
	head, redacted = Redact(head, x.opt.Redact)
	kind := r.Type
	switch {
	case kind == "revisit":
		as = asWhole
		ex := &tamga.Exchange{}
		if err := x.a.readOriginal(e, ex); err != nil {
			return nil, "", nil, err
		}
		body = ex.Body
		kind = "response"
		if len(head) == 0 { // of a payload without an HTTP head
			kind = "resource"
		}
	case len(redacted) == 0:
		return member, asSame, nil, nil
	default:
		as = asRedacted
	}
	if len(redacted) > 0 {
		fields = append(fields, field{"WARC-Redacted-Header", strings.Join(redacted, ", ")})
	}
	b := newBatch()
	defer b.free()
	if err := b.add(kind, r.ID, e.Requested, fields, head, body); err != nil {
		return nil, "", nil, err
	}
	return bytes.Clone(b.buf.Bytes()), as, redacted, nil
}

// kept are the fields of a record that stay when its block changes.
func (w *warcRecord) kept() []field {
	var out []field
	for _, name := range []string{"WARC-Target-URI", "WARC-IP-Address", "WARC-Concurrent-To", "WARC-Truncated", "WARC-Payload-Digest", "Content-Type"} {
		if v := w.get(name); v != "" {
			out = append(out, field{name, v})
		}
	}
	return out
}

// member reads the compressed bytes of a record and checks their digest.
func (a *Archive) member(r record) ([]byte, error) {
	f, err := os.Open(a.warcPath(r.File))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil {
		return nil, err
	} else if r.end() > info.Size() {
		return nil, fmt.Errorf("%w: the file ends at byte %d", ErrIntegrity, info.Size())
	}
	data := make([]byte, r.Length)
	if _, err := f.ReadAt(data, r.Offset); err != nil {
		return nil, err
	}
	if tamga.DigestOf(data) != r.Digest {
		return nil, fmt.Errorf("%w: the record does not have the digest in the log", ErrIntegrity)
	}
	return data, nil
}
