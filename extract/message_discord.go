package extract

import (
	"cmp"
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
		Time: m.at("timestamp"), Edited: m.at("timestampEdited"), Text: m.read(),
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
	m.each(m.root.get("embeds"), func(e jsonValue) {
		m.say(e.get("title"))
		m.say(e.get("description"))
		m.say(e.get("author", "name"))
		m.each(e.get("fields"), func(f jsonValue) {
			m.say(f.get("name"))
			m.say(f.get("value"))
		})
		m.say(e.get("footer", "text"))
		m.follow(e.get("url"))
	})
	if m.post.Text == "" {
		m.post.Text = m.read()
	}
}
