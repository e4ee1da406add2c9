package importer

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/klauspost/compress/gzip"
)

// problems imports a file as a kind and returns what was wrong with it.
func problems(t testing.TB, kind Kind, path string) (Summary, string) {
	t.Helper()
	im, _ := archive(t)
	var sum Summary
	if err := im.Import(context.Background(), path, kind, &sum); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	var all []string
	for _, p := range sum.Problems {
		if p.What == "" || p.Where == "" {
			t.Errorf("a problem %+v", p)
		}
		all = append(all, p.What)
	}
	return sum, strings.Join(all, "\n")
}

// TestHostile imports files that lie, and wants each bounded and named.
func TestHostile(t *testing.T) {
	message := func(text string) string {
		return `{"name":"a","type":"private_channel","id":1,"messages":[` + text + `,{"id":2,"text":"whole"}]}`
	}
	wide := utf16.Encode([]rune(telegramSample))
	var sixteen bytes.Buffer
	sixteen.WriteString("\xff\xfe")
	for _, c := range wide {
		sixteen.Write([]byte{byte(c), byte(c >> 8)})
	}
	huge := warcRecordOf("response", "http://w.example/", httpResponse, demoHead)
	for name, x := range map[string]struct {
		kind    Kind
		content string
		records int64
		what    string
	}{
		"deep":              {KindTelegram, message(`{"id":1,"text":` + strings.Repeat("[", 200_000) + strings.Repeat("]", 200_000) + `}`), 2, "not valid JSON"},
		"long message":      {KindTelegram, message(`{"id":1,"text":"` + strings.Repeat("a", maxMessage) + `"}`), 2, "longer than"},
		"no object":         {KindTelegram, message(`17`), 2, "no object"},
		"nul":               {KindTelegram, message("{\"id\":1,\"text\":\"\x00\"}"), 2, "not valid JSON"},
		"latin-1":           {KindTelegram, message("{\"id\":1,\"text\":\"\xe9\"}"), 2, "not UTF-8"},
		"utf-16":            {KindTelegram, sixteen.String(), 0, "not JSON"},
		"long key":          {KindTelegram, `{"` + strings.Repeat("k", 1<<20) + `":1,"messages":[{"id":1}]}`, 1, ""},
		"two documents":     {KindTelegram, telegramSample + "{}", 4, "want the end"},
		"no comma":          {KindDiscord, `{"messages":[{"id":"1"} {"id":"2"}]}`, 2, "no comma before a message"},
		"miscounted":        {KindDiscord, `{"channel":{"id":"1"},"messages":[{"id":"1"}],"messageCount":2}`, 1, "says it has 2"},
		"har base64":        {KindHAR, strings.Replace(harSample, "bm8=", "*", 1), 2, "not base64"},
		"har time":          {KindHAR, strings.Replace(harSample, "2024-01-01T10:00:00.000Z", "yesterday", 1), 2, "of the time"},
		"har address":       {KindHAR, strings.Replace(harSample, "https://demo.example/h", "http://[", 1), 2, "of the address"},
		"har header":        {KindHAR, strings.Replace(harSample, `"*/*"`, `"a\r\n\r\nb"`, 1), 2, ""},
		"warc digest":       {KindWARC, strings.Replace(warcSample(), "1g 80 EUR", "1g 90 EUR", 1), 4, "does not have the WARC-Payload-Digest"},
		"warc block digest": {KindWARC, warcRecordOf("resource", "http://w.example/", "WARC-Block-Digest: md5:00\r\n", "x"), 1, "does not have the WARC-Block-Digest"},
		"warc length":       {KindWARC, strings.Replace(huge, "Content-Length: ", "Content-Length: 9", 1), 0, "middle of a record"},
		"warc no length":    {KindWARC, strings.Replace(huge, "Content-Length: ", "Content-Length: -", 1), 0, "Content-Length"},
		"warc header":       {KindWARC, "WARC/1.0\r\n" + strings.Repeat("A: b\r\n", 100_000), 0, "header is longer"},
		"warc address":      {KindWARC, warcRecordOf("response", "no address", httpResponse, demoHead), 1, "of the address"},
		"warc head":         {KindWARC, warcRecordOf("response", "http://w.example/", httpResponse, "no head"), 1, "no HTTP head"},
		"warc revisit":      {KindWARC, warcRecordOf("revisit", "http://w.example/", httpResponse+"WARC-Payload-Digest: sha1:AAAA\r\n", demoHead), 1, "is not there"},
		"warc kind":         {KindWARC, warcRecordOf("nonsense", "http://w.example/", "", "x"), 0, "of type"},
		"warc garbage":      {KindWARC, warcSample() + "garbage\r\n", 4, "not a WARC record"},
		"gzip garbage":      {KindWARC, zipped(warcRecords()...) + "garbage behind the last record", 4, "no gzip"},
		"gzip padding":      {KindWARC, zipped(warcRecords()...) + strings.Repeat("\x00", 512), 4, ""},
		"gzip flip":         {KindWARC, flipped(zipped(warcRecords()...)), 3, ""},
		"zip":               {KindWACZ, "PK\x03\x04" + strings.Repeat("\x00", 100), 0, "not a zip file"},
		"mbox header":       {KindMbox, "From a Mon Jan  1 10:00:00 2024\nno field\n\nb\n", 1, "header cannot be read"},
	} {
		t.Run(name, func(t *testing.T) {
			sum, all := problems(t, x.kind, file(t, "x", x.content))
			if sum.Records != x.records && name != "gzip flip" {
				t.Errorf("%d records, want %d", sum.Records, x.records)
			}
			if !strings.Contains(all, x.what) || x.what == "" && all != "" && name != "gzip flip" {
				t.Errorf("problems %q, want %q", all, x.what)
			}
		})
	}
}

// flipped has a bit changed near its end.
func flipped(s string) string {
	b := []byte(s)
	b[len(b)-len(b)/4] ^= 4
	return string(b)
}

// TestBombs unpacks to far more than it is packed.
func TestBombs(t *testing.T) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	head := warcRecordOf("resource", "http://w.example/", "", "")
	z.Write([]byte(strings.Replace(strings.TrimSuffix(head, "\r\n\r\n"), "Content-Length: 0", "Content-Length: 9999999999", 1)))
	zeros := make([]byte, 1<<20)
	for range 300 {
		z.Write(zeros)
	}
	z.Close()
	if _, all := problems(t, KindWARC, file(t, "x", b.String())); !strings.Contains(all, "without end") {
		t.Errorf("gzip: %q", all)
	}
	plain := strings.TrimSuffix(head, "\r\n\r\n")
	bomb := waczSample(t, map[string]string{"archive/bomb.warc": strings.Replace(plain, "Content-Length: 0", "Content-Length: 9999999999", 1) + string(make([]byte, 270<<20))})
	sum, all := problems(t, KindWACZ, file(t, "x", string(bomb)))
	if !strings.Contains(all, "without end") || sum.Records != 4 {
		t.Errorf("zip: %d records, %q", sum.Records, all)
	}
}

func TestNamesInWACZ(t *testing.T) {
	sum, all := problems(t, KindWACZ, file(t, "x", string(waczSample(t, map[string]string{
		"../archive/a.warc": warcSample(), "archive/../../b.warc": warcSample(), "/archive/c.warc": warcSample(), `archive\..\d.warc`: warcSample(), "archive/notes.txt": "no archive",
	}))))
	if sum.Captured != 4 || strings.Count(all, "leads out") != 4 {
		t.Errorf("captured %d, problems %q", sum.Captured, all)
	}
	wrong := waczSample(t, map[string]string{"datapackage.json": `{"resources":[{"path":"archive/data.warc.gz","hash":"sha256:00"},{"path":"archive/lost.warc.gz","hash":"sha256:00"}]}`})
	sum, all = problems(t, KindWACZ, file(t, "x", string(wrong)))
	if sum.Captured != 4 || !strings.Contains(all, "does not have the hash") || !strings.Contains(all, "not there") {
		t.Errorf("captured %d, problems %q", sum.Captured, all)
	}
}

// TestLinks has a folder with links out of it and around in it.
func TestLinks(t *testing.T) {
	dir := folder(t)
	secret := file(t, "secret.html", "<html>secret</html>")
	for name, target := range map[string]string{"out.html": secret, "up": filepath.Dir(dir), "loop": ".", "dead": "nowhere"} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Skip("no symbolic links here")
		}
	}
	sum, all := problems(t, KindHTML, dir)
	if sum.Captured != 4 || strings.Count(all, "not followed") != 4 {
		t.Errorf("captured %d, problems %q", sum.Captured, all)
	}
}

// TestAddresses are those that pages of a folder get.
func TestAddresses(t *testing.T) {
	for _, base := range []string{"", "http://demo.onion/shop"} {
		im, a := archive(t)
		im.BaseURL = base
		take(t, im, folder(t), KindHTML)
		got := map[string]bool{}
		for _, ex := range sealed(t, a) {
			got[ex.URL] = true
		}
		last := "file:///saved/sub/page%20with%20no.htm"
		if base != "" {
			last = "http://demo.onion/shop/sub/page%20with%20no.htm"
		}
		for _, want := range []string{"http://demo.example.onion/item/1", "https://demo.example/frame?x=1", "https://demo.example/item/2", last} {
			if !got[want] {
				t.Errorf("base %q: no %s among %v", base, want, got)
			}
		}
	}
}

// TestWARCExchanges looks at what becomes of the records of a WARC file.
func TestWARCExchanges(t *testing.T) {
	im, a := archive(t)
	take(t, im, file(t, "a.warc.gz", zipped(warcRecords()...)), KindWARC)
	all := sealed(t, a)
	if len(all) != 4 {
		t.Fatalf("%d captures", len(all))
	}
	first, chunked, again := all[0], all[1], all[2]
	if string(first.Body) != demoPage || string(first.RequestHead) != "GET /1 HTTP/1.1\r\nHost: w.example\r\n\r\n" || first.Status != 200 || first.URL != "http://w.example/1" {
		t.Errorf("response: %+v", first)
	}
	if got := first.Requested.Format("2006-01-02T15:04:05Z"); got != "2020-05-01T10:00:00Z" {
		t.Errorf("requested %s", got)
	}
	if !strings.Contains(first.Detail, "verified") || !strings.Contains(first.Detail, "<urn:demo:response:w.example/1>") || !strings.Contains(first.Detail, "WARC-Date 2020-05-01T10:00:00Z") {
		t.Errorf("detail %q", first.Detail)
	}
	if string(chunked.Body) != "<html>" || !strings.Contains(string(chunked.ResponseHead), "\r\nTransfer-Encoding: chunked") {
		t.Errorf("chunked: %q under %q", chunked.Body, chunked.ResponseHead)
	}
	if string(again.Body) != demoPage || again.URL != "http://w.example/3" {
		t.Errorf("revisit: %q of %s", again.Body, again.URL)
	}
}
