package extract

import (
	"strings"

	"golang.org/x/net/html"
)

// roles are the words by which an element says what it is for.
func roles(n *html.Node) string {
	var b strings.Builder
	for _, a := range n.Attr {
		if a.Key == "class" || a.Key == "id" || a.Key == "data-role" {
			b.WriteString(a.Val)
			b.WriteByte(' ')
		}
	}
	return b.String()
}

// isPerson says whether an element names a person: a link to a profile, or an
// element whose class says so.
func (s *threadScan) isPerson(n *html.Node) bool {
	if n.Type != html.ElementNode {
		return false
	}
	person := false
	for _, a := range n.Attr {
		switch {
		case a.Key == "data-author":
			return a.Val != ""
		case a.Key == "href" && n.Data == "a":
			person = person || containsAny(strings.ToLower(a.Val), personCue) && s.d.memo.says(personPath, a.Val)
		case a.Key == "class" && strings.Contains(a.Val, "avatar"):
			return false
		case a.Key == "class":
			for _, c := range strings.Fields(a.Val) {
				person = person || s.d.memo.says(personName, c)
			}
		}
	}
	return person && nameOf(n) != ""
}

// nameOf is the name that an element holds; "" where it holds more or less.
func nameOf(n *html.Node) string {
	for _, a := range n.Attr {
		if a.Key == "data-author" {
			return fold(a.Val)
		}
	}
	t, ok := oneLine(n, maxAuthor)
	if !ok || noPerson.MatchString(t) {
		return ""
	}
	return strings.TrimPrefix(t, "/u/")
}

// oneLine is the text of an element if it has at most limit bytes, and few nodes.
func oneLine(n *html.Node, limit int) (string, bool) {
	var b strings.Builder
	nodes := 0
	var write func(*html.Node) bool
	write = func(n *html.Node) bool {
		if nodes++; nodes > 32 || b.Len() > 4*limit {
			return false
		}
		if n.Type == html.TextNode {
			b.WriteString(n.Data)
		}
		if n.Type == html.ElementNode && skipped[n.Data] {
			return true
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			if !write(c) {
				return false
			}
		}
		return b.Len() <= 4*limit
	}
	if !write(n) {
		return "", false
	}
	t := fold(b.String())
	return t, t != "" && len(t) <= limit
}

// isStamp says whether a node tells a time.
func isStamp(n *html.Node) bool {
	switch n.Type {
	case html.TextNode:
		return len(n.Data) <= 4*maxStamp && mayStamp(n.Data) && stamp.MatchString(n.Data)
	case html.ElementNode:
		return stampOf(n) != ""
	}
	return false
}

// stampOf is the time that an element carries beside its text: for machines, or in
// full where its text says how long ago it was.
func stampOf(n *html.Node) string {
	if n.Data != "time" && n.Data != "span" && n.Data != "abbr" && n.Data != "a" && n.Data != "div" && n.Data != "small" && n.Data != "i" {
		return ""
	}
	for _, a := range n.Attr {
		switch a.Key {
		case "datetime":
			if n.Data == "time" {
				return a.Val
			}
		case "data-time", "data-timestamp", "data-utime", "data-unixtime", "data-epoch":
			if (len(a.Val) == 10 || len(a.Val) == 13) && strings.Trim(a.Val, "0123456789") == "" {
				return a.Val[:10]
			}
		case "title", "data-original-title", "data-title":
			if len(a.Val) <= maxStamp && mayStamp(a.Val) {
				if m := stamp.FindString(a.Val); strings.Contains(m, ":") && 2*len(m) > len(a.Val) {
					return m
				}
			}
		}
	}
	return ""
}

// mayStamp says whether a text holds what every time has: figures parted as in a
// date, a year behind a space, a time of day, "ago".
func mayStamp(s string) bool {
	for i := 1; i < len(s); i++ {
		if !isDigit(s[i]) {
			if i > 1 && s[i]|0x20 == 'o' && s[i-1]|0x20 == 'g' && s[i-2]|0x20 == 'a' {
				return true
			}
			continue
		}
		switch c := s[i-1]; c {
		case ':':
			if i > 1 && isDigit(s[i-2]) {
				return true
			}
		case ' ', ',':
			if digitsAt(s, i) >= 4 {
				return true
			}
		case '-', '/', '.':
			if i < 2 || !isDigit(s[i-2]) {
				continue
			}
			if i > 4 && c != '.' && digitsAt(s, i-5) >= 4 {
				return true
			}
			if n := digitsAt(s, i); n <= 2 && i+n < len(s) && strings.IndexByte("./-", s[i+n]) >= 0 {
				return true
			}
		}
	}
	return false
}

// personCue is what a target must hold, in small letters, to lead to a person.
var personCue = strings.Fields("action=profile .php /member /user /profile /u/ /author uid= user= member= author=")

// numberOf is the number of a post that its block carries.
func numberOf(n *html.Node) string {
	for _, a := range n.Attr {
		switch a.Key {
		case "id", "data-content", "data-id", "data-post-id", "data-postid", "data-commentid", "data-msgid", "name":
			if m := postNumber.FindStringSubmatch(a.Val); m != nil {
				return m[1] + m[2] + m[3]
			}
		case "data-post":
			if _, id, ok := strings.Cut(a.Val, "/"); ok && strings.Trim(id, "0123456789") == "" {
				return a.Val
			}
		}
	}
	return ""
}
