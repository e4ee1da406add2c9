package extract

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// TestAutomaton compares the automaton with a plain search, from every place and
// from those where a word may begin.
func TestAutomaton(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 2))
	letters := []string{"a", "b", "c", "g", "5", "0", " ", "-", "к", "я", "é"}
	made := func(n int) string {
		var s strings.Builder
		for range n {
			s.WriteString(letters[r.IntN(len(letters))])
		}
		return s.String()
	}
	for round := range 300 {
		words := []string{"", "a"}
		for range 1 + r.IntN(60) {
			words = append(words, made(1+r.IntN(5)))
		}
		words = append(words, words[2]) // of equal words the first wins
		a := newAutomaton(words)
		text := made(80)
		var want []string
		for i := range text {
			for n, w := range words {
				if w != "" && strings.HasPrefix(text[i:], w) && !slices.Contains(words[:n], w) {
					want = append(want, fmt.Sprint(n, i, i+len(w)))
				}
			}
		}
		var got []string
		a.each([]byte(text), func(w, start, end int) { got = append(got, fmt.Sprint(w, start, end)) })
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Fatalf("round %d, %q in %q: %v, want %v", round, words, text, got, want)
		}
		starts := map[string]bool{}
		a.eachWord([]byte(text), func(w, start, end int) { starts[fmt.Sprint(w, start, end)] = true })
		for s := range starts {
			if !slices.Contains(want, s) {
				t.Fatalf("round %d: %s is no word of %q in %q", round, s, words, text)
			}
		}
		for _, s := range want {
			var w, start, end int
			fmt.Sscan(s, &w, &start, &end)
			if !letterBefore(text, start) && !starts[s] {
				t.Fatalf("round %d: %q at %d of %q begins a word and is not found", round, words[w], start, text)
			}
		}
	}
}

// TestAutomatonStarts are the places of a word within a run of letters.
func TestAutomatonStarts(t *testing.T) {
	a := newAutomaton([]string{"cocaine", "кокаин"})
	for text, want := range map[string]bool{
		"50gcocaine": true, "50mgcocaine": true, "50grams cocaine": true, "xcocaine": false, "5 cocaine": true, "-cocaine": true,
		"50abcdecocaine": false, "йкокаин": false, "gкокаин": true, "é cocaine": true, "…cocaine": true, "5кокаин": true, "«кокаин": true,
	} {
		got := false
		a.eachWord([]byte(text), func(int, int, int) { got = true })
		if got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

// TestAutomatonSize: many words make a small automaton.
func TestAutomatonSize(t *testing.T) {
	x, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	states := 0
	for _, c := range x.words.cells {
		if c.parent != noState {
			states++
		}
	}
	if n := len(x.words.cells); n > 3*states {
		t.Errorf("%d cells for %d states", n, states)
	}
}
