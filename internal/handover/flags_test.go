package handover

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The flags that keep a browser from the network beside the proxy, as they were
// measured with Chromium 156 in a network namespace: without any one of the last
// four, packets of WebRTC or mDNS left, or this machine's own services were reached.
var kept = []string{
	"--disable-quic=", "--no-first-run=", "--disable-background-networking=", "--disable-component-update=", "--disable-sync=",
	"--proxy-bypass-list=<-loopback>", "--webrtc-ip-handling-policy=disable_non_proxied_udp",
	"--proxy-server=socks5://127.0.0.1:", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
}

// TestFlags reads what a browser is really started with, through a proxy that answers
// and without one.
func TestFlags(t *testing.T) {
	dir := t.TempDir()
	spy := filepath.Join(dir, "chromium")
	if err := os.WriteFile(spy, []byte("#!/bin/sh\nfor a; do echo \"$a\"; done > \""+dir+"/argv\"\nexit 1\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	proxy := listen(t)
	argv := func(o Options) string {
		t.Helper()
		o.URL, o.Host, o.Exec, o.Headless = "http://127.0.0.1:1/", "127.0.0.1", spy, true
		if _, err := Open(t.Context(), o, nil); err == nil {
			t.Fatal("a browser that ends at once was taken for one")
		}
		b, err := os.ReadFile(filepath.Join(dir, "argv"))
		if err != nil {
			t.Fatal(err)
		}
		return "\n" + string(b)
	}
	got := argv(Options{Proxy: proxy})
	for _, flag := range kept {
		if !strings.Contains(got, "\n"+strings.TrimSuffix(flag, "=")) {
			t.Errorf("no %s in%s", flag, got)
		}
	}
	features := ""
	for line := range strings.Lines(got) {
		if rest, ok := strings.CutPrefix(line, "--disable-features="); ok {
			features += rest
		}
		if strings.HasPrefix(line, "--enable-features=") || strings.HasPrefix(line, "--no-sandbox") && os.Getuid() != 0 || strings.HasPrefix(line, "--no-proxy-server") {
			t.Errorf("started with %s", line)
		}
	}
	for _, f := range []string{"WebRtcHideLocalIpsWithMdns", "MediaRouter", "DialMediaRouteProvider", "AsyncDns", "DnsOverHttps"} {
		if !strings.Contains(","+strings.TrimSpace(features)+",", ","+f+",") {
			t.Errorf("the feature %s is on: %s", f, features)
		}
	}
	if n := strings.Count(got, "\n--disable-features="); n != 1 {
		t.Errorf("%d lists of features: Chromium heeds the last alone", n)
	}
	got = argv(Options{})
	if strings.Contains(got, "--proxy-server") || !strings.Contains(got, "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1\n") {
		t.Errorf("without a proxy: %s", got)
	}
}

// listen is the address of a port that answers.
func listen(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	return ln.Addr().String()
}
