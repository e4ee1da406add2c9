package extract

import (
	"cmp"
	"slices"
	"strings"

	"tamga"
)

// discord reads a message of a DiscordChatExporter file. Notes of the service
// (joined, pinned, boosted) are no posts.
func (m *jsonMessage) discord() {
	m.title = strings.Trim(m.params["guild"]+" / "+m.params["channel"], " /")
	m.add(m.root.get("content"))
	switch m.string("type") {
	case "", "0", "Default", "19", "Reply", "20", "ChatInputCommand", "ApplicationCommand", "23", "ContextMenuCommand", "21", "ThreadStarterMessage":
	default:
		return
	}
	m.post = &tamga.Post{
		ID: m.string("id"), Channel: m.params["channel"], Author: cmp.Or(m.string("author", "name"), m.string("author", "nickname"), m.string("author", "id")),
		AuthorID: m.string("author", "id"), Time: m.at("timestamp"), Edited: m.at("timestampEdited"), Text: m.read(),
	}
	if kind := m.params["channel-type"]; strings.Contains(kind, "Thread") && m.params["category"] != "" {
		m.post.Channel, m.post.Thread = m.params["category"], m.params["channel"] // the exporter calls the parent so
	}
	if f := m.root.get("forwardedMessage"); f.is('{') {
		m.say(f.get("content"))
		m.post.ForwardedFrom = cmp.Or(m.string("reference", "channelId"), m.string("reference", "messageId"))
	} else {
		m.post.ReplyTo = m.string("reference", "messageId")
	}
	m.post.Text = m.read()
	m.embeds(m.root)
	m.embeds(m.root.get("forwardedMessage"))
	m.components(m.root.get("components"), 0)
	if m.post.Text == "" {
		m.post.Text = m.read()
	}
}

// embeds reads what stands beside the text of a message: embeds, and the names of
// files.
func (m *jsonMessage) embeds(message jsonValue) {
	m.each(message.get("embeds"), func(e jsonValue) {
		m.say(e.get("title"))
		m.say(e.get("description"))
		m.say(e.get("author", "name"))
		m.each(e.get("fields"), func(f jsonValue) {
			m.say(f.get("name"))
			m.say(f.get("value"))
		})
		m.say(e.get("footer", "text"))
		m.follow(e.get("url"))
		m.follow(e.get("author", "url"))
	})
	m.each(message.get("attachments"), func(a jsonValue) {
		m.say(a.get("fileName"))
		m.post.Media = append(m.post.Media, "document")
	})
	m.each(message.get("stickers"), func(s jsonValue) {
		m.say(s.get("name"))
		m.post.Media = append(m.post.Media, "sticker")
	})
	slices.Sort(m.post.Media)
	m.post.Media = slices.Compact(m.post.Media)
}

// components reads buttons, which stand in rows.
func (m *jsonMessage) components(v jsonValue, depth int) {
	m.each(v, func(c jsonValue) {
		m.say(c.get("label"))
		m.follow(c.get("url"))
		if depth < 4 {
			m.components(c.get("components"), depth+1)
		}
	})
}
