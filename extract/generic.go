package extract

import (
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/html"

	"tamga"
)

var (
	vendorPath  = regexp.MustCompile(`(?i)/(?:vendor|seller|user|profile|member|merchant|u|shop|store)s?[/?.=]|[?&](?:vendor|seller|user|member)=|(?:vendor|seller|profile|contactMember|user)[\w-]*\.php`)
	vendorWords = regexp.MustCompile(`(?i)vendor (?:page|profile|info)|seller (?:page|profile|info)|'?s profile|profile of|user profile|member since|vendor since|about (?:the )?(?:vendor|seller)|last seen|last active|joined|профиль`)
	postName    = regexp.MustCompile(`(?i)(?:^|[\s_-])(?:post|message|postbody|post_body|postcontent|postcolor|messagecontent|reply|comment|commentbody|posts?[_-]?\d+|msg[_-]?\d+)(?:[\s_-]|$)`)
)

// vendorCues are what a market tells about a vendor, in small letters.
var vendorCues = []string{"join date", "joined", "member since", "vendor since", "active since", "has been active", "registered", "registration date", "last active", "last login", "last seen", "last online", "username", "user type", "fe enabled", "finalize early", "contact vendor", "message vendor", "send message", "send a message", "send pm", "feedback ratings", "positive feedback", "% positive", "total sales", "total orders", "number of sales", "trust level", "vendor level", "disputes", "pgp key", "public key", "about me", "about vendor", "about seller", "items for sale", "ranked in", "experience:", "дата регистрации", "открыт:", "был в сети", "была в сети", "рейтинг", "сделок", "написать сообщение", "о магазине", "о продавце", "успешных сделок", "подписчик", "seller rating", "vendor rating", "feedback score", "followers", "years on", "completed orders", "completed sales"}

// presence are those that say when a person came or was last there.
var presence = []string{"last seen", "last online", "last active", "last login", "was last seen", "member since", "vendor since", "seller since", "joined", "join date", "active since", "has been active", "был в сети", "была в сети", "дата регистрации", "seen today", "seen yesterday", "last visit", "last activity", "online now", "member for", "vendor for", "seller for", "account created", "registered on", "registered since", "был онлайн", "zuletzt online", "zuletzt gesehen", "zuletzt aktiv", "mitglied seit", "anbieter seit", "verkäufer seit", "händler seit", "dabei seit", "registriert seit", "vendeur depuis", "membre depuis", "inscrit depuis", "inscrit le", "dernière connexion", "dernière visite", "vu aujourd", "vu hier", "en ligne il y a", "viimeksi paikalla", "viimeksi nähty", "viimeksi kirjautunut", "jäsen vuodesta", "myyjä vuodesta", "miembro desde", "vendedor desde", "última conexión", "última visita", "visto por última vez", "membro desde", "visto por último", "membro dal", "ultimo accesso", "lid sinds", "laatst gezien", "laatst online", "ostatnio online", "ostatnio widziany", "w serwisie od", "medlem sedan", "senast inloggad", "была онлайн", "на площадке с", "на сайте с", "с нами с", "последний визит"}

var vendorFacts = cueSet{words: slices.Concat(vendorCues, presence)}

// generic reads a page that no profile knows, from its structure, its text and
// what the recognisers found in it.
func (d *document) generic() {
	if d.tree == nil {
		d.page.Kind = d.wall()
		return
	}
	d.tells()
	if d.network() {
		return
	}
	if d.channel() {
		d.page.Kind, d.page.Posts = tamga.PageChannel, d.genericPosts()
		return
	}
	d.nameRanges()
	d.findZones()
	cards := d.cards()
	if price, _ := d.pagePrice(nil); price != nil {
		if head := d.offerHeading(price, nil, ""); head != nil && strings.Count(d.markup.text.body, d.memo.headline(head).text) < 4 && d.frames(cards, d.tree.spans[head]) {
			cards = nil
		}
	}
	var offers [][2]int
	for _, c := range cards {
		offers = append(offers, d.tree.spans[c.node])
	}
	if len(cards) == 0 {
		if k := d.gate(); k != tamga.PageOther {
			d.page.Kind = k
			return
		}
	}
	named, vendor, seen := d.vendorScore()
	name := d.personaName(offers)
	single, ok := d.single(cards)
	if posts := d.genericPosts(); len(posts) > 1 && d.thread(posts, cards, ok) {
		d.page.Kind, d.page.Posts = tamga.PageThread, posts
		return
	}
	if ok && (named || vendor >= 2 && d.vendorName(single.Title) == name && (single.Vendor == "" || single.Vendor == name)) {
		ok = false
	}
	if ok {
		// One offer with its own heading, vendor or buy button, and at most a
		// list of related offers below it.
		d.page.Kind = tamga.PageListing
		d.page.Listings = append(d.page.Listings, single)
	} else if len(cards) < 3 && !named && vendor < 3 && (len(cards) == 0 || !seen) {
		if d.page.Kind = d.wall(); d.page.Kind != tamga.PageOther {
			return
		}
	}
	sellers := map[string]bool{}
	for _, c := range cards {
		x := d.listing(c)
		if x.Vendor != "" {
			sellers[x.Vendor] = true
		}
		d.page.Listings = append(d.page.Listings, x)
	}
	switch {
	case ok:
	case named, vendor >= 3 && len(sellers) < 2 && d.posts() < 3, (seen || d.handled(name, offers)) && len(cards) > 0 && len(sellers) == 0:
		d.page.Kind = tamga.PageVendor
		if len(cards) == 0 {
			d.loneOffer(name)
		}
		d.persona(name)
	case len(cards) > 1 && len(sellers) == 1 && seen && d.stands(only(sellers), offers):
		d.page.Kind = tamga.PageVendor
		d.persona(only(sellers))
	case len(cards) > 0:
		d.page.Kind = tamga.PageListings
	case d.posts() >= 2:
		d.page.Kind = tamga.PageThread
	}
}

// thread says whether posts are the matter of the page, not the feedback below
// an offer or on a vendor: no offer stands outside them.
func (d *document) thread(posts []tamga.Post, cards []card, ok bool) bool {
	var spans [][2]int
	for _, p := range posts {
		spans = append(spans, p.Span)
	}
	sortRanges(spans)
	if ok {
		// The offer is read from a heading and a price: one inside the posts is
		// what somebody writes.
		price, _ := d.pagePrice(nil)
		return price != nil && in(spans, price.Start)
	}
	outside := 0
	for _, c := range cards {
		if !in(spans, d.tree.spans[c.node][0]) {
			outside++
		}
	}
	return outside < 3
}

// frames says whether the cards are parts of the page's frame: the heading of
// the page stands inside one that is not about it, or is one's own name and the
// page's: a list is not named after one of its offers.
func (d *document) frames(cards []card, head [2]int) bool {
	for _, c := range cards {
		s, t := d.tree.spans[c.node], d.tree.spans[c.title]
		if head[0] >= s[0] && head[1] <= s[1] {
			own := t[0] <= head[1] && t[1] >= head[0]
			return !own || strings.Contains(fold(strings.ToLower(d.markup.title)), strings.ToLower(d.memo.headline(c.title).text))
		}
	}
	return false
}

// channel says whether a page is the web preview of a Telegram channel.
func (d *document) channel() bool {
	return strings.Contains(d.page.Source, "tgme_") && d.tree.Find(`.tgme_widget_message, .tgme_channel_info, .tgme_channel_history`).Length() > 0
}

// network reads the posts of a social network, which has one markup for all who
// write there; false where the page is of none.
func (d *document) network() bool {
	for _, p := range d.reader.profiles {
		if !p.Network || !d.matches(p.Detect.signature) {
			continue
		}
		if l := d.layout(p); l != nil && l.Posts != nil {
			d.readPosts(l.Posts, d.tree.Selection)
			if len(d.page.Posts) > 0 {
				d.page.Kind = l.Kind
				return true
			}
		}
	}
	return false
}

// vendorScore weighs the signs of a vendor's page: named says that its title or
// its address say so, n counts the facts about a vendor that it tells, seen that
// one of them is when a person came or was last there.
func (d *document) vendorScore() (named bool, n int, seen bool) {
	named = d.given && vendorPath.MatchString(d.base.RequestURI()) || vendorWords.MatchString(d.markup.title)
	said := map[int]bool{}
	vendorFacts.each(lower(d.markup.text.body), func(word int) {
		said[word] = true
		seen = seen || slices.Contains(presence, vendorFacts.words[word])
	})
	for i := range vendorCues {
		if said[i] {
			n++
		}
	}
	for _, f := range d.page.Findings {
		if f.Type == tamga.FindPGP && f.Rule == "pgp-key@1" {
			n++
			break
		}
	}
	return named, n, seen
}

var messages = set("div article li tr td")

// written counts the bytes of text in an element, white space around them left
// out, up to the first text with which they are more than enough.
func written(n *html.Node, enough int) (bytes int) {
	if n.Type == html.TextNode {
		return len(strings.TrimSpace(n.Data))
	}
	for c := n.FirstChild; c != nil && bytes <= enough; c = c.NextSibling {
		bytes += written(c, enough-bytes)
	}
	return bytes
}

// posts counts elements that look like messages of a thread.
func (d *document) posts() (n int) {
	for e := range d.elements(messages) {
		name := attr(e, "class") + " " + attr(e, "id")
		if len(name) < 2 || !d.memo.says(postName, name) {
			continue
		}
		if at := d.tree.spans[e][0]; !in(d.zones.frame, at) && !in(d.zones.reviews, at) && written(e, 20) > 20 {
			n++
		}
	}
	return n
}
