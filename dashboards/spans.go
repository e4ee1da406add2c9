package dashboards

import (
	"slices"
	"sort"
	"strings"
	"unicode/utf8"

	"tamga"
)

// run is a stretch of text and the findings that cover it, by their place in
// the list of findings. Concatenated, the runs are the text: the page builds a
// text node of each, so that no offset has to be converted to UTF-16 and no
// markup is ever made of the text.
type run struct {
	Text     string `json:"t"`
	Findings []int  `json:"f,omitempty"`
}

// mark is a byte range [start, end) of a text that finding id covers.
type mark struct{ start, end, id int }

// runs cuts body at the edges of the marks. Marks may overlap and nest; edges
// inside a rune move outwards, and what lies outside body is cut off.
func runs(body string, marks []mark) []run {
	type edge struct {
		at, id int
		open   bool
	}
	var edges []edge
	for _, m := range marks {
		start, end := runeStart(body, m.start), runeEnd(body, m.end)
		if start < end {
			edges = append(edges, edge{start, m.id, true}, edge{end, m.id, false})
		}
	}
	slices.SortStableFunc(edges, func(a, b edge) int { return a.at - b.at })

	var out []run
	var open []int
	at := 0
	for i := 0; i < len(edges); {
		if edges[i].at > at {
			out = append(out, run{body[at:edges[i].at], slices.Clone(open)})
			at = edges[i].at
		}
		for ; i < len(edges) && edges[i].at == at; i++ {
			if e := edges[i]; e.open {
				open = append(open, e.id)
			} else if k := slices.Index(open, e.id); k >= 0 {
				open = slices.Delete(open, k, k+1)
			}
		}
	}
	if at < len(body) {
		out = append(out, run{Text: body[at:]})
	}
	return out
}

func runeStart(s string, i int) int {
	i = min(max(i, 0), len(s))
	for i > 0 && i < len(s) && !utf8.RuneStart(s[i]) {
		i--
	}
	return i
}

func runeEnd(s string, i int) int {
	i = min(max(i, 0), len(s))
	for i < len(s) && !utf8.RuneStart(s[i]) {
		i++
	}
	return i
}

// textIndex finds the place in a page's visible text of a range of its source.
type textIndex struct {
	body    string
	offsets []int32
	sorted  bool // the text keeps the order of the source
}

func newTextIndex(t tamga.Text) textIndex {
	offsets := t.Offsets[:min(len(t.Offsets), len(t.Body))]
	return textIndex{t.Body, offsets, slices.IsSorted(offsets)}
}

// span returns the smallest range of the text that holds every byte read from
// source [start, end), without the white space around it; ok is false where
// none is visible, as for a value that stands in an attribute.
func (x textIndex) span(start, end int) (s, e int, ok bool) {
	if x.sorted {
		s = sort.Search(len(x.offsets), func(i int) bool { return int(x.offsets[i]) >= start })
		e = sort.Search(len(x.offsets), func(i int) bool { return int(x.offsets[i]) >= end })
	} else {
		s, e = len(x.offsets), 0
		for i, o := range x.offsets {
			if int(o) >= start && int(o) < end {
				s, e = min(s, i), i+1
			}
		}
	}
	if s >= e {
		return 0, 0, false
	}
	part := x.body[s:e]
	s += len(part) - len(strings.TrimLeft(part, " \t\r\n"))
	e -= len(part) - len(strings.TrimRight(part, " \t\r\n"))
	return s, e, s < e
}

// excerpt is a place in a text with what stands around it.
type excerpt struct {
	Before string `json:"before"`
	Match  string `json:"match"`
	After  string `json:"after"`
}

// excerptOf cuts [start, end) out of body with up to around bytes on each side;
// a long match is cut in the middle.
func excerptOf(body string, start, end, around int) excerpt {
	start, end = runeStart(body, start), runeEnd(body, end)
	if start > end {
		start, end = end, start
	}
	match := body[start:end]
	if limit := 4 * around; len(match) > limit {
		match = match[:runeStart(match, limit/2)] + " … " + match[runeEnd(match, len(match)-limit/2):]
	}
	return excerpt{body[runeStart(body, start-around):start], match, body[end:runeEnd(body, end+around)]}
}

// snippetOf cuts the part of body around the first mark, up to size bytes, and
// marks the words found in it (as finding 0). Without marks there is none.
func snippetOf(body string, found [][2]int, size int) []run {
	if len(found) == 0 {
		return nil
	}
	start := runeStart(body, max(0, found[0][0]-size/3))
	if i := strings.IndexAny(body[start:runeStart(body, found[0][0])], " \n"); start > 0 && i >= 0 {
		start += i + 1 // at a word
	}
	end := runeEnd(body, start+size)
	var marks []mark
	for _, f := range found {
		if f[0] >= start && f[1] <= end {
			marks = append(marks, mark{f[0] - start, f[1] - start, 0})
		}
	}
	out := runs(body[start:end], marks)
	if start > 0 {
		out = append([]run{{Text: "… "}}, out...)
	}
	if end < len(body) {
		out = append(out, run{Text: " …"})
	}
	return out
}
