package extract

import (
	"sort"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// An unmasked text is a text as a person reads it: without characters that take
// no room and marks that strike letters through, with styled letters and digits
// in their plain form, and with the words of two scripts in the one they are
// meant to be. Ranges of body map back to source; 8 bytes a change are kept.
type unmasked struct {
	body   string
	source string
	marks  []origin // by at; the first is at 0
}

// An origin is a place of the body and where it stands in the source. Up to the
// next one the body is byte for byte the source, or, where replaced, one
// character that stands for one of the source.
type origin struct {
	at  uint32
	src uint32 // times two, plus one where replaced
}

// disguisedLead marks the first bytes of characters that unmask may change.
var disguisedLead = func() (t [256]uint8) {
	for c := 0xCE; c <= 0xD4; c++ { // Greek, Cyrillic
		t[c] = 1
	}
	for _, c := range []int{0xC2, 0xC7, 0xC9, 0xCA, 0xCC, 0xCD, 0xE1, 0xE2, 0xEA, 0xEF, 0xF0} {
		t[c] = 2
	}
	return t
}()

// disguised says whether s may hold something that unmask reads otherwise:
// letters of two scripts side by side, or a character it drops or replaces.
func disguised(s string) bool {
	for i := 0; i < len(s); i++ {
		switch disguisedLead[s[i]] {
		case 1:
			if i > 0 && isLetter(s[i-1]) || i+2 < len(s) && isLetter(s[i+2]) {
				return true
			}
		case 2:
			if r, _ := utf8.DecodeRuneInString(s[i:]); invisible(r) || combining(r) || styled(r) != 0 {
				return true
			}
		}
	}
	return false
}

// combining says whether a character is a mark over, under or through the letter
// before it.
func combining(r rune) bool { return 0x300 <= r && r <= 0x36F && r != 0x34F }

// unmask reads s; see unmasked.
func unmask(s string) *unmasked {
	u := &unmasker{s: s, body: make([]byte, 0, len(s))}
	for i := 0; i < len(s); {
		if s[i] < utf8.RuneSelf {
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError || !(unicode.IsLetter(r) || invisible(r) || combining(r) || styled(r) != 0) {
			i += n
			continue
		}
		start := i // of the word: the plain letters before belong to it
		for start > u.from && isLetter(s[start-1]) {
			start--
		}
		i = u.word(start)
	}
	u.flush(len(s))
	return &unmasked{string(u.body), s, u.marks}
}

type unmasker struct {
	s     string
	body  []byte
	marks []origin
	from  int // start of what is taken over as it is
}

// flush takes over s[from:to] as it is.
func (u *unmasker) flush(to int) {
	if u.from < to {
		u.marks = append(u.marks, origin{uint32(len(u.body)), uint32(u.from) << 1})
		u.body = append(u.body, u.s[u.from:to]...)
	}
	u.from = to
}

// put replaces the character of s at i.
func (u *unmasker) put(r rune, i int) {
	u.marks = append(u.marks, origin{uint32(len(u.body)), uint32(i)<<1 | 1})
	u.body = utf8.AppendRune(u.body, r)
}

// word reads the word that starts at i and returns its end, which is after i.
func (u *unmasker) word(i int) int {
	latin, other, changes := 0, 0, 0
	toLatin, toCyrillic := true, true
	end := i
	for end < len(u.s) {
		r, n := utf8.DecodeRuneInString(u.s[end:])
		if c := styled(r); c != 0 {
			changes++
			r = c
		}
		switch low := unicode.ToLower(r); {
		case invisible(r) || combining(r):
			changes++
		case '0' <= r && r <= '9' && n > 1:
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
	if to == nil && changes == 0 {
		return end
	}
	for k := i; k < end; {
		r, n := utf8.DecodeRuneInString(u.s[k:])
		low := r
		if c := styled(r); c != 0 && !(raised(r) && k > 0 && isAlnum(u.s[k-1])) {
			low = c
		} else if to != nil {
			if c := to[unicode.ToLower(r)]; c != 0 {
				if low = c; unicode.IsUpper(r) {
					low = unicode.ToUpper(c)
				}
			}
		}
		switch {
		case invisible(r) || combining(r):
			u.flush(k)
			u.from = k + n
		default:
			if m, size := utf8.DecodeRuneInString(u.s[k+n:]); combining(m) { // й in two characters
				if c := []rune(norm.NFC.String(string(low) + string(m))); len(c) == 1 {
					low, n = c[0], n+size
				}
			}
			if low != r {
				u.flush(k)
				u.put(low, k)
				u.from = k + n
			}
		}
		k += n
	}
	return end
}

// at is the index of the mark that body byte i belongs to.
func (u *unmasked) at(i int) int {
	return sort.Search(len(u.marks), func(k int) bool { return int(u.marks[k].at) > i }) - 1
}

// span maps a non-empty range of the body to the source.
func (u *unmasked) span(start, end int) (int, int) {
	a, b := u.marks[u.at(start)], u.marks[u.at(end-1)]
	from, to := int(a.src>>1), int(b.src>>1)
	if a.src&1 == 0 {
		from += start - int(a.at)
	}
	if b.src&1 == 0 {
		return from, to + end - int(b.at)
	}
	_, n := utf8.DecodeRuneInString(u.source[to:])
	for to += n; to < len(u.source); to += n { // marks belong to their letter
		var r rune
		if r, n = utf8.DecodeRuneInString(u.source[to:]); !combining(r) {
			break
		}
	}
	return from, to
}

// changed says whether a range of the body reads otherwise in the source.
func (u *unmasked) changed(start, end int) bool {
	k := u.at(start)
	return u.marks[k].src&1 != 0 || k != u.at(end-1)
}

// asWritten moves what was found from the view to the text as it is written.
func (s *scan) asWritten() {
	if s.written == nil {
		return
	}
	for i := range s.out {
		f := &s.out[i]
		f.Start, f.End = s.written.span(f.Start, f.End)
		if f.Raw != "" { // a secret quotes nothing
			f.Raw = s.written.source[f.Start:f.End]
		}
	}
	for i, r := range s.withheld {
		s.withheld[i][0], s.withheld[i][1] = s.written.span(r[0], r[1])
	}
}
