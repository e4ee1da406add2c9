package extract

import (
	"strings"

	"golang.org/x/net/html"

	"tamga"
)

// redditOrigin is where permalinks lead, whichever host answered.
const redditOrigin = "https://www.reddit.com"

// readReddit reads a listing of Reddit's JSON (reddit.com/dev/api: things t1, a
// comment, and t3, a submission), or the page of a submission, which is two.
func readReddit(s *stream, root jsonValue) bool {
	switch {
	case isListing(root):
		s.listing(root)
	case root.get("json", "data", "things").is('['): // api/morechildren
		s.kind = tamga.PageThread
		root.get("json", "data", "things").all(func(v jsonValue) bool {
			if k := v.get("kind").text(); k == "t1" || k == "t3" {
				s.thing(v)
			}
			return !s.full()
		})
	case root.is('['):
		first := root.first()
		if !isListing(first) {
			return false
		}
		s.kind = tamga.PageThread
		root.all(func(l jsonValue) bool { s.listing(l); return true })
	default:
		return false
	}
	if len(s.posts) > 0 {
		s.title = s.posts[0].Channel
		if s.kind == tamga.PageThread {
			s.title = s.posts[0].Thread
		}
	}
	return true
}

func isListing(v jsonValue) bool {
	return v.get("kind").text() == "Listing" && v.get("data", "children").is('[')
}

func (s *stream) listing(l jsonValue) {
	l.get("data", "children").all(func(v jsonValue) bool {
		if k := v.get("kind").text(); k == "t1" || k == "t3" {
			s.thing(v)
		}
		return !s.full()
	})
}

// thing reads a submission or comment, and the comments that answer it.
func (s *stream) thing(v jsonValue) {
	d := v.get("data")
	if v.node().whole {
		p := tamga.Post{
			ID: d.get("name").text(), Channel: d.get("subreddit").text(), Author: d.get("author").text(), AuthorID: d.get("author_fullname").text(),
			Time: epoch(d.get("created_utc").number()), Edited: epoch(d.get("edited").number()), Span: v.span(),
			ReplyTo: d.get("parent_id").text(), ForwardedFrom: d.get("crosspost_parent_list").first().get("subreddit_name_prefixed").text(),
			Withheld: d.get("removed_by_category").text(),
		}
		if p.ID == "" {
			p.ID = v.get("kind").text() + "_" + d.get("id").text()
		}
		if link := d.get("permalink").text(); strings.HasPrefix(link, "/") {
			p.URL = redditOrigin + link
		}
		title, body := s.plain(d.get("title")), s.plain(d.get("selftext"))
		p.Thread = fold(title)
		if body == "" {
			body = s.plain(d.get("crosspost_parent_list").first().get("selftext"))
		}
		p.Text = joinLines(title, body, s.plain(d.get("body")))
		if p.Thread == "" {
			p.Thread = fold(html.UnescapeString(d.get("link_title").text()))
		}
		if p.Author == "[deleted]" { // nobody's name
			p.Author = ""
		}
		if body := p.Text; p.Withheld == "" && (body == "[deleted]" || body == "[removed]") {
			p.Withheld = strings.Trim(body, "[]")
		}
		s.link(d.get("url").view())
		if hint := d.get("post_hint").text(); hint == "image" || strings.HasSuffix(hint, "video") {
			p.Media = append(p.Media, strings.TrimPrefix(strings.TrimPrefix(hint, "hosted:"), "rich:"))
		} else if d.get("is_gallery").is('t') {
			p.Media = append(p.Media, "gallery")
		} else if d.get("is_video").is('t') {
			p.Media = append(p.Media, "video")
		}
		if p.Thread == "" && len(s.posts) > 0 {
			p.Thread = s.posts[0].Thread // of the submission above it
		}
		s.posts = append(s.posts, p)
	}
	if r := d.get("replies"); isListing(r) {
		s.listing(r)
	}
}

// plain takes a text of which Reddit writes & < > as character references, unless
// it is asked for raw JSON.
func (s *stream) plain(v jsonValue) string {
	quoted := v.view()
	if s.base.Query().Get("raw_json") == "1" || !strings.Contains(quoted.body, "&") {
		return s.say(quoted)
	}
	var b viewBuilder
	b.unescape(quoted.body, 0, len(quoted.body), false)
	text := b.view()
	return s.say(text.within(&quoted))
}

// redditEntry gives an entry of one of Reddit's feeds the names that its JSON has.
func redditEntry(p *tamga.Post) {
	path, ok := strings.CutPrefix(p.URL, redditOrigin+"/r/")
	name, rest, _ := strings.Cut(path, "/")
	if !ok || name == "" || !strings.HasPrefix(rest, "comments/") {
		return
	}
	p.Channel, p.Author = name, strings.TrimPrefix(p.Author, "/u/")
	p.Thread = strings.TrimPrefix(p.Thread, "/u/"+p.Author+" on ")
	if i := strings.LastIndex(p.Text, "submitted by"); i >= 0 && strings.Contains(p.Text[i:], "/u/"+p.Author) {
		p.Text = strings.TrimSpace(p.Text[:i]) // what the feed adds below the words of the author
	}
}

// first is the first value of an array.
func (v jsonValue) first() jsonValue { return jsonValue{v.t, v.node().child} }
