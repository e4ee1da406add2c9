package extract

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// latinOf is the Latin letter that a Cyrillic or Greek one is mistaken for
// (Unicode Technical Standard 39, confusables), in small letters.
var latinOf = pairs("аaвbеeёeкkмmнhоoрpсcтtуyхxіiїiјjѕsԁdһhӏlԛqԝw" + "αaβbεeηnιiκkνvοoρpσoτtυuχxωw")

// cyrillicOf is the Cyrillic letter that a Latin one is mistaken for.
var cyrillicOf = pairs("aаbвcсeеhнkкmмoоpрtтxхyуiі")

func pairs(s string) map[rune]rune {
	m := map[rune]rune{}
	r := []rune(s)
	for i := 0; i+1 < len(r); i += 2 {
		m[r[i]] = r[i+1]
	}
	return m
}

// invisible says whether a character takes no room: soft hyphen, zero-width
// spaces and joiners, marks of direction.
func invisible(r rune) bool {
	switch {
	case r == 0xAD, r == 0x34F, r == 0x180E, r == 0xFEFF:
		return true
	case 0x200B <= r && r <= 0x200F, 0x202A <= r && r <= 0x202E, 0x2060 <= r && r <= 0x2069:
		return true
	}
	return false
}

// styled is the plain letter of a full-width (U+FF21) or mathematical one
// (U+1D400…U+1D6A3, in runs of 52); 0 for others.
func styled(r rune) rune {
	switch {
	case 0xFF21 <= r && r <= 0xFF3A:
		return r - 0xFF21 + 'a'
	case 0xFF41 <= r && r <= 0xFF5A:
		return r - 0xFF41 + 'a'
	case 0x1D400 <= r && r <= 0x1D6A3:
		return (r-0x1D400)%26 + 'a'
	}
	return 0
}

// disguised says whether s may hold a word that unmask reads otherwise: letters
// of two scripts side by side, or a character that it drops or replaces.
func disguised(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c < 0xC2 {
			continue
		}
		switch {
		case 0xCE <= c && c <= 0xD4: // Greek, Cyrillic
			if i > 0 && isLetter(s[i-1]) || i+2 < len(s) && isLetter(s[i+2]) {
				return true
			}
		case c == 0xC2 && i+1 < len(s) && s[i+1] == 0xAD:
			return true
		case c == 0xCD || c == 0xE1 || c == 0xE2 || c == 0xEF || c == 0xF0:
			if r, _ := utf8.DecodeRuneInString(s[i:]); invisible(r) || styled(r) != 0 {
				return true
			}
		}
	}
	return false
}

// unmask is s as a person reads it: without invisible characters, and with the
// words of two scripts in the one that they are meant to be. Ranges of the view
// map back to s.
func unmask(s string) view {
	u := unmasker{s: s}
	for i := 0; i < len(s); {
		if s[i] < utf8.RuneSelf {
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		hidden := invisible(r)
		if !hidden && (!unicode.IsLetter(r) || r == utf8.RuneError) {
			i += n
			continue
		}
		start := i // of the word: the plain letters before belong to it
		for start > u.from && isLetter(s[start-1]) {
			start--
		}
		if hidden && start == i {
			u.flush(i)
			i += n
			u.from = i
			continue
		}
		i = u.word(start)
	}
	u.flush(len(s))
	u.v.body = u.body.String()
	return u.v
}

type unmasker struct {
	s    string
	v    view
	body strings.Builder
	from int // start of what is taken over as it is
}

// flush takes over s[from:to] as it is.
func (u *unmasker) flush(to int) {
	if u.from < to {
		u.put(u.s[u.from:to], u.from, to, true)
	}
	u.from = to
}

func (u *unmasker) put(text string, src, end int, linear bool) {
	u.v.pieces = append(u.v.pieces, piece{u.body.Len(), len(text), src, end, linear})
	u.body.WriteString(text)
}

// word reads the word that starts at i and returns its end.
func (u *unmasker) word(i int) int {
	latin, other, hidden := 0, 0, 0
	toLatin, toCyrillic := true, true
	end := i
	for end < len(u.s) {
		r, n := utf8.DecodeRuneInString(u.s[end:])
		if c := styled(r); c != 0 {
			hidden++
			r = c
		}
		switch low := unicode.ToLower(r); {
		case invisible(r):
			hidden++
		case !unicode.IsLetter(r):
			n = 0
		case r < utf8.RuneSelf:
			latin++
			toCyrillic = toCyrillic && cyrillicOf[low] != 0
		default:
			other++
			toLatin = toLatin && latinOf[low] != 0
			toCyrillic = toCyrillic && 0x400 <= r && r < 0x530
		}
		if n == 0 {
			break
		}
		end += n
	}
	var to map[rune]rune
	if latin > 0 && other > 0 {
		switch {
		case toLatin && (!toCyrillic || latin >= other):
			to = latinOf
		case toCyrillic:
			to = cyrillicOf
		}
	}
	if to == nil && hidden == 0 {
		return end
	}
	u.flush(i)
	for k := i; k < end; {
		r, n := utf8.DecodeRuneInString(u.s[k:])
		low := r
		if c := styled(r); c != 0 {
			low = c
		} else if to != nil {
			low = unicode.ToLower(r)
		}
		if c := to[low]; c != 0 {
			low = c
		}
		if !invisible(r) {
			u.put(string(low), k, k+n, low == r)
		}
		k += n
	}
	u.from = end
	return end
}
