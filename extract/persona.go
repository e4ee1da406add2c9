package extract

import (
	"net/url"
	"regexp"
	"strings"

	"tamga"
)

var (
	profileOf  = regexp.MustCompile(`(?i)(?:profile of|vendor|seller|user|profile|about|shop|продавец|магазин|профиль)\s*[:\-–]?\s+([^\s|:»()\[\]]{2,40})|([^\s|:»()\[\]]{2,40})(?:'s|’s)\s+(?:profile|shop|store|page|listings|items)`)
	aboutName  = regexp.MustCompile(`(?i)[?&/](?:receiver|recipient|to|compose|message|contact|send\w*|pm|vendor|seller|user|profile|u|member|username)(?:[=/]|name=)([^/?&=#]{2,40})`)
	aboutCue   = strings.Fields("receiver recipient to compose message contact send pm vendor seller user profile /u ?u &u member")
	anchors    = set("a")
	userLabel  = regexp.MustCompile(`(?i)^(?:user ?name|vendor(?: name)?|seller(?: name)?|nick(?:name)?|name|alias|handle|пользователь|имя|продавец|магазин)\s*:?$`)
	handleLike = regexp.MustCompile(`^[\pL\pN][\pL\pN _.'&+!$*@-]*$`)
	personWord = regexp.MustCompile(`(?i)^(?:feedbacks?|reviews?|profile|listings?|products?|items?|home|inbox|messages?|orders?|report|pgp|about|terms|vendor|seller|user|statistics|categories|search|welcome|market|account|settings|wallet|cart|logout|description|news|support|username|rating|ratings|shop|contact|help|login|register|main|page|\d+)$`)
)

// foreignParts are the same in other languages, in small letters.
var foreignParts = func() map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Split("rubrique|rubriques|catégorie|catégories|annonces|ses annonces|mes annonces|les annonces|produits|ses produits|offres|ses offres|avis|les avis|à propos|à propos de moi|accueil|boutique|boutiques|recherche|panier|messagerie|kategorien|bewertungen|beschreibung|angebote|meine angebote|alle angebote|produkte|meine produkte|alle produkte|artikel|anzeigen|über mich|über uns|startseite|warenkorb|nachrichten|suche|profil|categorías|productos|anuncios|ofertas|opiniones|valoraciones|descripción|sobre mí|inicio|tienda|categorie|prodotti|annunci|recensioni|descrizione|negozio|categorieën|producten|beoordelingen|beschrijving|kategorie|produkty|oferty|opinie|opis|kategoriat|tuotteet|ilmoitukset|palautteet|arvostelut|kuvaus|etusivu|kategorier|produkter|категории|товары|отзывы|описание|каталог|главная|предложения|о магазине|о продавце", "|") {
		m[w] = true
	}
	return m
}()

// personaName is the name of the vendor of a vendor page, of the names that its
// address, its title, its headings, its labels and its links give, the one with
// most votes; offers are the ranges that speak of something else.
func (d *document) personaName(offers [][2]int) (name string) {
	votes, order := map[string]int{}, []string{}
	vote := func(s string, n int) {
		s = d.vendorName(s)
		if !d.properName(s) || d.plainHeading(s) || d.memo.says(personWord, s) || !handleLike.MatchString(s) {
			return
		}
		if votes[s] == 0 {
			order = append(order, s)
		}
		votes[s] += n
	}
	if d.given {
		if m := aboutName.FindStringSubmatch(d.base.RequestURI()); m != nil {
			if s, err := url.QueryUnescape(m[1]); err == nil && strings.Contains(d.markup.text.body, s) {
				vote(s, 6)
			}
		}
	}
	if m := profileOf.FindStringSubmatch(d.markup.title); m != nil {
		vote(m[1]+m[2], 4)
	}
	for _, s := range strings.FieldsFunc(d.markup.title, func(r rune) bool { return strings.ContainsRune("|»:–—", r) }) {
		vote(s, 1)
	}
	d.headingVotes(offers, vote)
	parts := d.parts()
	for i := 0; i+1 < len(parts); i++ {
		if len(parts[i].text) < 32 && d.memo.says(userLabel, parts[i].text) && !in(offers, d.place(parts[i].node)) {
			vote(parts[i+1].text, 4)
		}
	}
	said := map[string]int{}
	for a := range d.elements(anchors) {
		if h := attr(a, "href"); !containsAny(strings.ToLower(h), aboutCue) {
		} else if m := aboutName.FindStringSubmatch(h); m != nil && !in(d.zones.frame, d.tree.spans[a][0]) && !in(offers, d.tree.spans[a][0]) {
			if s, err := url.QueryUnescape(m[1]); err == nil && said[s] < 3 {
				said[s]++
				vote(s, 2)
			}
		}
	}
	for a := range d.elements(anchors) { // the name of the site leads to its first page
		if h := attr(a, "href"); h != "" && d.linkKind(h).root {
			votes[d.vendorName(d.memo.headline(a).text)] -= 8
		}
	}
	for _, s := range order {
		if votes[s] > max(votes[name], 1) {
			name = s
		}
	}
	return name
}

// What calls a vendor by his name.
var (
	callers  = set("h1 h2 h3 h4 strong b big")
	callName = regexp.MustCompile(`(?i)name|title|user|vendor`)
)

// headingVotes lets the headings of a page vote for its vendor: the first, those
// that are named after a person and those that say "profile of" count more.
func (d *document) headingVotes(offers [][2]int, vote func(string, int)) {
	seen := map[string]bool{}
	for e := range d.elements(nil) {
		if !callers[e.Data] && !d.memo.says(callName, attr(e, "class")) {
			continue
		}
		at := d.tree.spans[e]
		if at[1] == 0 || at[1]-at[0] > 2048 || in(d.zones.frame, at[0]) || in(d.zones.reviews, at[0]) || in(offers, at[0]) {
			continue
		}
		t := d.memo.headline(e).text
		if t == "" || seen[t] {
			continue
		}
		seen[t] = true
		n := 2
		if len(seen) == 1 {
			n += 3 // the first speaks of the page
		}
		if e.Data[0] == 'h' {
			n++
		}
		if m := profileOf.FindStringSubmatch(t); m != nil && d.properName(d.vendorName(m[1]+m[2])) { // no "Vendor Level 3"
			vote(m[1]+m[2], n+1)
		} else {
			vote(t, n)
		}
		if len(seen) == 100 {
			break
		}
	}
}

// stands says whether a name stands by itself outside the offers and the frame of
// a page, as the vendor's does on his own.
func (d *document) stands(name string, offers [][2]int) bool {
	for _, p := range d.parts() {
		if len(p.text) < 3*maxName && d.vendorName(p.text) == name {
			if at := d.place(p.node); !in(offers, at) && !in(d.zones.frame, at) && !in(d.zones.reviews, at) && !in(d.zones.choices, at) {
				return true
			}
		}
	}
	return false
}

// handled says whether a name stands outside the offers both as it is and as a
// handle, "@name", as at the head of a profile.
func (d *document) handled(name string, offers [][2]int) bool {
	handle, plain := false, false
	for _, p := range d.parts() {
		s := strings.TrimPrefix(p.text, "@")
		if len(s) > len(name)+1 || name == "" || !strings.EqualFold(strings.TrimSpace(s), name) {
			continue
		}
		if at := d.place(p.node); !in(offers, at) && !in(d.zones.frame, at) && !in(d.zones.reviews, at) {
			handle = handle || s != p.text
			plain = plain || s == p.text
		}
	}
	return handle && plain
}

// only is the one key of a set.
func only(set map[string]bool) string {
	for k := range set {
		return k
	}
	return ""
}

// persona takes the vendor of a vendor page, and gives it to the offers that
// name none.
func (d *document) persona(name string) {
	if name == "" {
		return
	}
	v := &tamga.Vendor{Name: name, Span: d.tree.span(d.tree.Find("body"))}
	if d.given {
		v.URL = d.base.String()
	}
	v.PGP = d.keys(v.Span)
	d.page.Vendor = v
	for i := range d.page.Listings {
		if d.page.Listings[i].Vendor == "" {
			d.page.Listings[i].Vendor = name
		}
	}
}
