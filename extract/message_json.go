package extract

import (
	"strconv"
	"strings"
	"time"

	"tamga"
)

// maxFollowed is how many links of a message are read.
const maxFollowed = 1000

// jsonMessage is one message of an export.
type jsonMessage struct {
	root   jsonValue
	params map[string]string // of the media type
	text   viewBuilder
	said   int // bytes of text
	attrs  []view
	post   *tamga.Post // nil: the message is no post, but a note of the service
	title  string
}

// jsonMessage reads a message. What is no JSON object is read as text; of one that
// was cut, what is there.
func (r *Reader) jsonMessage(url, source, reader string, params map[string]string, read func(*jsonMessage)) *tamga.Page {
	page := &tamga.Page{Kind: tamga.PageOther, Source: source, Reader: reader}
	root, err := parseJSON(source)
	if !root.is('{') {
		r.log.Debug("message read as text", "url", url, "error", err)
		r.said(page, plainView(source), nil).redact()
		return page
	}
	m := &jsonMessage{root: root, params: params}
	read(m)
	d := r.said(page, m.text.view(), m.attrs)
	page.Title = line(m.title)
	if m.post != nil {
		page.Kind = tamga.PageChannel
		if strings.HasPrefix(url, "http") {
			m.post.URL = url
		}
		m.post.Span = root.span()
		page.Posts = []tamga.Post{*m.post}
	}
	d.redact()
	return page
}

// string is the text of a string or number at a path, "" where there is none.
func (m *jsonMessage) string(path ...string) string { return m.root.get(path...).text() }

// add adds a string to the text that is read.
func (m *jsonMessage) add(v jsonValue) {
	text := v.view()
	for _, p := range text.pieces {
		m.text.put(text.body[p.body:p.body+p.n], p.src, p.end, p.linear)
	}
	m.said += len(text.body)
}

// say is add, in a line of its own.
func (m *jsonMessage) say(v jsonValue) {
	if v.is('"') && v.node().end-v.node().start > 2 {
		if at := v.span()[0]; m.said > 0 {
			m.text.stand("\n", at, at)
		}
		m.add(v)
	}
}

// each calls f with the elements of an array.
func (m *jsonMessage) each(v jsonValue, f func(jsonValue)) {
	if v.is('[') {
		v.all(func(e jsonValue) bool { f(e); return true })
	}
}

// follow adds a string in which identifiers are looked for: a link's address.
func (m *jsonMessage) follow(v jsonValue) {
	if text := v.view(); text.body != "" && len(m.attrs) < maxFollowed {
		m.attrs = append(m.attrs, text)
	}
}

// read is what was added so far.
func (m *jsonMessage) read() string { return m.text.view().body }

// at is a time of RFC 3339, nil where there is none.
func (m *jsonMessage) at(path ...string) *time.Time {
	t, err := time.Parse(time.RFC3339Nano, m.string(path...))
	if err != nil {
		return nil
	}
	t = t.UTC()
	return &t
}

// unix is a time in seconds since 1970, nil where there is none before the year
// 10000.
func (m *jsonMessage) unix(path ...string) *time.Time {
	n, err := strconv.ParseInt(m.string(path...), 10, 64)
	if err != nil || n <= 0 || n > 253402300799 {
		return nil
	}
	t := time.Unix(n, 0).UTC()
	return &t
}
