package extract

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/base64"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"regexp"
	"strings"
	"time"

	"golang.org/x/net/html/charset"

	"tamga"
	"tamga/internal/decode"
)

// Limits of a message: bytes of text, parts, and levels of parts in parts.
const (
	maxMailText  = 4 << 20
	maxMailParts = 200
	maxMailDepth = 8
)

// words decodes encoded words (RFC 2047) of every charset of the web.
var words = mime.WordDecoder{CharsetReader: func(name string, in io.Reader) (io.Reader, error) {
	return charset.NewReaderLabel(name, in)
}}

// mailText is an e-mail message (RFC 5322, MIME) as a person reads it.
type mailText struct {
	header mail.Header
	parts  int
	left   int // bytes of text that may still be read
	text   strings.Builder
	html   strings.Builder // what may be there as plain text too
}

// mail reads a message. Its transfer coding and charsets are undone as content
// codings are, so its source, which spans point into, are the header fields that
// people read, an empty line, and the text; of a text that is there twice, as
// plain text and as HTML, the plain one.
func (r *Reader) mail(body []byte) *tamga.Page {
	m := &mailText{left: maxMailText}
	in := bufio.NewReader(bytes.NewReader(body))
	if h, err := textproto.NewReader(in).ReadMIMEHeader(); err == nil || len(h) > 0 {
		m.header = mail.Header(h)
	}
	m.part(textproto.MIMEHeader(m.header), in, 0, false)
	text := strings.TrimSpace(quotedFrom.ReplaceAllString(m.text.String(), "$1"))
	subject, from := m.field("Subject"), m.field("From")
	var b strings.Builder
	for _, f := range [][2]string{{"Subject", subject}, {"From", from}, {"To", m.field("To")}, {"Date", m.field("Date")}} {
		if f[1] != "" {
			b.WriteString(f[0] + ": " + f[1] + "\n")
		}
	}
	b.WriteByte('\n')
	start := b.Len()
	b.WriteString(text)
	page := &tamga.Page{Kind: tamga.PageThread, Title: subject, Source: b.String(), Reader: "mail@2"}
	post := tamga.Post{
		ID: strings.Trim(m.field("Message-Id"), "<> "), Thread: threadOf(subject), Author: author(from), Channel: m.list(),
		Time: m.date(), Text: text, ReplyTo: cmp.Or(messageID(m.field("In-Reply-To")), messageID(m.field("References"))), Span: [2]int{0, start + len(text)},
	}
	d := r.said(page, plainView(page.Source), nil)
	page.Language = pageLanguage("", text)
	page.Posts = []tamga.Post{post}
	d.redact()
	return page
}

// field is a header field as people read it, on one line.
func (m *mailText) field(name string) string {
	raw := m.header.Get(name)
	if len(raw) > 64<<10 {
		raw = raw[:64<<10]
	}
	s, err := words.DecodeHeader(raw)
	if err != nil {
		s = raw
	}
	s, _ = decode.UTF8("text/plain", []byte(s)) // 8-bit header fields
	return fold(s)
}

// author is the sender's address where it can be told, else the field.
func author(from string) string {
	if a, err := mail.ParseAddress(from); err == nil {
		if a.Name != "" {
			return a.Name + " <" + a.Address + ">"
		}
		return a.Address
	}
	return from
}

// list is the mailing list that carried the message (RFC 2919).
func (m *mailText) list() string {
	id := m.field("List-Id")
	if i := strings.LastIndexByte(id, '<'); i >= 0 {
		return strings.Trim(id[i:], "<>")
	}
	return id
}

func (m *mailText) date() *time.Time {
	t, err := mail.ParseDate(m.field("Date"))
	if err != nil {
		return nil
	}
	t = t.UTC()
	return &t
}

// quotedFrom is a line that a mailbox quoted, once more than it was: it would have
// begun a message (mboxrd; mboxo quotes "From " alone).
var quotedFrom = regexp.MustCompile(`(?m)^>(>*From )`)

// answered is what the subject of an answer, or of a message sent on, has before
// that of the thread, in the languages of the region and its neighbours.
var answered = regexp.MustCompile(`(?i)^(?:(?:re|fwd?|aw|wg|sv|tr|отв|ответ|пересл|на|ha)(?:\[\d+\]|\(\d+\))?\s*:\s*)+`)

// threadOf is the subject that all messages of a thread have.
func threadOf(subject string) string {
	if t := strings.TrimSpace(answered.ReplaceAllString(subject, "")); t != "" {
		return t
	}
	return subject
}

// messageID is the last message number of a field; what people write around it
// ("message of Monday") is none.
func messageID(field string) string {
	end := strings.LastIndexByte(field, '>')
	if start := strings.LastIndexByte(field[:max(end, 0)], '<'); start >= 0 {
		return strings.TrimSpace(field[start+1 : end])
	}
	if f := strings.Fields(field); len(f) > 0 {
		return f[len(f)-1]
	}
	return ""
}

// part reads the text of a part and of the parts in it. either says that it is one
// of several forms of the same, of which the plain one is taken.
func (m *mailText) part(h textproto.MIMEHeader, in io.Reader, depth int, either bool) {
	if m.parts++; m.parts > maxMailParts || depth > maxMailDepth {
		return
	}
	contentType := cmp.Or(h.Get("Content-Type"), "text/plain")
	name, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		if name, _, _ = strings.Cut(strings.ToLower(contentType), ";"); name != "text/html" {
			name = "text/plain"
		}
	}
	switch {
	case strings.HasPrefix(name, "multipart/") && params["boundary"] != "":
		before, outer := m.text.Len(), either
		either = either || name == "multipart/alternative"
		mr := multipart.NewReader(in, params["boundary"])
		for m.parts <= maxMailParts {
			p, err := mr.NextRawPart()
			if err != nil {
				break
			}
			m.part(p.Header, p, depth+1, either)
		}
		if either && !outer {
			if m.text.Len() == before {
				m.text.WriteString(walk(m.html.String()).text.body + "\n")
			}
			m.html.Reset()
		}
	case name == "message/rfc822":
		b := bufio.NewReader(decoded(h, in))
		inner, err := textproto.NewReader(b).ReadMIMEHeader()
		if err != nil && len(inner) == 0 {
			return
		}
		for _, f := range []string{"Subject", "From", "Date"} {
			if v := (&mailText{header: mail.Header(inner)}).field(f); v != "" {
				m.text.WriteString(f + ": " + v + "\n")
			}
		}
		m.part(inner, b, depth+1, false)
	case strings.HasPrefix(strings.ToLower(h.Get("Content-Disposition")), "attachment"):
		m.attached(h, params)
	case name == "text/html":
		page := m.read(contentType, decoded(h, in))
		if either {
			m.html.WriteString(page)
		} else {
			m.text.WriteString(walk(page).text.body + "\n")
		}
	case strings.HasPrefix(name, "text/"):
		m.text.WriteString(m.read(contentType, decoded(h, in)) + "\n")
	default:
		m.attached(h, params)
	}
}

// attached names an attachment, which is not read.
func (m *mailText) attached(h textproto.MIMEHeader, params map[string]string) {
	_, d, _ := mime.ParseMediaType(h.Get("Content-Disposition"))
	if name, err := words.DecodeHeader(cmp.Or(d["filename"], params["name"])); err == nil && name != "" {
		m.text.WriteString("[" + cut(fold(strings.ToValidUTF8(name, "\uFFFD")), 300) + "]\n")
	}
}

// read is a text in UTF-8, within what may still be read.
func (m *mailText) read(contentType string, in io.Reader) string {
	b, _ := io.ReadAll(io.LimitReader(in, int64(m.left)))
	m.left -= len(b)
	text, _ := decode.UTF8(contentType, b)
	return strings.ReplaceAll(text, "\r\n", "\n")
}

// decoded undoes the transfer coding of a part (RFC 2045 §6).
func decoded(h textproto.MIMEHeader, in io.Reader) io.Reader {
	switch strings.ToLower(strings.TrimSpace(h.Get("Content-Transfer-Encoding"))) {
	case "quoted-printable":
		return quotedprintable.NewReader(in)
	case "base64":
		return base64.NewDecoder(base64.StdEncoding, &sextets{r: in})
	}
	return in
}

// sextets passes on the digits of base64 alone.
type sextets struct{ r io.Reader }

func (s *sextets) Read(b []byte) (int, error) {
	for {
		n, err := s.r.Read(b)
		k := 0
		for _, c := range b[:n] {
			if c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '+' || c == '/' || c == '=' {
				b[k] = c
				k++
			}
		}
		if k > 0 || err != nil {
			return k, err
		}
	}
}
