package extract

import (
	"fmt"
	"strconv"
	"strings"

	"tamga"
)

// contactWord is what a word of services.tsv or a prefix of links.tsv says about
// the value behind it.
type contactWord struct {
	service  string
	typ      tamga.FindingType
	form     string // of the value: a key of contactForms or linkForms
	kind     string
	lo, hi   int    // digits: how many
	prefix   string // digits: the first ones
	everyday bool   // wants a sign before the value
	link     bool
}

// speech is the words around the name of a messenger.
type speech struct {
	fill   map[string]bool // may stand between it and the value
	strong map[string]bool // of those, the ones that say a value follows
	stop   map[string]bool // are no value
	code   map[string]bool // are no name behind an @: annotations, mail providers
}

func (x *lexicon) loadSpeech() error {
	rows, err := table("ordinary.tsv", 2)
	if err != nil {
		return err
	}
	x.speech = speech{map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}}
	sets := map[string]map[string]bool{"fill": x.speech.fill, "strong": x.speech.strong, "stop": x.speech.stop, "code": x.speech.code}
	for _, r := range rows {
		m, ok := sets[r[0]]
		if !ok && r[0] != "words" {
			return fmt.Errorf("lexicon ordinary.tsv: set %q", r[0])
		}
		for _, n := range names(r[1]) {
			if ok {
				m[n] = true
			}
		}
	}
	return nil
}

// contactWords calls add with every word of services.tsv and links.tsv.
func contactWords(add func(string, *contactWord)) error {
	for _, file := range []string{"services.tsv", "links.tsv"} {
		rows, err := table(file, 5)
		if err != nil {
			return err
		}
		for n, r := range rows {
			w := contactWord{service: r[0], typ: tamga.FindingType(r[1]), kind: r[3], link: file == "links.tsv"}
			form := strings.Fields(r[2])
			if len(form) == 0 {
				return fmt.Errorf("lexicon %s row %d: no form", file, n+1)
			}
			w.form = form[0]
			if len(form) >= 3 {
				w.lo, _ = strconv.Atoi(form[1])
				w.hi, _ = strconv.Atoi(form[2])
			}
			if len(form) == 4 {
				w.prefix = form[3]
			}
			if _, ok := contactForms[w.form]; !ok {
				return fmt.Errorf("lexicon %s row %d: form %q", file, n+1, w.form)
			}
			for _, name := range names(r[4]) {
				word, everyday := strings.CutPrefix(name, "!")
				c := w
				c.everyday = everyday
				add(word, &c)
			}
		}
	}
	return nil
}

// linkBounded says whether a prefix of links starts at i and not inside another
// host or word.
func (s *scan) linkBounded(i int) bool {
	if i == 0 {
		return true
	}
	c := s.s[i-1]
	if isName(c) || c == '-' {
		return false
	}
	if c == '.' {
		for _, host := range []string{"www.", "web.", "m.", "ru."} {
			if k := i - len(host); k >= 0 && string(s.low[k:i]) == host && (k == 0 || !isName(s.s[k-1])) {
				return true
			}
		}
		return false
	}
	return true
}
