package dashboards

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"tamga"
)

func TestRuns(t *testing.T) {
	for _, tc := range []struct {
		name, body string
		marks      []mark
		want       []run
	}{
		{"none", "abc", nil, []run{{Text: "abc"}}},
		{"empty", "", []mark{{0, 5, 0}}, nil},
		{"one", "abcdef", []mark{{2, 4, 7}}, []run{{Text: "ab"}, {"cd", []int{7}}, {Text: "ef"}}},
		{"whole", "abc", []mark{{0, 3, 0}}, []run{{"abc", []int{0}}}},
		{"nested", "abcdef", []mark{{1, 5, 0}, {2, 3, 1}}, []run{{Text: "a"}, {"b", []int{0}}, {"c", []int{0, 1}}, {"de", []int{0}}, {Text: "f"}}},
		{"overlap", "abcdef", []mark{{0, 3, 0}, {2, 6, 1}}, []run{{"ab", []int{0}}, {"c", []int{0, 1}}, {"def", []int{1}}}},
		{"touch", "abcd", []mark{{0, 2, 0}, {2, 4, 1}}, []run{{"ab", []int{0}}, {"cd", []int{1}}}},
		{"same", "abcd", []mark{{1, 2, 0}, {1, 2, 1}}, []run{{Text: "a"}, {"b", []int{0, 1}}, {Text: "cd"}}},
		{"outside", "abc", []mark{{-4, 1, 0}, {2, 99, 1}, {7, 9, 2}, {2, 1, 3}}, []run{{"a", []int{0}}, {Text: "b"}, {"c", []int{1}}}},
		{"inside a rune", "aжb", []mark{{2, 2, 0}, {1, 2, 1}}, []run{{Text: "a"}, {"ж", []int{1, 0}}, {Text: "b"}}},
	} {
		got := runs(tc.body, tc.marks)
		if tc.name == "inside a rune" {
			for i := range got {
				slices.Sort(got[i].Findings)
			}
			tc.want[1].Findings = []int{0, 1}
		}
		if !slices.EqualFunc(got, tc.want, func(a, b run) bool { return a.Text == b.Text && slices.Equal(a.Findings, b.Findings) }) {
			t.Errorf("%s: got %v, want %v", tc.name, got, tc.want)
		}
	}
}

func FuzzRuns(f *testing.F) {
	f.Add("abc жук", 1, 4, 2, 9)
	f.Add("\xff\xfe\x80", -1, 2, 1, 1<<40)
	f.Fuzz(func(t *testing.T, s string, a, b, c, d int) {
		var all strings.Builder
		for _, r := range runs(s, []mark{{a, b, 0}, {c, d, 1}}) {
			if r.Text == "" {
				t.Error("an empty run")
			}
			if utf8.ValidString(s) && !utf8.ValidString(r.Text) {
				t.Errorf("a rune was cut: %q", r.Text)
			}
			all.WriteString(r.Text)
		}
		if all.String() != s {
			t.Errorf("%q became %q", s, all.String())
		}
		e := excerptOf(s, a, b, 20)
		if !strings.Contains(s, e.Before) || !strings.Contains(s, e.After) {
			t.Errorf("excerpt %+v is not of %q", e, s)
		}
	})
}

func TestTextSpan(t *testing.T) {
	source := `<p>Price: <b>12</b>&nbsp;EUR</p><img alt="hidden">`
	text := tamga.Text{Body: "Price: 12 EUR"}
	for i := range "Price: " {
		text.Offsets = append(text.Offsets, int32(3+i))
	}
	text.Offsets = append(text.Offsets, 13, 14, 19, 25, 26, 27, int32(len(source)))
	x := newTextIndex(text)
	at := func(s string) (int, int) { i := strings.Index(source, s); return i, i + len(s) }

	a, b := at("12</b>&nbsp;EUR")
	if s, e, ok := x.span(a, b); !ok || text.Body[s:e] != "12 EUR" {
		t.Errorf("across tags and an entity: %v %q", ok, text.Body[s:e])
	}
	a, b = at(`&nbsp;`)
	if _, _, ok := x.span(a, b); ok {
		t.Errorf("white space alone is something to mark")
	}
	a, b = at(`hidden`)
	if _, _, ok := x.span(a, b); ok {
		t.Errorf("an attribute is visible")
	}
	if _, _, ok := x.span(9, 2); ok {
		t.Errorf("a span backwards")
	}

	// A text that does not keep the order of its source.
	moved := tamga.Text{Body: "BA", Offsets: []int32{10, 2, 20}}
	if s, e, ok := newTextIndex(moved).span(2, 3); !ok || s != 1 || e != 2 {
		t.Errorf("moved text: %d %d %v", s, e, ok)
	}
	// Fewer offsets than bytes is a bug elsewhere, and no panic here.
	if _, _, ok := newTextIndex(tamga.Text{Body: "abc", Offsets: []int32{0}}).span(1, 3); ok {
		t.Errorf("found what has no offset")
	}
}

func TestSnippet(t *testing.T) {
	body := strings.Repeat("one two ", 50) + "клад here, " + strings.Repeat("three four ", 50)
	at := strings.Index(body, "клад")
	got := snippetOf(body, [][2]int{{at, at + len("клад")}, {len(body) - 5, len(body) - 1}}, 120)
	var text, found string
	for _, r := range got {
		text += r.Text
		if len(r.Findings) > 0 {
			found += r.Text
		}
	}
	if found != "клад" || !strings.HasPrefix(text, "… ") || !strings.HasSuffix(text, " …") || len(text) > 160 || !utf8.ValidString(text) {
		t.Errorf("found %q in %q", found, text)
	}
	if got := snippetOf("short клад", [][2]int{{6, 14}}, 120); len(got) != 2 || got[0].Text != "short " {
		t.Errorf("%v", got)
	}
	if got := snippetOf("anything", nil, 10); got != nil {
		t.Errorf("%v without a word found", got)
	}
}
