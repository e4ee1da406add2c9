package crawler

import (
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"golang.org/x/net/html"
)

// attributes calls each with the attributes of every start tag of a page.
func attributes(text string, each func(tag string, attrs map[string]string)) {
	z := html.NewTokenizer(strings.NewReader(text))
	z.SetMaxBuf(1 << 20)
	for {
		switch z.Next() {
		case html.ErrorToken:
			return
		case html.StartTagToken, html.SelfClosingTagToken:
			name, more := z.TagName()
			tag, attrs := string(name), map[string]string{}
			for more && len(attrs) < 64 {
				var k, v []byte
				k, v, more = z.TagAttr()
				attrs[string(k)] = string(v)
			}
			each(tag, attrs)
		}
	}
}

// ids are the lowest and the highest of some numbers from 1.
type ids struct{ low, high int64 }

func (r *ids) add(s string) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n <= 0 || n == math.MaxInt64 {
		return
	}
	if r.low == 0 || n < r.low {
		r.low = n
	}
	r.high = max(r.high, n)
}

// position is a number of the query of a page; 0 where there is none.
func position(u *url.URL, name string) int64 {
	var r ids
	r.add(u.Query().Get(name))
	return r.low
}

// telegramPager reads t.me/s/NAME: messages have numbers, and the page before is
// ?before=NUMBER.
func telegramPager(page *url.URL, _ http.Header, text string) turn {
	var posts, more ids
	attributes(text, func(tag string, attrs map[string]string) {
		if u, err := page.Parse(attrs["href"]); tag == "link" && attrs["rel"] == "prev" && err == nil {
			more.add(u.Query().Get("before"))
		}
		if name, id, ok := strings.Cut(attrs["data-post"], "/"); ok && name != "" {
			posts.add(id)
		}
		more.add(attrs["data-before"])
	})
	if posts.low == 0 {
		return turn{}
	}
	before := position(page, "before")
	t := turn{chain: paging(page, "before", "after"), low: posts.low, high: posts.high}
	if before > 0 {
		t.high = max(t.high, before-1)
	}
	t.below = func(low int64) string { return with(page, "before", strconv.FormatInt(low, 10)) }
	if more.low > 1 && (before == 0 || more.low < before) {
		t.low = min(t.low, more.low)
		t.next = t.below(more.low)
	}
	return t
}

// vkPager reads a public wall: the page before has an offset, and posts have
// numbers that grow, with gaps where comments are.
func vkPager(page *url.URL, _ http.Header, text string) turn {
	var posts ids
	next, here := int64(0), position(page, "offset")
	attributes(text, func(tag string, attrs map[string]string) {
		for _, name := range []string{"data-post-id", "name", "id"} {
			_, post, ok := strings.Cut(strings.TrimPrefix(attrs[name], "post"), "_")
			if ok && (name == "data-post-id" || strings.HasPrefix(attrs[name], "post")) {
				posts.add(post)
			}
		}
		if u, err := page.Parse(attrs["href"]); tag == "a" && err == nil && u.Path == page.Path && u.Host == page.Host {
			if n := position(u, "offset"); n > here && (next == 0 || n < next) {
				next = n
			}
		}
	})
	if posts.low == 0 {
		return turn{}
	}
	t := turn{chain: paging(page, "offset"), low: posts.low, high: posts.high}
	t.below = func(int64) string { return "" }
	if next > 0 {
		t.next = with(page, "offset", strconv.FormatInt(next, 10))
	}
	return t
}
