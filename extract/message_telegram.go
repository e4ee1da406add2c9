package extract

import (
	"cmp"
	"strings"

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
	if m.string("type") == "unsupported" { // which is all that is told of it
		return
	}
	m.body(m.root.get("text"))
	if m.said == 0 {
		m.body(m.root.get("text_entities"))
	}
	m.post = &tamga.Post{
		ID: m.string("id"), Channel: cmp.Or(m.params["chat"], nameless[m.params["chat-type"]]), Thread: m.params["topic"],
		Author: cmp.Or(m.string("from"), m.string("from_id")), AuthorID: m.string("from_id"), Text: m.read(),
		Time: m.unix("date_unixtime"), Edited: m.unix("edited_unixtime"), ReplyTo: m.string("reply_to_message_id"),
		ForwardedFrom: cmp.Or(m.string("forwarded_from"), m.string("forwarded_from_id"), m.string("saved_from")),
		Media:         m.attached(),
	}
	if strings.HasSuffix(m.params["chat-type"], "_channel") { // who signed, as its preview has it
		m.post.Author = cmp.Or(m.string("author"), m.post.Author)
	}
	m.joined()
	m.beside()
	if m.post.Text == "" {
		m.post.Text = m.read()
	}
}

// nameless are the chats that Telegram itself makes, which an export gives no name.
var nameless = map[string]string{"saved_messages": "saved_messages", "replies": "replies"}

// joined gives a message of a public chat whose name is known the numbers that it
// has in the preview of the chat, NAME/NUMBER, and one that answers a message of
// another chat that chat's: a bare number would be a message of this one.
func (m *jsonMessage) joined() {
	p, name := m.post, m.params["chat-username"]
	if other := m.string("reply_to_peer_id"); other != "" && p.ReplyTo != "" {
		p.ReplyTo = other + "/" + p.ReplyTo
	} else if name != "" && p.ReplyTo != "" {
		p.ReplyTo = name + "/" + p.ReplyTo
	}
	if name != "" {
		p.Channel, p.ID = name, name+"/"+p.ID
	}
}

// exportMedia has the kinds of an export under the names of the preview.
var exportMedia = map[string]string{
	"video_file": "video", "animation": "video", "video_message": "roundvideo", "voice_message": "voice",
	"audio_file": "audio", "sticker": "sticker",
}

// attached are the kinds of what a message has beside its text.
func (m *jsonMessage) attached() (kinds []string) {
	for _, k := range [...][2]string{{"photo", "photo"}, {"file", "document"}, {"poll", "poll"}, {"location_information", "location"}, {"contact_information", "contact"}} {
		if v := m.root.get(k[0]); v.is('"') || v.is('{') {
			kind := k[1]
			if kind == "document" {
				kind = cmp.Or(exportMedia[m.string("media_type")], kind)
			}
			kinds = append(kinds, kind)
		}
	}
	return kinds
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

// place reads coordinates, as people write them.
func (m *jsonMessage) place(v jsonValue) {
	lat, long := v.get("latitude"), v.get("longitude")
	if !lat.is('-') || !long.is('-') {
		return
	}
	at := lat.span()[0]
	if m.said > 0 {
		m.text.stand("\n", at, at)
	}
	m.text.linear(m.root.t.source, at, lat.span()[1])
	m.text.stand(", ", lat.span()[1], lat.span()[1])
	m.text.linear(m.root.t.source, long.span()[0], long.span()[1])
	m.said += 2
}

// beside reads what a message holds beside its text: a poll, a contact, a place,
// buttons.
func (m *jsonMessage) beside() {
	m.say(m.root.get("poll", "question"))
	m.each(m.root.get("poll", "answers"), func(a jsonValue) { m.say(a.get("text")) })
	for _, key := range []string{"first_name", "last_name", "phone_number"} {
		m.say(m.root.get("contact_information", key))
	}
	for _, key := range []string{"place_name", "address", "file_name", "performer", "title", "game_title", "game_description"} {
		m.say(m.root.get(key))
	}
	m.place(m.root.get("location_information"))
	for _, key := range []string{"title", "description"} {
		m.say(m.root.get("invoice_information", key))
	}
	m.each(m.root.get("inline_bot_buttons"), func(row jsonValue) {
		m.each(row, func(button jsonValue) {
			m.say(button.get("text"))
			m.follow(button.get("data"))
		})
	})
	m.follow(m.root.get("via_bot"))
}
