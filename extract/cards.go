package extract

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/PuerkitoBio/goquery"
	"golang.org/x/net/html"

	"tamga"
)

// maxAction is how long the text of a button may be, in bytes.
const maxAction = 40

// minCards is the least number of offers that make a list of offers.
const minCards = 2

// A card is one of several elements of the same make, each with an offer in it.
type card struct {
	node   *html.Node
	title  *html.Node // the link of the offer
	vendor *html.Node
	price  *tamga.Finding // nil where it names none
}

var (
	vendorLink = regexp.MustCompile(`(?i)(?:vendor|seller|user|profile|member|merchant|trader|shop)s?(?:name|id|_id)?(?:[/=.?_-]|\b)`)
	dealLink   = regexp.MustCompile(`(?i)(?:^#|javascript:|/buy\b|cart|checkout|favou?rite|report|feedback|message|login|logout|register|wallet|support|\bpgp\b|[?&](?:sort|page|pg|order)=)`)
	reviewName = regexp.MustCompile(`(?i)feedback|review|comment|rating|message|transaction|history|pagination|menu|nav|breadcrumb|sidebar|footer`)
	actionText = regexp.MustCompile(`(?i)^(?:buy(?: now| it now)?|view|details?|more|order|add to cart|read more|show|open|info|купить|подробнее|заказать|в корзину)\W*$`)
)

// linkKind is what a target says of its link.
type linkKind struct{ vendor, deal bool }

// linkKind is the kind of a link by its target; a page repeats its targets.
func (d *document) linkKind(href string) linkKind {
	k, known := d.links[href]
	if !known {
		if d.links == nil {
			d.links = map[string]linkKind{}
		}
		k = linkKind{vendorLink.MatchString(href), dealLink.MatchString(href)}
		d.links[href] = k
	}
	return k
}

// attr is an attribute of n.
func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

// likeness is what elements of one list have in common: their own and their
// parent's name and first classes.
func likeness(n *html.Node) string {
	sig := n.Data + "." + classes1(attr(n, "class"))
	if p := n.Parent; p != nil && p.Type == html.ElementNode {
		sig = p.Data + "." + classes1(attr(p, "class")) + ">" + sig
	}
	return sig
}

// classes1 drops the classes that tell members of a list apart: odd, even,
// active, and numbers.
func classes1(s string) string {
	var out []string
	for _, c := range strings.Fields(s) {
		switch strings.ToLower(c) {
		case "odd", "even", "active", "first", "last", "selected", "featured", "sticky":
			continue
		}
		out = append(out, strings.TrimRight(c, "0123456789"))
		if len(out) == 3 {
			break
		}
	}
	return strings.Join(out, ".")
}

// within are the findings of a type inside a range of the source.
func (d *document) within(span [2]int, t tamga.FindingType) (out []*tamga.Finding) {
	fs := d.page.Findings
	i, _ := slices.BinarySearchFunc(fs, span[0], func(f tamga.Finding, at int) int { return cmp.Compare(f.Start, at) })
	for ; i < len(fs) && fs[i].Start < span[1]; i++ {
		if fs[i].Type == t && fs[i].End <= span[1] {
			out = append(out, &fs[i])
		}
	}
	return out
}

// cards finds the list of offers of a page: the largest set of elements of one
// make that each hold a link and a price.
func (d *document) cards() []card {
	groups := map[string][]*html.Node{}
	var order []string
	prices := d.within([2]int{0, len(d.page.Source)}, tamga.FindPrice)
	if len(prices) < minCards {
		return nil
	}
	var visit func(n *html.Node)
	visit = func(n *html.Node) {
		if n.Type == html.ElementNode {
			switch n.Data {
			case "div", "li", "tr", "article", "section", "td", "table", "dl", "a", "form", "tbody", "figure":
				k := likeness(n)
				if groups[k] == nil {
					order = append(order, k)
				}
				groups[k] = append(groups[k], n)
			}
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			visit(c)
		}
	}
	visit(d.tree.Nodes[0])
	var best []card
	bestSize := 0
	for _, k := range order {
		nodes := groups[k]
		if len(nodes) < minCards || reviewName.MatchString(k) {
			continue
		}
		cards, size := d.group(nodes)
		if len(cards) < minCards || len(cards)*10 < len(nodes)*4 {
			continue
		}
		if len(cards) > len(best) || len(cards) == len(best) && size > bestSize {
			best, bestSize = cards, size
		}
	}
	return best
}

// group reads the elements of one make as cards; size is what they cover.
func (d *document) group(nodes []*html.Node) (cards []card, size int) {
	texts := map[string]int{}
	hrefs := map[string]int{}
	end, priced := 0, 0
	for _, n := range nodes {
		span := d.tree.spans[n]
		if span[0] < end { // one inside another
			return nil, 0
		}
		end = span[1]
		if len(d.within(span, tamga.FindPrice)) > 0 {
			priced++
		}
	}
	if priced < minCards {
		return nil, 0
	}
	for _, n := range nodes {
		seen := map[string]bool{}
		for _, a := range links(n) {
			if h := attr(a, "href"); !seen[h] {
				seen[h] = true
				hrefs[h]++
			}
			texts[text(a)]++
		}
	}
	priced = 0
	titles := map[string]bool{}
	for _, n := range nodes {
		span := d.tree.spans[n]
		c := card{node: n, price: d.cardPrice(span)}
		c.title = d.cardTitle(n, hrefs, texts, len(nodes))
		if c.title == nil {
			continue
		}
		for _, a := range links(n) {
			if a != c.title && attr(a, "href") != attr(c.title, "href") && d.linkKind(attr(a, "href")).vendor && text(a) != "" {
				c.vendor = a
				break
			}
		}
		if c.price == nil && c.vendor == nil && !heading(c.title) {
			continue
		}
		if c.price != nil {
			priced++
		}
		titles[attr(c.title, "href")] = true
		size += span[1] - span[0]
		cards = append(cards, c)
	}
	if priced*2 < len(cards) { // a few offers may lack a price, not most
		return nil, 0
	}
	if len(titles)*10 < len(cards)*8 { // the same link again and again: not offers
		return nil, 0
	}
	return cards, size
}

func links(n *html.Node) (out []*html.Node) {
	if n.Data == "a" && attr(n, "href") != "" {
		out = append(out, n)
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.Type == html.ElementNode {
			out = append(out, links(c)...)
		}
	}
	return out
}

// cardPrice is the price of a card: one that stands alone, else the first that
// is not part of a title, else the first.
func (d *document) cardPrice(span [2]int) *tamga.Finding {
	ps := d.within(span, tamga.FindPrice)
	if len(ps) == 0 {
		return nil
	}
	var first *tamga.Finding
	for _, p := range ps {
		if d.titled(p) {
			continue
		}
		if d.alone(p) {
			return p
		}
		if first == nil {
			first = p
		}
	}
	if first != nil {
		return first
	}
	return ps[0]
}

// nameRanges prepares titled: the ranges of headings and links by start, each
// with the furthest end up to it.
func (d *document) nameRanges() {
	d.tree.Find("h1,h2,h3,h4,a").Each(func(_ int, s *goquery.Selection) { d.titles = append(d.titles, d.tree.span(s)) })
	sortRanges(d.titles)
	for i := 1; i < len(d.titles); i++ {
		d.titles[i][1] = max(d.titles[i][1], d.titles[i-1][1])
	}
}

// titled says whether a finding is part of the name of something.
func (d *document) titled(f *tamga.Finding) bool {
	k, _ := slices.BinarySearchFunc(d.titles, f.Start+1, func(s [2]int, at int) int { return cmp.Compare(s[0], at) })
	return k > 0 && d.titles[k-1][1] >= f.End
}

// alone says whether a finding is all that stands between two tags: a price in
// its own cell, not in a sentence.
func (d *document) alone(f *tamga.Finding) bool {
	before := strings.TrimRight(d.page.Source[max(0, f.Start-64):f.Start], " \t\r\n")
	after := strings.TrimLeft(d.page.Source[f.End:min(len(d.page.Source), f.End+64)], " \t\r\n")
	return strings.HasSuffix(before, ">") && strings.HasPrefix(after, "<")
}

// cardTitle is the link of the offer: one whose target is not shared by the
// list, which is no deal button and no vendor, with the most telling text.
func (d *document) cardTitle(n *html.Node, hrefs, texts map[string]int, of int) *html.Node {
	var best *html.Node
	top := -1
	for _, a := range links(n) {
		h := attr(a, "href")
		kind := d.linkKind(h)
		if kind.deal || hrefs[h] > 1 && hrefs[h]*2 > of {
			continue
		}
		t := text(a)
		if len(t) < 3 || len(t) <= maxAction && actionText.MatchString(t) {
			continue
		}
		score := min(len(t), 200)
		if heading(a) {
			score += 200
		}
		if kind.vendor {
			score -= 150
		}
		if texts[t] > 1 {
			score -= 50
		}
		if score > top {
			best, top = a, score
		}
	}
	return best
}

// heading says whether a link stands in or around a heading.
func heading(n *html.Node) bool {
	for p := n; p != nil && p != n.Parent.Parent; p = p.Parent {
		if len(p.Data) == 2 && p.Data[0] == 'h' && isDigit(p.Data[1]) {
			return true
		}
	}
	return goquery.NewDocumentFromNode(n).Find("h1,h2,h3,h4,h5,h6").Length() > 0
}

// listing reads a card.
func (d *document) listing(c card) tamga.Listing {
	x := tamga.Listing{
		Title: title(text(c.title)), URL: d.absolute(attr(c.title, "href")),
		Span: d.tree.spans[c.node],
	}
	if c.price != nil {
		x.Price, x.Currency = c.price.Amount, c.price.Currency
	}
	if c.vendor != nil {
		x.Vendor = vendorName(text(c.vendor))
	} else if m := soldBy.FindStringSubmatch(text(c.node)); m != nil {
		x.Vendor = vendorName(m[1])
	}
	d.routes(&x)
	d.reader.enrich(&x)
	return x
}

// title is the text of a link or heading as one line.
func title(s string) string {
	first, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return fold(first)
}

var (
	soldBy     = regexp.MustCompile(`(?im)(?:^|\s)(?:vendor|seller|sold by|brought to you by|продавец|магазин)\s*:?\s+([^\s:,()]{2,40})`)
	ratingTail = regexp.MustCompile(`\s*[\[(].*$`)
)

// vendorName drops what markets hang on a name: "(4.9★)", "[120]".
func vendorName(s string) string {
	return strings.TrimSpace(ratingTail.ReplaceAllString(title(s), ""))
}

// routes takes the route findings inside a listing.
func (d *document) routes(x *tamga.Listing) {
	for _, f := range d.within(x.Span, tamga.FindRoute) {
		if f.Direction == "from" && x.From == nil {
			x.From, x.FromText = f.Countries, routePhrase(f.Raw)
		}
		if f.Direction == "to" && x.To == nil {
			x.To, x.ToText = f.Countries, routePhrase(f.Raw)
		}
	}
}

// routePhrase is a route finding without its cue and its markup.
func routePhrase(raw string) string {
	if _, after, ok := strings.Cut(raw, ":"); ok {
		raw = after
	}
	return fold(html.UnescapeString(tags.ReplaceAllString(raw, " ")))
}

var tags = regexp.MustCompile(`<[^>]*>`)
