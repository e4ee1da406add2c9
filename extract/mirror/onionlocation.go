package mirror

import (
	"bytes"
	"net/http"
	"strings"

	"golang.org/x/net/html"
)

// HeadBytes of a page are searched for the element.
const HeadBytes = 64 << 10

// OnionLocation reads the onion that a page names as its own by the header
// Onion-Location or by <meta http-equiv="onion-location"> (Tor Browser manual,
// "Onion-Location"; the header wins). The value must be a URL of http or https
// with a host under .onion.
func OnionLocation(header http.Header, page []byte) (host string, ok bool) {
	if v := header.Get("Onion-Location"); v != "" {
		return onion(v)
	}
	page = page[:min(len(page), HeadBytes)]
	if !containsFold(page, "onion-location") {
		return "", false
	}
	z := html.NewTokenizer(bytes.NewReader(page))
	z.SetMaxBuf(HeadBytes)
	for {
		switch z.Next() {
		case html.ErrorToken:
			return "", false
		case html.StartTagToken, html.SelfClosingTagToken:
			name, more := z.TagName()
			if string(name) == "body" {
				return "", false
			}
			if string(name) != "meta" {
				continue
			}
			var equiv, content string
			for more {
				var k, v []byte
				k, v, more = z.TagAttr()
				switch string(k) {
				case "http-equiv":
					equiv = string(v)
				case "content":
					content = string(v)
				}
			}
			if strings.EqualFold(strings.TrimSpace(equiv), "onion-location") {
				return onion(content)
			}
		}
	}
}

func onion(value string) (string, bool) {
	value = strings.TrimSpace(value)
	if !strings.Contains(value, "://") {
		return "", false
	}
	host, ok := Host(value)
	name, _, _ := strings.Cut(host, ":")
	return host, ok && strings.HasSuffix(name, ".onion")
}

func containsFold(b []byte, lower string) bool {
	return bytes.Contains(bytes.ToLower(b), []byte(lower))
}
