package extract

import (
	"strconv"
	"strings"

	"golang.org/x/net/html"

	"tamga"
)

// A list may link none of its names: shops without scripts have a form or a
// button an offer, and the name is a text.

const (
	leastPlain = 3  // offers that make a list whose names are texts
	plainParts = 40 // texts of a card that are looked at
	maxPlain   = 120
)

// place is a text that the cards of a list share: where it stands in the card.
type textPlace struct {
	cards, length, bold, wares, order int
	texts                             map[string]bool
	nodes                             []*html.Node // by card, nil where it has none
}

// plainTitles names the offers of a list by texts, nil where it cannot: the text
// in one and the same place of the cards that differs from card to card and is no
// price, label or description. Each card has to ask to buy, or most of the texts
// to name what is sold: a table of fees has texts and prices too.
func (d *document) plainTitles(nodes []*html.Node) []*html.Node {
	if len(nodes) < leastPlain {
		return nil
	}
	places := map[string]*textPlace{}
	asked := 0
	for i, n := range nodes {
		if d.asksToBuy(n) {
			asked++
		}
		for k, p := range partsOf(n, plainParts) {
			t := p.text
			if len(t) < 3 || len(t) > maxPlain || strings.HasSuffix(t, ":") || strings.IndexFunc(t, isTitleRune) < 0 || d.priced(t, n) || d.plainHeading(t) || len(t) <= maxAction && d.memo.says(actionText, t) {
				continue
			}
			key := placeOf(p.node, n)
			x := places[key]
			if x == nil {
				x = &textPlace{order: k, texts: map[string]bool{}, nodes: make([]*html.Node, len(nodes))}
				places[key] = x
			}
			if x.nodes[i] != nil {
				continue
			}
			x.cards++
			x.length += len(t)
			x.texts[t] = true
			x.nodes[i] = p.node
			if e := p.node.Parent; e != n && d.memo.headline(e).text == t && !d.memo.headline(e).more {
				x.nodes[i] = e
				if bolds[e.Data] {
					x.bold++
				}
				if at := d.tree.spans[e]; d.has(at, tamga.FindSubstance) || d.has(at, tamga.FindQuantity) {
					x.wares++
				}
			}
		}
	}
	var best *textPlace
	top := 0.0
	for _, key := range sorted(places) {
		x := places[key]
		n := float64(x.cards)
		if x.cards*10 < len(nodes)*7 || x.cards < leastPlain || len(x.texts)*10 < x.cards*6 || asked*10 < len(nodes)*7 && x.wares*2 < x.cards {
			continue
		}
		s := n/float64(len(nodes)) + 2*float64(len(x.texts))/n + min(float64(x.length)/n, 40)/40 + float64(x.bold)/n + 2*float64(x.wares)/n - float64(min(x.order, 10))/10
		if s > top {
			best, top = x, s
		}
	}
	if best == nil {
		return nil
	}
	return best.nodes
}

var bolds = set("b strong h1 h2 h3 h4 h5 h6 big")

func isTitleRune(r rune) bool { return r > 0xBF || r < 0x80 && isLetter(byte(r)) }

// priced says whether a text of a card holds one of its prices.
func (d *document) priced(t string, card *html.Node) bool {
	for _, f := range d.within(d.tree.spans[card], tamga.FindPrice) {
		if strings.Contains(t, fold(f.Raw)) {
			return true
		}
	}
	return false
}

// asksToBuy says whether an element holds a button or a link to order by.
func (d *document) asksToBuy(n *html.Node) bool {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.Type != html.ElementNode {
			continue
		}
		switch c.Data {
		case "button":
			return true
		case "input":
			if t := strings.ToLower(attr(c, "type")); t == "submit" || t == "image" || t == "button" {
				return true
			}
		case "a":
			if h := attr(c, "href"); h != "" && (d.linkKind(h).order || d.memo.says(actionText, d.memo.headline(c).text)) {
				return true
			}
		}
		if d.asksToBuy(c) {
			return true
		}
	}
	return false
}

// placeOf is where a text stands inside an element: its trail, with the numbers
// of cells in their rows and of the text among those of its parent.
func placeOf(t, within *html.Node) string {
	var b strings.Builder
	k := 0
	for s := t.PrevSibling; s != nil; s = s.PrevSibling {
		if s.Type == html.TextNode && strings.TrimSpace(s.Data) != "" {
			k++
		}
	}
	b.WriteString(strconv.Itoa(k))
	for p := t.Parent; p != nil; p = p.Parent {
		b.WriteString("<" + p.Data + "." + classes1(attr(p, "class")))
		if p == within {
			break
		}
		if cells[p.Data] || p.Data == "dd" || p.Data == "li" {
			b.WriteString(strconv.Itoa(order(p)))
		}
	}
	return b.String()
}

// caption is the element of a link that names the offer: a link around a whole
// card holds its heading among badges and prices.
func (d *document) caption(a *html.Node) *html.Node {
	if d.memo.headline(a).more || holdsHeading(a) {
		if h := captionIn(d, a); h != nil {
			return h
		}
	}
	return a
}

func captionIn(d *document, n *html.Node) *html.Node {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.Type != html.ElementNode || skipped[c.Data] {
			continue
		}
		if len(c.Data) == 2 && c.Data[0] == 'h' && c.Data[1] >= '1' && c.Data[1] <= '6' || d.memo.says(titleName, attr(c, "class")) {
			if t := d.memo.headline(c).text; len(t) > 2 {
				return c
			}
		}
		if h := captionIn(d, c); h != nil {
			return h
		}
	}
	return nil
}
