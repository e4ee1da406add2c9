package extract

import (
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// block finds the authors, times and numbers of a block.
func (s *threadScan) block(root *html.Node, nested map[*html.Node]bool) *block {
	b := &block{node: root, id: numberOf(root), nested: nested}
	day := ""    // the date that the last text ended with, while its time of day may follow
	before := "" // the last words, to tell "Joined: May 2020" from a time of posting
	var visit func(n *html.Node, link string, quoted bool)
	visit = func(n *html.Node, link string, quoted bool) {
		if n.Type == html.ElementNode {
			if skipped[n.Data] || n != root && nested[n] {
				return
			}
			quoted = quoted || isQuote(n)
			if h := attr(n, "href"); n.Data == "a" && h != "" {
				link = h
				if m := postLink.FindStringSubmatch(h); m != nil {
					switch {
					case quoted && b.replyTo == "":
						b.replyTo = m[1]
					case !quoted && (b.id == "" || b.id == m[1]) && b.url == "" && !personPath.MatchString(h):
						b.id, b.url = m[1], s.d.absolute(h)
					}
				}
			}
			if b.id == "" && !quoted {
				b.id = numberOf(n)
			}
			if !quoted && s.persons[n] {
				b.authors = append(b.authors, n)
			}
		}
		if n.Type == html.TextNode && strings.TrimSpace(n.Data) != "" {
			if m := hourWord.FindStringSubmatch(fold(n.Data)); m != nil && day != "" && !quoted {
				if at := moment(day+" "+m[1], s.d.now); at != nil && len(b.times) > 0 {
					b.times[len(b.times)-1] = told{n, at, true}
				}
			}
			day = ""
		}
		if !quoted && n.Type == html.TextNode && strings.Contains(n.Data, ":") && dayWord.MatchString(before) {
			if m := hourWord.FindStringSubmatch(fold(n.Data)); m != nil {
				word := dayWord.FindStringSubmatch(before)[1]
				b.times = append(b.times, told{n, moment(word+" "+m[1], s.d.now), true})
			}
		}
		if !quoted && isStamp(n) {
			text := stampOf(n)
			if n.Type == html.TextNode {
				text = stamp.FindString(n.Data)
				before = tail(before + " " + n.Data[:strings.Index(n.Data, text)])
			}
			at := moment(s.ordered(text), s.d.now)
			if n.Type == html.ElementNode && n.Data != "time" && tail(before) == "" {
				before = tail(before + " " + attr(n, "class"))
			}
			switch {
			case notPosted.MatchString(before):
			case afterwards.MatchString(before):
				if b.edited == nil {
					b.edited = at
				}
			default:
				if n.Type == html.TextNode && at != nil && !strings.Contains(text, ":") && strings.HasSuffix(strings.TrimRight(n.Data, ",\u00a0 \t\n"), text) {
					day = s.ordered(text)
				}
				b.times = append(b.times, told{n, at, strings.Contains(text, ":") || strings.Contains(text, "ago")})
			}
			if n.Type == html.ElementNode {
				return
			}
		}
		if n.Type == html.TextNode && strings.TrimSpace(n.Data) != "" {
			before = tail(before + " " + n.Data[max(0, len(n.Data)-256):])
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			visit(c, link, quoted)
		}
	}
	visit(root, "", false)
	if len(b.times) == 0 && b.edited != nil { // "edited 10:02" beside no other time
		b.times, b.edited = []told{{root, b.edited, true}}, nil
	}
	return b
}

// isQuote says whether an element quotes another post.
func isQuote(n *html.Node) bool {
	switch n.Data {
	case "blockquote":
		return !isBodyQuote(n)
	case "div", "table", "aside", "fieldset", "dl":
		return strings.Contains(strings.ToLower(roles(n)), "quote")
	}
	return false
}

func tail(s string) string {
	s = fold(s[max(0, len(s)-400):])
	return s[max(0, len(s)-80):]
}

// posted is the time of a post: the first that has a time of day, else the first.
func posted(times []told) *told {
	for i := range times {
		if times[i].hour {
			return &times[i]
		}
	}
	if len(times) > 0 {
		return &times[0]
	}
	return nil
}

// guests names the authors of blocks without a link to a profile: what stands in
// the same place as the links of the others.
func (s *threadScan) guests(list []*block) {
	places := map[string]int{}
	for _, b := range list {
		if len(b.authors) > 0 && b.authors[0] != b.node {
			places[place(b.authors[0].Parent, b.node)]++
		}
	}
	best := ""
	for p, n := range places {
		if n > places[best] || n == places[best] && p < best {
			best = p
		}
	}
	if best == "" || 2*places[best] < len(list) {
		return
	}
	for _, b := range list {
		if len(b.authors) > 0 && (b.authors[0] == b.node || place(b.authors[0].Parent, b.node) == best) {
			continue
		}
		if n := s.at(b.node, best); n != nil {
			b.authors = slices.Insert(b.authors, 0, n)
		}
	}
}

// at is the first element in a place below root that can be a name.
func (s *threadScan) at(root *html.Node, place string) *html.Node {
	for c := root.FirstChild; c != nil; c = c.NextSibling {
		if c.Type != html.ElementNode || skipped[c.Data] {
			continue
		}
		switch rest, ok := strings.CutPrefix(place, shape(c)); {
		case !ok:
		case rest == "":
			if nameOf(c) != "" && s.inside[c].times == 0 {
				return c
			}
			for e := c.FirstChild; e != nil; e = e.NextSibling {
				if e.Type == html.ElementNode {
					if !blocks[e.Data] && nameOf(e) != "" && s.inside[e].times == 0 {
						return e
					}
					break
				}
			}
		case rest[0] == '>':
			if n := s.at(c, rest[1:]); n != nil {
				return n
			}
		}
	}
	return nil
}

// place is the path of shapes from the block to a node inside it.
func place(n, root *html.Node) string {
	var path []string
	for ; n != nil && n != root && len(path) < maxPath; n = n.Parent {
		path = append(path, shape(n))
	}
	slices.Reverse(path)
	return strings.Join(path, ">")
}
