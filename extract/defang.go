package extract

import (
	"strings"

	"tamga"
)

// defangs are the spellings that keep a link or an address from being one, by
// what they stand for. They are looked for behind a bracket; blanks inside it
// are left out first.
var defangs = map[string]string{
	".": ".", "dot": ".", "d0t": ".", "точка": ".", "тчк": ".", "nuqta": ".", "нүкте": ".",
	"@": "@", "at": "@", "собака": "@", "собачка": "@", "эт": "@",
	":": ":", "://": "://", ":/": ":/", "/": "/", "dash": "-", "-": "-", "_": "_", "underscore": "_",
}

// defangAt is the length of the defanged sign at i: [.], (dot), { at }; 0 for
// none.
func (s *scan) defangAt(i int) int {
	_, n := s.defang(i)
	return n
}

func (s *scan) defang(i int) (sign string, n int) {
	t := s.s
	if i >= len(t) {
		return "", 0
	}
	var closing byte
	switch t[i] {
	case '[':
		closing = ']'
	case '(':
		closing = ')'
	case '{':
		closing = '}'
	case '<':
		closing = '>'
	default:
		return "", 0
	}
	k := strings.IndexByte(t[i:min(len(t), i+24)], closing)
	if k < 2 {
		return "", 0
	}
	sign, ok := defangs[strings.TrimSpace(string(s.low[i+1:i+k]))]
	if !ok {
		return "", 0
	}
	return sign, k + 1
}

// bracket looks for a defanged sign at i and reads the address around it.
func (s *scan) bracket(i int) {
	if i < s.refanged {
		return
	}
	sign, n := s.defang(i)
	if n == 0 || i+n == len(s.s) || i == 0 || sign == "/" || sign == "-" || sign == "_" {
		return
	}
	start := i
	for start > s.refanged && i-start <= 2 && s.s[start-1] == ' ' {
		start--
	}
	for start > s.refanged && i-start < 300 && addressByte(s.s[start-1]) {
		start--
	}
	if start == i {
		return
	}
	s.region(start)
}

// addressByte says whether a byte may stand in an address of mail or a URL.
func addressByte(c byte) bool {
	return isAlnum(c) || strings.IndexByte("._-+/:@%?=&#~*$", c) >= 0
}

// region reads the address that starts at start with its defanged signs
// replaced, as a text of its own whose ranges map back.
func (s *scan) region(start int) {
	if start < s.refanged {
		return
	}
	v, end := s.refang(start)
	if end <= s.refanged {
		return
	}
	s.refanged = end
	s.within(v)
}

// within runs the recognisers of addresses over a view of a part of the text and
// keeps what they find of contacts.
func (s *scan) within(v view) {
	sub := &scan{reader: s.reader, lex: s.lex, s: v.body, low: lower(v.body)}
	sub.refanged = len(v.body)
	sub.bytes()
	sub.words()
	sub.contacts()
	found := len(sub.out)
	if found == 0 {
		sub.host(v)
	}
	for _, f := range sub.out {
		switch f.Type {
		case tamga.FindEmail, tamga.FindURL, tamga.FindOnion, tamga.FindHandle, tamga.FindAccount:
			if f.Raw == "" {
				continue
			}
			start, end := v.span(f.Start, f.End)
			if start >= end {
				continue
			}
			f.Rule = strings.Replace(f.Rule, "@", "-refanged@", 1)
			f.Confidence *= 0.95
			s.add(f, start, end)
		}
	}
}

// host reports a host without a scheme, which only its defanging shows to be
// meant as a link.
func (s *scan) host(v view) {
	end := urlEnd(s.s, 0, len(s.s))
	name, _, _ := strings.Cut(s.s[:end], "/")
	if end == 0 || !hostLike(name) || strings.Contains(name, "@") || len(name)-strings.LastIndexByte(name, '.') > 8 || len(v.pieces) > 7 {
		return
	}
	s.add(tamga.Finding{Type: tamga.FindURL, Value: string(s.low[:len(name)]) + s.s[len(name):end], Rule: "host@1", Confidence: 0.7, Valid: true}, 0, end)
}

// refang is the text from start with defanged signs and schemes made whole, up
// to where the address ends.
func (s *scan) refang(start int) (v view, end int) {
	var b strings.Builder
	put := func(text string, from, to int, linear bool) {
		if text != "" {
			v.pieces = append(v.pieces, piece{b.Len(), len(text), from, to, linear})
			b.WriteString(text)
		}
	}
	i := start
	for name, real := range refangedScheme {
		if k := i + len(name); k < len(s.s) && string(s.low[i:k]) == name && (s.s[k] == ':' || s.s[k] == '[') {
			put(real, i, k, false)
			i = k
			break
		}
	}
	from := i
	for i < len(s.s) && i-start < 2048 {
		if addressByte(s.s[i]) {
			i++
			continue
		}
		k := i
		for k < len(s.s) && k-i < 2 && s.s[k] == ' ' {
			k++
		}
		sign, n := s.defang(k)
		if n == 0 {
			break
		}
		if (sign == "/" || sign == "-" || sign == "_") && k > i {
			break
		}
		stop := k + n
		for stop < len(s.s) && stop-k-n < 2 && s.s[stop] == ' ' {
			stop++
		}
		if stop == len(s.s) || !isAlnum(s.s[stop]) && s.s[stop] != '/' {
			stop = k + n
		}
		put(s.s[from:i], from, i, true)
		put(sign, i, stop, false)
		i, from = stop, stop
	}
	put(s.s[from:i], from, i, true)
	v.body = b.String()
	return v, i
}
