package extract

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/html"

	"tamga"
)

// maxAction is how long the text of a button may be, in bytes.
const maxAction = 40

// minCards is the least number of offers that make a list of offers.
const minCards = 2

// A card is one of several elements of the same make, each with an offer in it.
type card struct {
	node  *html.Node
	title *html.Node     // the name of the offer, most often a link
	price *tamga.Finding // nil where it names none
}

var (
	dealLink   = regexp.MustCompile(`(?i)(?:^#|javascript:|/buy\b|cart|checkout|favou?rite|report|feedback|message|login|logout|register|wallet|support|\bpgp\b|[?&](?:sort|page|pg|order|tab)=)`)
	reviewName = regexp.MustCompile(`(?i)feedback|review|comment|rating|message|transaction|history|pagination|menu|nav|breadcrumb|sidebar|footer`)
	classAttr  = regexp.MustCompile(`(?i)class\s*=\s*["']?([^"'>]*)`)
	reviewHead = regexp.MustCompile(`(?i)^(?:feedback|review|comment|buyer|freshness|отзыв|покупатель)s?$`)
	actionText = regexp.MustCompile(`(?i)^(?:buy(?: now| it now)?|view|details?|more|order|add to cart|read more|show|open|info|kaufen|bestellen|in den warenkorb|ansehen|ajouter(?: au panier)?|acheter|voir|commander|comprar|ver|купить|подробнее|заказать|в корзину|оплатить|сатып алу|sotib olish)\W*$`)
)

// linkKind is what a target says of its link: it leads to a vendor, to a deed,
// to a shelf of offers, or to the page where the site begins.
type linkKind struct{ vendor, deal, shelf, root, order bool }

// linkKind is the kind of a link by its target; a page repeats its targets.
func (d *document) linkKind(href string) linkKind {
	k, known := d.memo.links[href]
	if !known {
		if d.memo.links == nil {
			d.memo.links = map[string]linkKind{}
		}
		low := strings.ToLower(href)
		k = linkKind{
			vendor: containsAny(low, vendorCue) && vendorLink.MatchString(href),
			deal:   containsAny(low, dealCue) && dealLink.MatchString(href),
			shelf:  containsAny(low, shelfCue) && categoryLink.MatchString(href),
			order:  containsAny(low, orderCue),
			root:   len(href) < 100 && rootLink.MatchString(href),
		}
		if len(d.memo.links) < maxMemo {
			d.memo.links[href] = k
		}
	}
	return k
}

// What a target must hold, in small letters, to be of a kind.
var (
	vendorCue = strings.Fields("vendor seller user profile member merchant trader shop store u/ prodav magazin /@ anbieter verkaeufer haendler vendeu boutique vendedor tienda venditor negoz verkoper winkel sprzedawc sklep myyja kauppia saljare satici")
	dealCue   = strings.Fields("# javascript: /buy cart checkout favorite favourite report feedback message login logout register wallet support pgp sort= page= pg= order= tab=")
	orderCue  = strings.Fields("/buy ?buy &buy cart checkout /order ?order=")
	shelfCue  = strings.Fields("/c ?c &c sc sub section tag ssid country kategori ship viewforum board")
)

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
	class := attr(n, "class")
	sig := n.Data + "." + classes1(class)
	if class == "" {
		sig += inPlace(attr(n, "style"))
	}
	if p := n.Parent; p != nil && p.Type == html.ElementNode {
		sig = p.Data + "." + classes1(attr(p, "class")) + ">" + sig
	}
	return sig
}

// inPlace are the properties that an element is given in place, without their
// values: elements without a class tell their kind so.
func inPlace(style string) string {
	var b strings.Builder
	for style != "" && b.Len() < 64 {
		var one string
		one, style, _ = strings.Cut(style, ";")
		name, _, _ := strings.Cut(one, ":")
		if name = strings.TrimSpace(name); !strings.HasPrefix(name, "background") && name != "" {
			b.WriteString(";" + name)
		}
	}
	return b.String()
}

// tableOf tells the tables of a page apart.
func (d *document) tableOf(row *html.Node) string {
	for p, k := row.Parent, 0; p != nil && k < 3; p, k = p.Parent, k+1 {
		if p.Data == "table" {
			return " " + strconv.Itoa(d.tree.spans[p][0])
		}
	}
	return ""
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
		if low := strings.ToLower(c); strings.HasSuffix(low, "even") || strings.HasSuffix(low, "odd") { // "row-even", "list_odd"
			if i := strings.LastIndexAny(c, "-_"); i > 0 && (low[i+1:] == "even" || low[i+1:] == "odd") {
				c = c[:i]
			}
		}
		out = append(out, strings.TrimRight(c, "0123456789"))
		if len(out) == 3 {
			break
		}
	}
	return strings.Join(out, ".")
}

// cards finds the list of offers of a page: the largest set of elements of one
// make that each hold a link and a price.
func (d *document) cards() []card {
	groups := map[string][]*html.Node{}
	var order []string
	if len(d.typed(tamga.FindPrice)) < minCards {
		return nil
	}
	var visit func(n *html.Node)
	visit = func(n *html.Node) {
		if n.Type == html.ElementNode {
			switch n.Data {
			case "div", "li", "tr", "article", "section", "td", "table", "dl", "a", "form", "tbody", "figure", "p":
				k := likeness(n)
				if n.Data == "tr" { // a row is like those of its own table
					k += d.tableOf(n)
				}
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
		if len(nodes) < minCards || d.memo.says(reviewName, k) || in(d.zones.frame, d.tree.spans[nodes[0]][0]) && in(d.zones.frame, d.tree.spans[nodes[len(nodes)-1]][0]) {
			continue
		}
		cards, size := d.group(nodes)
		if len(cards) < minCards || len(cards)*10 < len(nodes)*4 {
			continue
		}
		if len(cards) > len(best) || len(cards) == len(best) && size > bestSize {
			best, bestSize = cards, size
			d.kin = d.kin[:0]
			for _, n := range d.innermost(nodes) {
				d.kin = append(d.kin, d.tree.spans[n])
			}
		}
	}
	return best
}

// group reads the elements of one make as cards; size is what they cover.
func (d *document) group(nodes []*html.Node) (cards []card, size int) {
	nodes = d.innermost(nodes)
	priced := 0
	for _, n := range nodes {
		if d.has(d.tree.spans[n], tamga.FindPrice) {
			priced++
		}
	}
	if priced < minCards || d.reviewed(nodes[0]) {
		return nil, 0
	}
	names, places := d.cardTitles(nodes), d.pricePlaces(nodes)
	priced = 0
	titles, linked := map[string]bool{}, 0
	for i, n := range nodes {
		span := d.tree.spans[n]
		c := card{node: n, price: d.cardPrice(span, places), title: names[i]}
		if c.title == nil {
			continue
		}
		to := target(c.title)
		if c.price == nil && !heading(c.title) && !d.offered(n, to) {
			continue
		}
		if c.price != nil {
			priced++
		}
		if to == "" {
			to = d.memo.headline(c.title).text
		} else {
			linked++
		}
		titles[to] = true
		size += span[1] - span[0]
		cards = append(cards, c)
	}
	// What has neither link nor price, where the others are linked, is the head of
	// the page or of a part of it.
	if linked > 0 {
		kept, size0 := cards[:0], 0
		for _, c := range cards {
			if s := d.tree.spans[c.node]; c.price != nil || target(c.title) != "" || linked*2 < len(cards) {
				kept = append(kept, c)
				size0 += s[1] - s[0]
			}
		}
		cards, size = kept, size0
	}
	if priced*2 < len(cards) { // a few offers may lack a price, not most
		return nil, 0
	}
	least := 8
	if linked == 0 { // texts alone: two may sell the same
		least = 6
	}
	if len(titles)*10 < len(cards)*least { // the same link again and again: not offers
		return nil, 0
	}
	return cards, size
}

// innermost drops the elements that hold others of the list: the tables and rows
// that a page is laid out with. The list is in the order of the source.
func (d *document) innermost(nodes []*html.Node) (out []*html.Node) {
	for _, n := range nodes {
		at := d.tree.spans[n][0]
		for len(out) > 0 && d.tree.spans[out[len(out)-1]][1] > at {
			out = out[:len(out)-1]
		}
		out = append(out, n)
	}
	return out
}

// reviewed says whether an element is one of the feedback of buyers.
func (d *document) reviewed(n *html.Node) bool {
	if in(d.zones.reviews, d.tree.spans[n][0]) {
		return true
	}
	if n.Data == "tr" {
		for _, h := range d.header(n) {
			if d.memo.says(reviewHead, h) {
				return true
			}
		}
	}
	return false
}

// offered says whether an element without a price names a vendor beside the
// link of its title.
func (d *document) offered(n *html.Node, title string) bool {
	for _, a := range links(n) {
		if h := attr(a, "href"); h != title && d.properName(d.vendorName(d.memo.headline(a).text)) && (d.linkKind(h).vendor || namesTarget(h, d.vendorName(d.memo.headline(a).text))) {
			return true
		}
	}
	return false
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

// cardPrice is the price of a card, of the places that the list has its prices
// in the most usual.
func (d *document) cardPrice(span [2]int, places map[string]int) (best *tamga.Finding) {
	top := 0
	for _, p := range d.within(span, tamga.FindPrice) {
		s := d.priceScore(p) + places[d.pricePlace(p)]
		if best == nil || s > top {
			best, top = p, s
		}
	}
	if top <= -4 {
		return nil
	}
	return best
}

// pricePlaces says how usual a place is for a price among elements of one make,
// as a score up to 4: each counts once an element.
func (d *document) pricePlaces(nodes []*html.Node) map[string]int {
	places := map[string]int{}
	for _, n := range nodes {
		seen := map[string]bool{}
		for _, p := range d.within(d.tree.spans[n], tamga.FindPrice) {
			if k := d.pricePlace(p); !seen[k] {
				seen[k] = true
				places[k]++
			}
		}
	}
	for k, n := range places {
		places[k] = 4 * n / len(nodes)
	}
	return places
}

// pricePlace is the kind of place that a price stands in: the tag before it
// without what tells one element from the next. The currency is no part of it: a
// vendor chooses his own.
func (d *document) pricePlace(f *tamga.Finding) string {
	before := d.page.Source[max(0, f.Start-256):f.Start]
	end := strings.LastIndexByte(before, '>')
	start := strings.LastIndexByte(before[:max(end, 0)], '<')
	if end < 0 || start < 0 {
		return ""
	}
	tag := before[start:end]
	name, rest, _ := strings.Cut(tag, " ")
	class, known := d.memo.classes[rest]
	if !known {
		if m := classAttr.FindStringSubmatch(rest); m != nil {
			class = " " + strings.Trim(m[1], "0123456789")
		}
		if d.memo.classes == nil {
			d.memo.classes = map[string]string{}
		}
		if len(d.memo.classes) < maxMemo {
			d.memo.classes[rest] = class
		}
	}
	return name + class
}

var named = set("h1 h2 h3 h4 a")

// nameRanges prepares titled: the ranges of headings and links by start, each
// with the furthest end up to it.
func (d *document) nameRanges() {
	for n := range d.elements(named) {
		d.titles = append(d.titles, d.tree.spans[n])
	}
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

// heading says whether a link stands in or around a heading.
func heading(n *html.Node) bool {
	for p := n; p != nil && p != n.Parent.Parent; p = p.Parent {
		if len(p.Data) == 2 && p.Data[0] == 'h' && isDigit(p.Data[1]) {
			return true
		}
	}
	return holdsHeading(n)
}

func holdsHeading(n *html.Node) bool {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.Type == html.ElementNode && (len(c.Data) == 2 && c.Data[0] == 'h' && c.Data[1] >= '1' && c.Data[1] <= '6' || holdsHeading(c)) {
			return true
		}
	}
	return false
}

// listing reads a card.
func (d *document) listing(c card) tamga.Listing {
	x := tamga.Listing{Title: d.memo.headline(c.title).text, Span: d.tree.spans[c.node]}
	if h := target(c.title); h != "" {
		x.URL = d.absolute(h)
	} else if h := d.onlyTarget(c.node); h != "" {
		x.URL = d.absolute(h)
	}
	if c.price != nil {
		x.Price, x.Currency = c.price.Amount, c.price.Currency
	}
	parts := partsOf(c.node, cardParts)
	x.Vendor = d.seller(parts, c.title)
	if x.Vendor == "" {
		x.Vendor = d.iconSeller(c.node, target(c.title))
	}
	d.routes(&x)
	d.labelled(&x, parts)
	d.columned(&x, c.node)
	d.arrows(&x, parts)
	d.reader.enrich(&x)
	return x
}

// title is the text of a link or heading as one line.
func title(s string) string {
	first, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return fold(first)
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
