package extract

import (
	"slices"
	"testing"

	"tamga"
)

// A name in letters of two scripts, or with characters that take no room, is
// read as what it looks like, and its range is that of the text as written.
func TestDisguisedNames(t *testing.T) {
	r := newReader(t)
	for _, c := range []struct{ text, raw, id string }{
		{"5 g М\u0044М\u0410 now", "МDМА", "mdma"},
		{"меф\u0065др\u006fн", "мефeдрoн", "mephedrone"},
		{"c\u043eca\u0456ne", "cоcaіne", "cocaine"},
		{"η ρυяє Cσcαιηε 90%", "Cσcαιηε", "cocaine"},
		{"he\u200bro\u200din here", "he\u200bro\u200din", "heroin"},
		{"гаш\u00adиш", "гаш\u00adиш", "cannabis_resin"},
		{"\ufeff4-\u2060mmc", "4-\u2060mmc", "mephedrone"},
		{"𝐊𝐞𝐭𝐚𝐦𝐢𝐧𝐞 and ＬＳＤ", "𝐊𝐞𝐭𝐚𝐦𝐢𝐧𝐞", "ketamine"},
		{"aльфа-пвп", "aльфа-пвп", "alpha-pvp"},
	} {
		found, _ := r.Text(c.text)
		checkSpans(t, c.text, found)
		if !slices.ContainsFunc(found, func(f tamga.Finding) bool {
			return f.Type == tamga.FindSubstance && f.Raw == c.raw && f.ID == c.id && f.Rule == "substance-disguised@1"
		}) {
			t.Errorf("%q: %v", c.text, brief(found))
		}
	}
	for _, text := range []string{"SMSка и IPадрес", "10хМ", "👨\u200d👩\u200d👧", "3 μg", "a\u200b b\xff\u200bc"} {
		found, _ := r.Text(text)
		checkSpans(t, text, found)
		if f := firstOf(found, tamga.FindSubstance); f != nil {
			t.Errorf("%q: %s", text, f.Value)
		}
	}
}

// FuzzUnmask wants every range of the view to be a range of the text.
func FuzzUnmask(f *testing.F) {
	for _, s := range []string{"МDМА", "he\u200bro", "\xff\u00ad\xc2", "𝐊ＬＳ", "αβγ", "ӏ\u200b", "\xcfԁA", "İҹ", "Aꚍ"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v := unmask(s)
		last := 0
		for i := range v.body {
			start, end := v.span(i, i+1)
			if start < last || end <= start || end > len(s) {
				t.Fatalf("%q: byte %d of %q stands at %d:%d", s, i, v.body, start, end)
			}
			last = start
		}
		if !disguised(s) && v.body != s {
			t.Fatalf("%q is read as %q, but is not disguised", s, v.body)
		}
	})
}
