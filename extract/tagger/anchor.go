package tagger

import (
	"slices"
	"strings"
)

// anchorsOf are the words, in small letters and by the alphabet, for which it is
// worth to read a sentence: letters only, at least two of them, and a drug in half
// of the places where they stand, or in at least three places and an eighth of all.
func anchorsOf(examples []Example) []string {
	in, all := map[string]int{}, map[string]int{}
	for _, x := range examples {
		for _, t := range x.Tokens {
			w := x.Text[t.Start:t.End]
			if len(w) < 2 || len(w) > maxAnchor || class[w[0]] != upperCase && class[w[0]] != lowerCase {
				continue
			}
			w = strings.ToLower(w)
			all[w]++
			if slices.ContainsFunc(x.Spans, func(s Span) bool {
				return s.Kind == Drug && s.Start <= int(t.Start) && int(t.End) <= s.End
			}) {
				in[w]++
			}
		}
	}
	var out []string
	for w, n := range in {
		if n >= 3 && n*8 >= all[w] || n*2 >= all[w] {
			out = append(out, w)
		}
	}
	slices.Sort(out)
	return out[:min(len(out), maxWords)]
}
