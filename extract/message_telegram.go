package extract

import (
	"cmp"

	"tamga"
)

// telegram reads a message of a Telegram Desktop export. Its own dates are without
// a zone: only the seconds since 1970 that newer exports have beside them are
// times. Notes of the service (joined, pinned, renamed) are no posts; they are
// found in the text.
func (m *jsonMessage) telegram() {
	m.title = m.params["chat"]
	if m.string("type") == "service" {
		for _, key := range []string{"actor", "action", "title", "inviter", "address"} {
			m.say(m.root.get(key))
		}
		m.each(m.root.get("members"), m.say)
		return
	}
	m.body(m.root.get("text"))
	if m.said == 0 {
		m.body(m.root.get("text_entities"))
	}
	m.post = &tamga.Post{
		ID: m.string("id"), Channel: m.params["chat"],
		Author: cmp.Or(m.string("from"), m.string("from_id")), Text: m.read(),
		Time: m.unix("date_unixtime"), Edited: m.unix("edited_unixtime"),
		ForwardedFrom: cmp.Or(m.string("forwarded_from"), m.string("saved_from")), ReplyTo: m.string("reply_to_message_id"),
	}
	m.beside()
	if m.post.Text == "" {
		m.post.Text = m.read()
	}
}

// body reads a text: a string, an entity, or an array of both.
func (m *jsonMessage) body(text jsonValue) {
	one := func(v jsonValue) {
		m.add(v)
		m.add(v.get("text"))
		m.follow(v.get("href"))
	}
	one(text)
	m.each(text, one)
}

// beside reads what a message holds beside its text: a poll, a contact, a place,
// buttons.
func (m *jsonMessage) beside() {
	m.say(m.root.get("poll", "question"))
	m.each(m.root.get("poll", "answers"), func(a jsonValue) { m.say(a.get("text")) })
	for _, key := range []string{"first_name", "last_name", "phone_number"} {
		m.say(m.root.get("contact_information", key))
	}
	m.say(m.root.get("place_name"))
	m.say(m.root.get("address"))
	m.each(m.root.get("inline_bot_buttons"), func(row jsonValue) {
		m.each(row, func(button jsonValue) {
			m.say(button.get("text"))
			m.follow(button.get("data"))
		})
	})
	m.follow(m.root.get("via_bot"))
}
