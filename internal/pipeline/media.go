package pipeline

import (
	"slices"
	"strings"

	"tamga"
)

// message says that a capture is one message of an imported chat or mailbox.
func message(c tamga.Capture) bool {
	return c.Route == tamga.RouteImport && (strings.HasPrefix(c.ContentType, "application/vnd.tamga.") || strings.HasPrefix(c.ContentType, "message/rfc822"))
}

// chatter says that a capture is a message without an identifier: of the millions
// in an export, most. Nothing of it can change that anybody is told of.
func chatter(c tamga.Capture, page *tamga.Page) bool {
	return message(c) && (page == nil || !slices.ContainsFunc(page.Findings, func(f tamga.Finding) bool { return identifier[f.Type] != "" && f.Type != tamga.FindPlace }))
}

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
