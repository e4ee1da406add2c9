package extract

import (
	"net/url"
	"regexp"
	"strings"
	"time"
)

// feedSpaces are the namespaces of feeds and the prefixes that they go by here,
// whatever a feed calls them.
var feedSpaces = map[string]string{
	"http://www.w3.org/2005/atom": "atom", "http://purl.org/atom/ns#": "atom", "http://purl.org/rss/1.0/": "rss",
	"http://my.netscape.com/rdf/simple/0.9/": "rss", "http://channel.netscape.com/rdf/simple/0.9/": "rss", "http://backend.userland.com/rss2": "rss",
	"http://purl.org/rss/1.0/modules/content/": "content", "http://purl.org/dc/elements/1.1/": "dc", "http://purl.org/dc/terms/": "dcterms",
	"http://www.itunes.com/dtds/podcast-1.0.dtd": "itunes", "http://search.yahoo.com/mrss/": "media", "http://search.yahoo.com/mrss": "media",
	"http://purl.org/syndication/thread/1.0": "thr", "http://www.w3.org/1999/02/22-rdf-syntax-ns#": "rdf",
}

// feedPrefixes reads the namespaces that the root of a feed declares. own is the
// one of the root: its names go without a prefix.
func feedPrefixes(root string, attrs map[string]string) (prefixes map[string]string, own string) {
	prefixes = map[string]string{}
	for k, v := range attrs {
		if name, ok := strings.CutPrefix(k, "xmlns:"); ok {
			if known := feedSpaces[strings.ToLower(strings.TrimSpace(v))]; known != "" {
				prefixes[name] = known
			}
		}
	}
	if prefix, _, ok := strings.Cut(root, ":"); ok {
		own = prefixes[prefix]
	}
	if own == "rdf" || own == "" {
		own = "rss"
	}
	return prefixes, own
}

// name is a name of the feed with the prefix that its namespace has here, without
// one where it is the feed's own.
func (f *feedReader) name(tag string) string {
	prefix, local, ok := strings.Cut(tag, ":")
	if !ok {
		return tag
	}
	switch known := f.prefixes[prefix]; known {
	case "":
		return tag
	case f.own:
		return local
	default:
		return known + ":" + local
	}
}

// base is the address that a relative reference at the place of the open elements
// is resolved by (XML Base).
func (f *feedReader) base() string {
	for i := len(f.bases) - 1; i >= 0; i-- {
		if f.bases[i] != "" {
			return f.bases[i]
		}
	}
	return ""
}

// rebased is the base inside an element with the attribute xml:base.
func (f *feedReader) rebased(ref string) string {
	if ref = strings.TrimSpace(ref); ref == "" {
		return ""
	}
	return f.resolve(ref, f.base())
}

// resolve makes a reference absolute by a base, and that by the address of the feed.
func (f *feedReader) resolve(ref, base string) string {
	if base == "" || ref == "" {
		return f.s.absolute(ref)
	}
	b, err := url.Parse(base)
	if err != nil {
		return ref
	}
	if !b.IsAbs() && f.s.given {
		b = f.s.base.ResolveReference(b)
	}
	u, err := b.Parse(strings.TrimSpace(ref))
	if err != nil {
		return ref
	}
	return u.String()
}

// mailName is an author of RSS 2.0, "ann@nowhere.example (Ann)", whose name stands
// in the brackets.
var mailName = regexp.MustCompile(`^[^\s()]+@[^\s()]+ \(([^()]+)\)$|^([^<>]+?) ?<[^\s<>]+@[^\s<>]+>$`)

// feedPerson is the name of an author as a feed writes it.
func feedPerson(s string) string {
	if m := mailName.FindStringSubmatch(s); m != nil {
		return strings.TrimSpace(m[1] + m[2])
	}
	return s
}

// feedZones are the names of RFC 822 §5.1 for zones, and some that feeds use. Of
// any other abbreviation the offset is unknown.
var feedZones = map[string]string{
	"GMT": "+0000", "UTC": "+0000", "UT": "+0000", "Z": "+0000", "EST": "-0500", "EDT": "-0400", "CST": "-0600", "CDT": "-0500",
	"MST": "-0700", "MDT": "-0600", "PST": "-0800", "PDT": "-0700", "MSK": "+0300", "CET": "+0100", "CEST": "+0200", "EET": "+0200", "EEST": "+0300",
}

// feedLayouts are dates of RSS: RFC 822 with its slips, and what else is written.
var feedLayouts = []string{
	"2 Jan 2006 15:04:05 -0700", "2 Jan 2006 15:04 -0700", "2 Jan 06 15:04:05 -0700", "2 Jan 06 15:04 -0700", "2 January 2006 15:04:05 -0700",
	"2 January 2006 15:04 -0700", "2 Jan 2006 15:04:05 -07:00", "2 Jan 2006 15:04:05.999 -0700", "2 Jan 2006 3:04:05 PM -0700", "Jan 2 15:04:05 -0700 2006", "Jan 2 15:04:05 2006",
	"2 Jan 2006 15:04:05", "2 Jan 2006 15:04", "2 Jan 06 15:04:05", "2 Jan 2006", "2 January 2006", "2-Jan-06 15:04:05 -0700", "2-Jan-2006 15:04:05 -0700",
	"2006-01-02 15:04:05 -0700", "2006-01-02T15:04:05 -0700", "2006-01-02 15:04:05.999 -0700", "20060102T150405Z", "20060102T150405", "20060102",
	"Jan 2, 2006 3:04 PM", "Jan 2, 2006 3:04:05 PM", "January 2, 2006 3:04 PM", "Jan 2, 2006 15:04:05", "Jan 2 2006 15:04:05 -0700",
}

var (
	zoneAhead = regexp.MustCompile(`(?i) (?:GMT|UTC) ?([+-])(\d{1,2}):?(\d{2})?$`)
	feedDay   = regexp.MustCompile(`^\p{L}{2,12}\.?,? `)
	feedWord  = regexp.MustCompile(`\p{L}{3,}`)
	namedZone = regexp.MustCompile(` ([A-Za-z]{1,5})( \d{4})?$`)
)

// feedTime is a date of RFC 822, as RSS has it, of RFC 3339, as Atom has it, or one
// like them; without a zone it is UTC, as readers of feeds take it, and of a zone
// whose offset is not known it is none.
func feedTime(s string) *time.Time {
	s = fold(s)
	if len(s) > 64 || len(s) < 8 {
		return nil
	}
	if t := isoTime(s); t != nil && isDigit(s[0]) && (strings.Contains(s[:min(5, len(s))], "-") || strings.Trim(s, "0123456789") == "" && len(s) > 8) {
		return t
	}
	if day := feedDay.FindString(s); day != "" && months[threeLetters(day)] == "" && !englishMonths[threeLetters(day)] {
		s = strings.TrimSpace(s[len(day):])
	}
	s = feedWord.ReplaceAllStringFunc(s, func(w string) string {
		k := threeLetters(w)
		if m := months[k]; m != "" {
			return m[:3]
		}
		if englishMonths[k] {
			return strings.ToUpper(w[:1]) + strings.ToLower(w[1:3])
		}
		return w
	})
	s = zoneAhead.ReplaceAllStringFunc(s, func(z string) string {
		m := zoneAhead.FindStringSubmatch(z)
		return " " + m[1] + pad(m[2]) + (m[3] + "00")[:2]
	})
	if m := namedZone.FindStringSubmatchIndex(s); m != nil {
		name, year := strings.ToUpper(s[m[2]:m[3]]), ""
		if m[4] >= 0 {
			year = s[m[4]:m[5]]
		}
		if offset, ok := feedZones[name]; ok {
			s = s[:m[2]] + offset + year
		}
	}
	for _, l := range feedLayouts {
		if t, err := time.Parse(l, s); err == nil {
			t = t.UTC()
			return sane(&t)
		}
	}
	return nil
}

// englishMonths by their first three letters.
var englishMonths = map[string]bool{"jan": true, "feb": true, "mar": true, "apr": true, "may": true, "jun": true, "jul": true, "aug": true, "sep": true, "oct": true, "nov": true, "dec": true}

func threeLetters(s string) string {
	r := []rune(strings.ToLower(s))
	return string(r[:min(3, len(r))])
}
