package main

import (
	"bytes"
	"embed"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"text/template"

	"tamga"
)

// The styles of testdata/blind are laid out after public scrapers' selectors and
// open shop templates by someone who had not seen the generic reader. A style is
// a file: a template a kind of page ("listing-more" is a second page of kind
// listing), "truth" with what a reader of its page sees of an offer, and the
// optional "lang".
//
//go:embed testdata/blind
var blindFiles embed.FS

// blindOffer is an offer as the templates write it. Cents is its price in US
// dollars; Miss names the field that its card lacks, if any.
type blindOffer struct {
	N, ID, Cents, Stock, Sold, Views, Level, Positive int
	Title, Vendor, Section, Slug, Hash, Blurb, Miss   string
	Quantity                                          string // amount in the title, if it has one alone
	From, To, FromCode, ToCode                        string
	Options                                           []blindOption
	Kind                                              string // of the page it is on
}

type blindOption struct {
	Label string
	Cents int
}

// blindPage is what a template is given.
type blindPage struct {
	Site, Section      string
	Main               blindOffer
	Offers, More, Side []blindOffer
	Sections           []synthSection
	Reviews            []synthReview
}

var blindFuncs = template.FuncMap{
	"us":    func(c int) string { return grouped(c/100, ",") + fmt.Sprintf(".%02d", c%100) },
	"de":    func(c int) string { return grouped(c/100, ".") + fmt.Sprintf(",%02d", c%100) },
	"fr":    func(c int) string { return grouped(c/100, "\u202f") + fmt.Sprintf(",%02d", c%100) },
	"dec":   func(c int) string { return fmt.Sprintf("%d.%02d", c/100, c%100) },
	"eur":   func(c int) int { return c * 92 / 100 },
	"gbp":   func(c int) int { return c * 79 / 100 },
	"btc":   func(c int) string { return fmt.Sprintf("%.6f", float64(c)/100/43000) },
	"xmr":   func(c int) string { return fmt.Sprintf("%.4f", float64(c)/100/160) },
	"rub":   func(c int) int { return c / 1000 * 900 },
	"rubs":  func(c int) string { return grouped(c/1000*900, " ") },
	"upper": strings.ToUpper, "lower": strings.ToLower,
	"mod": func(a, b int) int { return a % b },
}

// grouped writes n with a sign between thousands.
func grouped(n int, sign string) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + sign + s[i:]
	}
	return s
}

// blindWords are what the titles and texts of a language are made of.
type blindWords struct {
	wares, sizes, tails, sections, blurbs, praise []string
}

var blindLangs = map[string]blindWords{
	"en": {
		[]string{"Lemon Tart Weed", "Peruvian Fishscale", "Dutch MDMA Champagne", "Dutch Speed", "Needlepoint Ketamine", "Gold Dome Hash", "4-ACO-DMT Fumarate", "LSD Gel Tabs 200ug", "Golden Teacher Mushrooms", "Dexedrine", "Xanax 2mg Bars", "2C-B Pink Powder", "Tusi 'Pink' & Co", "Etizolam Pellets", "China White Synthetic", "Bank Drop Guide 2023", "Streaming Account Lifetime"},
		[]string{"1g", "3.5 g", "7G", "14 g", "28 grams", "0.5g", "100 pcs", "10x", "5 x 1g", ""},
		[]string{" - AAA+++", " ★ PROMO ★", " | EU stock", " (tracked)", "", "", "", " >> fast dispatch <<", " \"as seen\"", " + free sample"},
		[]string{"Cannabis", "Stimulants", "Psychedelics", "Dissociatives", "Benzos", "Opioids", "Steroids", "Digital Goods", "Guides & Tutorials"},
		[]string{"Straight from the press, never cut. We pack double MBB with decoy and drop every weekday before noon. Orders over $500 get a free gram. No reship for new buyers.", "Welcome friends! This batch tested 84% at an independent lab. Dose low, go slow. Delivery takes 2-5 days inside the EU and up to 15 elsewhere.", "Limited stock. Read the profile before ordering, wrong addresses are not refunded. Bulk? Ask for 10, 50 and 100 g."},
		[]string{"landed in 3 days, stealth 10/10", "Bit underweight but fast", "5 stars, will be back for 50g", "No show, vendor ignores me", "Best on here hands down"},
	},
	"de": {
		[]string{"Amnesia Haze Indoor", "Marokkanischer Pollen", "Speed Paste trocken", "MDMA Kristalle", "Ketamin Nadeln", "Kokain ungestreckt", "LSD Trips 150µg", "Zauberpilze Psilocybe", "Ecstasy Tabletten 240mg", "Tilidin Tropfen"},
		[]string{"1g", "2,5 g", "5g", "10 g", "25 Stück", "100g", ""},
		[]string{" - Top Qualität", " (Neue Charge)", "", "", " | Blitzversand", " inkl. Versand"},
		[]string{"Cannabis", "Stimulanzien", "Psychedelika", "Medikamente", "Ecstasy", "Sonstiges"},
		[]string{"Frische Ware, täglicher Versand außer sonntags. Wir verschweißen doppelt. Ab 200 € Bestellwert gibt es 1 g gratis dazu.", "Sauberes Zeug aus eigener Herstellung. Bitte Profil lesen, keine Nachnahme."},
		[]string{"alles top, gerne wieder", "nach zwei Tagen da", "leider nichts angekommen", "Gewicht passt"},
	},
	"fr": {
		[]string{"Résine Olive Maroc", "Herbe Californie", "Cocaïne écaille", "MDMA cristaux", "Kétamine S", "Buvards LSD", "Champignons séchés", "Tabac à rouler premium"},
		[]string{"1 g", "5g", "10 g", "25 g", ""},
		[]string{" - livraison offerte", " (nouveau)", "", "", " qualité supérieure"},
		[]string{"Cannabis", "Stimulants", "Psychédéliques", "Accessoires"},
		[]string{"Produit de première qualité, emballage discret. Expédition sous 24 h, suivi dès 50 € d'achat.", "Lot testé. Conserver au sec."},
		[]string{"très bon produit", "livraison un peu longue", "je recommande"},
	},
	"ru": {
		[]string{"Мефедрон мука", "Альфа-ПВП голубой кристалл", "Бошки Лимонный кекс", "Гашиш евро", "Амфетамин розовый", "Кокаин Перу", "Экстази «Тесла»", "Марки LSD 220", "Метадон уличный", "Грибы шоколад"},
		[]string{"1г", "2 г", "0.5г", "3 гр", "5 шт", "10 г", ""},
		[]string{"", "", " VHQ", " (магнит)", " — тайник", " акция!"},
		[]string{"Стимуляторы", "Эйфоретики", "Каннабиноиды", "Психоделики", "Опиаты"},
		[]string{"Топовое качество от проверенного магазина. Клады надёжные, фото и координаты сразу после оплаты. Ненаход — к оператору в течение 24 часов.", "Свежая партия, без запаха и примесей. При заказе от 5 г скидка."},
		[]string{"снял в касание", "вес чуть меньше, но ровно", "ненаход, жду ответа", "качество огонь"},
	},
}

var (
	blindNames = []string{"PapaOwl", "kleinerprinz", "TheMilkman9", "snow_leopard", "DrDrift", "QuietHarbor", "moonpharm", "EU-Express", "la.fabrique", "Capt_Nemo", "GrannySmith", "2fast4post", "WolkeSieben", "Barbossa", "northstar_uk"}
	blindShops = []string{"Лунный кот", "SeverTorg", "Белый кролик", "ОптТорг24", "Mr.Fox", "Дом у озера"}
	blindLands = []struct{ name, code string }{{"Germany", "DE"}, {"Netherlands", "NL"}, {"United Kingdom", "GB"}, {"France", "FR"}, {"United States", "US"}, {"Canada", "CA"}, {"Australia", "AU"}, {"Poland", "PL"}}
	blindDests = []struct{ name, code string }{{"Worldwide", "WW"}, {"European Union", "EU"}, {"United States", "US"}, {"Germany, Austria", "DE AT"}, {"United Kingdom", "GB"}}
)

func makeBlind(r *rand.Rand, lang string, i int) blindOffer {
	w := blindLangs[lang]
	ware, size := pick(r, w.wares), pick(r, w.sizes)
	title := strings.TrimSpace(ware + " " + size)
	if i%3 == 1 {
		title = strings.TrimSpace(size + " " + ware)
	}
	x := blindOffer{
		N: i, ID: 1000 + r.IntN(90000), Cents: 800 + 10*r.IntN(3000), Stock: 1 + r.IntN(400), Sold: r.IntN(2000), Views: 50 + r.IntN(9000), Level: 1 + r.IntN(9), Positive: 88 + r.IntN(13),
		Title: title + pick(r, w.tails), Vendor: pick(r, blindNames), Section: pick(r, w.sections), Blurb: pick(r, w.blurbs),
		Hash: fmt.Sprintf("%08x%08x", r.Uint32(), r.Uint32()),
	}
	if i%4 == 0 {
		x.Cents += 100000 // a thousand and more, so that it is grouped
	}
	if i%5 == 2 {
		x.Cents = x.Cents/100*100 + 99
	}
	if lang == "ru" {
		x.Vendor = pick(r, blindShops)
		x.Cents += 2000
	}
	x.Slug = fmt.Sprintf("p%d-%s", x.ID, x.Hash[:5])
	if digits := strings.TrimRight(size, " gGгрrams"); digits != size && strings.Trim(digits, "0123456789.,") == "" && !strings.ContainsAny(ware, "0123456789") {
		x.Quantity = strings.ReplaceAll(digits, ",", ".")
	}
	land, dest := pick(r, blindLands), pick(r, blindDests)
	x.From, x.FromCode, x.To, x.ToCode = land.name, land.code, dest.name, dest.code
	x.Miss = []string{"", "", "", "route", "", "", "price", "", "vendor"}[i%9]
	for k, n := range []int{1, 5, 10, 25}[:2+r.IntN(3)] {
		x.Options = append(x.Options, blindOption{fmt.Sprint(n), x.Cents * n * (20 - k) / 20})
	}
	return x
}

// blindTruth reads the lines of a "truth" template: the name of a field, then
// its value.
func blindTruth(t *template.Template, kind string, x blindOffer) (w wanted, err error) {
	var b bytes.Buffer
	x.Kind = kind
	if err := t.ExecuteTemplate(&b, "truth", x); err != nil {
		return w, err
	}
	for line := range strings.Lines(b.String()) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch name {
		case "title":
			w.title = value
		case "vendor":
			w.vendor = value
		case "price":
			w.price, w.currency, _ = strings.Cut(value, " ")
		case "quantity":
			w.quantity = value
		case "from":
			w.from = strings.Fields(value)
		case "to":
			w.to = strings.Fields(value)
			slices.Sort(w.to)
		case "":
		default:
			return w, fmt.Errorf("truth of a style: no field %q", name)
		}
	}
	return w, nil
}

// blindStyle makes the pages of a style: four of each of its kinds, two of a wall.
func blindStyle(style string, seed uint64, use func(name string, kind tamga.PageKind, body []byte, want []wanted) error) error {
	t, err := template.New("").Funcs(blindFuncs).ParseFS(blindFiles, "testdata/blind/"+style+".tmpl")
	if err != nil {
		return err
	}
	lang := "en"
	if l := t.Lookup("lang"); l != nil {
		var b bytes.Buffer
		if err := l.Execute(&b, nil); err != nil {
			return err
		}
		lang = b.String()
	}
	var names []string
	for _, x := range t.Templates() {
		names = append(names, x.Name())
	}
	slices.Sort(names)
	r := rand.New(rand.NewPCG(11, seed))
	for i := range 4 {
		d := blindPage{Site: pick(r, []string{"Meridian", "Lantern Market", "Dockside"}), Section: pick(r, blindLangs[lang].sections), Main: makeBlind(r, lang, i)}
		for j, name := range blindLangs[lang].sections {
			d.Sections = append(d.Sections, synthSection{j + 11, 3 + r.IntN(2500), name})
		}
		for j := range 5 + r.IntN(26) {
			d.Offers = append(d.Offers, makeBlind(r, lang, j))
		}
		for j := range 5 + r.IntN(5) {
			x := makeBlind(r, lang, j)
			x.Vendor = d.Main.Vendor
			d.More = append(d.More, x)
		}
		for j := range 4 {
			d.Side = append(d.Side, makeBlind(r, lang, j+1))
			d.Reviews = append(d.Reviews, synthReview{1 + r.IntN(5), pick(r, blindLangs[lang].praise), string(rune('a'+r.IntN(26))) + "***" + string(rune('a'+r.IntN(26))), money(2000 + r.IntN(20000))})
		}
		for _, name := range names {
			kind, _, _ := strings.Cut(name, "-")
			var offers []blindOffer
			switch tamga.PageKind(kind) {
			case tamga.PageListings:
				offers = d.Offers
			case tamga.PageListing:
				offers = []blindOffer{d.Main}
			case tamga.PageVendor:
				offers = d.More
			case tamga.PageLogin, tamga.PageCaptcha, tamga.PageQueue, tamga.PageDDoS, tamga.PageError, tamga.PageOther:
				if i > 1 {
					continue
				}
			default:
				continue // a part, or the truth
			}
			var want []wanted
			for _, x := range offers {
				w, err := blindTruth(t, kind, x)
				if err != nil {
					return fmt.Errorf("%s: %w", style, err)
				}
				want = append(want, w)
			}
			var b bytes.Buffer
			if err := t.ExecuteTemplate(&b, name, d); err != nil {
				return err
			}
			if err := use(fmt.Sprintf("%s-%s-%d", style, name, i), tamga.PageKind(kind), b.Bytes(), want); err != nil {
				return err
			}
		}
	}
	return nil
}
