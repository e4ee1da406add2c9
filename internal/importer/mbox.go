package importer

import (
	"bufio"
	"bytes"
	"io"
	"net/mail"
	"net/url"
	"regexp"
	"strings"
)

// isMbox tells a mailbox (RFC 4155) by its first line and a header field after it.
func isMbox(head []byte) bool {
	if !bytes.HasPrefix(head, []byte("From ")) {
		return false
	}
	_, rest, ok := bytes.Cut(head, []byte("\n"))
	if !ok {
		return false
	}
	name, _, ok := bytes.Cut(rest, []byte(":"))
	return ok && len(name) > 0 && len(name) < 80 && !bytes.ContainsAny(name, " \t\r\n") || bytes.HasPrefix(rest, []byte(">From "))
}

// fromLine is the line before a message: an address and a time of asctime, such as
// "From shop@example.org Mon Jan  1 10:00:00 2024". A text that was not quoted may
// begin a line with the same word.
var fromLine = regexp.MustCompile(`^From \S+ .*\d:\d\d.*\d{4}`)

// fieldNext says whether the next line is a header field.
func fieldNext(b *bufio.Reader) bool {
	next, _ := b.Peek(80)
	name, _, ok := bytes.Cut(next, []byte(":"))
	return ok && len(name) > 0 && !bytes.ContainsAny(name, " \t\r\n")
}

// mbox seals the messages of a mailbox: what stands between the lines "From …"
// at the start or after an empty line, as it stands.
func (r *run) mbox(in *source) error {
	b := bufio.NewReaderSize(in, 64<<10)
	var body []byte
	var start, off, size int64
	begun := false
	flush := func() error {
		if !begun {
			return nil
		}
		return r.mail(body, start, size)
	}
	empty, fresh := true, true // the line before was empty; this part begins a line
	for {
		part, err := b.ReadSlice('\n')
		if fresh && empty && bytes.HasPrefix(part, []byte("From ")) {
			part = bytes.Clone(part) // the reader looks ahead
		}
		if fresh && empty && bytes.HasPrefix(part, []byte("From ")) && (!begun || fromLine.Match(part) || err == nil && fieldNext(b)) {
			if err := flush(); err != nil {
				return err
			}
			for err == bufio.ErrBufferFull { // a "From " line of any length
				off += int64(len(part))
				part, err = b.ReadSlice('\n')
			}
			off += int64(len(part))
			begun, body, start, size = true, body[:0], off, 0
			empty, fresh = false, true
			if err == nil {
				continue
			}
			part = nil
		}
		off += int64(len(part))
		if begun {
			size += int64(len(part))
			if room := MaxRecord - len(body); room > 0 {
				body = append(body, part[:min(room, len(part))]...)
			}
		}
		if fresh {
			empty = len(bytes.TrimRight(part, "\r\n")) == 0
		}
		fresh = err == nil
		if err == io.EOF {
			break
		}
		if err != nil && err != bufio.ErrBufferFull {
			return err
		}
	}
	return flush()
}

// mail seals a message, without the empty line that ends it in a mailbox.
func (r *run) mail(body []byte, start, size int64) error {
	truncated := size > int64(len(body))
	if !truncated {
		if b, ok := bytes.CutSuffix(body, []byte("\r\n\r\n")); ok {
			body = body[:len(b)+2]
		} else if b, ok := bytes.CutSuffix(body, []byte("\n\n")); ok {
			body = body[:len(b)+1]
		}
	}
	u := ""
	m, err := mail.ReadMessage(bytes.NewReader(body[:min(len(body), 1<<20)]))
	if err == nil {
		u = mid(m.Header.Get("Message-Id"))
	}
	if u == "" {
		u = "urn:sha256:" + string(digestHex(body))
	}
	ex := r.exchange(u, TypeMail, body)
	ex.Detail = at(start, len(body))
	if err != nil {
		r.sum.problem(where(r.name, start), "a message whose header cannot be read: %v", err)
		ex.Detail += "; its header cannot be read"
	}
	if truncated {
		ex.Truncated = "length"
		r.sum.problem(where(r.name, start), "a message of %d bytes: the first %d are sealed", size, len(body))
	}
	return r.seal(ex)
}

// mid is the URL of a message (RFC 2392).
func mid(id string) string {
	id = strings.Trim(strings.TrimSpace(id), "<>")
	if id == "" || len(id) > 998 || strings.ContainsAny(id, " \t\r\n") {
		return ""
	}
	return absolute("mid:" + url.PathEscape(id))
}
