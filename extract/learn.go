package extract

import (
	"fmt"
	"slices"
	"strings"

	"github.com/PuerkitoBio/goquery"
	"golang.org/x/net/html"

	"tamga"
)

// A Draft is a profile that Learn proposes, for an analyst to correct.
type Draft struct {
	Name  string
	Pages []DraftPage
}

// A DraftPage is one layout of a draft.
type DraftPage struct {
	Kind    tamga.PageKind
	Element string // selector of an offer
	Only    string // selector that pages of no other kind have, where there is one
	Fields  []DraftField
	Vendor  *DraftField // of a vendor page: his name, inside body; nil where no selector finds it
	Offers  int         // that the generic reader found on the pages of the kind
}

// A DraftField is a selector inside the element of an offer. Agrees of Of offers
// have the same value through it as the generic reader gives.
type DraftField struct {
	Name, Select, Attr string
	Transform          []string
	Agrees, Of         int
}

// sample is an offer as the generic reader saw it, with its element.
type sample struct {
	page *goquery.Selection
	node *html.Node
	want map[string]string
}

// learnt are the fields that a draft has, in order.
var learnt = []struct {
	name, attr string
	transforms [][]string // ways to try, in order
}{
	{"title", "", [][]string{{"fold"}}}, {"url", "href", [][]string{nil}},
	{"vendor", "", [][]string{{"fold"}, {`match ^\W*([^(\[\n]*[^(\[\n\s])`}, {`match ^\W*([^\s(\[]+)`}, {`match (?:[:\s])([^\s:(\[]+)`}}},
	{"price", "", [][]string{{"number"}}}, {"currency", "", [][]string{{"currency"}}},
	{"from", "", [][]string{{"fold"}, {"fold", `match ^[^:]{2,24}:\s*(.+)$`}, {"fold", `match (?i)\bfrom:?\s+(.+?)(?:\s+to\b.*)?$`}, {"fold", `match ^(.+?)\s*(?:→|➔|->|»|›).*$`}}},
	{"to", "", [][]string{{"fold"}, {"fold", `match ^[^:]{2,24}:\s*(.+)$`}, {"fold", `match (?i)\bto:?\s+(.+)$`}, {"fold", `match (?:→|➔|->|»|›)\s*(.+)$`}}},
}

// Learn drafts a profile from pages of one site: what the generic reader found
// on them, as the selectors that find it again on most. It fails where no page
// holds an offer.
func (r *Reader) Learn(name string, pages []Input) (*Draft, error) {
	kinds := map[tamga.PageKind][]sample{}
	marks := map[tamga.PageKind][]map[string]bool{}
	var vendors []sample
	for _, in := range pages {
		in.Profile = NoProfile
		p, err := r.Page(in)
		if err != nil {
			return nil, err
		}
		t, err := walk(p.Source).parse()
		if err != nil {
			continue // read as text: it has no elements
		}
		if v := p.Vendor; p.Kind == tamga.PageVendor && v != nil {
			if body := t.Find("body"); body.Length() > 0 {
				vendors = append(vendors, sample{t.Selection, body.Nodes[0], map[string]string{"vendor": v.Name}})
			}
		}
		marks[p.Kind] = append(marks[p.Kind], marksOfPage(t.Nodes[0]))
		list := p.Listings
		switch p.Kind {
		case tamga.PageListing:
			list = list[:min(1, len(list))]
		case tamga.PageListings, tamga.PageVendor:
		default:
			continue
		}
		at := map[[2]int]*html.Node{}
		for n, s := range t.spans {
			if old := at[s]; old == nil || inside(n, old) {
				at[s] = n
			}
		}
		for _, l := range list {
			if n := at[l.Span]; n != nil {
				kinds[p.Kind] = append(kinds[p.Kind], sample{t.Selection, n, map[string]string{"title": l.Title, "url": strings.TrimSpace(l.URL), "vendor": l.Vendor, "price": l.Price, "currency": l.Currency, "from": l.FromText, "to": l.ToText}})
			}
		}
	}
	d := &Draft{Name: name}
	for _, k := range []tamga.PageKind{tamga.PageListing, tamga.PageVendor, tamga.PageListings} {
		if s := kinds[k]; len(s) > 0 {
			if p, ok := learnPage(k, s); ok {
				p.Only = onlyMark(k, marks)
				if k == tamga.PageVendor {
					p.Vendor = learnVendor(vendors)
				}
				d.Pages = append(d.Pages, p)
			}
		}
	}
	if len(d.Pages) == 0 {
		return nil, fmt.Errorf("no offer found on %d pages: nothing to learn from", len(pages))
	}
	return d, nil
}

// learnVendor finds the name of the vendor on his pages; nil where no selector
// gives it on most.
func learnVendor(all []sample) *DraftField {
	var best *DraftField
	for _, t := range learnt[2].transforms {
		if f, ok := learnField("vendor", "", t, all); ok && (best == nil || f.Agrees > best.Agrees) {
			best = &f
		}
	}
	return best
}

// marksOfPage are the selectors with a class or an id that a page has.
func marksOfPage(root *html.Node) map[string]bool {
	out := map[string]bool{}
	var visit func(*html.Node)
	visit = func(n *html.Node) {
		if n.Type == html.ElementNode && len(out) < 2000 {
			for _, s := range simple(n) {
				if strings.ContainsAny(s, ".#") {
					out[s] = true
				}
			}
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			visit(c)
		}
	}
	visit(root)
	return out
}

// onlyMark is the shortest selector that all pages of a kind have and none of
// the others; "" where there is none.
func onlyMark(kind tamga.PageKind, marks map[tamga.PageKind][]map[string]bool) string {
	for _, s := range sorted(marks[kind][0]) {
		only := true
		for k, pages := range marks {
			for _, m := range pages {
				only = only && m[s] == (k == kind)
			}
		}
		if only {
			return s
		}
	}
	return ""
}

// learnPage finds the selectors of the offers of one kind of page.
func learnPage(kind tamga.PageKind, all []sample) (p DraftPage, ok bool) {
	p = DraftPage{Kind: kind, Offers: len(all)}
	count := map[string]int{}
	for _, s := range all {
		for _, c := range simple(s.node) {
			count[c]++
		}
	}
	best := -1
	for _, c := range sorted(count) {
		if score := count[c]*1000 - 600*surplus(c, all); score > best || score == best && simpler(c, p.Element) {
			p.Element, best = c, score
		}
	}
	if p.Element == "" {
		return p, false
	}
	for _, f := range learnt {
		var best DraftField
		for _, t := range f.transforms {
			if got, ok := learnField(f.name, f.attr, t, all); ok && got.Agrees > best.Agrees {
				best = got
			}
		}
		if best.Agrees > 0 {
			p.Fields = append(p.Fields, best)
		}
	}
	return p, len(p.Fields) > 0 && p.Fields[0].Name == "title"
}

// surplus counts what a selector matches beside the offers, on their pages.
func surplus(sel string, all []sample) (n int) {
	seen := map[*html.Node]bool{}
	for _, s := range all {
		if root := s.page.Nodes[0]; !seen[root] {
			seen[root] = true
			n += s.page.Find(sel).Length()
		}
	}
	for _, s := range all {
		if s.page.Find(sel).Length() > 0 {
			n--
		}
	}
	return max(n, 0)
}

// Limits of learning: selectors that are tried for a field, on an offer and in
// all, and the place among siblings up to which one is told by it.
const (
	maxSelectors = 400
	maxOrder     = 40
)

// learnField tries the selectors of every element that gives the value of an
// offer on all offers, and keeps the one that most agree with.
func learnField(name, attrName string, transform []string, all []sample) (best DraftField, ok bool) {
	tried := map[string]bool{}
	have := 0
	for _, s := range all {
		if s.want[name] != "" {
			have++
		}
	}
	for i, s := range all {
		if s.want[name] == "" || i > 40 {
			continue
		}
		seen := map[string]bool{} // selectors that were tried on this offer
		var visit func(n *html.Node)
		visit = func(n *html.Node) {
			for c := n.FirstChild; c != nil; c = c.NextSibling {
				if c.Type != html.ElementNode || len(seen) > maxSelectors {
					continue
				}
				for _, sel := range placesOf(c, s.node) {
					if seen[sel] {
						continue
					}
					seen[sel] = true
					f := DraftField{Name: name, Select: sel, Attr: attrName, Transform: transform, Of: have}
					if tried[sel] || len(tried) > maxSelectors {
						continue
					}
					if !f.agrees(s) {
						continue
					}
					tried[sel] = true
					for _, o := range all {
						if o.want[name] != "" && f.agrees(o) {
							f.Agrees++
						}
					}
					if f.Agrees > best.Agrees || f.Agrees == best.Agrees && simpler(f.Select, best.Select) {
						best = f
					}
				}
				visit(c)
			}
		}
		visit(s.node)
	}
	return best, best.Agrees*2 > have
}

// simpler says whether selector a is better than b of the same effect: one with a
// class or an id outlives a change of the page, else the shorter.
func simpler(a, b string) bool {
	if x, y := strings.ContainsAny(a, ".#"), strings.ContainsAny(b, ".#"); x != y {
		return x
	}
	return len(a) < len(b)
}

// agrees says whether the field reads of an offer what the generic reader gave; a
// link may be written relative to the page.
func (f DraftField) agrees(s sample) bool {
	v := f.value(s)
	return v == s.want[f.Name] || f.Name == "url" && len(v) > 1 && strings.HasSuffix(s.want[f.Name], v)
}

// value is what a field reads of an offer, as the reader of profiles does.
func (f DraftField) value(s sample) string {
	x := field{Select: f.Select, Attr: f.Attr, Transform: f.Transform}
	if err := x.compile(f.Name); err != nil {
		return ""
	}
	v := x.get(s.page, goquery.NewDocumentFromNode(s.node).Selection)
	if f.Name == "title" {
		v = fold(v)
	}
	return v
}

// simple are the selectors of an element by its own name, classes and id, and
// those with its parent's.
func simple(n *html.Node) (out []string) {
	own := []string{n.Data}
	for _, c := range strings.Fields(attr(n, "class")) {
		if plainToken(c) {
			own = append(own, n.Data+"."+c)
		}
	}
	if id := attr(n, "id"); plainToken(id) {
		own = append(own, n.Data+"#"+id)
	}
	out = append(out, own...)
	if p := n.Parent; p != nil && p.Type == html.ElementNode {
		for _, c := range strings.Fields(attr(p, "class")) {
			if plainToken(c) {
				for _, o := range own {
					out = append(out, p.Data+"."+c+" > "+o)
				}
			}
		}
		out = append(out, p.Data+" > "+n.Data)
	}
	return out
}

// placesOf are the selectors of an element inside an offer: its simple ones, and
// its place among its siblings where the parent is a row of a table.
func placesOf(n, offer *html.Node) []string {
	out := simple(n)
	if p := n.Parent; p != nil && p != offer {
		if k := order(p); k > 0 && (p.Data == "td" || p.Data == "dd" || p.Data == "li") {
			out = append(out, fmt.Sprintf("%s:nth-of-type(%d) > %s", p.Data, k, n.Data))
		}
	}
	if k := order(n); k > 0 && (n.Data == "td" || n.Data == "dd" || n.Data == "li" || n.Data == "span") {
		out = append(out, fmt.Sprintf("%s:nth-of-type(%d)", n.Data, k))
	}
	return out
}

func order(n *html.Node) int {
	k := 1
	for s := n.PrevSibling; s != nil; s = s.PrevSibling {
		if s.Data == n.Data {
			k++
		}
		if k > maxOrder {
			return 0
		}
	}
	return k
}

// plainToken says whether a class or an id may stand in a selector as it is, and
// is none that numbers one element.
func plainToken(s string) bool {
	if s == "" || len(s) > 48 || isDigit(s[0]) || s[0] == '-' {
		return false
	}
	digits := 0
	for i := range len(s) {
		switch c := s[i]; {
		case isDigit(c):
			digits++
		case !isLetter(c) && c != '-' && c != '_':
			return false
		}
	}
	return digits < 3
}

func sorted[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.SortFunc(out, func(a, b string) int {
		if len(a) != len(b) {
			return len(a) - len(b)
		}
		return strings.Compare(a, b)
	})
	return out
}

// TOML is the draft as a profile file, with the coverage of each selector.
func (d *Draft) TOML(hosts []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Drafted from captured pages; correct it before use (docs/profiles.md).\nname = %q\nversion = 1\n\n[detect]\n", d.Name)
	if len(hosts) > 0 {
		fmt.Fprintf(&b, "hosts = [%s]\n", quoted(hosts))
	} else {
		fmt.Fprintf(&b, "# No host is known: a signature that only this site has serves better.\nsignature = [%s]\n", quoted([]string{d.Pages[0].Element}))
	}
	for _, p := range d.Pages {
		fmt.Fprintf(&b, "\n# %d offers seen on pages of this kind.\n[[pages]]\nkind = %q\nwhen = [%s]\n", p.Offers, p.Kind, quoted(slices.Compact(slices.DeleteFunc([]string{p.Element, p.Only}, func(s string) bool { return s == "" }))))
		part := "cards"
		switch p.Kind {
		case tamga.PageListing:
			part = "listing"
		case tamga.PageVendor:
			b.WriteString("\n[pages.vendor]\nelement = \"body\"\n")
			if p.Vendor != nil {
				p.Vendor.write(&b, "name")
			} else {
				b.WriteString("name = { select = \"h1, h2, h3\" } # correct this\n")
			}
		}
		fmt.Fprintf(&b, "\n[pages.%s]\nelement = %q\n", part, p.Element)
		for _, f := range p.Fields {
			f.write(&b, f.Name)
		}
	}
	return b.String()
}

// write is the field as a line of a profile.
func (f DraftField) write(b *strings.Builder, key string) {
	fmt.Fprintf(b, "%s = { select = %q", key, f.Select)
	if f.Attr != "" {
		fmt.Fprintf(b, ", attr = %q", f.Attr)
	}
	if len(f.Transform) > 0 {
		fmt.Fprintf(b, ", transform = [%s]", quoted(f.Transform))
	}
	fmt.Fprintf(b, " } # %d of %d\n", f.Agrees, f.Of)
}

func quoted(list []string) string {
	var out []string
	for _, s := range list {
		out = append(out, "'"+strings.ReplaceAll(s, "'", "")+"'")
	}
	return strings.Join(out, ", ")
}

// Coverage says of a field of a profile on how many offers it has a value, and
// how many the generic reader gives the same.
type Coverage struct {
	Field  string `json:"field"`
	Offers int    `json:"offers"`
	Filled int    `json:"filled"`
	Agrees int    `json:"agrees"`
}

// Check reads pages with a profile and without, and says how far they agree.
// pages counts by kind those that the profile reads.
func (r *Reader) Check(profile string, inputs []Input) (fields []Coverage, pages map[tamga.PageKind]int, err error) {
	names := []string{"title", "url", "vendor", "price", "currency", "from", "to", "quantity"}
	fields = make([]Coverage, len(names))
	pages = map[tamga.PageKind]int{}
	for _, in := range inputs {
		in.Profile = profile
		p, err := r.Page(in)
		if err != nil {
			return nil, nil, err
		}
		in.Profile = NoProfile
		g, err := r.Page(in)
		if err != nil {
			return nil, nil, err
		}
		pages[p.Kind]++
		byTitle := map[string]tamga.Listing{}
		for _, l := range g.Listings {
			byTitle[fold(l.Title)] = l
		}
		for _, l := range p.Listings {
			other := valuesOf(byTitle[fold(l.Title)])
			for i, v := range valuesOf(l) {
				fields[i].Field = names[i]
				fields[i].Offers++
				if v != "" {
					fields[i].Filled++
					if v == other[i] {
						fields[i].Agrees++
					}
				}
			}
		}
	}
	return slices.DeleteFunc(fields, func(c Coverage) bool { return c.Field == "" }), pages, nil
}

func valuesOf(l tamga.Listing) []string {
	return []string{fold(l.Title), l.URL, l.Vendor, l.Price, l.Currency, strings.Join(l.From, " "), strings.Join(l.To, " "), l.Quantity}
}
