package extract

import (
	"slices"
	"strings"
	"unicode"

	"tamga/extract/language"
)

// currencyOf is the code of the currency that a text names; "" for none.
func currencyOf(s string) string {
	lex, err := shared()
	if err != nil {
		return ""
	}
	for _, g := range lex.signs {
		if strings.Contains(s, g.text) {
			return g.code
		}
	}
	for _, w := range strings.FieldsFunc(string(lower(s)), func(r rune) bool { return !unicode.IsLetter(r) }) {
		if c, ok := lex.money[w]; ok {
			return c.code
		}
	}
	return ""
}

// certain is how sure the model must be to overrule what a page declares.
const certain = 0.8

// pageLanguage is the language of a text as a BCP 47 tag: what its letters say
// where they are certain, else what the page declares; "" where neither tells.
func pageLanguage(declared, text string) string {
	tag, confidence := language.Identify(text)
	declared = strings.ToLower(strings.TrimSpace(declared))
	if len(declared) > 35 || strings.ContainsAny(declared, " \t\n\"'<>") {
		declared = ""
	}
	base, _, _ := strings.Cut(declared, "-")
	oneOfNine := slices.ContainsFunc(language.Tags, func(t string) bool {
		b, _, _ := strings.Cut(t, "-")
		return b == base
	})
	switch {
	case declared == "" || confidence >= certain && (tag != "" || oneOfNine):
		return tag
	case strings.HasPrefix(tag, base+"-"): // the declaration lacks the script
		return tag
	}
	return declared
}
