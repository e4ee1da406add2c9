package extract

import (
	"strings"

	"tamga"
)

// isName says whether a byte may stand in a user name.
func isName(c byte) bool { return isAlnum(c) || c == '_' }

// sign reads what an anchor byte at i stands for.
func (s *scan) sign(i int) {
	switch s.s[i] {
	case '@':
		s.at(i)
	case '+':
		if i+1 < len(s.s) && (isDigit(s.s[i+1]) || s.s[i+1] == '(' || s.s[i+1] == ' ') {
			s.plus(i)
		}
	default:
		s.bracket(i)
	}
}

// at reads an e-mail address, a Matrix name or a Telegram name around the sign
// at i.
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
	if end > i+1 && (isName(before) || before == '.' || before == '-' || before == '+') {
		s.email(i)
		return
	}
	if before >= 0x80 && letterBefore(t, i) || before == '/' || before == '@' || before == '$' {
		return
	}
	if before == ' ' || end == i+1 {
		if s.apart(i) {
			return
		}
	}
	if stop := matrixEnd(t, i+1); stop > 0 && end < len(t) && end > i+1 {
		if c := t[end]; c == ':' || strings.IndexByte(".=-/", c) >= 0 {
			s.handle("matrix", "name", t[i:stop], "matrix-id@1", 0.85, i, stop)
			return
		}
	}
	name := t[i+1 : end]
	if len(name) < 5 || !isTelegram(name) || end < len(t) && (strings.IndexByte("@{(/[=\\", t[end]) >= 0 || t[end] == '.' && end+1 < len(t) && isAlnum(t[end+1]) || t[end] == '-' && end+1 < len(t) && isAlnum(t[end+1])) {
		return
	}
	if s.lex.speech.code[string(s.low[i+1:end])] {
		return
	}
	if k := i - 2; k >= 0 && t[i-1] == ' ' && (t[k] == '@' || t[k] == '*' && (k == 0 || t[k-1] == ' ' || t[k-1] == '\n' || t[k-1] == '*')) && s.low[i+1] == t[i+1] && !strings.ContainsAny(name, "0123456789_") {
		return // a tag in a comment of code
	}
	s.handle("telegram", telegramKind(name), name, "telegram-name@1", 0.6, i, end)
}

// xmppHosts are servers that carry XMPP and are written as an address of mail.
var xmppHosts = set(`exploit.im thesecure.biz xmpp.jp jabb.im jabb3r.org 5222.de dukgo.com creep.im draugr.de conversations.im default.rs sj.ms
	jwchat.org chinwag.im suchat.org yax.im 404.city anonym.im xabber.org blah.im trashserver.net wiuwiu.de omemo.im nologs.club securejabber.me
	swissjabber.ch swissjabber.eu njs.netlab.cz rows.io zloy.im verified.mn korovka.pro darkdna.net paranoid.scarab.name ubuntu-jabber.net`)

// xmpp says whether a host is one that serves XMPP.
func xmppHost(host string) bool {
	if xmppHosts[host] {
		return true
	}
	for _, part := range strings.Split(host, ".") {
		if strings.HasPrefix(part, "jabber") || strings.HasPrefix(part, "xmpp") || strings.HasSuffix(part, "jabber") {
			return true
		}
	}
	return false
}

// email reads the address around the sign at i.
func (s *scan) email(i int) {
	start, end := mailAt(s.s, i)
	if end == 0 {
		return
	}
	host := string(s.low[i+1 : end])
	value := string(s.low[start:end])
	if xmppHost(host) {
		s.handle("xmpp", "", value, "xmpp-address@1", 0.85, start, end)
		return
	}
	s.add(tamga.Finding{Type: tamga.FindEmail, Value: value, Rule: "email@1", Confidence: 0.95, Valid: true}, start, end)
}

// mailAt is the range of the address around the sign at i; end is 0 where there
// is none.
func mailAt(t string, i int) (start, end int) {
	start = i
	for start > 0 && i-start < 64 && (isName(t[start-1]) || strings.IndexByte(".-+%", t[start-1]) >= 0) {
		start--
	}
	for start < i && strings.IndexByte(".-+%", t[start]) >= 0 {
		start++
	}
	end = i + 1
	for end < len(t) && end-i < 253 && (isAlnum(t[end]) || t[end] == '-' || t[end] == '.') {
		if t[end] == '.' && t[end-1] == '.' {
			break
		}
		end++
	}
	for end > i+1 && (t[end-1] == '.' || t[end-1] == '-') {
		end--
	}
	if start == i || t[i+1:end] == "" || t[i+1] == '-' || t[i+1] == '.' || t[i-1] == '.' {
		return 0, 0
	}
	if !hostLike(t[i+1 : end]) { // nobody@example.org.Please: the words of the next phrase
		dot := strings.LastIndexByte(t[i+1:end], '.')
		if dot < 0 || !hostLike(t[i+1:i+1+dot]) {
			return 0, 0
		}
		end = i + 1 + dot
	}
	if dot := strings.LastIndexByte(t[i+1:end], '.'); dot > 0 {
		if last, host := strings.ToLower(t[i+2+dot:end]), t[i+1:i+1+dot]; len(last) > 3 && !topLevel[last] && topLevel[strings.ToLower(host[strings.LastIndexByte(host, '.')+1:])] && strings.Contains(host, ".") {
			end, dot = i+1+dot, strings.LastIndexByte(host, '.')
		}
		top := strings.ToLower(t[i+2+dot : end])
		switch top {
		case "png", "jpg", "jpeg", "gif", "svg", "webp", "css", "js", "html", "php", "local":
			return 0, 0
		}
	}
	return start, end
}

// mailForm reads the address behind the name of XMPP, those that follow it in a
// list, and the one before it in brackets: nobody@example.org (jabber).
func (s *scan) mailForm(w *contactWord, g gap) int {
	last := 0
	at := g.at
	for range 4 {
		end := s.mailFrom(w, at)
		if end == 0 {
			break
		}
		last = end
		at = end
		for at < len(s.s) && at-end < 4 && strings.IndexByte(" ,;/|&", s.s[at]) >= 0 {
			at++
		}
	}
	if last == 0 && !w.link {
		k := g.from
		for k > 0 && (s.s[k-1] != '(' && s.s[k-1] != '[') && g.from-k < 24 && s.s[k-1] != '\n' {
			k--
		}
		if k > 0 && (s.s[k-1] == '(' || s.s[k-1] == '[') {
			k--
			for k > 0 && s.s[k-1] == ' ' {
				k--
			}
			i := k
			for i > 0 && k-i < 64 && (isAlnum(s.s[i-1]) || s.s[i-1] == '.' || s.s[i-1] == '-') {
				i--
			}
			if i > 0 && s.s[i-1] == '@' {
				if start, end := mailAt(s.s, i-1); end == k {
					return s.xmpp(w, start, end)
				}
			}
		}
	}
	return last
}

// mailFrom reports the address that starts at i as one of XMPP.
func (s *scan) mailFrom(w *contactWord, i int) int {
	k := i
	for k < len(s.s) && k-i <= 64 && (isName(s.s[k]) || strings.IndexByte(".-+%", s.s[k]) >= 0) {
		k++
	}
	if k == len(s.s) || s.s[k] != '@' {
		return 0
	}
	start, end := mailAt(s.s, k)
	if end == 0 || start < i {
		return 0
	}
	return s.xmpp(w, start, end)
}

func (s *scan) xmpp(w *contactWord, start, end int) int {
	return s.handle("xmpp", "", string(s.low[start:end]), "xmpp-address@1", 0.96, start, end)
}
