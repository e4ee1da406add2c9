package change

import (
	"math/big"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"tamga"
)

// The kinds of records.
const (
	Listing = "listing"
	Vendor  = "vendor"
	Post    = "post"
	Page    = "page" // a page that is none of the others, as far as it names identifiers
)

// Limits of what is compared: records of a page, values of a field, bytes of a text.
const (
	maxMembers = 1000
	maxValues  = 64
	maxText    = 4096
)

// Value is a value with its place, and the letters before it that say what it is.
type Value struct {
	Text    string `json:"v"`
	Span    [2]int `json:"s"`
	Context string `json:"c,omitempty"`
}

// Record is what is compared of a listing, vendor, post or page.
type Record struct {
	Kind   string             `json:"kind"`
	Key    string             `json:"-"` // what makes it the same record in another capture
	Own    bool               `json:"own,omitempty"`
	Exact  bool               `json:"exact,omitempty"` // read by a profile
	Whole  bool               `json:"whole,omitempty"` // the page was not cut
	Drug   bool               `json:"drug,omitempty"`  // an offer that names a substance
	Name   string             `json:"name,omitempty"`
	URL    string             `json:"url"`
	Market string             `json:"market,omitempty"`
	Vendor string             `json:"vendor,omitempty"`
	Span   [2]int             `json:"span"`
	Fields map[string][]Value `json:"fields,omitempty"`
}

// View is what a page shows: the record that it is, and those on it, in order.
type View struct {
	Own     Record
	Members []Record
}

// Wall tells whether a page hides what is behind it.
func Wall(p *tamga.Page) bool {
	switch p.Kind {
	case tamga.PageLogin, tamga.PageCaptcha, tamga.PageQueue, tamga.PageDDoS, tamga.PageError:
		return true
	}
	return false
}

// Read reads the records of a page; ok is false where it says nothing of any.
func Read(c tamga.Capture, p *tamga.Page) (v View, ok bool) {
	if p == nil || Wall(p) || c.Outcome != tamga.OutcomeOK && c.Outcome != tamga.OutcomeTruncated {
		return v, false
	}
	exact := p.Reader != "" && !strings.HasPrefix(p.Reader, "generic@")
	base := Record{Exact: exact, Whole: c.Outcome == tamga.OutcomeOK, Market: p.Market}
	if p.Vendor != nil {
		base.Vendor = p.Vendor.Name
	}
	v.Own = base
	v.Own.Own, v.Own.Key, v.Own.URL = true, OwnKey(c.URL), c.URL
	masks := adverts(p.Source)
	var spans [][2]int
	own := -1
	switch {
	case p.Kind == tamga.PageListing && len(p.Listings) > 0:
		own = 0
		l := &p.Listings[0]
		v.Own.Kind, v.Own.Name, v.Own.Span = Listing, l.Title, l.Span
		v.Own.listing(p, l, masks)
	case p.Kind == tamga.PageVendor && p.Vendor != nil && p.Vendor.Name != "":
		v.Own.Kind, v.Own.Name, v.Own.Span = Vendor, p.Vendor.Name, p.Vendor.Span
	default:
		v.Own.Kind, v.Own.Name = Page, p.Title
		v.Own.set("title", p.Title, [2]int{})
	}
	cards := 0
	for i := range p.Listings {
		l := &p.Listings[i]
		if i == own || len(v.Members) >= maxMembers {
			continue
		}
		spans = append(spans, l.Span)
		if l.URL == "" || l.Title == "" {
			continue
		}
		r := base
		r.Kind, r.Name, r.URL, r.Span = Listing, l.Title, l.URL, l.Span
		r.Key = "card " + string(p.Kind) + " " + Stable(l.URL)
		r.listing(p, l, masks)
		v.Members = append(v.Members, r)
		cards++
	}
	for i := range p.Posts {
		if r, ok := post(base, c, p, &p.Posts[i]); ok && len(v.Members) < maxMembers {
			v.Members = append(v.Members, r)
		}
		spans = append(spans, p.Posts[i].Span)
	}
	v.identifiers(p, spans, masks)
	if p.Vendor != nil && v.Own.Kind == Vendor {
		for _, k := range p.Vendor.PGP {
			if !strings.HasPrefix(k, unread) { // those are among the findings, where they end
				v.Own.add("pgp", Value{Text: strings.ToUpper(k), Span: p.Vendor.Span})
			}
		}
	}
	v.Members = slices.DeleteFunc(v.Members, func(r Record) bool { return r.Key == "" })
	return v, true
}

// Lone tells whether a page is nothing but one record.
func (v *View) Lone() bool {
	return len(v.Members) == 1 && v.Own.Kind == Page && !slices.ContainsFunc(Identifiers, func(f string) bool { return len(v.Own.Fields[f]) > 0 })
}

// OwnKey is the key of what a page itself is.
func OwnKey(address string) string { return "own " + Stable(address) }

func (r *Record) listing(p *tamga.Page, l *tamga.Listing, masks [][2]int) {
	if l.Vendor != "" {
		r.Vendor = l.Vendor
	}
	r.Drug = len(l.Substances) > 0
	r.set("title", l.Title, l.Span)
	r.set("vendor", l.Vendor, l.Span)
	if l.Price != "" {
		r.set("price", strings.TrimSpace(l.Price+" "+l.Currency), l.Span)
	}
	if l.Quantity != "" {
		r.set("quantity", strings.TrimSpace(l.Quantity+" "+l.Unit), l.Span)
	}
	r.set("from", strings.Join(slices.Sorted(slices.Values(l.From)), " "), l.Span)
	r.set("to", strings.Join(slices.Sorted(slices.Values(l.To)), " "), l.Span)
	if !r.Exact && len(masks) > 0 { // the generic reader looks for a route in the whole page
		for _, name := range []string{"from", "to"} {
			if !routed(p, name, r.Fields[name], masks) {
				delete(r.Fields, name)
			}
		}
	}
	if s, span := stock(p, l.Span); s != "" {
		r.set("stock", s, span)
	}
	for name, kind := range map[string]tamga.FindingType{"price": tamga.FindPrice, "quantity": tamga.FindQuantity} {
		if v := r.Fields[name]; len(v) > 0 {
			v[0].Span = narrow(p, l.Span, kind, v[0].Text)
		}
	}
}

// routed tells whether a route stands outside of advertisements, as far as findings
// tell where it does.
func routed(p *tamga.Page, direction string, countries []Value, masks [][2]int) bool {
	masked := false
	for i := range p.Findings {
		f := &p.Findings[i]
		if f.Type != tamga.FindRoute || f.Direction != direction || len(countries) == 0 || strings.Join(slices.Sorted(slices.Values(f.Countries)), " ") != countries[0].Text {
			continue
		}
		if !within(masks, f.Start) {
			return true
		}
		masked = true
	}
	return !masked
}

// narrow is the place of a value within span, where a finding has it.
func narrow(p *tamga.Page, span [2]int, kind tamga.FindingType, text string) [2]int {
	for _, f := range p.Findings[from(p.Findings, span[0]):] {
		if f.Start >= span[1] {
			break
		}
		if f.Type == kind && equalNumbers(f.Value, text) {
			return [2]int{f.Start, f.End}
		}
	}
	return span
}

// equalNumbers tells whether two values, "50.00 USD" and "50 USD", are the same.
func equalNumbers(a, b string) bool {
	x, unitA, okA := number(a)
	y, unitB, okB := number(b)
	if okA && okB {
		return unitA == unitB && x.Cmp(y) == 0
	}
	return a == b
}

func number(s string) (*big.Rat, string, bool) {
	n, unit, _ := strings.Cut(s, " ")
	if len(n) > 40 || strings.ContainsAny(n, "eE/xXpP_") { // a long exponent would cost memory
		return nil, "", false
	}
	r, ok := new(big.Rat).SetString(n)
	return r, unit, ok
}

func post(base Record, c tamga.Capture, p *tamga.Page, x *tamga.Post) (Record, bool) {
	r := base
	r.Kind, r.Span, r.URL = Post, x.Span, x.URL
	if r.URL == "" {
		r.URL = c.URL
	}
	switch {
	case x.ID != "" || x.URL != "" && x.URL != c.URL:
		r.Key = "post " + Stable(r.URL) + " " + x.ID
	case x.Author != "" && x.Time != nil:
		r.Key = "post " + Stable(c.URL) + " " + x.Author + " " + x.Time.UTC().String()
	default:
		return r, false // nothing tells it from another one
	}
	r.Vendor, r.Name = x.Author, x.Author
	if x.Thread != "" {
		r.Name = strings.TrimPrefix(x.Author+" in "+x.Thread, " in ")
	}
	r.set("text", x.Text, x.Span)
	return r, true
}

func (r *Record) set(name, text string, span [2]int) {
	if text = strings.TrimSpace(text); text != "" {
		r.add(name, Value{Text: clip(text, maxText), Span: span})
	}
}

func (r *Record) add(name string, v Value) {
	if len(r.Fields[name]) >= maxValues || slices.ContainsFunc(r.Fields[name], func(h Value) bool { return h.Text == v.Text }) {
		return
	}
	if r.Fields == nil {
		r.Fields = map[string][]Value{}
	}
	r.Fields[name] = append(r.Fields[name], v)
}

func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "")
}

// Identifiers are the fields that hold sets of identifiers.
var Identifiers = []string{"address", "pgp", "handle", "email", "phone", "account"}

// unread begins the value of a key that cannot be read: another one is another key.
const unread = "sha256:"

// least is the least confidence of an identifier that is compared.
const least = 0.6

// identifiers gives each identifier of a page to the innermost record around it.
func (v *View) identifiers(p *tamga.Page, spans, masks [][2]int) {
	around := func(f *tamga.Finding) *Record {
		best := &v.Own
		width := -1
		for i := range v.Members {
			s := v.Members[i].Span
			if f.Start >= s[0] && f.End <= s[1] && (width < 0 || s[1]-s[0] < width) {
				best, width = &v.Members[i], s[1]-s[0]
			}
		}
		if width < 0 && slices.ContainsFunc(spans, func(s [2]int) bool { return f.Start >= s[0] && f.End <= s[1] }) {
			return nil // of a record that nothing tells from others
		}
		return best
	}
	left := 4 * maxMembers
	for i := range p.Findings {
		f := &p.Findings[i]
		sure := f.Confidence >= least && f.Valid || f.Type == tamga.FindPGP && strings.HasPrefix(f.Value, unread)
		if !sure || f.Raw == "" || left == 0 || within(masks, f.Start) {
			continue
		}
		if strings.HasPrefix(f.Value, unread) && !strings.Contains(f.Raw, "-----END") {
			continue // what has no end goes on into what follows it
		}
		name, text := string(f.Type), f.Value
		switch f.Type {
		case tamga.FindAddress:
			if f.Kind == "invoice" { // of one payment
				continue
			}
		case tamga.FindHandle, tamga.FindAccount:
			text = strings.TrimPrefix(f.Service+":", ":") + text
		case tamga.FindPGP, tamga.FindEmail, tamga.FindPhone:
		default:
			continue
		}
		left--
		if r := around(f); r != nil {
			r.add(name, Value{Text: text, Span: [2]int{f.Start, f.End}, Context: context(p.Source, f.Start)})
		}
	}
}

var tag = regexp.MustCompile(`<[^<>]*>?`)

// context is the last words of the text before a place of the source, a few letters.
func context(source string, at int) string {
	s := source[max(0, at-240):at]
	if i := strings.LastIndexByte(s, '<'); i >= 0 && !strings.Contains(s[i:], ">") {
		s = s[:i] // in an attribute of a tag
	}
	if i := strings.IndexByte(s, '>'); i >= 0 && !strings.Contains(s[:i], "<") {
		s = s[i+1:]
	}
	s = tag.ReplaceAllString(s, " ")
	words := strings.FieldsFunc(strings.ToLower(strings.ToValidUTF8(s, "")), func(r rune) bool { return !unicode.IsLetter(r) })
	out, letters := "", 0
	for i := len(words) - 1; i >= 0 && letters < 12; i-- {
		out = strings.TrimSpace(words[i] + " " + out)
		letters += len(words[i])
	}
	return out
}

// from is the place of the first finding that starts at or after a byte.
func from(fs []tamga.Finding, at int) int {
	i, _ := slices.BinarySearchFunc(fs, at, func(f tamga.Finding, at int) int { return f.Start - at })
	return i
}

// session are parameters of addresses that are another one at each visit.
var session = []string{"sid", "s", "phpsessid", "jsessionid", "sessionid", "session", "token", "csrf", "csrf_token", "_", "ts", "time", "nonce", "rnd", "rand", "cachebuster"}

// Stable is an address without its fragment and what names a visit.
func Stable(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	u.Fragment, u.RawFragment = "", ""
	if u.RawQuery != "" {
		parts := strings.Split(u.RawQuery, "&")
		parts = slices.DeleteFunc(parts, func(p string) bool {
			name, _, _ := strings.Cut(p, "=")
			return slices.Contains(session, strings.ToLower(name))
		})
		u.RawQuery = strings.Join(parts, "&")
	}
	return u.String()
}
