package importer

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
)

// All of these are invented: shops, people, addresses.

const telegramSample = `{
 "name": "Demo Pharmacy",
 "type": "public_supergroup",
 "id": 1000000001,
 "messages": [
  {"id": 1, "type": "service", "date": "2024-01-01T10:00:00", "date_unixtime": "1704103200", "actor": "Demo", "actor_id": "user1", "action": "create_supergroup", "title": "Demo Pharmacy", "text": "", "text_entities": []},
  {"id": 2, "type": "message", "date": "2024-01-01T10:01:00", "date_unixtime": "1704103260", "from": "Shop", "from_id": "user1", "text": ["write ", {"type": "mention", "text": "@demo_shop_bot"}], "text_entities": []},
  {"id": 3, "type": "message", "date": "2024-01-01T10:02:00", "from": "Buyer", "from_id": "user2", "text": "ok \"}],", "text_entities": []},
  {"id": 4, "type": "message", "date": "2024-01-01T10:03:00", "from": "Buyer", "from_id": "user2", "text": "ok", "text_entities": []}
 ]
}`

const discordSample = `{
 "guild": {"id": "111", "name": "Demo guild", "iconUrl": ""},
 "channel": {"id": "222", "type": "GuildTextChat", "categoryId": "9", "category": "Text", "name": "market", "topic": null},
 "dateRange": {"after": null, "before": null},
 "exportedAt": "2024-02-01T00:00:00+00:00",
 "messages": [
  {"id": "900", "type": "Default", "timestamp": "2024-01-05T10:00:00.123+00:00", "timestampEdited": null, "isPinned": false, "content": "tabs, write to @demo_acid", "author": {"id": "5", "name": "demoacid", "nickname": "Acid"}},
  {"id": "901", "type": "Reply", "timestamp": "2024-01-05T10:06:00+00:00", "content": "interested", "author": {"id": "6", "name": "buyer"}, "reference": {"messageId": "900", "channelId": "222", "guildId": "111"}},
  {"id": "902", "type": "GuildMemberJoin", "timestamp": "2024-01-05T10:07:00+00:00", "content": "Joined the server.", "author": {"id": "7", "name": "new"}}
 ],
 "messageCount": 3
}`

const mboxSample = "From shop@example.org Mon Jan  1 10:00:00 2024\nFrom: shop@example.org\nSubject: one\nMessage-ID: <1@example.org>\nDate: Mon, 01 Jan 2024 10:00:00 +0300\n\nfirst\n>From the start\n\n" +
	"From shop@example.org Mon Jan  1 10:01:00 2024\nFrom: shop@example.org\nSubject: two\n\nFrom here on, no number of its own\n\n" +
	"From shop@example.org Mon Jan  1 10:02:00 2024\nFrom: shop@example.org\nMessage-ID: <3@example.org>\n\nlast\n"

const harSample = `{"log":{"version":"1.2","creator":{"name":"demo","version":"1"},"entries":[
{"startedDateTime":"2024-01-01T10:00:00.000Z","time":1,"serverIPAddress":"203.0.113.7","request":{"method":"GET","url":"https://demo.example/h","httpVersion":"HTTP/2","headers":[{"name":":authority","value":"demo.example"},{"name":"Accept","value":"*/*"}]},"response":{"status":200,"statusText":"","httpVersion":"HTTP/2","headers":[{"name":"content-type","value":"text/html; charset=windows-1251"},{"name":"content-encoding","value":"br"}],"content":{"size":30,"mimeType":"text/html","text":"<html><title>привет</title></html>"}}},
{"startedDateTime":"2024-01-01T10:00:01.000+01:00","request":{"method":"POST","url":"https://demo.example/i","httpVersion":"http/1.1","headers":[],"postData":{"text":"a=1"}},"response":{"status":404,"statusText":"Not Found","httpVersion":"http/1.1","headers":[{"name":"Content-Type","value":"text/plain"}],"content":{"size":2,"mimeType":"text/plain","text":"bm8=","encoding":"base64"}}},
{"startedDateTime":"2024-01-01T10:00:02.000Z","request":{"method":"GET","url":"data:text/plain,x","httpVersion":"http/1.1","headers":[]},"response":{"status":200,"content":{}}}
]}}`

// warcRecordOf is a record of a WARC file; fields end in CRLF.
func warcRecordOf(kind, uri, fields, block string) string {
	if uri != "" {
		fields = "WARC-Target-URI: " + uri + "\r\n" + fields
	}
	return fmt.Sprintf("WARC/1.0\r\nWARC-Type: %s\r\nWARC-Record-ID: <urn:demo:%s:%s>\r\nWARC-Date: 2020-05-01T10:00:00Z\r\n%sContent-Length: %d\r\n\r\n%s\r\n\r\n",
		kind, kind, strings.TrimPrefix(uri, "http://"), fields, len(block), block)
}

const (
	httpResponse = "Content-Type: application/http;msgtype=response\r\n"
	httpRequest  = "Content-Type: application/http;msgtype=request\r\n"
	demoPage     = "<html><title>Demo</title><body>1g 80 EUR</body></html>"
	demoHead     = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"
)

func warcRecords() []string {
	sum := "WARC-Payload-Digest: sha256:" + digestHex([]byte(demoPage)) + "\r\n"
	return []string{
		warcRecordOf("warcinfo", "", "Content-Type: application/warc-fields\r\n", "software: demo\r\n"),
		warcRecordOf("response", "http://w.example/1", httpResponse+sum, demoHead+demoPage),
		warcRecordOf("request", "http://w.example/1", httpRequest+"WARC-Concurrent-To: <urn:demo:response:w.example/1>\r\n", "GET /1 HTTP/1.1\r\nHost: w.example\r\n\r\n"),
		warcRecordOf("response", "http://w.example/2", httpResponse, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n<html\r\n1\r\n>\r\n0\r\n\r\n"),
		warcRecordOf("revisit", "http://w.example/3", httpResponse+sum+"WARC-Refers-To: <urn:demo:response:w.example/1>\r\n", demoHead),
		warcRecordOf("resource", "http://w.example/4.txt", "Content-Type: text/plain\r\n", "plain"),
	}
}

func warcSample() string { return strings.Join(warcRecords(), "") }

func zipped(parts ...string) string {
	var b bytes.Buffer
	for _, p := range parts {
		z := gzip.NewWriter(&b)
		z.Write([]byte(p))
		z.Close()
	}
	return b.String()
}

// waczSample is a WACZ file of the same records, with further entries.
func waczSample(t testing.TB, more map[string]string) []byte {
	t.Helper()
	archive := zipped(warcRecords()...)
	pkg, err := json.Marshal(map[string]any{"profile": "data-package", "resources": []any{
		map[string]any{"name": "data.warc.gz", "path": "archive/data.warc.gz", "hash": "sha256:" + digestHex([]byte(archive)), "bytes": len(archive)},
	}})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	entries := map[string]string{"archive/data.warc.gz": archive, "datapackage.json": string(pkg)}
	for name, content := range more {
		entries[name] = content
	}
	for name, content := range entries {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		w.Write([]byte(content))
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// folder is a folder of saved pages.
func folder(t testing.TB) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "saved")
	for name, content := range map[string]string{
		"a.html":               "<!DOCTYPE html>\n<!-- saved from url=(0030)http://demo.example.onion/item/1 -->\n<html><head><link rel=\"canonical\" href=\"https://other.example/\"></head><body>a</body></html>",
		"a_files/frame.html":   "<html><!--\n Page saved with SingleFile \n url: https://demo.example/frame?x=1 \n saved date: Mon -->\n<body>f</body></html>",
		"a_files/style.css":    "body{}",
		"a_files/script.js":    "document.write('<html>')",
		"b":                    "\n <HTML><head><link href='https://demo.example/item/2#x' rel='shortlink canonical'></head><body>b</body></html>",
		"sub/page with no.htm": "<html><body>c</body></html>",
		"sub/notes.txt":        "no page",
	} {
		p := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
