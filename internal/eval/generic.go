package main

import (
	"fmt"
	"html"
	"math/big"
	"os"
	"slices"
	"strings"

	"tamga"
	"tamga/extract"
)

// fieldCount counts the fields of offers that were read, those that are right and
// those that the truth has.
type fieldCount struct{ got, right, want int }

// offerTally holds the offers of pages against their truth.
type offerTally map[string]*fieldCount

func (o offerTally) of(name string) *fieldCount {
	if o[name] == nil {
		o[name] = &fieldCount{}
	}
	return o[name]
}

// wanted is the truth of an offer; an empty field is not judged.
type wanted struct {
	title, vendor, price, currency string
	quantity                       string
	from, to                       []string
}

func sameText(a, b string) bool {
	return strings.Join(strings.Fields(html.UnescapeString(a)), " ") == strings.Join(strings.Fields(html.UnescapeString(b)), " ")
}

func sameDecimal(a, b string) bool {
	x, okA := new(big.Rat).SetString(a)
	y, okB := new(big.Rat).SetString(b)
	return okA && okB && x.Cmp(y) == 0
}

// add judges the offers of a page. An offer is found by its title; each offer of
// the truth is found once.
func (o offerTally) add(got []tamga.Listing, want []wanted) {
	left := slices.Clone(got)
	for _, w := range want {
		o.of("title").want++
		i := slices.IndexFunc(left, func(l tamga.Listing) bool {
			return sameText(l.Title, w.title) && (w.price == "" || sameDecimal(l.Price, w.price))
		})
		if i < 0 {
			i = slices.IndexFunc(left, func(l tamga.Listing) bool { return sameText(l.Title, w.title) })
		}
		var l tamga.Listing
		if i >= 0 {
			l = left[i]
			left = slices.Delete(left, i, i+1)
			o.of("title").right++
			o.of("title").got++
		}
		o.judge("vendor", l.Vendor != "", l.Vendor == w.vendor, w.vendor != "")
		o.judge("price", l.Price != "", sameDecimal(l.Price, w.price) && l.Currency == w.currency, w.price != "")
		if w.quantity != "" {
			o.judge("quantity", l.Quantity != "", sameDecimal(l.Quantity, w.quantity), true)
		}
		if w.from != nil {
			o.judge("from", l.From != nil, slices.Equal(l.From, w.from), true)
		}
		if w.to != nil {
			o.judge("to", l.To != nil, slices.Equal(l.To, w.to), true)
		}
	}
	for _, l := range left {
		o.of("title").got++
		if l.Vendor != "" {
			o.of("vendor").got++
		}
		if l.Price != "" {
			o.of("price").got++
		}
	}
}

func (o offerTally) judge(name string, got, right, want bool) {
	t := o.of(name)
	if got {
		t.got++
	}
	if want {
		t.want++
		if right {
			t.right++
		}
	}
}

// rows puts recall and precision into the table.
func (o offerTally) rows(t *table, set string) {
	for _, f := range []struct {
		name string
		want float64
	}{{"title", .9}, {"price", .9}, {"vendor", .8}, {"from", .8}, {"to", .8}} {
		c := o.of(f.name)
		if c.want > 0 {
			t.add("no profile: recall of "+f.name, set, c.right, c.want, f.want)
		}
		if f.name != "from" && f.name != "to" && c.got > 0 && c.want > 0 {
			t.add("no profile: precision of "+f.name, set, c.right, c.got, .95)
		}
	}
}

// show says on standard error what a page was read as, where TAMGA_SHOW asks.
func show(format string, args ...any) {
	if os.Getenv("TAMGA_SHOW") != "" {
		fmt.Fprintf(os.Stderr, format+"\n", args...)
	}
}

func (t *table) generic(url string, body []byte) (*tamga.Page, error) {
	return t.reader.Page(extract.Input{URL: url, Body: body, Profile: extract.NoProfile})
}

// genericSynthetic reads the made pages: offers and kinds, of the styles that
// the reader was tuned on and of those it was not.
func genericSynthetic(t *table) error {
	pages, err := synthPages(8)
	if err != nil {
		return err
	}
	offers := map[bool]offerTally{false: {}, true: {}}
	var kinds, total = map[bool]int{}, map[bool]int{}
	for _, p := range pages {
		got, err := t.generic(p.url, p.body)
		if err != nil {
			return err
		}
		total[p.unseen]++
		if got.Kind == p.kind {
			kinds[p.unseen]++
		} else {
			show("%s: %s, want %s", p.name, got.Kind, p.kind)
		}
		if len(p.offers) == 0 {
			continue
		}
		listings := got.Listings
		if p.kind == tamga.PageListing && len(listings) > 1 {
			listings = listings[:1]
		}
		var want []wanted
		for _, o := range p.offers {
			w := wanted{title: o.wantTitle, vendor: o.Vendor, price: o.wantPrice, currency: o.wantCurency}
			want = append(want, w)
		}
		offers[p.unseen].add(listings, want)
		showOffers(p.name, listings, want)
	}
	for _, unseen := range []bool{false, true} {
		set := "made styles, tuned"
		if unseen {
			set = "made styles, same hand"
		}
		offers[unseen].rows(t, set)
		t.add("no profile: kind of a page", set, kinds[unseen], total[unseen], .95)
	}
	return nil
}

// showOffers lists the offers that were read wrongly.
func showOffers(name string, got []tamga.Listing, want []wanted) {
	if os.Getenv("TAMGA_SHOW") == "" {
		return
	}
	for i, w := range want {
		var l tamga.Listing
		if i < len(got) {
			l = got[i]
		}
		if !sameText(l.Title, w.title) || l.Vendor != w.vendor || w.price != "" && (!sameDecimal(l.Price, w.price) || l.Currency != w.currency) {
			show("%s #%d: %q %q %s %s, want %q %q %s %s", name, i, l.Title, l.Vendor, l.Price, l.Currency, w.title, w.vendor, w.price, w.currency)
		}
	}
	if len(got) > len(want) {
		show("%s: %d offers, want %d; more: %q", name, len(got), len(want), got[len(want)].Title)
	}
}
