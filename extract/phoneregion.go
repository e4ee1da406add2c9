package extract

import (
	"slices"
	"strings"
)

// worldwide as a region says that digits are in international form without the
// plus.
const worldwide = "001"

// hintBlock is the stretch of text, in bytes, that shares its region hints.
const hintBlock = 4096

// regionHints are those of the block looked at last.
type regionHints struct {
	block   int // plus one
	regions []string
}

// regionsAt are the regions that the text around i speaks of, by their
// currencies, cities, alphabets and names, the likeliest first.
func (s *scan) regionsAt(i int) []string {
	block := i/hintBlock + 1
	if s.regions.block == block {
		return s.regions.regions
	}
	lo, hi := max(0, (block-2)*hintBlock), min(len(s.s), (block+1)*hintBlock)
	s.regions = regionHints{block, s.lex.hints.count(s.low[lo:hi])}
	return s.regions.regions
}

// regionWords are the words that speak for a region.
type regionWords struct {
	words   *automaton
	regions []string // of each word
	part    []bool   // a letter of an alphabet: counts inside words
}

func (x *lexicon) loadRegions() error {
	rows, err := table("regions.tsv", 3)
	var words []string
	for _, r := range rows {
		for n, cell := range r[1:] {
			for _, w := range names(cell) {
				words = append(words, w)
				x.hints.regions = append(x.hints.regions, r[0])
				x.hints.part = append(x.hints.part, n == 1)
			}
		}
	}
	x.hints.words = newAutomaton(words)
	return err
}

func (r *regionWords) count(low []byte) []string {
	text := string(low)
	score := map[string]int{}
	r.words.each(low, func(w, start, end int) {
		if r.part[w] {
			score[r.regions[w]]++
		} else if !letterBefore(text, start) && !letterAfter(text, end) {
			score[r.regions[w]] += 10
		}
	})
	var out []string
	for region := range score {
		out = append(out, region)
	}
	slices.SortFunc(out, func(a, b string) int {
		if score[a] != score[b] {
			return score[b] - score[a]
		}
		return strings.Compare(a, b)
	})
	return out
}

// countryCodes are the codes and lengths (with the code) of international
// numbers that are written without their plus.
var countryCodes = []struct {
	code   string
	length int
}{{"998", 12}, {"996", 12}, {"992", 12}, {"993", 11}, {"380", 12}, {"375", 12}, {"994", 12}, {"995", 12}, {"374", 11}, {"373", 11}}

// international is what digits without a plus may mean, in international form.
func international(d, written string, regions []string) (out []string) {
	has := func(region string) bool { return slices.Contains(regions, region) }
	if has(worldwide) {
		return []string{"+" + strings.TrimPrefix(d, "00")}
	}
	if strings.HasPrefix(d, "00") && len(d) >= 11 {
		return []string{"+" + d[2:]}
	}
	if strings.HasPrefix(d, "810") && len(d) >= 13 {
		return []string{"+" + d[3:]}
	}
	for _, c := range countryCodes {
		if len(d) == c.length && strings.HasPrefix(d, c.code) {
			return []string{"+" + d}
		}
	}
	n := len(d)
	switch {
	case n == 11 && (d[0] == '8' || d[0] == '7'):
		return []string{"+7" + d[1:]}
	case n == 11 && d[0] == '1':
		return []string{"+" + d}
	}
	for _, region := range append(slices.Clone(regions), "") {
		switch region {
		case "KZ", "RU":
			if n == 10 && (d[0] == '9' || d[0] == '7') {
				out = append(out, "+7"+d)
			}
		case "KG":
			if n == 10 && d[0] == '0' {
				out = append(out, "+996"+d[1:])
			} else if n == 9 && d[0] != '0' {
				out = append(out, "+996"+d)
			}
		case "UZ":
			if n == 9 && d[0] != '0' {
				out = append(out, "+998"+d)
			} else if n == 10 && d[0] == '8' {
				out = append(out, "+998"+d[1:])
			}
		case "TJ":
			if n == 9 && d[0] != '0' {
				out = append(out, "+992"+d)
			} else if n == 10 && d[0] == '8' {
				out = append(out, "+992"+d[1:])
			}
		case "TM":
			if n == 8 {
				out = append(out, "+993"+d)
			} else if n == 9 && d[0] == '8' {
				out = append(out, "+993"+d[1:])
			}
		case "UA":
			if n == 10 && d[0] == '0' {
				out = append(out, "+38"+d)
			}
		case "GB":
			if n == 11 && d[0] == '0' {
				out = append(out, "+44"+d[1:])
			}
		case "DE":
			if (n == 11 || n == 12) && d[0] == '0' {
				out = append(out, "+49"+d[1:])
			}
		case "": // nothing else fits: the forms of North America and of Russian mobiles
			if n == 10 && len(out) == 0 && d[0] >= '2' && (len(written) == 10 || northAmerican(written)) && !cyrillic(regions) {
				out = append(out, "+1"+d)
			}
		}
	}
	return out
}

func cyrillic(regions []string) bool {
	for _, r := range regions {
		switch r {
		case "RU", "KZ", "KG", "TJ", "UA", "UZ", "TM":
			return true
		}
	}
	return false
}

// northAmerican says whether digits stand as 212-555-0123 or (212) 555 0123.
func northAmerican(written string) bool {
	var groups []byte
	n := 0
	for i := 0; i <= len(written); i++ {
		if i < len(written) && isDigit(written[i]) {
			n++
		} else if n > 0 {
			groups = append(groups, byte('0'+n))
			n = 0
		}
	}
	return string(groups) == "334" || string(groups) == "37"
}
