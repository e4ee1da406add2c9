package change

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/net/html"
)

// advertWords are words of a class or id that say that an element is an advertisement:
// it shows another offer at each visit, and is not of the record around it.
var advertWords = []string{"ad", "ads", "adv", "advert", "adverts", "advertisement", "advertising", "adbox", "banner", "banners", "sponsor", "sponsors", "sponsored", "promo", "promoted", "reklama"}

// maxAdverts bounds the elements that are looked at.
const maxAdverts = 200

// adverts are the places of a source where advertisements stand. An element that is
// not closed, or that holds half of the page, is none.
func adverts(source string) (out [][2]int) {
	low := false
	for _, w := range []string{"ad", "banner", "sponsor", "promo", "reklama"} {
		low = low || strings.Contains(source, w) || strings.Contains(source, strings.ToUpper(w[:1])+w[1:])
	}
	if !low {
		return nil
	}
	z := html.NewTokenizer(strings.NewReader(source))
	z.SetMaxBuf(1 << 20)
	at, start, depth := 0, 0, 0
	name := ""
	for len(out) < maxAdverts {
		kind := z.Next()
		if kind == html.ErrorToken {
			break
		}
		from := at
		at += len(z.Raw())
		if kind != html.StartTagToken && kind != html.EndTagToken {
			continue
		}
		tag, attrs := z.TagName()
		switch {
		case depth > 0 && string(tag) == name && kind == html.StartTagToken:
			depth++
		case depth > 0 && string(tag) == name:
			if depth--; depth == 0 && 2*(at-start) < len(source) {
				out = append(out, [2]int{start, at})
			}
		case depth == 0 && kind == html.StartTagToken && attrs && container(tag) && advertised(z):
			name, start, depth = string(tag), from, 1
		}
	}
	return out
}

func container(tag []byte) bool {
	switch string(tag) {
	case "div", "section", "aside", "p", "span", "ul", "ol", "li", "table", "tr", "td", "center", "a", "article", "marquee":
		return true
	}
	return false
}

// advertised tells whether the tag that was read has such a word.
func advertised(z *html.Tokenizer) bool {
	for {
		key, value, more := z.TagAttr()
		if k := string(key); k == "class" || k == "id" {
			words := strings.FieldsFunc(strings.ToLower(string(value)), func(r rune) bool { return !unicode.IsLetter(r) })
			if slices.ContainsFunc(words, func(w string) bool { return slices.Contains(advertWords, w) }) {
				return true
			}
		}
		if !more {
			return false
		}
	}
}

// within tells whether a place is in one of several, which are in order.
func within(places [][2]int, at int) bool {
	i, _ := slices.BinarySearchFunc(places, at, func(p [2]int, at int) int {
		if p[1] <= at {
			return -1
		}
		return 1
	})
	return i < len(places) && places[i][0] <= at
}
