package extract

import (
	"strings"
	"testing"
	"time"

	"tamga"
)

func at(day string) time.Time {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		panic(err)
	}
	return t.Add(15 * time.Hour)
}

func rated(rating, text, date string) tamga.Feedback {
	return tamga.Feedback{Rating: rating, Text: text, Date: date}
}

func TestCountSales(t *testing.T) {
	got := CountSales([]Seen{
		{"a", at("2024-05-10"), "0.02", "BTC", []tamga.Feedback{
			rated("5/5", "fast", "2 days ago"), rated("5/5", "", "1 days ago"), rated("5/5", "", "1 days ago"), rated("4/5", "late", "3 weeks ago"),
		}},
		{"b", at("2024-05-10"), "", "", []tamga.Feedback{rated("5/5", "x", "")}},
		// Two days later the same ratings are two days older, and there are two more.
		{"a", at("2024-05-12"), "0.03", "BTC", []tamga.Feedback{
			rated("5/5", "Fast", "4 days ago"), rated("5/5", "", "3 days ago"), rated("5/5", "", "3 days ago"), rated("5/5", "", "5 hours ago"),
			rated("4/5", "late", "3 weeks ago"), rated("5/5", "fast", "1 days ago"),
		}},
		{"b", at("2024-05-13"), "", "", []tamga.Feedback{rated("5/5", "x", "")}},
	})
	if len(got) != 2 {
		t.Fatalf("%+v", got)
	}
	// Five nearer the first capture, at 0.02, and one at 0.03.
	want := Sales{Offer: "a", Sales: 6, Priced: 6, Volume: "0.13", Currency: "BTC", From: "2024-04-19", To: "2024-05-12"}
	if got[0] != want {
		t.Errorf("%+v, want %+v", got[0], want)
	}
	if want := (Sales{Offer: "b", Sales: 1}); got[1] != want {
		t.Errorf("%+v, want %+v", got[1], want)
	}
}

// The order of the captures does not matter, and seeing all of them twice adds nothing.
func TestCountSalesIsALowerBound(t *testing.T) {
	seen := []Seen{
		{"a", at("2024-05-10"), "1", "USD", []tamga.Feedback{rated("5", "ok", "2024-05-09"), rated("5", "ok", "2024-05-08")}},
		{"a", at("2024-05-11"), "2", "USD", []tamga.Feedback{rated("5", "ok", "2024-05-09"), rated("1", "bad", "2024-05-11")}},
	}
	want := CountSales(seen)[0]
	if want.Sales != 3 {
		t.Fatalf("%+v", want)
	}
	if got := CountSales([]Seen{seen[1], seen[0], seen[1], seen[0]})[0]; got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func TestFeedbackOfAPage(t *testing.T) {
	r, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	body := `<html><body><div id="topmost"><div id="page-heading"></div></div><div id="top-navigation"></div><div id="middlestuff">
<div id="single-product"><h1>Tea of the harbour</h1>text<div class="product-page-price">0.1 BTC</div>
<div class="embedded-feedback-list"><table><tr><td><strong>5/5</strong></td><td>very
 good</td><td>2 days ago</td><td><span>anon</span></td></tr><tr><td></td></tr></table></div></div></div></body></html>`
	p, err := r.Page(Input{URL: "http://market.example/p/x", Body: []byte(body), Profile: "agora"})
	if err != nil || len(p.Listings) != 1 {
		t.Fatalf("%+v, %v", p, err)
	}
	if f := p.Listings[0].Feedback; len(f) != 1 || f[0] != (tamga.Feedback{Rating: "5/5", Text: "very good", Author: "anon", Date: "2 days ago"}) {
		t.Errorf("%+v", f)
	}
}

func FuzzCountSales(f *testing.F) {
	f.Add("5/5", "text", "2 days ago", "0.1")
	f.Add("", "", "9999 years ago", "1e999999999")
	f.Fuzz(func(t *testing.T, rating, text, date, price string) {
		s := Seen{"a", at("2024-05-10"), price, "BTC", []tamga.Feedback{rated(rating, text, date)}}
		if got := CountSales([]Seen{s, s}); got[0].Sales != 1 || strings.ContainsAny(got[0].Volume, "e/") {
			t.Fatalf("%+v", got)
		}
	})
}
