// Package chromium finds the browser and keeps it on its one way out: one set of
// flags for all that start it.
package chromium

import (
	"errors"
	"os/exec"

	"github.com/chromedp/chromedp"
)

// ErrNone says that there is no browser.
var ErrNone = errors.New("no Chromium is there")

// names are looked for in this order.
var names = []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"}

// Find looks for the browser in PATH; name, where it is not empty, is the one that is
// wanted.
func Find(name string) (string, error) {
	if name != "" {
		return exec.LookPath(name)
	}
	for _, n := range names {
		if path, err := exec.LookPath(n); err == nil {
			return path, nil
		}
	}
	return "", ErrNone
}

// Quiet has the browser send nothing by itself, and WebRTC no datagram past a proxy.
// What each of these does was measured by packets: with the two policies alone, names
// of the local network are still asked for (mDNS).
func Quiet() []chromedp.ExecAllocatorOption {
	flag := chromedp.Flag
	return []chromedp.ExecAllocatorOption{
		chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck,
		flag("webrtc-ip-handling-policy", "disable_non_proxied_udp"),
		flag("force-webrtc-ip-handling-policy", "disable_non_proxied_udp"),
		flag("disable-features", "WebRtcHideLocalIpsWithMdns,MediaRouter,DialMediaRouteProvider,AsyncDns,DnsOverHttps,OptimizationHints,Translate"),
		flag("disable-quic", true), flag("disable-background-networking", true), flag("disable-component-update", true), flag("disable-sync", true),
		flag("disable-domain-reliability", true), flag("disable-client-side-phishing-detection", true), flag("disable-default-apps", true), flag("disable-extensions", true),
		flag("disable-breakpad", true), flag("no-pings", true), flag("dns-prefetch-disable", true), flag("disable-dev-shm-usage", true),
		flag("password-store", "basic"), flag("use-mock-keychain", true),
	}
}

// Proxied sends everything to a SOCKS5 proxy, requests to this machine's own
// addresses included, which Chromium would else make directly. Names are resolved
// there; host is that of the proxy.
func Proxied(proxy, host string) []chromedp.ExecAllocatorOption {
	return []chromedp.ExecAllocatorOption{
		chromedp.Flag("proxy-server", "socks5://"+proxy), chromedp.Flag("proxy-bypass-list", "<-loopback>"), Resolving(host),
	}
}

// Resolving lets no name but one be looked up.
func Resolving(host string) chromedp.ExecAllocatorOption {
	return chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE "+host)
}
