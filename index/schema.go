package index

import (
	"slices"
	"strings"
	"unicode"
)

// Kind is how the values of a field are searched.
type Kind string

// The kinds. A number is a decimal string or a JSON number and compares as a
// float64; a date is RFC 3339 or a day, kept to the millisecond. A stored field
// comes back and is not searched.
const (
	KindText    Kind = "text"
	KindKeyword Kind = "keyword"
	KindNumber  Kind = "number"
	KindDate    Kind = "date"
	KindStored  Kind = "stored"
)

// Case says when two keywords are the same.
type Case string

// The case rules. A name is counted and matched as written, and a query may
// ignore the difference between spellings that read alike (Term.Fold); the query
// syntax does. A code has one spelling, upper or lower.
const (
	CaseExact Case = "exact"
	CaseLower Case = "lower"
	CaseUpper Case = "upper"
	CaseName  Case = "name"
)

// Field is an entry of the schema.
type Field struct {
	Name  string `json:"name"`
	Kind  Kind   `json:"kind"`
	Case  Case   `json:"case,omitempty"` // keywords only
	Multi bool   `json:"multi,omitempty"`
	Facet bool   `json:"facet,omitempty"`
	Sort  bool   `json:"sort,omitempty"`
	Doc   string `json:"doc"`
}

// schema is the registry: it checks queries and makes the mappings of both
// engines. A change of it is a change of schemaVersion.
var schema = []Field{
	{Name: "id", Kind: KindKeyword, Case: CaseExact, Sort: true, Doc: "the document's id"},
	{Name: "kind", Kind: KindKeyword, Case: CaseLower, Facet: true, Sort: true, Doc: "listing, vendor, post, capture or change"},
	{Name: "capture", Kind: KindKeyword, Case: CaseExact, Doc: "SHA-256 of the payload it was read from"},
	{Name: "seq", Kind: KindNumber, Sort: true, Doc: "place of the capture in the evidence log"},
	{Name: "title", Kind: KindText, Sort: true, Doc: "title of an offer or page; name of a vendor"},
	{Name: "text", Kind: KindText, Doc: "description, bio, message or text of a page"},
	{Name: "url", Kind: KindKeyword, Case: CaseExact, Sort: true, Doc: "address of the page"},
	{Name: "market", Kind: KindKeyword, Case: CaseName, Facet: true, Sort: true, Doc: "marketplace"},
	{Name: "vendor", Kind: KindKeyword, Case: CaseName, Facet: true, Sort: true, Doc: "vendor on one market"},
	{Name: "author", Kind: KindKeyword, Case: CaseName, Facet: true, Sort: true, Doc: "author of a message"},
	{Name: "channel", Kind: KindKeyword, Case: CaseName, Facet: true, Sort: true, Doc: "channel or forum"},
	{Name: "thread", Kind: KindKeyword, Case: CaseName, Facet: true, Sort: true, Doc: "thread of a forum"},
	{Name: "category", Kind: KindKeyword, Case: CaseLower, Facet: true, Sort: true, Doc: "our category: cannabis, opioids, …"},
	{Name: "section", Kind: KindKeyword, Case: CaseName, Facet: true, Doc: "the market's own category"},
	{Name: "price", Kind: KindNumber, Sort: true, Doc: "price in the main unit of the currency"},
	{Name: "currency", Kind: KindKeyword, Case: CaseUpper, Facet: true, Sort: true, Doc: "ISO 4217 code or asset"},
	{Name: "quantity", Kind: KindNumber, Sort: true, Doc: "quantity offered, in unit"},
	{Name: "unit", Kind: KindKeyword, Case: CaseLower, Facet: true, Doc: "g, ml or piece"},
	{Name: "substances", Kind: KindKeyword, Case: CaseLower, Multi: true, Facet: true, Doc: "substance ids"},
	{Name: "from", Kind: KindKeyword, Case: CaseUpper, Multi: true, Facet: true, Doc: "ships from: ISO 3166-1 alpha-2, EU, WW"},
	{Name: "to", Kind: KindKeyword, Case: CaseUpper, Multi: true, Facet: true, Doc: "ships to: ISO 3166-1 alpha-2, EU, WW"},
	{Name: "from_text", Kind: KindKeyword, Case: CaseName, Doc: "ships from, as written"},
	{Name: "to_text", Kind: KindKeyword, Case: CaseName, Doc: "ships to, as written"},
	{Name: "language", Kind: KindKeyword, Case: CaseLower, Facet: true, Doc: "language of the page"},
	{Name: "page_kind", Kind: KindKeyword, Case: CaseLower, Facet: true, Doc: "kind of the page"},
	{Name: "address", Kind: KindKeyword, Case: CaseExact, Multi: true, Facet: true, Doc: "wallet addresses; case matters"},
	{Name: "onion", Kind: KindKeyword, Case: CaseLower, Multi: true, Facet: true, Doc: "onion services named"},
	{Name: "email", Kind: KindKeyword, Case: CaseLower, Multi: true, Facet: true, Doc: "e-mail addresses"},
	{Name: "handle", Kind: KindKeyword, Case: CaseName, Multi: true, Facet: true, Doc: "contacts on other services"},
	{Name: "pgp", Kind: KindKeyword, Case: CaseUpper, Multi: true, Facet: true, Doc: "PGP fingerprints"},
	{Name: "txid", Kind: KindKeyword, Case: CaseLower, Multi: true, Facet: true, Doc: "transaction ids"},
	{Name: "phone", Kind: KindKeyword, Case: CaseExact, Multi: true, Facet: true, Doc: "telephone numbers, E.164"},
	{Name: "account", Kind: KindKeyword, Case: CaseExact, Multi: true, Facet: true, Doc: "payment accounts; of a card the first six and last four digits"},
	{Name: "service", Kind: KindKeyword, Case: CaseLower, Multi: true, Facet: true, Doc: "services of the contacts and accounts: telegram, kaspi, …"},
	{Name: "secret", Kind: KindKeyword, Case: CaseExact, Multi: true, Doc: "keyed hashes of private keys and seed phrases"},
	{Name: "place", Kind: KindKeyword, Case: CaseName, Multi: true, Facet: true, Doc: "towns and regions named"},
	{Name: "purity", Kind: KindNumber, Sort: true, Doc: "purity of the offer in per cent, the first that is named"},
	{Name: "captured", Kind: KindDate, Sort: true, Doc: "when the page was fetched"},
	{Name: "posted", Kind: KindDate, Sort: true, Doc: "when the message was written"},
	{Name: "day", Kind: KindKeyword, Case: CaseExact, Facet: true, Sort: true, Doc: "day of captured, UTC; made from it"},
	{Name: "edited", Kind: KindDate, Sort: true, Doc: "when the message was changed last"},
	{Name: "forwarded_from", Kind: KindKeyword, Case: CaseName, Facet: true, Doc: "who or where the message was forwarded from"},
	{Name: "reply_to", Kind: KindKeyword, Case: CaseExact, Doc: "id of the message that it answers"},
	{Name: "post_id", Kind: KindKeyword, Case: CaseExact, Doc: "id of the message on its platform"},
	{Name: "author_id", Kind: KindKeyword, Case: CaseExact, Facet: true, Doc: "what stays where an author's name changes: a DID, the number of an account"},
	{Name: "cid", Kind: KindKeyword, Case: CaseExact, Doc: "hash of a message's content that its platform gives"},
	{Name: "media", Kind: KindKeyword, Case: CaseLower, Multi: true, Facet: true, Doc: "kinds of what is attached to a message"},
	{Name: "outcome", Kind: KindKeyword, Case: CaseLower, Facet: true, Doc: "how the fetch ended"},
	{Name: "status", Kind: KindNumber, Sort: true, Doc: "HTTP status"},
	{Name: "source", Kind: KindKeyword, Case: CaseName, Facet: true, Doc: "configured source"},
	{Name: "route", Kind: KindKeyword, Case: CaseLower, Facet: true, Doc: "tor, clear, i2p, local or import"},
	{Name: "reader", Kind: KindKeyword, Case: CaseExact, Facet: true, Doc: "profile that read the page"},
	{Name: "size", Kind: KindNumber, Sort: true, Doc: "bytes of the payload"},
	{Name: "rating", Kind: KindKeyword, Case: CaseExact, Facet: true, Doc: "rating of a vendor, as written"},
	{Name: "deals", Kind: KindKeyword, Case: CaseExact, Facet: true, Doc: "deals of a vendor, as written"},
	{Name: "change", Kind: KindKeyword, Case: CaseLower, Facet: true, Sort: true, Doc: "of a change: changed, edited, gone, returned, appeared, moved"},
	{Name: "record", Kind: KindKeyword, Case: CaseLower, Facet: true, Doc: "of a change: listing, vendor, post or page"},
	{Name: "field", Kind: KindKeyword, Case: CaseLower, Facet: true, Sort: true, Doc: "of a change: price, stock, address, pgp, …"},
	{Name: "before", Kind: KindKeyword, Case: CaseExact, Multi: true, Doc: "of a change: what is not there any more"},
	{Name: "after", Kind: KindKeyword, Case: CaseExact, Multi: true, Doc: "of a change: what is new"},
	{Name: "span", Kind: KindStored, Doc: "byte range of the offer in its page"},
}

// schemaVersion is the version of the schema and of the text analysis. An index
// built by another one is not read: it is rebuilt.
const schemaVersion = 3

// SchemaVersion names what an index was built with.
func SchemaVersion() int { return schemaVersion }

// Fields returns the schema, in the order of the documentation.
func Fields() []Field { return slices.Clone(schema) }

// LookupField returns the schema's field of a name.
func LookupField(name string) (Field, bool) {
	f := lookup(name)
	if f == nil {
		return Field{}, false
	}
	return *f, true
}

func lookup(name string) *Field { return byName[name] }

var byName = func() map[string]*Field {
	m := map[string]*Field{}
	for i := range schema {
		m[schema[i].Name] = &schema[i]
	}
	return m
}()

// Canon returns the keyword under which a value of the field is indexed: the
// value as written, or the one spelling of a code. Spaces around it, control
// characters and invisible ones go.
func (f *Field) Canon(v string) string {
	v = strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cc, r) {
			return ' '
		}
		return r
	}, v))
	switch f.Case {
	case CaseLower:
		return strings.ToLower(v)
	case CaseUpper:
		return strings.ToUpper(v)
	}
	return v
}

// ColumnType is the type of a column in an engine.
type ColumnType string

// The column types.
const (
	Tokens  ColumnType = "tokens" // words in order, for words and phrases
	Keyword ColumnType = "keyword"
	Number  ColumnType = "number"
	Date    ColumnType = "date" // milliseconds since 1970 UTC
)

// Column is a column of an engine: the columns are the mapping. Values says that
// values are read by document, for facets and sorting.
type Column struct {
	Name   string
	Type   ColumnType
	Values bool
}

// Columns that are made from fields.
const (
	hasColumn   = "has"        // names of the fields that have a value
	namesColumn = "names"      // words of the names and codes of a document
	titleSort   = "title_sort" // the title as it is ordered
)

// dayColumns are the days of dates, for the histogram.
var dayColumns = map[string]string{"captured": "day", "posted": "posted_day"}

// nameFields are the keywords whose words are found by words without a field.
var nameFields = []string{"vendor", "market", "author", "channel", "section", "category", "substances"}

// wordColumns are searched for words without a field.
var wordColumns = []string{"title", "text", namesColumn}

func foldColumn(field string) string { return field + "_fold" }

// Columns returns the columns both engines make.
func Columns() []Column {
	var all []Column
	for _, f := range schema {
		switch f.Kind {
		case KindText:
			all = append(all, Column{f.Name, Tokens, false})
		case KindKeyword:
			all = append(all, Column{f.Name, Keyword, f.Facet || f.Sort})
			if f.Case == CaseName {
				all = append(all, Column{foldColumn(f.Name), Keyword, false})
			}
		case KindNumber:
			all = append(all, Column{f.Name, Number, f.Sort})
		case KindDate:
			all = append(all, Column{f.Name, Date, f.Sort})
		}
	}
	return append(all, Column{namesColumn, Tokens, false}, Column{hasColumn, Keyword, false},
		Column{titleSort, Keyword, true}, Column{"posted_day", Keyword, true})
}
