package config

import (
	"errors"
	"strings"
	"testing"
	"time"
)

const exampleOnion = "http://exampleexampleexampleexampleexampleexampleexampleexample.onion/"

func TestSource(t *testing.T) {
	c, err := Load(write(t, `
[[source]]
name = "bazaar-demo"
kind = "market"
url = "`+exampleOnion+`"
mirrors = ["http://other.onion/"]
cadence = "6h"
budget = 500
retention = "365d"
[source.basis]
by = "Prosecutor B. Example"
under = "case 12/2026"
until = 2026-12-31

[[source]]
name = "news"
url = "https://news.example/"
basis = { by = "Head of unit", under = "order 3" }
`), none)
	if err != nil {
		t.Fatal(err)
	}
	s, ok := c.Source("bazaar-demo")
	if !ok || s.Kind != "market" || s.Retention != Duration(365*day) || s.Budget != 500 || len(s.Mirrors) != 1 {
		t.Fatalf("source %+v", s)
	}
	if err := s.Authorised(time.Date(2026, 12, 31, 23, 59, 59, 0, time.UTC)); err != nil {
		t.Error(err)
	}
	if err := s.Authorised(time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)); !errors.Is(err, ErrBasis) || !strings.Contains(err.Error(), "case 12/2026") {
		t.Errorf("after its end: %v", err)
	}
	n, _ := c.Source("news")
	if err := n.Authorised(time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC)); err != nil || n.Kind != "site" {
		t.Errorf("open basis: %v, kind %q", err, n.Kind)
	}
	if _, ok := c.Source("none"); ok {
		t.Error("found a source that is not there")
	}
}

func TestBadSource(t *testing.T) {
	for text, want := range map[string]string{
		`name = "Big Name"` + "\n" + `url = "http://x.example/"`: "small letters",
		`name = "a"`: "http or https",
		`name = "a"` + "\n" + `url = "file:///etc/passwd"`:                                                                       "http or https",
		`name = "a"` + "\n" + `url = "http://x.example/"` + "\n" + `kind = "shop"`:                                               "market",
		`name = "a"` + "\n" + `url = "` + exampleOnion + `"` + "\n" + `route = "clear"`:                                          "by tor only",
		`name = "a"` + "\n" + `url = "http://x.i2p/"` + "\n" + `route = "tor"`:                                                   "by i2p only",
		`name = "a"` + "\n" + `url = "http://x.example/"` + "\n" + `mirrors = ["http://y.onion./"]` + "\n" + `route = "clear"`:   "by tor only",
		`name = "a"` + "\n" + `url = "http://x.example/"` + "\n" + `cadence = "10s"`:                                             "a minute",
		`name = "a"` + "\n" + `url = "http://x.example/"` + "\n" + `budget = -1`:                                                 "below zero",
		`name = "a"` + "\n" + `url = "http://x.example/"` + "\n" + `basis = { by = "x" }`:                                        "under what",
		`name = "a"` + "\n" + `url = "http://x.example/"` + "\n" + `scripts = true`:                                              "render",
		`name = "a"` + "\n" + `url = "http://x.example/"` + "\n[[source]]\n" + `name = "a"` + "\n" + `url = "http://y.example/"`: "twice",
	} {
		c, err := Load(write(t, "[[source]]\nname = \"good\"\nurl = \"http://good.example/\"\n[[source]]\n"+text+"\n"), none)
		if err != nil || len(c.Refused) != 1 || !strings.Contains(c.Refused[0].Err.Error(), want) {
			t.Errorf("%s\n%v: %+v, want one that names %q", text, err, c.Refused, want)
			continue
		}
		if _, found := c.Source("good"); !found {
			t.Errorf("%s\nthe other source is gone", text)
		}
		name := c.Refused[0].Source.Name
		if _, found := c.Source(name); found != (want == "twice") || (c.WhyRefused(name) == nil) != found {
			t.Errorf("%s\nsource %q: found %v, refused %v", text, name, found, c.WhyRefused(name))
		}
	}
}

func TestDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{"90s": 90 * time.Second, "30d": 30 * day, "1d12h": 36 * time.Hour, "0d": 0} {
		var d Duration
		if err := d.UnmarshalText([]byte(text)); err != nil || time.Duration(d) != want {
			t.Errorf("%s = %v, %v", text, time.Duration(d), err)
		}
		var again Duration
		if err := again.UnmarshalText([]byte(d.String())); err != nil || again != d {
			t.Errorf("%s is written %s and read back %v, %v", text, d, again, err)
		}
	}
	for _, text := range []string{"d", "1.5d", "9999999999d", "3d-1h", "1d2d", "-1d1h", "106752d", "soon"} {
		var d Duration
		if err := d.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%s = %v", text, time.Duration(d))
		}
	}
}
