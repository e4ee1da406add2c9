package demo

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
)

// perPage is how many rows a category page has.
const perPage = 20

//go:embed templates
var templateFiles embed.FS

var templates = template.Must(template.New("").Funcs(template.FuncMap{
	"label": label, "day": day, "slug": slug, "join": strings.Join,
	"stars": func(n int) string { return strings.Repeat("★", n) + strings.Repeat("☆", 5-n) },
}).ParseFS(templateFiles, "templates/*.html"))

// page is an answer of the market.
type page struct {
	status int
	header http.Header
	body   []byte
}

// view is what a template sees.
type view struct {
	Title   string
	Lang    string
	Charset string
	Trail   []crumb
	Tree    []shelf
	Data    any
}

type crumb struct{ Name, Path string }

// shelf is a category with its subcategories.
type shelf struct {
	Name, Path string
	Count      int
	Sub        []shelf
}

func slug(path ...string) string {
	return "/category/" + strings.ReplaceAll(strings.ToLower(strings.Join(path, "/")), " ", "-")
}

// serve answers from the pages that were rendered when the market was made.
func (m *Market) serve(w http.ResponseWriter, r *http.Request) {
	key := r.URL.Path
	if q := r.URL.RawQuery; q != "" {
		key += "?" + q
	}
	p, ok := m.pages[key]
	if !ok {
		p = m.pages["404"]
	}
	for k, v := range p.header {
		w.Header()[k] = v
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(p.body)))
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Content-Length", "0")
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	w.WriteHeader(p.status)
	if r.Method == http.MethodGet {
		w.Write(p.body)
	}
}

// put renders a template under a path.
func (m *Market) put(path, name string, v view) {
	if v.Lang == "" {
		v.Lang = "en"
	}
	shown := v.Charset
	if shown == "" {
		shown = "utf-8"
	}
	v.Tree = m.shelves
	var b bytes.Buffer
	if err := templates.ExecuteTemplate(&b, name, v); err != nil {
		panic(fmt.Sprintf("render %s: %v", path, err)) // a mistake in the templates
	}
	body := b.Bytes()
	header := http.Header{"Content-Type": {"text/html; charset=" + shown}}
	switch v.Charset {
	case "koi8-r": // the header says it, and the page does not
		body = encode(charmap.KOI8R, body)
	case "windows-1251": // the page says it, and the header does not
		body = encode(charmap.Windows1251, body)
		header.Set("Content-Type", "text/html")
	}
	m.pages[path] = page{http.StatusOK, header, body}
}

// encode writes what the encoding lacks as character references, as browsers do.
func encode(enc encoding.Encoding, b []byte) []byte {
	out, err := encoding.HTMLEscapeUnsupported(enc.NewEncoder()).Bytes(b)
	if err != nil {
		panic(err) // the templates are UTF-8
	}
	return out
}

func (m *Market) tree() []shelf {
	var all []shelf
	for i := range m.offers {
		s := m.offers[i].Section
		k := slices.IndexFunc(all, func(x shelf) bool { return x.Name == s[0] })
		if k < 0 {
			k, all = len(all), append(all, shelf{Name: s[0], Path: slug(s[0])})
		}
		all[k].Count++
		sub := &all[k].Sub
		j := slices.IndexFunc(*sub, func(x shelf) bool { return x.Name == s[1] })
		if j < 0 {
			j, *sub = len(*sub), append(*sub, shelf{Name: s[1], Path: slug(s...)})
		}
		(*sub)[j].Count++
	}
	byName := func(a, b shelf) int { return strings.Compare(a.Name, b.Name) }
	slices.SortFunc(all, byName)
	for _, s := range all {
		slices.SortFunc(s.Sub, byName)
	}
	return all
}

// render makes every page of the market.
func (m *Market) render() {
	m.shelves = m.tree()
	home := crumb{"Home", "/"}
	newest := m.byDate(func(*Offer) bool { return true })
	today, twin := newest[1], newest[3]
	short, mirror := "/l/"+strconv.Itoa(today.ID), "/mirror"+twin.Path
	m.put("/", "home.html", view{Title: "Bazaar Nowhere", Data: struct {
		Short, Mirror string
		Newest        []*Offer
	}{short, mirror, newest[:12]}})
	for _, s := range m.shelves {
		m.shelf(s, []crumb{home}, func(o *Offer) bool { return o.Section[0] == s.Name })
		for _, sub := range s.Sub {
			m.shelf(sub, []crumb{home, {s.Name, s.Path}}, func(o *Offer) bool {
				return o.Section[0] == s.Name && o.Section[1] == sub.Name
			})
		}
	}
	for i := range m.offers {
		m.putOffer(&m.offers[i])
	}
	for i := range m.traders {
		t := &m.traders[i]
		theirs := m.byDate(func(o *Offer) bool { return o.Vendor == t.Name })
		plain := "/vendor/" + t.Name // as r.URL.Path has it
		m.put(plain, "vendor.html", view{Title: t.Name, Lang: t.Lang, Trail: []crumb{home, {"Vendors", "/vendors"}},
			Data: struct {
				*Trader
				Offers []*Offer
			}{t, theirs}})
	}
	for n := 0; n*perPage < len(m.traders); n++ {
		m.put(numbered("/vendors", n), "vendors.html", view{Title: "Vendors", Trail: []crumb{home},
			Data: struct {
				Traders []Trader
				Pager   pager
			}{m.traders[n*perPage : min(len(m.traders), (n+1)*perPage)], newPager("/vendors", n, len(m.traders))}})
	}
	m.forum(home)
	m.walls(home)

	m.pages[mirror] = m.pages[twin.Path] // the same bytes under a second address
	m.redirect(short, today.Path)
	m.redirect("/rules", "/about")
	css, err := templateFiles.ReadFile("templates/bazaar.css")
	if err != nil {
		panic(err)
	}
	m.pages["/static/bazaar.css"] = page{http.StatusOK, http.Header{"Content-Type": {"text/css; charset=utf-8"}}, css}
}

func (m *Market) putOffer(o *Offer) {
	t := m.traders[slices.IndexFunc(m.traders, func(t Trader) bool { return t.Name == o.Vendor })]
	more := m.byDate(func(x *Offer) bool { return x.Vendor == o.Vendor && x.ID != o.ID })
	m.put(o.Path, "listing.html", view{
		Title: o.Title, Lang: o.Lang, Charset: o.Charset,
		Trail: []crumb{{"Home", "/"}, {o.Section[0], slug(o.Section[0])}, {o.Section[1], slug(o.Section...)}},
		Data: struct {
			*Offer
			Trader  Trader
			Blurb   template.HTML
			Wallet  string
			Reviews []review
			More    []*Offer
		}{o, t, o.blurb, o.wallet, o.reviews, more},
	})
}

// shelf renders the pages of a category.
func (m *Market) shelf(s shelf, trail []crumb, in func(*Offer) bool) {
	all := m.byDate(in)
	for n := 0; n*perPage < len(all); n++ {
		m.put(numbered(s.Path, n), "category.html", view{Title: s.Name, Trail: trail,
			Data: struct {
				Shelf  shelf
				Offers []*Offer
				Pager  pager
			}{s, all[n*perPage : min(len(all), (n+1)*perPage)], newPager(s.Path, n, len(all))}})
	}
}

// byDate is the newest first.
func (m *Market) byDate(in func(*Offer) bool) []*Offer {
	var all []*Offer
	for i := len(m.offers) - 1; i >= 0; i-- {
		if in(&m.offers[i]) {
			all = append(all, &m.offers[i])
		}
	}
	return all
}

// pager is the row of page numbers below a list.
type pager struct {
	Pages      []crumb
	Now        string
	Prev, Next string
}

// numbered is the path of the nth page of a list, from 0.
func numbered(path string, n int) string {
	if n == 0 {
		return path
	}
	return fmt.Sprintf("%s?page=%d", path, n+1)
}

func newPager(path string, now, total int) pager {
	p := pager{Now: strconv.Itoa(now + 1)}
	for n := 0; n*perPage < total; n++ {
		p.Pages = append(p.Pages, crumb{strconv.Itoa(n + 1), numbered(path, n)})
	}
	if now > 0 {
		p.Prev = numbered(path, now-1)
	}
	if now+1 < len(p.Pages) {
		p.Next = numbered(path, now+1)
	}
	return p
}

func (m *Market) redirect(from, to string) {
	m.pages[from] = page{http.StatusFound, http.Header{"Location": {to}}, nil}
}
