package extract

import (
	"strings"
	"unicode/utf8"

	"tamga"
)

// loadDrops enters the words of dead drops, each with its kind: dead_drop,
// buried, magnet, hiding_place, redrop (promised again), touch (found at once),
// not_found, courier (who lays them).
func (x *lexicon) loadDrops(add func(string, entry)) error {
	rows, err := table("drops.tsv", 2)
	for _, r := range rows {
		for _, n := range names(r[1]) {
			add(n, entry{kind: kindDrop, id: "drop", value: r[0]})
		}
	}
	return err
}

// everydayDrops are the drop words that people use of other things too.
var everydayDrops = set("магнит магнита магните магнитом магниты магнитов magnit касание касания касанием клад клада кладу кладе снежный магнитный раскладка раскладку")

// drop reports a word of dead drops.
func (s *scan) drop(h hit) {
	f := tamga.Finding{Type: tamga.FindDrop, Kind: h.value, Value: string(s.low[h.start:h.end]), Rule: "drop-word@1", Confidence: 0.8, Valid: true}
	if everydayDrops[f.Value] && !s.shortLine(h.start) {
		f.Confidence = 0.5
	}
	s.add(f, h.start, h.end)
}

// inflected are the forms that a Russian name takes where its ending is replaced,
// not only added to: Москва, Москвы, Москве.
func inflected(name string) []string {
	r, n := utf8.DecodeLastRuneInString(name)
	if utf8.RuneCountInString(name) < 4 || strings.ContainsAny(name, " ") {
		return nil
	}
	stem := name[:len(name)-n]
	var out []string
	switch r {
	case 'а':
		out = []string{"ы", "и", "е", "у", "ой"}
	case 'я':
		out = []string{"и", "е", "ю", "ей"}
	case 'ь':
		out = []string{"и", "я", "ю", "ем", "ью"}
	case 'й':
		out = []string{"я", "ю", "е"}
	case 'ы':
		out = []string{"ах", "ам"}
	}
	for i := range out {
		out[i] = stem + out[i]
	}
	return out
}
