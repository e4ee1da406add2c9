package extract

import (
	"sort"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"

	"tamga"
)

// A piece is a stretch of the visible text and where it stands in the source.
// A linear piece is byte for byte the source; another (an entity, folded space)
// stands for the whole of its source range.
type piece struct {
	body, n  int // offset and length in the visible text
	src, end int // byte range in the source
	linear   bool
}

// view is text with a map back to its source.
type view struct {
	body   string
	pieces []piece
}

// plainView is a text that is its own source.
func plainView(s string) view {
	return view{s, []piece{{0, len(s), 0, len(s), true}}}
}

func (v *view) at(i int) *piece {
	k := sort.Search(len(v.pieces), func(k int) bool { return v.pieces[k].body+v.pieces[k].n > i })
	if k == len(v.pieces) {
		return nil
	}
	return &v.pieces[k]
}

// span maps a non-empty range of the visible text to the source.
func (v *view) span(start, end int) (int, int) {
	a, b := v.at(start), v.at(end-1)
	if a == nil || b == nil {
		return 0, 0
	}
	from, to := a.src, b.end
	if a.linear {
		from += start - a.body
	}
	if b.linear {
		to = b.src + (end - b.body)
	}
	return from, to
}

// text is the view in the form of the vocabulary.
func (v *view) text() tamga.Text {
	t := tamga.Text{Body: v.body, Offsets: make([]int32, len(v.body)+1)}
	last := 0
	for _, p := range v.pieces {
		for i := range p.n {
			t.Offsets[p.body+i] = int32(p.src)
			if p.linear {
				t.Offsets[p.body+i] += int32(i)
			}
		}
		last = p.end
	}
	t.Offsets[len(v.body)] = int32(last)
	return t
}

// A tag is a start tag of the source with the range of its element, as a simple
// stack of open elements sees it.
type tag struct {
	name       string
	start, end int // the element, tags included
	open       int // end of the start tag
}

// markup is a page walked once by the tokenizer.
type markup struct {
	source string
	text   view
	attrs  []view // attribute values that people follow or copy
	tags   []tag
	title  string
	lang   string
	depth  int // deepest nesting
}

// Elements by what they do to the text.
var (
	skipped = set("script style iframe noframes noembed template canvas svg math")
	blocks  = set("address article aside blockquote body br button center dd details dialog dir div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr html legend li main menu nav ol option p pre section summary table tbody textarea tfoot thead tr ul")
	cells   = set("td th")
	void    = set("area base br col embed hr img input link meta param source track wbr")
	raws    = set("pre textarea")
	// closes names the open elements that a start tag ends.
	closes = map[string]map[string]bool{
		"li": set("li"), "dt": set("dt dd"), "dd": set("dt dd"), "option": set("option"),
		"tr": set("tr td th"), "td": set("td th"), "th": set("td th"),
		"p": set("p"), "div": set("p"), "ul": set("p"), "ol": set("p"), "table": set("p"), "h1": set("p"), "h2": set("p"), "h3": set("p"),
	}
	barriers = set("ul ol dl table select body html")
)

func set(names string) map[string]bool {
	m := map[string]bool{}
	for _, n := range strings.Fields(names) {
		m[n] = true
	}
	return m
}

// walker builds a markup.
type walker struct {
	m     *markup
	body  strings.Builder
	open  []int // indices into m.tags
	count map[string]int
	sep   byte // pending separator
	sepAt int
	skip  int // depth of skipped elements
	raw   int // depth of elements that keep their line breaks

	inTitle bool
	seam    byte // of tags since the last text: e an end tag, s a start tag after it
}

// walk reads source by its tokens; it cannot fail.
func walk(source string) *markup {
	w := &walker{m: &markup{source: source}, count: map[string]int{}}
	w.body.Grow(len(source) / 4)
	z := html.NewTokenizer(strings.NewReader(source))
	pos := 0
	for {
		kind := z.Next()
		start, end := pos, pos+len(z.Raw())
		pos = end
		switch kind {
		case html.ErrorToken:
			w.finish(len(source))
			return w.m
		case html.TextToken:
			if w.inTitle && w.m.title == "" {
				w.m.title = fold(html.UnescapeString(source[start:end]))
			}
			if w.skip == 0 && !w.inTitle {
				w.words(start, end)
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			name, more := z.TagName()
			tagName := string(name)
			if tagName == "noscript" {
				z.NextIsNotRawText()
			}
			if w.start(tagName, start, end); w.seam == 'e' {
				w.seam = 's'
			}
			w.attributes(z, more, tagName, start, end)
		case html.EndTagToken:
			name, _ := z.TagName()
			w.end(string(name), start, end)
			w.seam = 'e'
		}
	}
}

func (w *walker) finish(n int) {
	for _, i := range w.open {
		w.m.tags[i].end = n
	}
	w.m.text.body = w.body.String()
}

func (w *walker) separate(b byte, at int) {
	if w.sep != '\n' || b == '\n' {
		if w.sep == 0 || b == '\n' || (b == '\t' && w.sep == ' ') {
			if w.sep == 0 {
				w.sepAt = at
			}
			w.sep = b
		}
	}
}

func (w *walker) start(name string, start, end int) {
	if c := closes[name]; c != nil {
		for k := len(w.open) - 1; k >= 0 && k >= len(w.open)-16; k-- {
			t := w.m.tags[w.open[k]].name
			if c[t] {
				w.pop(k, start)
				k = len(w.open)
				continue
			}
			if barriers[t] {
				break
			}
		}
	}
	if name == "body" {
		w.end("head", start, start) // whatever it left open
	}
	w.m.tags = append(w.m.tags, tag{name: name, start: start, end: end, open: end})
	w.boundary(name, start)
	if void[name] {
		return
	}
	w.open = append(w.open, len(w.m.tags)-1)
	w.m.depth = max(w.m.depth, len(w.open))
	w.count[name]++
	w.enter(name, 1)
}

func (w *walker) boundary(name string, at int) {
	if blocks[name] {
		w.separate('\n', at)
	} else if cells[name] {
		w.separate('\t', at)
	}
}

func (w *walker) enter(name string, d int) {
	switch {
	case name == "title" && w.count["svg"] == 0:
		w.inTitle = d > 0
	case skipped[name]:
		w.skip = max(0, w.skip+d)
	case raws[name]:
		w.raw = max(0, w.raw+d)
	}
}

// pop ends the open elements from k up at byte at.
func (w *walker) pop(k, at int) {
	for j := len(w.open) - 1; j >= k; j-- {
		t := &w.m.tags[w.open[j]]
		t.end = at
		w.count[t.name]--
		w.open = w.open[:j]
		w.enter(t.name, -1)
	}
}

func (w *walker) end(name string, start, end int) {
	w.boundary(name, start)
	if w.count[name] == 0 {
		return
	}
	for k := len(w.open) - 1; k >= 0; k-- {
		if w.m.tags[w.open[k]].name == name {
			i := w.open[k]
			w.pop(k, start)
			w.m.tags[i].end = end
			return
		}
	}
}

// put adds a piece, merging it with the one before where both are linear.
func (w *walker) put(s string, src, end int, linear bool) {
	if s == "" {
		return
	}
	if w.seam == 's' && w.sep == 0 && w.numbers(s) {
		w.separate(' ', src)
	}
	w.seam = 0
	if w.sep != 0 {
		sep, at := w.sep, w.sepAt
		w.sep = 0
		if w.body.Len() > 0 { // white space that stands as it is read needs no piece of its own: most of a page is words
			w.put(string(sep), at, max(at, min(at+1, src)), at+1 == src && w.m.source[at] == sep)
		}
	}
	ps := w.m.text.pieces
	if n := len(ps); linear && n > 0 && ps[n-1].linear && ps[n-1].end == src {
		ps[n-1].n += len(s)
		ps[n-1].end = end
	} else {
		w.m.text.pieces = append(ps, piece{w.body.Len(), len(s), src, end, linear})
	}
	w.body.WriteString(s)
}

// numbers says whether the text so far ends in a number and s begins with
// another: cells of a grid without space between them. A number in one piece has
// no element that ends and another that begins inside it, save for its cents.
func (w *walker) numbers(s string) bool {
	if s == "" || !isDigit(s[0]) {
		return false
	}
	body := w.body.String()
	i := len(body)
	for i > 0 && len(body)-i < 16 && (isDigit(body[i-1]) || body[i-1] == '.' || body[i-1] == ',') {
		i--
	}
	left := body[i:]
	if left == "" || !isDigit(left[len(left)-1]) || i > 0 && isAlnum(body[i-1]) || !strings.ContainsAny(left, ".,") {
		return false
	}
	n := 0
	for n < len(s) && n < 16 && (isDigit(s[n]) || s[n] == '.' || s[n] == ',') {
		n++
	}
	return n == len(s) || !isAlnum(s[n])
}

// words adds the text of source[start:end].
func (w *walker) words(start, end int) {
	src := w.m.source
	from := start
	flush := func(to int) {
		if from < to {
			w.put(src[from:to], from, to, true)
		}
	}
	for i := start; i < end; {
		switch c := src[i]; {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f':
			flush(i)
			sep := byte(' ')
			if c == '\n' && w.raw > 0 {
				sep = '\n'
			}
			w.separate(sep, i)
			i++
			from = i
		case c == '&':
			if s, n := entity(src[i:end]); n > 0 {
				flush(i)
				if s == " " || s == "\n" || s == "\t" {
					w.separate(s[0], i)
				} else {
					w.put(s, i, i+n, false)
				}
				i += n
				from = i
				continue
			}
			i++
		default:
			i++
		}
	}
	flush(end)
}

// entity decodes the character reference that s starts with; n is its length,
// 0 where there is none.
func entity(s string) (text string, n int) {
	k := 1
	for k < len(s) && k < 34 && (s[k] == '#' || isAlnum(s[k])) {
		k++
	}
	if k < len(s) && s[k] == ';' {
		k++
	}
	if k < 3 {
		return "", 0
	}
	text = html.UnescapeString(s[:k])
	if text == s[:k] || !utf8.ValidString(text) {
		return "", 0
	}
	return text, k
}

func isAlnum(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// attributes keeps the values that hold identifiers: link targets and the
// contents of form fields.
func (w *walker) attributes(z *html.Tokenizer, more bool, name string, start, end int) {
	for more {
		var k, val []byte
		k, val, more = z.TagAttr()
		key := string(k)
		switch {
		case key == "lang" && name == "html":
			w.m.lang = string(val)
		case key == "href" && name == "a", key == "value" && name == "input":
			if len(val) < 8 || w.skip > 0 {
				continue
			}
			// The value in the source, where it is written without references.
			if i := strings.Index(w.m.source[start:end], string(val)); i >= 0 {
				at := start + i
				w.m.attrs = append(w.m.attrs, view{string(val), []piece{{0, len(val), at, at + len(val), true}}})
			}
		}
	}
}

// fold trims s and makes each run of white space one space.
func fold(s string) string { return strings.Join(strings.Fields(s), " ") }
