package crawler

import (
	"bytes"
	"net/http"
	"strings"

	"golang.org/x/net/html"
)

// linkSelector is what Colly looks for: where a person can go from a page. What
// only decorates it (images, styles, scripts) is not fetched.
const linkSelector = "base[href], a[href], area[href], frame[src], iframe[src], meta[http-equiv], noscript, noframes"

// maxLinks bounds the links of one page.
const maxLinks = 50_000

// collected are the raw references of a page.
type collected struct {
	base string
	refs []string
}

func (c *collected) add(tag, ref string) {
	switch {
	case tag == "base":
		if c.base == "" {
			c.base = ref
		}
	case len(c.refs) < maxLinks:
		c.refs = append(c.refs, ref)
	}
}

// scan collects by tokens alone: for pages that are not worth a tree, and for the
// text of <noscript> and <noframes>, which a parser with scripting takes for text.
func (c *collected) scan(text []byte) {
	z := html.NewTokenizer(bytes.NewReader(text))
	z.SetMaxBuf(1 << 20) // one token; a tag of a megabyte ends the scan
	for {
		switch z.Next() {
		case html.ErrorToken:
			return
		case html.StartTagToken, html.SelfClosingTagToken:
			name, more := z.TagName()
			var attr string
			switch string(name) {
			case "meta":
				c.meta(z, more)
				continue
			case "a", "area", "base":
				attr = "href"
			case "frame", "iframe":
				attr = "src"
			case "noscript", "noframes":
				z.NextIsNotRawText()
				continue
			default:
				continue
			}
			tag := string(name)
			for more {
				var k, v []byte
				if k, v, more = z.TagAttr(); string(k) == attr {
					c.add(tag, string(v))
					break
				}
			}
		}
	}
}

// links are the canonical targets, each once, in the order of the page.
func (c *collected) links(page string) []string {
	r, err := newResolver(page, c.base)
	if err != nil {
		return nil
	}
	seen := make(map[string]struct{}, len(c.refs))
	var out []string
	for _, ref := range c.refs {
		if _, dup := seen[ref]; dup {
			continue
		}
		seen[ref] = struct{}{}
		if u, ok := r.resolve(ref); ok && u != page {
			out = append(out, u)
		}
	}
	return out
}

// Bounds of a page that is parsed into a tree; past them links are read by
// tokens. A tree takes some 150 bytes a node, and unclosed formatting elements
// are opened again in every paragraph: their number times that of the tags
// bounds the nodes.
const (
	treeBytes = 2 << 20
	treeNodes = 1 << 20
)

func treeworthy(text []byte) bool {
	if len(text) > treeBytes {
		return false
	}
	tags, open, deepest := 0, 0, 1
	for rest := text; ; {
		i := bytes.IndexByte(rest, '<')
		if i < 0 || i+2 >= len(rest) {
			break
		}
		rest = rest[i+1:]
		tags++
		step, name := 1, rest
		if rest[0] == '/' {
			step, name = -1, rest[1:]
		}
		if formatting(name) {
			if open += step; open < 0 {
				open = 0
			}
			deepest = max(deepest, open)
		}
	}
	return tags*deepest <= treeNodes
}

// formatting: the tag is one of the list of active formatting elements (HTML
// standard §13.2.4.3).
func formatting(b []byte) bool {
	n := 0
	for n < len(b) && n < 8 && (b[n]|0x20 >= 'a' && b[n]|0x20 <= 'z') {
		n++
	}
	switch strings.ToLower(string(b[:n])) {
	case "a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u":
		return true
	}
	return false
}

// isHTML says whether a body is a page with links, by its declared type or, where
// that says nothing, by its bytes.
func isHTML(header http.Header, plain []byte) bool {
	t, _, _ := strings.Cut(header.Get("Content-Type"), ";")
	switch strings.ToLower(strings.TrimSpace(t)) {
	case "text/html", "application/xhtml+xml":
		return true
	case "", "application/octet-stream", "text/plain", "unknown/unknown":
		return strings.HasPrefix(http.DetectContentType(plain[:min(len(plain), 512)]), "text/html")
	}
	return false
}
