package extract

import (
	"iter"
	"regexp"
	"strings"
	"sync"

	"golang.org/x/net/html"

	"tamga"
)

// A page asks the same of the same again and again: its classes, targets and
// texts repeat. What is told of a text or a node is kept for the page; a pattern
// that is dear is asked only of a text with a word of it.

// maxMemo is how many answers are kept for a page, and maxAsked how long a text
// may be whose answer is kept, in bytes.
const (
	maxMemo  = 1 << 16
	maxAsked = 256
)

// memo is what is known of a page.
type memo struct {
	said    map[asked]bool
	links   map[string]linkKind
	first   map[*html.Node]headline
	typed   map[tamga.FindingType][]*tamga.Finding
	nodes   []*html.Node      // see document.elements
	parts   []part            // see document.parts
	names   map[string]string // see vendorName
	classes map[string]string // of the attributes of a tag, see pricePlace
}

// asked is a question: whether a pattern is in a text.
type asked struct {
	pattern *regexp.Regexp
	text    string
}

// says is whether a pattern is in a text.
func (m *memo) says(pattern *regexp.Regexp, text string) bool {
	if len(text) > maxAsked {
		return pattern.MatchString(text)
	}
	k := asked{pattern, text}
	v, known := m.said[k]
	if !known {
		v = pattern.MatchString(text)
		if m.said == nil {
			m.said = map[asked]bool{}
		}
		if len(m.said) < maxMemo {
			m.said[k] = v
		}
	}
	return v
}

// headline is the first line of what a person reads of a node, white space
// folded, and whether more lines follow; a line longer than maxHeadline is cut.
type headline struct {
	text string
	more bool
}

// maxHeadline is how much of a line is read, in bytes.
const maxHeadline = 1024

// headline reads a node once a page.
func (m *memo) headline(n *html.Node) headline {
	h, known := m.first[n]
	if !known {
		h = headlineOf(n)
		if m.first == nil {
			m.first = map[*html.Node]headline{}
		}
		m.first[n] = h
	}
	return h
}

func headlineOf(n *html.Node) (h headline) {
	var b strings.Builder
	done := false
	line := func() { // the line ends here
		if h.text == "" {
			h.text = fold(b.String())
			b.Reset()
		}
	}
	write := func(s string) {
		if h.text != "" {
			if strings.TrimSpace(s) != "" {
				h.more, done = true, true
			}
			return
		}
		if b.WriteString(cut(s, 4*maxHeadline)); b.Len() > maxHeadline {
			done = true
		}
	}
	var visit func(*html.Node)
	visit = func(n *html.Node) {
		switch n.Type {
		case html.TextNode:
			if n.Parent == nil || !raws[n.Parent.Data] {
				write(unbreak(cut(n.Data, 4*maxHeadline)))
				return
			}
			for i, s := range strings.Split(cut(n.Data, 4*maxHeadline), "\n") {
				if i > 0 {
					line()
				}
				write(s)
			}
		case html.ElementNode, html.DocumentNode:
			if skipped[n.Data] {
				return
			}
			block := blocks[n.Data]
			if block {
				line()
			} else if cells[n.Data] {
				write(" ")
			}
			for c := n.FirstChild; c != nil && !done; c = c.NextSibling {
				visit(c)
			}
			if block {
				line()
			} else if cells[n.Data] {
				write(" ")
			}
		}
	}
	visit(n)
	line()
	return h
}

// cueSet looks for words in one pass over a text.
type cueSet struct {
	words []string
	once  sync.Once
	a     *automaton
}

// each calls hit for each place of a word in a text in small letters.
func (c *cueSet) each(low []byte, hit func(word int)) {
	c.once.Do(func() { c.a = newAutomaton(c.words) })
	c.a.each(low, func(word, _, _ int) { hit(word) })
}

// elements are those of the page with one of the names, in order; nil: all.
func (d *document) elements(names map[string]bool) iter.Seq[*html.Node] {
	if d.memo.nodes == nil {
		var visit func(*html.Node)
		visit = func(n *html.Node) {
			for c := n.FirstChild; c != nil; c = c.NextSibling {
				if c.Type == html.ElementNode {
					d.memo.nodes = append(d.memo.nodes, c)
					visit(c)
				}
			}
		}
		visit(d.tree.Nodes[0])
	}
	return func(yield func(*html.Node) bool) {
		for _, n := range d.memo.nodes {
			if (names == nil || names[n.Data]) && !yield(n) {
				return
			}
		}
	}
}

// typed are the findings of a type by start.
func (d *document) typed(t tamga.FindingType) []*tamga.Finding {
	if d.memo.typed == nil {
		d.memo.typed = map[tamga.FindingType][]*tamga.Finding{}
		for i := range d.page.Findings {
			f := &d.page.Findings[i]
			d.memo.typed[f.Type] = append(d.memo.typed[f.Type], f)
		}
	}
	return d.memo.typed[t]
}

// within are the findings of a type inside a range of the source; not to be
// written to.
func (d *document) within(span [2]int, t tamga.FindingType) []*tamga.Finding {
	fs := d.typed(t)
	i, j := startsAt(fs, span[0]), startsAt(fs, span[1])
	fs = fs[i:max(i, j):max(i, j)]
	for k, f := range fs {
		if f.End > span[1] {
			out := append([]*tamga.Finding(nil), fs[:k]...)
			for _, f := range fs[k:] {
				if f.End <= span[1] {
					out = append(out, f)
				}
			}
			return out
		}
	}
	return fs
}

// startsAt is the index of the first finding that starts at a place or after it.
func startsAt(fs []*tamga.Finding, at int) int {
	lo, hi := 0, len(fs)
	for lo < hi {
		if m := (lo + hi) / 2; fs[m].Start < at {
			lo = m + 1
		} else {
			hi = m
		}
	}
	return lo
}

// has says whether a range of the source holds a finding of a type.
func (d *document) has(span [2]int, t tamga.FindingType) bool {
	fs := d.typed(t)
	for i := startsAt(fs, span[0]); i < len(fs) && fs[i].Start < span[1]; i++ {
		if fs[i].End <= span[1] {
			return true
		}
	}
	return false
}
