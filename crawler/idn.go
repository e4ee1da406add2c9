package crawler

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/net/idna"
)

// scripts that a host name is looked at for; what is common to all is none.
var scripts = map[string]*unicode.RangeTable{"Latin": unicode.Latin, "Cyrillic": unicode.Cyrillic, "Greek": unicode.Greek, "Armenian": unicode.Armenian,
	"Georgian": unicode.Georgian, "Hebrew": unicode.Hebrew, "Arabic": unicode.Arabic, "Han": unicode.Han}

// lookalikes are letters of Cyrillic, Greek and Armenian that are drawn as Latin
// ones (Unicode confusables.txt, the small letters).
const lookalikes = "аеорсухіјѕһԁԛԝӏɡвкмнтгьո" + "αοριυνκτχη" + "օսհոցք"

// homograph says why an internationalised host name may imitate another: a label
// mixes scripts, or is wholly of letters that look Latin. Empty: it does not. The
// name is shown as it is on the wire (Punycode, RFC 3492) wherever it is shown.
func homograph(host string) string {
	if !strings.Contains(host, "xn--") {
		return ""
	}
	for label := range strings.SplitSeq(host, ".") {
		if !strings.HasPrefix(label, "xn--") {
			continue
		}
		text, err := idna.Punycode.ToUnicode(label)
		if err != nil || text == label {
			return "host name " + label + " is no valid Punycode"
		}
		var found []string
		alike := true
		for _, r := range text {
			for name, table := range scripts {
				if unicode.Is(table, r) && !slices.Contains(found, name) {
					found = append(found, name)
				}
			}
			alike = alike && (r == '-' || r >= '0' && r <= '9' || strings.ContainsRune(lookalikes, r))
		}
		slices.Sort(found)
		switch {
		case len(found) > 1:
			return "host name " + label + " mixes " + strings.Join(found, " and ") + " letters"
		case alike && !slices.Contains(found, "Latin"):
			return "host name " + label + " is of " + strings.Join(found, " and ") + " letters that look Latin"
		}
	}
	return ""
}
