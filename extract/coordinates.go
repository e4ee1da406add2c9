package extract

import (
	"bytes"
	"math"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"tamga"
)

// coordinates reports geographic coordinates: decimal pairs, degrees with minutes
// and seconds, plus codes (Open Location Code) and links to maps. Where a drop
// lies is told to about 100 m, unless Options.ExactPlaces says otherwise: the
// value has three decimals and the text is withheld.
// fine says whether a number may be a degree: it has decimals, or the sign of one
// behind it.
func (s *scan) fine(x number) bool {
	k := skipSpace(s.s, x.end)
	return k < len(s.s) && s.s[k] == 0xC2 || strings.ContainsAny(s.s[x.start:x.end], ".,") || x.end < len(s.s) && (s.s[x.end] == '.' || s.s[x.end] == ',')
}

func (s *scan) coordinates() {
	s.mapLinks()
	s.geoLinks()
	sortRanges(s.dates)
	linked := s.dates
	last := 0
	for _, x := range s.nums {
		if x.start < last || !s.fine(x) || inRanges(linked, x.start) {
			continue
		}
		if lat, lon, start, end, ok := s.pairAt(x.start); ok {
			if s.inURL(start) || !s.precise(start, end, lat) {
				continue
			}
			s.position(lat, lon, start, end, "coordinates@1", 0.9)
			last = end
		} else if lat, lon, end, ok := s.degreesAt(x.start); ok {
			s.position(lat, lon, x.start, end, "coordinates-dms@1", 0.95)
			last = end
		}
	}
	s.plusCodes()
}

func (s *scan) position(lat, lon float64, start, end int, rule string, confidence float64) {
	if s.hidden(start) {
		return
	}
	f := tamga.Finding{Type: tamga.FindPlace, Kind: "coordinates", Rule: rule, Confidence: confidence, Valid: true}
	if s.reader != nil && s.reader.exact {
		f.Value = strconv.FormatFloat(lat, 'f', -1, 64) + "," + strconv.FormatFloat(lon, 'f', -1, 64)
		s.add(f, start, end)
	} else {
		f.Value = strconv.FormatFloat(lat, 'f', 3, 64) + "," + strconv.FormatFloat(lon, 'f', 3, 64)
		s.withhold(f, start, end)
	}
	s.dates = append(s.dates, [2]int{start, end}) // its numbers are no quantities
}

// inURL says whether i lies in a link found.
func (s *scan) inURL(i int) bool {
	for k := i; k > 0 && i-k < 512; k-- {
		c := s.s[k-1]
		if c <= ' ' || c == '"' || c == '<' {
			return false
		}
		if c == '/' && k > 2 && s.s[k-2] == '/' && s.s[k-3] == ':' {
			return true
		}
	}
	return false
}

// degree reads a number of degrees with at least three decimals.
func degree(t string, i int) (v float64, end int, ok bool) {
	end = i
	if end < len(t) && (t[end] == '-' || t[end] == '+') {
		end++
	}
	n := digitsAt(t, end)
	if n < 1 || n > 3 {
		return 0, 0, false
	}
	end += n
	if end >= len(t) || t[end] != '.' {
		return 0, 0, false
	}
	k := digitsAt(t, end+1)
	if k < 3 || k > 16 {
		return 0, 0, false
	}
	end += 1 + k
	v, err := strconv.ParseFloat(t[i:end], 64)
	return v, end, err == nil
}

// pairAt reads a pair of decimal degrees whose first digit is at i.
func (s *scan) pairAt(i int) (lat, lon float64, start, end int, ok bool) {
	t := s.s
	start = i
	if i > 0 && (t[i-1] == '-' || t[i-1] == '+') {
		start--
	}
	if start > 0 && (isAlnum(t[start-1]) || t[start-1] == '.' || t[start-1] == ',') {
		return
	}
	lat, k, ok := degree(t, start)
	if !ok {
		return
	}
	k, north := hemisphere(t, k, "NSСЮ")
	sep := k
	for k < len(t) && k-sep < 4 && strings.IndexByte(" ,;/", t[k]) >= 0 {
		k++
	}
	if k == sep {
		return 0, 0, 0, 0, false
	}
	lon, end, ok = degree(t, k)
	if !ok || end < len(t) && (isDigit(t[end]) || t[end] == '.' && end+1 < len(t) && isDigit(t[end+1])) {
		return 0, 0, 0, 0, false
	}
	end, east := hemisphere(t, end, "EWВЗ")
	lat, lon = lat*north, lon*east
	if !onEarth(lat, lon) || end < len(t) && (t[end] == '%' || isLetter(t[end])) {
		return 0, 0, 0, 0, false
	}
	return lat, lon, start, end, true
}

// precise says whether a pair of numbers in a text is so exact that it can only
// be a position: two prices in bitcoin have up to four decimals, or a currency.
func (s *scan) precise(start, end int, lat float64) bool {
	pair := s.s[start:end]
	least := 4
	if !strings.ContainsAny(pair, ",;/°") {
		least = 5
	}
	for at := 0; ; {
		k := strings.IndexByte(pair[at:], '.')
		if k < 0 {
			break
		}
		at += k + 1
		if digitsAt(pair, at) < least {
			return false
		}
	}
	if math.Abs(lat) < 1 {
		return false
	}
	if _, _, priced := s.signAfter(end); priced {
		return false
	}
	_, _, measured := s.unitAt(end)
	return !measured
}

func onEarth(lat, lon float64) bool {
	return math.Abs(lat) <= 90 && math.Abs(lon) <= 180 && (lat != 0 || lon != 0)
}

// hemisphere reads a letter of the compass after degrees; letters holds the
// positive and the negative one in Latin and in Russian.
func hemisphere(t string, i int, letters string) (end int, sign float64) {
	k := i
	for strings.HasPrefix(t[k:], "°") || k < len(t) && t[k] == ' ' && k == i {
		if t[k] == ' ' {
			k++
		} else {
			k += len("°")
		}
	}
	for n, r := range []rune(letters) {
		if w := string(r); strings.HasPrefix(t[k:], w) && !letterAfter(t, k+len(w)) {
			return k + len(w), []float64{1, -1}[n%2]
		}
	}
	if strings.HasPrefix(t[i:], "°") {
		return i + len("°"), 1
	}
	return i, 1
}

// degreesAt reads degrees, minutes and seconds of latitude and longitude.
func (s *scan) degreesAt(i int) (lat, lon float64, end int, ok bool) {
	t := s.s
	if n := digitsAt(t, i); n == 0 || n > 2 || !strings.HasPrefix(t[skipSpace(t, i+n):], "°") {
		return
	}
	lat, k, ok := sexagesimal(t, i)
	if !ok {
		return
	}
	k, north := hemisphere(t, skipSpace(t, k), "NSСЮ")
	for k < len(t) && strings.IndexByte(" ,;", t[k]) >= 0 && k < len(t) {
		k++
	}
	if k >= len(t) || !isDigit(t[k]) {
		return 0, 0, 0, false
	}
	lon, end, ok = sexagesimal(t, k)
	if !ok {
		return
	}
	end, east := hemisphere(t, skipSpace(t, end), "EWВЗ")
	lat, lon = lat*north, lon*east
	return lat, lon, end, onEarth(lat, lon)
}

// sexagesimal reads 41°18'40.2": degrees, minutes and seconds that may be absent.
func sexagesimal(t string, i int) (v float64, end int, ok bool) {
	end = i
	for n, marks := range [][]string{{"°"}, {"'", "′", "’"}, {"\"", "″", "''", "”", "′′"}} {
		k := skipSpace(t, end)
		d := digitsAt(t, k)
		if d == 0 || d > 3 {
			return v, end, n > 1
		}
		stop := k + d
		if stop+1 < len(t) && (t[stop] == '.' || t[stop] == ',') && isDigit(t[stop+1]) {
			stop += 1 + min(digitsAt(t, stop+1), 12)
		}
		x, err := strconv.ParseFloat(strings.Replace(t[k:stop], ",", ".", 1), 64)
		if err != nil || n > 0 && x >= 60 {
			return v, end, n > 1
		}
		at := skipSpace(t, stop)
		found := false
		for _, m := range marks {
			if strings.HasPrefix(t[at:], m) {
				v += x / math.Pow(60, float64(n))
				end, found = at+len(m), true
				break
			}
		}
		if !found {
			return v, end, n > 1
		}
	}
	return v, end, true
}

// openLocation is the alphabet of plus codes.
const openLocation = "23456789CFGHJMPQRVWX"

// plusCodes reports full plus codes, eight characters before the sign and two or
// three after it (Open Location Code specification 1.1). A short one is relative
// to a town and names no place by itself.
func (s *scan) plusCodes() {
	t := s.s
	for at := 0; ; {
		k := strings.IndexByte(t[at:], '+')
		if k < 0 {
			return
		}
		i := at + k
		at = i + 1
		if i < 8 || i+2 >= len(t) || strings.IndexByte(openLocation, t[i+1]) < 0 || i > 8 && isAlnum(t[i-9]) {
			continue
		}
		end := i + 1
		for end < len(t) && end-i <= 3 && strings.IndexByte(openLocation, t[end]) >= 0 {
			end++
		}
		if end-i < 3 || end < len(t) && isAlnum(t[end]) {
			continue
		}
		if lat, lon, ok := plusCode(t[i-8:i] + t[i+1:end]); ok {
			s.position(lat, lon, i-8, end, "plus-code@1", 0.9)
		}
	}
}

// plusCode is the middle of the area of a plus code, its sign left out.
func plusCode(code string) (lat, lon float64, ok bool) {
	lat, lon = -90, -180
	step, digits := 20.0, 0
	for i := 0; i+1 < len(code) && i < 10; i += 2 {
		a, b := strings.IndexByte(openLocation, code[i]), strings.IndexByte(openLocation, code[i+1])
		if a < 0 || b < 0 {
			return 0, 0, false
		}
		for _, c := range code[i : i+2] {
			if c <= '9' {
				digits++
			}
		}
		lat += float64(a) * step
		lon += float64(b) * step
		step /= 20
	}
	step *= 20
	height, width := step, step
	if len(code) > 10 {
		n := strings.IndexByte(openLocation, code[10])
		height, width = step/5, step/4
		lat += float64(n/4) * height
		lon += float64(n%4) * width
	}
	lat, lon = lat+height/2, lon+width/2
	return lat, lon, digits > 1 && lat < 90 && lon < 180
}

// A mapHost is a service of maps: what in the host's name tells it, and where its
// links hold the latitude and the longitude.
type mapHost struct {
	host     string
	patterns []*regexp.Regexp
	swapped  bool // longitude first
}

const twoDegrees = `(-?\d{1,3}\.\d{3,16})(?:,|%2C|%2c|;|/|\+|%20)+(-?\d{1,3}\.\d{3,16})`

var mapHosts = []mapHost{
	{"google.", []*regexp.Regexp{regexp.MustCompile(`!3d(-?\d{1,3}\.\d{3,16})!4d(-?\d{1,3}\.\d{3,16})`), regexp.MustCompile(`(?:@|[?&/](?:q|ll|query|daddr|center|destination|place|dir|search)[=/])(?:loc:)?` + twoDegrees)}, false},
	{"yandex.", []*regexp.Regexp{regexp.MustCompile(`[?&](?:pt|whatshere%5Bpoint%5D|whatshere\[point\]|ll)=` + twoDegrees)}, true},
	{"2gis.", []*regexp.Regexp{regexp.MustCompile(`(?:/geo/(?:\d+/)?|[?&]m=|/firm/\d+/|center/)` + twoDegrees)}, true},
	{"openstreetmap.", []*regexp.Regexp{regexp.MustCompile(`mlat=(-?\d{1,3}\.\d{3,16})&(?:amp;)?mlon=(-?\d{1,3}\.\d{3,16})`), regexp.MustCompile(`#map=\d+/` + twoDegrees)}, false},
	{"apple.", []*regexp.Regexp{regexp.MustCompile(`[?&](?:ll|q|daddr|sll)=` + twoDegrees)}, false},
	{"maps.me", []*regexp.Regexp{regexp.MustCompile(`[?&]ll=` + twoDegrees)}, false},
}

// mapLinks reads the coordinates in the links found.
func (s *scan) mapLinks() {
	n := len(s.out)
	for i := 0; i < n; i++ {
		if f := &s.out[i]; f.Type != tamga.FindURL || f.End-f.Start > 2048 {
			continue
		}
		f := s.out[i]
		link := s.s[f.Start:f.End]
		u, err := url.Parse(link)
		if err != nil {
			continue
		}
		for _, m := range mapHosts {
			if !strings.Contains(u.Host, m.host) {
				continue
			}
			for _, p := range m.patterns {
				at := p.FindStringSubmatchIndex(link)
				if at == nil {
					continue
				}
				a, _ := strconv.ParseFloat(link[at[2]:at[3]], 64)
				b, _ := strconv.ParseFloat(link[at[4]:at[5]], 64)
				if m.swapped {
					a, b = b, a
				}
				if onEarth(a, b) {
					s.position(a, b, f.Start+at[2], f.Start+at[5], "map-link@1", 0.95)
				}
				break
			}
			break
		}
	}
}

// geoLinks reads geo: links (RFC 5870).
func (s *scan) geoLinks() {
	for at := 0; ; {
		k := bytes.Index(s.low[at:], []byte("geo:"))
		if k < 0 {
			return
		}
		at += k + len("geo:")
		if lat, lon, start, end, ok := s.pairAt(at); ok && start == at {
			s.position(lat, lon, at, end, "geo-link@1", 0.95)
		}
	}
}
