package crawler

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"tamga/internal/decode"
)

// maxTurns bounds the pages of one paging: a server that makes up cursors without
// end is left at some point even where the source has no budget.
const maxTurns = 10_000

// A turn is what a page of a paged source tells of the pages after it. Of such a
// source nothing else is followed.
type turn struct {
	next  string   // reference to the page after it; "": it is the last
	links []string // references to pages of their own, such as the entries of a feed
	once  bool     // of links: those that were captured before are not fetched again

	// Positions order posts by their age, the newest has the highest: a number or
	// a time of the platform. They are known where chain, the paging without its
	// cursor, is not empty.
	chain     string
	low, high int64                  // what the page covers, both included
	below     func(low int64) string // URL of what lies below a position
}

// A pager reads a page. It is asked for every response of status 200 to 299 and
// returns the zero turn for one that is not of its kind.
type pager func(page *url.URL, header http.Header, text string) turn

// pagers by kind of source. A source of another kind is a site: its links are
// followed.
var pagers = map[string]pager{
	"telegram": telegramPager,
	"vk":       vkPager,
	"mastodon": mastodonPager,
	"bluesky":  blueskyPager,
	"reddit":   redditPager,
	"feed":     feedPager,
}

// accepts is what a source of a kind asks for (RFC 9110 §12.5.1).
func accepts(kind string) string {
	switch kind {
	case "mastodon", "bluesky":
		return "application/json"
	case "reddit":
		return "application/json, application/atom+xml;q=0.9, */*;q=0.8"
	case "feed":
		return "application/rss+xml, application/atom+xml, application/feed+json, application/xml;q=0.9, */*;q=0.8"
	}
	return "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
}

// paged reads the response of a paged source; false where the source is a site.
func (k *worker) paged(plain []byte) bool {
	p := pagers[k.kind]
	u, err := url.Parse(k.job.url)
	if p == nil || err != nil {
		return false
	}
	k.turn = &turn{}
	if k.page = isHTML(k.ex.Header, plain); k.ex.Status >= 200 && k.ex.Status < 300 {
		text, _ := decode.UTF8(k.ex.Header.Get("Content-Type"), plain)
		if *k.turn = p(u, k.ex.Header, text); k.ex.Truncated != "" {
			k.turn.chain = "" // what was cut off is not covered
		}
	} else if k.ex.Status == http.StatusForbidden && k.kind == "reddit" {
		k.turn.links = redditFeed(u)
	}
	k.found.refs = append([]string{k.turn.next}, k.turn.links...)
	return true
}

// hidden tells a page of Telegram that stands where a channel shows its posts to
// everybody and shows none: t.me/s/NAME sends there for a group, a person, and a
// channel that is closed.
func hidden(kind, page string, status int, text string) bool {
	u, err := url.Parse(page)
	return err == nil && kind == "telegram" && status == http.StatusOK && !strings.HasPrefix(u.Path, "/s/") && !strings.Contains(text, "data-post=")
}

// turned takes the positions of a page into the frontier, and says which of its
// links are followed: the page after it only where what lies below was not
// captured by an earlier pass. Doing it twice changes nothing.
func (c *Crawler) turned(ctx context.Context, j *job, t *turn, links []string) ([]string, error) {
	if t == nil {
		return links, nil
	}
	f := c.opts.Frontier
	r, err := newResolver(j.url, "")
	if err != nil {
		return nil, nil
	}
	next, ok := r.resolve(t.next)
	if !ok || next == j.url || j.depth >= maxTurns {
		next = ""
	}
	var out []string
	for _, link := range links {
		if link == next {
			continue
		}
		if t.once {
			if state, err := f.stateOf(ctx, link); err != nil {
				return nil, err
			} else if state == stateDone {
				continue
			}
		}
		out = append(out, link)
	}
	if t.chain != "" && t.low <= t.high {
		low, known, err := f.cover(ctx, j.source+" "+t.chain, t.low, t.high, next == "")
		if err != nil {
			return nil, err
		}
		if known && next != "" {
			next = ""
			// A page that was given up leaves a gap, where nothing leads any more.
			if u, err := Canonical(t.below(low)); err == nil {
				if state, err := f.stateOf(ctx, u); err != nil {
					return nil, err
				} else if state == stateDead {
					next = u
				}
			}
		}
	}
	if next != "" {
		out = append([]string{next}, out...)
	}
	return out, nil
}

// paging is what the pages of one paging share, on whichever mirror: path and
// query, some parameters of it left out.
func paging(u *url.URL, names ...string) string {
	q := u.Query()
	for _, n := range names {
		q.Del(n)
	}
	return u.Path + "?" + q.Encode()
}

// with is a URL with one parameter of its query set.
func with(u *url.URL, name, value string) string {
	q := u.Query()
	q.Set(name, value)
	v := *u
	v.RawQuery, v.Fragment = q.Encode(), ""
	return v.String()
}
