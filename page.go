package tamga

import "time"

// PageKind is what a page is for.
type PageKind string

// The page kinds of the extract contract.
const (
	PageListing  PageKind = "listing"
	PageListings PageKind = "listings"
	PageVendor   PageKind = "vendor"
	PageThread   PageKind = "thread"
	PageChannel  PageKind = "channel"
	PageLogin    PageKind = "login"
	PageCaptcha  PageKind = "captcha"
	PageQueue    PageKind = "queue"
	PageDDoS     PageKind = "ddos"
	PageError    PageKind = "error"
	PageOther    PageKind = "other"
)

// Page is what a capture says (facts): the outcome of reading it once. On a
// page of kind listing the offer itself is the first of Listings.
type Page struct {
	Kind     PageKind
	Title    string
	Language string // BCP 47, where it was recognised
	Market   string // profile name, else empty
	Reader   string // profile@version, or generic@version
	Listings []Listing
	Posts    []Post
	Vendor   *Vendor
	Findings []Finding

	Source string // the page as UTF-8; every Start and End points into it
	Text   Text   // what a person would read of it
}

// Text is the visible text of a page with, for each byte, the place in the
// source it stands at. Offsets has one entry a byte and one more for the end.
type Text struct {
	Body    string
	Offsets []int32
}

// Listing is an offer (fact). Prices are decimal strings in the currency's main
// unit; countries are ISO 3166-1 alpha-2, EU or WW; unknown fields are empty.
type Listing struct {
	Title      string   `json:"title"`
	URL        string   `json:"url,omitempty"` // absolute where the page's URL is known
	Vendor     string   `json:"vendor,omitempty"`
	Price      string   `json:"price,omitempty"`
	Currency   string   `json:"currency,omitempty"`
	Quantity   string   `json:"quantity,omitempty"` // total, a decimal string in Unit
	Unit       string   `json:"unit,omitempty"`
	Substances []string `json:"substances,omitempty"` // substance ids
	Category   string   `json:"category,omitempty"`
	From       []string `json:"from,omitempty"`
	To         []string `json:"to,omitempty"`
	Span       [2]int   `json:"span"` // byte range of the offer in the page source

	Feedback []Feedback `json:"feedback,omitempty"` // what the page shows of it; see also extract.CountSales

	Description string `json:"description,omitempty"`
	FromText    string `json:"from_text,omitempty"` // route as written
	ToText      string `json:"to_text,omitempty"`
	Section     string `json:"section,omitempty"` // the market's own category path, "Drugs/Ecstasy/MDMA"
}

// Vendor is a persona on one market or channel (fact); that two are one person
// is a Link, a claim.
type Vendor struct {
	Name   string   `json:"name"`
	URL    string   `json:"url,omitempty"`
	Rating string   `json:"rating,omitempty"` // as written
	Deals  string   `json:"deals,omitempty"`  // as written: "40~55"
	Bio    string   `json:"bio,omitempty"`
	PGP    []string `json:"pgp,omitempty"` // fingerprints, upper-case hexadecimal

	Since    string `json:"since,omitempty"`     // day of joining the market, YYYY-MM-DD
	LastSeen string `json:"last_seen,omitempty"` // day of the last visit that the page tells

	Span [2]int `json:"span"`
}

// Post is a message of a forum or channel (fact).
type Post struct {
	ID            string     `json:"id,omitempty"`
	URL           string     `json:"url,omitempty"`
	Channel       string     `json:"channel,omitempty"`
	Thread        string     `json:"thread,omitempty"`
	Author        string     `json:"author,omitempty"`
	Time          *time.Time `json:"time,omitempty"`
	Edited        *time.Time `json:"edited,omitempty"`
	Text          string     `json:"text"`
	ForwardedFrom string     `json:"forwarded_from,omitempty"`
	ReplyTo       string     `json:"reply_to,omitempty"`
	Span          [2]int     `json:"span"`

	IsEdited bool     `json:"is_edited,omitempty"` // it was edited, at a time that is not told
	AuthorID string   `json:"author_id,omitempty"` // what stays where a name changes: a DID, the number of an account
	CID      string   `json:"cid,omitempty"`       // hash of the content that the platform itself gives (AT Protocol)
	Views    string   `json:"views,omitempty"`     // as written: "1.2K"
	Media    []string `json:"media,omitempty"`     // kinds of what is attached, as the platform calls them: photo, video, poll
	Withheld string   `json:"withheld,omitempty"`  // what the platform says instead of the content
}
