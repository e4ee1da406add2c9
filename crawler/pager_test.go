package crawler

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"tamga"
	"tamga/internal/sociallab"
)

// platforms are a source of each kind on the server of the lab: where it begins,
// and how many captures 35 posts are.
var platforms = []struct {
	kind, path string
	pages      int
}{
	{"telegram", "/demo_channel", 4},
	{"mastodon", "/@demo_garden", 1 + 5}, // the account, and an empty page at the end
	{"mastodon", "/tags/demo", 5},
	{"bluesky", "/profile/garden.nowhere.example", 4},
	{"reddit", "/r/DemoGarden", 4},
	{"vk", "/demo_wall", 4},
	{"feed", "/index.rss", 1 + sociallab.PageSize},
}

func socialLab(t *testing.T, kind, path string) (*lab, *sociallab.Lab, string) {
	t.Helper()
	platform := sociallab.New(35)
	s := serve(t, platform)
	seed, err := Address(kind, s.URL+path)
	if err != nil {
		t.Fatal(err)
	}
	l := newLab(t)
	l.opts.Sources = []Source{{Name: "demo", Kind: kind, Seeds: []string{seed}}}
	l.opts.Begin = []string{"demo"}
	return l, platform, s.URL
}

// TestPaging goes over a source of each kind to its end; the next pass stops where
// the first began, and captures what is new.
func TestPaging(t *testing.T) {
	for _, p := range platforms {
		t.Run(p.kind+p.path, func(t *testing.T) {
			l, platform, _ := socialLab(t, p.kind, p.path)
			if s := l.run(t); s.Captured != int64(p.pages) || s.Failed != 0 {
				t.Fatalf("first pass %+v: %v", s, l.sink.urls())
			}
			noDuplicates(t, l.sink.urls())
			platform.Requests()
			platform.Grow(12)
			want := int64(2)
			switch {
			case p.kind == "feed":
				want = 1 + sociallab.PageSize // all of its entries are new
			case strings.HasPrefix(p.path, "/@"):
				want = 3
			}
			if s := l.run(t); s.Captured != want {
				t.Errorf("second pass %+v: %v", s, platform.Requests())
			}
			platform.Requests()
			if s := l.run(t); s.Captured != want-1 && s.Captured != 1 {
				t.Errorf("a pass with nothing new %+v: %v", s, platform.Requests())
			}
		})
	}
}

// TestPagingBudget: what a budget cuts off is gone over by the passes after it,
// without a page between them being lost.
func TestPagingBudget(t *testing.T) {
	for _, p := range platforms[:6] {
		if p.kind == "vk" {
			continue // offsets move with every post
		}
		t.Run(p.kind+p.path, func(t *testing.T) {
			l, platform, base := socialLab(t, p.kind, p.path)
			l.opts.Sources[0].Budget = 3
			for range 9 {
				l.run(t)
				platform.Grow(1)
			}
			all := strings.Builder{}
			for _, r := range l.sink.records() {
				all.Write(r.Exchange.Body)
			}
			for i := 1; i <= 43; i++ {
				if text := sociallab.Text(i); !strings.Contains(all.String(), text) {
					t.Errorf("post %d was never captured, of %s", i, base)
				}
			}
		})
	}
}

// TestPagingGap: a page that was given up is asked for again by the next pass,
// though pages above it are known.
func TestPagingGap(t *testing.T) {
	l, platform, base := socialLab(t, "telegram", "/demo_channel")
	platform.Fail("/s/demo_channel?before=16", 2)
	if s := l.run(t); s.Captured != 3 || s.Failed != 1 {
		t.Fatalf("first pass %+v", s)
	}
	platform.Grow(3)
	l.run(t)
	if ex := l.sink.find(t, base+"/s/demo_channel?before=6"); ex.Outcome != tamga.OutcomeOK {
		t.Errorf("the end of the channel: %+v", ex)
	}
}

// TestPagingReplay: a frontier that is lost is built again from the log, with what
// the passes had covered.
func TestPagingReplay(t *testing.T) {
	l, platform, _ := socialLab(t, "telegram", "/demo_channel")
	l.run(t)
	l.opts.Frontier = openFrontier(t, openDB(t, l.dir+"/other.db"))
	platform.Requests()
	if s := l.run(t); s.Captured != 1 {
		t.Errorf("after the loss %+v: %v", s, platform.Requests())
	}
}

// TestPagingLong: a long history is no trap of addresses.
func TestPagingLong(t *testing.T) {
	for _, p := range platforms[:6] {
		t.Run(p.kind+p.path, func(t *testing.T) {
			l, platform, _ := socialLab(t, p.kind, p.path)
			platform.Grow(665)
			if s := l.run(t); s.Captured < 70 || s.Captured > 72 || s.Failed != 0 {
				t.Errorf("700 posts: %+v", s)
			}
		})
	}
}

// TestPagingInterrupted: a pass that is interrupted goes on where it was.
func TestPagingInterrupted(t *testing.T) {
	l, _, _ := socialLab(t, "bluesky", "/profile/garden.nowhere.example")
	l.opts.MaxPages = 1
	for range 6 {
		l.run(t)
	}
	noDuplicates(t, l.sink.urls()[:4])
	if n := len(l.sink.urls()); n != 6 { // four pages, and then two passes with nothing new
		t.Errorf("%d captures: %v", n, l.sink.urls())
	}
}

// TestPagingCut: what a page that was cut does not hold is not taken for covered.
func TestPagingCut(t *testing.T) {
	l, platform, base := socialLab(t, "telegram", "/demo_channel")
	l.opts.BodyCap = 4000
	l.run(t)
	l.opts.BodyCap = 0
	platform.Requests()
	l.run(t)
	if r := platform.Requests(); r["/s/demo_channel?before=26"] != 1 || r["/s/demo_channel?before=6"] != 1 {
		t.Errorf("%s: asked for %v", base, r)
	}
}

// TestNoPreview: a group shows nothing to everybody, and that is what is said.
func TestNoPreview(t *testing.T) {
	l, _, base := socialLab(t, "telegram", "/demo_group")
	if s := l.run(t); s.Captured != 2 || s.Failed != 0 {
		t.Fatalf("%+v", s)
	}
	if ex := l.sink.find(t, base+"/demo_group"); ex.Outcome != tamga.OutcomeNoPreview || !strings.Contains(ex.Detail, "no public preview") || len(ex.Body) == 0 {
		t.Errorf("%s: %s", ex.Outcome, ex.Detail)
	}
}

// TestAddress turns what a person opens into what can be read.
func TestAddress(t *testing.T) {
	for _, c := range []struct{ kind, address, want string }{
		{"telegram", "https://t.me/demo_channel", "https://t.me/s/demo_channel"},
		{"telegram", "https://t.me/s/demo_channel", "https://t.me/s/demo_channel"},
		{"telegram", "https://telegram.me/demo_channel?x=1", "https://t.me/s/demo_channel"},
		{"telegram", "https://t.me/+AbCdEf", ""},
		{"telegram", "https://t.me/joinchat/AbCdEf", ""},
		{"telegram", "https://t.me/", ""},
		{"mastodon", "https://nowhere.example/@demo", "https://nowhere.example/api/v1/accounts/lookup?acct=demo"},
		{"mastodon", "https://nowhere.example/@demo@elsewhere.example", "https://nowhere.example/api/v1/accounts/lookup?acct=demo%40elsewhere.example"},
		{"mastodon", "https://nowhere.example/tags/demo", "https://nowhere.example/api/v1/timelines/tag/demo?limit=40"},
		{"mastodon", "https://nowhere.example/api/v1/timelines/tag/demo", "https://nowhere.example/api/v1/timelines/tag/demo"},
		{"mastodon", "https://nowhere.example/", "https://nowhere.example/api/v1/timelines/public?limit=40&local=true"},
		{"mastodon", "https://nowhere.example/about", ""},
		{"bluesky", "https://bsky.app/profile/demo.example", "https://public.api.bsky.app/xrpc/app.bsky.feed.getAuthorFeed?actor=demo.example&limit=100"},
		{"bluesky", "http://127.0.0.1:1/profile/demo.example", "http://127.0.0.1:1/xrpc/app.bsky.feed.getAuthorFeed?actor=demo.example&limit=100"},
		{"bluesky", "https://bsky.app/hashtag/demo", "https://public.api.bsky.app/xrpc/app.bsky.feed.searchPosts?limit=100&q=%23demo&sort=latest"},
		{"bluesky", "https://bsky.app/", ""},
		{"reddit", "https://reddit.com/r/Demo", "https://www.reddit.com/r/Demo/new.json?limit=100&raw_json=1"},
		{"reddit", "https://www.reddit.com/r/Demo/top", "https://www.reddit.com/r/Demo/top.json?limit=100&raw_json=1"},
		{"reddit", "https://www.reddit.com/r/Demo/comments/abc/x/", "https://www.reddit.com/r/Demo/comments/abc/x.json?limit=500&raw_json=1"},
		{"reddit", "https://www.reddit.com/r/Demo/.rss", "https://www.reddit.com/r/Demo/.rss"},
		{"reddit", "https://www.reddit.com/r/Demo.json", "https://www.reddit.com/r/Demo.json"},
		{"reddit", "https://www.reddit.com/", ""},
		{"vk", "https://vk.com/demo", "https://m.vk.com/demo"},
		{"vk", "https://vk.com/", ""},
		{"feed", "https://forum.example/index.rss", "https://forum.example/index.rss"},
		{"market", "https://market.example/@x", "https://market.example/@x"},
	} {
		got, err := Address(c.kind, c.address)
		if got != c.want || (err != nil) != (c.want == "") {
			t.Errorf("%s %s: %s, %v", c.kind, c.address, got, err)
		}
	}
}

func TestKindOf(t *testing.T) {
	for address, want := range map[string]string{
		"https://t.me/s/demo": "telegram", "https://WWW.Reddit.com/r/Demo": "reddit", "https://bsky.app/profile/x": "bluesky", "https://m.vk.com/demo": "vk",
		"https://not-t.me/s/demo": "", "https://t.me.example/": "", "http://127.0.0.1:8000/s/demo": "", "": "",
	} {
		if got := KindOf(address); got != want {
			t.Errorf("%s: %q, want %q", address, got, want)
		}
	}
}

// TestPagerTraps: cursors that lead nowhere or round in a circle end the paging.
func TestPagerTraps(t *testing.T) {
	at := func(s string) *url.URL { u, _ := url.Parse(s); return u }
	for name, next := range map[string]string{
		"telegram, the same again":  telegramPager(at("http://h/s/x?before=5"), nil, `<div data-post="x/4"></div><a data-before="5">`).next,
		"telegram, upwards":         telegramPager(at("http://h/s/x?before=5"), nil, `<div data-post="x/9"></div><a data-before="9">`).next,
		"telegram, beyond 64 bits":  telegramPager(at("http://h/s/x"), nil, `<div data-post="x/99999999999999999999"></div><a data-before="9">`).next,
		"vk, the same offset":       vkPager(at("http://h/x?offset=10"), nil, `<a name="post-1_5"></a><a href="/x?offset=10">`).next,
		"mastodon, the same cursor": mastodonPager(at("http://h/?max_id=5"), map[string][]string{"Link": {`<http://h/?max_id=5>; rel="next"`}}, `[{"id":"4"}]`).next,
		"bluesky, the same cursor":  blueskyPager(at("http://h/?cursor=a"), nil, `{"feed":[{"post":{}}],"cursor":"a"}`).next,
		"reddit, the same cursor":   redditPager(at("http://h/new.json?after=t3_a"), nil, `{"kind":"Listing","data":{"after":"t3_a"}}`).next,
		"no JSON":                   redditPager(at("http://h/new.json"), nil, `{"kind":"Listing","data":`).next,
		"no feed":                   feedPager(at("http://h/"), nil, `<html><link rel=next href=/2></html>`).next,
	} {
		if next != "" {
			t.Errorf("%s: %s", name, next)
		}
	}
}

func FuzzPagers(f *testing.F) {
	f.Add("http://h/s/x?before=5", `<http://h/?max_id=5>; rel="next"`, `<div data-post="x/4"></div><a data-before="3">`)
	f.Add("http://h/api/v1/accounts/lookup", "", `{"id":"1","acct":"x"}`)
	f.Add("http://h/new.json?after=t3_z", "", `{"kind":"Listing","data":{"after":"t3_a","children":[{"data":{"name":"t3_b"}}]}}`)
	f.Add("http://h/?cursor=2025-01-01T00:00:00Z", "<", `{"feed":[{"post":{"indexedAt":"2024-01-01T00:00:00Z"}}],"cursor":"2024-01-01T00:00:00Z"}`)
	f.Add("http://h/", `<a>;rel=next,<b`, `<rss><item><link>/x</link><atom:link rel=next href=/2>`)
	f.Fuzz(func(t *testing.T, page, link, body string) {
		u, err := url.Parse(page)
		if err != nil {
			return
		}
		for kind, p := range pagers {
			x := p(u, map[string][]string{"Link": {link}}, body)
			if x.chain != "" && (x.low <= 0 || x.below == nil) {
				t.Fatalf("%s: %+v", kind, x)
			}
			if x.chain != "" {
				x.below(x.low)
			}
			if _, err := Address(kind, page); err != nil {
				continue
			}
		}
	})
}

// TestPagingRefused: Reddit's JSON is refused to many, its feeds to fewer; an API
// that wants a token says so.
func TestPagingRefused(t *testing.T) {
	s := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/r/DemoGarden/new.json":
			http.Error(w, "<html>Blocked</html>", http.StatusForbidden)
		case "/r/DemoGarden/new/.rss":
			w.Header().Set("Content-Type", "application/atom+xml")
			fmt.Fprint(w, `<feed><title>demo</title><entry><title>x</title><link href="/r/DemoGarden/comments/1/x/"/></entry></feed>`)
		default:
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprint(w, `{"error":"This method requires an authenticated user"}`)
		}
	}))
	l := newLab(t)
	reddit, err := Address("reddit", s.URL+"/r/DemoGarden")
	if err != nil {
		t.Fatal(err)
	}
	l.opts.Sources = []Source{{Name: "questions", Kind: "reddit", Seeds: []string{reddit}}, {Name: "tag", Kind: "mastodon", Seeds: []string{s.URL + "/api/v1/timelines/tag/demo"}}}
	l.opts.Begin = []string{"questions", "tag"}
	if sum := l.run(t); sum.Captured != 3 {
		t.Errorf("%+v: %v", sum, l.sink.urls())
	}
	if ex := l.sink.find(t, s.URL+"/r/DemoGarden/new/.rss?limit=100"); ex.Outcome != tamga.OutcomeOK {
		t.Errorf("feed: %s", ex.Outcome)
	}
	if ex := l.sink.find(t, s.URL+"/api/v1/timelines/tag/demo"); ex.Outcome != tamga.OutcomeLogin || len(ex.Body) == 0 {
		t.Errorf("tag: %s %s", ex.Outcome, ex.Detail)
	}
}

// TestStatusPosition: ids of each server, the older first.
func TestStatusPosition(t *testing.T) {
	for _, ids := range [][]string{
		{"1", "9", "111000000000000001", "111000000000000002"},
		{"01F8MH75CBF9JFX4ZAD54N0W0R", "01F8MHAAY43M6RJ473VQFCVH37", "01hjf4p3xn3nmd0k1zr7t1v2wz"},
		{"9n2ciuz1wdesFnrGJU", "9wQ8mRBlWPdjnzjkUC", "AuMtMdNzkNVjAZZDmi"},
	} {
		last := int64(0)
		for _, id := range ids {
			if n := statusPosition(id); n <= last {
				t.Errorf("%s: %d after %d", id, n, last)
			} else {
				last = n
			}
		}
	}
	for _, id := range []string{"", "abc", "9999999999999999999", "-1", "01F8MH75UBF9JFX4ZAD54N0W0R", "9n2ciuz1wdesFnrG-U", "ZZZZZZZZZZZZZZZZZZZZZZZZZZ"} {
		if n := statusPosition(id); n != 0 {
			t.Errorf("%q: %d", id, n)
		}
	}
}
