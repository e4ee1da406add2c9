package extract

import (
	"net/url"
	"regexp"
	"strings"

	"golang.org/x/net/html"

	"tamga"
)

// How many texts of a card, and of a page, are looked at for a vendor or a
// labelled value.
const (
	cardParts = 400
	pageParts = 10_000
)

// maxSaid is how long a text may be that names a vendor, label included, in bytes.
const maxSaid = 100

// maxName is how long the name of a vendor may be, in bytes.
const maxName = 40

// A part is a text of an element between two tags.
type part struct {
	text string
	node *html.Node // the text node
	link *html.Node // the link around it, nil for none
	cell *html.Node // the nearest block or cell around it
}

// partsOf are the visible texts of an element in order.
func partsOf(n *html.Node, most int) (out []part) {
	var visit func(n, link, cell *html.Node)
	visit = func(n, link, cell *html.Node) {
		if len(out) >= most {
			return
		}
		switch {
		case n.Type == html.TextNode:
			if t := fold(n.Data); t != "" {
				out = append(out, part{t, n, link, cell})
			}
			return
		case n.Type == html.DocumentNode:
		case n.Type != html.ElementNode || skipped[n.Data] || n.Data == "select":
			return
		case n.Data == "a" && attr(n, "href") != "":
			link = n
		case blocks[n.Data] || cells[n.Data]:
			cell = n
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			visit(c, link, cell)
		}
	}
	visit(n, nil, n)
	return out
}

var (
	vendorLink  = regexp.MustCompile(`(?i)(?:vendor|seller|user|profile|member|merchant|trader|shop|store)s?(?:name|id|_id|info)?(?:[/=.?_-]|\b)|(?:^|/)(?:u|prodav\w*|magazin\w*|anbieter|verkaeufer\w*|haendler|vendeu(?:r|se)s?|boutiques?|vendedor(?:es)?|tiendas?|venditor[ei]|negozi?|verkopers?|winkels?|sprzedawc\w*|sklep\w*|myyja\w*|kauppiaa?s|saljare|satici\w*)/|[?&](?:anbieter|verkaeufer|haendler|vendeur|vendedor|venditore|verkoper|sprzedawca|myyja)=|/@`)
	sellerWord  = `vendor|seller|sold by|sold and shipped by|brought to you by|posted by|offered by|listed by|added by|merchant|vendor name|seller name|store|shop|продавец|магазин|шоп|sotuvchi|сатушы|сатуучу`
	foreignWord = `verkäufer(?:in)?|anbieter|händler|verkauft von|angeboten von|vendeur|vendeuse|vendu par|proposé par|boutique|vendedor|vendido por|tienda|loja|venditore|venduto da|negozio|verkoper|verkocht door|winkel|sprzedawca|sprzedawany przez|sklep|myyjä|kauppias|säljare|продаёт|продает|продавець|satıcı`
	// sellerLabel ends a text that stands before the name of a vendor; bySeller
	// is the same for the short word that also means other things.
	sellerLabel  = regexp.MustCompile(`(?i)(?:^|[\s(,|/·•-])(?:` + sellerWord + `)\s*[:\-–]?\s*$`)
	foreignLabel = regexp.MustCompile(`(?i)(?:^|[\s(,|/·•-])(?:` + foreignWord + `)\s*[:\-–]?\s*$`)
	foreignText  = regexp.MustCompile(`(?i)(?:^|[\s(,|/·•-])(?:` + foreignWord + `)(?:\s*[:\-–]\s*|\s+)([^\s:,;()|]{2,40})`)
	bySeller     = regexp.MustCompile(`(?i)(?:^|[\s(,|/·•-])(?:by|von|par|por|door|przez|av)\s*:?\s*$`)
	sellerText   = regexp.MustCompile(`(?i)(?:^|[\s(,|/·•-])(?:` + sellerWord + `)(?:\s*[:\-–]\s*|\s+)([^\s:,;()|]{2,40})`)
	byText       = regexp.MustCompile(`(?i)^by:?\s+([^\s:,;()|]{2,40})(?:$|[\s,(;|])`)
	// atText is a name written as a handle, all of a text; soldText is a name with
	// what only vendors have behind it in brackets: sales, a share of good feedback.
	atText    = regexp.MustCompile(`^@\s?([\pL\pN][\pL\pN_.-]{1,38})$`)
	soldText  = regexp.MustCompile(`(?i)^([\pL\pN][\pL\pN_.&+!$*-]{1,38})\s*[(\[]\s*(?:\d[\d.,]*k?\s*(?:sales|sold|orders|deals|trades|transactions|feedbacks?|verkäufe|ventes|ventas|vendite|verkopen|sprzedaży|myyntiä|сделок|продаж|отзывов)\b|\d{1,3}(?:[.,]\d+)?\s*%|[★⭐])`)
	levelTail = regexp.MustCompile(`(?i)\s+(?:(?:vendor|trust|seller)\s+)?(?:level|lvl)\s*:?\s*\d+.*$|\s+\d+(?:\.\d+)?\s*%.*$|\s*[★✓✔⭐].*$`)
	// noName are words that follow "vendor" and are no name of one.
	noName = regexp.MustCompile(`(?i)^(?:(?:(?:vendor|trust|seller|user)\s+)?(?:level|lvl)\s*:?\s*\d*|since|ratings?|feedbacks?|infos?|information|pages?|shops?|profiles?|name|trust|status|score|contact|terms|lists?|all|bond|view|more|the|and|is|has|will|must|who|for|to|in|on|of|with|by|this|that|not|no|only|account|area|login|panel|support|avatars?|logos?|images?|photos?|pictures?|icons?|bild|photo de profil|аватар|stores?|vendors?|sellers?|merchants?|rules?|guide|faq|stats?|statistics|details?|reviews?|other|your|you|our|from|ships?|price|total|online|offline|verified|policy|response|listings?|products?|items?|message|send|report|favou?rites?|settings|register|categor(?:y|ies)|accepts?|also|may|can|refund|notes?|sales|directory|search|digital|physical|now|открыт|рейтинг|отзывы)$`)
	// roleWords are what stands before or after a name in the same text.
	roleWords = regexp.MustCompile(`(?i)^(?:vendor|seller|user|profile|shop|store|продавец|магазин)(?:\s+profile)?(?:\s+of)?\s*[:\-–]?\s+|(?:'s|’s)?\s+(?:profile|shop|store|page|listings?|items|products)$`)
)

// vendorName drops what markets hang on a name: "(4.9★)", "[120]".
func vendorName(s string) string {
	s = title(s)
	if i := strings.IndexAny(s, "[("); i >= 0 {
		s = strings.TrimRight(s[:i], " ")
	}
	if low := strings.ToLower(s); strings.ContainsAny(low, "%★✓✔⭐") || strings.Contains(low, "level") || strings.Contains(low, "lvl") {
		s = levelTail.ReplaceAllString(s, "")
	}
	return strings.TrimSpace(strings.TrimLeft(s, "@ "))
}

// vendorName is the same, remembered.
func (d *document) vendorName(s string) string {
	if len(s) > maxAsked {
		return vendorName(s)
	}
	v, known := d.memo.names[s]
	if !known {
		v = vendorName(s)
		if d.memo.names == nil {
			d.memo.names = map[string]string{}
		}
		if len(d.memo.names) < maxMemo {
			d.memo.names[s] = v
		}
	}
	return v
}

// parts are the texts of the page.
func (d *document) parts() []part {
	if d.memo.parts == nil {
		d.memo.parts = partsOf(d.tree.Nodes[0], pageParts)
	}
	return d.memo.parts
}

// names are the last words of what sellerLabel matches, in small letters.
var sellerEnds = set("vendor seller by merchant name store shop продавец магазин шоп sotuvchi сатушы сатуучу verkäufer verkäuferin anbieter händler von vendeur vendeuse par boutique vendedor por tienda loja venditore da negozio verkoper door winkel sprzedawca przez sklep myyjä kauppias säljare продаёт продает продавець satıcı")

// byEnds are the words that bySeller matches.
var byEnds = set("by von par por door przez av")

// sellerCue are words, in small letters, one of which sellerText needs.
var sellerCue = []string{"vendor", "seller", " by", "merchant", "store", "shop", "продавец", "магазин", "шоп", "sotuvchi", "сатушы", "сатуучу"}

// foreignCue are those that foreignText needs.
var foreignCue = []string{"verk", "anbieter", "händler", "vendeu", "vendu", "vendid", "vendit", "vended", "propos", "angeboten", "verko", "boutique", "tienda", "loja", "negozio", "winkel", "sprzedaw", "sklep", "myyjä", "kauppias", "säljare", "прода", "satıcı"}

// labelEnd is the last word of a label, in small letters, without the colon
// behind it.
func labelEnd(s string) string {
	s = strings.TrimRight(cutLeft(s, 64), " :-–")
	return strings.ToLower(s[strings.LastIndexAny(s, " \t\n(,|/·•-")+1:])
}

// cutLeft is the end of s, of at most n bytes.
func cutLeft(s string, n int) string { return s[max(0, len(s)-n):] }

// properName says whether a text may be the name of a vendor: short, of few
// words, no label, no sentence and no action.
func (d *document) properName(s string) bool {
	if len(s) < 2 || len(s) > maxName || strings.Count(s, " ") > 3 || strings.ContainsAny(s, ":=/") || strings.HasSuffix(s, ".") || d.memo.says(noName, s) || d.memo.says(personWord, s) && !digitsOnly(s) || foreignParts[strings.ToLower(s)] || d.memo.says(actionText, s) {
		return false
	}
	return strings.IndexFunc(s, func(r rune) bool {
		return r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r > 127
	}) >= 0
}

func digitsOnly(s string) bool { return strings.Trim(s, "0123456789") == "" }

// seller is the vendor that the texts of an offer name, "" for none. A link that
// a label stands before is the surest, then a link to a vendor, then a text
// after a label, then a link whose target ends in its own text.
func (d *document) seller(parts []part, title *html.Node) string {
	names := [4]string{}
	put := func(rank int, s string) {
		if names[rank] == "" && d.properName(s) {
			names[rank] = s
		}
	}
	own := ""
	if title != nil {
		own = target(title)
	}
	for i, p := range parts {
		if inside(p.node, title) {
			continue
		}
		var before *part
		if i > 0 && !inside(parts[i-1].node, title) {
			before = &parts[i-1]
		}
		labelled := false
		if before != nil {
			end := labelEnd(before.text)
			labelled = sellerEnds[end] && (d.memo.says(sellerLabel, before.text) || d.memo.says(foreignLabel, before.text)) || byEnds[end] && p.link != nil && len(before.text) < 60 && d.memo.says(bySeller, before.text)
		}
		if p.link != nil {
			h := attr(p.link, "href")
			switch {
			case own != "" && h == own || d.linkKind(h).shelf:
			case labelled:
				put(0, d.vendorName(p.text))
			case d.linkKind(h).vendor && !d.linkKind(h).deal:
				put(1, d.vendorName(p.text))
			case names[3] == "" && len(p.text) <= maxSaid && namesTarget(h, d.vendorName(p.text)):
				put(3, d.vendorName(p.text))
			}
			continue
		}
		if labelled {
			if first, _, _ := strings.Cut(d.vendorName(p.text), ","); len(first) <= maxName {
				put(2, strings.TrimSpace(first))
			}
			continue
		}
		if len(p.text) > maxSaid { // a sentence that speaks of vendors
			continue
		}
		if len(p.text) < 5 {
			continue
		}
		if m := submatch(atText, p.text, p.text[0] == '@'); m != "" {
			put(2, d.vendorName(m))
			continue
		} else if m := submatch(soldText, p.text, strings.ContainsAny(p.text, "([")); m != "" && !digitsOnly(m) && !d.has(d.tree.spans[p.node.Parent], tamga.FindSubstance) {
			put(3, d.vendorName(m))
		}
		low := strings.ToLower(p.text)
		if m := submatch(sellerText, p.text, containsAny(low, sellerCue)); m != "" {
			put(2, d.vendorName(m))
		} else if m := submatch(foreignText, p.text, containsAny(low, foreignCue)); m != "" {
			put(2, d.vendorName(m))
		} else if m := submatch(byText, p.text, strings.HasPrefix(low, "by")); m != "" {
			put(2, d.vendorName(m))
		}
	}
	for _, n := range names {
		if n != "" {
			return n
		}
	}
	return ""
}

// namedVendor is a target that ends in the name of a vendor.
var namedVendor = regexp.MustCompile(`(?i)(?:/(?:vendor|seller|merchant|user|profile|member|u)s?/|[?&](?:vendor|seller|merchant|user|member|username)=)([^/?&=#]{2,40})/?$`)

// iconSeller is the vendor that only the target of a link without a text names,
// or what is said of its picture: an icon or an avatar; the picture of the offer leads to the offer. A number is
// no name.
func (d *document) iconSeller(n *html.Node, offer string) string {
	for _, a := range links(n) {
		h := attr(a, "href")
		k := d.linkKind(h)
		if h == offer || !k.vendor || k.deal || k.shelf || d.memo.headline(a).text != "" {
			continue
		}
		if m := namedVendor.FindStringSubmatch(h); m != nil {
			if s, err := url.PathUnescape(m[1]); err == nil && !digitsOnly(s) && d.properName(s) && handleLike.MatchString(s) {
				return s
			}
		}
		if s := d.vendorName(altAround.ReplaceAllString(pictured(a), "")); s != "" && !digitsOnly(s) && d.properName(s) && handleLike.MatchString(s) {
			return s
		}
	}
	return ""
}

// altAround is what stands around the name of a vendor in what is said of his picture.
var altAround = regexp.MustCompile(`(?i)^(?:(?:avatar|logo|picture|photo|profile|store|shop|vendor|seller|user)\s*)+(?:of\s+|[:\-–]\s*|\s)|(?:'s|’s)?\s+(?:avatar|logo|picture|photo|profile|icon|store|shop)$`)

// pictured is what is said of the first picture of a link, or of the link itself.
func pictured(a *html.Node) (said string) {
	var visit func(*html.Node)
	visit = func(n *html.Node) {
		for c := n.FirstChild; c != nil && said == ""; c = c.NextSibling {
			if c.Data == "img" {
				if said = fold(attr(c, "alt")); said == "" {
					said = fold(attr(c, "title"))
				}
			}
			visit(c)
		}
	}
	if visit(a); said == "" {
		said = fold(attr(a, "title"))
	}
	return cut(said, maxSaid)
}

// submatch is the first group of a pattern in a text, "" for none or where it
// need not be looked for.
func submatch(pattern *regexp.Regexp, s string, look bool) string {
	if look {
		if m := pattern.FindStringSubmatch(s); m != nil {
			return m[1]
		}
	}
	return ""
}

// inside says whether a node lies in another.
func inside(n, in *html.Node) bool {
	if in == nil {
		return false
	}
	for k := 0; n != nil && k < 16; n, k = n.Parent, k+1 {
		if n == in {
			return true
		}
	}
	return false
}

// namesTarget says whether the last part of a target is the text of its link, as
// names of people are: /x/NAME, ?x=NAME.
func namesTarget(h, name string) bool {
	if len(name) < 3 || strings.ContainsAny(name, "/?&=") {
		return false
	}
	u, err := url.PathUnescape(strings.TrimRight(h, "/"))
	if err != nil || len(u) <= len(name) {
		return false
	}
	return strings.EqualFold(u[len(u)-len(name):], name) && strings.IndexByte("/=", u[len(u)-len(name)-1]) >= 0
}
