package crawler

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// mastodonPager reads timelines, whose page before is ?max_id=ID, as the Link
// header says (RFC 8288), and the account that a timeline is looked up by.
func mastodonPager(page *url.URL, header http.Header, text string) turn {
	var account struct{ ID, Acct string }
	if strings.HasPrefix(strings.TrimSpace(text), "{") {
		if json.Unmarshal([]byte(text), &account) != nil || account.ID == "" || account.Acct == "" || !strings.HasSuffix(page.Path, "/accounts/lookup") {
			return turn{}
		}
		u := *page
		u.Path = strings.TrimSuffix(page.Path, "lookup") + url.PathEscape(account.ID) + "/statuses"
		u.RawQuery = "limit=40"
		return turn{links: []string{u.String()}}
	}
	var statuses []struct{ ID string }
	if json.Unmarshal([]byte(text), &statuses) != nil || len(statuses) == 0 {
		return turn{}
	}
	var t turn
	ordered := true
	for _, s := range statuses {
		n := statusPosition(s.ID)
		if ordered = ordered && n > 0 && (t.low == 0 || n <= t.low); !ordered {
			break
		}
		if t.low = n; t.high == 0 {
			t.high = n
		}
	}
	above := page.Query().Get("max_id")
	if ordered && (above == "" || statusPosition(above) > 0) {
		t.chain, t.high = paging(page, "max_id", "limit"), max(t.high, statusPosition(above)-1)
		t.below = func(low int64) string { // the form of other servers is not known
			return with(page, "max_id", strconv.FormatInt(low, 10))
		}
	}
	cursor := ""
	if links := header.Values("Link"); len(links) > 0 {
		// The host of the link may be the server's public name, where it was asked
		// under another: only the cursor is taken.
		if u, err := page.Parse(linkNext(links)); err == nil {
			cursor = u.Query().Get("max_id")
		}
	} else {
		cursor = statuses[len(statuses)-1].ID
	}
	if cursor != "" && cursor != above {
		t.next = with(page, "max_id", cursor)
	}
	return t
}

// linkNext is the target of rel=next among Link headers; "" where there is none.
func linkNext(headers []string) string {
	for _, h := range headers {
		for h != "" {
			_, rest, ok := strings.Cut(h, "<")
			if !ok {
				break
			}
			target, params, ok := strings.Cut(rest, ">")
			if !ok {
				break
			}
			own, after, _ := strings.Cut(params, "<")
			for _, p := range strings.FieldsFunc(own, func(r rune) bool { return r == ';' || r == ',' }) {
				name, value, _ := strings.Cut(strings.TrimSpace(p), "=")
				if strings.EqualFold(name, "rel") && strings.Contains(" "+strings.ToLower(strings.Trim(value, `"`))+" ", " next ") {
					return target
				}
			}
			if h = ""; after != "" {
				h = "<" + after
			}
		}
	}
	return ""
}

// blueskyPager reads feeds of the AT Protocol, whose page before is ?cursor=. The
// cursor of an author's feed is the time of its oldest item.
func blueskyPager(page *url.URL, _ http.Header, text string) turn {
	type item struct {
		Post struct {
			IndexedAt string `json:"indexedAt"`
		} `json:"post"`
		Reason struct {
			Type      string `json:"$type"`
			IndexedAt string `json:"indexedAt"`
		} `json:"reason"`
	}
	var answer struct {
		Feed   []item            `json:"feed"`
		Posts  []json.RawMessage `json:"posts"`
		Cursor string            `json:"cursor"`
	}
	if json.Unmarshal([]byte(text), &answer) != nil || len(answer.Feed) == 0 && len(answer.Posts) == 0 {
		return turn{}
	}
	var t turn
	if answer.Cursor != "" && answer.Cursor != page.Query().Get("cursor") {
		t.next = with(page, "cursor", answer.Cursor)
	}
	for _, i := range answer.Feed {
		if strings.HasSuffix(i.Reason.Type, "reasonPin") {
			continue // it stands before what is newer
		}
		at := instant(i.Post.IndexedAt)
		if r := instant(i.Reason.IndexedAt); r > 0 {
			at = r
		}
		if at == 0 {
			return t
		}
		if t.low == 0 || at < t.low {
			t.low = at
		}
		t.high = max(t.high, at)
	}
	above, below := page.Query().Get("cursor"), instant(answer.Cursor)
	switch {
	case t.low == 0, answer.Cursor != "" && below == 0, above != "" && instant(above) == 0:
		return t
	}
	t.chain, t.high = paging(page, "cursor", "limit"), max(t.high, instant(above))
	if below > 0 {
		t.low = min(t.low, below)
	}
	t.below = func(low int64) string {
		return with(page, "cursor", time.UnixMilli(low).UTC().Format("2006-01-02T15:04:05.000Z"))
	}
	return t
}

// instant is a time of RFC 3339 in milliseconds since 1970; 0 where it is none.
func instant(s string) int64 {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil || t.Year() < 1971 || t.Year() > 9999 {
		return 0
	}
	return t.UnixMilli()
}

// redditPager reads listings, whose page before is ?after=NAME. Only those by age
// have positions: the numbers of submissions, in base 36.
func redditPager(page *url.URL, header http.Header, text string) turn {
	var answer struct {
		Kind string
		Data struct {
			After    string
			Children []struct {
				Kind string
				Data struct{ Name string }
			}
		}
	}
	if strings.HasPrefix(strings.TrimSpace(text), "<") {
		t := feedPager(page, header, text) // .rss: the entries stand in it as a whole
		t.links = nil
		return t
	}
	if json.Unmarshal([]byte(text), &answer) != nil || answer.Kind != "Listing" {
		return turn{}
	}
	var t turn
	if after := answer.Data.After; after != "" && after != page.Query().Get("after") {
		t.next = with(page, "after", after)
	}
	if !strings.Contains(page.Path, "/new") && page.Query().Get("sort") != "new" {
		return t
	}
	for _, c := range answer.Data.Children {
		n := submission(c.Data.Name)
		if n == 0 {
			return t
		}
		if t.low == 0 || n < t.low {
			t.low = n
		}
		t.high = max(t.high, n)
	}
	if t.low == 0 {
		return t
	}
	if after := page.Query().Get("after"); after != "" {
		n := submission(after)
		if n == 0 {
			return t
		}
		t.high = max(t.high, n-1)
	}
	t.chain = paging(page, "after", "before", "count", "limit")
	t.below = func(low int64) string { return with(page, "after", "t3_"+strconv.FormatInt(low, 36)) }
	return t
}

// redditFeed is the feed of a listing, which is often to be had where its JSON is
// refused.
func redditFeed(page *url.URL) []string {
	path, ok := strings.CutSuffix(page.Path, ".json")
	if !ok || page.Query().Has("after") {
		return nil
	}
	u := *page
	u.Path, u.RawPath, u.RawQuery = path+"/.rss", "", "limit=100"
	return []string{u.String()}
}

// submission is the number of a thing named t3_…; 0 where it is none.
func submission(name string) int64 {
	id, ok := strings.CutPrefix(name, "t3_")
	n, err := strconv.ParseInt(id, 36, 64)
	if !ok || err != nil || n < 1 {
		return 0
	}
	return n
}
