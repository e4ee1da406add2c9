package evidence

import (
	"encoding/json"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"tamga"
)

// cdxLine is a line of an index in CDXJ (https://specs.webrecorder.net/cdxj/):
// the URL in sort-friendly form, the time, and where the record stands.
func cdxLine(url string, at time.Time, mime string, status int, digest tamga.Digest, offset, length int64, file string) string {
	data, err := json.Marshal(struct {
		URL    string `json:"url"`
		MIME   string `json:"mime"`
		Status int    `json:"status,string"`
		Digest string `json:"digest"`
		Length int64  `json:"length,string"`
		Offset int64  `json:"offset,string"`
		File   string `json:"filename"`
	}{url, mime, status, string(digest), length, offset, file})
	if err != nil {
		panic(err) // strings and numbers
	}
	return surt(url) + " " + at.UTC().Format("20060102150405") + " " + string(data)
}

// surt writes a URL so that those of a domain sort together: labels of the host
// reversed, the scheme left out, everything in small letters.
func surt(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" {
		return strings.ToLower(strings.ReplaceAll(raw, " ", "%20"))
	}
	host, port := strings.ToLower(u.Hostname()), u.Port()
	if net.ParseIP(host) == nil {
		labels := strings.Split(strings.TrimPrefix(host, "www."), ".")
		slices.Reverse(labels)
		host = strings.Join(labels, ",")
	}
	if port != "" && !(u.Scheme == "http" && port == "80") && !(u.Scheme == "https" && port == "443") {
		host += ":" + port
	}
	path := u.EscapedPath()
	if path == "" {
		path = "/"
	}
	if u.RawQuery != "" {
		args := strings.Split(u.RawQuery, "&")
		slices.Sort(args)
		path += "?" + strings.Join(args, "&")
	}
	return strings.ReplaceAll(host+")"+strings.ToLower(path), " ", "%20")
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
