package change

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"tamga"
)

// maxStockText is how much of the text of an offer is looked through for its stock.
const maxStockText = 16 << 10

// The words for what is there, and for what is not. A number may stand on either
// side of the former.
var (
	soldOut = []string{"out of stock", "sold out", "not in stock", "currently unavailable", "ausverkauft", "nicht vorrätig", "rupture de stock", "épuisé", "agotado", "esaurito",
		"нет в наличии", "нет на складе", "распродано", "раскуплено", "товар закончился", "қолда жоқ", "таусылды", "түгөндү", "mavjud emas", "qolmagan", "tugagan"}
	inStock = []string{"in stock", "items left", "pieces left", "left in stock", "stock", "auf lager", "lagerbestand", "en stock", "в наличии", "на складе", "остаток", "осталось", "қалды", "mavjud", "qoldi"}
)

// stock is what an offer says of its stock: "out", a number, "in", or nothing.
func stock(p *tamga.Page, span [2]int) (string, [2]int) {
	start, _ := slices.BinarySearch(p.Text.Offsets, int32(span[0]))
	end, _ := slices.BinarySearch(p.Text.Offsets, int32(span[1]))
	end = min(end, len(p.Text.Body), start+maxStockText)
	if start >= end {
		return "", [2]int{}
	}
	text := p.Text.Body[start:end]
	lower := strings.ToLower(text)
	if len(lower) != len(text) { // a few letters change their length
		lower = text
	}
	place := func(i, j int) [2]int {
		at := func(i int) int { return int(p.Text.Offsets[min(start+i, len(p.Text.Offsets)-1)]) }
		return [2]int{at(i), max(at(i), at(j))}
	}
	for _, w := range soldOut {
		if i := word(lower, w); i >= 0 {
			return "out", place(i, i+len(w))
		}
	}
	for _, w := range inStock {
		i := word(lower, w)
		if i < 0 {
			continue
		}
		j := i + len(w)
		if n, m := numberAfter(lower[j:]); n != "" {
			return n, place(i, j+m)
		}
		if n := numberBefore(lower[:i]); n != "" {
			return n, place(i, j)
		}
		if w == "in stock" || w == "auf lager" || w == "en stock" || w == "в наличии" {
			return "in", place(i, j)
		}
	}
	return "", [2]int{}
}

// word finds w where it is not a part of a longer word.
func word(s, w string) int {
	for at := 0; ; {
		i := strings.Index(s[at:], w)
		if i < 0 {
			return -1
		}
		i += at
		before, _ := utf8.DecodeLastRuneInString(s[:i])
		after, _ := utf8.DecodeRuneInString(s[i+len(w):])
		if !unicode.IsLetter(before) && !unicode.IsLetter(after) {
			return i
		}
		at = i + len(w)
	}
}

// numberAfter is the number behind a colon or a space, and where it ends.
func numberAfter(s string) (string, int) {
	i := len(s) - len(strings.TrimLeft(s, " :\t\n()–-"))
	if i > 4 {
		return "", 0
	}
	j := i
	for j < len(s) && j-i < 9 && s[j] >= '0' && s[j] <= '9' {
		j++
	}
	return trimZeros(s[i:j]), j
}

func numberBefore(s string) string {
	s = strings.TrimRight(s, " \t\n")
	j := len(s)
	for j > 0 && len(s)-j < 9 && s[j-1] >= '0' && s[j-1] <= '9' {
		j--
	}
	if j > 0 && (s[j-1] == '.' || s[j-1] == ',' || s[j-1] == ':' || s[j-1] == '$') {
		return ""
	}
	return trimZeros(s[j:])
}

func trimZeros(s string) string {
	if t := strings.TrimLeft(s, "0"); t != "" || s == "" {
		return t
	}
	return "0"
}
