package extract

import (
	"fmt"
	"slices"
	"strings"

	"github.com/PuerkitoBio/goquery"
	"golang.org/x/net/html"

	"tamga"
)

// message is where the fields of the posts of a thread stand, inside Element.
type message struct {
	Element string `toml:"element"` // one match is one post
	ID      field  `toml:"id"`
	URL     field  `toml:"url"`
	Channel field  `toml:"channel"`
	Author  field  `toml:"author"`
	Time    field  `toml:"time"`
	Edited  field  `toml:"edited"`
	Text    field  `toml:"text"`
	Thread  field  `toml:"thread"`
	ReplyTo field  `toml:"reply_to"`

	ForwardedFrom field `toml:"forwarded_from"`
	IsEdited      field `toml:"is_edited"` // any value: it was, at a time that is not told
	Views         field `toml:"views"`
	Media         field `toml:"media"`    // kinds, joined by a blank; each counts once
	Withheld      field `toml:"withheld"` // what is shown instead of the content
	Joined        field `toml:"joined"`   // any value: it is of the author of the post before it

	element goquery.Matcher
}

func (m *message) compile() (err error) {
	if m.element, err = selector("posts.element", m.Element); err != nil {
		return err
	}
	if m.Text.Select == "" {
		return fmt.Errorf("posts.text: want a field")
	}
	for f := &m.Text; f != nil; f = f.Or {
		f.seen = true
	}
	for key, f := range map[string]*field{"id": &m.ID, "url": &m.URL, "author": &m.Author, "time": &m.Time, "text": &m.Text,
		"thread": &m.Thread, "reply_to": &m.ReplyTo, "channel": &m.Channel, "edited": &m.Edited, "forwarded_from": &m.ForwardedFrom,
		"is_edited": &m.IsEdited, "views": &m.Views, "media": &m.Media, "withheld": &m.Withheld, "joined": &m.Joined} {
		if err := f.compile("posts." + key); err != nil {
			return err
		}
	}
	return nil
}

// mediaKinds are the words of s, each once.
func mediaKinds(s string) (out []string) {
	for _, w := range strings.Fields(s) {
		if !slices.Contains(out, w) {
			out = append(out, w)
		}
	}
	return out
}

// readPosts reads the messages of a page; one without author and text is none. A
// message that stands in another answers it, and is no part of it.
func (d *document) readPosts(m *message, page *goquery.Selection) {
	m = m.fixed(page)
	nodes := page.FindMatcher(m.element).Nodes
	within, nested := holders(nodes)
	posts := make([]*tamga.Post, len(nodes))
	if !nested {
		for i, n := range nodes {
			posts[i] = d.readPost(m, page, n)
		}
	} else {
		// From the last to the first, so that one is taken out before the one that
		// it stands in is read; then they are put back.
		type hole struct{ parent, next, n *html.Node }
		var holes []hole
		for i := len(nodes) - 1; i >= 0; i-- {
			n := nodes[i]
			posts[i] = d.readPost(m, page, n)
			if within[i] >= 0 {
				holes = append(holes, hole{n.Parent, n.NextSibling, n})
				n.Parent.RemoveChild(n)
			}
		}
		for i := len(holes) - 1; i >= 0; i-- {
			h := holes[i]
			h.parent.InsertBefore(h.n, h.next)
		}
	}
	for i, p := range posts {
		if p == nil {
			continue
		}
		if p.Author == "" && len(d.page.Posts) > 0 && m.Joined.set() && m.Joined.get(page, &goquery.Selection{Nodes: nodes[i : i+1]}) != "" {
			p.Author = d.page.Posts[len(d.page.Posts)-1].Author
		}
		if p.Author == "" && p.Text == "" {
			continue
		}
		if k := within[i]; k >= 0 && posts[k] != nil && posts[k].ID != "" {
			p.ReplyTo = posts[k].ID
		}
		if p.ReplyTo == p.ID {
			p.ReplyTo = ""
		}
		d.page.Posts = append(d.page.Posts, *p)
	}
}

// fixed is m with its fields of the whole page read.
func (m *message) fixed(page *goquery.Selection) *message {
	own := *m
	for _, f := range []*field{&own.ID, &own.URL, &own.Channel, &own.Author, &own.Time, &own.Edited, &own.Text, &own.Thread, &own.ReplyTo,
		&own.ForwardedFrom, &own.IsEdited, &own.Views, &own.Media, &own.Withheld, &own.Joined} {
		*f = f.fixed(page)
	}
	return &own
}

// holders tells for each of some nodes which of the others it stands in, the
// nearest; -1 for none.
func holders(nodes []*html.Node) (within []int, nested bool) {
	index := make(map[*html.Node]int, len(nodes))
	for i, n := range nodes {
		index[n] = i
	}
	within = make([]int, len(nodes))
	for i, n := range nodes {
		within[i] = -1
		for p := n.Parent; p != nil; p = p.Parent {
			if k, ok := index[p]; ok {
				within[i], nested = k, true
				break
			}
		}
	}
	return within, nested
}

// readPost reads one message; nil where it is none.
func (d *document) readPost(m *message, page *goquery.Selection, n *html.Node) *tamga.Post {
	el := &goquery.Selection{Nodes: []*html.Node{n}}
	p := &tamga.Post{
		ID: line(m.ID.get(page, el)), Author: line(m.Author.get(page, el)), Text: m.Text.get(page, el),
		Thread: fold(m.Thread.get(page, el)), ReplyTo: line(m.ReplyTo.get(page, el)),
		Channel: line(m.Channel.get(page, el)), ForwardedFrom: line(m.ForwardedFrom.get(page, el)),
		Time: moment(m.Time.get(page, el), d.now), Edited: moment(m.Edited.get(page, el), d.now), Span: d.tree.spans[n],
		Views: line(m.Views.get(page, el)), Media: mediaKinds(m.Media.get(page, el)), IsEdited: m.IsEdited.get(page, el) != "", Withheld: fold(m.Withheld.get(page, el)),
	}
	if p.Text == "" && p.Author == "" && !m.Joined.set() {
		return nil
	}
	if p.Thread == "" && p.Channel == "" {
		p.Thread = d.page.Title
	}
	if u := m.URL.get(page, el); u != "" {
		p.URL = d.absolute(u)
	} else if id := attr(n, "id"); id != "" && d.given {
		p.URL = d.absolute("#" + id)
	}
	return p
}
