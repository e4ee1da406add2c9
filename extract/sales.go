package extract

import (
	"cmp"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"tamga"
)

// Seen is the feedback on an offer as one capture shows it.
type Seen struct {
	Offer    string // what names the offer: its URL
	Captured time.Time
	Price    string // at that time, a decimal string in Currency; empty where unknown
	Currency string
	Feedback []tamga.Feedback
}

// Sales is a lower bound of what an offer sold: buyers need not rate, and a rating
// that two captures show is counted once (Soska and Christin 2015).
type Sales struct {
	Offer    string `json:"offer"`
	Sales    int    `json:"sales"`
	Priced   int    `json:"priced"` // sales that went into Volume
	Volume   string `json:"volume,omitempty"`
	Currency string `json:"currency,omitempty"`
	From     string `json:"from,omitempty"` // day of the first and of the last, YYYY-MM-DD
	To       string `json:"to,omitempty"`
}

// CountSales counts what captures show of each offer, in the order of their first
// appearance. The same rating, text and day in several captures is one sale, twice
// in one capture it is two; ages as markets round them ("3 weeks ago") are the same
// day where their ranges meet. Each sale has the price of the capture nearest to
// its day; volume is in the currency of the last capture with a price.
func CountSales(seen []Seen) []Sales {
	by := map[string][]Seen{}
	var order []string
	for _, s := range seen {
		if by[s.Offer] == nil {
			order = append(order, s.Offer)
		}
		by[s.Offer] = append(by[s.Offer], s)
	}
	out := make([]Sales, 0, len(order))
	for _, o := range order {
		out = append(out, countOffer(o, by[o]))
	}
	return out
}

// sale is a rating with the days on which it may have been given.
type sale struct {
	first, last time.Time // zero where the day is unknown
	matched     int       // the capture that showed it last
}

func countOffer(offer string, seen []Seen) Sales {
	slices.SortStableFunc(seen, func(a, b Seen) int { return a.Captured.Compare(b.Captured) })
	known := map[[2]string][]*sale{}
	var all []*sale
	for i, s := range seen {
		for _, f := range s.Feedback {
			first, last := days(f.Date, s.Captured)
			key := [2]string{f.Rating, strings.ToLower(f.Text)}
			if old := find(known[key], first, last, i+1); old != nil {
				old.matched = i + 1
				continue
			}
			x := &sale{first, last, i + 1}
			known[key] = append(known[key], x)
			all = append(all, x)
		}
	}
	r := Sales{Offer: offer, Sales: len(all)}
	for _, s := range seen {
		if s.Price != "" {
			r.Currency = cmp.Or(s.Currency, r.Currency)
		}
	}
	volume := new(big.Rat)
	for _, x := range all {
		if p := priceAt(seen, x.last, r.Currency); p != nil {
			volume.Add(volume, p)
			r.Priced++
		}
		if !x.first.IsZero() {
			day := x.last.Format(time.DateOnly)
			if r.From == "" || day < r.From {
				r.From = day
			}
			r.To = max(r.To, day)
		}
	}
	if r.Priced > 0 {
		digits, _ := volume.FloatPrec()
		r.Volume = volume.FloatString(min(digits, 18))
	} else {
		r.Currency = ""
	}
	return r
}

// nearby is how many ratings of one text are compared; a market's automatic text
// has thousands.
const nearby = 200

// find is a known sale that may be this one and that this capture has not shown.
func find(known []*sale, first, last time.Time, capture int) *sale {
	for _, k := range known[max(0, len(known)-nearby):] {
		if k.matched == capture {
			continue
		}
		if k.first.IsZero() || first.IsZero() || !k.last.Before(first) && !last.Before(k.first) {
			return k
		}
	}
	return nil
}

// priceAt is the price of the capture nearest to a day; nil where none has one in
// the currency.
func priceAt(seen []Seen, day time.Time, currency string) (price *big.Rat) {
	var nearest time.Duration
	for _, s := range seen {
		p, ok := new(big.Rat).SetString(s.Price)
		if !ok || s.Currency != currency || len(s.Price) > 40 || strings.ContainsAny(s.Price, "eEpP/") {
			continue
		}
		away := s.Captured.Sub(day).Abs()
		if price == nil || away < nearest {
			price, nearest = p, away
		}
	}
	return price
}

var age = regexp.MustCompile(`(?i)^~?(\d{1,4}|an?|one) (second|minute|min|hour|day|week|month|year)s?(?: ago)?$`)

// unitDays is how long the units of an age are; what is less than a day is today.
var unitDays = map[string]int{"day": 1, "week": 7, "month": 31, "year": 366}

// days are the first and the last day on which something was, that at a moment is
// dated in this way. An age is cut off to whole units, and the market's day need not
// begin when ours does.
func days(date string, at time.Time) (first, last time.Time) {
	midnight := at.UTC().Truncate(24 * time.Hour)
	m := age.FindStringSubmatch(strings.TrimSpace(date))
	if m == nil {
		t := moment(date, at)
		if t == nil {
			return first, last
		}
		day := t.UTC().Truncate(24 * time.Hour)
		return day, day
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		n = 1
	}
	unit := unitDays[strings.ToLower(m[2])]
	if unit == 0 {
		n, unit = 0, 1
	}
	last = midnight.AddDate(0, 0, -n*unit)
	return last.AddDate(0, 0, -unit), last
}
