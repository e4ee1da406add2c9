package crawler

import (
	"net/netip"
	"strings"
	"testing"
)

func TestCanonical(t *testing.T) {
	for raw, want := range map[string]string{
		"HTTP://Demo.Example:80/a/../b?z=1&a=2#top": "http://demo.example/b?z=1&a=2",
		"https://demo.example:443":                  "https://demo.example/",
		"http://demo.example:8080/x":                "http://demo.example:8080/x",
		" http://demo.example/a b ":                 "http://demo.example/a%20b",
		"http://demo.example/%zz":                   "http://demo.example/%25zz",
		"http://demo.example/a|b^c":                 "http://demo.example/a%7Cb%5Ec",
		"http://пример.example/путь":                "http://xn--e1afmkfd.example/%D0%BF%D1%83%D1%82%D1%8C",
		"http://2130706433/":                        "http://127.0.0.1/",
		"http://0x7f.1/":                            "http://127.0.0.1/",
		"http://127。0。0。1/":                         "http://127.0.0.1/",
		"http://[::1]:80/":                          "http://[::1]/",
		`http:\\demo.example\x`:                     "http://demo.example/x",
	} {
		got, err := Canonical(raw)
		if err != nil || got != want {
			t.Errorf("%q: %q, %v; want %q", raw, got, err, want)
		}
		if again, err := Canonical(got); err != nil || again != got {
			t.Errorf("%q is not a fixed point: %q, %v", got, again, err)
		}
	}
	for _, raw := range []string{"", "/x", "ftp://demo.example/", "javascript:alert(1)", "data:text/html,x", "http://", "http://u:p@demo.example/", "http://.../", "file:///etc/passwd", "gopher://127.0.0.1/"} {
		if got, err := Canonical(raw); err == nil {
			t.Errorf("%q: %q, want an error", raw, got)
		}
	}
}

func TestResolve(t *testing.T) {
	const page = "http://demo.example:81/cat/one?x=1"
	for href, want := range map[string]string{
		"/p/1": "http://demo.example:81/p/1", "two": "http://demo.example:81/cat/two", "?x=2": "http://demo.example:81/cat/one?x=2",
		"//other.example/y": "http://other.example/y", "/a/../b": "http://demo.example:81/b", "/a/.": "http://demo.example:81/a/",
		"HTTPS://Demo.Example/z#f": "https://demo.example/z", "/ü": "http://demo.example:81/%C3%BC", "": "", "#top": "", "mailto:demo@demo.invalid": "",
		"JavaScript:void(0)": "", "magnet:?xt=demo": "", "tel:000": "", "/..": "http://demo.example:81/", "/x.html": "http://demo.example:81/x.html",
	} {
		r, err := newResolver(page, "")
		if err != nil {
			t.Fatal(err)
		}
		got, ok := r.resolve(href)
		if got != want || ok != (want != "") {
			t.Errorf("%q: %q, %v; want %q", href, got, ok, want)
		}
		if ok {
			if c, err := Canonical(got); err != nil || c != got {
				t.Errorf("%q resolves to %q, which is not canonical (%q, %v)", href, got, c, err)
			}
		}
	}
	r, _ := newResolver(page, "/base/")
	if got, _ := r.resolve("x"); got != "http://demo.example:81/base/x" {
		t.Errorf("with a base: %q", got)
	}
}

func TestTrap(t *testing.T) {
	for u, is := range map[string]bool{
		"http://demo.example/a/b/c/d/e/f":                    false,
		"http://demo.example/2024/01/01/01/x":                false,
		"http://demo.example/a/a/a/a/a":                      true,
		"http://demo.example/a/b/a/b/a/b/a":                  true,
		"http://demo.example/x/a/b/c/a/b/c/a/b/c":            true,
		"http://demo.example/?" + strings.Repeat("x", 3000):  true,
		"http://demo.example" + strings.Repeat("/a1/b2", 20): true,
	} {
		if got := trap(u, 2048); (got != "") != is {
			t.Errorf("%.80s: %q, want %v", u, got, is)
		}
	}
}

func TestScope(t *testing.T) {
	for _, c := range []struct {
		scope, page, link string
		in                bool
	}{
		{"", "http://demo.example/", "http://demo.example/x", true},
		{"host", "http://demo.example/", "https://demo.example/x", true},
		{"host", "http://demo.example:81/", "https://demo.example:81/x", false},
		{"host", "http://demo.example/", "http://www.demo.example/x", false},
		{"host", "http://[::1]/", "https://[::1]/x", true},
		{"domain", "http://demo.example/", "http://www.demo.example/x", true},
		{"domain", "http://a.demo.co.uk/", "http://other.co.uk/", false},
		{"domain", "http://demo.onion/", "http://forum.demo.onion/", true},
		{"any", "http://demo.example/", "http://x.example/", true},
		{"prefix:http://demo.example/shop/", "http://demo.example/", "http://demo.example/shop/1", true},
		{"prefix:http://demo.example/shop/", "http://demo.example/", "http://demo.example/forum", false},
		{`regex:/p/\d+$`, "http://demo.example/", "http://demo.example/p/12", true},
		{`regex:/p/\d+$`, "http://demo.example/", "http://demo.example/u/12", false},
	} {
		s, err := ParseScope(c.scope)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.contains(c.page, c.link); got != c.in {
			t.Errorf("scope %q: %s on %s is in: %v", c.scope, c.link, c.page, got)
		}
	}
	for _, bad := range []string{"planet", "regex:(", "prefix:nowhere"} {
		if _, err := ParseScope(bad); err == nil {
			t.Errorf("scope %q was accepted", bad)
		}
	}
}

func TestNetworkOfIP(t *testing.T) {
	for s, want := range map[string]network{
		"8.8.8.8": netClear, "2606:4700::1": netClear, "127.0.0.1": netLoopback, "127.9.9.9": netLoopback, "::1": netLoopback,
		"::ffff:127.0.0.1": netLoopback, "10.0.0.1": netPrivate, "172.16.0.1": netPrivate, "192.168.1.1": netPrivate, "169.254.169.254": netPrivate,
		"100.64.0.1": netPrivate, "0.0.0.0": netPrivate, "0.1.2.3": netPrivate, "::": netPrivate, "::ffff:10.0.0.1": netPrivate, "fc00::1": netPrivate,
		"fe80::1": netPrivate, "fec0::1": netPrivate, "64:ff9b::7f00:1": netPrivate, "64:ff9b::a00:1": netPrivate, "64:ff9b::808:808": netClear,
		"2002:7f00:1::": netPrivate, "2002:808:808::1": netClear, "::127.0.0.1": netPrivate, "2001::1": netPrivate, "255.255.255.255": netPrivate,
		"224.0.0.1": netPrivate, "ff02::1": netPrivate, "198.18.0.1": netPrivate, "192.0.2.1": netPrivate, "64:ff9b:1::1": netPrivate,
	} {
		if got := networkOfIP(netip.MustParseAddr(s)); got != want {
			t.Errorf("%s: %s, want %s", s, got, want)
		}
	}
}

func TestPolicy(t *testing.T) {
	const onion = "http://demodemodemodemodemodemodemodemodemodemodemodemodemodemo.onion/"
	all := policy{proxy: true, i2p: true, direct: true}
	local := policy{local: true}
	for _, c := range []struct {
		name string
		p    policy
		url  string
		ok   bool
	}{
		{"onion, no proxy", policy{direct: true, local: true}, onion, false},
		{"onion", policy{proxy: true}, onion, true},
		{"onion with a final dot", policy{direct: true}, "http://demo.onion./", false},
		{"onion in capitals", policy{direct: true}, "http://DEMO.ONION/", false},
		{"i2p, only tor", policy{proxy: true}, "http://demo.i2p/", false},
		{"clear, nothing", policy{local: true}, "http://demo.example/", false},
		{"clear, direct", policy{direct: true}, "http://demo.example/", true},
		{"loopback", all, "http://127.0.0.1/", false},
		{"localhost", all, "http://localhost/", false},
		{"mapped", all, "http://[::ffff:10.0.0.1]/", false},
		{"loopback, local", local, "http://127.0.0.1:8080/", true},
		{"localhost, local", local, "http://localhost:1/", true},
		{"private, local", local, "http://10.1.2.3/", true},
		{"metadata, local", local, "http://169.254.169.254/", false},
		{"metadata by IPv6, local", local, "http://[fd00:ec2::254]/", false},
		{"unique local, local", local, "http://[fd00::1]/", true},
		{"unspecified, local", local, "http://0.0.0.0/", false},
		{"nat64 of loopback, local", local, "http://[64:ff9b::7f00:1]/", false},
	} {
		if err := c.p.check(c.url); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	for _, c := range []struct {
		p          policy
		page, link string
		ok         bool
	}{
		{all, onion, "http://demo.example/", false},
		{policy{proxy: true, direct: true, cross: true}, onion, "http://demo.example/", true},
		{policy{proxy: true, cross: true, local: true}, onion, "http://127.0.0.1/", false},
		{policy{proxy: true, cross: true, local: true}, "http://127.0.0.1/", "http://127.0.0.1:9/x", true},
		{policy{local: true}, "http://127.0.0.1/", "http://10.0.0.1/", false},
		{policy{local: true}, "http://10.0.0.2/", "http://10.0.0.1/", false},
		{policy{local: true}, "http://127.0.0.1/", "http://127.0.0.2:9/", true},
		{policy{local: true}, "http://localhost/", "http://[::1]:9/", true},
		{policy{}, "http://127.0.0.1/", "http://127.0.0.2:9/", false},
		{policy{proxy: true, local: true}, "http://127.0.0.1/", onion, false},
	} {
		if err := c.p.follow(c.page, c.link); (err == nil) != c.ok {
			t.Errorf("%s to %s: %v", c.page, c.link, err)
		}
	}
}

func FuzzCanonical(f *testing.F) {
	for _, s := range []string{"http://demo.example/a?b#c", "//x", "http://[::1", "http://0x7f.1/%00", "/a/./b", `\\x`, "http://xn--a/"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r, err := newResolver("http://demo.example/dir/page", "")
		if err != nil {
			t.Fatal(err)
		}
		if u, ok := r.resolve(s); ok {
			c, err := Canonical(u)
			if err != nil || c != u {
				t.Fatalf("%q resolves to %q, which is not canonical: %q, %v", s, u, c, err)
			}
			if hostname(u) == "" {
				t.Fatalf("%q has no host", u)
			}
			trap(u, 2048)
		}
	})
}
