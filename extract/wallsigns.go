package extract

import (
	"regexp"
	"strings"

	"golang.org/x/net/html"
)

// maxSigns is how much of a page's own text, and of the names of its elements,
// is kept in bytes: a wall says less.
const maxSigns = 6000

// wallSigns is what a page says and asks for outside of its frame.
type wallSigns struct {
	passwords, texts, areas, selects, ticks, uploads int // fields to fill in
	boxes                                            int // of the texts, those for a single character
	framed                                           int // passwords that the frame asks for
	pictures, clickable, forms                       int
	links                                            int
	refresh, scripted                                bool // the page loads itself again; a script does
	pgp                                              bool // an encrypted message stands in it

	title  string
	heads  []string // title, headings and what is marked as one
	prose  string   // text that is no link, with labels and captions of fields; of a PGP block its first line
	names  string   // of the elements
	length int      // of the text that is no link, in bytes
}

var (
	searchName  = regexp.MustCompile(`(?i)^(?:q|s|query|search\w*|keywords?|find|term|поиск)$`)
	headClass   = regexp.MustCompile(`(?i:(?:^|[\s_-])(?:title|heading|headline|errors?|alert|message|code|notice|status)(?:[\s_-]|$))|[a-z](?:Title|Heading|Headline|Error|Alert)(?:[\s_-]|$)`)
	wallScripts = []string{"document.cookie", "location.reload", "location.href", "location.replace", "crypto.subtle", "sha256", "_cf_chl", "slowaes", "new worker("}
)

// signWriter collects the signs of walls in one walk over the tree.
type signWriter struct {
	d    *document
	w    *wallSigns
	text strings.Builder
	mark strings.Builder
	big  int // bytes of text that are no link
	seen int // elements named as headings that were looked into
}

func (d *document) wallSigns() *wallSigns {
	w := &wallSigns{title: d.markup.title, heads: []string{d.markup.title}}
	if d.tree == nil {
		w.prose = cut(d.markup.text.body, maxSigns)
		w.length = len(d.markup.text.body)
		return w
	}
	if d.zones.frame == nil && d.zones.reviews == nil {
		d.findZones()
	}
	s := signWriter{d: d, w: w}
	s.visit(d.tree.Nodes[0], false, false)
	w.prose, w.names, w.length = sealed(s.text.String(), w), s.mark.String(), s.big
	return w
}

// sealed is a text without the bodies of its PGP blocks.
func sealed(s string, w *wallSigns) string {
	i := strings.Index(s, "-----BEGIN PGP")
	if i < 0 {
		return s
	}
	w.pgp = strings.HasPrefix(s[i:], "-----BEGIN PGP MESSAGE")
	rest := ""
	if j := strings.Index(s[i:], "-----END PGP"); j >= 0 {
		rest = s[i+j:]
		if k := strings.IndexByte(rest, '\n'); k >= 0 {
			rest = rest[k:]
		}
	}
	return s[:i] + rest
}

func (s *signWriter) say(text string) {
	if text = strings.TrimSpace(text); text == "" {
		return
	}
	if s.text.Len() < maxSigns {
		s.text.WriteString(cut(text, maxSigns))
		s.text.WriteByte(' ')
	}
}

func (s *signWriter) visit(n *html.Node, framed, link bool) {
	switch n.Type {
	case html.TextNode:
		if !framed && !link {
			s.big += len(strings.TrimSpace(n.Data))
			s.say(n.Data)
		}
		return
	case html.ElementNode:
		if span, ok := s.d.tree.spans[n]; ok && !framed && n.Data != "html" && n.Data != "body" && n.Data != "form" {
			framed = in(s.d.zones.frame, span[0])
		}
		if !s.element(n, framed) {
			return
		}
		link = link || n.Data == "a" && attr(n, "href") != ""
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		s.visit(c, framed, link)
	}
	if n.Type == html.ElementNode && blocks[n.Data] && !framed && s.text.Len() > 0 && s.text.Len() < maxSigns {
		s.text.WriteByte('\n')
	}
}

// element takes the signs of an element, and says whether to look inside.
func (s *signWriter) element(n *html.Node, framed bool) bool {
	w := s.w
	switch n.Data {
	case "script":
		s.script(n)
		return false
	case "style", "template", "title", "noframes":
		return false
	case "meta":
		w.refresh = w.refresh || strings.EqualFold(attr(n, "http-equiv"), "refresh")
		return false
	case "input", "textarea", "select":
		s.field(n, framed)
		return n.Data == "textarea" && attrGiven(n, "readonly")
	}
	if framed {
		return true
	}
	switch n.Data {
	case "form":
		w.forms++
		s.name(n)
	case "a":
		if attr(n, "href") != "" {
			w.links++
		}
	case "img", "canvas", "svg", "picture", "object", "embed":
		w.pictures++
		s.name(n)
		s.say(attr(n, "alt"))
		return false
	case "div", "span", "iframe", "label", "button", "table", "section", "p":
		s.name(n)
	}
	if s.seen < maxHeads && (wallHeads[n.Data] || len(attr(n, "class")) > 3 && s.d.memo.says(headClass, attr(n, "class"))) {
		s.seen++
		if written(n, 200) <= 200 {
			w.heads = append(w.heads, fold(text(n)))
		}
	}
	return true
}

// maxHeads is how many headings are read.
const maxHeads = 16

var wallHeads = set("h1 h2 h3 h4 h5 h6 legend caption")

// attrGiven says whether an element has an attribute, whatever its value.
func attrGiven(n *html.Node, key string) bool {
	for _, a := range n.Attr {
		if a.Key == key {
			return true
		}
	}
	return false
}

func (s *signWriter) name(n *html.Node) {
	if s.mark.Len() > maxSigns {
		return
	}
	for _, a := range n.Attr {
		switch a.Key {
		case "class", "id", "name", "action", "src":
			if !strings.HasPrefix(a.Val, "data:") {
				s.mark.WriteString(cut(a.Val, 120))
			}
			s.mark.WriteByte(' ')
		}
	}
}

// field counts a field of a form. A search and a newsletter are no questions.
func (s *signWriter) field(n *html.Node, framed bool) {
	w, kind := s.w, strings.ToLower(attr(n, "type"))
	if framed {
		if kind == "password" {
			w.framed++
		}
		return
	}
	if kind != "hidden" || strings.Contains(strings.ToLower(attr(n, "name")), "captcha") {
		s.name(n)
	}
	s.say(attr(n, "placeholder"))
	if n.Data == "textarea" {
		if !attrGiven(n, "readonly") && !attrGiven(n, "disabled") {
			w.areas++
		}
		return
	}
	if n.Data == "select" {
		w.selects++
		return
	}
	switch kind {
	case "password":
		w.passwords++
	case "hidden", "search", "reset", "range", "color":
	case "submit", "button":
		s.say(attr(n, "value"))
	case "image":
		w.clickable++
	case "radio", "checkbox":
		w.ticks++
	case "file":
		w.uploads++
	default:
		if attrGiven(n, "readonly") || attrGiven(n, "disabled") || searchName.MatchString(attr(n, "name")) {
			return
		}
		w.texts++
		if attr(n, "maxlength") == "1" {
			w.boxes++
		}
	}
}

// script looks at where a script comes from and, of one in the page, for the
// tools of a challenge.
func (s *signWriter) script(n *html.Node) {
	if src := attr(n, "src"); src != "" {
		if s.mark.Len() < maxSigns {
			s.mark.WriteString(cut(src, 200) + " ")
		}
		return
	}
	if n.FirstChild == nil || s.w.scripted {
		return
	}
	code, hits := strings.ToLower(cut(n.FirstChild.Data, 1<<16)), 0
	for _, w := range wallScripts {
		if strings.Contains(code, w) {
			hits++
		}
	}
	s.w.scripted = hits >= 2
}
