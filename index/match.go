package index

import (
	"slices"
	"strings"
)

// Matcher tells which documents a condition finds, without a store: what is searched
// for is known before the documents are.
type Matcher struct{ where Match }

// NewMatcher checks a condition. Its error is ErrQuery.
func NewMatcher(where Node) (*Matcher, error) {
	p, err := Compile(Query{Where: where})
	if err != nil {
		return nil, err
	}
	return &Matcher{p.Where}, nil
}

// Matches tells whether the condition finds a document.
func (m *Matcher) Matches(e *Entry) bool { return matches(m.where, e) }

func matches(m Match, e *Entry) bool {
	meets := func(m Match) bool { return matches(m, e) }
	switch m := m.(type) {
	case MatchAll:
		return true
	case MatchTokens:
		return holds(e.Tokens[m.Column], m.Tokens)
	case MatchTerms:
		return slices.ContainsFunc(e.Keywords[m.Column], func(v string) bool { return slices.Contains(m.Values, v) })
	case MatchRange:
		n, ok := e.Numbers[m.Column]
		return ok && (m.Min == nil || n > *m.Min || n == *m.Min && !m.OpenMin) && (m.Max == nil || n < *m.Max || n == *m.Max && !m.OpenMax)
	case MatchPrefix:
		begins := func(v string) bool { return strings.HasPrefix(v, m.Prefix) }
		return slices.ContainsFunc(e.Keywords[m.Column], begins) || slices.ContainsFunc(e.Tokens[m.Column], begins)
	case MatchAnd:
		return !slices.ContainsFunc(m.All, func(x Match) bool { return !meets(x) })
	case MatchOr:
		n := 0
		for _, x := range m.Any {
			if meets(x) {
				n++
			}
		}
		return n >= m.Min
	case MatchNot:
		return !meets(m.Not)
	}
	return false // MatchNone
}

// holds tells whether some tokens stand in a row.
func holds(all, row []string) bool {
	if len(row) == 0 {
		return false
	}
	for i := 0; i+len(row) <= len(all); i++ {
		if slices.Equal(all[i:i+len(row)], row) {
			return true
		}
	}
	return false
}
