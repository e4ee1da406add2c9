package extract

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/PuerkitoBio/goquery"
	"golang.org/x/net/html"

	"tamga"
)

// document is a page on its way through the readers.
type document struct {
	reader *Reader
	markup *markup
	tree   *tree // nil where the page is read as text alone
	base   *url.URL
	given  bool      // the URL is known
	now    time.Time // in the zone of the page's times; zero where unknown
	page   *tamga.Page
	titles [][2]int // see nameRanges
	memo   memo
	kin    [][2]int                // elements of the make of the cards, with and without an offer
	heads  map[*html.Node][]string // see header
	zones  zones
	scores map[int]int // see priceScore
}

// findings runs the recognisers over the visible text and over the attributes
// that hold identifiers.
func (d *document) findings() {
	r := d.reader
	d.page.Findings = r.place(&d.markup.text, d.page.Source, r.recognise(&d.markup.text))
	for i := range d.markup.attrs {
		v := &d.markup.attrs[i]
		var found []tamga.Finding
		for _, f := range r.recognise(v) {
			if identifies(f.Type) {
				found = append(found, f)
			}
		}
		d.page.Findings = append(d.page.Findings, r.place(v, d.page.Source, found)...)
	}
	d.page.Findings = sortFindings(d.page.Findings)
}

// identifies says whether a type is an identifier, to be looked for in
// attributes too.
func identifies(t tamga.FindingType) bool {
	switch t {
	case tamga.FindAddress, tamga.FindHandle, tamga.FindAccount, tamga.FindPhone, tamga.FindOnion, tamga.FindEmail, tamga.FindPGP, tamga.FindTxID, tamga.FindSecret:
		return true
	}
	return false
}

// sortFindings returns the findings by start, the longer first, in memory of
// their own. A finding is large: keys are sorted, and each finding is moved once.
func sortFindings(fs []tamga.Finding) []tamga.Finding {
	type key struct{ start, end, n int }
	keys := make([]key, len(fs))
	for i := range fs {
		keys[i] = key{fs[i].Start, fs[i].End, i}
	}
	slices.SortFunc(keys, func(a, b key) int {
		switch {
		case a.start != b.start:
			return a.start - b.start
		case a.end != b.end:
			return b.end - a.end
		}
		return a.n - b.n
	})
	out := make([]tamga.Finding, len(fs))
	for i, k := range keys {
		out[i] = fs[k.n]
	}
	return out
}

// place maps findings from a view to the source.
func (r *Reader) place(v *view, source string, found []tamga.Finding) []tamga.Finding {
	for i := range found {
		f := &found[i]
		f.Start, f.End = v.span(f.Start, f.End)
		if f.Raw != "" { // else it is withheld
			f.Raw = source[f.Start:f.End]
		}
	}
	return found
}

// read chooses who reads the page.
func (d *document) read(name string) {
	if name != NoProfile && d.tree != nil {
		p := d.reader.profile(name)
		if p == nil {
			p = d.detect()
		}
		if p != nil {
			d.page.Market = p.Name
			d.page.Reader = fmt.Sprintf("%s@%d", p.Name, p.Version)
			d.drop(p.ignore)
			page := d.tree.Selection
			d.tells()
			if t := moment(p.Clock.get(page, page), d.now); t != nil {
				d.now = t.In(d.now.Location())
			}
			if l := d.layout(p); l != nil {
				d.profiled(l)
			} else if p.Generic {
				d.page.Reader = fmt.Sprintf("generic@%d", Version)
				d.generic()
			} else {
				d.page.Kind = d.wall()
			}
			return
		}
	}
	d.generic()
}

// drop removes the findings that stand in elements which are not the matter of
// the page: menus, balances, exchange rates.
func (d *document) drop(ignored []goquery.Matcher) {
	var out [][2]int
	for _, sel := range ignored {
		for _, n := range sel.MatchAll(d.tree.Nodes[0]) {
			out = append(out, d.tree.spans[n])
		}
	}
	d.page.Findings = slices.DeleteFunc(d.page.Findings, func(f tamga.Finding) bool {
		for _, s := range out {
			if f.Start >= s[0] && f.End <= s[1] {
				return true
			}
		}
		return false
	})
}

// detect finds the profile by host, then by content.
func (d *document) detect() *profile {
	host := strings.ToLower(d.base.Hostname())
	for _, p := range d.reader.profiles {
		for _, h := range p.Detect.Hosts {
			if host != "" && (host == h || strings.HasPrefix(h, ".") && strings.HasSuffix(host, h)) {
				return p
			}
		}
	}
	for _, p := range d.reader.profiles {
		if len(p.Detect.signature) > 0 && d.matches(p.Detect.signature) {
			return p
		}
	}
	return nil
}

func (d *document) matches(all []goquery.Matcher) bool {
	for _, sel := range all {
		if len(sel.MatchAll(d.tree.Nodes[0])) == 0 {
			return false
		}
	}
	return true
}

// layout is the first layout of p that fits the page.
func (d *document) layout(p *profile) *layout {
	for i := range p.Pages {
		l := &p.Pages[i]
		if l.path != nil {
			if !d.given && len(l.when) == 0 {
				continue
			}
			if d.given && !l.path.MatchString(d.base.RequestURI()) {
				continue
			}
		}
		if d.matches(l.when) {
			return l
		}
	}
	return nil
}

// absolute resolves a link of the page; a link that cannot be is left as it is.
func (d *document) absolute(link string) string {
	if link == "" || !d.given {
		return link
	}
	u, err := d.base.Parse(strings.TrimSpace(link))
	if err != nil {
		return link
	}
	return u.String()
}

// profiled reads the page by a layout.
func (d *document) profiled(l *layout) {
	page := d.tree.Selection
	d.page.Kind = l.Kind
	if t := l.Title.get(page, page); t != "" {
		d.page.Title = fold(t)
	}
	if l.Vendor != nil {
		el := page.FindMatcher(l.Vendor.element).First()
		v := &tamga.Vendor{
			Name: line(l.Vendor.Name.get(page, el)), URL: d.absolute(l.Vendor.URL.get(page, el)),
			Rating: line(l.Vendor.Rating.get(page, el)), Deals: line(l.Vendor.Deals.get(page, el)),
			Bio: l.Vendor.Bio.get(page, el), Span: d.tree.span(el),
			Since: d.day(&l.Vendor.Since, page, el), LastSeen: d.day(&l.Vendor.Seen, page, el),
		}
		if v.Name != "" {
			if v.URL == "" && d.given && l.Kind == tamga.PageVendor {
				v.URL = d.base.String()
			}
			v.PGP = d.keys(v.Span)
			d.page.Vendor = v
		}
	}
	if l.Listing != nil {
		el := page.FindMatcher(l.Listing.element).First()
		if x, ok := d.offer(l.Listing, page, el); ok {
			if x.URL == "" && d.given {
				x.URL = d.base.String()
			}
			if l.Reviews != nil {
				x.Feedback = l.Reviews.read(page)
			}
			d.page.Listings = append(d.page.Listings, x)
		}
	}
	if l.Cards != nil {
		page.FindMatcher(l.Cards.element).Each(func(_ int, el *goquery.Selection) {
			x, ok := d.offer(l.Cards, page, el)
			if !ok {
				return
			}
			if x.Vendor == "" && d.page.Kind == tamga.PageVendor && d.page.Vendor != nil {
				x.Vendor = d.page.Vendor.Name
			}
			d.page.Listings = append(d.page.Listings, x)
		})
	}
	if l.Posts != nil {
		d.readPosts(l.Posts, page)
	}
}

// day reads a field as a date; "" where it is none.
func (d *document) day(f *field, page, el *goquery.Selection) string {
	t := moment(f.get(page, el), d.now.UTC())
	if t == nil {
		return ""
	}
	return t.Format(time.DateOnly)
}

// keys are the fingerprints of the keys found in a range.
func (d *document) keys(span [2]int) (out []string) {
	for _, f := range d.page.Findings {
		if f.Type == tamga.FindPGP && f.Start >= span[0] && f.End <= span[1] && f.Valid && !slices.Contains(out, f.Value) {
			out = append(out, f.Value)
		}
	}
	return out
}

// offer reads a listing; without a title it is none.
func (d *document) offer(o *offer, page, el *goquery.Selection) (tamga.Listing, bool) {
	x := tamga.Listing{
		Title: fold(o.Title.get(page, el)), Vendor: line(o.Vendor.get(page, el)),
		Price: o.Price.get(page, el), Currency: o.Currency.get(page, el),
		Description: o.Description.get(page, el), Section: o.Section.get(page, el),
		FromText: line(o.From.get(page, el)), ToText: line(o.To.get(page, el)),
		Span: d.tree.span(el),
	}
	if x.Title == "" {
		return x, false
	}
	if u := o.URL.get(page, el); u != "" {
		x.URL = d.absolute(u)
	}
	if q := d.reader.quantity(o.Quantity.get(page, el)); q != nil {
		x.Quantity, x.Unit = q.Total, q.TotalUnit
	}
	x.From, _ = d.reader.lexicon.countries(x.FromText)
	x.To, _ = d.reader.lexicon.countries(x.ToText)
	d.reader.enrich(&x)
	return x, true
}

// enrich adds what the words of an offer say: substances, quantity, category.
// The title speaks first; the description only where the title is silent.
func (r *Reader) enrich(x *tamga.Listing) {
	title := plainView(x.Title)
	head := r.scan(&title)
	x.Category = head.category()
	desc := plainView(x.Description)
	body := r.scan(&desc)
	found, more := head.out, body.out
	for _, f := range slices.Concat(found, more) {
		if f.Type == tamga.FindSubstance && f.ID != "" && !slices.Contains(x.Substances, f.ID) {
			x.Substances = append(x.Substances, f.ID)
		}
	}
	if q := firstOf(found, tamga.FindQuantity); q != nil && x.Quantity == "" {
		x.Quantity, x.Unit = q.Total, q.TotalUnit
	}
	if x.Category == "" || x.Category == "other" {
		if c := body.category(); c != "" {
			x.Category = c
		}
	}
	if x.Category == "" {
		x.Category = "other"
	}
}

// quantity is the first quantity that a text names; nil for none.
func (r *Reader) quantity(s string) *tamga.Finding {
	if s == "" {
		return nil
	}
	v := plainView(s)
	return firstOf(r.recognise(&v), tamga.FindQuantity)
}

func firstOf(fs []tamga.Finding, t tamga.FindingType) *tamga.Finding {
	for i := range fs {
		if fs[i].Type == t {
			return &fs[i]
		}
	}
	return nil
}
