// Package sociallab serves invented channels on loopback in the form in which the
// platforms of social media serve theirs, for tests: pages of posts with the
// newest first, the one before by the cursor of each platform.
//
//	/s/demo_channel                    Telegram's web preview; /s/demo_group has none
//	/api/v1/accounts/lookup, …         Mastodon's API, of the account demo_garden
//	/xrpc/app.bsky.feed.getAuthorFeed  the AppView of the AT Protocol
//	/r/DemoGarden/new.json             a listing of Reddit
//	/demo_wall                         a wall of VK, for telephones
//	/index.rss                         a feed, of which each entry has a page
package sociallab

import (
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// PageSize is the number of posts on a page.
const PageSize = 10

// began is the time of post 0; each later one is an hour younger.
var began = time.Date(2025, 3, 1, 10, 0, 0, 0, time.UTC)

// Lab is the server. Every channel has the same posts.
type Lab struct {
	mu       sync.Mutex
	posts    int
	fail     map[string]int
	requests map[string]int
}

// New makes channels of so many posts.
func New(posts int) *Lab {
	return &Lab{posts: posts, fail: map[string]int{}, requests: map[string]int{}}
}

// Grow adds posts to every channel.
func (l *Lab) Grow(n int) { l.mu.Lock(); defer l.mu.Unlock(); l.posts += n }

// Fail answers the next n requests of a path and query with status 500.
func (l *Lab) Fail(uri string, n int) { l.mu.Lock(); defer l.mu.Unlock(); l.fail[uri] = n }

// Requests are the numbers of requests by path and query, since the last call.
func (l *Lab) Requests() map[string]int {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.requests
	l.requests = map[string]int{}
	return r
}

func (l *Lab) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	uri, posts := r.URL.RequestURI(), l.posts
	l.requests[uri]++
	failing := l.fail[uri] > 0
	if failing {
		l.fail[uri]--
	}
	l.mu.Unlock()
	if failing {
		http.Error(w, "demo failure", http.StatusInternalServerError)
		return
	}
	q := r.URL.Query()
	switch path := r.URL.Path; {
	case path == "/s/demo_channel":
		telegram(w, before(q.Get("before"), posts))
	case path == "/s/demo_group":
		http.Redirect(w, r, "/demo_group", http.StatusFound)
	case path == "/demo_group":
		page(w, `<html><head><title>Telegram: Contact @demo_group</title></head><body><div class="tgme_page"><div class="tgme_page_title">Demo group</div><div class="tgme_page_extra">12 members</div></div></body></html>`)
	case path == "/api/v1/accounts/lookup" && q.Get("acct") == "demo_garden":
		answer(w, account)
	case path == "/api/v1/accounts/42/statuses", path == "/api/v1/timelines/tag/demo":
		mastodon(w, r, before(q.Get("max_id"), posts))
	case path == "/xrpc/app.bsky.feed.getAuthorFeed":
		bluesky(w, q.Get("cursor"), posts)
	case path == "/r/DemoGarden/new.json":
		reddit(w, q.Get("after"), posts)
	case path == "/demo_wall":
		offset, _ := strconv.Atoi(q.Get("offset"))
		vk(w, posts-offset, offset)
	case path == "/index.rss":
		feed(w, r, posts)
	case strings.HasPrefix(path, "/threads/"):
		page(w, "<html><head><title>A thread</title></head><body><h1>Offer "+html.EscapeString(path[len("/threads/"):])+"</h1><a href='/elsewhere'>elsewhere</a></body></html>")
	default:
		http.NotFound(w, r)
	}
}

// before is the newest post below a cursor.
func before(cursor string, posts int) int {
	if n, err := strconv.Atoi(cursor); err == nil && n <= posts {
		return n - 1
	}
	return posts
}

// each calls fn for the posts of a page, the newest first, and returns the oldest.
func each(newest int, fn func(i int)) (oldest int) {
	oldest = max(newest-PageSize+1, 1)
	for i := newest; i >= oldest; i-- {
		fn(i)
	}
	return oldest
}

func at(i int) time.Time { return began.Add(time.Duration(i) * time.Hour) }

// Text is what the post of a number says.
func Text(i int) string {
	return fmt.Sprintf("Offer %d: %d g of hash for %d EUR, write to @demo_garden_bot", i, i%9+1, (i%9+1)*9)
}

func page(w http.ResponseWriter, body string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprint(w, body)
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_ = json.NewEncoder(w).Encode(v) // the connection of a test
}

func telegram(w http.ResponseWriter, newest int) {
	var b, all strings.Builder
	oldest := max(newest-PageSize+1, 1)
	for i := oldest; i <= newest; i++ {
		edited, forwarded := "", ""
		if i%7 == 0 {
			edited = "edited "
		}
		if i%5 == 0 {
			forwarded = `<div class="tgme_widget_message_forwarded_from accent_color">Forwarded from&nbsp;<a class="tgme_widget_message_forwarded_from_name" href="https://t.me/elsewhere_demo/7">Elsewhere Demo</a></div>`
		}
		fmt.Fprintf(&all, `<div class="tgme_widget_message_wrap js-widget_message_wrap"><div class="tgme_widget_message text_not_supported_wrap js-widget_message" data-post="demo_channel/%d"><div class="tgme_widget_message_bubble"><div class="tgme_widget_message_author accent_color"><a class="tgme_widget_message_owner_name" href="https://t.me/demo_channel"><span dir="auto">Demo Channel</span></a></div>%s<div class="tgme_widget_message_text js-message_text" dir="auto">%s</div><div class="tgme_widget_message_footer compact js-message_footer"><div class="tgme_widget_message_info short js-message_info"><span class="tgme_widget_message_views">%d</span><span class="copyonly"> views</span><span class="tgme_widget_message_meta">%s<a class="tgme_widget_message_date" href="https://t.me/demo_channel/%d"><time datetime="%s" class="time">00:00</time></a></span></div></div></div></div></div>`,
			i, forwarded, html.EscapeString(Text(i)), 100+i, edited, i, at(i).Format("2006-01-02T15:04:05+00:00"))
	}
	b.WriteString(`<!DOCTYPE html><html><head><meta charset="utf-8"><title>Demo Channel – Telegram</title></head><body class="widget_frame_base tgme_webpreview"><header class="tgme_header"><div class="tgme_header_title">Demo Channel</div></header><main class="tgme_main"><div class="tgme_channel_info"><div class="tgme_channel_info_header_title">Demo Channel</div><div class="tgme_channel_info_description">An invented channel.</div></div><a href="/demo_group">a group</a><section class="tgme_channel_history js-message_history">`)
	if oldest > 1 {
		fmt.Fprintf(&b, `<div class="tgme_widget_message_centered js-messages_more_wrap"><a href="/s/demo_channel?before=%d" class="tme_messages_more js-messages_more" data-before="%d"></a></div>`, oldest, oldest)
	}
	page(w, b.String()+all.String()+`</section></main></body></html>`)
}

type object = map[string]any

var account = object{"id": "42", "username": "demo_garden", "acct": "demo_garden", "display_name": "Demo Garden", "note": "<p>An invented account.</p>"}

func mastodon(w http.ResponseWriter, r *http.Request, newest int) {
	all := []any{}
	oldest := each(newest, func(i int) {
		id := strconv.Itoa(i)
		all = append(all, object{"id": id, "created_at": at(i).Format("2006-01-02T15:04:05.000Z"), "edited_at": nil, "url": "https://nowhere.example/@demo_garden/" + id,
			"account": account, "content": "<p>" + html.EscapeString(Text(i)) + "</p>", "spoiler_text": "", "reblog": nil, "language": "en"})
	})
	if len(all) > 0 { // under its public name, as a server behind a proxy does
		w.Header().Set("Link", fmt.Sprintf(`<https://nowhere.example%s?max_id=%d>; rel="next", <https://nowhere.example%s?min_id=%d>; rel="prev"`, r.URL.Path, oldest, r.URL.Path, newest))
	}
	answer(w, all)
}

func bluesky(w http.ResponseWriter, cursor string, posts int) {
	newest := posts
	if t, err := time.Parse(time.RFC3339, cursor); err == nil {
		newest = int(t.Sub(began)/time.Hour) - 1
	}
	all := []any{}
	oldest := each(newest, func(i int) {
		all = append(all, object{"post": object{
			"uri": fmt.Sprintf("at://did:plc:demogarden/app.bsky.feed.post/%d", i), "cid": fmt.Sprintf("bafyreidemo%d", i), "indexedAt": at(i).Format(time.RFC3339),
			"author": object{"did": "did:plc:demogarden", "handle": "garden.nowhere.example"},
			"record": object{"$type": "app.bsky.feed.post", "createdAt": at(i).Format(time.RFC3339), "text": Text(i)},
		}})
	})
	out := object{"feed": all}
	if oldest > 1 {
		out["cursor"] = at(oldest).Format(time.RFC3339)
	}
	answer(w, out)
}

func reddit(w http.ResponseWriter, after string, posts int) {
	newest := posts
	if n, err := strconv.ParseInt(strings.TrimPrefix(after, "t3_"), 36, 32); err == nil {
		newest = int(n) - 1
	}
	all := []any{}
	name := func(i int) string { return strconv.FormatInt(int64(i), 36) }
	oldest := each(newest, func(i int) {
		all = append(all, object{"kind": "t3", "data": object{"name": "t3_" + name(i), "id": name(i), "subreddit": "DemoGarden", "author": "demo_gardener", "title": "Question " + name(i),
			"selftext": Text(i), "created_utc": at(i).Unix(), "edited": false, "permalink": "/r/DemoGarden/comments/" + name(i) + "/question/"}})
	})
	data := object{"children": all, "after": nil}
	if oldest > 1 {
		data["after"] = "t3_" + name(oldest)
	}
	answer(w, object{"kind": "Listing", "data": data})
}

func vk(w http.ResponseWriter, newest, offset int) {
	var b strings.Builder
	b.WriteString(`<!DOCTYPE html><html><head><meta charset="utf-8"><title>Demo Wall</title></head><body><h2 class="op_header">Demo Wall</h2><div class="wall_posts own">`)
	oldest := each(newest, func(i int) {
		fmt.Fprintf(&b, `<div class="wall_item"><a class="post__anchor anchor" name="post-900000001_%d"></a><div class="wi_head"><div class="wi_author"><a class="pi_author" href="/demo_wall">Demo Wall</a></div><a class="wi_date" href="/wall-900000001_%d">%s</a></div><div class="wi_body"><div class="pi_text">%s</div></div></div>`,
			i, i, at(i).Format("2 Jan 2006 at 15:04"), html.EscapeString(Text(i)))
	})
	if oldest > 1 {
		fmt.Fprintf(&b, `<a class="show_more" href="/demo_wall?offset=%d">more</a>`, offset+PageSize)
	}
	page(w, b.String()+`</div></body></html>`)
}

func feed(w http.ResponseWriter, r *http.Request, posts int) {
	w.Header().Set("Content-Type", "application/rss+xml; charset=utf-8")
	fmt.Fprint(w, `<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>Demo Forum</title><link>/</link><description>Invented</description>`)
	each(posts, func(i int) {
		fmt.Fprintf(w, `<item><title>Offer %d</title><link>http://%s/threads/%d</link><guid>%d</guid><pubDate>%s</pubDate><author>demo_gardener</author><description>&lt;p&gt;%s&lt;/p&gt;</description></item>`,
			i, r.Host, i, i, at(i).Format(time.RFC1123Z), html.EscapeString(Text(i)))
	})
	fmt.Fprint(w, `</channel></rss>`)
}
