package extract

import (
	"strings"

	"tamga"
)

// telegramForm reads a name, an invitation or the number of a private channel.
// Names: https://core.telegram.org/method/account.updateUsername (5 to 32 signs;
// shorter ones are sold by auction).
func (s *scan) telegramForm(w *contactWord, g gap) int {
	if !w.link {
		name, end, confidence := s.called(g, 4, 32)
		if end == 0 || !isTelegram(name) {
			return s.telegramPhone(w, g)
		}
		return s.handle("telegram", telegramKind(name), name, "telegram-name@1", confidence, g.start(s.s), end)
	}
	t, i, start := s.s, g.at, g.at
	if strings.HasPrefix(t[i:], "s/") {
		i += 2
		start = i
	}
	if i < len(t) && t[i] == '@' {
		i++
	}
	if i < len(t) && t[i] == '+' {
		n := digitsAt(t, i+1)
		end := hashEnd(t, i+1)
		if n >= 7 && i+1+n == end {
			return s.phoneForm(w, gap{from: i, at: i, strength: 2})
		}
		if end-i >= 9 {
			return s.handle("telegram", "invite", t[i:end], "telegram-link@1", 0.95, i, end)
		}
		return 0
	}
	if word := "joinchat/"; len(t)-i > len(word) && string(s.low[i:i+len(word)]) == word {
		if end := hashEnd(t, i+len(word)); end-i >= len(word)+8 {
			return s.handle("telegram", "invite", t[i:end], "telegram-link@1", 0.95, i, end)
		}
		return 0
	}
	if strings.HasPrefix(t[i:], "c/") {
		n := digitsAt(t, i+2)
		if n < 6 || n > 14 {
			return 0
		}
		end := i + 2 + n
		return s.handle("telegram", "channel", t[i:end], "telegram-link@1", 0.95, i, end)
	}
	end := i
	for end < len(t) && isName(t[end]) {
		end++
	}
	name := t[i:end]
	if len(name) < 4 || !isTelegram(name) || end < len(t) && t[end] == '-' {
		return 0
	}
	switch string(s.low[i:end]) {
	case "share", "joinchat", "addstickers", "addemoji", "addlist", "proxy", "socks", "login", "iv", "setlanguage", "addtheme", "invoice", "confirmphone", "blog", "boost":
		return 0
	}
	return s.handle("telegram", telegramKind(name), name, "telegram-link@1", 0.95, start, end)
}

// telegramPhone reads the number of an account behind the name of the service.
func (s *scan) telegramPhone(w *contactWord, g gap) int {
	if g.strength < 0 {
		return 0
	}
	return s.phoneForm(w, g)
}

func isTelegram(name string) bool {
	for i := range len(name) {
		if !isName(name[i]) {
			return false
		}
	}
	return len(name) >= 4 && len(name) <= 32 && isLetter(name[0]) && name[len(name)-1] != '_'
}

func telegramKind(name string) string {
	if strings.HasSuffix(strings.ToLower(name), "bot") {
		return "bot"
	}
	return "name"
}

// hashEnd is the end of the base64url at i.
func hashEnd(t string, i int) int {
	end := i
	for end < len(t) && end-i < 512 && (isName(t[end]) || t[end] == '-') {
		end++
	}
	return end
}

// hashForm reads an invitation or an encrypted name of a link.
func (s *scan) hashForm(w *contactWord, g gap) int {
	end := hashEnd(s.s, g.at)
	for end < len(s.s) && end > g.at && strings.IndexByte("=+/", s.s[end]) >= 0 && w.service == "signal" {
		end = max(end+1, hashEnd(s.s, end+1))
	}
	least := 8
	if w.service == "discord" {
		least = 3
	}
	if end-g.at < least || end-g.at > 500 {
		return 0
	}
	return s.report(w, s.s[g.at:end], 0.95, g.at, end)
}

// fragmentForm reads a SimpleX address: the server and keys that make it stand
// behind # or in the query.
func (s *scan) fragmentForm(w *contactWord, g gap) int {
	end := urlEnd(s.s, g.at, len(s.s))
	if end-g.at < 20 || strings.IndexByte("#?/", s.s[g.at]) < 0 {
		return 0
	}
	return s.report(w, s.s[g.at:end], 0.95, g.at, end)
}

// serverForm reads a SimpleX server: smp://FINGERPRINT@HOST.
func (s *scan) serverForm(w *contactWord, g gap) int {
	end := urlEnd(s.s, g.at, len(s.s))
	key, host, ok := strings.Cut(s.s[g.at:end], "@")
	if !ok || len(key) < 40 || !strings.Contains(host, ".") {
		return 0
	}
	return s.report(w, s.s[g.at:end], 0.95, g.at, end)
}

// paths are the first parts of links that are pages of the service, not people.
var paths = set(`p reel reels explore accounts stories about legal directory home login share sharer groups pages events watch hashtag search intent
	feed im wall video videos photo photos album music app apps settings help terms privacy policy dev tos jobs press download support developer i
	tr plugins dialog marketplace gaming media blog business status feed.php sharer.php home.php profile.php index.php video_ext.php share.php doc topic
	messages notifications away.php widgets webapps me us`)

// userForm reads the name in a link to a profile.
func (s *scan) userForm(w *contactWord, g gap) int {
	t := s.s
	i := g.at
	if i < len(t) && t[i] == '@' {
		i++
	}
	end := nameEnd(t, i)
	name := t[i:end]
	if len(name) < 2 || len(name) > 64 || paths[strings.ToLower(name)] || w.service == "vk" && strings.HasPrefix(name, "wall-") {
		return 0
	}
	if w.service == "youtube" || w.service == "tiktok" || w.service == "line" || w.typ == tamga.FindAccount || len(name) >= 3 {
		return s.report(w, name, 0.9, i, end)
	}
	return 0
}
