package extract

import (
	"net/url"
	"strconv"
	"strings"

	"tamga"
)

// readDiscourse reads what a forum of Discourse answers where .json is asked for
// (docs.discourse.org): a topic, some posts of one, the newest posts, a post. Small
// actions, a topic that was closed or pinned, are no posts.
func readDiscourse(s *stream, root jsonValue) bool {
	posts := root.get("post_stream", "posts")
	switch {
	case posts.is('['):
		if first := posts.first(); first.n != 0 && !isTopicPost(first) {
			return false
		}
		s.title = fold(root.get("title").text())
		s.kind = tamga.PageThread
	case root.get("latest_posts").is('['):
		posts = root.get("latest_posts")
	case isTopicPost(root):
		s.kind = tamga.PageThread
		s.topicPost(root)
		return true
	default:
		return false
	}
	posts.all(func(v jsonValue) bool {
		if isTopicPost(v) {
			s.topicPost(v)
		}
		return !s.full()
	})
	return true
}

func isTopicPost(v jsonValue) bool {
	return v.is('{') && v.get("post_number").is('-') && v.get("username").is('"') && v.get("cooked").is('"') && v.get("topic_id").is('-')
}

func (s *stream) topicPost(v jsonValue) {
	if kind := v.get("post_type").text(); !v.node().whole || kind != "" && kind != "1" && kind != "2" {
		return
	}
	number, topic := v.get("post_number").text(), v.get("topic_id").text()
	p := tamga.Post{
		ID: v.get("id").text(), Thread: s.title, Author: v.get("username").text(), AuthorID: v.get("user_id").text(),
		Time: isoTime(v.get("created_at").text()), Span: v.span(), Text: s.markup(v.get("cooked").view()),
	}
	if p.Thread == "" {
		p.Thread = fold(v.get("topic_title").text())
	}
	if slug := v.get("topic_slug").text(); s.given {
		if slug == "" {
			slug = "-"
		}
		p.URL = s.absolute("/t/" + url.PathEscape(slug) + "/" + topic + "/" + number)
	}
	// Every post has an updated_at; only a version beyond the first was edited.
	if n, err := strconv.Atoi(v.get("version").text()); err == nil && n > 1 {
		if p.Edited = isoTime(v.get("updated_at").text()); p.Edited == nil {
			p.IsEdited = true
		}
	}
	if to := v.get("reply_to_post_number"); to.is('-') {
		p.ReplyTo = to.text()
		for i := len(s.posts) - 1; i >= 0 && i >= len(s.posts)-200; i-- { // by the number in its topic
			if s.numbers[i] == topic+"/"+p.ReplyTo {
				p.ReplyTo = s.posts[i].ID
				break
			}
		}
	}
	switch {
	case v.get("deleted_at").is('"') || v.get("user_deleted").is('t'):
		p.Withheld = "deleted"
	case v.get("hidden").is('t'):
		p.Withheld = strings.TrimSpace("hidden " + v.get("hidden_reason").text())
	}
	s.numbers = append(s.numbers, topic+"/"+number)
	s.posts = append(s.posts, p)
}
