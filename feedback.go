package tamga

// Feedback is a buyer's rating of an offer (fact).
type Feedback struct {
	Rating string `json:"rating,omitempty"` // as written: "5/5"
	Text   string `json:"text,omitempty"`
	Author string `json:"author,omitempty"` // as written; markets shorten or hide it
	Date   string `json:"date,omitempty"`   // as written: "2 days ago"
}
