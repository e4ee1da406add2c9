package extract

import (
	"strings"
	"time"

	"golang.org/x/net/html"

	"tamga"
)

// maxFeedDepth bounds the elements of a feed inside each other; what is deeper is
// not read.
const maxFeedDepth = 64

// readFeed reads RSS 0.9 to 2.0, RSS 1.0 (RDF) and Atom (RFC 4287). It goes by the
// tokens of the HTML standard rather than by XML's grammar: much of what is served
// as a feed is not well-formed, and each value keeps its place in the source. No
// document type is read, so no entity of a feed's own is ever expanded.
func readFeed(s *stream) bool {
	f := feedReader{s: s}
	if root := firstElement(s.source); root != "rss" && root != "feed" && root != "rdf:rdf" && !strings.HasSuffix(root, ":feed") && !strings.HasSuffix(root, ":rss") {
		return false
	} else if strings.Contains(root, ":") && root != "rdf:rdf" && !strings.Contains(strings.ToLower(cut(s.source, 16<<10)), "xmlns") {
		return false
	}
	f.read()
	return true
}

// firstElement is the name of the first element in the head of a document.
func firstElement(source string) string {
	z := html.NewTokenizer(strings.NewReader(cut(source, 16<<10)))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return ""
		case html.StartTagToken, html.SelfClosingTagToken:
			name, _ := z.TagName()
			return string(name)
		}
	}
}

// feedField is the content of an element: a range of the source, and the type
// that an Atom text construct declares.
type feedField struct {
	start, end int
	kind       string
}

// feedItem is an item of RSS or an entry of Atom on its way.
type feedItem struct {
	start  int
	fields map[string]feedField // the first of each name
	link   string               // of Atom: rel=alternate
	about  string               // of RDF: its address
	reply  string
	names  []string // of persons
	media  []string
}

type feedReader struct {
	s    *stream
	open []string // names of the open elements
	at   []int    // where the content of each begins
	kind []string
	item *feedItem

	bases    []string          // of the open elements: xml:base, resolved
	prefixes map[string]string // see feedPrefixes
	own      string

	title, about feedField
	author       string // of what names none of its own (RFC 4287 §4.2.1)
}

func (f *feedReader) read() {
	source := f.s.source
	z := html.NewTokenizer(strings.NewReader(source))
	z.AllowCDATA(true)
	for pos := 0; !f.s.full(); {
		token := z.Next()
		start, end := pos, pos+len(z.Raw())
		pos = end
		switch token {
		case html.ErrorToken:
			f.finish()
			return
		case html.StartTagToken, html.SelfClosingTagToken:
			name, more := z.TagName()
			attrs := map[string]string{}
			for more && len(attrs) < 32 {
				var k, v []byte
				k, v, more = z.TagAttr()
				attrs[string(k)] = string(v)
			}
			z.NextIsNotRawText() // <title> and <script> are elements like others
			if f.prefixes == nil {
				f.prefixes, f.own = feedPrefixes(string(name), attrs)
				f.s.lang = attrs["xml:lang"]
			}
			tag := f.name(string(name))
			f.start(tag, attrs, start, end)
			if token == html.SelfClosingTagToken {
				f.end(tag, end, end)
			}
		case html.EndTagToken:
			name, _ := z.TagName()
			f.end(f.name(string(name)), start, end)
		}
	}
	f.finish()
}

func (f *feedReader) start(tag string, attrs map[string]string, start, end int) {
	if len(f.open) >= maxFeedDepth || void[tag] && tag != "link" { // HTML that nobody escaped
		return
	}
	f.open, f.at = append(f.open, tag), append(f.at, end)
	f.kind = append(f.kind, attrs["type"])
	f.bases = append(f.bases, f.rebased(attrs["xml:base"]))
	if !f.markup(len(f.open) - 1) {
		switch tag {
		case "item", "entry":
			f.item = &feedItem{start: start, about: attrs["rdf:about"], fields: map[string]feedField{}}
		case "link":
			if rel := attrs["rel"]; f.item != nil && f.item.link == "" && (rel == "" || rel == "alternate") {
				f.item.link = f.resolve(attrs["href"], f.base())
			}
		case "thr:in-reply-to":
			if f.item != nil {
				f.item.reply = attrs["ref"]
			}
		case "enclosure", "media:content":
			if kind, _, _ := strings.Cut(attrs["type"], "/"); f.item != nil && kind != "" && kind != "text" && len(f.item.media) < 64 {
				f.item.media = append(f.item.media, kind)
			}
		}
	}
}

// markup says whether the element at a depth stands inside XHTML content.
func (f *feedReader) markup(depth int) bool {
	for i := depth - 1; i >= 0; i-- {
		if f.kind[i] == "xhtml" {
			return true
		}
	}
	return false
}

func (f *feedReader) end(tag string, start, end int) {
	k := len(f.open) - 1
	for k >= 0 && f.open[k] != tag {
		k--
	}
	if k < 0 {
		return
	}
	field := feedField{f.at[k], start, f.kind[k]}
	parent := ""
	if k > 0 {
		parent = f.open[k-1]
	}
	inside := f.markup(k)
	base := f.base()
	f.open, f.at, f.kind, f.bases = f.open[:k], f.at[:k], f.kind[:k], f.bases[:k]
	switch {
	case inside || field.end < field.start:
	case f.item == nil:
		switch {
		case tag == "title" && (parent == "channel" || parent == "feed") && f.title.end == 0:
			f.title = field
		case (tag == "description" && parent == "channel" || tag == "subtitle" && parent == "feed") && f.about.end == 0:
			f.about = field
		case tag == "name" && parent == "author" && f.author == "":
			f.author = f.plain(field)
		case tag == "itunes:author" && parent == "channel" && f.author == "":
			f.author = f.plain(field)
		case (tag == "language" || tag == "dc:language") && parent == "channel" && f.s.lang == "":
			f.s.lang = f.plain(field)
		}
	case tag == "item" || tag == "entry":
		f.post(end, base)
	case parent == "media:group" && strings.HasPrefix(tag, "media:"):
		if _, known := f.item.fields[tag]; !known {
			f.item.fields[tag] = field
		}
	case parent == "item" || parent == "entry":
		if x, known := f.item.fields[tag]; !known || x.end <= x.start {
			f.item.fields[tag] = field
		}
	case tag == "name" && parent == "author" && len(f.item.names) < 16:
		f.item.names = append(f.item.names, f.plain(field))
	}
}

func (f *feedReader) finish() {
	f.s.title = fold(f.content(f.title, false))
	f.content(f.about, true)
	for i := range f.s.posts {
		p := &f.s.posts[i]
		if p.Channel == "" {
			p.Channel = f.s.title
		}
		if p.Channel == "" && f.s.given {
			p.Channel = f.s.base.Hostname()
		}
		if p.Author == "" {
			p.Author = f.author
		}
	}
}

// plain is the text of a field that has no markup.
func (f *feedReader) plain(x feedField) string {
	v := unescaped(f.s.source, x.start, x.end)
	return fold(v.body)
}

// content reads a field that may have markup, as the type of an Atom construct
// says and as RSS has it unsaid. Text of type xhtml is markup of the feed itself.
func (f *feedReader) content(x feedField, body bool) string {
	if x.end <= x.start {
		return ""
	}
	if x.kind == "xhtml" {
		m := walk(f.s.source[x.start:x.end])
		for _, a := range m.attrs {
			f.s.link(a.shifted(x.start))
		}
		f.s.say(m.text.shifted(x.start))
		return seenOf(f.s.source[x.start:x.end])
	}
	v := unescaped(f.s.source, x.start, x.end)
	if x.kind == "text" || !body && !strings.ContainsAny(v.body, "<&") {
		return f.s.say(v)
	}
	return f.s.markup(v)
}

// post ends the item at hand.
func (f *feedReader) post(end int, base string) {
	x := f.item
	f.item = nil
	first := func(names ...string) string {
		for _, n := range names {
			if s := f.plain(x.fields[n]); s != "" {
				return s
			}
		}
		return ""
	}
	when := func(names ...string) *time.Time { return feedTime(first(names...)) }
	p := tamga.Post{
		ID: first("guid", "id"), URL: x.link, Author: feedPerson(first("dc:creator", "author", "itunes:author")), Span: [2]int{x.start, end},
		Time: when("pubdate", "published", "dc:date", "issued", "date", "created", "dcterms:created", "dcterms:issued", "atom:published"), ReplyTo: x.reply, Media: x.media,
	}
	if len(x.names) > 0 {
		p.Author = x.names[0]
	}
	if p.URL == "" {
		p.URL = first("link", "feedburner:origlink")
	}
	if p.ID == "" {
		p.ID = x.about
	}
	if id := p.ID; p.URL == "" && (strings.HasPrefix(id, "http://") || strings.HasPrefix(id, "https://")) {
		p.URL = id
	}
	p.URL = f.resolve(p.URL, base)
	if p.ID == "" {
		p.ID = p.URL
	}
	if t := when("updated", "modified", "dcterms:modified", "atom:updated"); p.Time == nil {
		p.Time = t
	} else if t != nil && t.After(*p.Time) {
		p.Edited = t
	}
	head := x.fields["title"]
	for _, n := range []string{"dc:title", "itunes:title", "media:title"} {
		if head.end <= head.start {
			head = x.fields[n]
		}
	}
	title := f.content(head, false)
	p.Thread = fold(title)
	body := ""
	for _, n := range []string{"content:encoded", "content", "description", "summary", "itunes:summary", "media:description"} {
		if s := f.content(x.fields[n], true); body == "" { // the others are its beginning, read for findings
			body = s
		}
	}
	p.Text = joinLines(title, body)
	if p.Text == "" && p.URL == "" {
		return
	}
	redditEntry(&p)
	f.s.posts = append(f.s.posts, p)
}
