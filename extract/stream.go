package extract

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"tamga"
)

// maxPosts bounds the posts that are read of one body; the rest is not read.
const maxPosts = 10_000

// A stream is what a body that is no page of a site holds: the answer of an API,
// or a feed. Its texts are read for findings each on its own: what one post says
// is no company for a word of the next.
type stream struct {
	source string
	base   *url.URL
	given  bool // the URL is known

	kind  tamga.PageKind
	title string
	lang  string
	posts []tamga.Post
	texts []view
	attrs []view // link targets, read for identifiers

	numbers []string // of posts whose answers name them by another number than their id
}

// streamReaders are the readers of such bodies by name, which is also the name
// they are forced by, as a profile is. Each says whether the body is of its kind.
var streamReaders = []struct {
	name string
	read func(*stream, jsonValue) bool
}{
	{"mastodon", readMastodon},
	{"bluesky", readBluesky},
	{"reddit", readReddit},
	{"activitypub", readActivityPub},
	{"vk", readVK},
	{"discourse", readDiscourse},
	{"feed", readJSONFeed},
}

// streamVersion is the version of those readers.
const streamVersion = 1

func streamName(name string) bool {
	for _, s := range streamReaders {
		if s.name == name {
			return true
		}
	}
	return false
}

// stream reads a body that is a stream; nil where it is none. name is of the one
// reader that is asked, or empty. What a body is, its form says: without profiles
// it is read all the same, and belongs to no market then.
func (r *Reader) stream(in Input, source string) *tamga.Page {
	if in.Profile == NoProfile {
		in.Profile = ""
		page := r.stream(in, source)
		if page != nil {
			page.Market = ""
		}
		return page
	}
	body := strings.TrimLeft(source, " \t\r\n\ufeff")
	if body == "" {
		return nil
	}
	base, err := url.Parse(in.URL)
	if err != nil {
		base = &url.URL{}
	}
	s := &stream{source: source, base: base, given: in.URL != "", kind: tamga.PageChannel}
	switch body[0] {
	case '{', '[':
		root, err := parseJSON(source)
		if err != nil {
			r.log.Debug("JSON read in part", "url", in.URL, "error", err)
		}
		for _, x := range streamReaders {
			if (in.Profile == "" || in.Profile == x.name) && x.read(s, root) {
				return r.streamPage(s, x.name)
			}
		}
	case '<':
		if (in.Profile == "" || in.Profile == "feed") && readFeed(s) {
			return r.streamPage(s, "feed")
		}
	}
	return nil
}

// streamPage is the page of a stream.
func (r *Reader) streamPage(s *stream, name string) *tamga.Page {
	byStart := func(a, b view) int { return a.pieces[0].src - b.pieces[0].src }
	slices.SortStableFunc(s.texts, byStart)
	var all viewBuilder
	for _, v := range s.texts {
		if n := len(all.pieces); n > 0 {
			last := all.pieces[n-1].end
			if v.pieces[0].src < last {
				continue // read already
			}
			all.stand("\n\n", last, last)
		}
		for _, p := range v.pieces {
			all.put(v.body[p.body:p.body+p.n], p.src, p.end, p.linear)
		}
	}
	joined := all.view()
	page := &tamga.Page{
		Kind: s.kind, Title: s.title, Source: s.source, Text: joined.text(), Posts: s.posts,
		Market: name, Reader: fmt.Sprintf("%s@%d", name, streamVersion), Language: pageLanguage(s.lang, joined.body),
	}
	last := -1
	for i := range s.texts {
		v := &s.texts[i]
		if v.pieces[0].src <= last {
			continue
		}
		last = v.pieces[0].src
		page.Findings = append(page.Findings, r.place(v, s.source, r.recognise(v))...)
	}
	for i := range s.attrs {
		v := &s.attrs[i]
		found := slices.DeleteFunc(r.recognise(v), func(f tamga.Finding) bool { return !identifies(f.Type) })
		page.Findings = append(page.Findings, r.place(v, s.source, found)...)
	}
	page.Findings = sortFindings(page.Findings)
	d := &document{reader: r, page: page}
	d.redact()
	return page
}

// full says that no more posts are taken.
func (s *stream) full() bool { return len(s.posts) >= maxPosts }

// say takes a plain text: it is read for findings, and returned as a person reads
// it.
func (s *stream) say(v view) string {
	if strings.TrimSpace(v.body) == "" {
		return ""
	}
	s.texts = append(s.texts, v)
	return strings.TrimSpace(v.body)
}

// markup takes a text of HTML that stands in outer.
func (s *stream) markup(outer view) string {
	if strings.TrimSpace(outer.body) == "" {
		return ""
	}
	m := walk(outer.body)
	for i := range m.attrs {
		s.link(m.attrs[i].within(&outer))
	}
	s.say(m.text.within(&outer))
	return seenOf(outer.body)
}

// link takes the target of a link, which is read for identifiers.
func (s *stream) link(v view) {
	if len(v.body) >= 8 && len(v.pieces) > 0 {
		s.attrs = append(s.attrs, v)
	}
}

// joinLines joins what is not empty, none twice in a row.
func joinLines(parts ...string) string {
	var out []string
	for _, p := range parts {
		if p != "" && (len(out) == 0 || out[len(out)-1] != p) {
			out = append(out, p)
		}
	}
	return strings.Join(out, "\n")
}

// absolute resolves a reference of the body; one that cannot be is left.
func (s *stream) absolute(ref string) string {
	if ref == "" || !s.given {
		return ref
	}
	u, err := s.base.Parse(strings.TrimSpace(ref))
	if err != nil {
		return ref
	}
	return u.String()
}

// isoTime is a time of RFC 3339, or one like it; nil where it is none.
func isoTime(s string) *time.Time {
	if len(s) < len("2006-01-02") {
		return nil
	}
	return sane(moment(s, time.Time{}))
}

// epoch is a time in seconds since 1970, fractions left out; nil for 0 and for
// what no post can have.
func epoch(seconds float64) *time.Time {
	if seconds < 1 || seconds > 1e11 {
		return nil
	}
	t := time.Unix(int64(seconds), 0).UTC()
	return sane(&t)
}

// sane is t where it is between 1970 and 9999: RFC 3339 has years of four digits.
func sane(t *time.Time) *time.Time {
	if t == nil || t.Year() < 1970 || t.Year() > 9999 {
		return nil
	}
	return t
}
