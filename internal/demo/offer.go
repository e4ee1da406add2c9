package demo

import (
	"fmt"
	"html/template"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Offer is the truth about a listing page. Prices and quantities are decimal
// strings without grouping, countries ISO 3166-1 alpha-2, EU or WW, in the order
// of the page. What the page does not say is empty.
type Offer struct {
	ID          int
	Path        string // of its page
	Title       string
	Vendor      string
	Section     []string // the market's category path
	Lang        string   // en, ru
	Charset     string   // of the page; empty is UTF-8
	PriceText   string   // as written
	Price       string   // in the main unit of Currency
	Currency    string   // ISO 4217, or BTC
	PackText    string   // the row of the table; empty where the page has none
	Quantity    string   // in Unit, of the whole offer; an ounce is 28.35 g
	Unit        string   // g, ml, piece
	Substances  []string // ids
	FromText    string
	ToText      string
	From, To    []string
	Except      []string // of To
	Purity      int      // per cent claimed in the text; 0 for none
	Addresses   []string // wallets on the page
	Posted      time.Time
	Description string // the text; hostile markup is not in it
	Homoglyph   bool   // the title has a Latin word with Cyrillic letters in it
	Hostile     bool   // the page carries stored markup that must never run

	blurb   template.HTML
	reviews []review
	wallet  string
}

// Trader is the truth about a vendor page.
type Trader struct {
	Name      string
	Path      string
	Lang      string
	Rating    string // "4.87/5"
	Deals     string // "40~55"
	Since     time.Time
	Bio       string
	Key       string   // armoured PGP key; empty for none
	Handle    string   // Telegram, with @; empty for none
	Mail      string   // empty for none
	Onion     string   // of the vendor's own shop; empty for none
	Addresses []string // wallets on the page
}

type review struct {
	Stars int
	Text  string
	Date  time.Time
}

func (o *Offer) number(id int) {
	o.ID, o.Path = id, fmt.Sprintf("/listing/%d", id)
}

var dealBands = []string{"0~5", "5~10", "10~15", "15~25", "25~40", "40~55", "55~70", "100~150", "150~300", "300~500"}

func (m *Market) trader(p persona) Trader {
	t := Trader{
		Name: p.name, Path: "/vendor/" + pathEscape(p.name), Lang: p.lang, Bio: p.bio,
		Rating: fmt.Sprintf("%.2f/5", 3.9+1.1*math.Sqrt(m.rng.Float64())),
		Deals:  pick(m.rng, dealBands), Since: base.AddDate(0, 0, -60-m.rng.IntN(500)),
	}
	switch p.name {
	case storyOld:
		t.Deals, t.Rating = "300~500", "4.93/5"
	case storyNew:
		t.Deals, t.Since = "10~15", base.AddDate(0, 0, -22)
	}
	if p.key != "" {
		t.Key = publicKey(p.key)
		t.Mail = p.key + "@example.org"
	}
	if p.handle != "" {
		t.Handle = "@nowhere_demo_" + p.handle
	}
	if p.wallet != "" {
		t.Addresses = []string{wallets[p.wallet]}
		if p.style == 0 && p.key != "" {
			t.Onion = onion(p.key)
		}
	}
	return t
}

// offer makes the nth listing of a vendor.
func (m *Market) offer(t *Trader, p persona, g good, n int) Offer {
	rng := m.rng
	o := Offer{
		Vendor: p.name, Lang: p.lang, Section: g.section, Currency: p.money,
		FromText: p.from, ToText: p.to, Posted: m.posted(p.name),
	}
	if g.substance != "" {
		o.Substances = []string{g.substance}
	}
	o.From, _ = countries(p.from)
	o.To, o.Except = countries(p.to)

	names := g.names[p.lang]
	if names == nil {
		names = g.names["en"]
	}
	name := pick(rng, names)
	pk := g.packs[rng.IntN(len(g.packs))]
	amount := pk.text(p.lang)
	o.Quantity, o.Unit = pk.value(p.lang)
	o.Title = m.title(name, amount, p)
	if amount != "" && rng.IntN(6) > 0 { // some leave the row out; the title says it
		o.PackText = amount
	}
	usd := g.usd * math.Pow(pk.size, 0.9) * (0.8 + 0.4*rng.Float64())
	o.Price, o.PriceText = money(usd, p)
	if g.purity[0] > 0 && rng.IntN(2) == 0 {
		o.Purity = g.purity[0] + rng.IntN(g.purity[1]-g.purity[0])
	}
	if p.wallet != "" && (n == 0 || rng.IntN(3) == 0) {
		o.wallet = wallets[p.wallet]
		o.Addresses = []string{o.wallet}
	}
	o.Description = m.describe(&o, t, p)
	o.blurb = template.HTML(template.HTMLEscapeString(o.Description))
	for range rng.IntN(5) {
		o.reviews = append(o.reviews, review{
			Stars: 3 + rng.IntN(3), Text: pick(rng, praise[p.lang]),
			Date: o.Posted.Add(time.Duration(rng.Int64N(int64(base.Sub(o.Posted)) + 1))),
		})
	}
	slices.SortStableFunc(o.reviews, func(a, b review) int { return b.Date.Compare(a.Date) })
	o.special(p.name, n)
	return o
}

// special makes the offers that careless and hostile vendors leave on a market.
func (o *Offer) special(vendor string, n int) {
	switch {
	case vendor == "RiverGlass404" && n == 1: // the market stores what it is given
		o.Hostile = true
		o.blurb += `<script>window.__pwned=1</script><img src=x onerror="window.__pwned=1">`
	case vendor == "WindmillTwo" && n == 0: // Cyrillic М, А and М in a Latin word
		o.Homoglyph = true
		o.Title = strings.NewReplacer("MDMA", "\u041cD\u041c\u0410").Replace(o.Title)
	case vendor == "ДядяВакуум" && n == 0:
		o.Charset = "koi8-r"
	case vendor == "Лавка_Нигде" && n == 1:
		o.Charset = "windows-1251"
	}
}

// posted is a time in the last eight weeks, lately more than before. The story's
// vendor stops under the old name before the new one begins.
func (m *Market) posted(vendor string) time.Time {
	u := m.rng.Float64()
	days := 54 * math.Pow(u, 1.7)
	switch vendor {
	case storyOld:
		days = 30 + 24*u
	case storyNew:
		days = 1 + 19*u
	}
	t := base.Add(-time.Duration(days * 24 * float64(time.Hour))).Truncate(time.Minute)
	if t.Weekday() == time.Sunday { // markets are slow on Sundays
		t = t.AddDate(0, 0, -2)
	}
	return t
}

var strength = regexp.MustCompile(`\d+ ?(?:mg|ug|мкг)`)

func (m *Market) title(name, amount string, p persona) string {
	tags := []string{"VHQ", "TOP", "24/7", "new batch", "stealth"}
	if p.lang == "ru" {
		tags = []string{"VHQ", "ТОП", "новая партия", "лучшее"}
	}
	shape := m.rng.IntN(4)
	if strength.MatchString(name) { // whose pieces have a strength names the count first
		shape = 0
	}
	var t string
	switch shape {
	case 0:
		t = amount + " " + name
	case 1:
		t = name + " - " + amount
	case 2:
		t = name + " " + amount
	default:
		t = name + " " + amount + " | " + pick(m.rng, tags)
	}
	if amount == "" {
		t = name
	}
	if p.drop != "" && p.lang == "ru" && m.rng.IntN(3) == 0 {
		t += ", " + p.drop
	}
	return t
}

func (m *Market) describe(o *Offer, t *Trader, p persona) string {
	rng := m.rng
	ru := p.lang == "ru"
	texts := slices.Clone(sentences[p.lang])
	rng.Shuffle(len(texts), func(i, j int) { texts[i], texts[j] = texts[j], texts[i] })
	texts = texts[:2+rng.IntN(3)]
	add := func(en, rus string) {
		if ru {
			en = rus
		}
		texts = append(texts, en)
	}
	if o.Purity > 0 {
		add(fmt.Sprintf("Purity %d%% by lab test.", o.Purity), fmt.Sprintf("Чистота %d%% по тесту.", o.Purity))
	}
	if p.drop != "" && rng.IntN(2) == 0 {
		how := pick(rng, []string{"магнит", "прикоп", "тайник"})
		add("Dead drop in "+p.drop+" on request.", "Закладка, "+how+", "+p.drop+". Фото и описание у оператора.")
	}
	if t.Handle != "" && rng.IntN(2) == 0 {
		add("Telegram "+t.Handle, "Оператор в телеграм "+t.Handle)
	}
	if t.Onion != "" && rng.IntN(4) == 0 {
		add("Own shop: http://"+t.Onion+"/", "Наш магазин: http://"+t.Onion+"/")
	}
	return strings.Join(texts, " ")
}
