package crawler

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/net/html"
)

// maxEntries bounds the entries of one feed whose pages are fetched.
const maxEntries = 1000

// feedPager reads RSS, Atom and JSON Feed: the pages of its entries, each fetched
// once, and the feed's next page (RFC 5005).
func feedPager(page *url.URL, _ http.Header, text string) turn {
	if trimmed := strings.TrimSpace(text); strings.HasPrefix(trimmed, "{") {
		return jsonFeed(trimmed)
	}
	t := turn{once: true}
	z := html.NewTokenizer(strings.NewReader(text))
	z.SetMaxBuf(8 << 20)
	z.AllowCDATA(true)
	root, item, value := "", false, false // value: inside the link of an item
	for len(t.links) < maxEntries {
		token := z.Next()
		switch token {
		case html.ErrorToken:
			return t
		case html.StartTagToken, html.SelfClosingTagToken:
			name, more := z.TagName()
			tag := string(name)
			z.NextIsNotRawText()
			if root == "" {
				if root = tag; root != "rss" && root != "feed" && root != "rdf:rdf" {
					return turn{}
				}
			}
			switch tag {
			case "item", "entry":
				item = true
			case "link", "atom:link":
				var href, rel string
				for more {
					var k, v []byte
					k, v, more = z.TagAttr()
					switch string(k) {
					case "href":
						href = string(v)
					case "rel":
						rel = string(v)
					}
				}
				switch {
				case item && href != "" && (rel == "" || rel == "alternate"):
					t.links = append(t.links, href)
				case !item && rel == "next":
					t.next = href
				}
				value = item && tag == "link" && token == html.StartTagToken && href == ""
			}
		case html.TextToken:
			if ref := strings.TrimSpace(string(z.Text())); value && ref != "" {
				t.links = append(t.links, ref)
				value = false
			}
		case html.EndTagToken:
			name, _ := z.TagName()
			value = false
			if tag := string(name); tag == "item" || tag == "entry" {
				item = false
			}
		}
	}
	return t
}

func jsonFeed(text string) turn {
	var feed struct {
		Version string
		NextURL string `json:"next_url"`
		Items   []struct{ URL string }
	}
	if json.Unmarshal([]byte(text), &feed) != nil || !strings.HasPrefix(feed.Version, "https://jsonfeed.org/version/") {
		return turn{}
	}
	t := turn{next: feed.NextURL, once: true}
	for _, i := range feed.Items {
		if i.URL != "" && len(t.links) < maxEntries {
			t.links = append(t.links, i.URL)
		}
	}
	return t
}
