package crawler

import (
	"bytes"
	"net/http"

	"tamga"
)

// walls are the kinds of page that stand in front of what was asked for.
var walls = map[tamga.PageKind]tamga.Outcome{
	tamga.PageCaptcha: tamga.OutcomeCaptcha, tamga.PageQueue: tamga.OutcomeQueue, tamga.PageDDoS: tamga.OutcomeDDoS, tamga.PageLogin: tamga.OutcomeLogin,
}

var askMarks = marks("<input", "<form", "<textarea", "<script", "http-equiv")

// mayBeWall: the page says little, and asks for something, loads itself again or is
// an error. Most pages are none, and cost no second look.
func mayBeWall(status int, header http.Header, page string) bool {
	text := bytes.ToLower([]byte(page))
	_, asks := anyOf(text, askMarks)
	return (asks || status >= 400 || header.Get("Refresh") != "") && visible(text) < 2000
}
