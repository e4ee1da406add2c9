package decode

import (
	"bytes"
	"mime"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/unicode"
)

// prescan is how far into a page its own declaration is looked for. The HTML
// standard looks at 1,024 bytes; real pages put long scripts before it.
const prescan = 4096

// UTF8 converts b to UTF-8. charset is the name (WHATWG, lower case) of the
// encoding that was used, decided by, in this order: a byte order mark; the
// <meta> of a page or the declaration of an XML document; the charset of
// contentType, a Content-Type header; a guess. A byte order mark is not part of
// the text. Bytes that are not of the encoding become U+FFFD, so text is always
// valid UTF-8 and depends on nothing but its arguments.
//
// Declarations lie, and two lies can be told from the bytes alone: text that is
// declared UTF-8 but mostly is not goes on to the next rule, and text that is
// UTF-8 throughout is UTF-8 whatever single-byte encoding it claims.
func UTF8(contentType string, b []byte) (text string, charsetName string) {
	switch {
	case bytes.HasPrefix(b, []byte{0xef, 0xbb, 0xbf}):
		return toUTF8(b[3:]), "utf-8"
	case bytes.HasPrefix(b, []byte{0xfe, 0xff}):
		return convert(unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), b[2:]), "utf-16be"
	case bytes.HasPrefix(b, []byte{0xff, 0xfe}):
		return convert(unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), b[2:]), "utf-16le"
	}
	s := survey(b)
	mediaType, params := parseType(contentType)
	declared := [...]string{"", params["charset"]}
	if hasDeclaration(mediaType) {
		declared[0] = declaration(b[:min(len(b), prescan)])
	}
	for i, label := range declared {
		enc, name := charset.Lookup(label)
		if enc == nil || name == "replacement" || name == "x-user-defined" {
			continue
		}
		if i == 0 && strings.HasPrefix(name, "utf-16") {
			name = "utf-8" // a declaration that can be read as ASCII cannot be UTF-16
		}
		switch {
		case name == "utf-8":
			if s.plausible() {
				return toUTF8(b), name
			}
		case singleByte(name) && s.certain():
			return string(b), "utf-8"
		default:
			return convert(enc, b), name
		}
	}
	if s.plausible() {
		return toUTF8(b), "utf-8"
	}
	name := guess(b)
	enc, _ := charset.Lookup(name)
	return convert(enc, b), name
}

// parseType is mime.ParseMediaType that keeps what it can of a broken header.
func parseType(contentType string) (string, map[string]string) {
	mediaType, params, err := mime.ParseMediaType(contentType)
	if err == nil {
		return mediaType, params
	}
	lower := strings.ToLower(contentType)
	mediaType, rest, _ := strings.Cut(lower, ";")
	params = map[string]string{}
	if _, label, ok := strings.Cut(rest, "charset="); ok {
		label = strings.TrimLeft(label, " \"'")
		if end := strings.IndexAny(label, "; ,\"'"); end >= 0 {
			label = label[:end]
		}
		params["charset"] = label
	}
	return strings.TrimSpace(mediaType), params
}

// hasDeclaration says whether a document of the type can declare its encoding.
func hasDeclaration(mediaType string) bool {
	return mediaType == "" || strings.Contains(mediaType, "html") || strings.Contains(mediaType, "xml") ||
		mediaType == "application/octet-stream"
}

// declaration returns the encoding label that the head of a page declares.
func declaration(head []byte) string {
	if trimmed := bytes.TrimLeft(head, " \t\r\n"); bytes.HasPrefix(trimmed, []byte("<?xml")) {
		if end := bytes.Index(trimmed, []byte("?>")); end > 0 {
			if _, after, ok := bytes.Cut(trimmed[:end], []byte("encoding")); ok {
				after = bytes.TrimLeft(after, " =\t\r\n")
				if len(after) > 0 && (after[0] == '"' || after[0] == '\'') {
					if label, _, ok := bytes.Cut(after[1:], after[:1]); ok {
						return string(label)
					}
				}
			}
		}
	}
	z := html.NewTokenizer(bytes.NewReader(head))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return ""
		case html.StartTagToken, html.SelfClosingTagToken:
			name, more := z.TagName()
			if string(name) != "meta" {
				continue
			}
			if label := metaLabel(z, more); label != "" {
				return label
			}
		}
	}
}

// metaLabel reads <meta charset=L> and <meta http-equiv=content-type
// content="…; charset=L">.
func metaLabel(z *html.Tokenizer, more bool) string {
	var equiv, content string
	for more {
		var k, v []byte
		k, v, more = z.TagAttr()
		switch string(k) {
		case "charset":
			if label := strings.TrimSpace(string(v)); label != "" {
				return label
			}
		case "http-equiv":
			equiv = string(v)
		case "content":
			content = string(v)
		}
	}
	if !strings.EqualFold(strings.TrimSpace(equiv), "content-type") {
		return ""
	}
	_, label, ok := strings.Cut(strings.ToLower(content), "charset")
	if !ok {
		return ""
	}
	label = strings.TrimLeft(label, " =\t\r\n\"'")
	if end := strings.IndexAny(label, "; \"'\t\r\n"); end >= 0 {
		label = label[:end]
	}
	return label
}

// toUTF8 keeps valid text as it is and replaces what is not.
func toUTF8(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	return convert(unicode.UTF8, b)
}

func convert(enc encoding.Encoding, b []byte) string {
	out, err := enc.NewDecoder().Bytes(b)
	if err != nil || !utf8.Valid(out) {
		// No decoder of x/text fails on input; should one, the text is still
		// valid and complete up to there.
		return strings.ToValidUTF8(string(out), "\uFFFD")
	}
	return string(out)
}

func singleByte(name string) bool {
	switch name {
	case "gbk", "gb18030", "big5", "euc-jp", "iso-2022-jp", "shift_jis", "euc-kr", "utf-16be", "utf-16le":
		return false
	}
	return true
}

// utf8Survey counts what speaks for and against UTF-8.
type utf8Survey struct{ runes, bad int } // sequences of two bytes and more; bytes that are of none

func survey(b []byte) utf8Survey {
	var s utf8Survey
	for i := 0; i < len(b); {
		if b[i] < utf8.RuneSelf {
			i++
			continue
		}
		r, n := utf8.DecodeRune(b[i:])
		switch {
		case r != utf8.RuneError || n > 1:
			s.runes++
		case len(b)-i < utf8.UTFMax && !utf8.FullRune(b[i:]):
			return s // cut in the middle of a character
		default:
			s.bad++
		}
		i += n
	}
	return s
}

// plausible: UTF-8 with at most a few broken bytes.
func (s utf8Survey) plausible() bool { return s.bad == 0 || s.bad*10 <= s.runes }

// certain: no single-byte text has so many two-byte sequences by chance.
func (s utf8Survey) certain() bool { return s.bad == 0 && s.runes >= 4 }
