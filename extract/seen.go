package extract

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
)

// seenText writes the words of a post as a person sees them, after the rules of
// innerText (HTML Standard §3.2.7): white space collapses outside of pre, a block
// stands on lines of its own, a paragraph has an empty line around it, and what
// the author broke with br stays broken. An image that stands for a character is
// that character.
type seenText struct {
	b     strings.Builder
	lines int // line breaks of br that wait for a word
	need  int // line breaks that blocks ask for
	space bool
	raw   int // open elements that keep their white space
}

// maxAlt is the longest text, in bytes, that stands for an image within words.
const maxAlt = 40

// seenOf is what a person sees of some HTML.
func seenOf(source string) string {
	if !strings.ContainsAny(source, "<&") {
		return strings.TrimSpace(source)
	}
	p, skip := &seenText{}, 0
	z := html.NewTokenizer(strings.NewReader(source))
	for {
		kind := z.Next()
		switch kind {
		case html.ErrorToken:
			return p.text()
		case html.TextToken:
			if skip == 0 {
				p.words(string(z.Text()))
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			tag, more := z.TagName()
			name := string(tag)
			if unseen(name) && kind == html.StartTagToken {
				skip++
			}
			if skip > 0 {
				continue
			}
			if name == "img" {
				var alt, class string
				for n := 0; more && n < 32; n++ {
					var k, v []byte
					switch k, v, more = z.TagAttr(); string(k) {
					case "alt":
						alt = string(v)
					case "class":
						class = string(v)
					}
				}
				p.image(alt, class)
			}
			p.edge(name)
			if raws[name] && kind == html.StartTagToken {
				p.raw++
			}
		case html.EndTagToken:
			tag, _ := z.TagName()
			name := string(tag)
			switch {
			case unseen(name):
				skip = max(0, skip-1)
			case skip > 0:
			default:
				if raws[name] {
					p.raw = max(0, p.raw-1)
				}
				if name != "br" {
					p.edge(name)
				}
			}
		}
	}
}

// seen is what a person sees of nodes, without those that are left out.
func (w *writer) seen(nodes ...*html.Node) string {
	p := &seenText{}
	for _, n := range nodes {
		p.node(n, w.left)
		p.need = max(p.need, 1)
	}
	return p.text()
}

func (p *seenText) node(n *html.Node, left map[*html.Node]bool) {
	switch n.Type {
	case html.TextNode:
		p.words(n.Data)
	case html.ElementNode, html.DocumentNode:
		if unseen(n.Data) || left[n] {
			return
		}
		if n.Data == "img" {
			p.image(attr(n, "alt"), attr(n, "class"))
		}
		p.edge(n.Data)
		if raws[n.Data] {
			p.raw++
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			p.node(c, left)
		}
		if raws[n.Data] {
			p.raw--
		}
		if n.Data != "br" {
			p.edge(n.Data)
		}
	}
}

// unseen says whether what stands in an element is not shown among the words.
func unseen(name string) bool { return name == "title" || skipped[name] }

// edge is where an element begins or ends.
func (p *seenText) edge(name string) {
	switch {
	case name == "br":
		p.lines = max(p.lines, p.need) + 1
	case name == "p":
		p.need = max(p.need, 2)
	case blocks[name]:
		p.need = max(p.need, 1)
	case cells[name]:
		p.space = true
	}
}

// image takes the text of an image that stands for a character: an emoji, or a
// smiley as it was typed.
func (p *seenText) image(alt, class string) {
	if alt == "" || len(alt) > maxAlt {
		return
	}
	r, _ := utf8.DecodeRuneInString(alt)
	smiley := strings.Contains(class, "emoji") || strings.Contains(class, "smil")
	if r >= 0x203c && !isLetterRune(r) || smiley && strings.IndexByte(":;=8", alt[0]) >= 0 {
		p.words(alt)
	}
}

// isLetterRune says whether a rune beyond the punctuation of Unicode is of a
// script: only pictures stand for themselves.
func isLetterRune(r rune) bool { return r >= 0x2c00 && r < 0x1f000 }

func (p *seenText) words(s string) {
	for s != "" {
		i := strings.IndexAny(s, " \t\n\r\f")
		if i != 0 {
			if i < 0 {
				i = len(s)
			}
			p.flush()
			p.b.WriteString(s[:i])
			s = s[i:]
			continue
		}
		if p.raw > 0 && (p.b.Len() > 0 || p.lines > 0) || p.raw > 0 && s[0] != '\n' && s[0] != '\r' {
			if s[0] == '\n' {
				p.space = false
				p.lines = max(p.lines, p.need) + 1
			} else if s[0] != '\r' {
				p.flush()
				p.b.WriteByte(s[0])
			}
		} else {
			p.space = true
		}
		s = s[1:]
	}
}

// flush writes the white space that waits before a word.
func (p *seenText) flush() {
	if n := max(p.lines, p.need); n > 0 {
		if p.b.Len() > 0 {
			for range n {
				p.b.WriteByte('\n')
			}
		}
	} else if p.space && p.b.Len() > 0 {
		p.b.WriteByte(' ')
	}
	p.lines, p.need, p.space = 0, 0, false
}

func (p *seenText) text() string { return strings.TrimSpace(p.b.String()) }
