package evidence

import (
	"bytes"
	"cmp"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/idna"
)

// surt is the key of a URL in an index: the host backwards, the scheme left out,
// what does not change the page made alike, so that those of a domain sort
// together. The rules are those of the Internet Archive's canonicalizer, as the
// Python package surt 0.3 has them, which writers and readers of CDXJ share; of
// its forms of IP addresses the octal and the short ones are left as they are.
func surt(raw string) string {
	u := strings.NewReplacer("\n", "", "\r", "", "\t", "").Replace(strings.TrimSpace(raw))
	scheme, rest, ok := strings.Cut(u, "://")
	for ok && (strings.HasPrefix(rest, "http://") || strings.HasPrefix(rest, "https://")) {
		_, rest, _ = strings.Cut(rest, "://") // http://https://…: the first counts
	}
	if !ok || scheme == "" || strings.ContainsAny(scheme, "/?#:") {
		return strings.ReplaceAll(u, " ", "%20")
	}
	rest, _, _ = strings.Cut(rest, "#")
	end := strings.IndexAny(rest, "/?")
	if end < 0 {
		end = len(rest)
	}
	host, port, ok := surtHost(rest[:end], strings.ToLower(scheme))
	if !ok {
		return strings.ReplaceAll(u, " ", "%20")
	}
	path, query, _ := strings.Cut(rest[end:], "?")
	key := host + port + ")" + surtPath(path)
	if query = surtQuery(query); query != "" {
		key += "?" + query
	}
	return key
}

var wwwDigits = regexp.MustCompile(`^www\d*\.`)

// surtHost takes the host out of an authority, backwards, and its port where it is
// not that of the scheme.
func surtHost(authority, scheme string) (host, port string, ok bool) {
	host = authority[strings.LastIndexByte(authority, '@')+1:]
	if i := strings.IndexByte(host, ']'); strings.HasPrefix(host, "[") && i > 0 { // IPv6
		host, port = host[1:i], strings.TrimPrefix(host[i+1:], ":")
	} else {
		host, port, _ = strings.Cut(host, ":")
	}
	if port != "" {
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil {
			return "", "", false
		}
		port = ":" + strconv.FormatUint(n, 10)
		if scheme == "http" && n == 80 || scheme == "https" && n == 443 || n == 0 {
			port = ""
		}
	}
	b := unescapeAll([]byte(strings.ToLower(host)))
	if slices.ContainsFunc(b, func(c byte) bool { return c >= 0x80 }) {
		if ascii, err := idna.ToASCII(strings.ToValidUTF8(string(b), "")); err == nil {
			b = []byte(ascii)
		}
	}
	host = strings.Trim(strings.ReplaceAll(string(b), "..", "."), ".")
	if n, err := strconv.ParseUint(host, 10, 64); err == nil { // an address as one number
		host = netip.AddrFrom4([4]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}).String()
	}
	host = escapeOnce([]byte(strings.ToLower(host)))
	if m := wwwDigits.FindString(host); m != "" {
		host = host[len(m):]
	}
	if host == "" {
		return "", "", false
	}
	labels := strings.Split(host, ".")
	slices.Reverse(labels)
	return strings.Join(labels, ","), port, true
}

// What servers put into paths and queries to know a visitor by.
var (
	pathSession = []*regexp.Regexp{
		regexp.MustCompile(`(?i)^(.*/)\((?:[a-z]\([0-9a-z]{24}\))+\)/([^?]+\.aspx.*)$`),
		regexp.MustCompile(`(?i)^(.*/)\([0-9a-z]{24}\)/([^?]+\.aspx.*)$`),
	}
	querySession = []*regexp.Regexp{
		regexp.MustCompile(`(?i)^(.*)(?:jsessionid=[0-9a-zA-Z]{32})(?:&(.*))?$`),
		regexp.MustCompile(`(?i)^(.*)(?:phpsessid=[0-9a-zA-Z]{32})(?:&(.*))?$`),
		regexp.MustCompile(`(?i)^(.*)(?:sid=[0-9a-zA-Z]{32})(?:&(.*))?$`),
		regexp.MustCompile(`(?i)^(.*)(?:ASPSESSIONID[a-zA-Z]{8}=[a-zA-Z]{24})(?:&(.*))?$`),
		regexp.MustCompile(`(?i)^(.*)(?:cfid=[^&]+&cftoken=[^&]+)(?:&(.*))?$`),
	}
)

func surtPath(path string) string {
	b := unescapeAll([]byte(path))
	var kept [][]byte
	for i, part := range bytes.Split(b, []byte("/")) {
		switch {
		case i == 0 || string(part) == ".":
		case string(part) == ".." && len(kept) > 0:
			kept = kept[:len(kept)-1]
		default:
			kept = append(kept, part)
		}
	}
	out := []byte("/")
	for i, part := range kept {
		if i < len(kept)-1 && len(part) == 0 {
			continue
		}
		out = append(out, part...)
		if i < len(kept)-1 {
			out = append(out, '/')
		}
	}
	path = strings.ToLower(escapeOnce(out))
	for _, re := range pathSession {
		if m := re.FindStringSubmatch(path); m != nil {
			path = m[1] + m[2]
		}
	}
	if len(path) > 1 {
		path = strings.TrimSuffix(path, "/")
	}
	return path
}

func surtQuery(query string) string {
	query = escapeOnce(unescapeAll([]byte(query)))
	for _, re := range querySession {
		if m := re.FindStringSubmatch(query); m != nil {
			query = m[1] + m[2]
		}
	}
	query = strings.ToLower(query)
	if len(query) <= 1 {
		return query
	}
	args := strings.Split(query, "&")
	slices.SortFunc(args, func(a, b string) int {
		ak, av, aHas := strings.Cut(a, "=")
		bk, bv, bHas := strings.Cut(b, "=")
		return cmp.Or(strings.Compare(ak, bk), map[bool]int{true: 1}[aHas]-map[bool]int{true: 1}[bHas], strings.Compare(av, bv))
	})
	return strings.Join(args, "&")
}

// unescapeAll undoes percent-encoding until there is none left. What a decoded
// percent sign begins ends behind it, so once through, looking back, is enough.
func unescapeAll(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for _, c := range b {
		out = append(out, c)
		for n := len(out); n >= 3 && out[n-3] == '%'; n = len(out) {
			v, err := strconv.ParseUint(string(out[n-2:]), 16, 8)
			if err != nil || out[n-2] == '+' || out[n-2] == '-' {
				break
			}
			out = append(out[:n-3], byte(v))
		}
	}
	return out
}

// escapeOnce encodes what may not stand in a URL, and the number sign.
func escapeOnce(b []byte) string {
	const digits = "0123456789ABCDEF"
	out := make([]byte, 0, len(b))
	for _, c := range b {
		if c <= ' ' || c >= 0x7f || c == '#' || c == '%' {
			out = append(out, '%', digits[c>>4], digits[c&15])
		} else {
			out = append(out, c)
		}
	}
	return string(out)
}
