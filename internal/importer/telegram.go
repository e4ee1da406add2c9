package importer

import (
	"encoding/json"
	"mime"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Limits of an export of messages, in bytes and topics.
const (
	maxMessage = 4 << 20
	maxName    = 4 << 10
	maxTopics  = 1<<16 - 1
)

// chat is what an export of Telegram Desktop says of the messages below it.
type chat struct {
	name, kind string
	id         string
	username   string // of its public address, where the importer was told
	topics     topics
}

// telegram seals the messages of a result.json: of one chat or a full export.
func (r *run) telegram(in *source) error {
	s := newJSONStream(in)
	s.bom()
	err := r.chat(s, telegramName(r.BaseURL), func(key string) error {
		if key != "chats" && key != "left_chats" {
			return s.skip()
		}
		return s.object(func(key string) error {
			if key != "list" {
				return s.skip()
			}
			return s.array(func() error {
				return r.chat(s, "", func(string) error { return s.skip() })
			})
		})
	})
	if err != nil {
		return err
	}
	return s.end()
}

// chat seals the messages of a chat; other reads the members that it does not know.
func (r *run) chat(s *jsonStream, username string, other func(key string) error) error {
	if c, err := s.peek(); err != nil || c != '{' {
		if err != nil {
			return err
		}
		return s.skip()
	}
	c := &chat{username: username}
	return s.object(func(key string) error {
		if key != "messages" {
			if into := c.field(key); into != nil {
				return s.field(into)
			}
			return other(key)
		}
		if c.id == "" || c.kind == "" { // another program wrote the export again, in an order of its own
			s.ahead(c.rest)
			if err := r.ctx.Err(); err != nil {
				return err
			}
		}
		return r.messages(s, c.message)
	})
}

func (c *chat) field(key string) *string {
	switch key {
	case "name":
		return &c.name
	case "type":
		return &c.kind
	case "id":
		return &c.id
	}
	return nil
}

// rest reads what stands behind the messages of a chat. What it trips over, their
// reader will name.
func (c *chat) rest(s *jsonStream) {
	_ = s.rest(func(key string) error {
		if into := c.field(key); into != nil && *into == "" {
			return s.field(into)
		}
		return s.skip()
	})
}

// message tells the address and media type of a message.
func (c *chat) message(raw []byte) (u, contentType string) {
	m := members(raw)
	id := number(m["id"])
	return c.url(id), mediaType(TypeTelegram, "chat", c.name, "chat-id", c.id, "chat-type", c.kind,
		"chat-username", c.username, "topic", c.topics.of(id, m))
}

// topics are those of a forum: the service message that opens one has its title,
// and is what the messages of the topic answer, directly or over others.
type topics struct {
	titles []string
	of16   []uint16 // by the number of a message: its topic, from 1
}

// maxTopicMessage bounds the numbers of messages whose topic is remembered.
const maxTopicMessage = 1 << 24

func (t *topics) of(id string, m map[string]json.RawMessage) string {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil || n <= 0 || n >= maxTopicMessage {
		return ""
	}
	var topic uint16
	switch {
	case string(m["action"]) == `"topic_created"`:
		title := ""
		if json.Unmarshal(m["title"], &title) != nil || title == "" || len(t.titles) == maxTopics {
			return ""
		}
		t.titles = append(t.titles, clip(title, 300))
		topic = uint16(len(t.titles))
	case len(t.titles) == 0 || m["reply_to_peer_id"] != nil:
		return ""
	default:
		to, err := strconv.ParseInt(number(m["reply_to_message_id"]), 10, 64)
		if err != nil || to <= 0 || to >= int64(len(t.of16)) {
			return ""
		}
		topic = t.of16[to]
	}
	if topic == 0 {
		return ""
	}
	if grow := n + 1 - int64(len(t.of16)); grow > 0 {
		t.of16 = append(t.of16, make([]uint16, grow)...)
	}
	t.of16[n] = topic
	return t.titles[topic-1]
}

// field reads a string or number; any other value, and one too long, is left out.
func (s *jsonStream) field(into *string) error {
	raw, _, fits, err := s.value(maxName)
	if err != nil || !fits {
		return err
	}
	var v any
	d := json.NewDecoder(strings.NewReader(string(mended(raw))))
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

// digits is n where it is a whole number that may stand in a URL.
func digits(n json.Number) string {
	if v, err := strconv.ParseInt(string(n), 10, 64); err == nil {
		return strconv.FormatInt(v, 10)
	}
	return ""
}

// telegramName is the user name of a public channel or group that u is the address
// of, t.me/NAME or its preview t.me/s/NAME, or "".
func telegramName(u string) string {
	at, err := url.Parse(u)
	if err != nil {
		return ""
	}
	switch strings.TrimPrefix(at.Hostname(), "www.") {
	case "t.me", "telegram.me", "telegram.dog":
	default:
		return ""
	}
	name, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(at.Path, "/"), "s/"), "/")
	if len(name) < 4 || len(name) > 32 || strings.ContainsFunc(name, func(c rune) bool {
		return c != '_' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z')
	}) {
		return ""
	}
	return name
}

// url is where the message is in Telegram: its public link where the name is
// known, a link of its own for channels and supergroups, the client's deep link for
// any other chat. https://core.telegram.org/api/links
func (c *chat) url(id string) string {
	chatID := digits(json.Number(c.id))
	if chatID == "" || id == "" {
		return ""
	}
	switch c.kind {
	case "private_supergroup", "public_supergroup", "private_channel", "public_channel":
		if c.username != "" {
			return "https://t.me/" + c.username + "/" + id
		}
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
	err = json.Unmarshal(mended(raw), &s)
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
