package extract

import (
	"regexp"
	"strings"

	"github.com/PuerkitoBio/goquery"

	"tamga"
)

var (
	buyWords    = regexp.MustCompile(`(?i)\b(?:buy|purchase|add to cart|order now|place order|checkout|buy now|order)\b|купить|заказать|в корзину`)
	vendorPath  = regexp.MustCompile(`(?i)/(?:vendor|seller|user|profile|member|merchant|u|shop|store)s?[/?.=]|[?&](?:vendor|seller|user|member)=|(?:vendor|seller|profile|contactMember|user)[\w-]*\.php`)
	vendorWords = regexp.MustCompile(`(?i)vendor (?:page|profile|info)|seller (?:page|profile|info)|'?s profile|profile of|member since|vendor since|about (?:the )?(?:vendor|seller)|last seen|last active|joined|terms (?:and|&) conditions|профиль`)
	postName    = regexp.MustCompile(`(?i)(?:^|[\s_-])(?:post|message|postbody|post_body|reply|comment)(?:[\s_-]|$)`)
)

// vendorCues are what a market tells about a vendor, in small letters.
var vendorCues = []string{"join date", "joined", "member since", "vendor since", "last active", "last login", "last seen", "last online", "username", "user type", "fe enabled", "finalize early", "contact vendor", "message vendor", "send message", "send a message", "feedback ratings", "positive feedback", "total sales", "trust level", "disputes", "pgp key", "about me", "дата регистрации", "был в сети", "рейтинг"}

// generic reads a page that no profile knows, from its structure, its text and
// what the recognisers found in it.
func (d *document) generic() {
	if d.tree == nil {
		d.page.Kind = d.wall()
		return
	}
	if posts := d.genericPosts(); len(posts) > 1 {
		d.page.Kind, d.page.Posts = tamga.PageThread, posts
		return
	}
	d.nameRanges()
	cards := d.cards()
	if head := d.offerHeading(); head != nil && d.frames(cards, d.tree.span(head)) {
		cards = nil
	}
	named, vendor := d.vendorScore()
	single, ok := d.single(cards)
	ok = ok && !named
	if ok {
		// One offer with its own heading, vendor or buy button, and at most a
		// list of related offers below it.
		d.page.Kind = tamga.PageListing
		d.page.Listings = append(d.page.Listings, single)
	} else if len(cards) < 3 && !named && vendor < 3 {
		if d.page.Kind = d.wall(); d.page.Kind != tamga.PageOther {
			return
		}
	}
	for _, c := range cards {
		d.page.Listings = append(d.page.Listings, d.listing(c))
	}
	switch {
	case ok:
	case named, vendor >= 3 && d.sellers(cards) < 2:
		d.page.Kind = tamga.PageVendor
		d.persona()
	case len(cards) > 0:
		d.page.Kind = tamga.PageListings
	case d.posts() >= 2:
		d.page.Kind = tamga.PageThread
	}
}

// sellers counts the vendors of the cards.
func (d *document) sellers(cards []card) int {
	names := map[string]bool{}
	for _, c := range cards {
		if c.vendor != nil {
			names[text(c.vendor)] = true
		}
	}
	return len(names)
}

// vendorScore weighs the signs of a vendor's page: named says that its title or
// its address say so, n counts the facts about a vendor that it tells.
func (d *document) vendorScore() (named bool, n int) {
	named = d.given && vendorPath.MatchString(d.base.RequestURI()) || vendorWords.MatchString(d.markup.title)
	body := string(lower(d.markup.text.body))
	for _, c := range vendorCues {
		if strings.Contains(body, c) {
			n++
		}
	}
	for _, f := range d.page.Findings {
		if f.Type == tamga.FindPGP && f.Rule == "pgp-key@1" {
			n++
			break
		}
	}
	return named, n
}

// persona reads the vendor of a vendor page.
func (d *document) persona() {
	name := vendorName(text(d.tree.Find("h1").First().Nodes...))
	if name == "" || len(name) > 60 {
		name = vendorName(d.markup.title)
	}
	if m := soldBy.FindStringSubmatch(d.markup.text.body); m != nil && !strings.Contains(name, m[1]) && (name == "" || strings.Contains(name, " ")) {
		name = m[1]
	}
	if name == "" {
		return
	}
	v := &tamga.Vendor{Name: name, Span: d.tree.span(d.tree.Find("body"))}
	if d.given {
		v.URL = d.base.String()
	}
	v.PGP = d.keys(v.Span)
	d.page.Vendor = v
}

// posts counts elements that look like messages of a thread.
func (d *document) posts() (n int) {
	d.tree.Find("div[class],article[class],li[class],tr[class]").Each(func(_ int, s *goquery.Selection) {
		if c, _ := s.Attr("class"); postName.MatchString(c) && len(strings.TrimSpace(s.Text())) > 20 {
			n++
		}
	})
	return n
}

// single reads the page as one offer: a heading, a price after it outside the
// cards, and a vendor, a route or a buy button.
func (d *document) single(cards []card) (x tamga.Listing, ok bool) {
	head := d.offerHeading()
	if head == nil {
		return x, false
	}
	inside := func(at int) bool {
		for _, c := range cards {
			if s := d.tree.spans[c.node]; at >= s[0] && at < s[1] {
				return true
			}
		}
		return false
	}
	span := d.tree.span(head)
	end := len(d.page.Source)
	if len(cards) > 0 {
		if first := d.tree.spans[cards[0].node][0]; first > span[1] {
			end = first
		} else if inside(span[0]) {
			return x, false
		}
	}
	price, labelled := d.askedPrice(span[1], end, inside)
	if price == nil {
		return x, false
	}
	x = tamga.Listing{Title: title(text(head.Nodes...)), Price: price.Amount, Currency: price.Currency}
	x.Span = d.common(head, price)
	if d.given {
		x.URL = d.base.String()
	}
	buys := d.tree.Find(`button, input[type="submit" i], input[type="button" i], a`).FilterFunction(func(_ int, s *goquery.Selection) bool {
		at := d.tree.span(s)[0]
		if at < span[0] || inside(at) {
			return false
		}
		v, _ := s.Attr("value")
		t := s.Text() + " " + v
		return len(t) < 60 && buyWords.MatchString(t)
	}).Length()
	d.tree.Find("a[href]").EachWithBreak(func(_ int, s *goquery.Selection) bool {
		h, _ := s.Attr("href")
		at := d.tree.span(s)[0]
		if t := vendorName(text(s.Nodes...)); at >= x.Span[0] && at < end && t != "" && len(t) <= 40 && d.linkKind(h) == (linkKind{vendor: true}) && !inside(at) {
			x.Vendor = t
			return false
		}
		return true
	})
	if x.Vendor == "" {
		if m := soldBy.FindStringSubmatch(d.markup.text.body); m != nil {
			x.Vendor = vendorName(m[1])
		}
	}
	whole := x.Span
	x.Span = [2]int{min(span[0], whole[0]), end}
	d.routes(&x)
	x.Span = whole
	if buys == 0 && (x.Vendor == "" || !labelled && x.From == nil && x.To == nil) {
		return x, false
	}
	x.Description = ""
	d.reader.enrich(&x)
	return x, true
}

// frames says whether the cards are parts of the page's frame: the heading of
// the page stands inside one that is not about it.
func (d *document) frames(cards []card, head [2]int) bool {
	for _, c := range cards {
		s, t := d.tree.spans[c.node], d.tree.spans[c.title]
		if head[0] >= s[0] && head[1] <= s[1] {
			return t[0] > head[0] || t[1] < head[1]
		}
	}
	return false
}

// askedPrice is the price in a range that the word "price" stands before, or
// else the first; labelled says which.
func (d *document) askedPrice(start, end int, inside func(int) bool) (price *tamga.Finding, labelled bool) {
	for _, p := range d.within([2]int{start, end}, tamga.FindPrice) {
		if inside(p.Start) {
			continue
		}
		before := strings.ToLower(fold(tags.ReplaceAllString(d.page.Source[max(start, p.Start-160):p.Start], " ")))
		if before = before[max(0, len(before)-24):]; priceLabel.MatchString(before) {
			return p, true
		}
		if price == nil {
			price = p
		}
	}
	return price, false
}

var priceLabel = regexp.MustCompile(`(?:price|cost|цена|стоимость|narx\S*|баасы|бағасы)\W*$`)

// offerHeading is the heading of the page's own matter: the element whose text
// <title> repeats, the longest first; else the first h1 or h2.
func (d *document) offerHeading() *goquery.Selection {
	var found *goquery.Selection
	page := fold(strings.ToLower(d.markup.title))
	longest := 3
	d.tree.Find("h1,h2,h3,h4,h5,a,b,strong,span,div,td,p").Each(func(_ int, s *goquery.Selection) {
		n := s.Nodes[0]
		if n.FirstChild == nil || d.tree.spans[n][1]-d.tree.spans[n][0] > 2048 {
			return
		}
		t := strings.ToLower(fold(s.Text()))
		if len(t) > longest && strings.HasPrefix(page, t) || len(t) > longest+8 && strings.Contains(page, t) {
			found, longest = s, len(t)
		}
	})
	if found != nil {
		return found
	}
	for _, name := range []string{"h1", "h2"} {
		if h := d.tree.Find(name).First(); h.Length() > 0 && title(text(h.Nodes...)) != "" {
			return h
		}
	}
	return nil
}

// common is the range of the smallest element around the heading and the price.
func (d *document) common(head *goquery.Selection, price *tamga.Finding) [2]int {
	for n := head.Nodes[0]; n != nil; n = n.Parent {
		if s, ok := d.tree.spans[n]; ok && s[0] <= price.Start && price.End <= s[1] {
			return s
		}
	}
	return [2]int{0, len(d.page.Source)}
}
