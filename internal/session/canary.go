package session

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/andybalholm/cascadia"
	"golang.org/x/net/html"
)

// maxCanaryPage bounds what of a page is looked at, in bytes.
const maxCanaryPage = 2 << 20

// Canary is what a page shows to someone who is logged in, and to nobody else.
type Canary struct {
	text     []byte // small letters, single blanks; nil: a selector
	selector cascadia.SelectorGroup
}

// ParseCanary reads a canary: "css:SELECTOR", "text:TEXT", or either without the
// prefix. Without one, what has a sign that selectors have and texts seldom (#id,
// .class, [attribute], a > b) and reads as a selector is one. Empty: none (nil).
func ParseCanary(s string) (*Canary, error) {
	if s == "" {
		return nil, nil
	}
	if text, ok := strings.CutPrefix(s, "text:"); ok {
		return textCanary(text)
	}
	css, forced := strings.CutPrefix(s, "css:")
	if !forced && !selectorLike(s) {
		return textCanary(s)
	}
	g, err := cascadia.ParseGroup(css)
	if err != nil {
		if !forced {
			return textCanary(s)
		}
		return nil, fmt.Errorf("canary: no CSS selector: %w", err)
	}
	return &Canary{selector: g}, nil
}

func textCanary(s string) (*Canary, error) {
	t := fold([]byte(s))
	if len(t) == 0 {
		return nil, errors.New("canary: no text")
	}
	return &Canary{text: t}, nil
}

// selectorLike: a sign of a selector that a letter follows.
func selectorLike(s string) bool {
	for i, r := range s {
		switch r {
		case '[', '>':
			return true
		case '#', '.':
			if i+1 < len(s) && (s[i+1] >= 'a' && s[i+1] <= 'z' || s[i+1] >= 'A' && s[i+1] <= 'Z' || s[i+1] == '_' || s[i+1] == '-') {
				return true
			}
		}
	}
	return false
}

func fold(b []byte) []byte { return bytes.Join(bytes.Fields(bytes.ToLower(b)), []byte(" ")) }

// In tells whether a page of HTML in UTF-8 shows the canary. A text is looked for in
// what a reader sees, with letters of either size and blanks of any number. A page
// that cannot be parsed does not show it.
func (c *Canary) In(page []byte) bool {
	page = page[:min(len(page), maxCanaryPage)]
	if c.text != nil {
		return bytes.Contains(fold(seen(page)), c.text)
	}
	root, err := html.Parse(bytes.NewReader(page))
	return err == nil && cascadia.Query(root, c.selector) != nil
}

// seen is the text of a page outside tags, scripts and styles.
func seen(page []byte) []byte {
	var out bytes.Buffer
	z := html.NewTokenizer(bytes.NewReader(page))
	skip := false
	for {
		switch z.Next() {
		case html.ErrorToken:
			return out.Bytes()
		case html.StartTagToken:
			name, _ := z.TagName()
			skip = string(name) == "script" || string(name) == "style" || string(name) == "noscript" || string(name) == "template"
		case html.EndTagToken:
			skip = false
		case html.TextToken:
			if !skip {
				out.Write(z.Text())
			}
		}
	}
}
