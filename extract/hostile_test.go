package extract

import (
	"os"
	"runtime"
	"strings"
	"testing"
	"unicode/utf8"

	"tamga"
)

// hostile are texts that a page may hold to keep a reader busy, each made of one
// short piece again and again: lines without end, candidates without number,
// broken and turned encodings.
var hostile = []struct{ name, piece string }{
	{"numbers", "1 "},
	{"digits", "1"},
	{"prices", "$1 "},
	{"quantities", "1g "},
	{"groups", "1,000 "},
	{"multiplied", "1x"},
	{"at signs", "@"},
	{"handles", "@nobody_1 "},
	{"mails", "a@b.co "},
	{"addresses", "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2 "},
	{"percents", "50% "},
	{"names", "кокаин "},
	{"weak names", "снег "},
	{"places", "Ташкент "},
	{"routes", "ships to "},
	{"labels", "from:"},
	{"dates", "1.2.2020 "},
	{"ages", "1 day ago "},
	{"positions", "41.311151,69.279737 "},
	{"degrees", "41°18'"},
	{"plus codes", "849VCWC8+R9"},
	{"geo", "geo:"},
	{"spaced", "c o k e "},
	{"dotted", "c.o.k.e."},
	{"dashes", "c-"},
	{"leet", "c0ke "},
	{"stretched", "cooooke "},
	{"one letter", "a"},
	{"pictures", "c❄️o🔥"},
	{"zero width", "c\u200bo\u200bk\u200be "},
	{"marks", "c\u0336"},
	{"two scripts", "cокe"},
	{"full width", "ｃ"},
	{"turned", "\u202eenіacoc\u202c "},
	{"invalid", "\xff\xfe5g"},
	{"half a letter", "\xd0"},
	{"surrogates", "\xed\xa0\xbd\xed\xb2\x8a 1g"}, // CESU-8
	{"links", "http://a.b/c "},
	{"maps", "https://maps.google.com/?q=41.311151,69.279737 "},
	{"open blocks", "-----BEGIN PGP MESSAGE-----"},
	{"quotes", "'\"`"},
}

// Text without end is read with right ranges and in memory that grows with it.
func TestHostile(t *testing.T) {
	r := newReader(t)
	size := 1 << 15
	if testing.Short() {
		size = 1 << 14
	}
	for _, h := range hostile {
		t.Run(h.name, func(t *testing.T) {
			small := strings.Repeat(h.piece, size/len(h.piece))
			found, _ := r.Text(small)
			checkSpans(t, small, found)
			if n := allocated(r, small); n > 1024*uint64(len(small))+8<<20 {
				t.Errorf("%d bytes allocated for %d of text", n, len(small))
			}
		})
	}
}

func allocated(r *Reader, text string) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	r.Text(text)
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// A line without end that is full of candidates, and a page with all sorts of
// letters in it: ten and fifty megabytes where TAMGA_EVAL is "full".
func TestHuge(t *testing.T) {
	if testing.Short() {
		t.Skip("reads tens of megabytes")
	}
	r := newReader(t)
	n := 1 << 20
	if os.Getenv("TAMGA_EVAL") == "full" {
		n = 10 << 20
	}
	line := strings.Repeat("1g $2 @nobody_1 c0ke ", n/21)
	found, _ := r.Text(line)
	checkSpans(t, line, found)
	if len(found) < 4*(n/21) {
		t.Errorf("%d findings", len(found))
	}
	size := 4 << 20
	if os.Getenv("TAMGA_EVAL") == "full" {
		size = 50 << 20
	}
	page := "<html><title>x</title><body><p>5 g of кокаин</p>" + strings.Repeat("<p>\u202eсосаine\u202c \xff 1 000\u00a0₽ <b>x", size/40) + "<i>10 g гашиш</i>"
	p, err := r.Page(Input{Body: []byte(page), ContentType: "text/html; charset=utf-8", Profile: NoProfile})
	if err != nil {
		t.Fatal(err)
	}
	checkSpans(t, p.Source, p.Findings)
	if !utf8.ValidString(p.Source) || firstOf(p.Findings, tamga.FindQuantity) == nil {
		t.Errorf("%d findings", len(p.Findings))
	}
}
