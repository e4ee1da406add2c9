package crawler

import (
	"strings"

	"golang.org/x/net/html"
)

// refreshTarget reads where a Refresh header, or a meta element in its place, sends a
// browser: "5; url=/next" (HTML standard §4.2.5.3, shared declarative refresh steps).
// Empty where it reloads the page itself, or is none.
func refreshTarget(content string) string {
	const space = " \t\n\f\r"
	s := strings.TrimLeft(content, space)
	rest := strings.TrimLeft(s, "0123456789.")
	if len(rest) == len(s) {
		return "" // no time
	}
	if rest != "" && !strings.ContainsRune(";,"+space, rune(rest[0])) {
		return ""
	}
	after := strings.TrimLeft(rest, space)
	if after != "" && (after[0] == ';' || after[0] == ',') {
		after = strings.TrimLeft(after[1:], space)
	}
	if len(after) >= 3 && strings.EqualFold(after[:3], "url") {
		if value, ok := strings.CutPrefix(strings.TrimLeft(after[3:], space), "="); ok {
			after = strings.TrimLeft(value, space)
		}
	}
	if after != "" && (after[0] == '"' || after[0] == '\'') {
		after, _, _ = strings.Cut(after[1:], after[:1])
	}
	return after
}

// refresh takes a meta element.
func (c *collected) refresh(name, content string) {
	if !strings.EqualFold(strings.TrimSpace(name), "refresh") {
		return
	}
	if target := refreshTarget(content); target != "" {
		c.add("meta", target)
	}
}

// meta takes the element whose attributes z is at.
func (c *collected) meta(z *html.Tokenizer, more bool) {
	var name, content string
	for more {
		var k, v []byte
		switch k, v, more = z.TagAttr(); string(k) {
		case "http-equiv":
			name = string(v)
		case "content":
			content = string(v)
		}
	}
	c.refresh(name, content)
}
