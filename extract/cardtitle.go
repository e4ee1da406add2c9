package extract

import (
	"net/url"
	"regexp"
	"strings"

	"golang.org/x/net/html"

	"tamga"
)

// categoryLink is a target that leads to a shelf, not to an offer.
var categoryLink = regexp.MustCompile(`(?i)(?:/|[?&])(?:cat|category|categories|subcategory|section|catalog|tag|c|sc|cid|csid|ssid|country|kategori\w*)s?(?:[/=]|$)|/product-category/|[?&]ships?_?(?:from|to)=|viewforum|board[=,]`)

// A role is a kind of link that the cards of a list share: where it stands in
// the card and what its target looks like.
type role struct {
	cards    int // that have it
	length   int // of the texts, each at most 100 bytes
	targets  map[string]bool
	texts    map[string]bool
	pictured int // cards whose picture or button has the same target
	headed   int
	kind     linkKind
	shelf    bool
}

// cardTitles names the offer of each card. Not a card by itself but the list
// decides which of its links does: the one that each card has, with a target and
// a text of its own, that the picture or the button of the card repeats. Where
// no link does, it is the heading of the card.
func (d *document) cardTitles(nodes []*html.Node) []*html.Node {
	roles := map[string]*role{}
	type candidate struct {
		node         *html.Node
		target, role string
	}
	all := make([][]candidate, len(nodes))
	shared := map[string]int{}
	for i, n := range nodes {
		as := links(n)
		repeated := map[string]int{}
		seen := map[string]bool{}
		for _, a := range as {
			h := attr(a, "href")
			repeated[h]++
			if !seen[h] {
				seen[h] = true
				shared[h]++
			}
		}
		had := map[string]bool{}
		for _, a := range as {
			h := attr(a, "href")
			kind := d.linkKind(h)
			named := d.caption(a)
			t := d.memo.headline(named).text
			if kind.deal && !kind.order || len(t) < 3 || len(t) > 500 || d.plainHeading(t) || len(t) <= maxAction && d.memo.says(actionText, t) {
				continue
			}
			key := trail(a, n) + " " + targetShape(h)
			all[i] = append(all[i], candidate{named, h, key})
			r := roles[key]
			if r == nil {
				r = &role{targets: map[string]bool{}, texts: map[string]bool{}, kind: kind, shelf: kind.shelf}
				roles[key] = r
			}
			r.targets[h], r.texts[t] = true, true
			if had[key] {
				continue
			}
			had[key] = true
			r.cards++
			r.length += min(len(t), 100)
			if repeated[h] > 1 {
				r.pictured++
			}
			if heading(a) {
				r.headed++
			}
		}
	}
	out, found := make([]*html.Node, len(nodes)), 0
	for i := range nodes {
		top := 0.0
		for _, c := range all[i] {
			if shared[c.target] > 1 && shared[c.target]*2 > len(nodes) {
				continue
			}
			if s := roles[c.role].score(len(nodes)) + float64(len(d.memo.headline(c.node).text))/1000; s > top {
				out[i], top = c.node, s
			}
		}
		if out[i] != nil {
			found++
		}
	}
	var plain []*html.Node
	if found*2 < len(nodes) {
		plain = d.plainTitles(nodes)
	}
	for i, n := range nodes {
		if out[i] == nil {
			out[i] = d.cardHeading(n)
		}
		if out[i] == nil && plain != nil {
			out[i] = plain[i]
		}
	}
	return out
}

// score is how well a role serves as the name of an offer; 0: not at all.
func (r *role) score(cards int) float64 {
	n := float64(r.cards)
	s := n/float64(cards) + float64(r.length)/n/50 + float64(len(r.targets))/n + float64(len(r.texts))/n + 1.5*float64(r.pictured)/n + 1.5*float64(r.headed)/n
	if r.kind.vendor {
		s -= 2.5
	}
	if r.kind.deal {
		s--
	}
	if r.shelf {
		s -= 2.5
	}
	return s
}

// cardHeading is the heading of a card that links none of its texts to the offer.
func (d *document) cardHeading(n *html.Node) *html.Node {
	var best *html.Node
	var visit func(*html.Node)
	visit = func(c *html.Node) {
		for k := c.FirstChild; k != nil && best == nil; k = k.NextSibling {
			if k.Type != html.ElementNode {
				continue
			}
			named := len(k.Data) == 2 && k.Data[0] == 'h' && isDigit(k.Data[1]) || d.memo.says(titleName, attr(k, "class"))
			if !named {
			} else if t := text(k); len(t) >= 3 && len(t) <= 200 && !actionText.MatchString(t) && !labelOnly.MatchString(t) && !d.onlyPrice(k, t) {
				best = k
				return
			}
			visit(k)
		}
	}
	visit(n)
	return best
}

// onlyPrice says whether a price is all, or nearly all, of an element's text.
func (d *document) onlyPrice(n *html.Node, t string) bool {
	for _, p := range d.within(d.tree.spans[n], tamga.FindPrice) {
		if len(p.Raw)*10 >= len(t)*8 {
			return true
		}
	}
	return false
}

var (
	titleName = regexp.MustCompile(`(?i)(?:^|[\s_-])(?:title|name|heading|product[_-]?name|item[_-]?name)(?:[\s_-]|$)`)
	labelOnly = regexp.MustCompile(`:\s*$`)
)

// trail is where a node stands inside an element: the names and first classes
// of what lies between.
func trail(n, within *html.Node) string {
	var b strings.Builder
	for p := n; p != nil; p = p.Parent {
		b.WriteString(p.Data + "." + classes1(attr(p, "class")) + "<")
		if p == within {
			break
		}
	}
	return b.String()
}

// targetShape is a target without what tells one offer from the next: its host,
// its numbers, the last part of its path and the values of its query, save for
// words after "action" and the like.
func targetShape(h string) string {
	u, err := url.Parse(h)
	if err != nil {
		return "?"
	}
	var b strings.Builder
	parts := strings.Split(strings.Trim(u.Path, "/"), "/")
	for i, p := range parts {
		if i == len(parts)-1 && i > 0 || strings.ContainsAny(p, "0123456789") {
			p = "*"
		}
		b.WriteString("/" + p)
	}
	b.WriteByte('?')
	for _, kv := range strings.Split(u.RawQuery, "&") {
		k, v, _ := strings.Cut(kv, "=")
		b.WriteString(k + "=")
		switch k {
		case "action", "do", "page", "act", "view", "route", "p", "mod":
			if !strings.ContainsAny(v, "0123456789") {
				b.WriteString(v)
			}
		}
		b.WriteByte('&')
	}
	return b.String()
}

// target is the target of the link that a node is, stands in, or holds.
func target(n *html.Node) string {
	for p, k := n, 0; p != nil && k < 3; p, k = p.Parent, k+1 {
		if p.Data == "a" {
			return attr(p, "href")
		}
	}
	if as := links(n); len(as) > 0 {
		return attr(as[0], "href")
	}
	return ""
}

// onlyTarget is the one target of a card, where all its links but those to
// vendors and shelves share it.
func (d *document) onlyTarget(n *html.Node) (found string) {
	for _, a := range links(n) {
		h := attr(a, "href")
		if d.linkKind(h).vendor || d.linkKind(h).shelf || strings.HasPrefix(h, "#") {
			continue
		}
		if found != "" && h != found {
			return ""
		}
		found = h
	}
	return found
}
