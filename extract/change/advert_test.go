package change

import (
	"strings"
	"testing"

	"tamga"
)

func TestAdverts(t *testing.T) {
	pad := strings.Repeat("<p>a page of its own</p>", 20)
	for source, want := range map[string]string{
		pad: "",
		`<div class="banner"><div>one</div> two</div>` + pad:                   `<div class="banner"><div>one</div> two</div>`,
		pad + `<td id="left-ads">x</td><a class=Sponsored href=/x>y</a>` + pad: `<td id="left-ads">x</td><a class=Sponsored href=/x>y</a>`,
		`<div class="header loading shadow">x</div>` + pad:                     "",
		`<div class="ad">never closed` + pad:                                   "",
		`<div class="banner">` + pad + `</div>`:                                "",
		`<div class="ad"><div class="ad">a</div></div>` + pad:                  `<div class="ad"><div class="ad">a</div></div>`,
	} {
		got := ""
		for _, p := range adverts(source) {
			got += source[p[0]:p[1]]
		}
		if got != want {
			t.Errorf("%.60s: %q, want %q", source, got, want)
		}
	}
	deep := strings.Repeat(`<div class="ad">`, 1<<17)
	if got := adverts(deep + strings.Repeat("</div>", 1<<17)); len(got) != 0 {
		t.Errorf("nested: %d", len(got))
	}
	if got := adverts(strings.Repeat(`<p class=ad>x</p>`, 1<<17)); len(got) != maxAdverts {
		t.Errorf("many: %d", len(got))
	}
}

// What an advertisement names is not of the record around it.
func TestAdvertsAreMasked(t *testing.T) {
	source := `<div class="ad">write to @demo_other, ships from Poland</div><h1>DemoChef</h1><p>@demo_chef</p>` + strings.Repeat(" ", 200)
	find := func(raw string, kind tamga.FindingType, countries ...string) tamga.Finding {
		i := strings.Index(source, raw)
		return tamga.Finding{Type: kind, Value: raw, Raw: raw, Start: i, End: i + len(raw), Confidence: 0.9, Valid: true, Direction: "from", Countries: countries}
	}
	p := &tamga.Page{Kind: tamga.PageListing, Source: source, Reader: "generic@1",
		Listings: []tamga.Listing{{Title: "DemoChef", From: []string{"PL"}, Span: [2]int{0, len(source)}}},
		Findings: []tamga.Finding{find("@demo_other", tamga.FindHandle), find("from Poland", tamga.FindRoute, "PL"), find("@demo_chef", tamga.FindHandle)}}
	v, ok := Read(tamga.Capture{URL: "http://demo.example/l/1", Outcome: tamga.OutcomeOK}, p)
	if !ok || len(v.Own.Fields["handle"]) != 1 || v.Own.Fields["handle"][0].Text != "@demo_chef" || len(v.Own.Fields["from"]) != 0 {
		t.Errorf("%+v", v.Own.Fields)
	}
}
