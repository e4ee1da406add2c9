package main

import (
	"bufio"
	"encoding/json"
	"hash/fnv"
	"math/rand/v2"
	"strings"
	"unicode"

	"tamga"
)

// A disguise writes a name so that a search for it fails; the first letter of a
// name of one word in three stays, as sellers like it.
type disguise struct {
	kind  string
	write func(name string, r *rand.Rand) string
}

var lookAlikes = pairsOf("aаeеoоpрcсxхyуkкiіsѕ", "аaеeоoрpсcхxуyкkиuнh")
var leets = pairsOf("a4e3i1o0s5t7b8l1", "о0з3ч4б6а4е3т7")

func pairsOf(lists ...string) map[rune]rune {
	m := map[rune]rune{}
	for _, s := range lists {
		for r := []rune(s); len(r) > 1; r = r[2:] {
			m[r[0]] = r[1]
		}
	}
	return m
}

// disguises are the kinds of evasion measured, each as its writers use it: some
// letters replaced or all, sparse or between all letters.
var disguises = []disguise{
	{"homoglyphs", func(s string, r *rand.Rand) string { return replace(s, lookAlikes, 0.6, r) }},
	{"leet", func(s string, r *rand.Rand) string { return replace(s, leets, 0.7, r) }},
	{"spacing", func(s string, r *rand.Rand) string {
		return between(s, []string{" ", ".", "-", "_", "*"}[r.IntN(5)], 1, r)
	}},
	{"zero-width", func(s string, r *rand.Rand) string {
		return between(s, []string{"\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u00ad"}[r.IntN(6)], 0.5, r)
	}},
	{"emoji", func(s string, r *rand.Rand) string {
		return between(s, []string{"❄️", "🔥", "🍄", "💊", "🌿", "⭐"}[r.IntN(6)], 0.5, r)
	}},
	{"stretched letters", stretch},
	{"styled letters", styledLetters},
}

// replace swaps the letters of s that m knows with the probability p, one at least.
func replace(s string, m map[rune]rune, p float64, r *rand.Rand) string {
	out := []rune(s)
	var can []int
	for i, c := range out {
		if m[unicode.ToLower(c)] != 0 {
			can = append(can, i)
		}
	}
	if len(can) == 0 {
		return s
	}
	sure := can[r.IntN(len(can))]
	for _, i := range can {
		if i == sure || r.Float64() < p {
			out[i] = m[unicode.ToLower(out[i])]
		}
	}
	return string(out)
}

// between puts a sign between neighbouring letters with the probability p, once
// at least.
func between(s, sign string, p float64, r *rand.Rand) string {
	c := []rune(s)
	var gaps []int
	for i := 1; i < len(c); i++ {
		if unicode.IsLetter(c[i-1]) && unicode.IsLetter(c[i]) {
			gaps = append(gaps, i)
		}
	}
	if len(gaps) == 0 {
		return s
	}
	sure := gaps[r.IntN(len(gaps))]
	var b strings.Builder
	for i := range c {
		if i > 0 && unicode.IsLetter(c[i-1]) && unicode.IsLetter(c[i]) && (i == sure || r.Float64() < p) {
			b.WriteString(sign)
		} else if i > 0 && c[i] == ' ' && sign == " " {
			b.WriteString("  ") // a gap that is wider than those between letters
		}
		b.WriteRune(c[i])
	}
	return b.String()
}

// stretch writes one letter three to five times.
func stretch(s string, r *rand.Rand) string {
	c := []rune(s)
	var can []int
	for i := range c {
		if unicode.IsLetter(c[i]) {
			can = append(can, i)
		}
	}
	if len(can) == 0 {
		return s
	}
	i := can[r.IntN(len(can))]
	return string(c[:i]) + strings.Repeat(string(c[i]), 3+r.IntN(3)) + string(c[i+1:])
}

// styledLetters writes Latin letters in one of Unicode's other alphabets.
func styledLetters(s string, r *rand.Rand) string {
	first := [][2]rune{{0xFF21, 0xFF41}, {0x1D400, 0x1D41A}, {0x1D63C, 0x1D656}, {0x24B6, 0x24D0}}[r.IntN(4)]
	return strings.Map(func(c rune) rune {
		switch {
		case 'A' <= c && c <= 'Z':
			return c - 'A' + first[0]
		case 'a' <= c && c <= 'z':
			return c - 'a' + first[1]
		}
		return c
	}, s)
}

// evasion measures the names lost when those found in plain titles are disguised.
func evasion(t *table) error {
	var texts []string
	if err := t.setAsideTitles(&texts); err != nil {
		return err
	}
	for _, d := range disguises {
		kept, n := 0, 0
		for _, text := range texts {
			found, _ := t.reader.Text(text)
			for _, f := range found {
				if f.Type != tamga.FindSubstance {
					continue
				}
				h := fnv.New64a()
				h.Write([]byte(d.kind + text))
				hidden := d.write(f.Raw, rand.New(rand.NewPCG(h.Sum64(), uint64(f.Start))))
				if hidden == f.Raw {
					continue
				}
				n++
				for _, g := range t.text(text[:f.Start] + hidden + text[f.End:]) {
					if g.Type == tamga.FindSubstance && g.ID == f.ID && g.Start <= f.Start+len(hidden) && f.Start <= g.End {
						kept++
						break
					}
				}
			}
		}
		t.add("names kept: "+d.kind, "titles and rows, unseen vendors", kept, n, 0.9)
	}
	return nil
}

func (t *table) text(s string) []tamga.Finding {
	found, _ := t.reader.Text(s)
	return found
}

// setAsideTitles collects offers of vendors set aside: a market's titles, and
// rows of shops in Russian and Uzbek.
func (t *table) setAsideTitles(texts *[]string) error {
	f, err := t.open("agora/items_2014-04-06.jsonl")
	if err != nil {
		return err
	}
	defer f.Close()
	in := bufio.NewScanner(f)
	in.Buffer(nil, 1<<24)
	for in.Scan() {
		var item struct {
			Title, Vendor string
			Category      []string
		}
		if err := json.Unmarshal(in.Bytes(), &item); err != nil {
			return err
		}
		if setAside(item.Vendor) && len(item.Category) > 0 && item.Category[0] == "Drugs" {
			*texts = append(*texts, item.Title)
		}
	}
	if err := in.Err(); err != nil {
		return err
	}
	rows, col, err := t.csv("dream/cocaine_listings.csv")
	if err != nil {
		return err
	}
	for _, r := range rows {
		if setAside(r[col["vendor_name"]]) {
			*texts = append(*texts, r[col["product_title"]])
		}
	}
	shop, err := t.shopRows()
	if err != nil {
		return err
	}
	for _, r := range shop {
		*texts = append(*texts, r.Text)
	}
	return nil
}
