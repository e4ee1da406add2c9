package extract

import (
	"strings"

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
		p.Text = joinLines(title, body, s.plain(d.get("body")))
		if p.Thread == "" {
			p.Thread = fold(d.get("link_title").text())
		}
		s.link(d.get("url").view())
		if hint := d.get("post_hint").text(); hint == "image" || strings.HasSuffix(hint, "video") {
			p.Media = append(p.Media, strings.TrimPrefix(strings.TrimPrefix(hint, "hosted:"), "rich:"))
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
}

// first is the first value of an array.
func (v jsonValue) first() jsonValue { return jsonValue{v.t, v.node().child} }
