package main

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"path"
	"strings"
	"text/template"

	"tamga"
)

// The styles of testdata/pages are how market software of many makes lays its
// pages out: one file a style, with a template a kind of page.
//
//go:embed testdata/pages
var pageFiles embed.FS

// unseenStyles are the styles that the generic reader was not tuned on.
var unseenStyles = map[string]bool{"cards": true, "hydra": true, "terms": true, "grid": true}

// synthPage is a made page with its truth.
type synthPage struct {
	style, name string
	url         string
	body        []byte
	kind        tamga.PageKind
	offers      []synthOffer // in order; of a listing page its own offer alone
	unseen      bool
}

// synthOffer is the truth of an offer and what the templates write of it.
type synthOffer struct {
	ID, ID2, Views, Sales             int
	Title, RuTitle, Vendor, Section   string
	Price, Old, Euro, BTC, Rub        string
	Currency                          string // of Price, where the style writes it
	From, To, City                    string
	FromCode, ToCode                  []string
	Desc, Blurb, RuBlurb, Hash, Slug  string
	Rate                              int
	Odd, Third                        bool
	wantTitle, wantPrice, wantCurency string
}

type synthReview struct {
	Rate      int
	Text, Who string
	Paid      string
}

type synthSection struct {
	ID, Count int
	Name      string
}

// synthData is what a template is given.
type synthData struct {
	Site, Head, Section string
	Main                synthOffer
	Offers, Own         []synthOffer
	Sections            []synthSection
	Reviews             []synthReview
}

var (
	synthWares = []string{"Harbour Haze", "Northern Moss", "Blue Lantern MDMA", "Amber Crystal Meth", "Colombian Flake Cocaine", "Paper Boat LSD", "Ketamine S-Isomer", "Afghan Heroin No 4", "Alprazolam bars", "Liquid Sky Mushrooms", "Moroccan Hash", "Speed Paste 70%", "Testosterone Enanthate", "Card reader guide", "Premium VPN account"}
	synthRu    = []string{"Мефедрон кристалл", "Шишки Амнезия", "Гашиш АФГ", "Амфетамин VHQ", "Экстази MDMA", "Кокаин Боливия", "Грибы золотой учитель"}
	synthSizes = []string{"1 g", "3.5 g", "10 x 200 mg", "28 grams", "100 pcs", "0,5 g", "50 ml", ""}
	synthTails = []string{" - free shipping", " *NEW BATCH*", " (lab tested)", " [UK to EU]", "", "", " // TOP QUALITY", " & sample"}
	synthNames = []string{"GreenLantern", "dr_moss", "NordWind", "bluebird77", "TheApothecary", "silkworm", "Old-Tom", "kvartal9", "HeliosLab", "pink.panther", "4seasons", "Marlowe"}
	synthLands = []struct{ name, code string }{{"Germany", "DE"}, {"United Kingdom", "GB"}, {"Netherlands", "NL"}, {"United States", "US"}, {"Spain", "ES"}, {"", ""}}
	synthDests = []struct{ name, code string }{{"Worldwide", "WW"}, {"European Union", "EU"}, {"United States", "US"}}
	synthTowns = []string{"Омск", "Казань", "", "Алматы"}
)

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

// money writes cents as people do: a cent figure, without one where it is whole.
func money(cents int) string {
	if cents%100 == 0 {
		return fmt.Sprint(cents / 100)
	}
	return fmt.Sprintf("%d.%02d", cents/100, cents%100)
}

func makeOffer(r *rand.Rand, i int) synthOffer {
	size := pick(r, synthSizes)
	ware := pick(r, synthWares)
	title := strings.TrimSpace(ware + " " + size + pick(r, synthTails))
	if i%3 == 0 {
		title = strings.TrimSpace(size + " " + ware)
	}
	cents := (5 + r.IntN(900)) * 100
	if i%2 == 0 {
		cents += r.IntN(100)
	}
	land, dest := pick(r, synthLands), pick(r, synthDests)
	x := synthOffer{
		ID: 10000 + r.IntN(80000), ID2: 100 + r.IntN(900), Views: r.IntN(4000), Sales: 1 + r.IntN(3000), Title: title, Vendor: pick(r, synthNames),
		RuTitle: fmt.Sprintf("%s %d г", pick(r, synthRu), 1+r.IntN(10)), Section: pick(r, []string{"Cannabis", "Stimulants", "Psychedelics", "Drugs & Chemicals"}),
		Price: money(cents), Old: money(cents + 1500), Euro: fmt.Sprintf("%d.%02d", cents*9/1000, cents%90+10), BTC: fmt.Sprintf("0.%06d", cents), Rub: fmt.Sprint(cents / 100 * 70),
		Currency: pick(r, []string{"USD", "EUR"}), City: pick(r, synthTowns), Rate: 3 + r.IntN(3), Odd: i%2 == 1, Third: i%3 == 2,
		Hash: fmt.Sprintf("%08x%04x", r.Uint32(), r.IntN(1<<16)), Slug: strings.ToLower(strings.ReplaceAll(ware, " ", "-")) + fmt.Sprint(i),
		Desc: "Pure and tested.", Blurb: "We send " + ware + " in two layers. Reship only with tracking. Samples from 10 EUR, ask for bulk.", RuBlurb: "Чистый продукт, вес отличный. Работаем круглосуточно.",
	}
	if land.name != "" {
		x.From, x.To = land.name, dest.name
		x.FromCode, x.ToCode = []string{land.code}, []string{dest.code}
	}
	return x
}

// truth says which of an offer's ways of writing a price and a title a style uses.
func truth(style string, x synthOffer) synthOffer {
	x.wantTitle, x.wantPrice, x.wantCurency = x.Title, x.Price, "USD"
	switch style {
	case "roads", "ledger":
		x.wantPrice, x.wantCurency = x.BTC, "BTC"
	case "hydra", "rushop":
		x.wantTitle, x.wantPrice, x.wantCurency = x.RuTitle, x.Rub, "RUB"
	case "bare", "grid":
		x.wantPrice, x.wantCurency = x.Euro, "EUR"
	case "cards", "terms":
		x.wantCurency = x.Currency
	}
	switch style {
	case "cartshop":
		x.Vendor = ""
	}
	return x
}

// synthStyles are the names of the styles, in order.
func synthStyles() ([]string, error) {
	files, err := fs.Glob(pageFiles, "testdata/pages/*.tmpl")
	for i, f := range files {
		files[i] = strings.TrimSuffix(path.Base(f), ".tmpl")
	}
	return files, err
}

// synthPages makes n pages of each kind a style has, the same ones each time.
func synthPages(n int) (pages []synthPage, err error) {
	styles, err := synthStyles()
	if err != nil {
		return nil, err
	}
	for k, style := range styles {
		t, err := template.ParseFS(pageFiles, "testdata/pages/"+style+".tmpl")
		if err != nil {
			return nil, err
		}
		r := rand.New(rand.NewPCG(4, uint64(k)))
		for i := range n {
			d := synthData{Site: pick(r, []string{"Bazaar", "Caravan", "Oasis Market"}), Section: pick(r, []string{"Cannabis", "Stimulants"}),
				Reviews: []synthReview{{5, "Great stealth, thank you", "a***b", "42.50"}, {4, "Slow but fine", "k***9", "118.00"}, {5, "A+ vendor", "z***q", "60.00"}, {1, "Nothing came", "m***m", "35.20"}}}
			for j, name := range []string{"Cannabis", "Stimulants", "Psychedelics", "Opioids", "Benzos", "Fraud"} {
				d.Sections = append(d.Sections, synthSection{j + 1, 10 + r.IntN(4000), name})
			}
			for j := range 4 + r.IntN(12) {
				d.Offers = append(d.Offers, makeOffer(r, j))
			}
			d.Main = makeOffer(r, i)
			for j := range 2 + r.IntN(6) {
				o := makeOffer(r, j)
				o.Vendor = d.Main.Vendor
				d.Own = append(d.Own, o)
			}
			for _, kind := range []tamga.PageKind{tamga.PageListings, tamga.PageListing, tamga.PageVendor} {
				if t.Lookup(string(kind)) == nil {
					continue
				}
				p := synthPage{style: style, name: fmt.Sprintf("%s-%s-%d", style, kind, i), kind: kind, unseen: unseenStyles[style], url: "http://market.invalid/"}
				offers := d.Offers
				switch kind {
				case tamga.PageListings:
					d.Head = d.Section
				case tamga.PageListing:
					d.Head, offers = truth(style, d.Main).wantTitle, []synthOffer{d.Main}
				case tamga.PageVendor:
					d.Head, offers = d.Main.Vendor, d.Own
				}
				for _, o := range offers {
					p.offers = append(p.offers, truth(style, o))
				}
				var b bytes.Buffer
				if err := t.ExecuteTemplate(&b, string(kind), d); err != nil {
					return nil, err
				}
				p.body = b.Bytes()
				pages = append(pages, p)
			}
		}
	}
	walls, err := readWalls(pageFiles, "testdata/pages/walls.txt")
	return append(pages, walls...), err
}

// readWalls gives the pages of a file, each after a line "== kind name". Every
// second one of a kind is unseen.
func readWalls(files embed.FS, name string) (pages []synthPage, err error) {
	b, err := files.ReadFile(name)
	if err != nil {
		return nil, err
	}
	count := map[tamga.PageKind]int{}
	for _, part := range strings.Split("\n"+string(b), "\n== ")[1:] {
		head, body, _ := strings.Cut(part, "\n")
		kind, name, _ := strings.Cut(head, " ")
		k := tamga.PageKind(kind)
		count[k]++
		pages = append(pages, synthPage{style: "walls", name: kind + " " + name, url: "http://market.invalid/", body: []byte(body), kind: k, unseen: count[k]%2 == 0})
	}
	return pages, nil
}
