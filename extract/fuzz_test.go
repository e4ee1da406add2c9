package extract

import (
	"strings"
	"testing"
	"unicode/utf8"

	"tamga"
)

// checkSpans holds the invariant of the package: a finding quotes its source.
func checkSpans(t *testing.T, source string, fs []tamga.Finding) {
	t.Helper()
	last := 0
	for _, f := range fs {
		if f.Start < 0 || f.End > len(source) || f.Start >= f.End {
			t.Fatalf("%s: range %d-%d of %d bytes", f.Type, f.Start, f.End, len(source))
		}
		if f.Raw == "" && strings.Contains(f.Value, source[f.Start:f.End]) {
			t.Fatalf("%s quotes the %q that it withholds", f.Type, f.Value)
		}
		if f.Raw != "" && source[f.Start:f.End] != f.Raw {
			t.Fatalf("%s: raw %q, source has %q", f.Type, f.Raw, source[f.Start:f.End])
		}
		if f.Start < last {
			t.Fatalf("%s at %d comes after %d", f.Type, f.Start, last)
		}
		last = f.Start
		if f.Type == "" || f.Value == "" || f.Rule == "" || f.Confidence <= 0 || f.Confidence > 1 || !utf8.ValidString(f.Value) {
			t.Fatalf("incomplete finding %+v", f)
		}
	}
}

func checkPage(t *testing.T, p *tamga.Page) {
	t.Helper()
	if !utf8.ValidString(p.Source) || !utf8.ValidString(p.Text.Body) {
		t.Fatal("source or text is not UTF-8")
	}
	if len(p.Text.Offsets) != len(p.Text.Body)+1 {
		t.Fatalf("%d offsets for %d bytes", len(p.Text.Offsets), len(p.Text.Body))
	}
	last := int32(0)
	for i, o := range p.Text.Offsets {
		if o < last || int(o) > len(p.Source) {
			t.Fatalf("offset %d at byte %d after %d", o, i, last)
		}
		last = o
	}
	checkSpans(t, p.Source, p.Findings)
	for _, l := range p.Listings {
		if l.Title == "" || l.Span[0] < 0 || l.Span[0] > l.Span[1] || l.Span[1] > len(p.Source) {
			t.Fatalf("listing %+v", l)
		}
	}
}

var pageSeeds = []string{
	`<html><title>Kush</title><h1>5g Kush</h1><p>Price: 0.1 BTC<p>Vendor: <a href="/vendor/nobody">nobody</a> Ships from: Nowhere <a href=/buy>Buy</a>`,
	`<table><tr class=row><td><a href=/p/1>1 g MDMA</a><td>$10<tr class=row><td><a href=/p/2>2g coke</a><td>$20</table>`,
	`bc1<b>qw508d6qejxtdg4y5r3zarvary0c5xw7kv8</b>f3t4 &amp; 5&nbsp;000&#8381; <script>1 BTC</script><title>x`,
	`<svg><title>a</title></svg><select><option>5 g</select><textarea>-----BEGIN PGP PUBLIC KEY BLOCK-----mQENBF</textarea>`,
	"<a href='mailto:nobody@example.org'>\xff\xfe</a><plaintext><b tamga-n=99 tamga-n=1>½ oz @nobody_here",
	`<p>&&amp&#0;&#x110000;&notit;<math><mi>1</math><noscript><b>5 g</b></noscript></p></body></html>trail`,
}

func FuzzPage(f *testing.F) {
	for _, s := range pageSeeds {
		f.Add([]byte(s), "", "")
		f.Add([]byte(s), "http://demo.invalid/p/1", "text/html; charset=windows-1251")
	}
	r := newReader(f)
	f.Fuzz(func(t *testing.T, body []byte, url, contentType string) {
		for _, name := range []string{"", NoProfile, "agora"} {
			p, err := r.Page(Input{URL: url, ContentType: contentType, Body: body, Profile: name})
			if err != nil {
				t.Fatal(err)
			}
			checkPage(t, p)
		}
	})
}

func FuzzText(f *testing.F) {
	for _, s := range []string{
		"50gCocaine 92% pure $1,250.50 / 0.05 BTC per gram", "10 x 2mg Xanax ships from UK to worldwide except AU", "мефедрон 0,5 г закладка 100 000 сум",
		"½ oz 1/8oz 8-ball 1 1/2 lb", "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmQENBFLWXK4BCAC5", "\xff5g\xfe", "soʻm 5 soʻm https://t.me/nobody_x mail@example.org",
		"bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", strings.Repeat("1,000", 20), "$5 CAD USD 5 5k$ .5g",
	} {
		f.Add(s)
	}
	r := newReader(f)
	f.Fuzz(func(t *testing.T, s string) {
		fs, category := r.Text(s)
		checkSpans(t, s, fs)
		known := category == ""
		for _, c := range classes {
			known = known || c == category
		}
		if !known {
			t.Fatalf("category %q", category)
		}
	})
}

func FuzzProfile(f *testing.F) {
	f.Add([]byte(`name="x"
version=1
detect={signature=["p"]}
[[pages]]
kind="listing"
when=["h1"]
[pages.listing]
element="body"
title={select="h1",transform=["match (.)"]}
`))
	r := newReader(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := parseProfile(data)
		if err != nil {
			return
		}
		with := &Reader{profiles: []*profile{p}, lexicon: r.lexicon, max: r.max, log: r.log, cues: r.cues}
		page, err := with.Page(Input{Body: []byte(pageSeeds[0]), Profile: p.Name})
		if err != nil {
			t.Fatal(err)
		}
		checkPage(t, page)
	})
}
