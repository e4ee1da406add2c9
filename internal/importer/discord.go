package importer

import (
	"encoding/json"
	"strconv"
)

// discordPlace is where the messages of a DiscordChatExporter JSON file were
// written.
type discordPlace struct {
	guild, guildID     string
	channel, channelID string
	kind, category     string
	count              string
}

// member reads a member that tells of the place; false where key is another.
func (p *discordPlace) member(s *jsonStream, key string) (bool, error) {
	var into map[string]*string
	switch key {
	case "guild":
		into = map[string]*string{"id": &p.guildID, "name": &p.guild}
	case "channel":
		into = map[string]*string{"id": &p.channelID, "name": &p.channel, "type": &p.kind, "category": &p.category}
	case "messageCount":
		return true, s.field(&p.count)
	default:
		return false, nil
	}
	if c, err := s.peek(); err != nil || c != '{' {
		if err != nil {
			return true, err
		}
		return true, s.skip()
	}
	return true, s.object(func(key string) error {
		if f := into[key]; f != nil {
			return s.field(f)
		}
		return s.skip()
	})
}

// message tells the address and media type of a message.
func (p *discordPlace) message(raw []byte) (u, contentType string) {
	return p.url(number(members(raw)["id"])), mediaType(TypeDiscord, "guild", p.guild, "channel", p.channel, "channel-type", p.kind, "category", p.category)
}

// discord seals the messages of a channel.
func (r *run) discord(in *source) error {
	s, p, before := newJSONStream(in), &discordPlace{}, r.sum.Records
	s.bom()
	err := s.object(func(key string) error {
		if known, err := p.member(s, key); known {
			return err
		}
		if key != "messages" {
			return s.skip()
		}
		if p.channelID == "" { // another program wrote the export again, in an order of its own
			s.ahead(func(s *jsonStream) {
				_ = s.rest(func(key string) error {
					if known, err := p.member(s, key); known {
						return err
					}
					return s.skip()
				})
			})
		}
		return r.messages(s, p.message)
	})
	if err == nil {
		err = s.end()
	}
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
