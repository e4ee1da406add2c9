package extract

import (
	"bytes"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Words that are written so that a search for them fails: c0ke, m3th, cocaaaine,
// c o k e, к.о.к.а.и.н, co🔥ke. A place that looks so is read as the word of a
// substance name with the same skeleton, if there is one; the text around it is
// then searched once more with that word in its place.

// readAs is, by the letter or digit written, what it may stand for in a name:
// in Latin and in Cyrillic words.
var readAs = [2]map[rune]string{
	{'0': "o", '1': "il", '2': "z", '3': "e", '4': "a", '5': "s", '6': "gb", '7': "t", '8': "b", '9': "g",
		'@': "a", '$': "s", '!': "il", '|': "il", '+': "t", '€': "e", '¢': "c", '£': "l", '(': "c",
		'à': "a", 'á': "a", 'â': "a", 'ã': "a", 'ä': "a", 'å': "a", 'ā': "a", 'ç': "c", 'ć': "c", 'č': "c", 'è': "e", 'é': "e", 'ê': "e", 'ë': "e", 'ē': "e", 'ę': "e",
		'ì': "i", 'í': "i", 'î': "i", 'ï': "i", 'ī': "i", 'ł': "l", 'ñ': "n", 'ń': "n", 'ò': "o", 'ó': "o", 'ô': "o", 'õ': "o", 'ö': "o", 'ø': "o", 'ō': "o",
		'š': "s", 'ś': "s", 'ş': "s", 'ù': "u", 'ú': "u", 'û': "u", 'ü': "u", 'ū': "u", 'ý': "y", 'ž': "z", 'ź': "z", 'ż': "z"},
	{'0': "о", '1': "ил", '3': "зеэ", '4': "ча", '5': "с", '6': "бв", '7': "т", '8': "вб", '9': "дя",
		'@': "а", '$': "с", '!': "ил", '|': "ил", '€': "е", 'ё': "е", 'a': "а", 'b': "вб", 'c': "с", 'e': "е", 'h': "н", 'k': "к", 'm': "м", 'o': "о", 'p': "р", 't': "т", 'x': "х", 'y': "у", 'u': "и", 'n': "п", 'g': "д", 'r': "г"},
}

// skeletonOf is the class of a letter: letters that one sign may stand for share
// one.
var skeletonOf = func() (t [2]map[rune]rune) {
	for k, m := range readAs {
		t[k] = map[rune]rune{}
		find := func(r rune) rune {
			for t[k][r] != 0 && t[k][r] != r {
				r = t[k][r]
			}
			return r
		}
		signs := make([]rune, 0, len(m))
		for sign := range m {
			signs = append(signs, sign)
		}
		slices.Sort(signs)
		for _, sign := range signs {
			for _, r := range m[sign] {
				if a, b := find(sign), find(r); a != b {
					t[k][a] = b
				}
			}
		}
		for r := range t[k] {
			t[k][r] = find(r)
		}
	}
	return t
}()

// Lengths of the words looked for, in characters, and of what may be one.
const (
	minGuise  = 3
	maxGuise  = 24
	maxSpread = 160 // in bytes
)

// skeleton writes the classes of the letters of a word, a run of one as one
// letter; script 0 is Latin, 1 Cyrillic.
func skeleton(b []byte, word string, script int) []byte {
	last := rune(0)
	for _, r := range word {
		if c := skeletonOf[script][r]; c != 0 {
			r = c
		}
		if r != last {
			b = utf8.AppendRune(b, r)
		}
		last = r
	}
	return b
}

// scriptOf says whether a word is Cyrillic (1) or not (0).
func scriptOf(word string) int {
	for i := range len(word) {
		if word[i] == 0xD0 || word[i] == 0xD1 {
			return 1
		}
	}
	return 0
}

// guise enters the words of a substance name into the table of skeletons.
func (x *lexicon) guise(name string, e entry) {
	if e.kind != kindSubstance && e.kind != kindDrop {
		return
	}
	if x.guises == nil {
		x.guises = map[string][]string{}
	}
	for _, w := range strings.FieldsFunc(name, func(r rune) bool { return r < utf8.RuneSelf && !isAlnum(byte(r)) }) {
		if n := utf8.RuneCountInString(w); n < minGuise || n > maxGuise {
			continue
		}
		forms := []string{w}
		if isLetter(w[len(w)-1]) && w[len(w)-1] != 's' {
			forms = append(forms, w+"s")
		}
		for _, w := range forms {
			key := string(skeleton(nil, w, scriptOf(w)))
			if !slices.Contains(x.guises[key], w) {
				x.guises[key] = append(x.guises[key], w)
			}
		}
	}
}

// imitated is the word of a substance name that the word written imitates, ""
// where there is none. Letters may be replaced by the signs of readAs, and
// repeated where one of them stands three times.
func (x *lexicon) imitated(written string) string {
	var room [64]byte
	script := scriptOf(written)
	for _, w := range x.guises[string(skeleton(room[:0], written, script))] {
		if w != written && imitates(written, w, script) {
			return w
		}
	}
	return ""
}

func imitates(written, word string, script int) bool {
	var last rune
	at, longest, run := 0, 0, 0
	for _, r := range written {
		if r == last {
			run++
		} else {
			last, run = r, 1
		}
		longest = max(longest, run)
	}
	last = 0
	for _, r := range written {
		w, n := utf8.DecodeRuneInString(word[at:])
		switch {
		case n > 0 && (r == w || strings.ContainsRune(readAs[script][r], w)):
			at += n
		case r == last && longest >= 3:
		default:
			return false
		}
		last = r
	}
	return at == len(word)
}

// Classes of bytes for guises.
const (
	gapByte    = iota
	guiseAlpha = 1 << iota
	guiseDigit
	guiseSign // inside a word it may be a letter
	guiseHigh
)

var guiseClass = func() (t [256]uint8) {
	for c := range 256 {
		switch {
		case isLetter(byte(c)):
			t[c] = guiseAlpha
		case isDigit(byte(c)):
			t[c] = guiseDigit
		case c >= utf8.RuneSelf:
			t[c] = guiseHigh
		}
	}
	for _, c := range []byte("@$!|+*_~^.-") {
		t[c] = guiseSign
	}
	return t
}()

// A guise is a range of the text and the word it is read as.
type guise struct {
	start, end int
	word       string
	spread     bool // letter by letter, with gaps
}

// guises adds to the words found those that are written in another way.
func (s *scan) guises(all []hit) []hit {
	var found []guise
	low := s.low
	mark := 0 // of s.written, the last at or before i
	changed := func(start, end int) bool {
		if s.written == nil {
			return false
		}
		marks := s.written.marks
		for mark+1 < len(marks) && int(marks[mark+1].at) <= start {
			mark++
		}
		return marks[mark].src&1 != 0 || mark+1 < len(marks) && int(marks[mark+1].at) < end
	}
	singles := 0 // words of one letter in a row
	first, last := 0, 0
	for i := 0; i < len(low); {
		if guiseClass[low[i]] == gapByte {
			i++
			continue
		}
		start, kinds, repeated, sign := i, uint8(0), false, false
		for i < len(low) && guiseClass[low[i]] == guiseAlpha { // a plain word, as most are
			if i > start+1 && low[i] == low[i-1] && low[i] == low[i-2] {
				repeated = true
			}
			i++
		}
		if i > start {
			kinds = guiseAlpha
			if i-start > 1 && !repeated && (i == len(low) || guiseClass[low[i]] == gapByte) && !changed(start, i) {
				singles = 0
				continue
			}
		}
		for i < len(low) {
			k := guiseClass[low[i]]
			if k == gapByte {
				break
			}
			if k == guiseSign {
				sign = sign || kinds != 0 || low[i] == '$'
				i++
				continue
			}
			if sign { // it stands before or between letters
				kinds |= guiseSign
			}
			kinds |= k
			if i > 1 && low[i] == low[i-2] && (low[i] == low[i-1] || k == guiseHigh && i > 2 && low[i-1] == low[i-3]) {
				repeated = true
			}
			i++
		}
		if kinds == guiseAlpha && !repeated && i-start > 1 && s.written == nil {
			singles = 0
			continue
		}
		if kinds&(guiseAlpha|guiseHigh) == 0 {
			if kinds&guiseDigit != 0 {
				singles = 0
			}
			continue
		}
		if n := letters(low[start:i], 2); n == 1 {
			if singles == 0 || start-last > 12 {
				singles, first = 0, start
			}
			singles++
			last = i
			if singles >= 4 || singles == 3 && i-first <= 12 {
				var g guise
				if g, i = s.spread(first); g.word != "" {
					found = append(found, g)
				}
				singles = 0
			}
			continue
		}
		singles = 0
		if i-start > maxSpread || kinds == guiseAlpha && !repeated && !changed(start, i) {
			continue
		}
		if kinds&(guiseDigit|guiseSign) != 0 || repeated || kinds&guiseHigh != 0 && (mixed(low[start:i]) || lookAlike(low[start:i])) || changed(start, i) {
			if g := s.disguise(start, i); g.word != "" {
				found = append(found, g)
			}
		}
	}
	if len(found) == 0 {
		return all
	}
	return s.reread(found, all)
}

// letters counts the letters and digits of b, up to most.
func letters(b []byte, most int) (n int) {
	for i := 0; i < len(b) && n < most; {
		if b[i] < utf8.RuneSelf {
			if isAlnum(b[i]) {
				n++
			}
			i++
			continue
		}
		r, size := utf8.DecodeRune(b[i:])
		if isWordRune(r) {
			n++
		}
		i += size
	}
	return n
}

// isWordRune says whether a character beyond ASCII is a letter of the alphabets
// that substance names are written in.
func isWordRune(r rune) bool {
	return 0xC0 <= r && r < 0x250 && r != 0xD7 && r != 0xF7 || 0x370 <= r && r < 0x530 || 0x1E00 <= r && r < 0x2000
}

// lookAlike says whether a Cyrillic word of at least four letters can be read as
// a Latin one: соке.
func lookAlike(b []byte) bool {
	if len(b) < 8 || len(b)%2 != 0 {
		return false
	}
	for i := 0; i+1 < len(b); i += 2 {
		if b[i] != 0xD0 && b[i] != 0xD1 || !latinLike[b[i]&1][b[i+1]] {
			return false
		}
	}
	return true
}

// latinLike marks the second bytes of the Cyrillic letters of latinOf.
var latinLike = func() (t [2][256]bool) {
	for r := range latinOf {
		if 0x400 <= r && r < 0x480 {
			s := string(r)
			t[s[0]&1][s[1]] = true
		}
	}
	return t
}()

// mixed says whether a word beyond ASCII holds what letters may hide behind:
// letters with marks, or signs and pictures between letters.
func mixed(b []byte) bool {
	for _, c := range b {
		if 0xC3 <= c && c <= 0xC5 || c >= 0xE2 {
			return true
		}
	}
	return false
}

// disguise reads one word: s.low[start:end].
func (s *scan) disguise(start, end int) guise {
	t := s.low
	for start < end && (strings.IndexByte("@!|+*_~^'`.-", t[start]) >= 0) { // @name is a handle
		start++
	}
	for end > start && guiseClass[t[end-1]] == guiseSign {
		end--
	}
	digits := start
	for digits < end && isDigit(t[digits]) {
		digits++
	}
	if digits > start {
		if stop := wordAt(s.s, digits); stop == end {
			if _, ok := s.lex.units[string(t[digits:end])]; ok || end-digits < 2 {
				return guise{}
			}
		}
	}
	if s.hidden(start) {
		return guise{}
	}
	// Signs and pictures between the letters, and around them.
	var room [maxSpread]byte
	joined, gaps, pictures := room[:0], 0, false
	begin, stop := -1, 0
	for i := start; i < end; {
		r, n := utf8.DecodeRune(t[i:])
		if r < utf8.RuneSelf && (isAlnum(byte(r)) || strings.IndexByte("@$!|+", byte(r)) >= 0) || isWordRune(r) {
			if begin < 0 {
				begin = i
			} else if stop < i {
				gaps++
				pictures = pictures || t[i-1] >= utf8.RuneSelf
			}
			joined = append(joined, t[i:i+n]...)
			stop = i + n
		}
		i += n
	}
	if begin < 0 {
		return guise{}
	}
	if gaps == 0 {
		if w := s.imitates(begin, stop); w != "" {
			return guise{begin, stop, w, false}
		}
		if s.written != nil && s.written.changed(begin, stop) || lookAlike(t[begin:stop]) {
			if w := s.otherScript(begin, stop); w != "" {
				return guise{begin, stop, w, false}
			}
		}
	}
	if n := utf8.RuneCount(joined); gaps > 0 && (n > 3 || n == 3 && (gaps == 2 || pictures)) {
		if w := s.lex.named(string(joined)); w != "" {
			return guise{begin, stop, w, false}
		}
		// Figures that belong to no letter: testosterone300, 20tabs.
		word := bytes.TrimRight(joined, "0123456789")
		if cut := len(joined) - len(word); cut > 0 && len(word) > 5 {
			if w := s.lex.named(string(word)); w != "" {
				for stop -= cut; guiseClass[t[stop-1]] == guiseSign; stop-- {
				}
				return guise{begin, stop, w, false}
			}
		}
	}
	if gaps == 0 {
		return s.disguisedPart(begin, stop)
	}
	for i := begin; i < stop; { // the parts between dashes
		k := bytes.IndexByte(t[i:stop], '-')
		if k < 0 {
			k = stop - i
		}
		if k >= 4 && i+k-begin < stop-begin || i > begin && k >= 4 {
			if g := s.disguise(i, i+k); g.word != "" {
				return g
			}
		}
		i += k + 1
	}
	return s.disguisedPart(begin, stop)
}

// disguisedPart reads the parts of a word between dashes, dots and pictures, the
// figures at their ends left out.
func (s *scan) disguisedPart(start, end int) guise {
	t := s.low
	for i := start; i < end; {
		stop := i
		for stop < end && strings.IndexByte("*_~^'`.-+", t[stop]) < 0 && t[stop] < 0xE2 && t[stop] != 0xC2 {
			stop++
		}
		a, b := i, stop
		for a < b && isDigit(t[a]) {
			a++
		}
		for _, part := range [][2]int{{i, stop}, {a, stop}, {a, a + len(bytes.TrimRight(t[a:b], "0123456789"))}} {
			if part != [2]int{start, end} && part[1]-part[0] >= 4 && part[1]-part[0] <= 2*maxGuise {
				if w := s.imitates(part[0], part[1]); w != "" {
					return guise{part[0], part[1], w, false}
				}
			}
		}
		i = stop + 1
	}
	return guise{}
}

// otherScript reads a word of two scripts in the one that unmask did not choose.
func (s *scan) otherScript(start, end int) string {
	source := s.s
	if s.written != nil {
		start, end = s.written.span(start, end)
		source = s.written.source
	}
	for _, m := range []map[rune]rune{latinOf, cyrillicOf} {
		word := strings.Map(func(r rune) rune {
			r = unicode.ToLower(r)
			if c := m[r]; c != 0 {
				return c
			}
			return r
		}, source[start:end])
		for _, w := range s.lex.guises[string(skeleton(nil, word, scriptOf(word)))] {
			if w == word {
				return w
			}
		}
	}
	return ""
}

func (s *scan) imitates(start, end int) string {
	if end-start > 2*maxGuise {
		return ""
	}
	return s.lex.imitated(string(s.low[start:end]))
}

// named is the word of a substance name that a word is or imitates, "" where
// there is none.
func (x *lexicon) named(word string) string {
	var room [maxSpread]byte
	script := scriptOf(word)
	for _, w := range x.guises[string(skeleton(room[:0], word, script))] {
		if imitates(word, w, script) {
			return w
		}
	}
	return ""
}

// spread reads a word of single letters from i on: the gap between them is the
// same everywhere, or a picture. It returns where it ends.
func (s *scan) spread(i int) (guise, int) {
	t := s.low
	var room [maxSpread]byte
	joined := room[:0]
	start, end := i, i
	gap := ""
	for end < len(t) && i < len(t) && end-start < maxSpread-utf8.UTFMax {
		_, n := utf8.DecodeRune(t[i:])
		joined = append(joined, t[i:i+n]...)
		end = i + n
		next := end
		for next < len(t) && next-end <= 12 && t[next] != '\n' {
			r, n := utf8.DecodeRune(t[next:])
			if r < utf8.RuneSelf && (isAlnum(byte(r)) || r == '@' || r == '$') || isWordRune(r) {
				break
			}
			next += n
		}
		if next == end || next >= len(t) || next-end > 12 || t[next] == '\n' {
			break
		}
		if g := string(t[end:next]); gap == "" {
			gap = g
		} else if g != gap && !(g[0] >= 0xE2 && gap[0] >= 0xE2) {
			break
		}
		_, n = utf8.DecodeRune(t[next:])
		if r, _ := utf8.DecodeRune(t[next+n:]); r < utf8.RuneSelf && isAlnum(byte(r)) || isWordRune(r) { // the next word has two letters
			break
		}
		i = next
	}
	word := string(joined)
	if s.hidden(start) {
		return guise{}, end
	}
	if w := s.lex.named(word); w != "" {
		return guise{start, end, w, true}, end
	}
	if utf8.RuneCount(joined) >= 6 { // several words without a gap of their own
		name := ""
		s.lex.words.each(joined, func(w, a, b int) {
			if e := &s.lex.entries[w]; e.kind == kindSubstance && !e.weak && utf8.RuneCount(joined[a:b]) >= 4 && b-a > len(name) {
				name = string(joined[a:b])
			}
		})
		return guise{start, end, name, true}, end
	}
	return guise{}, end
}

// reread searches the surroundings of the guises once more, with the words they
// are read as, and adds what it finds there.
func (s *scan) reread(found []guise, all []hit) []hit {
	const around = 48
	plain := slices.Clone(all)
	slices.SortFunc(plain, func(a, b hit) int { return a.end - b.end })
	var region []byte
	type place struct{ at, src int }
	for i := 0; i < len(found); {
		lo := max(0, found[i].start-around)
		if k := bytes.LastIndexByte(s.low[lo:found[i].start], '\n'); k >= 0 {
			lo += k + 1
		}
		region = region[:0]
		var starts, ends []place // of the words: where the region says so, the text says
		src := lo
		for ; i < len(found) && found[i].start >= src && found[i].start-src <= 2*around; i++ {
			g := found[i]
			between := s.low[src:g.start]
			starts = append(starts, place{len(region), src})
			if g.spread && len(ends) > 0 && len(bytes.TrimSpace(between)) == 0 {
				between = []byte(" ")
			}
			region = append(region, between...)
			starts = append(starts, place{len(region), g.start})
			region = append(region, g.word...)
			ends = append(ends, place{len(region), g.end})
			src = g.end
		}
		if i < len(found) && found[i].start < src {
			i++
			continue
		}
		starts = append(starts, place{len(region), src})
		hi := min(len(s.low), src+around)
		if i < len(found) {
			hi = max(src, min(hi, found[i].start))
		}
		if k := bytes.IndexByte(s.low[src:hi], '\n'); k >= 0 {
			hi = src + k
		}
		region = append(region, s.low[src:hi]...)
		t := &scan{lex: s.lex, s: string(region), low: region}
		s.lex.words.eachWord(region, func(w, start, end int) {
			e := &s.lex.entries[w]
			if end = t.bounded(e, start, end); end == 0 {
				return
			}
			// Which of the words in disguise does it take in?
			k, _ := slices.BinarySearchFunc(ends, start+1, func(p place, at int) int { return p.at - at })
			if k == len(ends) || starts[2*k+1].at >= end {
				return
			}
			from, to := starts[2*k+1].src, ends[k].src
			if start < starts[2*k+1].at {
				from -= starts[2*k+1].at - start
			}
			for k+1 < len(ends) && starts[2*k+3].at < end {
				k++
				to = ends[k].src
			}
			if end > ends[k].at {
				to += end - ends[k].at
			}
			h := hit{max(from, 0), min(to, len(s.low)), e, true}
			if !known(plain, h) {
				all = append(all, h)
			}
		})
	}
	return all
}

// known says whether one of plain, in the order of their ends, names the
// substance of h in the same place: "LSD's" is no disguise of LSD.
func known(plain []hit, h hit) bool {
	k, _ := slices.BinarySearchFunc(plain, h.start, func(p hit, at int) int { return p.end - at })
	for k = max(0, k-4); k < len(plain) && plain[k].end <= h.end+maxGuise; k++ {
		if p := plain[k]; p.id == h.id && p.kind == h.kind && p.start < h.end && h.start < p.end {
			return true
		}
	}
	return false
}
