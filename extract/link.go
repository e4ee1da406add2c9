package extract

import (
	"strings"

	"tamga"
)

var schemes = []string{"https", "http", "ftp", "ircs", "irc", "hxxps", "hxxp", "h**ps", "h**p", "httxs", "httx", "ixxps"}

// refangedScheme is the scheme that a defanged one stands for.
var refangedScheme = map[string]string{"hxxps": "https", "hxxp": "http", "h**ps": "https", "h**p": "http", "httxs": "https", "httx": "http"}

// urlEnd is the end of the URL that has started before i, its closing
// punctuation left out.
func urlEnd(t string, i, limit int) int {
	end := i
	for end < limit && end-i < 2048 && t[end] > ' ' && t[end] < 0x7F && strings.IndexByte("\"<>[]{}|\\^`", t[end]) < 0 {
		end++
	}
	return trimURL(t, i, end)
}

func trimURL(t string, i, end int) int {
	for end > i && strings.IndexByte(".,;:!?'*_~", t[end-1]) >= 0 {
		end--
	}
	if end > i && t[end-1] == ')' && !strings.Contains(t[i:end], "(") {
		end--
	}
	return end
}

// link reads a URL whose "://" starts at i.
func (s *scan) link(i int) {
	t := s.s
	start, scheme := i, ""
	for _, name := range schemes {
		if k := i - len(name); k >= 0 && string(s.low[k:i]) == name {
			start, scheme = k, name
			break
		}
	}
	if start == i {
		return
	}
	end := urlEnd(t, i+3, len(t))
	if real := refangedScheme[scheme]; real != "" || s.defangAt(end) > 0 {
		s.region(start)
		return
	}
	if end-i < 6 {
		return
	}
	s.add(tamga.Finding{Type: tamga.FindURL, Value: t[start:end], Rule: "url@1", Confidence: 1, Valid: true}, start, end)
}
