package extract

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"tamga"
)

// handle reports a contact of a service.
func (s *scan) handle(service, kind, value, rule string, confidence float64, start, end int) int {
	s.add(tamga.Finding{Type: tamga.FindHandle, Value: value, Rule: rule, Confidence: confidence, Valid: true, Service: service, Kind: kind}, start, end)
	return end
}

// account reports a payment account.
func (s *scan) account(service, kind, value, rule string, confidence float64, start, end int) int {
	s.add(tamga.Finding{Type: tamga.FindAccount, Value: value, Rule: rule, Confidence: confidence, Valid: true, Service: service, Kind: kind}, start, end)
	return end
}

// report is handle or account, as the cue says.
func (s *scan) report(w *contactWord, value string, confidence float64, start, end int) int {
	rule := w.service + "-name@1"
	if w.link {
		rule = w.service + "-link@1"
	}
	if w.typ == tamga.FindAccount {
		return s.account(w.service, w.kind, value, rule, confidence, start, end)
	}
	return s.handle(w.service, w.kind, value, rule, confidence, start, end)
}

// nameEnd is the end of the user name at i: letters, digits, and _ . - inside.
func nameEnd(t string, i int) int {
	end := i
	for end < len(t) && end-i <= 64 && (isName(t[end]) || t[end] == '.' || t[end] == '-') {
		end++
	}
	for end > i && (t[end-1] == '.' || t[end-1] == '-') {
		end--
	}
	return end
}

// called reads a user name behind a cue, if what stands there is one: the weaker
// the gap, the more it must look like a name. Bounds are in bytes.
func (s *scan) called(g gap, lo, hi int) (name string, end int, confidence float64) {
	t := s.s
	end = nameEnd(t, g.at)
	name = t[g.at:end]
	if len(name) < lo || len(name) > hi || g.strength < 0 || g.lines > 0 && g.strength < 2 {
		return "", 0, 0
	}
	if end < len(t) {
		c := t[end]
		if c == '@' || c == '/' || c == '\\' || c == '%' || c >= utf8.RuneSelf && letterAfter(t, end) || strings.HasPrefix(t[end:], "://") {
			return "", 0, 0
		}
		if c == '(' || c == '{' || c == '=' || c == '[' && !strings.HasPrefix(t[end:], "[/") {
			return "", 0, 0
		}
	}
	letters, digits, marks, humps := 0, 0, 0, 0
	for i := range len(name) {
		switch c := name[i]; {
		case isLetter(c):
			letters++
			if i > 0 && c < 'a' && name[i-1] >= 'a' && name[i-1] <= 'z' {
				humps++
			}
		case isDigit(c):
			digits++
		default:
			marks++
		}
	}
	low := string(s.low[g.at:end])
	switch {
	case letters == 0 || letters < 2 && !g.mention:
		return "", 0, 0
	case digits > 0 && isDigit(name[0]) && letters <= 2 && marks == 0: // 5g, 10mg, 24x
		return "", 0, 0
	case s.lex.speech.stop[low] || s.lex.speech.fill[low]:
		return "", 0, 0
	case strings.Contains(low, "--") || domainLike(low):
		return "", 0, 0
	}
	if g.mention {
		return name, end, 0.95
	}
	odd := digits > 0 && !(len(name) < 5 && isDigit(name[len(name)-1]) && letters == 1) || strings.Contains(name, "_") || humps > 0
	switch {
	case g.strength == 2 && (odd || s.closes(end)):
		return name, end, 0.9
	case g.strength == 1 && (odd || len(name) >= 5 && s.ends(end)):
		return name, end, 0.75
	case g.strength == 0 && len(name) >= 5 && letters >= 3 && (digits > 0 && !isDigit(name[0]) || strings.Contains(name, "_") || humps > 1):
		return name, end, 0.6
	}
	return "", 0, 0
}

// domainLike says whether a name ends like a host: its last label is a common
// top-level domain.
func domainLike(low string) bool {
	dot := strings.LastIndexByte(low, '.')
	if dot < 0 {
		return false
	}
	switch low[dot+1:] {
	case "com", "org", "net", "ru", "io", "onion", "info", "me", "kz", "uz", "kg", "tj", "tm", "biz", "co", "html", "php", "js", "css", "png", "jpg":
		return true
	}
	return false
}

// ends says whether a clause ends at i: the text, the line, or a mark.
func (s *scan) ends(i int) bool {
	for i < len(s.s) && (s.s[i] == ' ' || s.s[i] == '"' || s.s[i] == '\'' || s.s[i] == '*' || s.s[i] == '_' || s.s[i] == '`') {
		i++
	}
	if i == len(s.s) {
		return true
	}
	c := s.s[i]
	if c >= utf8.RuneSelf {
		r, _ := utf8.DecodeRuneInString(s.s[i:])
		return !unicode.IsLetter(r)
	}
	return !isAlnum(c) && c != '(' && c != '=' && c != '{'
}

// closes is ends, or a word of another script or one that goes on after a name.
func (s *scan) closes(i int) bool {
	if s.ends(i) {
		return true
	}
	k := skipSpace(s.s, i)
	if k < len(s.s) && s.s[k] >= utf8.RuneSelf || k < len(s.s) && s.s[k] == '(' {
		return true
	}
	end := wordAt(s.s, k)
	switch string(s.low[k:end]) {
	case "for", "or", "and", "to", "on", "if", "only", "please", "pls", "text", "message", "call", "write", "pm", "dm", "contact", "add", "we", "i", "email", "mail", "tel", "phone", "24":
		return true
	}
	for _, h := range s.cuesAt(k) {
		return !h.contact.link
	}
	return end == k || s.s[k] >= 'A' && s.s[k] <= 'Z'
}

func (s *scan) nameForm(w *contactWord, g gap) int {
	name, end, confidence := s.called(g, 3, 32)
	if end == 0 {
		return 0
	}
	return s.report(w, name, confidence, g.start(s.s), end)
}

// start is where a value begins with the @ before it.
func (g gap) start(t string) int {
	if g.mention && g.at > 0 && t[g.at-1] == '@' {
		return g.at - 1
	}
	return g.at
}

// discordForm reads a name with or without the four digits of old names.
func (s *scan) discordForm(w *contactWord, g gap) int {
	end := nameEnd(s.s, g.at)
	if end-g.at >= 2 && end-g.at <= 32 && end+5 <= len(s.s) && s.s[end] == '#' && digitsAt(s.s, end+1) == 4 {
		return s.report(w, s.s[g.at:end+5], 0.95, g.at, end+5)
	}
	return s.nameForm(w, g)
}

// skypeForm reads a name, live: names included.
func (s *scan) skypeForm(w *contactWord, g gap) int {
	t := s.s
	if len(t) > g.at+5 && string(s.low[g.at:g.at+5]) == "live:" {
		if end := nameEnd(t, g.at+5); end-g.at >= 8 {
			return s.report(w, t[g.at:end], 0.95, g.at, end)
		}
		if t[g.at+5] == '.' { // live:.cid.0123456789abcdef
			if end := nameEnd(t, g.at+6); end-g.at >= 12 {
				return s.report(w, t[g.at:end], 0.95, g.at, end)
			}
		}
	}
	if w.link {
		end := nameEnd(t, g.at)
		if n := end - g.at; n < 6 || n > 32 || !isLetter(t[g.at]) || end < len(t) && (t[end] == '(' || t[end] == '@') {
			return 0
		}
		return s.report(w, t[g.at:end], 0.85, g.at, end)
	}
	return s.nameForm(w, g)
}

// digitsForm reads so many digits, in groups parted by a blank or a dash, with
// nothing that goes on behind them.
func (s *scan) digitsForm(w *contactWord, g gap) int {
	if w.link {
		if n := digitsAt(s.s, g.at); n >= 15 && n <= 20 {
			return s.report(w, s.s[g.at:g.at+n], 0.95, g.at, g.at+n)
		}
		return 0
	}
	if g.strength < 0 || g.at > 0 && isDigit(s.s[g.at-1]) {
		return 0
	}
	digits, ends := digitGroups(s.s, g.at, " -", w.hi)
	if len(digits) < w.lo || len(digits) > w.hi || !strings.HasPrefix(digits, w.prefix) {
		return 0
	}
	end := ends[len(ends)-1]
	if end < len(s.s) && (isName(s.s[end]) || strings.IndexByte("$%€£", s.s[end]) >= 0 || strings.IndexByte(".,", s.s[end]) >= 0 && digitsAt(s.s, min(end+1, len(s.s))) > 0) {
		return 0
	}
	if w.service == "icq" && (g.strength < 1 && len(digits) < 6 || digits[0] == '0') {
		return 0
	}
	return s.report(w, digits, 0.9, g.at, end)
}

// digitGroups reads digits from i in groups parted by one sign each; ends are
// the ends of the groups. It stops before more than most digits.
func digitGroups(t string, i int, signs string, most int) (digits string, ends []int) {
	var b []byte
	for i < len(t) {
		n := digitsAt(t, i)
		if n == 0 || len(b)+n > most {
			break
		}
		b = append(b, t[i:i+n]...)
		i += n
		ends = append(ends, i)
		switch {
		case i < len(t) && strings.IndexByte(signs, t[i]) >= 0:
			i++
		case strings.HasPrefix(t[i:], "\u00A0"):
			i += 2
		default:
			i = len(t)
		}
	}
	return string(b), ends
}

func (s *scan) icqForm(w *contactWord, g gap) int {
	if n := digitsAt(s.s, g.at); n >= 5 && n <= 9 {
		return s.report(w, s.s[g.at:g.at+n], 0.95, g.at, g.at+n)
	}
	return s.userForm(w, g)
}
