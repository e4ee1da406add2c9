package indextest

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"tamga/index"
)

// RandomNode makes a condition, valid and at most depth deep.
func RandomNode(r *rand.Rand, depth int) index.Node {
	if depth > 1 && r.IntN(3) > 0 {
		b := index.Bool{}
		for range r.IntN(3) {
			b.Must = append(b.Must, RandomNode(r, depth-1))
		}
		for range r.IntN(4) {
			b.Should = append(b.Should, RandomNode(r, depth-1))
		}
		if r.IntN(3) == 0 {
			b.Not = append(b.Not, RandomNode(r, depth-1))
		}
		if r.IntN(3) == 0 {
			b.MinShould = r.IntN(4)
		}
		return b
	}
	textField := func() string { return pick(r, []string{"title", "text"}) }
	switch r.IntN(12) {
	case 0:
		return index.All{}
	case 1:
		if r.IntN(3) == 0 {
			return index.None{}
		}
		return index.Exists{Field: pick(r, []string{"price", "vendor", "title", "posted", "captured", "address", "pgp", "day"})}
	case 2, 3:
		t := index.Text{Query: sentence(r, 1+r.IntN(3)), Any: r.IntN(2) == 0}
		if r.IntN(2) == 0 {
			t.Fields = []string{textField()}
		}
		return t
	case 4:
		p := index.Phrase{Text: word(r) + " " + word(r)}
		if r.IntN(2) == 0 {
			p.Field = textField()
		}
		return p
	case 5:
		w := []rune(pick(r, words))
		p := index.Prefix{Value: string(w[:min(len(w), 2+r.IntN(5))])}
		if r.IntN(2) == 0 {
			p.Field = textField()
		}
		if len([]rune(p.Value)) < 2 {
			p.Value = "cr"
		}
		return p
	case 6:
		return index.Prefix{Field: pick(r, []string{"vendor", "market", "url"}), Value: pick(r, []string{"de", "Demo", "http://demo1", "al", "сн"})}
	case 7:
		n := index.Range{Field: pick(r, []string{"price", "quantity", "seq", "size", "status"})}
		bounds(r, &n, func() string {
			return pick(r, []string{"0", "0.5", "1", "5", "10", "12.5", "100", "200", "404", "1024"})
		})
		return n
	case 8:
		n := index.Range{Field: pick(r, []string{"captured", "posted", "day"})}
		bounds(r, &n, func() string {
			return pick(r, []string{"2026", "2026-11", "2026-10", fmt.Sprintf("2026-11-%02d", 1+r.IntN(25)), "2026-11-05T10:30:00Z", "2026-11-05T12:30:00.4+02:00"})
		})
		return n
	}
	return randomTerm(r)
}

func randomTerm(r *rand.Rand) index.Node {
	from := map[string][]string{
		"vendor": vendors, "market": markets, "substances": substance, "from": countries, "to": countries,
		"kind": {"listing", "vendor", "post", "capture"}, "price": prices[:11], "currency": {"BTC", "usd", "KZT"},
		"address": addresses, "language": {"en", "ru"}, "author": vendors, "category": {"cannabis", "ECSTASY"},
		"status": {"200", "404"}, "handle": {"@demo_shop", "DEMO_SHOP"}, "captured": {"2026-11-05", "2026"},
	}
	names := []string{"vendor", "market", "substances", "from", "to", "kind", "price", "currency", "address", "language", "author", "category", "status", "handle", "captured"}
	field := pick(r, names)
	t := index.Term{Field: field, Fold: r.IntN(2) == 0}
	for range 1 + r.IntN(3) {
		v := pick(r, from[field])
		if r.IntN(5) == 0 && field != "price" && field != "captured" {
			v = strings.ToUpper(v)
		}
		t.Values = append(t.Values, v)
	}
	return t
}

func bounds(r *rand.Rand, n *index.Range, value func() string) {
	if r.IntN(2) == 0 {
		n.GTE = value()
	} else if r.IntN(2) == 0 {
		n.GT = value()
	}
	if r.IntN(2) == 0 {
		n.LT = value()
	} else if r.IntN(2) == 0 {
		n.LTE = value()
	}
}

// RandomQuery makes a query with an explicit order, facets and a histogram.
func RandomQuery(r *rand.Rand) index.Query {
	q := index.Query{Where: RandomNode(r, 1+r.IntN(4)), Size: 10 + r.IntN(90)}
	for range r.IntN(3) {
		q.Sort = append(q.Sort, index.SortKey{Field: pick(r, sortable), Desc: r.IntN(2) == 0})
	}
	if len(q.Sort) == 0 {
		q.Sort = []index.SortKey{{Field: "id", Desc: r.IntN(2) == 0}}
	}
	seen := map[string]bool{}
	for range r.IntN(4) {
		if f := pick(r, facetable); !seen[f] {
			seen[f] = true
			q.Facets = append(q.Facets, index.Facet{Field: f, Size: r.IntN(5)})
		}
	}
	if r.IntN(2) == 0 {
		q.Histogram = &index.Histogram{Field: pick(r, []string{"captured", "posted"})}
	}
	return q
}

var sortable, facetable = func() (s, f []string) {
	for _, x := range index.Fields() {
		if x.Sort {
			s = append(s, x.Name)
		}
		if x.Facet {
			f = append(f, x.Name)
		}
	}
	return s, f
}()
