package extract

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// zoneWords stand before the zone in which a forum shows its times: "All times are
// UTC+03:00", "Часовой пояс: UTC + 3 часа".
var zoneWords = regexp.MustCompile(`(?i)(?:all times|times are|time ?zone|часовой пояс|время указано|все время|часовий пояс|alle zeiten|zeitzone|fuseau horaire|heures sont|horarios|zona horaria|fuso horário|horários|orari|fuso orario|strefa|czas|alle tijden|zaman dilimi|vaqt|уақыт)[^\n]{0,40}$`)

// zoneOffset is what follows "UTC" or "GMT": an offset in hours, or hours and
// minutes.
var zoneOffset = regexp.MustCompile(`^ ?([+-]) ?(\d{1,2})(?:[:.]?(\d{2}))?`)

// clockWords stand before the time of the page.
var clockWords = regexp.MustCompile(`(?i)(?:it is currently|the time now is|current (?:server |board |forum )?time(?: is)?|(?:server|board|forum) time(?: is)?|сейчас|текущее время|время сервера|aktuelle zeit|aktuelles datum)[: ]*([^\n]{6,60})`)

// The places where a page tells its own time: so many bytes of its text from the
// beginning and from the end.
const clockHead, clockTail = 8 << 10, 4 << 10

// pageZone is the zone that a page says its times are in; UTC where it says none.
func pageZone(text string) *time.Location {
	for _, name := range []string{"UTC", "GMT"} {
		i := strings.LastIndex(text, name)
		if i < 0 {
			continue
		}
		line := text[max(0, i-120):i]
		if !zoneWords.MatchString(line) {
			continue
		}
		rest := strings.NewReplacer("−", "-", "–", "-", "\u00a0", " ").Replace(cut(text[i+len(name):], 40))
		m := zoneOffset.FindStringSubmatch(rest)
		if m == nil {
			return time.UTC
		}
		hours, _ := strconv.Atoi(m[2])
		minutes, _ := strconv.Atoi(m[3])
		seconds := (hours*60 + minutes) * 60
		if m[1] == "-" {
			seconds = -seconds
		}
		if strings.Contains(rest, "[ DST ]") { // phpBB 3.0 names the zone without its summer time
			seconds += 3600
		}
		if seconds < -12*3600 || seconds > 14*3600 {
			return time.UTC
		}
		return time.FixedZone("", seconds)
	}
	return time.UTC
}

// tells reads from the text of a page in which zone its times are, and what its own
// clock says; the time of the capture stays where it says nothing, and where it is
// off by more than two days: somebody else's words, then.
func (d *document) tells() {
	body := d.markup.text.body
	d.now = d.now.In(pageZone(body))
	head, tail := cut(body, clockHead), ""
	if len(body) > clockHead {
		tail = body[max(clockHead, len(body)-clockTail):]
	}
	for _, part := range []string{head, tail} {
		m := clockWords.FindStringSubmatch(part)
		if m == nil {
			continue
		}
		at := moment(pageStamp(m[1]), time.Time{}.In(d.now.Location()))
		if at == nil || !d.now.IsZero() && at.Sub(d.now).Abs() > 48*time.Hour {
			continue
		}
		d.now = at.In(d.now.Location())
		return
	}
}

// pageStamp is the date with a time of day that a text begins with, its weekday
// left out; "" where it has none.
func pageStamp(s string) string {
	s = weekday.ReplaceAllString(fold(s), "")
	at := stamp.FindStringIndex(s)
	if at == nil || at[0] > 12 || !strings.Contains(s[at[0]:at[1]], ":") {
		return ""
	}
	return s[at[0]:at[1]]
}
