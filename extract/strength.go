package extract

import (
	"strings"

	"tamga"
)

// joiners are what may stand between a number of pieces and the strength of one:
// "100 pills of 250mg", "25 tabs x 110ug", "50мг (20таб)".
var joiners = set("x × х * ( , - – : @ of at à a по of. ea each")

// strengths tells a dose beside a number of pieces how many there are: 250 mg of
// "100 pills 250mg" is the strength of one. Both findings stay, each over its own
// text. fs are the quantities of the text by start.
// parted sets signs apart.
var parted = strings.NewReplacer("(", " ( ", ",", " , ")

func (s *scan) strengths(fs []tamga.Finding) {
	for i := 0; i+1 < len(fs); i++ {
		a, b := &fs[i], &fs[i+1]
		if a.Type != tamga.FindQuantity || b.Type != tamga.FindQuantity || b.Start <= a.End || b.Start-a.End > 8 {
			continue
		}
		pieces, dose := a, b
		if pieces.TotalUnit != "piece" {
			pieces, dose = b, a
		}
		if pieces.TotalUnit != "piece" || pieces.Count != "" || dose.Count != "" || dose.Unit != "mg" && dose.Unit != "ug" || strings.Contains(pieces.Amount, ".") {
			continue
		}
		between := parted.Replace(string(s.low[a.End:b.Start]))
		joined := !strings.Contains(between, "\n")
		for _, w := range strings.Fields(between) {
			joined = joined && joiners[w]
		}
		if joined {
			dose.Count = pieces.Amount
			dose.Total = times(dose.Total, dose.Count)
			dose.Value = dose.Count + " x " + dose.Value
		}
	}
}
