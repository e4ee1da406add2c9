package extract

import (
	"regexp"
	"strings"
	"time"

	"golang.org/x/net/html"

	"tamga"
)

// The posts of a thread nobody wrote a profile for are repeated blocks: siblings
// of one shape, each of which names an author and a time (or a number) and holds
// words that belong to neither. Positions are never counted: a field that one
// post lacks shifts nothing in it or in the others.

const (
	maxAuthor = 48  // bytes of a name
	maxStamp  = 120 // bytes of a text that can be the time of a post
	maxPath   = 64  // elements from a block down to a field
	minShare  = 0.7 // of the blocks of a thread that have an author, and a time or number
)

var (
	personPath = regexp.MustCompile(`(?i)action=profile|(?:^|/)(?:member|memberlist|profile|user|userinfo|viewprofile)\.php|/(?:members?|users?|profiles?|u|author)/[^/]|[?&](?:uid|user|member|author)=`)
	personName = regexp.MustCompile(`(?i)^(?:author|user-?name|poster|nick-?(?:name)?|post-?(?:author|user)|message-?(?:name|author)|by|from|author-?name|largetext)$|[_-](?:author|username|poster|nick|from[_-]author|owner[_-]name)$`)
	noPerson   = regexp.MustCompile(`(?i)^(?:find|pm|www|profile|view profile|e-?mail|website|quote|reply|report|top|offline|online|newbie|member|guest|[^\pL]*)$|^\d+ (?:posts?|messages?)`)
	asideName  = regexp.MustCompile(`(?i)(?:^|[\s_-])(?:block)?quot|(?:^|[\s_-])(?:post|message|member)?-?sig(?:nature)?(?:[\s_-]|$)|signature|(?:^|[\s_-])(?:last|post)?-?edit(?:ed)?(?:[\s_-]|$)|modified|notice|attach|reaction|likes?(?:[\s_-]|$)`)
	frameName  = regexp.MustCompile(`(?i)user|author|profile|stat|avatar|control|button|tool|foot|nav|menu|icon|badge|moderat|rank|poster|left(?:[\s_-]|$)|head|title|subject`)
	bodyName   = regexp.MustCompile(`(?i)content|body|text|message|postmsg|entry|comment|inner|bbwrapper|what|main`)
	stamp      = regexp.MustCompile(`(?i)\d{4}[-/]\d{2}[-/]\d{2}(?:[ T,]+\d{1,2}:\d{2}(?::\d{2})?)?|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}(?:[ ,]+\d{1,2}:\d{2}(?: ?[ap]m)?)?|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]* \d{1,2}(?:st|nd|rd|th)?,? \d{4}(?:(?:,| at)? \d{1,2}:\d{2}(?::\d{2})?(?: ?[ap]m)?)?|\d{1,2} \p{L}{3,9}\.? \d{4}(?:(?: г\.)?,?(?: (?:at|в))? \d{1,2}:\d{2}(?::\d{2})?(?: ?[ap]m)?)?|(?:today|yesterday|сегодня|вчера)[ ,]*(?:at|в)? ?\d{1,2}:\d{2}(?::\d{2})?(?: ?[ap]m)?|\d{1,3} (?:second|minute|min|hour|day)s? ago`)
	notPosted  = regexp.MustCompile(`(?i)(?:joined|registered|registration|(?:member|user) since|join date|регистрация|зарегистрирован|с нами с|на форуме с)[ :]*(?:on|с)?[ ]*(?:\pL{2,9}[,.]? ?)?$`)
	afterwards = regexp.MustCompile(`(?i)(?:edited|modified|last edit|updated|редактир|измен)[^\n]{0,48}$`)
	dayWord    = regexp.MustCompile(`(?i)(today|yesterday|сегодня|вчера)[ ,]*$`)
	hourWord   = regexp.MustCompile(`(?i)^[ ,]*(?:(?:at|в) )?(\d{1,2}:\d{2}(?::\d{2})?(?: ?[ap]m)?)`)
	postNumber = regexp.MustCompile(`(?i)^(?:js-)?(?:(?:el)?(?:post|msg|message|comment|reply|entry|pid|p|m|t|c))[-_]?(?:id)?[-_]?(\d+)$|^(\d{3,})$|^(?:post|msg|message|comment|reply|entry|p|m|c)[-_]([0-9a-f]*\d[0-9a-f]*)$`)
	postLink   = regexp.MustCompile(`(?i)(?:#|[?&/;.])(?:p|pid|post|msg|message|comment|reply|findcomment|find-?post|id|replyto)[-_=]?(?:id=)?(\d+)(?:$|[#&])`)
)

// block is one of the repeated blocks: what of its descendants is which field.
type block struct {
	node    *html.Node
	authors []*html.Node
	times   []told
	edited  *time.Time
	id, url string
	replyTo string
	nested  map[*html.Node]bool // the blocks of the thread: one inside another is no part of it
}

// told is a time that a block tells and the node that tells it.
type told struct {
	node *html.Node
	at   *time.Time // nil where it is a time that cannot be told without the page's clock
	hour bool       // it has a time of day
}

// threadScan holds what one walk over the page found.
type threadScan struct {
	d       *document
	inside  map[*html.Node]tally // of elements with any author or time
	persons map[*html.Node]bool
	budget  int  // nodes that may still be read: a page nested to no end has too many groups
	day     bool // a date in figures has its day first
	month   bool // or its month; both or neither: unknown
}

// tally counts what an element holds.
type tally struct{ authors, times, nodes int }

// genericPosts reads the posts of a page as a thread; nil where it is none.
func (d *document) genericPosts() []tamga.Post {
	if d.tree == nil || len(d.tree.Nodes) == 0 {
		return nil
	}
	s := &threadScan{d: d, inside: map[*html.Node]tally{}, persons: map[*html.Node]bool{}}
	s.budget = 4 * s.count(d.tree.Nodes[0]).nodes
	var best []tamga.Post
	most := 0
	s.groups(d.tree.Nodes[0], func(group []*html.Node) {
		posts, size := s.read(group)
		if size > most {
			best, most = posts, size
		}
	})
	return best
}

// count notes how many authors, times and nodes each element holds.
func (s *threadScan) count(n *html.Node) (t tally) {
	if n.Type == html.ElementNode && skipped[n.Data] {
		return t
	}
	t.nodes = 1
	if isStamp(n) {
		t.times++
		if n.Type == html.TextNode {
			s.learn(n.Data)
		}
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		in := s.count(c)
		t.authors, t.times, t.nodes = t.authors+in.authors, t.times+in.times, t.nodes+in.nodes
	}
	if n.Type != html.ElementNode {
		return t
	}
	if (t.authors == 0 || attr(n, "data-author") != "") && s.isPerson(n) { // the innermost is the name
		s.persons[n] = true
		t.authors = 1
	}
	if t.authors+t.times > 0 {
		s.inside[n] = t
	}
	return t
}

var figures = regexp.MustCompile(`^(\d{1,2})[./-](\d{1,2})[./-](\d{4})`)

// learn tells from a date in figures which of them is the day on this page.
func (s *threadScan) learn(text string) {
	if m := figures.FindStringSubmatch(stamp.FindString(text)); m != nil {
		s.day = s.day || len(m[1]) == 2 && m[1] > "12"
		s.month = s.month || len(m[2]) == 2 && m[2] > "12"
	}
}

// ordered writes a date in figures year first where the page tells their order;
// a date with dots has its day first wherever it is written so.
func (s *threadScan) ordered(text string) string {
	m := figures.FindStringSubmatchIndex(text)
	if m == nil {
		return text
	}
	day, month, year, rest := text[m[2]:m[3]], text[m[4]:m[5]], text[m[6]:m[7]], text[m[7]:]
	switch {
	case s.month && !s.day:
		day, month = month, day
	case s.day && !s.month, text[m[3]] == '.':
	default:
		return text
	}
	return year + "-" + pad(month) + "-" + pad(day) + rest
}

func pad(s string) string {
	if len(s) == 1 {
		return "0" + s
	}
	return s
}

// groups calls each with the siblings of one shape that hold an author and a
// time or number, at least two.
func (s *threadScan) groups(n *html.Node, each func([]*html.Node)) {
	shapes := map[string][]*html.Node{}
	var order []string
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if _, any := s.inside[c]; any {
			k := shape(c)
			if shapes[k] == nil {
				order = append(order, k)
			}
			shapes[k] = append(shapes[k], c)
		}
	}
	for _, k := range order {
		group := shapes[k]
		authors, times, nodes := 0, 0, 0
		for _, b := range group {
			nodes += s.inside[b].nodes
			if s.inside[b].authors > 0 {
				authors++
			}
			if s.inside[b].times > 0 || numberOf(b) != "" {
				times++
			}
		}
		if len(group) > 1 && float64(authors) >= minShare*float64(len(group)) && float64(times) >= minShare*float64(len(group)) && s.budget >= nodes {
			s.budget -= nodes
			each(group)
		}
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if _, any := s.inside[c]; any {
			s.groups(c, each)
		}
	}
}

// shape is the name of an element and its first class without figures, and
// without what only tells odd rows from even ones.
func shape(n *html.Node) string {
	for _, a := range n.Attr {
		if a.Key != "class" {
			continue
		}
		for _, c := range strings.Fields(a.Val) {
			if c = strings.TrimRight(strings.ToLower(c), "0123456789-_"); c != "" && c != "odd" && c != "even" && c != "alt" && c != "first" && c != "last" {
				return n.Data + "." + c
			}
		}
	}
	return n.Data
}

// read reads a group as posts; size is the weight of what it says, 0 where it
// is no thread.
func (s *threadScan) read(group []*html.Node) (posts []tamga.Post, size int) {
	group, nested := s.answers(group)
	blocks := make([]*block, len(group))
	for i, n := range group {
		blocks[i] = s.block(n, nested)
	}
	s.guests(blocks)
	bodies := bodiesOf(blocks)
	if bodies == nil {
		return nil, 0
	}
	named, dated, said := 0, 0, 0
	different := map[string]bool{}
	for i, b := range blocks {
		p := tamga.Post{ID: b.id, URL: b.url, Edited: b.edited, ReplyTo: b.replyTo, Thread: s.d.page.Title, Span: s.d.tree.spans[b.node]}
		if len(b.authors) > 0 {
			p.Author = nameOf(b.authors[0])
		}
		if bodies[i] != nil {
			p.Text = ownWords(bodies[i], nested)
		}
		if p.ReplyTo == "" && len(nested) > 0 {
			p.ReplyTo = holder(b.node, nested)
		}
		if t := posted(b.times); t != nil {
			p.Time = t.at
		}
		if p.Author == "" && p.Text == "" {
			continue
		}
		if p.Author != "" {
			named++
		}
		if len(b.times) > 0 || b.id != "" {
			dated++
		}
		if p.Text != "" {
			said++
		}
		size += len(p.Text)
		different[strings.Map(unnumbered, p.Text)] = true
		posts = append(posts, p)
	}
	n := float64(len(posts))
	if len(posts) < 2 || float64(named) < minShare*n || float64(dated) < minShare*n || float64(said) < minShare*n || size < 12*len(posts) || float64(len(different)) < minShare*n {
		return nil, 0
	}
	return posts, size
}

// answers adds to the blocks of a thread those that stand inside of them: the
// answers to a comment. nested is nil where there are none.
func (s *threadScan) answers(group []*html.Node) (all []*html.Node, nested map[*html.Node]bool) {
	want, own := map[string]bool{}, 0
	for _, n := range group {
		want[shape(n)] = true
	}
	var visit func(n *html.Node, depth int)
	visit = func(n *html.Node, depth int) {
		for c := n.FirstChild; c != nil && depth < maxAnswers; c = c.NextSibling {
			in, any := s.inside[c]
			if !any {
				continue
			}
			if in.authors > 0 && c.Data != "a" && want[shape(c)] && numberOf(c) != "" {
				all = append(all, c)
			}
			visit(c, depth+1)
		}
	}
	for _, n := range group {
		all = append(all, n)
		own++
		if numberOf(n) != "" {
			visit(n, 0)
		}
	}
	if len(all) == own {
		return group, nil
	}
	nested = make(map[*html.Node]bool, len(all))
	for _, n := range all {
		nested[n] = true
	}
	return all, nested
}

// maxAnswers is how many elements deep answers are looked for in a block.
const maxAnswers = 256

// holder is the number of the post that a nested one stands in.
func holder(n *html.Node, blocks map[*html.Node]bool) string {
	for p := n.Parent; p != nil; p = p.Parent {
		if blocks[p] {
			return numberOf(p)
		}
	}
	return ""
}

// unnumbered drops figures and spaces, so that "12 replies" is "9 replies".
func unnumbered(r rune) rune {
	if r >= '0' && r <= '9' || r == ' ' || r == '\n' {
		return -1
	}
	return r
}
