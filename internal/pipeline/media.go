package pipeline

import "strings"

// unread says that a body of a media type has no text for people: an image, a
// script, a font. Web archives of others hold them.
func unread(contentType string) bool {
	name, _, _ := strings.Cut(contentType, ";")
	name = strings.ToLower(strings.TrimSpace(name))
	switch family, kind, _ := strings.Cut(name, "/"); family {
	case "image":
		return kind != "svg+xml"
	case "audio", "video", "font":
		return true
	case "text":
		return kind == "css" || kind == "javascript" || kind == "ecmascript"
	case "application":
		switch kind {
		case "javascript", "x-javascript", "ecmascript", "wasm", "pdf", "zip", "gzip", "x-gzip", "x-font-ttf", "x-font-woff", "font-woff", "font-woff2", "vnd.ms-fontobject", "x-shockwave-flash":
			return true
		}
	}
	return false
}
