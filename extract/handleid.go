package extract

import (
	"strings"
)

// hexID reports a run of hexadecimal digits that is a Session or a Tox id.
func (s *scan) hexID(start, end int) bool {
	switch end - start {
	case 66:
		if !isHex(s.s[start:end]) {
			return false
		}
		switch s.s[start : start+2] {
		case "05":
			s.handle("session", "id", string(s.low[start:end]), "session-id@1", 0.9, start, end)
			return true
		case "03", "15", "25": // a group, a name blinded for one: compressed keys look alike
			s.cands = append(s.cands, waiting{start, end, "session"})
			return true
		}
	case 76:
		if toxID(s.s[start:end]) {
			s.handle("tox", "id", strings.ToUpper(s.s[start:end]), "tox-id@1", 1, start, end)
			return true
		}
	}
	return false
}

// toxID checks the last two of the 38 bytes of a Tox id: the others, xored in
// pairs (https://toktok.ltd/spec.html, Tox ID).
func toxID(word string) bool {
	if len(word) != 76 || !isHex(word) {
		return false
	}
	var sum [2]byte
	zero := true
	for i := 0; i < len(word); i += 2 {
		b := nibble(word[i])<<4 | nibble(word[i+1])
		sum[i/2%2] ^= b
		zero = zero && b == 0
	}
	return sum == [2]byte{} && !zero
}

func nibble(c byte) byte {
	if isDigit(c) {
		return c - '0'
	}
	return c | 0x20 - 'a' + 10
}

// sessionForm confirms an id behind its cue; one of 05 has been found without.
func (s *scan) sessionForm(w *contactWord, g gap) int {
	end := g.at
	for end < len(s.s) && isAlnum(s.s[end]) {
		end++
	}
	if end-g.at != 66 || !isHex(s.s[g.at:end]) || s.s[g.at:g.at+2] != "05" {
		return 0
	}
	return s.handle("session", "id", string(s.low[g.at:end]), "session-id@1", 0.95, g.at, end)
}

func (s *scan) toxForm(w *contactWord, g gap) int { return 0 } // hexID finds them without a cue

// threemaForm reads the eight signs of a Threema id; that of a gateway starts
// with a star (https://threema.ch, FAQ).
func (s *scan) threemaForm(w *contactWord, g gap) int {
	t := s.s
	i := g.at
	if i > 0 && t[i-1] == '*' && g.at > g.from {
		i--
	}
	end := i
	digits, lower := 0, 0
	for end < len(t) && (isAlnum(t[end]) || t[end] == '*' && end == i) {
		if isDigit(t[end]) {
			digits++
		} else if t[end] >= 'a' && t[end] <= 'z' {
			lower++
		}
		end++
	}
	if end-i != 8 || g.strength < 0 || end < len(t) && (t[end] == '_' || t[end] == '-' || t[end] == '@') {
		return 0
	}
	value := strings.ToUpper(t[i:end])
	if !w.link {
		if lower > 0 && (digits == 0 || g.strength < 2) || digits == 0 && g.strength < 2 || s.lex.speech.stop[string(s.low[i:end])] || digits == 8 && g.strength < 2 {
			return 0
		}
	}
	return s.handle("threema", "id", value, "threema-id@1", 0.9, i, end)
}

// matrixForm reads the name or room of a link to Matrix, or confirms a name
// behind its cue.
func (s *scan) matrixForm(w *contactWord, g gap) int {
	if !w.link && !g.mention {
		return 0
	}
	i := g.at
	t := s.s
	sigil := byte('@')
	if w.link {
		if i < len(t) && strings.IndexByte("@#!", t[i]) >= 0 {
			sigil = t[i]
			i++
		}
	}
	end := matrixEnd(t, i)
	if end == 0 {
		return 0
	}
	start := i
	if start > 0 && t[start-1] == sigil {
		start--
	}
	return s.handle("matrix", matrixKind(sigil), string(sigil)+t[i:end], "matrix-id@1", 0.95, start, end)
}

func matrixKind(sigil byte) string {
	if sigil == '@' {
		return "name"
	}
	return "room"
}

// matrixEnd is the end of user:server at i, 0 where there is none (Matrix
// specification, appendices: user identifiers).
func matrixEnd(t string, i int) int {
	end := i
	for end < len(t) && end-i < 255 && (isName(t[end]) || strings.IndexByte(".=-/+", t[end]) >= 0) {
		end++
	}
	if end == i || end+1 >= len(t) || t[end] != ':' {
		return 0
	}
	host := end + 1
	stop := host
	for stop < len(t) && stop-host < 230 && (isAlnum(t[stop]) || t[stop] == '.' || t[stop] == '-') {
		stop++
	}
	for stop > host && (t[stop-1] == '.' || t[stop-1] == '-') {
		stop--
	}
	if !hostLike(t[host:stop]) {
		return 0
	}
	return stop
}

// hostLike says whether a name has two labels or more, none empty, and a
// top-level one of letters.
func hostLike(host string) bool {
	dot := strings.LastIndexByte(host, '.')
	if dot <= 0 || len(host)-dot < 3 || len(host)-dot > 20 || strings.Contains(host, "..") {
		return false
	}
	for _, c := range []byte(host[dot+1:]) {
		if !isLetter(c) {
			return false
		}
	}
	return true
}

// signalForm reads a number or a username, which ends in a dot and digits
// (https://support.signal.org, usernames).
func (s *scan) signalForm(w *contactWord, g gap) int {
	t := s.s
	if end := nameEnd(t, g.at); end > g.at && g.strength >= 0 {
		dot := strings.LastIndexByte(t[g.at:end], '.')
		if dot >= 3 && dot <= 32 && isLetter(t[g.at]) && len(t[g.at:end])-dot-1 >= 2 && len(t[g.at:end])-dot-1 <= 10 && digitsAt(t, g.at+dot+1) == end-g.at-dot-1 {
			return s.handle("signal", "name", t[g.at:end], "signal-name@1", 0.9, g.at, end)
		}
	}
	if g.mention || g.strength == 2 {
		if name, end, confidence := s.called(g, 3, 32); end > 0 && (g.mention || strings.ContainsAny(name, "0123456789_")) {
			return s.handle("signal", "name", name, "signal-name@1", confidence*0.8, g.at, end)
		}
	}
	return s.phoneForm(w, g)
}

// briarForm reads a Briar link: 53 letters of base32.
func (s *scan) briarForm(w *contactWord, g gap) int {
	end := g.at
	for end < len(s.s) && isBase32(s.low[end]) {
		end++
	}
	if end-g.at != 53 || end < len(s.s) && isAlnum(s.s[end]) {
		return 0
	}
	return s.report(w, string(s.low[g.at:end]), 0.95, g.at, end)
}

// ricochetForm reads the onion name of a Ricochet user.
func (s *scan) ricochetForm(w *contactWord, g gap) int {
	i := g.at
	if word := "ricochet:"; !w.link && len(s.low)-i > len(word) && string(s.low[i:i+len(word)]) == word {
		i += len(word)
	}
	end := i
	for end < len(s.s) && isBase32(s.low[end]) {
		end++
	}
	n := end - i
	if n != 16 && n != 56 || n == 56 && !onionV3(string(s.low[i:end])) || end < len(s.s) && isAlnum(s.s[end]) || n == 16 && g.strength < 2 {
		return 0
	}
	return s.handle("ricochet", "id", string(s.low[i:end]), "ricochet-id@1", 0.9, i, end)
}

// decide looks for the company that a shape wants.
func (s *scan) decide(c waiting) {
	switch c.form {
	case "session":
		if s.cue(c.start, c.end, 60, 20, func(w *contactWord) bool { return w.service == "session" }) != nil {
			s.handle("session", "group", string(s.low[c.start:c.end]), "session-id@1", 0.9, c.start, c.end)
		}
	case "card":
		s.decideCard(c)
	case "webmoney":
		s.decideWebMoney(c)
	case "phone":
		s.decidePhone(c)
	}
}
