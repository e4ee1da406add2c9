package extract

import "strings"

// spokenForm reads an address whose dot is a word of its own: nobody at example
// dot org, nobody@example dot org, or a name of base32 before "dot onion". The
// cue is the word for the dot.
func (s *scan) spokenForm(w *contactWord, g gap) int {
	t := s.s
	dot := g.from - s.spokenLen(g.from)
	if dot <= 0 || t[dot-1] != ' ' || g.from >= len(t) || t[g.from] != ' ' || dot < s.refanged {
		return 0
	}
	// The labels before it, then the sign and the name.
	host := s.labelBefore(dot - 1)
	if host == dot-1 {
		return 0
	}
	start := host
	label := string(s.low[host : dot-1])
	hidden := false
	after := g.from + 1
	stop := after
	for stop < len(t) && stop-after < 24 && isAlnum(t[stop]) {
		stop++
	}
	if stop == after || stop < len(t) && (t[stop] >= 0x80 && letterAfter(t, stop)) {
		return 0
	}
	top := string(s.low[after:stop])
	var pieces []spokenPiece
	switch {
	case top == "onion" && (len(label) == 16 || len(label) == 56) && allBase32([]byte(label)):
		hidden = true
	case strings.Contains(label, "@"):
	default:
		word := s.wordBefore(host)
		if word == "" || !spokenAts[word] {
			return 0
		}
		at := host - 1 - len(word)
		start = s.labelBefore(at - 1)
		if start == at-1 {
			return 0
		}
		pieces = append(pieces, spokenPiece{t[start : at-1], start, at - 1}, spokenPiece{"@", at - 1, host})
		start = host
	}
	pieces = append(pieces, spokenPiece{t[start : dot-1], start, dot - 1}, spokenPiece{".", dot - 1, after}, spokenPiece{t[after:stop], after, stop})
	if !hidden && (!topLevel[top]) {
		return 0
	}
	var v view
	for _, p := range pieces {
		v.pieces = append(v.pieces, piece{len(v.body), len(p.text), p.from, p.to, len(p.text) == p.to-p.from})
		v.body += p.text
	}
	s.refanged = stop
	s.within(v)
	return stop
}

type spokenPiece struct {
	text     string
	from, to int
}

// spokenAts are the words for the sign @ between blanks.
var spokenAts = set("at собака собачка @ эт")

// topLevel is the top-level domains that spoken addresses end in.
var topLevel = set("com org net ru kz uz kg tj tm ua by su рф me io im is ch de nl eu uk info biz xyz cc to pm app email la fm li se no pl fr it es us ca au in cn jp pw top site online mail")

// spokenLen is the length of the word for a dot that ends at i.
func (s *scan) spokenLen(i int) int {
	for _, word := range []string{"dot", "точка", "тчк", "nuqta"} {
		if k := i - len(word); k >= 0 && string(s.low[k:i]) == word {
			return len(word)
		}
	}
	return i
}

// labelBefore is the start of the address bytes that end at i.
func (s *scan) labelBefore(i int) int {
	start := i
	for start > 0 && i-start < 90 && (isName(s.s[start-1]) || strings.IndexByte(".-@+", s.s[start-1]) >= 0) {
		start--
	}
	return start
}

// wordBefore is the word between two blanks that ends before the blank at i-1.
func (s *scan) wordBefore(i int) string {
	if i < 2 || s.s[i-1] != ' ' {
		return ""
	}
	start := i - 1
	for start > 0 && i-start < 20 && s.s[start-1] != ' ' && s.s[start-1] != '\n' {
		start--
	}
	if start == 0 || s.s[start-1] != ' ' {
		return ""
	}
	return string(s.low[start : i-1])
}

// apart reads an address of mail whose sign stands between blanks: nobody @
// example.org. The name before must be no word of plain speech.
func (s *scan) apart(i int) bool {
	t := s.s
	from, to := i, i+1
	if from > 0 && t[from-1] == ' ' {
		from--
	}
	if to < len(t) && t[to] == ' ' {
		to++
	}
	if from == i && to == i+1 || to == len(t) || !isAlnum(t[to]) {
		return false
	}
	start := s.labelBefore(from)
	for start < from && strings.IndexByte(".-@+", t[start]) >= 0 {
		start++
	}
	name := string(s.low[start:from])
	if len(name) < 3 || strings.Contains(name, "@") || s.lex.speech.fill[name] || s.lex.speech.stop[name] || s.lex.speech.code[name] || start > 0 && t[start-1] >= 0x80 && letterBefore(t, start) {
		return false
	}
	end := to
	for end < len(t) && end-to < 100 && (isAlnum(t[end]) || t[end] == '-' || t[end] == '.') {
		end++
	}
	for end > to && (t[end-1] == '.' || t[end-1] == '-') {
		end--
	}
	host := string(s.low[to:end])
	if !hostLike(host) || !topLevel[host[strings.LastIndexByte(host, '.')+1:]] || strings.Trim(name, "0123456789.") == "" {
		return false
	}
	var v view
	for _, p := range []spokenPiece{{t[start:from], start, from}, {"@", from, to}, {t[to:end], to, end}} {
		v.pieces = append(v.pieces, piece{len(v.body), len(p.text), p.from, p.to, len(p.text) == p.to-p.from})
		v.body += p.text
	}
	s.within(v)
	return true
}
