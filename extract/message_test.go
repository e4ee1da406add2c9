package extract

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"tamga"
)

// readMessage reads a capture of an imported message.
func readMessage(t testing.TB, url, contentType, body string) *tamga.Page {
	t.Helper()
	r, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	p, err := r.Page(Input{URL: url, ContentType: contentType, Body: []byte(body)})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range p.Findings {
		if f.Raw != "" && p.Source[f.Start:f.End] != f.Raw {
			t.Errorf("%s %q stands for %q", f.Type, f.Raw, p.Source[f.Start:f.End])
		}
	}
	if n := len(p.Text.Body); len(p.Text.Offsets) != n+1 {
		t.Errorf("%d offsets of %d bytes", len(p.Text.Offsets), n)
	}
	return p
}

// one is the only post of a page.
func onlyPost(t testing.TB, p *tamga.Page) tamga.Post {
	t.Helper()
	if len(p.Posts) != 1 {
		t.Fatalf("%d posts", len(p.Posts))
	}
	return p.Posts[0]
}

// has says whether a page has a finding.
func has(p *tamga.Page, kind tamga.FindingType, value string) bool {
	for _, f := range p.Findings {
		if f.Type == kind && f.Value == value {
			return true
		}
	}
	return false
}

func wantTime(t testing.TB, have *time.Time, want string) {
	t.Helper()
	got := ""
	if have != nil {
		got = have.Format(time.RFC3339Nano)
	}
	if got != want {
		t.Errorf("time %q, want %q", got, want)
	}
}

const telegramChat = typeTelegram + "; chat*=utf-8''%D0%90%D0%BF%D1%82%D0%B5%D0%BA%D0%B0; chat-id=1000000001; chat-type=public_supergroup"

func TestTelegramMessage(t *testing.T) {
	body := `{"id": 2, "type": "message", "date": "2024-01-01T10:01:00", "date_unixtime": "1704103260", "edited_unixtime": "1704106800",
	 "from": "Shop Demo", "from_id": "user1", "forwarded_from": "Other", "reply_to_message_id": 1,
	 "text": ["\u0413\u0430\u0448\u0438\u0448 2 \u0433\nBTC ", {"type": "code", "text": "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2"}, " пишите ", {"type": "text_link", "text": "сюда", "href": "https://t.me/demo_shop_bot"}]}`
	p := readMessage(t, "https://t.me/c/1000000001/2", telegramChat, body)
	x := onlyPost(t, p)
	if x.ID != "2" || x.Channel != "Аптека" || x.Author != "Shop Demo" || x.ForwardedFrom != "Other" || x.ReplyTo != "1" || x.URL != "https://t.me/c/1000000001/2" {
		t.Errorf("%+v", x)
	}
	if want := "Гашиш 2 г\nBTC 1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2 пишите сюда"; x.Text != want {
		t.Errorf("text %q", x.Text)
	}
	wantTime(t, x.Time, "2024-01-01T10:01:00Z")
	wantTime(t, x.Edited, "2024-01-01T11:00:00Z")
	if p.Kind != tamga.PageChannel || x.Span != [2]int{0, len(body)} {
		t.Errorf("kind %s, span %v of %d", p.Kind, x.Span, len(body))
	}
	if !has(p, tamga.FindAddress, "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2") || !has(p, tamga.FindHandle, "demo_shop_bot") {
		t.Errorf("findings %+v", p.Findings)
	}
	// A time without a zone is none.
	wantTime(t, onlyPost(t, readMessage(t, "", telegramChat, `{"id":3,"date":"2024-01-01T10:01:00","text":"x"}`)).Time, "")
	// A note of the service is no post, and its text can be found.
	p = readMessage(t, "", telegramChat, `{"id":1,"type":"service","actor":"Demo","action":"pin_message","title":"Shop @demo_shop_bot"}`)
	if len(p.Posts) != 0 || !strings.Contains(p.Text.Body, "pin_message") {
		t.Errorf("service: %d posts, text %q", len(p.Posts), p.Text.Body)
	}
}

func TestDiscordMessage(t *testing.T) {
	kind := typeDiscord + `; guild="Demo guild"; channel=market; channel-type=GuildTextChat; category=Text`
	p := readMessage(t, "https://discord.com/channels/1/2/900", kind, `{"id":"901","type":"Reply","timestamp":"2024-01-05T10:00:00.123+01:00","timestampEdited":"2024-01-05T10:05:00+00:00","content":"tabs, telegram @demo_acid",
	 "author":{"id":"5","name":"demoacid","nickname":"Acid"},"embeds":[{"title":"shop","fields":[{"name":"mail","value":"acid@example.org"}]}],"reference":{"messageId":"900","channelId":"2"}}`)
	x := onlyPost(t, p)
	if x.ID != "901" || x.Channel != "market" || x.Author != "demoacid" || x.ReplyTo != "900" || x.Text != "tabs, telegram @demo_acid" || p.Title != "Demo guild / market" {
		t.Errorf("%+v of %q", x, p.Title)
	}
	wantTime(t, x.Time, "2024-01-05T09:00:00.123Z")
	wantTime(t, x.Edited, "2024-01-05T10:05:00Z")
	if !has(p, tamga.FindHandle, "demo_acid") || !has(p, tamga.FindEmail, "acid@example.org") {
		t.Errorf("findings %+v", p.Findings)
	}
	kind = typeDiscord + `; channel=offers; channel-type=GuildPublicThread; category=market`
	if x := onlyPost(t, readMessage(t, "", kind, `{"id":"1","type":"Default","content":"a","author":{"name":"b"}}`)); x.Channel != "market" || x.Thread != "offers" {
		t.Errorf("a thread: %+v", x)
	}
}

// TestMail reads one text in several charsets and transfer codings.
func TestMail(t *testing.T) {
	head := "From: =?koi8-r?B?5MXNzyDtwcfB2snO?= <shop@example.org>\r\nSubject: =?windows-1251?Q?=C3=E0=F8=E8=F8?=\r\nDate: Mon, 01 Jan 2024 10:00:00 +0300\r\nMessage-ID: <1@example.org>\r\nIn-Reply-To: <0@example.org>\r\nMIME-Version: 1.0\r\n"
	part := "Content-Type: text/plain; charset=koi8-r\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\xe7\xc1\xdb\xc9\xdb 2 \xc7, @demo_hash_shop\r\n"
	for name, body := range map[string]string{
		"8bit":             part,
		"quoted-printable": "Content-Type: text/plain; charset=windows-1251\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=C3=E0=F8=E8=F8 2 =E3, @demo_ha=\r\nsh_shop\r\n",
		"base64":           "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n0JPQsNGI0LjRiCAyINCzLC\r\nBAZGVtb19oYXNoX3Nob3A=\r\n",
		"html":             "Content-Type: text/html; charset=utf-8\r\n\r\n<p>Гашиш 2 г, @demo_hash_shop</p>\r\n",
		"alternative": "Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n" + part + "--b\r\nContent-Type: multipart/related; boundary=c\r\n\r\n--c\r\n" +
			"Content-Type: text/html; charset=utf-8\r\n\r\n<p>not this</p>\r\n--c--\r\n--b--\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			p := readMessage(t, "mid:1@example.org", typeMail, head+body)
			x := onlyPost(t, p)
			if x.Text != "Гашиш 2 г, @demo_hash_shop" || x.Thread != "Гашиш" || x.Author != "Демо Магазин <shop@example.org>" || x.ID != "1@example.org" || x.ReplyTo != "0@example.org" {
				t.Errorf("%+v", x)
			}
			wantTime(t, x.Time, "2024-01-01T07:00:00Z")
			if !has(p, tamga.FindHandle, "demo_hash_shop") || !has(p, tamga.FindEmail, "shop@example.org") {
				t.Errorf("findings %+v", p.Findings)
			}
		})
	}
	x := onlyPost(t, readMessage(t, "", typeMail, head+"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"+part+"--b\r\nContent-Type: application/pdf; name=list.pdf\r\nContent-Disposition: attachment\r\n\r\n%PDF\r\n--b--\r\n"))
	if x.Text != "Гашиш 2 г, @demo_hash_shop\n[list.pdf]" {
		t.Errorf("with an attachment: %q", x.Text)
	}
}

// TestHostileMessage reads messages that are broken, deep or long.
func TestHostileMessage(t *testing.T) {
	for name, body := range map[string]string{
		"empty": " ", "cut": `{"id":1,"text":"a`, "deep": strings.Repeat(`{"a":[`, 20000), "nul": "{\"text\":\"a\x00b\"}",
		"surrogate": `{"text":"\ud800\ud83d\ude00\uZZZZ\x"}`, "parts": `{"text":[` + strings.Repeat(`"a",`, 200000) + `"b"]}`,
		"keys": `{` + strings.Repeat(`"a":1,`, 200000) + `"text":"b"}`, "latin": "{\"text\":\"\xe9\xe9\"}",
		"links": `{"text":[` + strings.Repeat(`{"text":"x","href":"https://t.me/demo"},`, 50000) + `"b"]}`,
	} {
		for _, kind := range []string{typeTelegram, typeDiscord, typeMail} {
			p := readMessage(t, "", kind, body)
			if len(p.Posts) > 1 {
				t.Errorf("%s as %s: %d posts", name, kind, len(p.Posts))
			}
		}
	}
	if p := readMessage(t, "", typeManifest, `{"file":"a","digest":"sha256:`+strings.Repeat("ab", 32)+`"}`); len(p.Findings) != 0 {
		t.Errorf("a manifest has findings %+v", p.Findings)
	}
	nested := "Content-Type: message/rfc822\r\n\r\n"
	readMessage(t, "", typeMail, strings.Repeat(nested, 20000)+"x")
	readMessage(t, "", typeMail, "Content-Type: multipart/mixed; boundary=b\r\n\r\n"+strings.Repeat("--b\r\n\r\nx\r\n", 100000))
}

func FuzzMessage(f *testing.F) {
	for _, kind := range []string{typeTelegram, typeDiscord, typeMail} {
		f.Add(kind, `{"id":1,"type":"message","from":"a","text":["b \u0433",{"text":"@demo_shop"}],"embeds":[{"title":"x"}]}`)
		f.Add(kind, "From: a@example.org\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Transfer-Encoding: base64\r\n\r\nYQ==\r\n--b--\r\n")
	}
	r, err := New(Options{Untagged: true})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, kind, body string) {
		p, err := r.Page(Input{ContentType: kind, Body: []byte(body)})
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range p.Posts {
			if x.Span[0] < 0 || x.Span[1] > len(p.Source) || x.Span[0] > x.Span[1] {
				t.Fatalf("span %v of %d", x.Span, len(p.Source))
			}
		}
		for _, x := range p.Findings {
			if x.Raw != "" && p.Source[x.Start:x.End] != x.Raw {
				t.Fatalf("%q stands for %q", x.Raw, p.Source[x.Start:x.End])
			}
		}
	})
}

// TestTelegramKinds reads what a message has beside its text, and whose it is.
func TestTelegramKinds(t *testing.T) {
	channel := typeTelegram + "; chat=Demo; chat-id=1; chat-type=public_channel"
	for name, x := range map[string]struct {
		kind, body string
		want       tamga.Post
	}{
		"signature":    {channel, `{"id":1,"type":"message","from":"Demo","from_id":"channel1","author":"Editor","text":"a"}`, tamga.Post{ID: "1", Channel: "Demo", Author: "Editor", AuthorID: "channel1", Text: "a"}},
		"deleted":      {channel, `{"id":1,"type":"message","from":null,"from_id":"user7","forwarded_from":null,"forwarded_from_id":"user9","text":"a"}`, tamga.Post{ID: "1", Channel: "Demo", Author: "user7", AuthorID: "user7", ForwardedFrom: "user9", Text: "a"}},
		"saved":        {typeTelegram + "; chat-type=saved_messages", `{"id":1,"type":"message","from":"Me","saved_from":"Shop","text":"a"}`, tamga.Post{ID: "1", Channel: "saved_messages", Author: "Me", ForwardedFrom: "Shop", Text: "a"}},
		"no name":      {typeTelegram + "; chat-type=personal_chat", `{"id":1,"type":"message","from":null,"from_id":"user7","text":"a"}`, tamga.Post{ID: "1", Author: "user7", AuthorID: "user7", Text: "a"}},
		"topic":        {typeTelegram + "; chat=Demo; topic=Reviews", `{"id":4,"type":"message","from":"B","reply_to_message_id":2,"text":"a"}`, tamga.Post{ID: "4", Channel: "Demo", Thread: "Reviews", Author: "B", ReplyTo: "2", Text: "a"}},
		"public":       {channel + "; chat-username=demo_shop", `{"id":4,"type":"message","from":"Demo","reply_to_message_id":2,"text":"a"}`, tamga.Post{ID: "demo_shop/4", Channel: "demo_shop", Author: "Demo", ReplyTo: "demo_shop/2", Text: "a"}},
		"another chat": {channel, `{"id":4,"type":"message","from":"Demo","reply_to_message_id":2,"reply_to_peer_id":"channel9","text":"a"}`, tamga.Post{ID: "4", Channel: "Demo", Author: "Demo", ReplyTo: "channel9/2", Text: "a"}},
		"control":      {channel, `{"id":4,"type":"message","from":"Demo","text":"a\x0Bb"}`, tamga.Post{ID: "4", Channel: "Demo", Author: "Demo", Text: "a\vb"}},
		"entities":     {channel, `{"id":4,"type":"message","from":"Demo","text":["a ",{"type":"bold","text":"b"}," ",{"type":"pre","text":"c","language":""},{"type":"custom_emoji","text":"d","document_id":"x"}]}`, tamga.Post{ID: "4", Channel: "Demo", Author: "Demo", Text: "a b cd"}},
		"file":         {channel, `{"id":4,"type":"message","from":"Demo","file":"(File not included. Change data exporting settings to download.)","file_name":"price.pdf","media_type":"video_file","text":""}`, tamga.Post{ID: "4", Channel: "Demo", Author: "Demo", Text: "price.pdf", Media: []string{"video"}}},
		"photo":        {channel, `{"id":4,"type":"message","from":"Demo","photo":"photos/1.jpg","width":1,"height":1,"text":"a"}`, tamga.Post{ID: "4", Channel: "Demo", Author: "Demo", Text: "a", Media: []string{"photo"}}},
		"poll":         {channel, `{"id":4,"type":"message","from":"Demo","poll":{"question":"q?","closed":false,"total_voters":3,"answers":[{"text":"x","voters":1,"chosen":false},{"text":"y","voters":2,"chosen":true}]},"text":""}`, tamga.Post{ID: "4", Channel: "Demo", Author: "Demo", Text: "q?\nx\ny", Media: []string{"poll"}}},
		"contact":      {channel, `{"id":4,"type":"message","from":"Demo","contact_information":{"first_name":"A","last_name":"","phone_number":"+7 700 000 00 00"},"text":""}`, tamga.Post{ID: "4", Channel: "Demo", Author: "Demo", Text: "A\n+7 700 000 00 00", Media: []string{"contact"}}},
		"place":        {channel, `{"id":4,"type":"message","from":"Demo","location_information":{"latitude":43.238141,"longitude":76.889702},"text":"a"}`, tamga.Post{ID: "4", Channel: "Demo", Author: "Demo", Text: "a", Media: []string{"location"}}},
	} {
		t.Run(name, func(t *testing.T) {
			p := readMessage(t, "", x.kind, x.body)
			got := onlyPost(t, p)
			x.want.Span = [2]int{0, len(x.body)}
			if !reflect.DeepEqual(got, x.want) {
				t.Errorf("%+v\nwant %+v", got, x.want)
			}
			if name == "place" && !has(p, tamga.FindPlace, "43.238,76.890") {
				t.Errorf("findings %+v", p.Findings)
			}
		})
	}
	if p := readMessage(t, "", channel, `{"id":5,"type":"unsupported"}`); len(p.Posts) != 0 {
		t.Errorf("what is not told is a post: %+v", p.Posts)
	}
}

// TestDiscordKinds reads forwarded messages, files and buttons.
func TestDiscordKinds(t *testing.T) {
	kind := typeDiscord + `; guild=Demo; channel=market; channel-type=GuildTextChat`
	x := onlyPost(t, readMessage(t, "", kind, `{"id":"4","type":"Default","content":"","author":{"id":"5","name":"b"},"attachments":[{"id":"1","fileName":"menu.png"}],"stickers":[{"name":"wave"}],
	 "reference":{"type":"Forward","messageId":"9","channelId":"77"},"forwardedMessage":{"timestamp":"2024-01-05T10:00:00+00:00","content":"original","embeds":[],"attachments":[]}}`))
	if x.Text != "original" || x.ForwardedFrom != "77" || x.ReplyTo != "" || x.AuthorID != "5" || strings.Join(x.Media, " ") != "document sticker" {
		t.Errorf("%+v", x)
	}
	p := readMessage(t, "", kind, `{"id":"4","type":"Default","content":"","author":{"id":"5","name":"b"},"components":[{"type":"ActionRow","components":[{"type":"Button","label":"Shop","url":"https://t.me/demo_acid_shop"}]}]}`)
	if onlyPost(t, p).Text != "Shop" || !has(p, tamga.FindHandle, "demo_acid_shop") {
		t.Errorf("%+v %+v", p.Posts, p.Findings)
	}
	for name, n := range map[string]int{"GuildMemberJoin": 0, "ChannelPinnedMessage": 0, "ThreadCreated": 0, "8": 0, "Reply": 1, "20": 1} {
		if p := readMessage(t, "", kind, `{"id":"4","type":"`+name+`","content":"a","author":{"name":"b"}}`); len(p.Posts) != n {
			t.Errorf("%s: %d posts", name, len(p.Posts))
		}
	}
}

// TestMailThread tells a thread by its subject and an answer by its fields.
func TestMailThread(t *testing.T) {
	for subject, want := range map[string]string{"Re: price": "price", "RE[2]: Fwd: price": "price", "Отв: цена": "цена", "Re:": "Re:", "Regards: a": "Regards: a"} {
		x := onlyPost(t, readMessage(t, "", typeMail, "From: a@example.org\nSubject: "+subject+"\nMessage-ID: <2@x>\nIn-Reply-To: Message of Monday <1@x> (by b)\n\nb\n>From c\n>>From d\n > From e\n"))
		if x.Thread != want || x.ReplyTo != "1@x" || x.Text != "b\nFrom c\n>From d\n > From e" {
			t.Errorf("%q: %+v", subject, x)
		}
	}
}
