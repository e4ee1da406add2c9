package extract

import (
	"net/url"
	"strings"

	"tamga"
)

// readMastodon reads what Mastodon's API, and that of the servers that speak it,
// answers (docs.joinmastodon.org/entities): an array of statuses, one status, the
// context of one, a search, or an account.
func readMastodon(s *stream, root jsonValue) bool {
	switch {
	case root.is('['):
		s.title = timeline(s.base)
		first := root.first()
		if first.n == 0 {
			return strings.HasPrefix(s.base.Path, "/api/v1/")
		}
		if !isStatus(first) {
			return false
		}
		s.statuses(root)
	case isStatus(root):
		s.status(root, root)
		s.kind = tamga.PageThread
	case root.get("descendants").is('['), root.get("ancestors").is('['):
		for _, list := range []jsonValue{root.get("ancestors"), root.get("descendants")} {
			if first := list.first(); first.n != 0 && !isStatus(first) {
				return false
			}
			s.statuses(list)
		}
		s.kind = tamga.PageThread
	case root.get("statuses").is('[') && root.get("accounts").is('['):
		s.statuses(root.get("statuses"))
		root.get("accounts").all(func(a jsonValue) bool { s.account(a); return true })
	case root.get("acct").is('"') && root.get("note").is('"'):
		s.account(root)
		s.title = root.get("acct").text()
	default:
		return false
	}
	return true
}

func isStatus(v jsonValue) bool {
	return v.is('{') && v.get("created_at").is('"') && v.get("account").is('{') && v.get("content").n != 0
}

// timeline is the name of what is listed at an address of the API: the tag of a
// tag's timeline, "" for others.
func timeline(u *url.URL) string {
	if _, tag, ok := strings.Cut(u.Path, "/timelines/tag/"); ok && tag != "" {
		return "#" + tag
	}
	return ""
}

func (s *stream) statuses(list jsonValue) {
	list.all(func(v jsonValue) bool {
		if isStatus(v) {
			s.status(v, v)
		}
		return !s.full()
	})
}

// account reads what a person says of himself.
func (s *stream) account(a jsonValue) {
	s.say(a.get("display_name").view())
	s.markup(a.get("note").view())
	a.get("fields").all(func(f jsonValue) bool {
		s.markup(f.get("value").view())
		return true
	})
}

// status reads a status; where it passes on another, that one's text.
func (s *stream) status(v, original jsonValue) {
	if !v.node().whole {
		return
	}
	account := v.get("account")
	p := tamga.Post{
		ID: v.get("id").text(), URL: v.get("url").text(), Author: account.get("acct").text(), AuthorID: account.get("id").text(),
		Time: isoTime(v.get("created_at").text()), Edited: isoTime(v.get("edited_at").text()),
		ReplyTo: v.get("in_reply_to_id").text(), Span: v.span(),
	}
	if p.URL == "" {
		p.URL = v.get("uri").text()
	}
	if !s.hears(account) {
		s.account(account)
	}
	if x := v.get("reblog"); x.is('{') {
		original = x
		p.ForwardedFrom = x.get("account", "acct").text()
		if p.URL == "" {
			p.URL = x.get("url").text()
		}
		if p.Edited == nil {
			p.Edited = isoTime(x.get("edited_at").text())
		}
	}
	p.Channel = timeline(s.base)
	if p.Channel == "" {
		p.Channel = p.Author
	}
	if s.lang == "" {
		s.lang = original.get("language").text()
	}
	text := []string{s.say(original.get("spoiler_text").view()), s.markup(original.get("content").view())}
	original.get("poll", "options").all(func(o jsonValue) bool {
		text = append(text, s.say(o.get("title").view()))
		return true
	})
	p.Text = joinLines(text...)
	original.get("media_attachments").all(func(m jsonValue) bool {
		p.Media = append(p.Media, m.get("type").text())
		s.say(m.get("description").view())
		return true
	})
	for _, name := range []string{"url", "title", "description"} {
		s.link(original.get("card", name).view())
	}
	s.posts = append(s.posts, p)
}

// hears says whether what an account says of itself was read already: a timeline
// repeats it with every status.
func (s *stream) hears(account jsonValue) bool {
	who := account.get("acct").text()
	for i := len(s.posts) - 1; i >= 0 && i >= len(s.posts)-40; i-- {
		if s.posts[i].Author == who {
			return true
		}
	}
	return false
}
