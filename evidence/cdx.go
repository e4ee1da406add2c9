package evidence

import (
	"encoding/json"
	"strings"
	"time"

	"tamga"
)

// cdxLine is a line of an index in CDXJ (https://specs.webrecorder.net/cdxj/):
// the URL in sort-friendly form, the time, and where the record stands. The answer
// to a method other than GET is found under a URL of its own.
func cdxLine(url, method string, at time.Time, mime string, status int, digest tamga.Digest, offset, length int64, file string) string {
	data, err := json.Marshal(struct {
		URL    string `json:"url"`
		MIME   string `json:"mime"`
		Status int    `json:"status,string"`
		Digest string `json:"digest"`
		Length int64  `json:"length,string"`
		Offset int64  `json:"offset,string"`
		File   string `json:"filename"`
		Method string `json:"method,omitempty"`
	}{url, mime, status, string(digest), length, offset, file, method})
	if err != nil {
		panic(err) // strings and numbers
	}
	if method != "" {
		join := "?"
		if strings.Contains(url, "?") {
			join = "&"
		}
		url += join + "__wb_method=" + method
	}
	return surt(url) + " " + at.UTC().Format("20060102150405") + " " + string(data)
}

// methodOf is the method of a request head; empty for GET, and for what is none.
func methodOf(head []byte) string {
	m, _, ok := strings.Cut(string(head[:min(len(head), 40)]), " ")
	if !ok || m == "GET" || m == "" || strings.Trim(m, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-") != "" {
		return ""
	}
	return m
}

// mimeOf is a media type without its parameters.
func mimeOf(contentType string) string {
	m, _, _ := strings.Cut(contentType, ";")
	m = strings.ToLower(strings.TrimSpace(m))
	if m == "" || strings.ContainsFunc(m, func(r rune) bool { return r <= ' ' || r > '~' || r == '"' }) {
		return "unk"
	}
	return m
}
