package extract

import (
	"fmt"
	"slices"
	"strings"

	"github.com/PuerkitoBio/goquery"

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

// readPosts reads the messages of a page; one without author and text is none.
func (d *document) readPosts(m *message, page *goquery.Selection) {
	page.FindMatcher(m.element).Each(func(_ int, el *goquery.Selection) {
		p := tamga.Post{
			ID: line(m.ID.get(page, el)), Author: line(m.Author.get(page, el)), Text: m.Text.get(page, el),
			Thread: fold(m.Thread.get(page, el)), ReplyTo: line(m.ReplyTo.get(page, el)),
			Channel: line(m.Channel.get(page, el)), ForwardedFrom: line(m.ForwardedFrom.get(page, el)),
			Time: moment(m.Time.get(page, el), d.now), Edited: moment(m.Edited.get(page, el), d.now), Span: d.tree.span(el),
			Views: line(m.Views.get(page, el)), Media: mediaKinds(m.Media.get(page, el)), IsEdited: m.IsEdited.get(page, el) != "", Withheld: fold(m.Withheld.get(page, el)),
		}
		if p.Author == "" && len(d.page.Posts) > 0 && m.Joined.get(page, el) != "" {
			p.Author = d.page.Posts[len(d.page.Posts)-1].Author
		}
		if p.Text == "" && p.Author == "" {
			return
		}
		if p.Thread == "" && p.Channel == "" {
			p.Thread = d.page.Title
		}
		if u := m.URL.get(page, el); u != "" {
			p.URL = d.absolute(u)
		} else if id, _ := el.Attr("id"); id != "" && d.given {
			p.URL = d.absolute("#" + id)
		}
		d.page.Posts = append(d.page.Posts, p)
	})
}
