package extract

import (
	"fmt"
	"strings"
	"testing"

	"tamga"
)

// foreignPage is a list of offers, each with what names its vendor.
func foreignPage(seller string) string {
	var b strings.Builder
	b.WriteString(`<html><head><title>Nordlicht</title></head><body><h1><a href="/">Nordlicht</a></h1>`)
	for i, name := range []string{"KapitaenBlau", "moor_eule", "Drossel77"} {
		fmt.Fprintf(&b, `<section><h3><a href="/x/%d">Sample tea number %d</a></h3><p>%s</p><p>12.50 EUR</p></section>`, i+1, i+1, strings.ReplaceAll(seller, "NAME", name))
	}
	return b.String() + "</body></html>"
}

func TestGenericSellerSigns(t *testing.T) {
	for what, seller := range map[string]string{
		"german":  `von <a href="/anbieter/4">NAME</a> 98 %`,
		"french":  `Vendu par <a href="/v/4">NAME</a> Niv. 3`,
		"finnish": `Myyjä: NAME`,
		"handle":  `@NAME`,
		"sales":   `NAME (31 sales, 97%)`,
		"picture": `<a href="/store/Qm8k2"><img alt="NAME" src="/a.png"></a>`,
	} {
		p := genericOf(t, foreignPage(seller))
		if p.Kind != tamga.PageListings || len(p.Listings) != 3 {
			t.Errorf("%s: %s of %d offers", what, p.Kind, len(p.Listings))
			continue
		}
		if got := p.Listings[1].Vendor; got != "moor_eule" {
			t.Errorf("%s: vendor %q", what, got)
		}
	}
	// What stands in the same places and names nobody.
	for what, seller := range map[string]string{
		"picture without a name": `<a href="/store/Qm8k2"><img alt="Avatar" src="/a.png"></a>`,
		"a dose in brackets":     `Heroin (31 sales, 97%)`,
		"only sales":             `12 (31 sales)`,
		"a sentence":             `@NAME wrote to us`,
	} {
		p := genericOf(t, foreignPage(seller))
		for _, x := range p.Listings {
			if x.Vendor != "" {
				t.Errorf("%s: vendor %q", what, x.Vendor)
			}
		}
	}
}

func TestGenericForeignVendorPage(t *testing.T) {
	for what, head := range map[string]string{
		"german":  `<h2>moor_eule</h2><p>Stufe 3 · Anbieter seit Mai 2020 · zuletzt online heute</p><h3>Angebote</h3>`,
		"french":  `<h2>moor_eule</h2><p>vendeur depuis mars 2020, vu aujourd'hui</p><h3>Ses annonces</h3>`,
		"finnish": `<h2>moor_eule</h2><p>Myyjä vuodesta 2020, viimeksi paikalla eilen</p><h3>Tuotteet</h3>`,
		"level":   `<h4>moor_eule <span>Vendor Level 3</span></h4><p>Last active today</p>`,
		"handle":  `<h1>moor_eule</h1><span>@Moor_Eule</span>`,
	} {
		body := strings.Replace(foreignPage(""), `<section>`, head+`<section>`, 1)
		p := genericOf(t, strings.Replace(body, `<h1><a href="/">Nordlicht</a></h1>`, `<a href="/">Nordlicht</a>`, 1))
		if p.Kind != tamga.PageVendor || p.Vendor == nil || p.Vendor.Name != "moor_eule" {
			t.Errorf("%s: %s %+v", what, p.Kind, p.Vendor)
		}
	}
}

func genericOf(t *testing.T, body string) *tamga.Page {
	t.Helper()
	p, err := newReader(t).Page(Input{Body: []byte(body), Profile: NoProfile})
	if err != nil {
		t.Fatal(err)
	}
	return p
}
