package extract

import (
	"crypto/sha3"
	"encoding/base32"
	"regexp"
	"strings"

	"tamga"
)

// onion reports an onion service name. Version 3 carries a checksum
// (rend-spec-v3 §6); a name of 16 characters is of version 2, which has none.
func (s *scan) onion(start, end int) {
	word := string(s.low[start:end])
	stop := end
	if strings.HasPrefix(s.s[end:], ".onion") {
		stop = end + len(".onion")
	}
	if len(word) == 56 && onionV3(word) {
		s.add(tamga.Finding{Type: tamga.FindOnion, Value: word + ".onion", Rule: "onion-v3@1", Confidence: 1, Valid: true, Kind: "v3"}, start, stop)
	}
}

func onionV3(word string) bool {
	b, err := base32.StdEncoding.DecodeString(strings.ToUpper(word))
	if err != nil || len(b) != 35 || b[34] != 3 {
		return false
	}
	sum := sha3.Sum256([]byte(".onion checksum" + string(b[:32]) + "\x03"))
	return sum[0] == b[32] && sum[1] == b[33]
}

// isName says whether a byte may stand in a user name.
func isName(c byte) bool { return isAlnum(c) || c == '_' }

// at reads an e-mail address or a Telegram name around the sign at i.
func (s *scan) at(i int) {
	t := s.s
	end := i + 1
	for end < len(t) && isName(t[end]) {
		end++
	}
	before := byte(' ')
	if i > 0 {
		before = t[i-1]
	}
	if isName(before) || before == '.' || before == '-' || before == '+' {
		s.email(i)
		return
	}
	if before >= 0x80 && letterBefore(t, i) || before == '/' || before == '@' {
		return
	}
	name := t[i+1 : end]
	if len(name) < 5 || len(name) > 32 || !isLetter(name[0]) || end < len(t) && (t[end] == '@' || t[end] == '.' && end+1 < len(t) && isAlnum(t[end+1]) || t[end] == '{') {
		return
	}
	switch strings.ToLower(name) {
	case "media", "import", "charset", "keyframes", "supports", "layer", "property", "container":
		return
	}
	s.add(tamga.Finding{Type: tamga.FindHandle, Value: name, Rule: "telegram-name@1", Confidence: 0.6, Valid: true, Service: "telegram"}, i, end)
}

func (s *scan) email(i int) {
	t := s.s
	start := i
	for start > 0 && i-start < 64 && (isName(t[start-1]) || strings.IndexByte(".-+", t[start-1]) >= 0) {
		start--
	}
	for start < i && strings.IndexByte(".-+", t[start]) >= 0 {
		start++
	}
	end, dot := i+1, -1
	for end < len(t) && end-i < 253 && (isAlnum(t[end]) || t[end] == '-' || t[end] == '.') {
		if t[end] == '.' {
			if t[end-1] == '.' {
				break
			}
			dot = end
		}
		end++
	}
	for end > i && (t[end-1] == '.' || t[end-1] == '-') {
		end--
		dot = i + 1 + strings.LastIndexByte(t[i+1:end], '.')
	}
	if start == i || dot <= i+1 || end-dot < 3 || strings.ContainsAny(t[dot+1:end], "0123456789-") {
		return
	}
	s.add(tamga.Finding{Type: tamga.FindEmail, Value: strings.ToLower(t[start:end]), Rule: "email@1", Confidence: 0.95, Valid: true}, start, end)
}

var schemes = []string{"https", "http", "ftp", "ircs", "irc"}

var telegramLink = regexp.MustCompile(`^(?i)(?:www\.)?(?:t|telegram)\.me/(?:s/)?(\+[\w-]{8,40}|joinchat/[\w-]{8,40}|[a-z]\w{4,31})`)

// link reads a URL whose "://" starts at i, and what it is a link to.
func (s *scan) link(i int) {
	t := s.s
	start := i
	for _, scheme := range schemes {
		if k := i - len(scheme); k >= 0 && string(s.low[k:i]) == scheme {
			start = k
			break
		}
	}
	if start == i {
		return
	}
	end := i + 3
	for end < len(t) && end-start < 2048 && t[end] > ' ' && t[end] < 0x7F && strings.IndexByte("\"<>[]{}|\\^`", t[end]) < 0 {
		end++
	}
	for end > i+3 && strings.IndexByte(".,;:!?'*_~", t[end-1]) >= 0 {
		end--
	}
	if end > i+3 && t[end-1] == ')' && !strings.Contains(t[i:end], "(") {
		end--
	}
	if end-i < 6 {
		return
	}
	s.add(tamga.Finding{Type: tamga.FindURL, Value: t[start:end], Rule: "url@1", Confidence: 1, Valid: true}, start, end)
	s.telegram(i+3, end)
}

// telegram reads the rest of a link to Telegram.
func (s *scan) telegram(start, end int) {
	m := telegramLink.FindStringSubmatchIndex(s.s[start:end])
	if m == nil {
		return
	}
	name := s.s[start+m[2] : start+m[3]]
	switch strings.ToLower(name) {
	case "share", "joinchat", "addstickers", "proxy", "socks", "login":
		return
	}
	s.add(tamga.Finding{Type: tamga.FindHandle, Value: name, Rule: "telegram-link@1", Confidence: 0.95, Valid: true, Service: "telegram"}, start, start+m[3])
}
