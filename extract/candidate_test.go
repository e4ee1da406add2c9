package extract

import (
	"strings"
	"testing"

	"tamga"
)

func candidate(r *Reader, s string) string {
	found, _ := r.Text(s)
	for _, f := range found {
		if f.Type == tamga.FindSubstance && f.Kind == "candidate" {
			if f.Valid || f.ID != "" || f.Confidence > 0.4 || f.Raw != s[f.Start:f.End] {
				return "malformed"
			}
			return f.Value
		}
	}
	return ""
}

// TestCandidates holds the words that are reported as possible new substances.
func TestCandidates(t *testing.T) {
	r := newReader(t)
	for text, want := range map[string]string{
		"5 g Xemazolam, lab tested":            "xemazolam",
		"10g Qorfentanil $300":                 "qorfentanil",
		"50gr.Vexazolam free":                  "vexazolam",
		"1g 6F-MDMB-CHMICA":                    "", // read as the substance inside it
		"7-Br-MCPT 1g $80":                     "7-br-mcpt",
		"9-FMA 500mg":                          "9-fma",
		"N-propyl zorphanol":                   "",
		"2 g MDPPP (crystal)":                  "",
		"U-99999 1g":                           "u-99999",
		"JWH-999 5g":                           "jwh-999",
		"норазолам 10 мг":                      "норазолам",
		"5-бутилфенилэтиламин 2 г":             "5-бутилфенилэтиламин",
		"5 g mephedrone with Xemazolam":        "", // a known substance stands there
		"We spoke of Xemazolam at length.":     "", // no offer
		"2-pack of socks, 100g":                "",
		"a 4-one bedroom, 500 USD":             "",
		"Microdrone 500g $300":                 "",
		"hurricane lamp 1kg, babylone 2 kg":    "",
		"Minestrone 500 g, telephone 100 USD":  "",
		"витамин 10 мг, саксофон 500 руб":      "",
		"24-hour delivery, 3-ply masks 100pcs": "",
	} {
		if got := candidate(r, text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// TestCandidatesStayOut says that a candidate is no substance of a listing.
func TestCandidatesStayOut(t *testing.T) {
	x := tamga.Listing{Title: "5 g Xemazolam"}
	newReader(t).enrich(&x)
	if len(x.Substances) > 0 {
		t.Errorf("substances %q", x.Substances)
	}
}

func FuzzCandidate(f *testing.F) {
	r, err := New(Options{})
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range []string{"5 g 3-FMA", "1g --3-\xff4-он", "5 г " + strings.Repeat("4-", 40) + "fma"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		found, _ := r.Text(s)
		for _, x := range found {
			if x.Kind == "candidate" && (x.Raw == "" || x.Raw != s[x.Start:x.End]) {
				t.Errorf("%q: %+v", s, x)
			}
		}
	})
}
