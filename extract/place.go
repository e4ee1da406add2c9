package extract

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"tamga"
)

// A spot is a place of places.tsv.
type spot struct {
	name, country, kind string
	weak                bool // also a word or a person's name
}

// placeCues are the words before which a place stands, in any of the languages.
var placeCues = set("в во из по на г гор город городе города городу city town from in to at near около район районе обл область шаҳри шахри shahri қаласы шаары шаҳр şäheri ships shipping отправка доставка локация location")

// spots reports the cities, regions and districts named. A name that is also a
// word, or is written small, counts beside a word of place, at a line of its own,
// or in an offer.
func (s *scan) spotNames() {
	var company [][2]int
	for i := range s.out {
		switch f := &s.out[i]; f.Type {
		case tamga.FindDrop, tamga.FindQuantity, tamga.FindPrice, tamga.FindSubstance:
			company = append(company, [2]int{f.Start, f.End})
		}
	}
	sortRanges(company)
	for _, h := range s.aspects {
		if h.spot == 0 {
			continue
		}
		p := s.lex.spots[h.spot-1]
		first, _ := utf8.DecodeRuneInString(s.s[h.start:])
		capital := unicode.IsUpper(first)
		short := utf8.RuneCount(s.low[h.start:h.end]) <= 4
		confidence := 0.9
		if p.weak || short || !capital {
			cued := s.cuedPlace(h.start)
			alone := capital && s.aloneOnLine(h)
			switch {
			case alone || cued && capital:
				confidence = 0.8
			case p.weak:
				continue
			case cued, s.shortLine(h.start) && s.companied(h, company):
				confidence = 0.6
			default:
				continue
			}
		}
		s.add(tamga.Finding{Type: tamga.FindPlace, Value: p.name, Country: p.country, Kind: p.kind, Rule: "place-name@1", Confidence: confidence, Valid: true}, h.start, h.end)
	}
}

// cuedPlace says whether a word of place stands before i.
func (s *scan) cuedPlace(i int) bool {
	k := i
	for k > 0 && strings.IndexByte(" .:#-\t", s.s[k-1]) >= 0 && i-k < 4 {
		k--
	}
	end := k
	for k > 0 && end-k < 24 {
		r, n := utf8.DecodeLastRuneInString(s.s[:k])
		if !unicode.IsLetter(r) {
			break
		}
		k -= n
	}
	return k < end && placeCues[string(s.low[k:end])]
}

// aloneOnLine says whether nothing but signs, figures and pictures stands beside
// a name up to a dash, a bar or the end of its line: a button or a heading.
func (s *scan) aloneOnLine(h hit) bool {
	const most = 24
	for k, n := h.start, 0; k > 0; n++ {
		r, size := utf8.DecodeLastRuneInString(s.s[:k])
		if r == '\n' {
			break
		}
		if unicode.IsLetter(r) || n > most {
			return false
		}
		k -= size
	}
	for k, n := h.end, 0; k < len(s.s); n++ {
		r, size := utf8.DecodeRuneInString(s.s[k:])
		if r == '\n' || r == '|' || r == '—' || r == '–' || r == '-' && k > h.end || r == ':' || r == ',' || r == '/' {
			break
		}
		if unicode.IsLetter(r) || n > most {
			return false
		}
		k += size
	}
	return true
}
