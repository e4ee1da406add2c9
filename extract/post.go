package extract

import (
	"fmt"
	"strings"
	"time"

	"github.com/PuerkitoBio/goquery"

	"tamga"
)

// message is where the fields of the posts of a thread stand, inside Element.
type message struct {
	Element string `toml:"element"` // one match is one post
	ID      field  `toml:"id"`
	URL     field  `toml:"url"`
	Author  field  `toml:"author"`
	Time    field  `toml:"time"`
	Text    field  `toml:"text"`
	Thread  field  `toml:"thread"`
	ReplyTo field  `toml:"reply_to"`

	element goquery.Matcher
}

func (m *message) compile() (err error) {
	if m.element, err = selector("posts.element", m.Element); err != nil {
		return err
	}
	if m.Text.Select == "" {
		return fmt.Errorf("posts.text: want a field")
	}
	for key, f := range map[string]*field{"id": &m.ID, "url": &m.URL, "author": &m.Author, "time": &m.Time, "text": &m.Text,
		"thread": &m.Thread, "reply_to": &m.ReplyTo} {
		if err := f.compile("posts." + key); err != nil {
			return err
		}
	}
	return nil
}

// posts reads the messages of a page; one without author and text is none.
func (d *document) readPosts(m *message, page *goquery.Selection) {
	page.FindMatcher(m.element).Each(func(_ int, el *goquery.Selection) {
		p := tamga.Post{
			ID: line(m.ID.get(page, el)), Author: line(m.Author.get(page, el)), Text: m.Text.get(page, el),
			Thread: fold(m.Thread.get(page, el)), ReplyTo: line(m.ReplyTo.get(page, el)),
			Time: moment(m.Time.get(page, el)), Span: d.tree.span(el),
		}
		if p.Text == "" && p.Author == "" {
			return
		}
		if p.Thread == "" {
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

// moments are the ways a time is written for machines: HTML <time datetime>
// (HTML Standard §4.5.14) and RFC 3339. One without an offset is UTC.
var moments = []string{
	time.RFC3339, "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05", "2006-01-02T15:04Z07:00", "2006-01-02T15:04",
	"2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02",
}

// moment reads a time in UTC; nil where it is none.
func moment(s string) *time.Time {
	s = strings.TrimSpace(s)
	for _, l := range moments {
		if t, err := time.Parse(l, s); err == nil {
			t = t.UTC()
			return &t
		}
	}
	return nil
}

// timeStep reads a time in a layout of Go's package time and writes it as RFC 3339.
func timeStep(layout string) (step, error) {
	if sample := time.Unix(0, 0).UTC().Format(layout); sample == layout {
		return nil, fmt.Errorf("no layout of a time: %q", layout)
	}
	return func(s string) string {
		t, err := time.Parse(layout, strings.TrimSpace(s))
		if err != nil {
			return ""
		}
		return t.Format(time.RFC3339)
	}, nil
}
