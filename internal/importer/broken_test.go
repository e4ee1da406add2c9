package importer

import (
	"context"
	"encoding/json"
	"fmt"
	"mime"
	"os"
	"slices"
	"strings"
	"testing"

	"tamga"
)

// pretty is an export of one chat as Telegram Desktop writes it, a member a line.
func pretty(messages ...string) string {
	var b strings.Builder
	b.WriteString("{\n \"name\": \"Demo\",\n \"type\": \"private_channel\",\n \"id\": 1000000001,\n \"messages\": [\n")
	for i, m := range messages {
		if i > 0 {
			b.WriteString(",\n")
		}
		b.WriteString("  " + m)
	}
	b.WriteString("\n ]\n}")
	return b.String()
}

func prettyMessage(id int) string {
	return fmt.Sprintf("{\n   \"id\": %d,\n   \"type\": \"message\",\n   \"date_unixtime\": \"1704103260\",\n   \"from\": \"Shop\",\n   \"text\": [\n    \"offer [%d] {\\\"id\\\": 1} \",\n    {\n     \"type\": \"mention\",\n     \"text\": \"@demo_shop\"\n    }\n   ]\n  }", id, id)
}

func compact(messages ...string) string {
	return `{"name":"Demo","type":"private_channel","id":1000000001,"messages":[` + strings.Join(messages, ",") + `]}`
}

func compactMessage(id int) string {
	return fmt.Sprintf(`{"id":%d,"type":"message","from":"Shop","reactions":[{"type":"emoji","count":1}],"text":"offer %d"}`, id, id)
}

// TestBroken breaks one message of an export in each way and wants the others taken
// in, the broken one sealed as it stands, and its place named.
func TestBroken(t *testing.T) {
	for style, x := range map[string]struct {
		export  func(...string) string
		message func(int) string
	}{"pretty": {pretty, prettyMessage}, "compact": {compact, compactMessage}} {
		good := x.message(2)
		for name, bad := range map[string]string{
			"no end":          strings.TrimRight(good, " \n}"),
			"no end of text":  strings.Replace(good, `offer`, `offer", "`, 1)[:strings.Index(good, "offer")+2],
			"no quote":        strings.Replace(good, `"Shop"`, `"Shop`, 1),
			"a bare word":     strings.Replace(good, `"Shop"`, `oops`, 1),
			"a bracket":       strings.Replace(good, `"Shop"`, `["Shop"`, 1),
			"a brace":         strings.Replace(good, `"Shop"`, `"Shop"}`, 1),
			"an array":        strings.Replace(good, `"Shop"`, `[1, 2`, 1),
			"nothing but {":   "{",
			"a trailing word": good + " oops",
		} {
			t.Run(style+"/"+name, func(t *testing.T) {
				content := x.export(x.message(1), bad, x.message(3), x.message(4))
				path := file(t, "result.json", content)
				im, a := archive(t)
				sum := take(t, im, path, KindTelegram)
				var got []string
				for _, ex := range sealed(t, a) {
					if !strings.Contains(content, string(ex.Body)) {
						t.Errorf("not bytes of the file: %q", ex.Body)
					}
					got = append(got, ex.URL[strings.LastIndexByte(ex.URL, '/')+1:])
				}
				for _, id := range []string{"1", "3", "4"} {
					if !slices.Contains(got, id) {
						t.Errorf("message %s is missing of %v", id, got)
					}
				}
				if len(sum.Problems) == 0 || len(sum.Problems) > 2 {
					t.Fatalf("problems %v", sum.Problems)
				}
				at := strings.Index(content, x.message(1)+",") + len(x.message(1)) + 1
				at += strings.Index(content[at:], "{")
				var where int
				if _, err := fmt.Sscanf(sum.Problems[0].Where, "result.json at byte %d", &where); err != nil || where < at || where > at+len(bad) {
					t.Errorf("%q, the message stands at byte %d", sum.Problems[0].Where, at)
				}
				again := take(t, &Importer{Archive: a, Now: im.Now}, path, KindTelegram)
				if again.Captured != 0 || again.Known != sum.Records {
					t.Errorf("again: %+v", again)
				}
			})
		}
	}
}

// TestBrokenChat breaks the last message of a chat of a full export: the messages
// of the next chat are that chat's.
func TestBrokenChat(t *testing.T) {
	chat := func(id int, messages string) string {
		return fmt.Sprintf("   {\n    \"name\": \"Chat %d\",\n    \"type\": \"private_channel\",\n    \"id\": %d,\n    \"messages\": [\n     %s\n    ]\n   }", id, id, messages)
	}
	bad := "{\n      \"id\": 7,\n      \"type\": \"message\",\n      \"text\": \"open\n     }"
	content := "{\n \"about\": \"x\",\n \"chats\": {\n  \"about\": \"y\",\n  \"list\": [\n" + chat(11, bad) + ",\n" +
		chat(12, "{\n      \"id\": 8,\n      \"type\": \"message\",\n      \"text\": \"b\"\n     }") + "\n  ]\n },\n \"left_chats\": {\n  \"list\": [\n" +
		chat(13, "{\n      \"id\": 9,\n      \"type\": \"message\",\n      \"text\": \"c\"\n     }") + "\n  ]\n }\n}"
	im, a := archive(t)
	sum := take(t, im, file(t, "result.json", content), KindTelegram)
	count(t, sum, 3, 3, 1)
	for i, want := range []string{"https://t.me/c/11/7", "https://t.me/c/12/8", "https://t.me/c/13/9"} {
		if got := sealed(t, a)[i].URL; got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// TestBrokenMany bounds what is read again where every message is broken.
func TestBrokenMany(t *testing.T) {
	bad := strings.Repeat(`{"id":1,"type":"message","text":[`+"\n", 20_000)
	sum, all := problems(t, KindTelegram, file(t, "result.json", compact(bad)))
	if sum.Records == 0 || !strings.Contains(all, "broken") {
		t.Errorf("%d records: %.200s", sum.Records, all)
	}
}

// params are those of the media type that a capture has.
func params(t testing.TB, ex *tamga.Exchange) map[string]string {
	t.Helper()
	_, p, err := mime.ParseMediaType(ex.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestTopics tells the topic of a forum's messages by what they answer.
func TestTopics(t *testing.T) {
	im, a := archive(t)
	sum := take(t, im, file(t, "result.json", `{"name":"Demo","type":"private_supergroup","id":5,"messages":[
 {"id":1,"type":"service","action":"create_channel","title":"Demo"},
 {"id":2,"type":"service","action":"topic_created","title":"Отзывы"},
 {"id":3,"type":"message","reply_to_message_id":2,"text":"in it"},
 {"id":4,"type":"message","reply_to_message_id":3,"text":"an answer in it"},
 {"id":5,"type":"message","text":"in none"},
 {"id":6,"type":"message","reply_to_message_id":5,"text":"an answer in none"},
 {"id":7,"type":"message","reply_to_message_id":2,"reply_to_peer_id":"channel9","text":"an answer to another chat"},
 {"id":8,"type":"message","reply_to_message_id":900000000000,"text":"an answer to what is not there"}]}`), KindTelegram)
	count(t, sum, 8, 8, 0)
	var got []string
	for _, ex := range sealed(t, a) {
		got = append(got, params(t, ex)["topic"])
	}
	if want := []string{"", "Отзывы", "Отзывы", "Отзывы", "", "", "", ""}; !slices.Equal(got, want) {
		t.Errorf("topics %q, want %q", got, want)
	}
}

// TestPublicName gives the messages of a public chat the addresses that its preview
// has, where the importer is told its name.
func TestPublicName(t *testing.T) {
	for base, want := range map[string]string{
		"": "https://t.me/c/1000000001/2", "https://t.me/demo_shop": "https://t.me/demo_shop/2", "https://t.me/s/demo_shop?before=9": "https://t.me/demo_shop/2",
		"https://demo.example/demo_shop": "https://t.me/c/1000000001/2", "https://t.me/+AbCdEf": "https://t.me/c/1000000001/2",
	} {
		im, a := archive(t)
		im.BaseURL = base
		take(t, im, file(t, "result.json", telegramSample), KindTelegram)
		if got := sealed(t, a)[1].URL; got != want {
			t.Errorf("of %q: %s, want %s", base, got, want)
		}
	}
}

// TestOtherOrder reads exports that another program wrote again, keys sorted.
func TestOtherOrder(t *testing.T) {
	for kind, sample := range map[Kind]string{KindTelegram: telegramSample, KindDiscord: discordSample} {
		var v map[string]any
		if err := json.Unmarshal([]byte(sample), &v); err != nil {
			t.Fatal(err)
		}
		sorted, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		im, a := archive(t)
		as, b := archive(t)
		take(t, im, file(t, "x", sample), kind)
		var sum Summary
		if err := as.Import(context.Background(), file(t, "x", strings.Replace(string(sorted), `"name"`, `"zz":1,"name"`, 1)), kind, &sum); err != nil || len(sum.Problems) > 0 {
			t.Fatal(err, sum.Problems)
		}
		want, got := sealed(t, a), sealed(t, b)
		for i := range want {
			if want[i].URL != got[i].URL || want[i].Header.Get("Content-Type") != got[i].Header.Get("Content-Type") {
				t.Errorf("%s %s, want %s %s", got[i].URL, got[i].Header, want[i].URL, want[i].Header)
			}
		}
	}
}

// TestControlCharacters takes the escape that Telegram Desktop writes, which is none
// of JSON, for what it is.
func TestControlCharacters(t *testing.T) {
	im, a := archive(t)
	sum := take(t, im, file(t, "result.json", compact(`{"id":2,"type":"message","text":"a\x0Bb\\x0C"}`)), KindTelegram)
	count(t, sum, 1, 1, 0)
	if u := sealed(t, a)[0].URL; u != "https://t.me/c/1000000001/2" {
		t.Errorf("%s", u)
	}
}

// TestWide refuses what is not UTF-8 by a name that helps.
func TestWide(t *testing.T) {
	if _, err := Detect(file(t, "x", "\xff\xfe{\x00\"\x00n\x00")); err == nil || !strings.Contains(err.Error(), "UTF-16") {
		t.Errorf("%v", err)
	}
}

// TestMailboxes tells where messages begin and end in each form of mailbox.
func TestMailboxes(t *testing.T) {
	head := func(id int, more string) string {
		return fmt.Sprintf("From: shop@example.org\nTo: buyer@example.org\nSubject: s\nMessage-ID: <%d@example.org>\n%s\n", id, more)
	}
	from := "From shop@example.org Mon Jan  1 10:00:00 2024\n"
	body2 := "text\n\n" + from + "Subject: within, by its length\n\nend\n"
	for name, x := range map[string]struct {
		content string
		want    int
		bodies  []string
	}{
		"mboxo":         {from + head(1, "") + "a\n>From b\n\n" + from + head(2, "") + "c\n", 2, []string{"a\n>From b\n", "c\n"}},
		"mboxrd":        {from + head(1, "") + "a\n>>From b\n\n" + from + head(2, "") + "c\n", 2, []string{"a\n>>From b\n", "c\n"}},
		"mboxcl2":       {from + head(1, fmt.Sprintf("Content-Length: %d\n", len(body2))) + body2 + "\n" + from + head(2, "") + "c\n", 2, []string{body2, "c\n"}},
		"a wrong count": {from + head(1, "Content-Length: 3\n") + "text\n\n" + from + head(2, "") + "c\n", 2, []string{"text\n", "c\n"}},
		"prose":         {from + head(1, "") + "a\n\nFrom Monday at 10:00 of 2024 on\nno header\n\nFrom here: on\nNote: this\n", 1, []string{"a\n\nFrom Monday at 10:00 of 2024 on\nno header\n\nFrom here: on\nNote: this\n"}},
		"crlf":          {strings.ReplaceAll(from+head(1, "")+"a\n\n"+from+head(2, "")+"c\n", "\n", "\r\n"), 2, []string{"a\r\n", "c\r\n"}},
		"one message":   {"Received: by demo\n" + head(1, "Date: Mon, 01 Jan 2024 10:00:00 +0300\n") + "a\n\n" + from + "is quoted here\n", 1, []string{"a\n\n" + from + "is quoted here\n"}},
	} {
		t.Run(name, func(t *testing.T) {
			im, a := archive(t)
			sum := take(t, im, file(t, "x", x.content), KindMbox)
			count(t, sum, x.want, x.want, 0)
			for i, ex := range sealed(t, a) {
				if !strings.HasSuffix(string(ex.Body), x.bodies[i]) || ex.URL != fmt.Sprintf("mid:%d@example.org", i+1) {
					t.Errorf("%s %q, want %q", ex.URL, ex.Body, x.bodies[i])
				}
			}
		})
	}
}

// TestDamagedRecord damages one record of a WARC file and wants the others.
func TestDamagedRecord(t *testing.T) {
	records := warcRecords()
	plain := strings.Join(records[:1], "") + strings.Replace(records[1], "Content-Length: ", "Content-Length: x", 1) + strings.Join(records[2:], "")
	first, second := zipped(records[0]), zipped(records[1])
	flip := []byte(second)
	flip[len(flip)/2] ^= 0xff
	short := second[:len(second)/2]
	for name, content := range map[string]string{
		"plain": plain, "flipped": first + string(flip) + zipped(records[2:]...), "short": first + short + zipped(records[2:]...),
		"garbage": first + strings.Repeat("\x1f\x8b\x08\x00garbage", 300) + zipped(records[2:]...),
	} {
		t.Run(name, func(t *testing.T) {
			im, a := archive(t)
			path := file(t, "x", content)
			var sum Summary
			if err := im.Import(context.Background(), path, KindWARC, &sum); err != nil {
				t.Fatal(err)
			}
			if len(sum.Problems) == 0 || !strings.Contains(sum.Problems[0].Where, "x at byte ") || !strings.Contains(sum.Problems[0].What, "what is behind it is") {
				t.Errorf("problems %v", sum.Problems)
			}
			var urls []string
			for _, ex := range sealed(t, a) {
				urls = append(urls, ex.URL)
			}
			for _, u := range []string{"http://w.example/2", "http://w.example/4.txt"} {
				if !slices.Contains(urls, u) {
					t.Errorf("%s is missing of %v", u, urls)
				}
			}
			if info, err := os.Stat(path); err != nil || info.Size() != int64(len(content)) {
				t.Error("the file was touched")
			}
		})
	}
}
