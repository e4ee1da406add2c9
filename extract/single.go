package extract

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"

	"tamga"
)

var (
	buyWords = regexp.MustCompile(`(?i)\b(?:buy|purchase|add to (?:cart|basket|bag)|order now|place order|checkout|buy now|order|queue)\b|\bpay (?:now|with|from)\b|warenkorb|\bkaufen\b|bestellen|au panier|\bacheter\b|commander|carrito|\bcomprar\b|carrello|\bacquista\b|koszyka|\bkup\b|winkelwagen|\bkopen\b|carrinho|sepete|оплатить|купить|заказать|в корзину|оформить`)
	buyCue   = []string{"buy", "purchase", "add to", "pay ", "warenkorb", "kaufen", "bestellen", "panier", "acheter", "commander", "carrito", "comprar", "carrello", "acquista", "kosz", "kup", "winkelwagen", "kopen", "carrinho", "sepete", "оплатить", "order", "checkout", "queue", "купить", "заказать", "в корзину", "оформить"}
	// plainHead are headings of a part of a page, not of an offer.
	plainHead = regexp.MustCompile(`(?i)^(?:(?:product|listing|item|offer|vendor|seller|shipping|payment|order|market|recent|latest|customer|buyer|all|browse|our|my|your|related|similar|other|more|featured|top|new|popular|general)\s*)*(?:description|details?|feedbacks?|reviews?|ratings?|products?|listings?|items?(?: for sale)?|categor(?:y|ies)|search(?: results)?|information|info|options?|methods?|polic(?:y|ies)|terms.*|shipping|payment|vendors?|sellers?|login|welcome.*|home|news|offers?|orders?|features?|price|refund policy|quantity|filters?|messages?|statistics|report|menu|account|balance|wallet|cart|support|exchange|rates?|отзывы|описание|категории|каталог|товары|цена|доставка|продавец|магазин)\W*$`)
	rootLink  = regexp.MustCompile(`(?i)^(?:https?://[^/]+)?/?(?:index\.\w+|home(?:\.\w+)?|welcome)?[?#]?$`)
)

// single reads the page as one offer: a heading, a price outside the cards, and
// a vendor, a route or a buy button.
func (d *document) single(cards []card) (x tamga.Listing, ok bool) {
	var taken [][2]int
	if len(cards) > 0 {
		taken = d.kin
	}
	price, score := d.pagePrice(taken)
	head := d.offerHeading(price, taken, "")
	if head == nil {
		return x, false
	}
	x.Title = d.memo.headline(head).text
	if price != nil {
		x.Price, x.Currency = price.Amount, price.Currency
	} else if !strings.Contains(fold(strings.ToLower(d.markup.title)), strings.ToLower(x.Title)) {
		return x, false
	}
	x.Span, _ = d.common(head, price)
	if d.given {
		x.URL = d.base.String()
	}
	buys := d.buys(taken)
	// What is told of the offer stands around it, or further down before the
	// list of others and the feedback.
	var parts, near []part
	for _, p := range d.parts() {
		at := d.place(p.node)
		if !in(taken, at) && !in(d.zones.frame, at) && !in(d.zones.reviews, at) {
			parts = append(parts, p)
			if at >= x.Span[0] && at < x.Span[1] {
				near = append(near, p)
			}
		}
	}
	if x.Vendor = d.seller(near, head); x.Vendor == "" {
		x.Vendor = d.seller(parts, head)
	}
	whole := x.Span
	x.Span = [2]int{0, len(d.page.Source)}
	if len(taken) > 0 && taken[0][0] > whole[0] && (price == nil || taken[0][0] > price.Start) {
		x.Span[1] = taken[0][0]
	}
	d.routes(&x)
	d.labelled(&x, parts)
	x.Span = whole
	labelled := score >= 3
	if price == nil && (len(cards) > 0 || buys == 0 || x.Vendor == "" || x.From == nil && x.To == nil) {
		return x, false // it must say by all else that it is an offer
	}
	if buys == 0 && (x.Vendor == "" || !labelled && x.From == nil && x.To == nil) {
		return x, false
	}
	if len(cards) >= 3 && !labelled && buys == 0 && (x.Vendor == "" || x.From == nil || x.To == nil) {
		return x, false
	}
	d.reader.enrich(&x)
	return x, true
}

var buttons = set("button input a")

// buys counts the buttons and links outside the cards that ask to buy.
func (d *document) buys(taken [][2]int) (n int) {
	for e := range d.elements(buttons) {
		if e.Data == "input" {
			switch strings.ToLower(attr(e, "type")) {
			case "submit", "button", "image":
			default:
				continue
			}
		}
		at := d.tree.spans[e][0]
		if in(taken, at) || in(d.zones.frame, at) {
			continue
		}
		t := d.memo.headline(e).text + " " + attr(e, "value")
		if len(t) < 60 && containsAny(strings.ToLower(t), buyCue) && d.memo.says(buyWords, t) {
			n++
		}
	}
	return n
}

// loneOffer reads the one offer of a vendor's page, which makes no list: a link
// and a price in a block of their own.
func (d *document) loneOffer(vendor string) {
	price, score := d.pagePrice(nil)
	if price == nil || score < 0 {
		return
	}
	head := d.offerHeading(price, nil, vendor)
	if head == nil || target(head) == "" {
		return
	}
	span, block := d.common(head, price)
	if block == nil || block.Data == "body" || block.Data == "html" {
		return
	}
	h := target(head)
	if k := d.linkKind(h); k.vendor || k.deal || k.shelf {
		return
	}
	x := tamga.Listing{Title: d.memo.headline(head).text, URL: d.absolute(h), Price: price.Amount, Currency: price.Currency, Span: span}
	d.routes(&x)
	d.labelled(&x, partsOf(block, cardParts))
	d.reader.enrich(&x)
	d.page.Listings = append(d.page.Listings, x)
}

// place is where a text node stands in the source: the start of the element
// around it.
func (d *document) place(n *html.Node) int {
	for p := n.Parent; p != nil; p = p.Parent {
		if s, ok := d.tree.spans[p]; ok {
			return s[0]
		}
	}
	return 0
}

// pagePrice is the price that the page as a whole asks, outside the cards.
func (d *document) pagePrice(taken [][2]int) (*tamga.Finding, int) {
	var ps []*tamga.Finding
	for _, p := range d.typed(tamga.FindPrice) {
		if !in(taken, p.Start) && !in(d.zones.frame, p.Start) && !in(d.zones.reviews, p.Start) && !in(d.zones.choices, p.Start) {
			ps = append(ps, p)
		}
	}
	best, score := d.bestPrice(ps)
	if best == nil || score <= -3 {
		return nil, 0
	}
	return best, score
}

// offerHeading is the heading of the page's own matter. What speaks for an
// element: <title> repeats it, it is a heading or named like one, it names a
// substance or a quantity, it stands close to the price. Against it: the frame
// of the page, a link elsewhere, the name of a part of a page. The text but is none.
func (d *document) offerHeading(price *tamga.Finding, taken [][2]int, but string) *html.Node {
	var found *html.Node
	page := fold(strings.ToLower(d.markup.title))
	top := 2.5
	for n := range d.elements(headings) {
		at := d.tree.spans[n]
		if n.FirstChild == nil || at[1]-at[0] > 2048 || at[1] == 0 || in(taken, at[0]) || in(d.zones.reviews, at[0]) || in(d.zones.choices, at[0]) {
			continue
		}
		if at[1]-at[0] < 5 {
			continue
		}
		t := d.memo.headline(n).text
		if len(t) < 4 || len(t) > 300 || t[len(t)-1] == ':' || but != "" && d.vendorName(t) == but {
			continue
		}
		if score := d.headScore(n, t, page) + d.near(n, price); score > top && !d.plainHeading(t) {
			found, top = n, score
		}
	}
	return found
}

// headings are the elements that may be the heading of an offer.
var headings = set("h1 h2 h3 h4 h5 a b strong span div td p font big li")

// plainHeading says whether a text names a part of a page.
func (d *document) plainHeading(t string) bool {
	return len(t) <= 64 && plainStart(t) && d.memo.says(plainHead, t)
}

// plainStart says whether a text starts as one that plainHead matches may.
func plainStart(t string) bool {
	if len(t) < 3 {
		return false
	}
	for i := range 3 {
		if t[i] >= utf8.RuneSelf {
			return true
		}
	}
	return plainStarts[[3]byte{lowerASCII[t[0]], lowerASCII[t[1]], lowerASCII[t[2]]}]
}

// plainStarts are the first three letters of the words of plainHead.
var plainStarts = func() map[[3]byte]bool {
	m := map[[3]byte]bool{{'m', 'y', ' '}: true}
	for _, w := range strings.Fields("acc all bal bro buy car cat cus des det exc fea fee fil gen hom inf ite lat lis log mar men mes met mor new off opt ord oth our pay pol pop pri pro qua rat rec ref rel rep rev sea sel shi sim sta sup ter top ven wal wel you myp myl myi myo mya myd myf myr myc mys myv myt myw mym myn myb mye myq myg myh") {
		m[[3]byte([]byte(w))] = true
	}
	return m
}()

func (d *document) headScore(n *html.Node, t, page string) (score float64) {
	at := d.tree.spans[n]
	if low := strings.ToLower(t); strings.Contains(page, low) {
		score += 2 + min(float64(len(low))/float64(len(page)), 1)*2
	}
	switch n.Data {
	case "h1", "h2":
		score += 3
	case "h3", "h4", "h5":
		score += 2
	case "b", "strong", "big":
		score += 0.5
	case "font":
		if size := attr(n, "size"); size >= "4" || strings.HasPrefix(size, "+") {
			score += 2
		}
	}
	if name := attr(n, "class") + " " + attr(n, "id"); len(name) > 1 && d.memo.says(titleName, name) {
		score++
	}
	if d.has(at, tamga.FindSubstance) || d.has(at, tamga.FindQuantity) {
		score += 2
	}
	if len(t) < 40 && d.has(at, tamga.FindPrice) {
		score -= 2
	}
	if h := target(n); h != "" {
		score--
		if d.linkKind(h).root {
			score -= 6
		}
		if k := d.linkKind(h); k.vendor || k.deal || k.shelf {
			score -= 3
		}
	}
	if in(d.zones.frame, at[0]) {
		score -= 5
	}
	if d.memo.headline(n).more {
		score--
	}
	if len(t) > 120 {
		score--
	}
	return score
}

// near says how close a heading stands to the price: whether a part of the page
// holds both, and the heading comes first.
func (d *document) near(n *html.Node, price *tamga.Finding) (score float64) {
	if price == nil {
		return 0
	}
	s, block := d.common(n, price)
	if (s[1]-s[0])*2 < len(d.page.Source) {
		score++
	}
	if block == nil || block.Data == "body" || block.Data == "html" {
		if at := d.tree.spans[n]; !d.has(at, tamga.FindSubstance) && !d.has(at, tamga.FindQuantity) {
			score -= 2.5 // it may be the name of the site
		}
	} else if first := firstText(block); first != nil && inside(first, n) {
		score++
	}
	if d.tree.spans[n][0] > price.End {
		score -= 1.5
	}
	return score
}

// common is the range of the smallest element around a heading and the price.
func (d *document) common(head *html.Node, price *tamga.Finding) ([2]int, *html.Node) {
	for n := head; n != nil && price != nil; n = n.Parent {
		if s, ok := d.tree.spans[n]; ok && s[0] <= price.Start && price.End <= s[1] {
			return s, n
		}
	}
	return [2]int{0, len(d.page.Source)}, nil
}

// firstText is the first visible text of an element.
func firstText(n *html.Node) *html.Node {
	if n.Type == html.TextNode {
		if strings.TrimSpace(n.Data) != "" {
			return n
		}
		return nil
	}
	if n.Type != html.DocumentNode && (n.Type != html.ElementNode || skipped[n.Data] || n.Data == "select") {
		return nil
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if t := firstText(c); t != nil {
			return t
		}
	}
	return nil
}
