package main

import (
	"net"
	"slices"
	"testing"

	"tamga/internal/config"
)

func TestFlagsOf(t *testing.T) {
	for _, x := range []struct {
		ports []string
		proxy string
		flags []string
		ok    bool
	}{
		{nil, "127.0.0.1:9050", nil, true}, // Tor's default
		{nil, "127.0.0.1:9150", nil, false},
		{[]string{"9050 ExtendedErrors"}, "127.0.0.1:9050", []string{"ExtendedErrors"}, true},
		{[]string{"unix:/run/tor/socks WorldWritable", "127.0.0.1:9150 NoIsolateSOCKSAuth"}, "localhost:9150", []string{"NoIsolateSOCKSAuth"}, true},
		{[]string{"[::1]:9050"}, "[::1]:9050", nil, true},
		{[]string{"19050"}, "127.0.0.1:9050", nil, false},
		{[]string{""}, "127.0.0.1:9050", nil, false},
		{[]string{"9050"}, "9050", nil, false},
	} {
		if flags, ok := flagsOf(x.ports, x.proxy); ok != x.ok || !slices.Equal(flags, x.flags) {
			t.Errorf("%q of %s: %q, %v", x.ports, x.proxy, flags, ok)
		}
	}
	if !hasFold([]string{"extendederrors"}, "ExtendedErrors") || hasFold(nil, "x") {
		t.Error("flags are compared by case")
	}
}

func TestNeeds(t *testing.T) {
	onion, clear := "http://demo.onion/", "https://news.example/"
	for name, x := range map[string]struct {
		direct  bool
		sources []config.Source
		want    needs
	}{
		"nothing yet":             {want: needs{tor: true}},
		"nothing yet, direct":     {direct: true},
		"clear web":               {sources: []config.Source{{URL: clear}}, want: needs{tor: true}},
		"clear web, direct":       {direct: true, sources: []config.Source{{URL: clear}}},
		"clear web by its source": {sources: []config.Source{{URL: clear, Route: "clear"}}},
		"Tor by its source":       {direct: true, sources: []config.Source{{URL: clear, Route: "tor"}}, want: needs{tor: true}},
		"an onion":                {direct: true, sources: []config.Source{{URL: onion}}, want: needs{tor: true}},
		"an onion as a mirror":    {direct: true, sources: []config.Source{{URL: clear, Mirrors: []string{onion}}}, want: needs{tor: true}},
		"I2P and a browser":       {sources: []config.Source{{URL: "http://demo.i2p./", Render: true}}, want: needs{i2p: true, browser: true}},
		"this machine":            {sources: []config.Source{{URL: "http://[::1]:8080/"}, {URL: "http://10.1.2.3/"}, {URL: "http://localhost/"}}},
	} {
		if got := needsOf(&config.Config{Crawl: config.Crawl{Direct: x.direct}, Sources: x.sources}); got != x.want {
			t.Errorf("%s: %+v, want %+v", name, got, x.want)
		}
	}
}

// A port that is slow, silent, or speaks something else is no SOCKS port.
func TestGreet(t *testing.T) {
	for name, answer := range map[string]string{"": "", "HTTP": "HTTP/1.1 400 Bad Request\r\n", "half": "\x05", "refusal": "\x05\xff", "SOCKS4": "\x00\x5b"} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			if c, err := l.Accept(); err == nil {
				c.Read(make([]byte, 3))
				c.Write([]byte(answer))
				c.Close()
			}
		}()
		if c, err := greet(t.Context(), l.Addr().String(), 2); err == nil {
			c.Close()
			t.Errorf("%q was taken for a SOCKS server", name)
		}
		l.Close()
	}
}
