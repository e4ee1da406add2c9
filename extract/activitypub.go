package extract

import (
	"net/url"
	"strings"

	"tamga"
)

// readActivityPub reads what the servers of the fediverse tell each other (W3C
// ActivityPub, Activity Streams 2.0): a page of an outbox or of replies, or one
// activity or object. The id of a post is that of its object, an address.
func readActivityPub(s *stream, root jsonValue) bool {
	if !root.is('{') || !isActivityStreams(root) {
		return false
	}
	items := root.get("orderedItems")
	if items.n == 0 {
		items = root.get("items")
	}
	if first := root.get("first"); items.n == 0 && first.is('{') { // a collection with its first page inside
		for _, name := range []string{"orderedItems", "items"} {
			if x := first.get(name); x.is('[') {
				items = x
			}
		}
	}
	switch kind := root.get("type").text(); {
	case strings.HasSuffix(kind, "Collection"), strings.HasSuffix(kind, "CollectionPage"):
		items.all(func(v jsonValue) bool {
			s.activity(v, v)
			return !s.full()
		})
		s.title = actorName(root.get("partOf").text())
	case isNote(root), root.get("object").n != 0 && root.get("actor").n != 0:
		s.activity(root, root)
		s.kind = tamga.PageThread
	case root.get("preferredUsername").is('"'):
		s.title = root.get("preferredUsername").text()
		s.say(root.get("name").view())
		s.markup(root.get("summary").view())
		root.get("attachment").all(func(f jsonValue) bool { s.markup(f.get("value").view()); return true })
	default:
		return false
	}
	if s.title == "" && len(s.posts) > 0 {
		s.title = s.posts[0].Author
	}
	return true
}

// isActivityStreams says whether a document names the vocabulary.
func isActivityStreams(v jsonValue) bool {
	const context = "https://www.w3.org/ns/activitystreams"
	c := v.get("@context")
	if c.text() == context {
		return true
	}
	found := false
	c.all(func(x jsonValue) bool { found = x.text() == context; return !found })
	return found
}

func isNote(v jsonValue) bool {
	switch v.get("type").text() {
	case "Note", "Question", "Article", "Page", "ChatMessage", "Video", "Audio", "Image", "Event":
		return true
	}
	return false
}

// activity reads an object, or the activity that made it or passed it on, which
// stands in outer.
func (s *stream) activity(v, outer jsonValue) {
	if !outer.node().whole {
		return
	}
	if isNote(v) {
		s.note(v, outer)
		return
	}
	object := v.get("object")
	switch v.get("type").text() {
	case "Create", "Update":
		if isNote(object) {
			s.note(object, outer)
		}
	case "Announce":
		p := tamga.Post{
			ID: v.get("id").text(), Time: isoTime(v.get("published").text()), Span: outer.span(),
			AuthorID: reference(v.get("actor")), URL: reference(object),
		}
		p.Author = actorName(p.AuthorID)
		p.Channel, p.ForwardedFrom = p.Author, actorName(reference(object.get("attributedTo")))
		if p.ForwardedFrom == "" {
			p.ForwardedFrom = actorName(p.URL)
		}
		if isNote(object) {
			p.Text = s.noteText(&p, object)
		}
		s.posts = append(s.posts, p)
	}
}

func (s *stream) note(v, outer jsonValue) {
	p := tamga.Post{
		ID: v.get("id").text(), URL: reference(v.get("url")), AuthorID: reference(v.get("attributedTo")), Time: isoTime(v.get("published").text()),
		Edited: isoTime(v.get("updated").text()), ReplyTo: reference(v.get("inReplyTo")), Thread: v.get("context").text(), Span: outer.span(),
	}
	if p.Thread == "" {
		p.Thread = v.get("conversation").text()
	}
	if p.URL == "" {
		p.URL = p.ID
	}
	if p.AuthorID == "" {
		p.AuthorID = reference(outer.get("actor"))
	}
	if p.Edited != nil && p.Time != nil && !p.Edited.After(*p.Time) {
		p.Edited = nil
	}
	p.Author = actorName(p.AuthorID)
	p.Channel = p.Author
	p.Text = s.noteText(&p, v)
	s.posts = append(s.posts, p)
}

// noteText is what an object says; its languages and what is attached come with it.
func (s *stream) noteText(p *tamga.Post, v jsonValue) string {
	if s.lang == "" {
		v.get("contentMap").all(func(m jsonValue) bool { s.lang = m.memberName(); return false })
	}
	text := []string{s.say(v.get("name").view()), s.markup(v.get("summary").view()), s.markup(v.get("content").view())}
	for _, choices := range []string{"oneOf", "anyOf"} {
		v.get(choices).all(func(o jsonValue) bool {
			text = append(text, s.say(o.get("name").view()))
			return true
		})
	}
	attached := func(a jsonValue) bool {
		if kind, _, _ := strings.Cut(a.get("mediaType").text(), "/"); kind != "" && len(p.Media) < 64 {
			p.Media = append(p.Media, kind)
		}
		s.say(a.get("name").view())
		return true
	}
	if a := v.get("attachment"); a.is('{') {
		attached(a)
	} else {
		a.all(attached)
	}
	return joinLines(text...)
}

// reference is the address of an object that is told by address, whole, or as the
// first of several.
func reference(v jsonValue) string {
	if v.is('[') {
		v = v.first()
	}
	if v.is('{') {
		if href := v.get("href"); href.is('"') {
			return href.text()
		}
		return v.get("id").text()
	}
	return v.text()
}

// actorName is the account, name@server, that the address of an actor or of one of
// its posts tells; the address itself where it tells none.
func actorName(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return address
	}
	parts := strings.Split(strings.Trim(u.Path, "/"), "/")
	for i, p := range parts {
		switch {
		case strings.HasPrefix(p, "@") && len(p) > 1 && !strings.Contains(p[1:], "@"):
			return p[1:] + "@" + u.Host
		case i+1 < len(parts) && (p == "users" || p == "user" || p == "profile" || p == "u" || p == "accounts") && parts[i+1] != "":
			return parts[i+1] + "@" + u.Host
		}
	}
	return address
}
