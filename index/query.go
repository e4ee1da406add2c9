package index

import (
	"errors"
	"fmt"
	"strings"
)

// Limits of a query. An engine never sees one that is over a limit.
const (
	maxDepth  = 10   // nodes on the way from the root to a leaf
	maxNodes  = 1000 // nodes in all
	maxValues = 1000 // values of a Term
	maxWords  = 4096 // bytes of a text to search for
	maxFacets = 40
	MaxSize   = 10000 // hits of a page
	MaxFacet  = 10000 // values of a facet
	// DefaultSize is the size of a page where the query gives none.
	DefaultSize = 20
)

// Query is a question to a Store.
type Query struct {
	Where Node `json:"where,omitempty"` // nil is everything
	// Sort is the order; it always ends with the id. Empty is by relevance where
	// Where has words, else by id. Documents without a value come last.
	Sort []SortKey `json:"sort,omitempty"`
	// Facets are disjunctive: a facet is counted over the documents that match
	// everything but the conditions on its own field, so that the values not
	// chosen keep their counts. Such conditions are the Terms of the field that
	// stand in Where alone or under Bool.Must alone.
	Facets    []Facet    `json:"facets,omitempty"`
	Histogram *Histogram `json:"histogram,omitempty"`
	Size      int        `json:"size,omitempty"`      // hits of a page; 0 is DefaultSize, negative none
	Cursor    string     `json:"cursor,omitempty"`    // Result.Cursor of the page before, for the same query
	Highlight bool       `json:"highlight,omitempty"` // set Hit.Marks
}

// SortKey orders by a sortable field.
type SortKey struct {
	Field string `json:"field"`
	Desc  bool   `json:"desc,omitempty"`
}

// Facet counts the values of a field.
type Facet struct {
	Field string `json:"field"`
	Size  int    `json:"size,omitempty"` // values listed; 0 is 10
}

// Histogram counts the documents that match by day of a date field. Days between
// the first and the last without any are filled in, up to 20,000 days.
type Histogram struct {
	Field string `json:"field"` // captured or posted
}

// Node is a condition: All, None, Text, Phrase, Term, Range, Prefix, Exists or
// Bool. A nil Node is All.
type Node interface{ node() }

type (
	// All matches every document.
	All struct{}
	// None matches no document.
	None struct{}
	// Text matches documents that hold the words of Query, each in any of Fields:
	// all of them, or with Any one of them. Words are separated by spaces; one
	// that reads as several (dead-drop) must stand as a phrase in one field.
	// Words without a letter, digit or emoji are ignored; if there is no other,
	// nothing matches. Without Fields it looks at title and text and at the words
	// of names: vendor, market, author, channel, section, category, substances.
	Text struct {
		Fields []string `json:"fields,omitempty"`
		Query  string   `json:"query"`
		Any    bool     `json:"any,omitempty"`
	}
	// Phrase matches documents that hold the words of Text next to each other in
	// Field or, without one, in one of the fields that Text looks at.
	Phrase struct {
		Field string `json:"field,omitempty"`
		Text  string `json:"text"`
	}
	// Term matches documents that have one of Values in Field, a keyword, number
	// or date. With Fold, names compare as Fold does; codes always have one
	// spelling; addresses, ids and URLs are always exact.
	Term struct {
		Field  string   `json:"field"`
		Values []string `json:"values"`
		Fold   bool     `json:"fold,omitempty"`
	}
	// Range matches documents whose Field, a number or date, lies within the
	// bounds given. A day as a bound of a date is the whole day: LTE includes
	// it, GT begins after it; likewise a month (2026-11) and a year.
	Range struct {
		Field string `json:"field"`
		GTE   string `json:"gte,omitempty"`
		GT    string `json:"gt,omitempty"`
		LT    string `json:"lt,omitempty"`
		LTE   string `json:"lte,omitempty"`
	}
	// Prefix matches documents that have a keyword in Field that begins with
	// Value (as Fold reads it, for a name), or a word that does. Without Field
	// it looks where Text does. Value has at least two characters.
	Prefix struct {
		Field string `json:"field,omitempty"`
		Value string `json:"value"`
	}
	// Exists matches documents that have a value in Field.
	Exists struct {
		Field string `json:"field"`
	}
	// Bool matches documents that match all of Must, none of Not and at least
	// MinShould of Should; 0 is one, if there is no Must and any Should, and
	// else none.
	Bool struct {
		Must      []Node `json:"must,omitempty"`
		Should    []Node `json:"should,omitempty"`
		Not       []Node `json:"not,omitempty"`
		MinShould int    `json:"min_should,omitempty"`
	}
)

func (All) node()    {}
func (None) node()   {}
func (Text) node()   {}
func (Phrase) node() {}
func (Term) node()   {}
func (Range) node()  {}
func (Prefix) node() {}
func (Exists) node() {}
func (Bool) node()   {}

// And joins conditions; nil and All add nothing.
func And(nodes ...Node) Node {
	var must []Node
	for _, n := range nodes {
		switch n := n.(type) {
		case nil, All:
		case Bool:
			if len(n.Should) == 0 && len(n.Not) == 0 && n.MinShould == 0 {
				must = append(must, n.Must...)
			} else {
				must = append(must, n)
			}
		default:
			must = append(must, n)
		}
	}
	switch len(must) {
	case 0:
		return All{}
	case 1:
		return must[0]
	}
	return Bool{Must: must}
}

// Or joins alternatives; without any it is None.
func Or(nodes ...Node) Node {
	switch len(nodes) {
	case 0:
		return None{}
	case 1:
		if nodes[0] == nil {
			return All{}
		}
		return nodes[0]
	}
	return Bool{Should: nodes}
}

// Not is the opposite of a condition.
func Not(n Node) Node { return Bool{Not: []Node{n}} }

// ParseSort reads fields separated by commas, a minus sign before one that is
// ordered downwards: "price,-captured". The empty string is no order.
func ParseSort(s string) ([]SortKey, error) {
	var keys []SortKey
	for _, part := range strings.Split(s, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		name, desc := strings.CutPrefix(part, "-")
		if err := checkSort(name); err != nil {
			return nil, err
		}
		keys = append(keys, SortKey{name, desc})
	}
	return keys, nil
}

func checkSort(name string) error {
	f := lookup(name)
	if f == nil {
		return badField(name)
	}
	if !f.Sort {
		return fmt.Errorf("%w: cannot sort by %s", ErrQuery, name)
	}
	return nil
}

func badField(name string) error { return fmt.Errorf("%w: unknown field %.40q", ErrQuery, name) }

var errDeep = fmt.Errorf("%w: nested deeper than %d", ErrQuery, maxDepth)

func queryError(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrQuery, errors.New(fmt.Sprintf(format, args...)))
}
