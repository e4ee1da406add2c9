package session

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var now = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

func at(s string) *url.URL { u, _ := url.Parse(s); return u }

func TestReadNetscape(t *testing.T) {
	const file = "\xef\xbb\xbf# Netscape HTTP Cookie File\r\n" +
		"#HttpOnly_forum.example.org\tFALSE\t/\tTRUE\t1893456000\tsid\tabc\r\n" +
		".example.org\tTRUE\t/in\tFALSE\t0\ttheme\tdark\r\n" +
		".other.example\tTRUE\t/\tFALSE\t0\tx\ty\n" +
		"www.example.org\tFALSE\t/\tFALSE\t0\tx\ty\n" +
		".org\tTRUE\t/\tFALSE\t0\tsuper\ty\n" +
		"broken line\n" +
		"forum.example.org\tFALSE\t/\tFALSE\tsoon\tx\ty\n" +
		"forum.example.org\tFALSE\t/\tFALSE\t0\tempty\n"
	f, err := Read(strings.NewReader(file), "forum.example.org")
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Cookies) != 3 || f.Others != 3 || f.Unusable != 2 {
		t.Fatalf("%d cookies, %d of others, %d unusable", len(f.Cookies), f.Others, f.Unusable)
	}
	c := f.Cookies[0]
	if c.Name != "sid" || c.Value != "abc" || !c.HTTPOnly || !c.Secure || !c.HostOnly || c.Expires.Year() != 2030 {
		t.Errorf("first cookie %v %+v", c.Expires, []any{c.Name, c.HTTPOnly, c.Secure, c.HostOnly})
	}
}

func TestReadJSON(t *testing.T) {
	const extension = `[{"domain":".example.org","expirationDate":1893456000.5,"hostOnly":false,"name":"sid","path":"/","secure":true,"session":false,"value":"v1"},
		{"domain":"example.org","hostOnly":true,"name":"tmp","path":"/","session":true,"expirationDate":5,"value":"{\"a\":1}"},{"name":7}]`
	const playwright = `{"cookies":[{"name":"sid","value":"v1","domain":"example.org","path":"/","expires":-1,"httpOnly":true,"secure":false,"sameSite":"Lax"}],
		"origins":[{"origin":"https://example.org","localStorage":[{"name":"token","value":"t1"}]},{"origin":"https://ads.example","localStorage":[{"name":"a","value":"b"}]}]}`
	f, err := Read(strings.NewReader(extension), "example.org")
	if err != nil || len(f.Cookies) != 2 || f.Unusable != 1 || f.Cookies[0].HostOnly || f.Cookies[0].Expires.Year() != 2030 || !f.Cookies[1].Expires.IsZero() {
		t.Errorf("extension: %d cookies, %v", len(f.Cookies), err)
	}
	f, err = Read(strings.NewReader(playwright), "example.org")
	if err != nil || len(f.Cookies) != 1 || !f.Cookies[0].HTTPOnly || len(f.Storage) != 1 || f.Storage[0].Value != "t1" || f.Others != 1 {
		t.Errorf("playwright: %+v, %v", f, err)
	}
}

// TestReadHostile: each is refused, and no error quotes the file.
func TestReadHostile(t *testing.T) {
	line := "example.org\tFALSE\t/\tFALSE\t0\t%s\tSECRET\n"
	var many strings.Builder
	for i := range MaxCookies + 1 {
		fmt.Fprintf(&many, line, fmt.Sprint("n", i))
	}
	for name, file := range map[string]string{
		"empty":      "",
		"binary":     "\x00SECRET",
		"utf-16":     "\xff\xfeS\x00E\x00C\x00",
		"long line":  strings.Repeat("SECRET", 20000),
		"huge":       strings.Repeat("# SECRET\n", MaxFile/8),
		"many":       many.String(),
		"cut JSON":   `[{"name":"a","value":"SECRET`,
		"deep JSON":  strings.Repeat(`[`, 1<<20),
		"wrong JSON": `{"cookies":"SECRET"}`,
		"injection":  `[{"domain":"example.org","name":"a","value":"SECRET\r\nX-Evil: 1"},{"domain":"example.org","name":"a=b","value":"SECRET"}]`,
		"too big":    fmt.Sprintf(line, strings.Repeat("a", MaxCookie)),
		"others":     `[{"domain":"evil.example","name":"SECRET","value":"SECRET"}]`,
	} {
		f, err := Read(strings.NewReader(file), "example.org")
		if err == nil || strings.Contains(err.Error(), "SECRET") || len(f.Cookies) > 0 {
			t.Errorf("%s: %d cookies, error %v", name, len(f.Cookies), err)
		}
	}
}

func TestParseHost(t *testing.T) {
	for in, want := range map[string]string{
		"Forum.Example.org": "forum.example.org", "https://example.org/login": "example.org", "127.0.0.1:8080": "127.0.0.1:8080",
		"bücher.example": "xn--bcher-kva.example", "[::1]:80": "[::1]:80", "localhost": "localhost",
		"org": "", "onion": "", "co.uk": "", "": "", "a b": "", "user@example.org": "", "example.org:0": "", "example.org:70000": "",
	} {
		if got, err := ParseHost(in); got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
}

func vault(t *testing.T, passphrase string) *Vault {
	random := bytes.NewReader(bytes.Repeat([]byte("0123456789abcdef"), 1000))
	return &Vault{Dir: filepath.Join(t.TempDir(), "sessions"), Passphrase: passphrase, Random: random,
		Key: func() ([]byte, error) { return bytes.Repeat([]byte{7}, 32), nil }}
}

func TestVault(t *testing.T) {
	for _, passphrase := range []string{"", "correct horse"} {
		v := vault(t, passphrase)
		s := &Session{Name: "demo", Host: "example.org", Operator: "analyst", Cookies: []Cookie{{Name: "sid", Value: "topsecret", Domain: "example.org", Path: "/", Expires: now.Add(time.Hour)}}}
		if err := v.Put(s, false); err != nil {
			t.Fatal(err)
		}
		if err := v.Put(s, false); !errors.Is(err, ErrExists) {
			t.Errorf("second import: %v", err)
		}
		file := filepath.Join(v.Dir, "demo")
		b, err := os.ReadFile(file)
		if err != nil || bytes.Contains(b, []byte("topsecret")) || bytes.Contains(b, []byte("example.org")) {
			t.Fatalf("the file shows what it holds: %v", err)
		}
		if info, _ := os.Stat(file); info.Mode().Perm() != 0o600 {
			t.Errorf("mode %v", info.Mode())
		}
		got, err := v.Get("demo")
		if err != nil || got.Cookies[0].Value != "topsecret" || strings.Contains(fmt.Sprintf("%v %+v %#v", got, got, got), "topsecret") {
			t.Fatalf("read back: %v", err)
		}
		list, err := v.List(now)
		if err != nil || len(list) != 1 || list[0].State != Expiring || list[0].Cookies != 1 {
			t.Errorf("list %+v, %v", list, err)
		}
		// Under another name, with a bit flipped, and with another key it does not open.
		if err := os.WriteFile(filepath.Join(v.Dir, "other"), b, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := v.Get("other"); !errors.Is(err, ErrOpen) {
			t.Errorf("renamed: %v", err)
		}
		wrong := *v
		wrong.Key, wrong.Passphrase = func() ([]byte, error) { return make([]byte, 32), nil }, "wrong"
		if _, err := wrong.Get("demo"); !errors.Is(err, ErrOpen) {
			t.Errorf("wrong key: %v", err)
		}
		wrong.Passphrase = ""
		if _, err := wrong.Get("demo"); passphrase != "" && !errors.Is(err, ErrLocked) {
			t.Errorf("without the passphrase: %v", err)
		}
		if err := v.Delete("demo"); err != nil {
			t.Error(err)
		}
		if _, err := v.Get("demo"); !errors.Is(err, ErrNone) {
			t.Errorf("deleted: %v", err)
		}
		if _, err := v.Get("../session.key"); err == nil {
			t.Error("a path is taken for a name")
		}
	}
}

func TestLive(t *testing.T) {
	s := &Session{Name: "demo", Host: "forum.example.org", Cookies: []Cookie{
		{Name: "sid", Value: `a"b`, Domain: "forum.example.org", Path: "/", HostOnly: true},
		{Name: "in", Value: "1", Domain: "example.org", Path: "/in"},
		{Name: "safe", Value: "1", Domain: "forum.example.org", Path: "/", Secure: true},
		{Name: "old", Value: "1", Domain: "forum.example.org", Path: "/", Expires: now},
	}}
	l, err := Use(s, []string{"https://forum.example.org/"}, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	for u, want := range map[string]string{
		"https://forum.example.org/":       `sid=a"b; safe=1`,
		"http://forum.example.org/in/x":    `in=1; sid=a"b`,
		"https://forum.example.org/inside": `sid=a"b; safe=1`,
		"https://example.org/":             "", "https://www.example.org/": "", "https://a.forum.example.org/": "",
		"http://forum.example.org:8080/": "", "https://forum.example.org.evil.example/": "", "ftp://forum.example.org/": "",
	} {
		if got := l.Cookie(at(u)); got != want {
			t.Errorf("%s: %q, want %q", u, got, want)
		}
	}
	set := func(u string, lines ...string) {
		h := http.Response{Header: http.Header{"Set-Cookie": lines}}
		l.SetCookies(at(u), h.Cookies())
	}
	set("https://evil.example/", "sid=evil; Domain=forum.example.org")
	if l.Changed() != nil {
		t.Error("another host set a cookie")
	}
	set("https://forum.example.org/a/b", "sid=new; Path=/", "in=; Domain=.example.org; Path=/in; Max-Age=0", "t=1; Max-Age=60", "all=1; Domain=org", "x=1; Domain=other.example")
	got := l.Changed()
	if got == nil || len(got.Cookies) != 4 || got.Cookies[0].Value != "new" || got.Cookies[3].Path != "/a" || !got.Cookies[3].Expires.Equal(now.Add(time.Minute)) {
		t.Errorf("after Set-Cookie: %+v", got)
	}
	if l.Changed() != nil || s.Cookies[0].Value != `a"b` {
		t.Error("the session that was given changed, or a change is told twice")
	}
	for i := range 3 * MaxCookies {
		set("https://forum.example.org/", fmt.Sprintf("n%d=1", i))
	}
	if n := len(l.Changed().Cookies); n != MaxCookies {
		t.Errorf("%d cookies are kept", n)
	}
}

func TestCanary(t *testing.T) {
	const page = `<title>F</title><style>.logout{}</style><script>"Log out here"</script><body><a id=me class="user big">Signed  in as <b>demo</b></a></body>`
	for canary, want := range map[string]bool{
		"#me": true, "a.user.big": true, "css:b": true, "signed in AS demo": true, "text:Signed in": true, "a[id=me]": true, "a > b": true,
		"#you": false, ".logout": false, "log out here": false, "text:#me": false, "css:table": false,
	} {
		c, err := ParseCanary(canary)
		if err != nil || c.In([]byte(page)) != want {
			t.Errorf("%s: want %v, %v", canary, want, err)
		}
	}
	for _, bad := range []string{"css:[", "text: ", "css:"} {
		if _, err := ParseCanary(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
	c, _ := ParseCanary("#me")
	if c.In(bytes.Repeat([]byte("<div>"), 1<<20)) {
		t.Error("found in a page of divs")
	}
}

func TestState(t *testing.T) {
	s := &Session{Cookies: []Cookie{{Name: "a", Expires: now.Add(-time.Hour)}, {Name: "b", Expires: now.Add(Ahead * 2)}}}
	if got, next := s.state(now); got != Active || !next.Equal(now.Add(Ahead*2)) {
		t.Errorf("%s %v", got, next)
	}
	if got, _ := s.state(now.Add(Ahead + time.Hour)); got != Expiring {
		t.Errorf("%s", got)
	}
	if got, last := s.state(now.Add(Ahead * 3)); got != Expired || !last.Equal(now.Add(Ahead*2)) {
		t.Errorf("%s %v", got, last)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("#HttpOnly_example.org\tFALSE\t/\tTRUE\t1893456000\tsid\tabc\n"))
	f.Add([]byte(`[{"domain":".example.org","expirationDate":1893456000.5,"name":"sid","path":"/","value":"v"}]`))
	f.Add([]byte(`{"cookies":[{"name":"a","value":"b","domain":"example.org","expires":-1}],"origins":[{"origin":"https://example.org","localStorage":[{"name":"t","value":"u"}]}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := Read(bytes.NewReader(b), "example.org")
		if err == nil && len(got.Cookies)+len(got.Storage) == 0 || len(got.Cookies) > MaxCookies {
			t.Fatalf("%d cookies, %v", len(got.Cookies), err)
		}
		for _, c := range got.Cookies {
			if c.Domain != "example.org" || strings.ContainsAny(c.Name+c.Value+c.Path, "\r\n;") || c.Path[0] != '/' {
				t.Fatalf("took %q of %q", c.Name, c.Domain)
			}
		}
		l, err := Use(&Session{Host: "example.org", Cookies: got.Cookies}, []string{"https://example.org/"}, func() time.Time { return now })
		if err != nil || strings.ContainsAny(l.Cookie(at("https://example.org/")), "\r\n") {
			t.Fatal("a header line is broken")
		}
	})
}
