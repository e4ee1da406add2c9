package extract

import (
	"regexp"
	"slices"
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
	postNumber = regexp.MustCompile(`(?i)^(?:js-)?(?:(?:el)?(?:post|msg|message|comment|reply|entry|pid|p|m|t|c))[-_]?(?:id)?[-_]?(\d+)$|^(\d{3,})$`)
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
	if (t.authors == 0 || attr(n, "data-author") != "") && isPerson(n) { // the innermost is the name
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
func isPerson(n *html.Node) bool {
	if n.Type != html.ElementNode {
		return false
	}
	person := false
	for _, a := range n.Attr {
		switch {
		case a.Key == "data-author":
			return a.Val != ""
		case a.Key == "href" && n.Data == "a":
			person = person || personPath.MatchString(a.Val)
		case a.Key == "class" && strings.Contains(a.Val, "avatar"):
			return false
		case a.Key == "class":
			for _, c := range strings.Fields(a.Val) {
				person = person || personName.MatchString(c)
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
	return t
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
		return len(n.Data) <= 4*maxStamp && strings.ContainsAny(n.Data, "0123456789") && stamp.MatchString(n.Data)
	case html.ElementNode:
		if n.Data == "time" {
			for _, a := range n.Attr {
				if a.Key == "datetime" {
					return true
				}
			}
		}
	}
	return false
}

// numberOf is the number of a post that its block carries.
func numberOf(n *html.Node) string {
	for _, a := range n.Attr {
		switch a.Key {
		case "id", "data-content", "data-id", "data-post-id", "data-postid", "data-commentid", "data-msgid", "name":
			if m := postNumber.FindStringSubmatch(a.Val); m != nil {
				return m[1] + m[2]
			}
		case "data-post":
			if _, id, ok := strings.Cut(a.Val, "/"); ok && strings.Trim(id, "0123456789") == "" {
				return id
			}
		}
	}
	return ""
}

// read reads a group as posts; size is the weight of what it says, 0 where it
// is no thread.
func (s *threadScan) read(group []*html.Node) (posts []tamga.Post, size int) {
	blocks := make([]*block, len(group))
	for i, n := range group {
		blocks[i] = s.block(n)
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
			p.Text = ownWords(bodies[i])
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

// unnumbered drops figures and spaces, so that "12 replies" is "9 replies".
func unnumbered(r rune) rune {
	if r >= '0' && r <= '9' || r == ' ' || r == '\n' {
		return -1
	}
	return r
}

// block finds the authors, times and numbers of a block.
func (s *threadScan) block(root *html.Node) *block {
	b := &block{node: root, id: numberOf(root)}
	before := "" // the last words, to tell "Joined: May 2020" from a time of posting
	var visit func(n *html.Node, link string, quoted bool)
	visit = func(n *html.Node, link string, quoted bool) {
		if n.Type == html.ElementNode {
			if skipped[n.Data] {
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
		if !quoted && n.Type == html.TextNode && strings.Contains(n.Data, ":") && dayWord.MatchString(before) {
			if m := hourWord.FindStringSubmatch(fold(n.Data)); m != nil {
				day := dayWord.FindStringSubmatch(before)[1]
				b.times = append(b.times, told{n, moment(day+" "+m[1], s.d.now), true})
			}
		}
		if !quoted && isStamp(n) {
			text := attr(n, "datetime")
			if n.Type == html.TextNode {
				text = stamp.FindString(n.Data)
				before = tail(before + " " + n.Data[:strings.Index(n.Data, text)])
			}
			at := moment(s.ordered(text), s.d.now)
			switch {
			case notPosted.MatchString(before):
			case afterwards.MatchString(before):
				if b.edited == nil {
					b.edited = at
				}
			default:
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
		return true
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

// ownWords is the text of a post without quotes, signature and marks of editing.
func ownWords(n *html.Node) string {
	var w writer
	var visit func(*html.Node)
	visit = func(n *html.Node) {
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			if c.Type != html.ElementNode {
				continue
			}
			if isAside(c) {
				w.leave(c)
				continue
			}
			visit(c)
		}
	}
	visit(n)
	return w.text(n)
}

// isAside says whether an element of a post is not what its author says there.
func isAside(n *html.Node) bool {
	return n.Data == "blockquote" || n.Data == "aside" || n.Data == "button" || n.Data == "form" || hasAttr(n, "data-excludequote") || asideName.MatchString(roles(n))
}

func hasAttr(n *html.Node, key string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == key })
}
