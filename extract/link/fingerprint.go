package link

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"golang.org/x/net/html"
)

// maxPage is how much of a page is fingerprinted, in bytes.
const maxPage = 4 << 20

// Print is the fingerprint of one answer of a site.
type Print struct {
	DOM    string // AIL's dom hash: the first 32 digits of SHA-256 over the names of all elements, joined by |
	Tags   int    // elements that went into DOM
	Text   uint64 // SimHash of the visible text
	Words  int    // words that went into Text
	Header string // HHHash: "hhh:1:" and SHA-256 over the names of the header fields in order, joined by :
	Title  string
}

// Fingerprint is that of an answer: the names of its header fields in the order
// received, and its body as UTF-8 HTML.
func Fingerprint(header []string, body []byte) (p Print) {
	if len(header) > 0 {
		sum := sha256.Sum256([]byte(strings.Join(header, ":")))
		p.Header = "hhh:1:" + hex.EncodeToString(sum[:])
	}
	names := sha256.New()
	var text strings.Builder
	var inside string // script, style or title
	z := html.NewTokenizer(bytes.NewReader(body[:min(len(body), maxPage)]))
	for {
		switch z.Next() {
		case html.ErrorToken:
			if p.Tags > 0 {
				p.DOM = hex.EncodeToString(names.Sum(nil))[:32]
			}
			w := words(text.String())
			p.Text, p.Words = simHash(shingles(w, 3)), len(w)
			p.Title = strings.Join(strings.Fields(p.Title), " ")
			return p
		case html.StartTagToken, html.SelfClosingTagToken:
			name, _ := z.TagName()
			if p.Tags > 0 {
				names.Write([]byte{'|'})
			}
			names.Write(name)
			p.Tags++
			switch string(name) {
			case "script", "style", "title":
				inside = string(name)
			}
		case html.EndTagToken:
			inside = ""
		case html.TextToken:
			switch inside {
			case "title":
				if len(p.Title) < 500 {
					p.Title += string(z.Text())
				}
			case "":
				text.Write(z.Text())
				text.WriteByte(' ')
			}
		}
	}
}

// HeaderNames are the names of the fields of an HTTP response head in their order.
func HeaderNames(head []byte) (names []string) {
	for i, line := range bytes.Split(head, []byte("\n")) {
		if name, _, ok := bytes.Cut(line, []byte(":")); ok && i > 0 && len(name) > 0 && name[0] != ' ' && name[0] != '\t' {
			names = append(names, string(name))
		}
	}
	return names
}
