package language

import (
	"unicode"
	"unicode/utf8"
)

// gram is a run of up to three letters, 21 bits each; a blank is the edge of a word.
type gram uint64

func tri(a, b, c rune) gram { return gram(a)<<42 | gram(b)<<21 | gram(c) }

// maxWord is the longest run of letters that is a word: what is longer is a key,
// an address or noise.
const maxWord = 40

// skips are the characters that make a token something else than a word: parts
// of addresses, handles, names of files and figures.
func skips(r rune) bool {
	switch r {
	case '@', '/', '\\', '_', '=', '#', '{', '}', '<', '>', '%', '$':
		return true
	}
	return unicode.IsDigit(r)
}

// apostrophe tells whether r is one of the signs that stand for the modifier
// letter of oʻ and gʻ, or for the apostrophe.
func apostrophe(r rune) bool {
	switch r {
	case '\'', '`', '´', 'ʻ', 'ʼ', '‘', '’', 'ʹ':
		return true
	}
	return false
}

// words calls f with each word of s in small letters, every apostrophe inside it
// as "'". The slice is reused.
func words(s string, f func([]rune)) {
	var buf [maxWord]rune
	n, skip := 0, false
	flush := func() {
		for n > 0 && buf[n-1] == '\'' {
			n--
		}
		if n > 0 && !skip {
			f(buf[:n])
		}
		n = 0
	}
	for i := 0; i < len(s); {
		r, size := rune(s[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(s[i:])
		}
		i += size
		switch {
		case r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= utf8.RuneSelf && unicode.IsLetter(r) && !apostrophe(r):
			if n == maxWord {
				skip = true
				continue
			}
			buf[n] = unicode.ToLower(r)
			n++
		case apostrophe(r) && n > 0:
			if n < maxWord {
				buf[n] = '\''
				n++
			}
		case unicode.Is(unicode.Mn, r): // a mark of the letter before
		case r == ' ' || r == '\n' || r == '\t' || r == '\r' || r == 0xA0:
			flush()
			skip = false
		case skips(r):
			skip = true
		default:
			flush()
		}
	}
	flush()
}

// grams calls f with the runs of three letters of a word, its edges as blanks,
// and one with each of its letters alone.
func grams(word []rune, three, one func(gram)) {
	a, b := rune(' '), word[0]
	for _, c := range word[1:] {
		three(tri(a, b, c))
		one(gram(b))
		a, b = b, c
	}
	three(tri(a, b, ' '))
	one(gram(b))
}
