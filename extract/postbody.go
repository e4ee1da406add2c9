package extract

import (
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// bodiesOf finds the element of each block that holds the words of the post: of
// the largest elements without author and time, those that stand in the same
// place in the blocks and say the most. nil where there is none.
func bodiesOf(blocks []*block) []*html.Node {
	type candidate struct {
		node   *html.Node
		weight float64
	}
	places := map[string]map[int]candidate{}
	for i, b := range blocks {
		marks := map[*html.Node]bool{}
		for _, a := range b.authors {
			if a != b.node {
				climb(a, b.node, marks)
			}
		}
		if t := posted(b.times); t != nil {
			climb(t.node, b.node, marks)
		}
		var visit func(*html.Node, string, int)
		visit = func(n *html.Node, path string, deep int) {
			if deep > maxPath {
				return
			}
			for c := n.FirstChild; c != nil; c = c.NextSibling {
				if c.Type != html.ElementNode || skipped[c.Data] || isAside(c) || b.nested[c] {
					continue
				}
				at := path + ">" + shape(c)
				if marks[c] {
					visit(c, at, deep+1)
					continue
				}
				said, linked := wordsOf(c)
				if said == 0 {
					continue
				}
				own := ownNames(c)
				w := float64(said - linked)
				switch {
				case bodyName.MatchString(own):
					w *= 3
				case frameName.MatchString(own):
					w *= 0.1
				}
				if 2*linked > said {
					w *= 0.1
				}
				if places[at] == nil {
					places[at] = map[int]candidate{}
				}
				if _, has := places[at][i]; !has {
					places[at][i] = candidate{c, w}
				}
			}
		}
		visit(b.node, "", 0)
	}
	best, most := "", 0.0
	for at, found := range places {
		if 2*len(found) < len(blocks) {
			continue
		}
		sum := 0.0
		for _, c := range found {
			sum += c.weight
		}
		if sum > most || sum == most && at < best {
			best, most = at, sum
		}
	}
	if most < float64(4*len(blocks)) {
		return nil
	}
	out := make([]*html.Node, len(blocks))
	for i, c := range places[best] {
		out[i] = c.node
	}
	for range 8 {
		if !descend(out) {
			break
		}
	}
	return out
}

// descend goes from bodies to the parts of them that are called so and say the
// most of it: from what holds a heading, a text and a footer to the text.
func descend(bodies []*html.Node) bool {
	inner := make([]*html.Node, len(bodies))
	all, kept, found, n := 0, 0, 0, 0
	for i, b := range bodies {
		if b == nil {
			continue
		}
		said, _ := wordsOf(b)
		all += said
		n++
		for c := b.FirstChild; c != nil; c = c.NextSibling {
			if c.Type != html.ElementNode || skipped[c.Data] || isAside(c) || !bodyName.MatchString(roles(c)) {
				continue
			}
			if said, _ := wordsOf(c); said > 0 {
				inner[i] = c
				kept += said
				found++
				break
			}
		}
	}
	if n == 0 || float64(found) < 0.9*float64(n) || 2*kept < all {
		return false
	}
	copy(bodies, inner)
	return true
}

// climb marks what stands above a node up to the block.
func climb(n, root *html.Node, marks map[*html.Node]bool) {
	for ; n != nil && n != root && !marks[n]; n = n.Parent {
		marks[n] = true
	}
}

// wordsOf counts the bytes of the text of an element, asides left out, and how
// many of them are links.
func wordsOf(n *html.Node) (said, linked int) {
	var visit func(n *html.Node, link bool)
	visit = func(n *html.Node, link bool) {
		switch n.Type {
		case html.TextNode:
			k := len(strings.TrimSpace(n.Data))
			said += k
			if link {
				linked += k
			}
		case html.ElementNode:
			if skipped[n.Data] || isAside(n) {
				return
			}
			link = link || n.Data == "a"
			for c := n.FirstChild; c != nil; c = c.NextSibling {
				visit(c, link)
			}
		}
	}
	visit(n, false)
	return said, linked
}

// ownNames are the names of an element and of the only element inside it, and so
// on down.
func ownNames(n *html.Node) string {
	out := roles(n)
	for range 4 {
		var only *html.Node
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			if c.Type == html.TextNode && strings.TrimSpace(c.Data) != "" {
				return out
			}
			if c.Type == html.ElementNode {
				if only != nil {
					return out
				}
				only = c
			}
		}
		if only == nil {
			return out
		}
		n = only
		out += roles(n)
	}
	return out
}

// ownWords is the text of a post without quotes, signature, marks of editing,
// and the posts that answer it.
func ownWords(n *html.Node, nested map[*html.Node]bool) string {
	var w writer
	var visit func(*html.Node)
	visit = func(n *html.Node) {
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			if c.Type != html.ElementNode {
				continue
			}
			if isAside(c) || nested[c] {
				w.leave(c)
				continue
			}
			visit(c)
		}
	}
	visit(n)
	return w.seen(n)
}

// isAside says whether an element of a post is not what its author says there.
func isAside(n *html.Node) bool {
	return n.Data == "blockquote" && !isBodyQuote(n) || n.Data == "aside" || n.Data == "button" || n.Data == "form" || hasAttr(n, "data-excludequote") || asideName.MatchString(roles(n))
}

// bodyQuote is how vBulletin 4 and XenForo 1 name the blockquote that is the body of
// a post.
var bodyQuote = regexp.MustCompile(`(?i)(?:^|[\s_-])(?:post|message)[_-]?(?:content|text|body)`)

func isBodyQuote(n *html.Node) bool {
	if len(n.Attr) == 0 {
		return false
	}
	own := roles(n)
	return bodyQuote.MatchString(own) && !asideName.MatchString(own)
}

func hasAttr(n *html.Node, key string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == key })
}
