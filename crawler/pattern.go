package crawler

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// patternOf is what URLs have in common that a site makes by one rule: digits,
// tokens and slugs are replaced, and of the query only the names are kept, in
// order, with values that are a plain word.
func patternOf(canonical string) string {
	o := origin(canonical)
	path, query, _ := strings.Cut(canonical[len(o):], "?")
	var b strings.Builder
	b.WriteString(o)
	for segment := range strings.SplitSeq(strings.TrimPrefix(path, "/"), "/") {
		segment, _, _ = strings.Cut(segment, ";")
		b.WriteByte('/')
		switch {
		case tokenLike(segment):
			b.WriteByte('X')
		case len(segment) > 24 || strings.Count(segment, "-")+strings.Count(segment, "_") > 1 && !isDate(segment):
			b.WriteByte('W')
		default:
			digits := false
			for i := range len(segment) {
				if c := segment[i]; c < '0' || c > '9' {
					b.WriteByte(c)
					digits = false
				} else if !digits {
					b.WriteByte('N')
					digits = true
				}
			}
		}
	}
	if query == "" {
		return b.String()
	}
	var names []string
	for pair := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		if len(name) > 32 || tokenLike(name) {
			name = "X"
		}
		if len(value) <= 12 && strings.Trim(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") == "" {
			name += "=" + value
		}
		names = append(names, name)
	}
	slices.Sort(names)
	return b.String() + "?" + strings.Join(slices.Compact(names), "&")
}

// tokenLike: a value no person chose, as session ids are: sixteen or more letters
// and digits, both of them.
func tokenLike(s string) bool {
	if len(s) < 16 || len(s) > 256 {
		return false
	}
	letters, digits := 0, 0
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			digits++
		case c|0x20 >= 'a' && c|0x20 <= 'z':
			letters++
		case c == '-' || c == '_' || c == '.' || c == '%' || c == ',':
		default:
			return false
		}
	}
	return letters > 0 && digits > 1 && letters+digits >= 16
}

// sessionNames are parameters that carry session ids in well-known software: PHP,
// Java servlets, ASP, ColdFusion, osCommerce, Zen Cart, phpBB.
var sessionNames = []string{"phpsessid", "jsessionid", "sid", "sessionid", "session_id", "session", "sess", "sessid", "oscsid", "zenid", "s", "cfid", "cftoken"}

func sessionName(name string) bool {
	name = strings.ToLower(name)
	return slices.Contains(sessionNames, name) || strings.HasPrefix(name, "aspsessionid")
}

// sessionLike: the value of a parameter may be a session id. Under a well-known name
// a short one may be too.
func sessionLike(name, value string) bool {
	return tokenLike(value) || sessionName(name) && len(value) >= 8 && len(value) <= 256 && isAlnum(value)
}

// valueOf a parameter, of the path or the query.
func valueOf(canonical, name string) string {
	for _, before := range []string{"?", "&", ";"} {
		if _, value, ok := strings.Cut(canonical, before+name+"="); ok {
			if end := strings.IndexAny(value, "&;/?"); end >= 0 {
				value = value[:end]
			}
			return value
		}
	}
	return ""
}

func isAlnum(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
			return false
		}
	}
	return true
}

// suspects are the parameters of a URL, of its query and of its path (;name=value),
// whose values look like session ids.
func suspects(canonical string) (names []string) {
	path, query, _ := strings.Cut(canonical, "?")
	if _, params, ok := strings.Cut(path, ";"); ok {
		for pair := range strings.SplitSeq(params, ";") {
			pair, _, _ = strings.Cut(pair, "/")
			if name, value, ok := strings.Cut(pair, "="); ok && sessionLike(name, value) {
				names = append(names, name)
			}
		}
	}
	for pair := range strings.SplitSeq(query, "&") {
		if name, value, ok := strings.Cut(pair, "="); ok && sessionLike(name, value) && name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// without is a canonical URL without a parameter that looks like a session id.
func without(canonical, name string) string {
	path, query, hasQuery := strings.Cut(canonical, "?")
	var b strings.Builder
	for i, segment := range strings.Split(path, "/") {
		if i > 0 {
			b.WriteByte('/')
		}
		parts := strings.Split(segment, ";")
		b.WriteString(parts[0])
		for _, pair := range parts[1:] {
			if n, value, _ := strings.Cut(pair, "="); n != name || !sessionLike(n, value) {
				b.WriteString(";" + pair)
			}
		}
	}
	if hasQuery {
		var kept []string
		for pair := range strings.SplitSeq(query, "&") {
			if n, value, _ := strings.Cut(pair, "="); n != name || !sessionLike(n, value) {
				kept = append(kept, pair)
			}
		}
		if len(kept) > 0 {
			b.WriteString("?" + strings.Join(kept, "&"))
		}
	}
	return b.String()
}

// ordered is a canonical URL with the pairs of its query in order; changed says
// that they were not. A query with a name twice, or without names, stays.
func ordered(canonical string) (u string, pairs int) {
	at, query, ok := strings.Cut(canonical, "?")
	if !ok {
		return canonical, 0
	}
	list := strings.Split(query, "&")
	slices.Sort(list)
	last := ""
	for _, pair := range list {
		name, _, named := strings.Cut(pair, "=")
		if !named || name == last {
			return canonical, 0
		}
		last = name
	}
	return at + "?" + strings.Join(list, "&"), len(list)
}

// yearOf is the year of a URL that is about a date and nothing else.
func yearOf(canonical string) (year int, dated bool) {
	path, query, _ := strings.Cut(canonical[len(origin(canonical)):], "?")
	segments := strings.Split(strings.Trim(path, "/"), "/")
	for i, s := range segments {
		if y := yearIn(s); y > 0 && (isDate(s) || i+1 < len(segments) && month(segments[i+1]) && i+3 >= len(segments)) {
			return y, i+3 >= len(segments)
		}
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		return 0, false
	}
	for name, v := range values {
		switch strings.ToLower(name) {
		case "year", "y", "yr", "date", "day", "month", "m", "d", "week", "from", "to", "start", "end", "cal", "calendar":
			if y := yearIn(v[0]); y > 0 {
				return y, true
			}
		}
	}
	return 0, false
}

func yearIn(s string) int {
	if len(s) < 4 || len(s) > 10 || strings.Trim(s, "0123456789-") != "" || len(s) > 4 && !isDate(s) {
		return 0
	}
	y, _ := strconv.Atoi(s[:4])
	return y
}

// isDate: YYYY-MM, YYYY-MM-DD, YYYYMM or YYYYMMDD.
func isDate(s string) bool {
	digits := strings.ReplaceAll(s, "-", "")
	if strings.Trim(digits, "0123456789") != "" {
		return false
	}
	switch {
	case len(digits) == len(s):
		return (len(s) == 6 || len(s) == 8) && month(s[4:6])
	case len(s) >= 6 && s[4] == '-':
		m, _, _ := strings.Cut(s[5:], "-")
		return month(m)
	}
	return false
}

func month(s string) bool {
	m, err := strconv.Atoi(s)
	return err == nil && len(s) <= 2 && m >= 1 && m <= 12
}
