package index

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/blevesearch/snowballstem"
	"github.com/blevesearch/snowballstem/english"
	"github.com/blevesearch/snowballstem/russian"
	"golang.org/x/text/unicode/norm"
)

// maxToken is the largest token in runes; what is longer is cut, on both sides
// of the search.
const maxToken = 64

// Token is a word as it is indexed and where it stands: bytes [Start, End) of
// the text.
type Token struct {
	Term       string
	Start, End int
}

// Tokenize splits a text into words: runs of letters, digits, marks and
// underscores of one another, each folded and stemmed by its script. An emoji is
// a word, a character of Han or Kana is a word. An apostrophe within a word is no
// part of it.
func Tokenize(text string) []Token { return tokenize(text, true) }

func tokenize(text string, stemmed bool) []Token {
	tokens := make([]Token, 0, len(text)/7+1)
	start := -1
	emit := func(from, to int) {
		if t := fold(text[from:to], true); t != "" {
			if stemmed {
				t = stem(t)
			}
			tokens = append(tokens, Token{t, from, to})
		}
	}
	for i := 0; i < len(text); {
		r, n := rune(text[i]), 1
		if r >= utf8.RuneSelf {
			r, n = utf8.DecodeRuneInString(text[i:])
		}
		switch c := classOf(r); {
		case c == classWord || (start >= 0 && c == classInner):
			if start < 0 {
				start = i
			}
		default:
			if start >= 0 {
				emit(start, i)
				start = -1
			}
			if c == classAlone {
				emit(i, i+n)
			} else if c == classEmoji {
				tokens = append(tokens, Token{emojiWord(r), i, i + n})
			}
		}
		i += n
	}
	if start >= 0 {
		emit(start, len(text))
	}
	return tokens
}

func terms(tokens []Token) []string {
	out := make([]string, len(tokens))
	for i, t := range tokens {
		out[i] = t.Term
	}
	return out
}

type class uint8

const (
	classBreak class = iota
	classWord
	classInner // part of a word only inside one: apostrophes, invisible characters
	classAlone // a word of its own
	classEmoji
)

func classOf(r rune) class {
	if r < utf8.RuneSelf {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '_':
			return classWord
		case r == '\'':
			return classInner
		}
		return classBreak
	}
	switch {
	case 0x400 <= r && r <= 0x481, 0x48a <= r && r <= 0x52f:
		return classWord
	case isApostrophe(r), unicode.Is(unicode.Cf, r), 0xfe00 <= r && r <= 0xfe0f:
		return classInner
	case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana):
		return classAlone
	case isEmoji(r):
		return classEmoji
	case unicode.IsLetter(r), unicode.IsNumber(r), unicode.IsMark(r):
		return classWord
	}
	return classBreak
}

func isApostrophe(r rune) bool {
	switch r {
	case '\'', '`', '´', 'ʻ', 'ʼ', 'ʽ', 'ʹ', '‘', '’', '‛', '＇':
		return true
	}
	return false
}

// Fold returns a name or text as it is compared: NFKC, lower case, ё as е,
// without accents (й and ў are letters, not accented ones), invisible characters
// and apostrophes, words of mixed Latin and Cyrillic look-alikes in one script,
// runs of spaces as one. Two values that fold alike read alike.
func Fold(s string) string {
	words := strings.Fields(s)
	out := words[:0]
	for _, w := range words {
		if f := fold(w, false); f != "" {
			out = append(out, f)
		}
	}
	return strings.Join(out, " ")
}

// fold folds one word. With wordOnly it keeps letters, digits, marks and
// underscores alone, and cuts at maxToken.
func fold(w string, wordOnly bool) string {
	if ascii, lower := plain(w); ascii && (!wordOnly || len(w) <= maxToken) {
		if lower {
			return w
		}
		return strings.ToLower(strings.ReplaceAll(w, "'", ""))
	}
	w = oneScript(norm.NFKC.String(w))
	var b strings.Builder
	b.Grow(len(w))
	runes := 0
	put := func(r rune) {
		r = unicode.ToLower(r)
		if r == 'ё' {
			r = 'е'
		}
		if isApostrophe(r) || unicode.Is(unicode.Cf, r) || isAccent(r) || (0xfe00 <= r && r <= 0xfe0f) || r == utf8.RuneError {
			return
		}
		if wordOnly && (classOf(r) == classBreak || runes >= maxToken) {
			return
		}
		b.WriteRune(r)
		runes++
	}
	for _, r := range w {
		switch {
		case r < 0xc0 || (0x410 <= r && r <= 0x44f) || r == 'ў' || r == 'Ў':
			put(r)
		default:
			var buf [utf8.UTFMax]byte
			d := norm.NFD.Bytes(buf[:utf8.EncodeRune(buf[:], r)])
			for len(d) > 0 {
				x, n := utf8.DecodeRune(d)
				put(x)
				d = d[n:]
			}
		}
	}
	return b.String()
}

// plain reports whether w is ASCII, and lower case without apostrophes.
func plain(w string) (ascii, lower bool) {
	lower = true
	for i := 0; i < len(w); i++ {
		switch c := w[i]; {
		case c >= utf8.RuneSelf || c == '`':
			return false, false
		case 'A' <= c && c <= 'Z', c == '\'':
			lower = false
		}
	}
	return true, lower
}

// isAccent tells the combining marks that are dropped: those of Latin, Greek and
// Cyrillic. Marks of other scripts are letters of theirs.
func isAccent(r rune) bool {
	return 0x300 <= r && r <= 0x36f || 0x483 <= r && r <= 0x489 || 0x1ab0 <= r && r <= 0x1aff ||
		0x1dc0 <= r && r <= 0x1dff || 0x20d0 <= r && r <= 0x20ff
}

// stem reduces a folded word of one script to its stem, English for Latin
// letters and Russian for Cyrillic ones. A word with anything else in it stays.
func stem(w string) string {
	latin, cyrillic, runes := true, true, 0
	for _, r := range w {
		latin = latin && 'a' <= r && r <= 'z'
		cyrillic = cyrillic && 0x430 <= r && r <= 0x44f
		runes++
		if !latin && !cyrillic {
			return w
		}
	}
	if runes < 3 {
		return w
	}
	env := snowballstem.NewEnv(w)
	if latin {
		english.Stem(env)
	} else {
		russian.Stem(env)
	}
	return env.Current()
}
