package extract

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// placeWords cuts a phrase into lower-case words; dots inside abbreviations go
// (u.s.a. is usa), every other mark parts words.
func placeWords(s string) []string {
	s = strings.ReplaceAll(string(lower(s)), ".", "")
	return strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '\'' })
}

// exceptions are the words after which places are excluded, until a place word
// of the whole world turns it around.
var exceptions = set("except exceptions excepted excluding exclude excludes excl without not no but кроме исключая без не aside")

// stops are two-letter words that are also codes; they count as codes only in
// capitals.
var stops = set("in it is at be no so me to by us am as de es or al la co ca id my va sa sg do")

// countries reads a route phrase: the places it names, and those it excludes.
// Places it does not know are left out; "Internet" and the like name none.
func (x *lexicon) countries(s string) (in, except []string) {
	excluded := false
	s = leftOut(s)
	raw := placeTokens(s)
	for i := 0; i < len(raw); {
		word := string(lower(raw[i]))
		if rest, ok := strings.CutPrefix(word, "except"); ok && rest != "" && !exceptions[word] { // exceptaustralia
			excluded = true
			raw[i], word = rest, rest
		}
		if rest, ok := strings.CutPrefix(word, "worldwideexcept"); ok {
			in, excluded = add(in, "WW"), true
			raw[i], word = rest, rest
		}
		if exceptions[word] && !(word == "no" && raw[i] == "NO" && !excluded) {
			excluded = true
			i++
			continue
		}
		n, codes := x.place(raw[i:])
		if n == 0 {
			i++
			continue
		}
		i += n
		for _, c := range codes {
			if excluded && c != "WW" {
				except = add(except, c)
			} else {
				in = add(in, c)
			}
		}
	}
	return in, except
}

// leftOut writes a dash before a word as the exception it means: "worldwide -US".
func leftOut(s string) string {
	if k := strings.Index(s, " -"); k > 0 && k+2 < len(s) && isLetter(s[k+2]) {
		return s[:k] + " except " + s[k+2:]
	}
	return s
}

func placeTokens(s string) []string {
	s = strings.ReplaceAll(s, ".", "")
	if spaced(s) {
		s = strings.ReplaceAll(s, " ", "")
	}
	return strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '\'' })
}

// spaced says whether s is a word with its letters set apart: W O R L D.
func spaced(s string) bool {
	letters, before := 0, false
	for _, r := range s {
		letter := unicode.IsLetter(r)
		if letter && (before || r >= utf8.RuneSelf) {
			return false
		}
		if letter {
			letters++
		}
		before = letter
	}
	return letters >= 4
}

// place is the longest place name at the start of words.
func (x *lexicon) place(words []string) (n int, codes []string) {
	first := string(lower(words[0]))
	for n = min(x.placeLen[first], len(words)); n > 0; n-- {
		key := first
		if n > 1 {
			key = string(lower(strings.Join(words[:n], " ")))
		}
		c, ok := x.places[key]
		if !ok {
			continue
		}
		if n == 1 && stops[key] && words[0] == key && !x.alone(words) {
			continue // "in", "no": no code in small letters
		}
		return n, c
	}
	return 0, nil
}

// alone says whether nothing but a country is told, with or without "only": in
// such a phrase a code may be in small letters.
func (x *lexicon) alone(words []string) bool {
	return len(words) == 1 && words[0] == "us" || len(words) == 2 && words[0] == "us" && string(lower(words[1])) == "only"
}

func add(list []string, s string) []string {
	if slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}
