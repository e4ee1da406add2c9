package tamga

import "time"

// Kinds of a Change.
const (
	ChangeValue    = "changed"  // a field has another value
	ChangeEdited   = "edited"   // the text of a post is another one
	ChangeGone     = "gone"     // the record is no longer where it was
	ChangeReturned = "returned" // a record that was gone is there again
	ChangeAppeared = "appeared" // a vendor known from elsewhere is here too
	ChangeMoved    = "moved"    // a vendor that is gone there is here
)

// Sighting is a record, or a value of one, as one capture shows it.
type Sighting struct {
	Seq     int64     `json:"seq"`
	Capture Digest    `json:"capture"`
	URL     string    `json:"url"`
	Time    time.Time `json:"time"`
	Span    [2]int    `json:"span"` // of the value, else of the record; empty where the capture has neither
}

// Change says that a record differs between two captures (claim). Records are
// compared, never bytes, so that a clock or a token is none.
type Change struct {
	ID         string   `json:"id"`     // of what is claimed and both captures: the same after a reindex
	Kind       string   `json:"change"` // see the constants
	Record     string   `json:"record"` // listing, vendor, post, page
	Subject    string   `json:"subject"`
	URL        string   `json:"url"`
	Market     string   `json:"market,omitempty"`
	Vendor     string   `json:"vendor,omitempty"`
	Source     string   `json:"source,omitempty"`
	Field      string   `json:"field,omitempty"` // price, stock, address, pgp, …
	From       []string `json:"from,omitempty"`  // what is not there any more
	To         []string `json:"to,omitempty"`    // what is new
	Was        Sighting `json:"was"`
	Is         Sighting `json:"is"`
	Confidence float64  `json:"confidence"` // 0 to 1
	Rule       string   `json:"rule"`       // rule@version
	Reasons    []Reason `json:"reasons,omitempty"`
}

// Alert is a change, or a hit of a saved search, that a rule calls out (claim).
type Alert struct {
	Rule     string    `json:"rule"`
	Severity string    `json:"severity"` // high, medium, low
	Key      string    `json:"key"`      // of rule, subject and captures: an alert is recorded once
	Subject  string    `json:"subject"`
	URL      string    `json:"url,omitempty"`
	Change   *Change   `json:"change,omitempty"`
	Hit      *Sighting `json:"hit,omitempty"` // of a saved search
	Document string    `json:"document,omitempty"`
}
