package extract

import (
	"strings"

	"tamga"
)

// readBluesky reads what the AppView of the AT Protocol answers: the feed of an
// author or a list (app.bsky.feed.getAuthorFeed), a search (searchPosts), a
// thread (getPostThread), or a profile (app.bsky.actor.getProfile). The id of a
// post is its AT URI, which holds the author's DID; the CID is the hash of its
// content.
func readBluesky(s *stream, root jsonValue) bool {
	if !root.is('{') {
		return false
	}
	feed, posts, thread := root.get("feed"), root.get("posts"), root.get("thread")
	switch {
	case feed.is('['):
		if first := feed.first(); first.n == 0 && !strings.Contains(s.base.Path, "/xrpc/") || first.n != 0 && !isSkeet(first.get("post")) {
			return false
		}
		actor := s.base.Query().Get("actor")
		s.title = strings.TrimPrefix(actor, "@")
		feed.all(func(v jsonValue) bool {
			if who := v.get("post", "author"); s.title != "" && who.get("did").text() == s.title {
				s.title = who.get("handle").text()
			}
			return true
		})
		feed.all(func(v jsonValue) bool {
			s.skeet(v, v.get("post"), v.get("reason"))
			return !s.full()
		})
	case posts.is('['):
		if first := posts.first(); !isSkeet(first) {
			return false
		}
		s.title = s.base.Query().Get("q")
		posts.all(func(v jsonValue) bool {
			s.skeet(v, v, jsonValue{root.t, 0})
			return !s.full()
		})
	case isSkeet(thread.get("post")):
		s.kind = tamga.PageThread
		s.thread(thread)
	case isRecord(root.get("records").first()):
		root.get("records").all(func(v jsonValue) bool {
			if isRecord(v) {
				s.record(v)
			}
			return !s.full()
		})
		s.title = s.base.Query().Get("repo")
	case root.get("did").is('"') && root.get("handle").is('"'):
		s.title = root.get("handle").text()
		s.say(root.get("displayName").view())
		s.say(root.get("description").view())
	default:
		return false
	}
	return true
}

// isSkeet says whether v is a post view (app.bsky.feed.defs#postView).
func isSkeet(v jsonValue) bool {
	return v.get("uri").is('"') && v.get("record").is('{') && v.get("author").is('{')
}

// thread reads a post, what it answers and what answers it. The parser bounds the
// depth.
func (s *stream) thread(v jsonValue) {
	if s.full() {
		return
	}
	if p := v.get("parent"); p.is('{') {
		s.thread(p)
	}
	if p := v.get("post"); p.n != 0 {
		s.skeet(p, p, jsonValue{v.t, 0})
	}
	v.get("replies").all(func(r jsonValue) bool {
		s.thread(r)
		return !s.full()
	})
}

// skeet reads a post that stands in v; reason is why a feed shows it.
func (s *stream) skeet(v, post, reason jsonValue) {
	if !v.node().whole || !isSkeet(post) {
		return
	}
	author, record := post.get("author"), post.get("record")
	p := tamga.Post{
		ID: post.get("uri").text(), CID: post.get("cid").text(), Author: author.get("handle").text(), AuthorID: author.get("did").text(),
		Time: isoTime(record.get("createdAt").text()), ReplyTo: record.get("reply", "parent", "uri").text(), Thread: record.get("reply", "root", "uri").text(),
		Span: v.span(),
	}
	if p.Time == nil {
		p.Time = isoTime(post.get("indexedAt").text())
	}
	p.URL = skeetURL(p.ID)
	if by := reason.get("by"); by.is('{') && strings.HasSuffix(reason.get("$type").text(), "reasonRepost") {
		p.ForwardedFrom = p.Author
		p.Author, p.AuthorID = by.get("handle").text(), by.get("did").text()
		if t := isoTime(reason.get("indexedAt").text()); t != nil {
			p.Time = t
		}
	}
	if p.Channel = s.title; s.title == "" {
		p.Channel = p.Author
	}
	if s.lang == "" {
		record.get("langs").all(func(l jsonValue) bool { s.lang = l.text(); return false })
	}
	p.Text = s.say(record.get("text").view())
	record.get("facets").all(func(f jsonValue) bool {
		f.get("features").all(func(x jsonValue) bool { s.link(x.get("uri").view()); return true })
		return true
	})
	s.embed(&p, record.get("embed"))
	if view := post.get("embed"); view.is('{') {
		if len(p.Media) == 0 {
			s.embed(&p, view)
		}
		s.quoted(view.get("record"))
		s.quoted(view.get("record", "record"))
	}
	s.posts = append(s.posts, p)
}

// embed reads what is attached to a post.
func (s *stream) embed(p *tamga.Post, e jsonValue) {
	e.get("images").all(func(i jsonValue) bool {
		p.Media = append(p.Media, "image")
		s.say(i.get("alt").view())
		return true
	})
	if e.get("video").is('{') || e.get("playlist").is('"') {
		p.Media = append(p.Media, "video")
		s.say(e.get("alt").view())
	}
	if x := e.get("external"); x.is('{') {
		s.link(x.get("uri").view())
		s.say(x.get("title").view())
		s.say(x.get("description").view())
	}
	if m := e.get("media"); m.is('{') { // a quotation with media
		s.embed(p, m)
	}
}

// quoted reads the words of a post that another one shows (app.bsky.embed.record).
func (s *stream) quoted(v jsonValue) {
	if v.get("uri").is('"') {
		s.say(v.get("value", "text").view())
	}
}

// isRecord says whether v is a record of a repository that is a post
// (com.atproto.repo.listRecords).
func isRecord(v jsonValue) bool {
	return v.get("uri").is('"') && v.get("value", "$type").text() == "app.bsky.feed.post"
}

// record reads a post of a repository, which names its owner by DID alone.
func (s *stream) record(v jsonValue) {
	if !v.node().whole {
		return
	}
	value := v.get("value")
	p := tamga.Post{
		ID: v.get("uri").text(), CID: v.get("cid").text(), Time: isoTime(value.get("createdAt").text()), Span: v.span(),
		ReplyTo: value.get("reply", "parent", "uri").text(), Thread: value.get("reply", "root", "uri").text(),
	}
	p.URL = skeetURL(p.ID)
	p.AuthorID, _, _ = strings.Cut(strings.TrimPrefix(p.ID, "at://"), "/")
	p.Author, p.Channel = p.AuthorID, p.AuthorID
	if s.lang == "" {
		value.get("langs").all(func(l jsonValue) bool { s.lang = l.text(); return false })
	}
	p.Text = s.say(value.get("text").view())
	value.get("facets").all(func(f jsonValue) bool {
		f.get("features").all(func(x jsonValue) bool { s.link(x.get("uri").view()); return true })
		return true
	})
	s.embed(&p, value.get("embed"))
	s.posts = append(s.posts, p)
}

// skeetURL is the address of a post by its AT URI, with the DID in place of the
// handle, which may change; "" where it is none.
func skeetURL(uri string) string {
	rest, ok := strings.CutPrefix(uri, "at://")
	parts := strings.Split(rest, "/")
	if !ok || len(parts) != 3 || parts[1] != "app.bsky.feed.post" {
		return ""
	}
	return "https://bsky.app/profile/" + parts[0] + "/post/" + parts[2]
}
