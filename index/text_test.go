package index

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestTokenize(t *testing.T) {
	for text, want := range map[string]string{
		"Crystals, opened":        "crystal open",
		"закладками Закладки":     "закладк закладк",
		"Ёлка елка":               "елк елк",
		"мой район йод":           "мо район йод",
		"и\u0306од":               "йод", // й in two code points
		"мефедрoн MEФEДPOH":       "мефедрон мефедрон",
		"oʻzbek o'zbek o’zbek":    "ozbek ozbek ozbek",
		"naïve Zürich":            "naiv zurich",
		"❄️💊 🦜":                   "emoji_snowflake emoji_pill emoji_1f99c",
		"👍🏽":                      "emoji_1f44d",
		"zero\u200bwidth":         "zerowidth",
		"vendor-name 0.5g t.me/x": "vendor name 0 5g t me x",
		"user_42 №5 ﬁne ½":        "user_42 5 fine 12",
		"漢字":                      "漢 字",
		"қазақша тіл":             "қазақша тіл",
		"":                        "",
		" \t!?…":                  "",
		"\xff\xfea":               "a",
		"don't":                   "dont",
	} {
		if got := strings.Join(terms(Tokenize(text)), " "); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	for _, tok := range Tokenize("Две  ❄️ Закладки") {
		if raw := "Две  ❄️ Закладки"[tok.Start:tok.End]; raw == "" || strings.ContainsAny(raw, " ") {
			t.Errorf("%+v stands at %q", tok, raw)
		}
	}
	if got := Tokenize(strings.Repeat("ж", 500)); len(got) != 1 || utf8.RuneCountInString(got[0].Term) > maxToken {
		t.Errorf("a word of 500 letters: %v", got)
	}
}

func TestFold(t *testing.T) {
	for in, want := range map[string]string{
		"DemoChef":        "demochef",
		"  Alpine   Fox ": "alpine fox",
		"Снeжок":          "снежок", // Latin e
		"СНЁЖОК":          "снежок",
		"Zürich":          "zurich",
		"ＤｅｍｏＣｈｅｆ":        "demochef",
		"alpine-fox":      "alpine-fox",
		"de\u200bmo":      "demo",
		"pаypal":          "paypal", // Cyrillic а
	} {
		if got := Fold(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// FuzzTokenize: whatever the bytes, tokens are in order, within the text, free of
// spaces and not too long, and reading is the same twice.
func FuzzTokenize(f *testing.F) {
	for _, s := range []string{"Crystals 0.5g", "и\u0306од мефедрoн", "❄️💊", "\xff\x00a'b", "½ﬁ№ …"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		last := 0
		for _, tok := range Tokenize(s) {
			if tok.Start < last || tok.End <= tok.Start || tok.End > len(s) {
				t.Fatalf("%q: %+v", s, tok)
			}
			last = tok.End
			if tok.Term == "" || strings.ContainsAny(tok.Term, " \t\n\x00") || len(tok.Term) > 4*maxToken || !utf8.ValidString(tok.Term) {
				t.Fatalf("%q: %+v", s, tok)
			}
		}
		if !utf8.ValidString(Fold(s)) {
			t.Fatalf("%q folds to %q", s, Fold(s))
		}
	})
}

func BenchmarkTokenize(b *testing.B) {
	text := strings.Repeat("Crystals and powder, lab tested. Закладки в городе, свежий кристалл! ", 100)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		Tokenize(text)
	}
}
