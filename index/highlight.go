package index

import (
	"slices"
	"strings"
)

// maxMarks is the number of marks kept in one field.
const maxMarks = 1000

// finder knows what the words of a query look for, by text column.
type finder struct {
	phrases  map[string][][]string
	prefixes map[string][]string
}

// Hits makes hits of stored documents; with Query.Highlight they have marks.
func (p *Plan) Hits(docs []Document) []Hit {
	hits := make([]Hit, len(docs))
	var f *finder
	if p.query.Highlight {
		f = &finder{map[string][][]string{}, map[string][]string{}}
		f.collect(p.Where)
	}
	for i, d := range docs {
		hits[i] = Hit{ID: d.ID, Kind: d.Kind, Capture: d.Capture, Seq: d.Seq, Fields: d.Fields}
		if f != nil {
			hits[i].Marks = f.marks(d.Fields)
		}
	}
	return hits
}

// collect gathers what documents are asked to hold; what they must not hold is
// nothing to mark.
func (f *finder) collect(m Match) {
	switch m := m.(type) {
	case MatchTokens:
		f.phrases[m.Column] = append(f.phrases[m.Column], m.Tokens)
	case MatchPrefix:
		f.prefixes[m.Column] = append(f.prefixes[m.Column], m.Prefix)
	case MatchAnd:
		for _, x := range slices.Concat(m.All, m.Optional) {
			f.collect(x)
		}
	case MatchOr:
		for _, x := range m.Any {
			f.collect(x)
		}
	}
}

func (f *finder) marks(fields map[string]any) map[string][][2]int {
	var all map[string][][2]int
	for i := range schema {
		name := schema[i].Name
		text, ok := fields[name].(string)
		if schema[i].Kind != KindText || !ok || (f.phrases[name] == nil && f.prefixes[name] == nil) {
			continue
		}
		if m := f.find(name, clip(text, maxText)); len(m) > 0 {
			if all == nil {
				all = map[string][][2]int{}
			}
			all[name] = m
		}
	}
	return all
}

// find returns the byte ranges of what is looked for, in order, none twice.
func (f *finder) find(column, text string) [][2]int {
	tokens := Tokenize(text)
	var marks [][2]int
	for i, t := range tokens {
		end := -1
		for _, p := range f.phrases[column] {
			if i+len(p) <= len(tokens) && slices.EqualFunc(tokens[i:i+len(p)], p, func(t Token, s string) bool { return t.Term == s }) {
				end = max(end, tokens[i+len(p)-1].End)
			}
		}
		for _, p := range f.prefixes[column] {
			if strings.HasPrefix(t.Term, p) {
				end = max(end, t.End)
			}
		}
		if end < 0 {
			continue
		}
		if n := len(marks); n > 0 && t.Start < marks[n-1][1] {
			marks[n-1][1] = max(end, marks[n-1][1])
			continue
		}
		if len(marks) == maxMarks {
			break
		}
		marks = append(marks, [2]int{t.Start, end})
	}
	return marks
}
