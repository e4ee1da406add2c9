package importer

import (
	"bufio"
	"bytes"
	"io"
	"net/mail"
	"net/url"
	"regexp"
	"strconv"
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

// usualField are fields that a message begins with, whatever its "From " line says.
var usualField = regexp.MustCompile(`(?i)^(?:return-path|received|delivered-to|message-id|date|from|to|subject|mime-version|status|reply-to|sender|dkim-signature|authentication-results|x-[a-z0-9-]+|content-[a-z-]+|list-[a-z-]+)$`)

// begins says whether a line "From …" behind an empty one begins a message: a header
// field follows, and it has a time, or the field is a usual one.
func begins(line []byte, b *bufio.Reader) bool {
	next, _ := b.Peek(80)
	name, _, ok := bytes.Cut(next, []byte(":"))
	if !ok || len(name) == 0 || bytes.ContainsAny(name, " \t\r\n") {
		return false
	}
	return fromLine.Match(line) || usualField.Match(name)
}

// isMail tells a single message (RFC 5322) by the fields that it begins with.
func isMail(head []byte) bool {
	seen := map[string]bool{}
	for line := range bytes.Lines(head[:min(len(head), 16<<10)]) {
		if len(bytes.TrimRight(line, "\r\n")) == 0 {
			break
		}
		if line[0] == ' ' || line[0] == '\t' {
			continue
		}
		name, _, ok := bytes.Cut(line, []byte(":"))
		if !ok || len(name) == 0 || len(name) > 80 || bytes.ContainsAny(name, " \t") {
			return false
		}
		seen[string(bytes.ToLower(name))] = true
	}
	n := 0
	for _, name := range []string{"from", "to", "subject", "date", "message-id", "received", "mime-version", "return-path"} {
		if seen[name] {
			n++
		}
	}
	return n >= 3 && (seen["from"] || seen["return-path"])
}

var contentLength = regexp.MustCompile(`(?im)^content-length:[ \t]*(\d{1,15})[ \t]*\r?$`)

// told is where a message ends by its Content-Length (mboxcl, mboxcl2), which counts
// from body; 0 where it has none, or no message and no end of the file is there.
func (in *source) told(header []byte, body int64) int64 {
	m := contentLength.FindSubmatch(header)
	if m == nil {
		return 0
	}
	n, err := strconv.ParseInt(string(m[1]), 10, 64)
	if err != nil || body+n > in.size {
		return 0
	}
	next := make([]byte, 9)
	k, _ := in.r.ReadAt(next, body+n)
	next = bytes.TrimLeft(next[:k], "\r\n")
	if len(next) > 0 && !bytes.HasPrefix(next, []byte("From ")) {
		return 0
	}
	return body + n
}

// mbox seals the messages of a mailbox: what stands between the lines "From …"
// at the start or after an empty line, as it stands. A file without such a line at
// its start is one message.
func (r *run) mbox(in *source) error {
	b := bufio.NewReaderSize(in, 64<<10)
	var body []byte
	var start, off, size int64
	var told int64 // before it, no line begins a message
	begun, header := false, false
	flush := func() error {
		if !begun {
			return nil
		}
		return r.mail(body, start, size)
	}
	if first, _ := b.Peek(5); string(first) != "From " && len(first) > 0 {
		begun, header, told = true, true, in.size
	}
	empty, fresh := true, true // the line before was empty; this part begins a line
	for {
		part, err := b.ReadSlice('\n')
		from := fresh && empty && off >= told && bytes.HasPrefix(part, []byte("From "))
		if from {
			part = bytes.Clone(part) // the reader looks ahead
		}
		if from && (!begun || err == nil && begins(part, b)) {
			if err := flush(); err != nil {
				return err
			}
			for err == bufio.ErrBufferFull { // a "From " line of any length
				off += int64(len(part))
				part, err = b.ReadSlice('\n')
			}
			off += int64(len(part))
			begun, header, body, start, size = true, true, body[:0], off, 0
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
		if fresh && empty && header {
			header, told = false, max(told, in.told(body, off))
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
