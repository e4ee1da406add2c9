package watch

import (
	"time"

	"tamga"
)

// Reached: something of the service answered, if only a wall in front of it. An
// error of the server (5xx, most 4xx) is not the service.
func Reached(o tamga.Outcome) bool {
	switch o {
	case tamga.OutcomeOK, tamga.OutcomeTruncated, tamga.OutcomeRedirect, tamga.OutcomeNotFound,
		tamga.OutcomeCaptcha, tamga.OutcomeQueue, tamga.OutcomeLogin, tamga.OutcomeDDoS, tamga.OutcomeScriptOnly, tamga.OutcomeNoPreview, tamga.OutcomeBlocked:
		return true
	}
	return false
}

// Read: its own page came.
func Read(o tamga.Outcome) bool { return o == tamga.OutcomeOK || o == tamga.OutcomeTruncated }

// Point is how a source was found once, at the end of the redirects of its seed.
type Point struct {
	Source  string        `json:"source"`
	At      time.Time     `json:"at"`  // of the first request
	Seq     int64         `json:"seq"` // of the capture that decided
	URL     string        `json:"url"` // of that capture
	Outcome tamga.Outcome `json:"outcome"`
}

// Uptime counts the points of a time.
type Uptime struct {
	Checks   int                   `json:"checks"`
	Reached  float64               `json:"reached"` // share of the checks at which something answered, a wall included
	Read     float64               `json:"read"`    // share at which its own page came
	Outcomes map[tamga.Outcome]int `json:"outcomes"`
}

// Count the points at or after a time; nil where there is none.
func Count(points []Point, since time.Time) *Uptime {
	u := &Uptime{Outcomes: map[tamga.Outcome]int{}}
	reached, read := 0, 0
	for _, p := range points {
		if p.At.Before(since) {
			continue
		}
		u.Checks++
		u.Outcomes[p.Outcome]++
		if Reached(p.Outcome) {
			reached++
		}
		if Read(p.Outcome) {
			read++
		}
	}
	if u.Checks == 0 {
		return nil
	}
	u.Reached, u.Read = float64(reached)/float64(u.Checks), float64(read)/float64(u.Checks)
	return u
}

// Down is how many of the last points in a row, ordered by time, were not reached.
func Down(points []Point) (n int) {
	for i := len(points) - 1; i >= 0 && !Reached(points[i].Outcome) && points[i].Outcome != tamga.OutcomePolicy; i-- {
		n++
	}
	return n
}
