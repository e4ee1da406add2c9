package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"tamga"
)

// assertion is a line of markets/expected.jsonl: what a parser of one market,
// written by others, must find on a page. A value that is Python is kept as its
// source under "expr".
type assertion struct {
	Market, Page string
	Function     []string
	Asserts      [][]json.RawMessage
}

// marketAssertions compares Apollon and Dream pages with the assertions that
// have a field in the contract: title, vendor, price, route, and what a vendor's
// page tells.
func (t *table) marketAssertions() error {
	f, err := t.open("markets/expected.jsonl")
	if err != nil {
		return err
	}
	defer f.Close()
	for _, market := range []string{"apollon", "dream"} {
		if _, err := f.Seek(0, 0); err != nil {
			return err
		}
		var c tally
		err := eachLine(f, func(x assertion) error {
			if x.Market != market || len(x.Function) == 0 {
				return nil
			}
			p, err := t.assertedPage(x)
			if err != nil {
				return err
			}
			for _, a := range x.Asserts {
				x.judge(p, a, func(field string, ok bool) { c.add("asserted by others: "+field, ok) })
			}
			return nil
		})
		if err != nil {
			return err
		}
		t.addAll(&c, market, 0.99)
	}
	return nil
}

// assertedPage reads the page of an assertion, whose name may lack or have a suffix.
func (t *table) assertedPage(x assertion) (*tamga.Page, error) {
	name := "markets/" + x.Market + "/html_files/" + strings.TrimSuffix(x.Page, ".html")
	p, err := t.page(name, "")
	if errors.Is(err, fs.ErrNotExist) {
		return t.page(name+".html", "")
	}
	return p, err
}

// judge compares one assertion with the field that it is about, if there is one.
func (x assertion) judge(p *tamga.Page, a []json.RawMessage, each func(field string, ok bool)) {
	if len(a) == 0 {
		return
	}
	want := a[0]
	var expr struct{ Expr string }
	_ = json.Unmarshal(want, &expr)
	l, v := first(p), p.Vendor
	if v == nil {
		v = &tamga.Vendor{}
	}
	switch x.Function[0] {
	case "get_listing_infos":
		tuple := pythonStrings(expr.Expr)
		for i, url := range tuple[0] {
			if i >= len(p.Listings) {
				each("card", false)
				continue
			}
			got := p.Listings[i]
			each("card", "/"+got.URL == url)
			each("title", got.Title == strings.Join(strings.Fields(tuple[1][i]), " "))
			each("vendor", got.Vendor == tuple[3][i])
		}
	case "get_fiat_price":
		each("price", numbers(want, l.Price) && (l.Price == "" || l.Currency == "USD"))
	case "get_price_and_currency":
		var pair []json.RawMessage
		// One assertion names the price of another page: a figure that stands
		// nowhere on its page is an error of the label.
		if json.Unmarshal(want, &pair) == nil && len(pair) == 2 && strings.Contains(p.Source, string(pair[0])) {
			each("price", numbers(pair[0], l.Price) && texts(pair[1], l.Currency))
		}
	case "get_listing_title":
		each("title", texts(want, l.Title))
	case "get_seller_name_from_listing":
		each("vendor", texts(want, l.Vendor))
	case "get_seller_name":
		each("vendor", texts(want, v.Name))
	case "get_origin_country":
		each("route", texts(want, l.FromText))
	case "get_destination_countries":
		var list []string
		if json.Unmarshal(want, &list) == nil {
			each("route", strings.Join(list, ",") == strings.ReplaceAll(strings.ReplaceAll(l.ToText, " ,", ","), ", ", ","))
		}
	case "get_listing_text":
		each("description", l.Description != "")
	case "get_registration_date":
		each("since", strings.HasPrefix(unquote(want), v.Since) && v.Since != "")
	case "get_last_login":
		each("last seen", strings.HasPrefix(unquote(want), v.LastSeen) && v.LastSeen != "")
	case "get_sales_by_seller":
		each("deals", numbers(want, v.Deals))
	case "get_positive_feedback_percent":
		each("rating", numbers(want, strings.TrimSuffix(v.Rating, "%")))
	case "get_pgp_key":
		each("key", (len(v.PGP) > 0) == strings.Contains(expr.Expr, "> 100"))
	case "get_terms_and_conditions":
		each("bio", len(v.Bio) > 100)
	case "get_number_of_sales_and_rating":
		var pair []json.RawMessage
		if len(a) == 2 && json.Unmarshal(a[1], &pair) == nil && len(pair) == 2 {
			each("deals", numbers(pair[0], v.Deals))
			each("rating", numbers(pair[1], v.Rating))
		}
	}
}

func unquote(raw json.RawMessage) string {
	var s string
	_ = json.Unmarshal(raw, &s)
	return s
}

func texts(want json.RawMessage, got string) bool {
	return strings.TrimSpace(unquote(want)) == got && got != ""
}

// numbers says whether got is the number want, or absent where want is null.
func numbers(want json.RawMessage, got string) bool {
	if string(want) == "null" {
		return got == ""
	}
	x, err := strconv.ParseFloat(string(want), 64)
	if err != nil {
		return false
	}
	y, err := strconv.ParseFloat(got, 64)
	return err == nil && fmt.Sprintf("%.8g", x) == fmt.Sprintf("%.8g", y)
}

// pythonStrings reads the strings of a Python tuple of tuples; what is no string
// is left out, so a tuple of others is empty.
func pythonStrings(s string) (out [][]string) {
	depth := 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '(':
			if depth++; depth == 2 {
				out = append(out, nil)
			}
		case ')':
			depth--
		case '\'', '"':
			var b strings.Builder
			for i++; i < len(s) && s[i] != c; i++ {
				if s[i] == '\\' && i+1 < len(s) {
					i++
				}
				b.WriteByte(s[i])
			}
			if len(out) > 0 {
				out[len(out)-1] = append(out[len(out)-1], b.String())
			}
		}
	}
	for len(out) < 4 {
		out = append(out, nil)
	}
	return out
}
