package change

import (
	"slices"
	"testing"
)

func rec(kind string, own, exact bool, fields map[string]string) *Record {
	r := &Record{Kind: kind, Own: own, Exact: exact, Whole: true, Drug: true, URL: "http://demo.example/l/1"}
	for k, v := range fields {
		if v != "" {
			r.add(k, Value{Text: v, Context: "bitcoin"})
		}
	}
	return r
}

func TestCompareValues(t *testing.T) {
	for _, c := range []struct {
		name             string
		field, was, now  string
		own, exact, want bool
	}{
		{"another price", "price", "50.00 USD", "80 USD", true, false, true},
		{"the same price", "price", "50.00 USD", "50 USD", true, false, false},
		{"a price in an asset that moved with its rate", "price", "0.10 BTC", "0.1049 BTC", true, true, false},
		{"one that moved by more", "price", "0.10 BTC", "0.105 BTC", true, true, true},
		{"a converted price", "price", "461.92 USD", "460.13 USD", true, true, false},
		{"a round price", "price", "1000 USD", "1005 USD", true, true, true},
		{"another currency of a card", "price", "50 USD", "45 EUR", false, true, false},
		{"another currency of an offer", "price", "50 USD", "45 EUR", true, true, true},
		{"no price any more", "price", "50 USD", "", true, true, false},
		{"no number at all", "price", "1e999999999 USD", "2 USD", true, true, true},
		{"stock", "stock", "7", "out", true, false, true},
		{"a counter in a title", "title", "Haze (12 sold)", "Haze (14 sold)", true, false, false},
		{"a profile's title", "title", "Haze 5g", "Haze 10g", true, true, true},
		{"escaped twice", "title", "Coca&iuml;ne &amp; more", "Cocaïne & more", true, false, false},
		{"cut shorter", "title", "Purple Haze from the hills…", "Purple Ha…", false, false, false},
		{"another title", "title", "Purple Haze", "Silver Haze", true, false, true},
		{"route", "to", "EU", "WW", true, false, true},
		{"a wallet", "address", "A", "B", true, false, true},
		{"a wallet that is new", "address", "", "B", true, false, true},
		{"a wallet that is new on a card", "address", "", "B", false, false, false},
		{"the vendor of a card", "vendor", "DemoChef", "DemoFox", false, false, false},
		{"a deal counter", "deals", "12", "14", true, true, false},
	} {
		got := Compare(rec(Listing, c.own, c.exact, map[string]string{c.field: c.was}), rec(Listing, c.own, c.exact, map[string]string{c.field: c.now}))
		if (len(got) > 0) != c.want {
			t.Errorf("%s: %s → %s: %+v, want %v", c.name, c.was, c.now, got, c.want)
		}
	}
}

// Nothing is said of what a cut page does not show, nor of the values of a page that
// is another kind of page today; its wallets are compared all the same.
func TestCompareUnlike(t *testing.T) {
	was, now := rec(Vendor, true, false, map[string]string{"address": "A", "title": "x"}), rec(Page, true, false, map[string]string{"address": "B", "title": "y"})
	got := Compare(was, now)
	if len(got) != 1 || got[0].Field != "address" || got[0].Confidence != sureContext {
		t.Errorf("%+v, want the address alone", got)
	}
	now.Whole = false
	if got := Compare(was, now); len(got) != 0 {
		t.Errorf("a cut page: %+v", got)
	}
	now.Whole = true
	now.Fields["address"][0].Context = "other words"
	if got := Compare(was, now); len(got) != 1 || got[0].Confidence != sureLoose {
		t.Errorf("behind other words: %+v", got)
	}
	delete(now.Fields, "address")
	if got := Compare(was, now); len(got) != 0 {
		t.Errorf("a page that names no wallet any more: %+v", got)
	}
}

func TestDrift(t *testing.T) {
	prices := func(unit string, ratio ...float64) (out []Difference) {
		for _, r := range ratio {
			a, b := 100.0, 100*r
			out = append(out, Difference{"price", []Value{{Text: decimal(a) + " " + unit}}, []Value{{Text: decimal(b) + " " + unit}}, 1})
		}
		return out
	}
	for _, c := range []struct {
		name   string
		prices []Difference
		total  int
		want   bool
	}{
		{"a rate", prices("BTC", 1.2, 1.2, 1.2, 1.201), 4, true},
		{"too few", prices("BTC", 1.2, 1.2, 1.2), 3, false},
		{"half of them", prices("BTC", 1.2, 1.2, 1.2, 1.2), 8, false},
		{"one moved otherwise", prices("BTC", 1.2, 1.2, 1.2, 1.5), 4, false},
		{"a sale", prices("USD", 0.8, 0.8, 0.8, 0.8), 4, false},
		{"converted", prices("USD", 1.03, 1.03, 1.03, 1.03), 4, true},
	} {
		if got := Drift(c.prices, c.total); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestAbsent(t *testing.T) {
	two := func(string) int { return 2 }
	keys := func(m []Member) (out []string) {
		for _, x := range m {
			out = append(out, x.Key)
		}
		return out
	}
	list, absent := Absent(nil, []string{"a", "b", "c", "d"}, 1, two)
	if len(absent) != 0 || len(list) != 4 {
		t.Fatalf("a new list: %v, %v", list, absent)
	}
	list, absent = Absent(list, []string{"a", "c", "d"}, 2, two)
	if len(absent) != 0 || !slices.Equal(keys(list), []string{"a", "b", "c", "d"}) {
		t.Fatalf("missed once: %v, %v", list, absent)
	}
	_, absent = Absent(list, []string{"new", "a", "c", "d"}, 3, two)
	if !slices.Equal(keys(absent), []string{"b"}) || absent[0].Since != 2 {
		t.Errorf("missed twice: %v", absent)
	}
	if again, absent := Absent(list, []string{"a", "b", "c", "d"}, 3, two); len(absent) != 0 || again[1].Missed != 0 {
		t.Errorf("there again: %v, %v", again, absent)
	}
	one := func(string) int { return 1 }
	for name, now := range map[string][]string{
		"the last one":           {"a", "b", "c"},
		"the first one":          {"b", "c", "d"},
		"the other page":         {"w", "x", "y", "z"},
		"sorted otherwise":       {"d", "c", "a"},
		"neighbours far apart":   {"a", "1", "2", "3", "4", "c", "d"},
		"no neighbour on a side": {"a"},
	} {
		if _, absent := Absent([]Member{{Key: "a"}, {Key: "b"}, {Key: "c"}, {Key: "d"}}, now, 2, one); len(absent) != 0 {
			t.Errorf("%s: %v", name, absent)
		}
	}
}

func TestStable(t *testing.T) {
	for in, want := range map[string]string{
		"http://demo.example/t?id=3&sid=abc#p7": "http://demo.example/t?id=3",
		"http://demo.example/t?PHPSESSID=1":     "http://demo.example/t",
		"http://demo.example/t?page=2":          "http://demo.example/t?page=2",
		"::":                                    "::",
	} {
		if got := Stable(in); got != want {
			t.Errorf("Stable(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestContext(t *testing.T) {
	for in, want := range map[string]string{
		`<p>12:30 <b>Bitcoin wallet</b>: `:                    "bitcoin wallet",
		`<input value="7f"><p>Send us BTC: <a href="bitcoin:`: "send us btc",
		`class="x">Pay to `:                                   "pay to",
		``:                                                    "",
		"\xff\xfe Кошелёк: ":                                  "кошелёк",
		"<<<<<<<< ":                                           "",
	} {
		if got := context(in, len(in)); got != want {
			t.Errorf("context(%q) = %q, want %q", in, got, want)
		}
	}
	was, now := rec(Page, true, false, map[string]string{"address": "A"}), rec(Page, true, false, map[string]string{"address": "B"})
	was.Fields["address"][0].Context, now.Fields["address"][0].Context = "token af btc", "token ce btc"
	if got := Compare(was, now); len(got) != 1 || got[0].Confidence != sureWord {
		t.Errorf("%+v", got)
	}
}
