package extract

import (
	"strings"

	"tamga"
)

// readJSONFeed reads JSON Feed (jsonfeed.org/version/1.1).
func readJSONFeed(s *stream, root jsonValue) bool {
	if !strings.HasPrefix(root.get("version").text(), "https://jsonfeed.org/version/") || !root.get("items").is('[') {
		return false
	}
	s.title = fold(s.say(root.get("title").view()))
	s.lang = root.get("language").text()
	s.say(root.get("description").view())
	root.get("items").all(func(v jsonValue) bool {
		if !v.node().whole {
			return true
		}
		p := tamga.Post{
			ID: v.get("id").text(), URL: s.absolute(v.get("url").text()), Channel: s.title, Span: v.span(),
			Author: v.get("authors").first().get("name").text(), Time: isoTime(v.get("date_published").text()), Edited: isoTime(v.get("date_modified").text()),
		}
		if p.Author == "" {
			p.Author = v.get("author", "name").text() // version 1
		}
		if p.Author == "" {
			p.Author = root.get("authors").first().get("name").text()
		}
		if p.Author == "" {
			p.Author = root.get("author", "name").text()
		}
		if p.ID == "" {
			p.ID = p.URL
		}
		if p.Edited != nil && p.Time != nil && !p.Edited.After(*p.Time) {
			p.Edited = nil
		}
		v.get("attachments").all(func(a jsonValue) bool {
			if kind, _, _ := strings.Cut(a.get("mime_type").text(), "/"); kind != "" && len(p.Media) < 64 {
				p.Media = append(p.Media, kind)
			}
			return true
		})
		title := s.say(v.get("title").view())
		body := s.markup(v.get("content_html").view())
		if body == "" {
			body = s.say(v.get("content_text").view())
		}
		if summary := s.say(v.get("summary").view()); body == "" {
			body = summary
		}
		p.Thread, p.Text = fold(title), joinLines(title, body)
		s.link(v.get("external_url").view())
		s.posts = append(s.posts, p)
		return !s.full()
	})
	return true
}
