package extract

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// moments are the ways a time is written for machines (HTML Standard §4.5.14,
// RFC 3339) and by forum software for people. One without an offset is UTC.
// No layout has the day and the month both as figures, other than year first:
// which comes first is for a profile to say.
var moments = []string{
	time.RFC3339, "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05", "2006-01-02T15:04Z07:00", "2006-01-02T15:04",
	"2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02",
	"2006-01-02, 03:04 PM", "2006-01-02 3:04 PM", "2006-01-02 3:04PM", "2006-01-02, 15:04", "2006/01/02 15:04:05", "2006/01/02 15:04",
	"January 2, 2006, 03:04:05 PM", "January 2, 2006, 15:04:05", "January 2, 2006, 03:04 PM", "January 2, 2006, 15:04",
	"January 2, 2006 at 3:04 PM", "January 2, 2006 at 15:04", "January 2, 2006", "Jan 2, 2006, 3:04 PM", "Jan 2, 2006 at 3:04 PM",
	"Jan 2, 2006 15:04", "Jan 2, 2006", "2 January 2006, 15:04:05", "2 January 2006, 15:04", "2 January 2006 15:04:05",
	"2 January 2006 15:04", "2 January 2006 at 15:04", "2 January 2006", "2 Jan 2006, 15:04", "2 Jan 2006 15:04", "2 Jan 2006",
	"Jan 2, 2006 3:04 pm", "2 Jan 2006, 3:04 pm", "2006 January 2, 15:04", "02.01.2006 15:04:05 UTC-07:00", "2 Jan 2006 at 15:04", "2 Jan 2006 at 3:04 PM",
}

// weekday stands before a date and adds nothing to it: "Sun May 10, 2015".
var weekday = regexp.MustCompile(`(?i)^(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*[ ,]+|^(?:пн|вт|ср|чт|пт|сб|вс)[ ,.]+`)

var ordinal = regexp.MustCompile(`(\d)(?:st|nd|rd|th)\b`)

// months are Russian month names by their first three letters; "мая" and "май"
// are one month.
var months = map[string]string{
	"янв": "January", "фев": "February", "мар": "March", "апр": "April", "май": "May", "мая": "May", "июн": "June", "июл": "July",
	"авг": "August", "сен": "September", "окт": "October", "ноя": "November", "дек": "December",
}

var cyrillicWord = regexp.MustCompile(`\p{Cyrillic}{3,}`)

// relative is a time by the day of the page: "Today at 04:48:45 PM".
var relative = regexp.MustCompile(`(?i)^(` + todays + `|` + yesterdays + `)[,.\x{a0} ]*(?:at|в|um|à|a las|às|alle|ore|om|o|saat|соат|soat|kl\.?)?[ ]*(\d{1,2}:\d{2}(?::\d{2})?)?(?: ?([ap]\.?m\.?))?(?: uhr)?$`)

// The names of this day and of the one before in the languages of forum software.
const (
	todays     = `today|сегодня|бугун|bugun|бүгін|бүгүн|сьогодні|heute|aujourd['’]hui|hoy|hoje|oggi|vandaag|dzisiaj|dziś|bugün|idag|i dag`
	yesterdays = `yesterday|вчера|кеча|kecha|кеше|кечээ|вчора|gestern|hier|ayer|ontem|ieri|gisteren|wczoraj|dün|igår|i går`
)

var yesterday = regexp.MustCompile(`(?i)^(?:` + yesterdays + `)$`)

// ago is a time by the moment of the page: "5 minutes ago".
var ago = regexp.MustCompile(`(?i)^(?:(\d{1,3}|an?|one) (second|sec|minute|min|hour|hr|day|week)s?\.? ago|(?:(\d{1,3}) )?(сек|мин|час|день|дня|дней|недел)\p{L}*\.? назад)$`)

var lengths = map[string]time.Duration{
	"second": time.Second, "sec": time.Second, "minute": time.Minute, "min": time.Minute, "hour": time.Hour, "hr": time.Hour, "day": 24 * time.Hour, "week": 7 * 24 * time.Hour,
	"сек": time.Second, "мин": time.Minute, "час": time.Hour, "день": 24 * time.Hour, "дня": 24 * time.Hour, "дней": 24 * time.Hour, "недел": 7 * 24 * time.Hour,
}

// moment reads a time in UTC; nil where it is none. now is when the page was
// read, on the page's own clock; a relative time without it is unknown. A time
// without an offset is in the zone of now, which is UTC where the page names none.
func moment(s string, now time.Time) *time.Time {
	if s = fold(strings.ToValidUTF8(s, "")); s == "" || len(s) > 80 {
		return nil
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		if n < 1e8 || n > 1e11 {
			return nil
		}
		t := time.Unix(n, 0).UTC()
		return &t
	}
	if t, ok := relatively(s, now); ok {
		return t
	}
	s = ordinal.ReplaceAllString(weekday.ReplaceAllString(s, ""), "$1")
	s = strings.TrimSuffix(strings.TrimSuffix(s, " г."), " UTC")
	s = cyrillicWord.ReplaceAllStringFunc(s, func(w string) string {
		if m, ok := months[string([]rune(strings.ToLower(w))[:3])]; ok {
			return m
		}
		return w
	})
	s = strings.Replace(s, " г., ", ", ", 1)
	s = strings.Replace(s, " в ", " ", 1)
	for _, l := range moments {
		zone := now.Location()
		if !strings.Contains(l, ":04") { // a day is a day in every zone
			zone = time.UTC
		}
		for _, v := range [2]string{s, strings.ToUpper(s)} {
			if t, err := time.ParseInLocation(l, v, zone); err == nil {
				t = t.UTC()
				return &t
			}
		}
	}
	return nil
}

// relatively reads a time that is told by the time of the page.
func relatively(s string, now time.Time) (t *time.Time, ok bool) {
	if m := ago.FindStringSubmatch(s); m != nil {
		if now.IsZero() {
			return nil, true
		}
		n, err := strconv.Atoi(m[1] + m[3])
		if err != nil {
			n = 1
		}
		unit := lengths[strings.ToLower(m[2]+m[4])]
		at := now.Add(-time.Duration(n) * unit).Truncate(min(unit, time.Hour)).UTC()
		return &at, true
	}
	if t, ok := yearless(s, now); ok {
		return t, true
	}
	m := relative.FindStringSubmatch(s)
	if m == nil {
		return nil, false
	}
	if now.IsZero() || m[2] == "" {
		return nil, true
	}
	at, ok := hourOf(m[2], m[3])
	if !ok {
		return nil, true
	}
	day := now
	if yesterday.MatchString(m[1]) {
		day = now.AddDate(0, 0, -1)
	}
	full := time.Date(day.Year(), day.Month(), day.Day(), at.Hour(), at.Minute(), at.Second(), 0, now.Location()).UTC()
	return &full, true
}

// hourOf reads a time of day, "4:48:45" with "PM" or "16:48".
func hourOf(clock, half string) (time.Time, bool) {
	layout := "15:04:05"
	if strings.Count(clock, ":") == 1 {
		layout = "15:04"
	}
	if half != "" {
		layout, clock = "3"+layout[2:]+" PM", clock+" "+strings.ToUpper(strings.ReplaceAll(half, ".", ""))
	}
	at, err := time.Parse(layout, clock)
	return at, err == nil
}

// timeStep reads a time in layouts of Go's package time, parted by " | ", and
// writes it as RFC 3339, without an offset where there is none; words such as "Today, 08:14 PM" pass as they are.
func timeStep(arg string) (step, error) {
	layouts := strings.Split(arg, " | ")
	for _, l := range layouts {
		if sample := time.Unix(0, 0).UTC().Format(l); sample == l {
			return nil, fmt.Errorf("no layout of a time: %q", l)
		}
	}
	return func(s string) string {
		s = fold(s)
		if _, ok := relatively(s, time.Time{}); ok {
			return s
		}
		for _, l := range layouts {
			if t, err := time.Parse(l, s); err == nil {
				if strings.Contains(l, "07") || strings.Contains(l, "MST") {
					return t.Format(time.RFC3339)
				}
				return t.Format("2006-01-02T15:04:05") // in the zone of the page
			}
		}
		return ""
	}, nil
}

// dayAndMonth is a date of the last twelve months: "5 мар в 10:01", "5 Mar at 10:01 am".
var dayAndMonth = regexp.MustCompile(`(?i)^(\d{1,2}) (\p{L}{3,9}),? (?:at |в )?(\d{1,2}:\d{2})(?: ?([ap]m))?$`)

// yearless reads a date that leaves its year out; the time is unknown where that
// of the page is.
func yearless(s string, now time.Time) (t *time.Time, ok bool) {
	m := dayAndMonth.FindStringSubmatch(s)
	if m == nil {
		return nil, false
	}
	if now.IsZero() {
		return nil, true
	}
	month := string([]rune(strings.ToLower(m[2]))[:3])
	if name, russian := months[month]; russian {
		month = name[:3]
	}
	layout, clock := "2 Jan 2006 15:04", m[3]
	if m[4] != "" {
		layout, clock = "2 Jan 2006 3:04 PM", clock+" "+strings.ToUpper(m[4])
	}
	for year := now.Year(); year > now.Year()-2; year-- {
		at, err := time.ParseInLocation(layout, fmt.Sprintf("%s %s %d %s", m[1], month, year, clock), now.Location())
		if err == nil && !at.After(now.Add(24*time.Hour)) { // the clock may be of another zone
			at = at.UTC()
			return &at, true
		}
	}
	return nil, true
}
