package crawler

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// Address is where a pass over a source of a kind begins: what a person would
// open, turned into what can be read without an account. An address that is one
// already, and any of a site, stays as it is. The host is replaced only where the
// platform answers on another.
//
//	telegram  t.me/NAME                 t.me/s/NAME, the web preview
//	mastodon  HOST/@NAME, /tags/TAG, /  HOST/api/v1/…
//	bluesky   bsky.app/profile/NAME     public.api.bsky.app/xrpc/app.bsky.feed.getAuthorFeed
//	reddit    /r/NAME, /user/NAME       …/new.json, the newest first; a page of comments: .json
//	vk        vk.com/NAME               m.vk.com/NAME
func Address(kind, address string) (string, error) {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil || u.Host == "" {
		return "", fmt.Errorf("address %q: want a URL with a host", address)
	}
	var parts []string
	for _, p := range strings.Split(u.Path, "/") {
		if p != "" {
			parts = append(parts, p)
		}
	}
	turned := map[string]func(*url.URL, []string) error{
		"telegram": telegramAddress, "mastodon": mastodonAddress, "bluesky": blueskyAddress, "reddit": redditAddress, "vk": vkAddress,
	}[kind]
	if turned == nil {
		return address, nil
	}
	if err := turned(u, parts); err != nil {
		return "", fmt.Errorf("address %s: %w", address, err)
	}
	return u.String(), nil
}

// to replaces the path and the query.
func to(u *url.URL, path string, query ...string) {
	q := url.Values{}
	for i := 0; i+1 < len(query); i += 2 {
		q.Set(query[i], query[i+1])
	}
	u.Path, u.RawPath, u.RawQuery, u.Fragment = path, "", q.Encode(), ""
}

func telegramAddress(u *url.URL, parts []string) error {
	switch host := strings.ToLower(u.Hostname()); host {
	case "www.t.me", "telegram.me", "telegram.dog":
		u.Host = "t.me"
	}
	if len(parts) == 0 {
		return errors.New("want the name of a channel, t.me/NAME")
	}
	switch name := parts[0]; {
	case name == "s" && len(parts) > 1:
	case name == "joinchat", name == "c", name == "addlist", name[0] == '+':
		return errors.New("what only invited people see has no public preview; import an export instead")
	default:
		u.Path = "/s/" + name
		u.RawPath, u.RawQuery = "", ""
	}
	return nil
}

func mastodonAddress(u *url.URL, parts []string) error {
	switch {
	case len(parts) > 1 && parts[0] == "api":
	case len(parts) == 0, parts[0] == "public", parts[0] == "explore":
		to(u, "/api/v1/timelines/public", "limit", "40", "local", "true")
	case len(parts) > 1 && (parts[0] == "tags" || parts[0] == "tag"):
		to(u, "/api/v1/timelines/tag/"+parts[1], "limit", "40")
	case parts[0][0] == '@' && len(parts[0]) > 1:
		to(u, "/api/v1/accounts/lookup", "acct", parts[0][1:])
	case len(parts) > 1 && parts[0] == "users":
		to(u, "/api/v1/accounts/lookup", "acct", parts[1])
	default:
		return errors.New("want an account (/@NAME), a tag (/tags/TAG), the server (/) or an address of its API")
	}
	return nil
}

func blueskyAddress(u *url.URL, parts []string) error {
	own := u.Query()
	switch {
	case len(parts) > 0 && parts[0] == "xrpc":
		return nil
	case len(parts) > 1 && parts[0] == "profile":
		to(u, "/xrpc/app.bsky.feed.getAuthorFeed", "actor", parts[1], "limit", "100")
	case len(parts) > 1 && parts[0] == "hashtag":
		to(u, "/xrpc/app.bsky.feed.searchPosts", "q", "#"+parts[1], "sort", "latest", "limit", "100")
	case len(parts) == 1 && parts[0] == "search" && own.Get("q") != "":
		to(u, "/xrpc/app.bsky.feed.searchPosts", "q", own.Get("q"), "sort", "latest", "limit", "100")
	default:
		return errors.New("want a profile (/profile/NAME), a tag (/hashtag/TAG), a search (/search?q=) or an address of the API (/xrpc/…)")
	}
	if strings.EqualFold(u.Hostname(), "bsky.app") {
		u.Host = "public.api.bsky.app"
	}
	return nil
}

func redditAddress(u *url.URL, parts []string) error {
	switch strings.ToLower(u.Hostname()) {
	case "reddit.com", "new.reddit.com", "old.reddit.com":
		u.Host = "www.reddit.com"
	}
	last := ""
	if len(parts) > 0 {
		last = parts[len(parts)-1]
	}
	switch {
	case strings.HasSuffix(last, ".json"), strings.HasSuffix(last, ".rss"), last == ".rss":
	case len(parts) > 2 && slices.Contains(parts, "comments"):
		to(u, "/"+strings.Join(parts, "/")+".json", "raw_json", "1", "limit", "500")
	case len(parts) == 2 && parts[0] == "r":
		to(u, "/r/"+last+"/new.json", "raw_json", "1", "limit", "100")
	case len(parts) == 2 && (parts[0] == "user" || parts[0] == "u"):
		to(u, "/user/"+last+".json", "raw_json", "1", "limit", "100", "sort", "new")
	case len(parts) == 3:
		to(u, "/"+strings.Join(parts, "/")+".json", "raw_json", "1", "limit", "100")
	default:
		return errors.New("want a subreddit (/r/NAME), a user (/user/NAME), a page of comments, or an address that ends in .json or .rss")
	}
	return nil
}

func vkAddress(u *url.URL, parts []string) error {
	if len(parts) == 0 {
		return errors.New("want a page with a public wall, vk.com/NAME")
	}
	switch strings.ToLower(u.Hostname()) {
	case "vk.com", "www.vk.com", "vk.ru", "www.vk.ru", "m.vk.ru":
		u.Host = "m.vk.com"
	}
	return nil
}

// KindOf is the kind of source that the host of a URL is known for; "" where it is
// known for none. What was not configured as a source is crawled as that: nobody
// who names one channel means the whole of a platform.
func KindOf(address string) string {
	switch strings.TrimPrefix(hostname(address), "www.") {
	case "t.me", "telegram.me", "telegram.dog":
		return "telegram"
	case "bsky.app", "public.api.bsky.app":
		return "bluesky"
	case "reddit.com", "old.reddit.com", "new.reddit.com":
		return "reddit"
	case "vk.com", "vk.ru", "m.vk.com", "m.vk.ru":
		return "vk"
	}
	return ""
}
