package decode

import (
	"unicode"

	"golang.org/x/net/html/charset"
)

// guess names the single-byte encoding of undeclared text that is not UTF-8:
// one of the four Cyrillic encodings of the region, or windows-1252.
//
// Cyrillic stands in words of bytes above 0x7f, Western text has single ones
// among ASCII letters. Among the Cyrillic encodings the one wins under which
// the letters have the frequencies of Russian and words begin, not end, with
// their capitals: windows-1251 and KOI8-R use the same byte range with the
// cases swapped.
func guess(b []byte) string {
	const western = "windows-1252"
	sample := b[:min(len(b), 64<<10)]
	var high, joined int
	for i, c := range sample {
		if c < 0x80 {
			continue
		}
		high++
		if i > 0 && sample[i-1] >= 0x80 || i+1 < len(sample) && sample[i+1] >= 0x80 {
			joined++
		}
	}
	if high < 4 || joined*10 < high*7 {
		return western
	}
	best, bestScore := western, 0
	for _, c := range cyrillic {
		if s := c.score(sample); s > bestScore {
			best, bestScore = c.name, s
		}
	}
	return best
}

// candidate is a Cyrillic encoding with the rune of each byte above 0x7f.
type candidate struct {
	name  string
	runes [128]rune
}

var cyrillic = func() []candidate {
	var cs []candidate
	for _, name := range []string{"windows-1251", "koi8-r", "ibm866", "iso-8859-5"} {
		enc, _ := charset.Lookup(name)
		c := candidate{name: name}
		for i := range c.runes {
			out, _ := enc.NewDecoder().Bytes([]byte{byte(0x80 + i)})
			c.runes[i] = []rune(string(out))[0]
		}
		cs = append(cs, c)
	}
	return cs
}()

// frequency of Russian letters, per mille (а to я, then ё).
var frequency = [...]int{80, 16, 45, 17, 30, 85, 9, 16, 74, 12, 35, 44, 32, 67, 110, 28, 47, 55, 63, 26, 3, 10, 5, 14, 7, 4, 1, 19, 17, 3, 6, 20, 1}

// score is positive where the bytes read as Cyrillic text under c.
func (c *candidate) score(b []byte) int {
	sum, prev := 0, rune(' ')
	for _, x := range b {
		r := rune(x)
		if x >= 0x80 {
			r = c.runes[x-0x80]
			sum += weigh(r, prev)
		}
		prev = r
	}
	return sum
}

func weigh(r, prev rune) int {
	lower := unicode.ToLower(r)
	var w int
	switch {
	case lower >= 'а' && lower <= 'я':
		w = frequency[lower-'а']
	case lower == 'ё':
		w = frequency[32]
	case unicode.Is(unicode.Cyrillic, r): // Ukrainian, Belarusian, Kazakh і …
		w = 2
	case unicode.IsLetter(r), r >= 0x2500 && r < 0x25a1: // stray letters, box drawing
		return -60
	case unicode.IsControl(r):
		return -60
	default: // quotes, dashes, №
		return 0
	}
	if unicode.IsUpper(r) && unicode.IsLower(prev) {
		return -60 // a capital inside a word
	}
	return w
}
