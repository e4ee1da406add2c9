package extract

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tamga"
)

func streamPage(t testing.TB, r *Reader, url, body string) *tamga.Page {
	t.Helper()
	p, err := r.Page(Input{URL: url, Body: []byte(body)})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func checkPosts(t *testing.T, p *tamga.Page) {
	t.Helper()
	for _, x := range p.Posts {
		if x.Span[0] < 0 || x.Span[0] >= x.Span[1] || x.Span[1] > len(p.Source) {
			t.Fatalf("post %q: span %v of %d bytes", x.ID, x.Span, len(p.Source))
		}
	}
}

// TestStreamSpans: a value that is quoted, escaped or marked up has the range of
// the source that it is written in.
func TestStreamSpans(t *testing.T) {
	r := newReader(t)
	const bot, mail = "https://t.me/demo_garden_bot", "garden@example.org"
	status := func(content string) string {
		return `[{"id":"1","created_at":"2025-03-03T10:03:00Z","account":{"acct":"demo","note":""},"content":"` + content + `"}]`
	}
	for _, c := range []struct{ name, body, raw, value string }{
		{"quoted", status(`write to garden@example.org now`), mail, mail},
		{"escaped", status(`\u003cp\u003egarden\u0040example.org\u003c/p\u003e`), `garden\u0040example.org`, mail},
		{"entity in a string", status(`garden&#64;example.org`), `garden&#64;example.org`, mail},
		{"tags in a string", status(`garden<b>@<\/b>example.org`), `garden<b>@<\/b>example.org`, mail},
		{"two in one piece", status(`\u003cbr\u003egarden@example.org\n`), mail, mail},
		{"section", `<rss><channel><item><title>x</title><description><![CDATA[<p>garden@example.org</p>]]></description></item></channel></rss>`, mail, mail},
		{"twice escaped", `<rss><channel><item><title>x</title><description>&lt;p&gt;garden&amp;#64;example.org&lt;/p&gt;</description></item></channel></rss>`, `garden&amp;#64;example.org`, mail},
		{"xhtml", `<feed><entry><title>x</title><content type="xhtml"><div>garden<i>@example.org</i></div></content></entry></feed>`, `garden<i>@example.org`, mail},
		{"link", `<rss><channel><item><title>x</title><description>&lt;a href="` + bot + `"&gt;here&lt;/a&gt;</description></item></channel></rss>`, "demo_garden_bot", "demo_garden_bot"},
	} {
		p := streamPage(t, r, "", c.body)
		checkPage(t, p)
		checkPosts(t, p)
		if !slices.ContainsFunc(p.Findings, func(f tamga.Finding) bool {
			return f.Value == c.value && f.Raw == c.raw && len(p.Posts) == 1 && f.Start >= p.Posts[0].Span[0] && f.End <= p.Posts[0].Span[1]
		}) {
			t.Errorf("%s: findings %+v", c.name, p.Findings)
		}
	}
}

// TestStreamForced: a reader is chosen by what the body is, by name, or not at all.
func TestStreamForced(t *testing.T) {
	r := newReader(t)
	body := []byte(`{"kind":"Listing","data":{"children":[{"kind":"t3","data":{"name":"t3_a","title":"x","author":"y"}}]}}`)
	for profile, posts := range map[string]int{"": 1, "reddit": 1, "mastodon": 0, NoProfile: 1} {
		p, err := r.Page(Input{Body: body, Profile: profile})
		if err != nil || len(p.Posts) != posts {
			t.Errorf("%q: %v, %d posts", profile, err, len(p.Posts))
		}
	}
	if _, err := r.Page(Input{Body: body, Profile: "friendica"}); err == nil {
		t.Error("a reader that does not exist")
	}
	for _, other := range []string{`{"a":1}`, `[1,2]`, `[]`, `{}`, `"x"`, `{`, `[[[`, `{"feed":[{"a":1}]}`, `<html><body>rss</body></html>`, `<?xml version="1.0"?><svg/>`} {
		if p := streamPage(t, r, "http://demo.invalid/", other); p.Market != "" || len(p.Posts) != 0 {
			t.Errorf("%s: read by %s", other, p.Reader)
		}
	}
	if p := streamPage(t, r, "https://nowhere.example/api/v1/timelines/tag/demo", "[]"); p.Market != "mastodon" || p.Title != "#demo" {
		t.Errorf("an empty timeline: %s %q", p.Reader, p.Title)
	}
}

// TestStreamCut: of a body that was cut, the posts that are whole are read.
func TestStreamCut(t *testing.T) {
	r := newReader(t)
	files, err := filepath.Glob("testdata/*/*.[jx]*")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if strings.HasSuffix(f, ".golden.json") {
			continue
		}
		body, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		whole := streamPage(t, r, "", string(body))
		if len(whole.Posts) == 0 {
			t.Fatalf("%s: no posts", f)
		}
		for n := 0; n < len(body); n += 1 + len(body)/60 {
			p := streamPage(t, r, "", string(body[:n]))
			checkPage(t, p)
			checkPosts(t, p)
			if strings.HasSuffix(f, "thread.json") {
				continue // a comment is read though what it answers was cut
			}
			for i, x := range p.Posts {
				if whole.Posts[i].ID != x.ID || whole.Posts[i].Text != x.Text {
					t.Fatalf("%s cut at %d: post %d is %+v", f, n, i, x)
				}
			}
		}
	}
}

// TestStreamHostile: bombs of entities, of depth and of number are bounded.
func TestStreamHostile(t *testing.T) {
	r := newReader(t)
	n := 1 << 17
	for name, body := range map[string]string{
		"entities":     `<!DOCTYPE rss [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">` + strings.Repeat(`<!ENTITY c "&b;&b;">`, 50) + `]><rss><channel><item><title>&c;&b;</title></item></channel></rss>`,
		"external":     `<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss><channel><item><title>&x;</title></item></channel></rss>`,
		"depth":        `<rss><channel><item>` + strings.Repeat("<a>", n) + "x",
		"json depth":   strings.Repeat("[", n),
		"json objects": strings.Repeat(`{"a":`, n),
		"values":       "[" + strings.Repeat("0,", n),
		"open items":   `<rss>` + strings.Repeat("<item>", n),
		"sections":     `<rss><item><title>` + strings.Repeat("<![CDATA[", n),
		"attributes":   `<rss><item ` + strings.Repeat("a=b ", n) + `><title>x</title></item>`,
		"references":   `<rss><item><title>` + strings.Repeat("&amp;", n) + `</title></item></rss>`,
		"statuses":     `[` + strings.Repeat(`{"id":"1","created_at":"2025-01-01","account":{"acct":"a"},"content":"x"},`, 1<<12),
		"surrogates":   `[{"id":"1","created_at":"","account":{},"content":"` + strings.Repeat(`\ud800`, n/8) + `"}]`,
		"lone escape":  `[{"id":"1","created_at":"","account":{},"content":"` + strings.Repeat(`\u00zz\q`, n/8) + `"}]`,
		"NUL":          "<rss><item><title>\x00\x00</title></item></rss>",
		"years":        `[{"id":"1","created_at":"99999-01-01T00:00:00Z","account":{},"content":"x"}]`,
	} {
		p := streamPage(t, r, "", body)
		checkPage(t, p)
		checkPosts(t, p)
		if strings.Contains(p.Text.Body, "aaaaaaaaaaaa") && p.Market != "" {
			t.Errorf("%s: an entity was expanded: %.80q", name, p.Text.Body)
		}
	}
	many := `{"version":"https://jsonfeed.org/version/1","items":[` + strings.Repeat(`{"id":"1","content_text":"x"},`, maxPosts+5) + `{}]}`
	if p := streamPage(t, r, "", many); len(p.Posts) != maxPosts {
		t.Errorf("%d posts", len(p.Posts))
	}
}

// TestFeedEncoding: a feed is read in the encoding it declares.
func TestFeedEncoding(t *testing.T) {
	r := newReader(t)
	body := "<?xml version=\"1.0\" encoding=\"windows-1251\"?><rss><channel><title>\xcd\xe8\xe3\xe4\xe5</title><item><title>\xcf\xf0\xe0\xe9\xf1</title></item></channel></rss>"
	p, err := r.Page(Input{Body: []byte(body), ContentType: "application/rss+xml"})
	if err != nil || p.Title != "Нигде" || len(p.Posts) != 1 || p.Posts[0].Text != "Прайс" {
		t.Errorf("%v %+v", err, p)
	}
}

func TestFeedTime(t *testing.T) {
	for s, want := range map[string]string{
		"Mon, 03 Mar 2025 13:03:00 +0300":   "2025-03-03T10:03:00Z",
		"Mon, 3 Mar 2025 10:03:00 GMT":      "2025-03-03T10:03:00Z",
		"03 Mar 25 10:03 EST":               "2025-03-03T15:03:00Z",
		"Mon, 03 Mar 2025 13:03:00 MSK":     "2025-03-03T10:03:00Z",
		"2025-03-03T10:03:00.5+01:00":       "2025-03-03T09:03:00.5Z",
		"Mon, 03 Mar 2025 13:03:00 NOWHERE": "",
		"yesterday":                         "",
		"":                                  "",
	} {
		got := ""
		if x := feedTime(s); x != nil {
			got = x.Format("2006-01-02T15:04:05.999999999Z07:00")
		}
		if got != want {
			t.Errorf("%q: %s, want %s", s, got, want)
		}
	}
}

func FuzzStream(f *testing.F) {
	files, err := filepath.Glob("testdata/*/*.[jx]*")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		if body, err := os.ReadFile(file); err == nil && !strings.HasSuffix(file, ".golden.json") {
			f.Add(body, "http://demo.invalid/xrpc/x?actor=did:plc:demo")
		}
	}
	f.Add([]byte(`[{"id":"\u0031","created_at":"2025","account":{},"content":"&lt;\ud83c\udf44<a href=\"t.me/x\">"}]`), "")
	f.Add([]byte(`<feed><entry><content type="xhtml"><p>&amp;<![CDATA[x]]></content></entry>`), "")
	r := newReader(f)
	f.Fuzz(func(t *testing.T, body []byte, url string) {
		p, err := r.Page(Input{URL: url, Body: body})
		if err != nil {
			t.Fatal(err)
		}
		checkPage(t, p)
		checkPosts(t, p)
	})
}

// FuzzNested reads markup in quoted strings and in sections: every byte of the text
// must stand in the source, in its order.
func FuzzNested(f *testing.F) {
	for _, s := range []string{`["a&lt;\u003cb\u003ex\ud83c\udf44 <p>y</p>&amp;amp;"]`, `<rss><item><title>a<![CDATA[b&c]]>&amp;lt;i&gt;</title></item>`, `{"a":[1,{"b":"\\"}]`, `"\ud83c\u0041"`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, source string) {
		check := func(v view) {
			last, n := 0, 0
			for _, p := range v.pieces {
				if p.body != n || p.n <= 0 || p.src < last || p.end < p.src || p.end > len(source) || p.linear && source[p.src:p.end] != v.body[p.body:p.body+p.n] {
					t.Fatalf("piece %+v after %d of %q", p, last, v.body)
				}
				last, n = p.src, n+p.n
			}
			if n != len(v.body) {
				t.Fatalf("%d of %d bytes", n, len(v.body))
			}
		}
		both := func(v view) {
			check(v)
			m := walk(v.body)
			check(m.text.within(&v))
			for i := range m.attrs {
				check(m.attrs[i].within(&v))
			}
		}
		both(unescaped(source, 0, len(source)))
		root, _ := parseJSON(source)
		for n := range root.t.nodes {
			v := jsonValue{root.t, int32(n)}
			if s := v.span(); s[0] < 0 || s[1] > len(source) || s[0] > s[1] {
				t.Fatalf("span %v", s)
			}
			both(v.view())
		}
	})
}

// TestJSON reads values and their places.
func TestJSON(t *testing.T) {
	const source = ` {"a":[1,-2.5e1,"x\ny"],"\u0062":{"c":null,"d":true},"e":"\ud83c\udf44"} `
	root, err := parseJSON(source)
	if err != nil || root.get("b", "d").node().kind != 't' || root.get("e").text() != "🍄" || root.get("a", "x").n != 0 {
		t.Fatalf("%v %+v", err, root.t.nodes)
	}
	var got []string
	root.get("a").all(func(v jsonValue) bool {
		s := v.span()
		got = append(got, fmt.Sprintf("%s=%q", source[s[0]:s[1]], v.text()))
		return true
	})
	if want := []string{`1="1"`, `-2.5e1="-2.5e1"`, `"x\ny"="x\ny"`}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	for _, bad := range []string{``, `{`, `{"a"`, `{"a":`, `{"a":1,}`, `[1 2]`, `[1}`, `nul`, `"x`, `1 2`, `{a:1}`} {
		if _, err := parseJSON(bad); err == nil {
			t.Errorf("%s: no error", bad)
		}
	}
}
