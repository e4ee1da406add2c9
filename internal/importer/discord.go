package importer

import (
	"encoding/json"
	"io"
	"strconv"
)

// discordPlace is where the messages of a DiscordChatExporter JSON file were
// written.
type discordPlace struct {
	guild, guildID         string
	channel, channelID     string
	kind, category, parent string
	count                  string
}

func (p *discordPlace) survey(in io.Reader) error {
	return p.walk(newJSONStream(in), func(s *jsonStream) error { return s.array(s.skip) })
}

func (p *discordPlace) walk(s *jsonStream, messages func(*jsonStream) error) error {
	s.bom()
	fields := func(into map[string]*string) error {
		if c, err := s.peek(); err != nil || c != '{' {
			if err != nil {
				return err
			}
			return s.skip()
		}
		return s.object(func(key string) error {
			if f := into[key]; f != nil {
				return s.field(f)
			}
			return s.skip()
		})
	}
	err := s.object(func(key string) error {
		switch key {
		case "guild":
			return fields(map[string]*string{"id": &p.guildID, "name": &p.guild})
		case "channel":
			return fields(map[string]*string{"id": &p.channelID, "name": &p.channel, "type": &p.kind, "category": &p.category})
		case "messageCount":
			return s.field(&p.count)
		case "messages":
			return messages(s)
		}
		return s.skip()
	})
	if err != nil {
		return err
	}
	return s.end()
}

// discord seals the messages of a channel.
func (r *run) discord(in io.Reader, p *discordPlace) error {
	before := r.sum.Records
	contentType := mediaType(TypeDiscord, "guild", p.guild, "channel", p.channel, "channel-type", p.kind, "category", p.category)
	err := p.walk(newJSONStream(in), func(s *jsonStream) error {
		return s.array(func() error {
			return r.message(s, func(raw []byte) (string, string) {
				var m struct{ ID string }
				_ = json.Unmarshal(raw, &m)
				return p.url(m.ID), contentType
			})
		})
	})
	if err != nil {
		return err
	}
	if n := r.sum.Records - before; p.count != "" && p.count != strconv.FormatInt(n, 10) {
		r.sum.problem(r.name, "the export says it has %s messages, it has %d", clip(p.count, 20), n)
	}
	return nil
}

// url is the message's link; a direct message belongs to no guild.
func (p *discordPlace) url(id string) string {
	guild, channel, id := digits(json.Number(p.guildID)), digits(json.Number(p.channelID)), digits(json.Number(id))
	if channel == "" || id == "" {
		return ""
	}
	if guild == "" || guild == "0" {
		guild = "@me"
	}
	return "https://discord.com/channels/" + guild + "/" + channel + "/" + id
}
