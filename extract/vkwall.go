package extract

import (
	"strconv"
	"strings"

	"tamga"
)

// vkOrigin is where the posts of walls stand.
const vkOrigin = "https://vk.com/wall"

// readVK reads what the methods of VK's API answer with posts (dev.vk.com: wall.get,
// wall.getById, newsfeed.search): items, and the people and groups they are of. What
// a post repeats stands in copy_history, the nearest first.
func readVK(s *stream, root jsonValue) bool {
	answer := root.get("response")
	items := answer.get("items")
	if answer.is('[') {
		items = answer
	}
	first := items.first()
	if !isWallPost(first) && first.is('-') { // version 5.0 and older: the number of posts is the first item
		first = jsonValue{root.t, first.node().next}
	}
	if !items.is('[') || !isWallPost(first) {
		return false
	}
	w := vkWall{s: s, names: map[string]string{}}
	for _, list := range []string{"profiles", "groups"} {
		answer.get(list).all(func(v jsonValue) bool {
			id, name := v.get("id").text(), v.get("name").text()
			if list == "profiles" {
				name = strings.TrimSpace(v.get("first_name").text() + " " + v.get("last_name").text())
			} else {
				id = "-" + id
			}
			if len(w.names) < maxPosts {
				w.names[id] = name
			}
			return true
		})
	}
	items.all(func(v jsonValue) bool {
		if isWallPost(v) && v.node().whole {
			w.post(v)
		}
		return !s.full()
	})
	if len(s.posts) > 0 {
		s.title = s.posts[0].Channel
	}
	return true
}

func isWallPost(v jsonValue) bool {
	return v.is('{') && v.get("id").is('-') && v.get("date").is('-') && v.get("text").is('"') && (v.get("owner_id").is('-') || v.get("from_id").is('-') || v.get("to_id").is('-'))
}

type vkWall struct {
	s     *stream
	names map[string]string // by the number of a person, or that of a group below zero
}

// name is what a person or group is called, else its number as a page has it.
func (w *vkWall) name(id string) string {
	switch n := w.names[id]; {
	case n != "":
		return n
	case id == "" || id == "0":
		return ""
	case id[0] == '-':
		return "club" + id[1:]
	}
	return "id" + id
}

func (w *vkWall) post(v jsonValue) {
	owner := v.get("owner_id").text()
	for _, other := range []string{"to_id", "from_id"} {
		if owner == "" {
			owner = v.get(other).text()
		}
	}
	from := v.get("signer_id").text()
	if from == "" || from == "0" {
		from = v.get("from_id").text()
	}
	p := tamga.Post{
		ID: owner + "_" + v.get("id").text(), Channel: w.name(owner), Author: w.name(from), AuthorID: from,
		Time: epoch(v.get("date").number()), Edited: epoch(v.get("edited").number()), Span: v.span(),
	}
	p.URL = vkOrigin + p.ID
	if id := v.get("reply_post_id").text(); id != "" {
		p.ReplyTo = owner + "_" + id
	} else if id := v.get("post_id").text(); id != "" && id != "0" && v.get("post_type").text() != "post" {
		p.ReplyTo = owner + "_" + id
	}
	if n := v.get("views", "count"); n.is('-') {
		p.Views = n.text()
	}
	text := []string{w.text(v)}
	w.attached(&p, v)
	v.get("copy_history").all(func(c jsonValue) bool {
		if p.ForwardedFrom == "" {
			source := c.get("owner_id").text()
			if source == "" {
				source = c.get("from_id").text()
			}
			p.ForwardedFrom = w.name(source)
		}
		text = append(text, w.text(c))
		w.attached(&p, c)
		return true
	})
	p.Text = joinLines(text...)
	if v.get("is_deleted").is('t') || v.get("deleted").is('t') {
		p.Withheld = "deleted"
	}
	w.s.posts = append(w.s.posts, p)
}

// text is what a post says: character references are undone, and a name in its
// brackets, [id1|Ann], is the name.
func (w *vkWall) text(v jsonValue) string {
	quoted := v.get("text").view()
	if strings.IndexByte(quoted.body, '&') >= 0 {
		var b viewBuilder
		b.unescape(quoted.body, 0, len(quoted.body), false)
		text := b.view()
		quoted = text.within(&quoted)
	}
	return mentions(w.s.say(quoted))
}

// mentions writes [id1|Ann] and [https://…|here] as people see them.
func mentions(s string) string {
	if !strings.Contains(s, "|") {
		return s
	}
	var b strings.Builder
	for {
		i := strings.IndexByte(s, '[')
		if i < 0 {
			b.WriteString(s)
			return b.String()
		}
		b.WriteString(s[:i])
		s = s[i:]
		end := strings.IndexAny(s[1:], "[]\n") + 1
		if end <= 0 {
			b.WriteString(s)
			return b.String()
		}
		target, name, ok := strings.Cut(s[1:end], "|")
		if s[end] == ']' && ok && name != "" && isMention(target) {
			b.WriteString(name)
			s = s[end+1:]
			continue
		}
		b.WriteString(s[:end])
		s = s[end:]
	}
}

func isMention(target string) bool {
	if strings.HasPrefix(target, "http") {
		return true
	}
	for _, kind := range []string{"id", "club", "public", "event"} {
		if n, ok := strings.CutPrefix(target, kind); ok {
			n, _, _ = strings.Cut(n, ":")
			_, err := strconv.ParseUint(n, 10, 63)
			return err == nil
		}
	}
	return false
}

func (w *vkWall) attached(p *tamga.Post, v jsonValue) {
	v.get("attachments").all(func(a jsonValue) bool {
		kind := a.get("type").text()
		if kind != "" && len(p.Media) < 64 {
			p.Media = append(p.Media, kind)
		}
		x := a.get(kind)
		w.s.link(x.get("url").view())
		for _, name := range []string{"title", "caption", "description", "question", "text"} {
			w.s.say(x.get(name).view())
		}
		x.get("answers").all(func(o jsonValue) bool { w.s.say(o.get("text").view()); return true })
		return true
	})
}
