package extract

import (
	"strings"
	"unicode"
)

// marksOf are letters that only one of the languages of the region writes.
var marksOf = []struct{ language, letters string }{
	{"kk", "әұһӘҰҺ"}, {"tg", "ӣӯҷӢӮҶ"}, {"uz", "ўҳЎҲ"}, {"ky", "ңүөҢҮӨ"}, {"ru", "ыэщЫЭЩ"},
}

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

// language is the language of a text as a BCP 47 tag: by its letters where they
// are Cyrillic, else what the page declares; "" where neither tells.
func language(declared, text string) string {
	if len(text) > 1<<16 {
		text = cut(text, 1<<16)
	}
	cyrillic, letters := 0, 0
	for _, r := range text {
		if unicode.IsLetter(r) {
			letters++
			if unicode.Is(unicode.Cyrillic, r) {
				cyrillic++
			}
		}
	}
	if letters > 0 && cyrillic*2 > letters {
		for _, m := range marksOf {
			if countAny(text, m.letters)*200 > cyrillic {
				return m.language
			}
		}
		return "ru"
	}
	declared = strings.ToLower(strings.TrimSpace(declared))
	if len(declared) > 35 || strings.ContainsAny(declared, " \t\n\"'<>") {
		return ""
	}
	return declared
}

func countAny(s, letters string) (n int) {
	for _, r := range s {
		if strings.ContainsRune(letters, r) {
			n++
		}
	}
	return n
}
