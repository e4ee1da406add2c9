package extract

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tamga"
)

// A value that is broken up by tags and entities has the range from its first
// byte to its last, and its value is what a person reads.
func TestSpansAcrossMarkup(t *testing.T) {
	source := "<p>pay 11111<b>11111</b>111111111114oL&#118;T2 now</p><script>$5</script>"
	p, err := newReader(t).Page(Input{Body: []byte(source)})
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Findings) != 1 {
		t.Fatalf("found %v", brief(p.Findings))
	}
	f := p.Findings[0]
	if f.Value != "1111111111111111111114oLvT2" || f.Raw != "11111<b>11111</b>111111111114oL&#118;T2" || p.Source[f.Start:f.End] != f.Raw {
		t.Errorf("value %q raw %q", f.Value, f.Raw)
	}
	if p.Text.Body != "pay 1111111111111111111114oLvT2 now" {
		t.Errorf("text %q", p.Text.Body)
	}
}

func TestTextOfPage(t *testing.T) {
	for source, want := range map[string]string{
		"<p>a  b\n c</p><p>d<br>e":                         "a b c\nd\ne",
		"a<b>b</b>c &amp; d&nbsp;e":                        "abc & d\u00a0e",
		"<table><tr><td>a<td>b<tr><td>c</table>":           "a\tb\nc",
		"<head><title>no</title></head><body>x":            "x",
		"x<style>no</style><!-- no --><script>no</script>": "x",
		"<pre>a\nb</pre>":                                  "a\nb",
		"a<svg><title>no</title></svg>b":                   "ab",
		"<noscript>a</noscript>":                           "a",
	} {
		if got := walk(source).text.body; got != want {
			t.Errorf("%q: %q, want %q", source, got, want)
		}
	}
}

func TestElementSpans(t *testing.T) {
	source := `<ul><li class=a>one<li class=b>two</ul><table><tr class=c><td>x</table><p class=d>p<div class=e>q</div>`
	tree, err := walk(source).parse()
	if err != nil {
		t.Fatal(err)
	}
	for sel, want := range map[string]string{
		".a": "<li class=a>one", ".b": "<li class=b>two", ".c": "<tr class=c><td>x", ".d": "<p class=d>p", ".e": "<div class=e>q</div>",
		"tbody": "<tr class=c><td>x",
	} {
		s := tree.span(tree.Find(sel))
		if got := source[s[0]:s[1]]; got != want {
			t.Errorf("%s: %q, want %q", sel, got, want)
		}
	}
}

// Hostile pages are read in bounded time, as text where no tree can be built.
func TestHostilePages(t *testing.T) {
	r := newReader(t)
	for name, body := range map[string]string{
		"nested":      strings.Repeat("<div>", 100_000) + "5 g mdma",
		"unclosed":    strings.Repeat("<b><i><a href=x>", 20_000) + "5 g mdma",
		"stray ends":  strings.Repeat("</div></b>", 50_000) + "5 g mdma",
		"long line":   strings.Repeat("a", 4<<20) + " 5 g mdma",
		"truncated":   "<p>5 g mdma</p><a href='",
		"cp1251":      "<meta charset=windows-1251>5 g mdma \xec\xe5\xf4\xe5\xe4\xf0\xee\xed",
		"not UTF-8":   "\xfd\xfc<p>5 g mdma \xc3",
		"bidi":        "\u202e5 g mdma\u202c \u2066x\u2069",
		"entities":    strings.Repeat("&amp;&#x26;&bogus;", 20_000) + " 5 g mdma",
		"many cards":  strings.Repeat("<div class=x><div class=y><a href=/p/1>5 g mdma</a> <b>$5</b></div></div>", 5_000),
		"many tables": strings.Repeat("<table><td>", 5_000) + "5 g mdma",
		"NUL in tags": "5 g mdma <t\x00\x00\x00utton>bu<\x00",
		"NUL":         "\x00<p>5 g\x00 mdma 5 g mdma</p>",
	} {
		t.Run(name, func(t *testing.T) {
			p, err := r.Page(Input{Body: []byte(body)})
			if err != nil {
				t.Fatal(err)
			}
			checkPage(t, p)
			if firstOf(p.Findings, tamga.FindSubstance) == nil {
				t.Errorf("substance not found; text ends in %q", p.Text.Body[max(0, len(p.Text.Body)-40):])
			}
		})
	}
	many := strings.Repeat("5 g mdma $5 a@b.cc 1111111111111111111114oLvT2 ", 20_000)
	found, _ := r.Text(many)
	checkSpans(t, many, found)
	if len(found) != 5*20_000 {
		t.Errorf("%d findings", len(found))
	}
}

func TestPageLimit(t *testing.T) {
	r, err := New(Options{MaxBytes: 10})
	if err != nil {
		t.Fatal(err)
	}
	p, err := r.Page(Input{Body: []byte("абвгдежз5 g mdma")})
	if err != nil {
		t.Fatal(err)
	}
	if p.Source != "абвгд" {
		t.Errorf("source %q", p.Source)
	}
}

func TestUnknownProfile(t *testing.T) {
	_, err := newReader(t).Page(Input{Profile: "nowhere"})
	if err == nil || !strings.Contains(err.Error(), `"nowhere"`) || !strings.Contains(err.Error(), "agora") {
		t.Errorf("error %v", err)
	}
}

// Feedback is in the page's findings, never in those of its listing.
func TestFeedbackDoesNotLeak(t *testing.T) {
	body, err := os.ReadFile("testdata/nowhere/listing.html")
	if err != nil {
		t.Fatal(err)
	}
	p, err := newReader(t).Page(Input{URL: "http://127.0.0.1:1/p/x", Body: body})
	if err != nil {
		t.Fatal(err)
	}
	l := p.Listings[0]
	if strings.Join(l.Substances, " ") != "cannabis" || l.Quantity != "5" || strings.Contains(l.Description, "heroin") {
		t.Errorf("listing %+v", l)
	}
	if !strings.HasPrefix(p.Source[l.Span[0]:l.Span[1]], `<div id="single-product">`) {
		t.Error("span is not the element's")
	}
}

func TestProfileErrors(t *testing.T) {
	const good = "name = 'x'\nversion = 1\n[detect]\nhosts = ['x.invalid']\n[[pages]]\nkind = 'listing'\npath = '/'\n[pages.listing]\nelement = 'body'\ntitle = { select = 'h1' }\n"
	for change, want := range map[string]string{
		"":                                     "",
		"name = 'x'|name = ''":                 "name",
		"version = 1|version = 0":              "version",
		"kind = 'listing'|kind = 'lisiting'":   "kind",
		"path = '/'|path = '('":                "path",
		"'h1'|'h1['":                           "listing.title.select",
		"'h1' }|'h1', transform = ['bogus'] }": "unknown transform",
		"'h1' }|'h1', transform = ['after'] }": "wants an argument",
		"element = 'body'|elemnt = 'body'":     "elemnt",
		"hosts = ['x.invalid']|":               "detect",
		"'h1' }|'h1', value = 'x' }":           "exclude each other",
		"title = { select = 'h1' }|":           "listing.title",
	} {
		from, to, _ := strings.Cut(change, "|")
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "x.toml"), []byte(strings.Replace(good, from, to, 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := New(Options{ProfileDirs: []string{dir}})
		switch {
		case want == "" && err != nil:
			t.Errorf("good profile: %v", err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "x.toml")):
			t.Errorf("%s: error %v, want the file and %q", change, err, want)
		}
	}
}

func TestUserProfile(t *testing.T) {
	dir := t.TempDir()
	profile := "name = 'x'\nversion = 3\n[detect]\nhosts = ['.x.invalid']\n[[pages]]\nkind = 'listing'\npath = '^/o/'\n[pages.listing]\nelement = 'body'\ntitle = { select = 'h1' }\nprice = { select = 'p', transform = ['number'] }\ncurrency = { select = 'p', transform = ['currency'] }\n"
	if err := os.WriteFile(filepath.Join(dir, "x.toml"), []byte(profile), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := New(Options{ProfileDirs: []string{dir}})
	if err != nil {
		t.Fatal(err)
	}
	p, err := r.Page(Input{URL: "http://www.x.invalid/o/1", Body: []byte("<h1>a</h1><p>1.250,50 €")})
	if err != nil {
		t.Fatal(err)
	}
	if p.Reader != "x@3" || p.Kind != "listing" || len(p.Listings) != 1 || p.Listings[0].Price != "1250.50" || p.Listings[0].Currency != "EUR" {
		t.Errorf("page %+v", p.Listings)
	}
	other, err := r.Page(Input{URL: "http://www.x.invalid/other", Body: []byte("<h1>a</h1>")})
	if err != nil || other.Market != "x" || other.Kind != "other" || len(other.Listings) != 0 {
		t.Errorf("page no layout fits: %+v %v", other, err)
	}
}

func TestCountries(t *testing.T) {
	x, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	for phrase, want := range map[string]string{
		"USA": "US|", "uk": "GB|", "WORLDWIDE": "WW|", "worldwide except australia": "WW|AU", "worldwideexceptaustralia": "WW|AU", "Internet": "|",
		"Torland": "|", "EU, North America": "EU US CA|", "* W O R L D W I D E *": "WW|", "We do not ship to USA / Canada": "|US CA",
		"Worldwide (except: US/NZ/AU/Scandinavia)": "WW|US NZ AU DK NO SE", "Swiss and EU": "CH EU|", "Казахстан": "KZ|", "U.S.A.": "US|", "WorldWide // No Finland": "WW|FI",
	} {
		in, except := x.countries(phrase)
		if got := strings.Join(in, " ") + "|" + strings.Join(except, " "); got != want {
			t.Errorf("%q: %s, want %s", phrase, got, want)
		}
	}
}
