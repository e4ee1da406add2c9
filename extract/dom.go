package extract

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/PuerkitoBio/goquery"
	"golang.org/x/net/html"
)

// maxTree is the size of the largest page that is parsed as a tree, in bytes;
// a larger one is read as text alone.
const maxTree = 16 << 20

// mark is the attribute that carries the number of a start tag through the
// parser, which keeps no positions of its own.
const mark = "tamga-n"

// tree is a page as HTML5 sees it, with the source range of every element.
type tree struct {
	*goquery.Document
	spans map[*html.Node][2]int
}

// parse builds the tree of a walked page. It fails on a page that is too large
// or nested deeper than the parser allows.
func (m *markup) parse() (*tree, error) {
	if len(m.source) > maxTree {
		return nil, fmt.Errorf("page of %d bytes: larger than %d", len(m.source), maxTree)
	}
	var b strings.Builder
	b.Grow(len(m.source) + 16*len(m.tags))
	at := 0
	for i, t := range m.tags {
		// The name as written: the tokenizer's may be longer, with U+FFFD for NUL.
		name := t.start + 1
		for name < len(m.source) && strings.IndexByte(" \t\n\r\f/>", m.source[name]) < 0 {
			name++
		}
		b.WriteString(m.source[at:name])
		b.WriteString(" " + mark + "=" + strconv.Itoa(i) + " ")
		at = name
	}
	b.WriteString(m.source[at:])
	root, err := html.ParseWithOptions(strings.NewReader(b.String()), html.ParseOptionEnableScripting(false))
	if err != nil {
		return nil, fmt.Errorf("parse page: %w", err)
	}
	t := &tree{goquery.NewDocumentFromNode(root), make(map[*html.Node][2]int, len(m.tags))}
	t.place(root, m.tags)
	return t, nil
}

// place takes the marks off again and returns the range of n. An element that
// the parser made up has the range of its children.
func (t *tree) place(n *html.Node, tags []tag) (span [2]int, ok bool) {
	if n.Type == html.ElementNode {
		for i, a := range n.Attr {
			if a.Key != mark {
				continue
			}
			if k, err := strconv.Atoi(a.Val); err == nil && k >= 0 && k < len(tags) && tags[k].name == strings.ToLower(n.Data) {
				span, ok = [2]int{tags[k].start, tags[k].end}, true
			}
			n.Attr = append(n.Attr[:i:i], n.Attr[i+1:]...)
			break
		}
	}
	own := ok
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if s, has := t.place(c, tags); has && !own {
			if !ok {
				span, ok = s, true
			}
			span[0], span[1] = min(span[0], s[0]), max(span[1], s[1])
		}
	}
	if ok {
		t.spans[n] = span
	}
	return span, ok
}

// span is the source range of the first element of a selection.
func (t *tree) span(s *goquery.Selection) [2]int {
	if s.Length() == 0 {
		return [2]int{}
	}
	return t.spans[s.Nodes[0]]
}

// text is what a person reads of nodes: lines where the page breaks them.
func text(nodes ...*html.Node) string {
	var w writer
	return w.text(nodes...)
}

// writer writes what a person reads of nodes.
type writer struct {
	b     strings.Builder
	left  map[*html.Node]bool // elements that are left out
	dated bool                // an element is read as its datetime or title attribute
}

func (w *writer) leave(n *html.Node) {
	if w.left == nil {
		w.left = map[*html.Node]bool{}
	}
	w.left[n] = true
}

func (w *writer) text(nodes ...*html.Node) string {
	for _, n := range nodes {
		w.write(n)
		w.b.WriteByte('\n')
	}
	lines := strings.Split(w.b.String(), "\n")
	out := lines[:0]
	for _, l := range lines {
		if l = strings.TrimSpace(l); l != "" {
			out = append(out, l)
		}
	}
	return strings.Join(out, "\n")
}

func (w *writer) write(n *html.Node) {
	switch n.Type {
	case html.TextNode:
		if n.Parent != nil && raws[n.Parent.Data] {
			w.b.WriteString(n.Data)
			return
		}
		w.b.WriteString(unbreak(n.Data))
	case html.ElementNode, html.DocumentNode:
		if skipped[n.Data] || w.left[n] {
			return
		}
		if w.dated {
			if s := dateOf(n); s != "" {
				w.b.WriteString(s)
				return
			}
		}
		edge := ""
		if blocks[n.Data] {
			edge = "\n"
		} else if cells[n.Data] {
			edge = " "
		}
		w.b.WriteString(edge)
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			w.write(c)
		}
		w.b.WriteString(edge)
	}
}

// dateOf is the time that an element carries for machines, or in full where its
// text says "Today".
func dateOf(n *html.Node) string {
	title := ""
	for _, a := range n.Attr {
		switch a.Key {
		case "datetime":
			return a.Val
		case "title":
			title = a.Val
		}
	}
	if n.Data == "span" || n.Data == "abbr" || n.Data == "time" {
		return title
	}
	return ""
}

// unbreak makes each run of white space that holds a line break one space, and
// leaves other runs as they are written.
func unbreak(s string) string {
	if !strings.ContainsAny(s, "\n\r") {
		return s
	}
	var b strings.Builder
	for s != "" {
		i := strings.IndexAny(s, " \t\n\r\f")
		if i < 0 {
			b.WriteString(s)
			break
		}
		j := i
		for j < len(s) && strings.IndexByte(" \t\n\r\f", s[j]) >= 0 {
			j++
		}
		b.WriteString(s[:i])
		if strings.ContainsAny(s[i:j], "\n\r") {
			b.WriteByte(' ')
		} else {
			b.WriteString(s[i:j])
		}
		s = s[j:]
	}
	return b.String()
}

// line is a text on one line, otherwise as written.
func line(s string) string { return strings.ReplaceAll(strings.TrimSpace(s), "\n", " ") }
