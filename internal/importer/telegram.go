package importer

import (
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Limits of an export of messages, in bytes and chats.
const (
	maxMessage = 4 << 20
	maxName    = 4 << 10
	maxChats   = 1 << 17
)

// chat is what an export of Telegram Desktop says of the messages below it.
type chat struct {
	name, kind string
	id         string
}

// chats are the chats of an export in file order. In the export's own order name
// and id come first, but a program that wrote the JSON again may have sorted it.
type chats struct {
	list []chat
	at   int
}

// survey reads the chats alone.
func (c *chats) survey(in io.Reader) error {
	return c.walk(newJSONStream(in), func(s *jsonStream, chat *chat) error { return s.array(s.skip) }, true)
}

// telegram seals the messages of a result.json: of one chat or a full export.
func (r *run) telegram(in io.Reader, c *chats) error {
	s := newJSONStream(in)
	return c.walk(s, func(s *jsonStream, chat *chat) error {
		return s.array(func() error { return r.telegramMessage(s, chat) })
	}, false)
}

// walk calls messages at each array of messages, for it to read.
func (c *chats) walk(s *jsonStream, messages func(*jsonStream, *chat) error, collect bool) error {
	s.bom()
	one := func(s *jsonStream, more func(key string) error) error {
		i := c.at
		if collect {
			if len(c.list) == maxChats {
				return fileError{fmt.Errorf("more than %d chats", maxChats)}
			}
			c.list = append(c.list, chat{})
		} else if i >= len(c.list) { // the survey did not come so far
			c.list = append(c.list, chat{})
		}
		c.at++
		return s.object(func(key string) (err error) {
			switch key {
			case "name":
				return s.field(&c.list[i].name)
			case "type":
				return s.field(&c.list[i].kind)
			case "id":
				return s.field(&c.list[i].id)
			case "messages":
				return messages(s, &c.list[i])
			}
			return more(key)
		})
	}
	skip := func(string) error { return s.skip() }
	err := one(s, func(key string) error {
		if key != "chats" && key != "left_chats" {
			return s.skip()
		}
		return s.object(func(key string) error {
			if key != "list" {
				return s.skip()
			}
			return s.array(func() error { return one(s, skip) })
		})
	})
	if collect {
		c.at = 0
	}
	if err != nil {
		return err
	}
	return s.end()
}

// field reads a string or number; any other value, and one too long, is left out.
func (s *jsonStream) field(into *string) error {
	raw, _, fits, err := s.value(maxName)
	if err != nil || !fits {
		return err
	}
	var v any
	d := json.NewDecoder(strings.NewReader(string(raw)))
	d.UseNumber()
	if d.Decode(&v) != nil {
		return nil
	}
	switch v := v.(type) {
	case string:
		*into = v
	case json.Number:
		*into = v.String()
	}
	return nil
}

// telegramMessage seals the next message.
func (r *run) telegramMessage(s *jsonStream, c *chat) error {
	return r.message(s, func(raw []byte) (string, string) {
		var m struct{ ID json.Number }
		_ = json.Unmarshal(raw, &m)
		return c.url(digits(m.ID)), mediaType(TypeTelegram, "chat", c.name, "chat-id", c.id, "chat-type", c.kind)
	})
}

// message seals the next element of an array of messages. name tells its URL,
// "" where it has none, and its media type.
func (r *run) message(s *jsonStream, name func(raw []byte) (url, mediaType string)) error {
	raw, start, fits, err := s.value(maxMessage)
	if err != nil {
		return err
	}
	u, contentType := name(raw)
	if u == "" {
		u = fmt.Sprintf("urn:sha256:%s#byte=%d", r.digest, start)
	}
	ex := r.exchange(u, contentType, raw)
	ex.Detail = at(start, len(raw))
	flaw := ""
	switch {
	case !fits:
		ex.Truncated = "length"
		flaw = fmt.Sprintf("a message longer than %d bytes: sealed in part", maxMessage)
	case len(raw) > 0 && raw[0] != '{':
		flaw = "a message that is no object"
	case !utf8.Valid(raw):
		flaw = "a message that is not UTF-8"
	case !json.Valid(raw):
		flaw = "a message that is not valid JSON"
	}
	if flaw != "" {
		r.sum.problem(where(r.name, start), "%s", flaw)
		ex.Detail += "; " + flaw
	}
	return r.seal(ex)
}

// digits is n where it is a whole number that may stand in a URL.
func digits(n json.Number) string {
	if v, err := strconv.ParseInt(string(n), 10, 64); err == nil {
		return strconv.FormatInt(v, 10)
	}
	return ""
}

// url is where the message is in Telegram: a link of its own for channels and
// supergroups, the client's deep link for any other chat.
// https://core.telegram.org/api/links
func (c *chat) url(id string) string {
	chatID := digits(json.Number(c.id))
	if chatID == "" || id == "" {
		return ""
	}
	switch c.kind {
	case "private_supergroup", "public_supergroup", "private_channel", "public_channel":
		return "https://t.me/c/" + chatID + "/" + id
	case "private_group":
		return "tg://openmessage?chat_id=" + chatID + "&message_id=" + id
	}
	return "tg://openmessage?user_id=" + chatID + "&message_id=" + id
}

// mediaType is a media type with the parameters that are not empty, which come in
// pairs.
func mediaType(name string, pairs ...string) string {
	params := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		if v := clip(strings.ToValidUTF8(pairs[i+1], "\uFFFD"), 300); v != "" {
			params[pairs[i]] = v
		}
	}
	if t := mime.FormatMediaType(name, params); t != "" {
		return t
	}
	return name
}

// clip shortens s to at most n bytes without splitting a character.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// unquote is a JSON string as Go has it.
func unquote(raw []byte) (s string, err error) {
	err = json.Unmarshal(raw, &s)
	return s, err
}

// absolute is a URL that may be sealed, or "".
func absolute(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), "#")
	s = strings.ReplaceAll(s, " ", "%20")
	u, err := url.Parse(s)
	if err != nil || u.Scheme == "" || len(s) > maxURL || !utf8.ValidString(s) || strings.ContainsFunc(s, func(c rune) bool { return c <= ' ' || c == 0x7f }) {
		return ""
	}
	return s
}

// maxURL bounds a URL in bytes, as the archive does.
const maxURL = 64 << 10
