package extract

import (
	"embed"
	"fmt"
	"slices"
	"strings"
	"sync"

	"tamga/extract/tagger"
)

//go:embed lexicon/*.tsv
var lexiconFiles embed.FS

// classes are the substance classes, which are also the categories of an offer.
var classes = strings.Fields("cannabis ecstasy stimulants psychedelics opioids benzodiazepines dissociatives steroids prescription precursors other-drug other")

// entry is what a word of the automaton means.
type entry struct {
	kind   entryKind
	id     string // substance id, cue, or quantity unit
	class  string
	weak   bool   // an everyday word: needs company
	dose   bool   // weak, and no company will do but a dose or a strong name
	draft  bool   // a name that no native speaker has reviewed
	turkic bool   // a name in a Turkic language, which may bear its endings
	value  string // amount of a worded quantity; kind of a drop; age of a day

	form string // of a substance, "" where the word is none
	spot int32  // one more than the index of a place, 0 where the word is none

	contact *contactWord // what it says of the value behind it, nil where nothing
	anchor  bool         // the tagger looks at a sentence with it
}

type entryKind uint8

const (
	kindSubstance entryKind = iota
	kindDrop
	kindFrom
	kindTo
	kindPurity
	kindNotPurity
	kindQuantity
	kindDate
	kindAspect // form or place and nothing else
	kindContact
	kindAnchor // a word the tagger learnt from; says nothing by itself
)

var cueKinds = map[string]entryKind{"from": kindFrom, "to": kindTo, "purity": kindPurity, "notpurity": kindNotPurity, "share": kindNotPurity}

// unit is a unit of measure with the total that one of it makes.
type unit struct{ name, total, totalUnit string }

// currency is an ISO 4217 code or an asset symbol.
type currency struct {
	code   string
	crypto bool
}

// lexicon is the tables of extract/lexicon, ready for use.
type lexicon struct {
	words      *automaton
	substances *substances
	entries    []entry
	units      map[string]unit
	unitNamed  map[string]unit // by canonical name
	money      map[string]currency
	signs      []sign // symbols, longest first
	places     map[string][]string
	placeLen   map[string]int      // words of the longest place name, by its first word
	guises     map[string][]string // words of substance names by their skeleton
	spots      []spot              // cities, regions and districts
	months     map[string]int
	ages       map[string]string // units of an age, as ISO 8601 writes them
	ago        map[string]bool
	speech     speech
	hints      regionWords
}

type sign struct {
	text string
	currency
}

// table reads a TSV of the lexicon: comment lines start with #.
func table(name string, columns int) ([][]string, error) {
	data, err := lexiconFiles.ReadFile("lexicon/" + name)
	if err != nil {
		return nil, fmt.Errorf("lexicon %s: %w", name, err)
	}
	var rows [][]string
	for n, line := range strings.Split(string(data), "\n") {
		if line == "" || line[0] == '#' {
			continue
		}
		row := strings.Split(line, "\t")
		if len(row) > columns {
			return nil, fmt.Errorf("lexicon %s line %d: %d columns, want %d", name, n+1, len(row), columns)
		}
		for len(row) < columns {
			row = append(row, "")
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func names(cell string) []string {
	var out []string
	for _, n := range strings.Split(cell, ";") {
		if n = strings.TrimSpace(n); n != "" {
			out = append(out, string(lower(n)))
		}
	}
	return out
}

// shared is the lexicon, loaded once.
var shared = sync.OnceValues(func() (*lexicon, error) {
	m, err := tagger.Default()
	if err != nil {
		return nil, err
	}
	return loadLexicon(m.Words())
})

// loadLexicon reads the tables; anchors are further words for the automaton.
func loadLexicon(anchors []string) (*lexicon, error) {
	x := &lexicon{units: map[string]unit{}, unitNamed: map[string]unit{}, money: map[string]currency{}, places: map[string][]string{}, placeLen: map[string]int{}}
	for _, load := range []func() error{x.loadUnits, x.loadMoney, x.loadPlaces, x.loadSpeech, x.loadRegions, func() error { return x.loadWords(anchors) }} {
		if err := load(); err != nil {
			return nil, err
		}
	}
	return x, nil
}

func (x *lexicon) loadUnits() error {
	rows, err := table("units.tsv", 4)
	for _, r := range rows {
		u := unit{r[0], r[1], r[2]}
		x.unitNamed[u.name] = u
		for _, n := range names(r[3]) {
			x.units[n] = u
		}
	}
	return err
}

func (x *lexicon) loadMoney() error {
	rows, err := table("currencies.tsv", 4)
	for _, r := range rows {
		c := currency{r[0], r[1] == "crypto"}
		for _, s := range strings.Split(r[2], ";") {
			if s != "" {
				x.signs = append(x.signs, sign{s, c})
			}
		}
		for _, n := range names(r[3]) {
			x.money[n] = c
		}
	}
	slices.SortStableFunc(x.signs, func(a, b sign) int { return len(b.text) - len(a.text) })
	return err
}

func (x *lexicon) loadPlaces() error {
	rows, err := table("countries.tsv", 2)
	for _, r := range rows {
		for _, n := range names(r[1]) {
			key := strings.Join(placeWords(n), " ")
			x.places[key] = strings.Fields(r[0])
			first, _, _ := strings.Cut(key, " ")
			x.placeLen[first] = max(x.placeLen[first], strings.Count(key, " ")+1)
		}
	}
	return err
}

// variants are the spellings of a name of several parts: 2c-b, 2c b; a name of
// at least six letters also without the gap.
func variants(name string) []string {
	if !strings.ContainsAny(name, " -") {
		return []string{name}
	}
	spaced := strings.ReplaceAll(name, "-", " ")
	dashed := strings.ReplaceAll(name, " ", "-")
	out := []string{name, dashed}
	if !strings.HasPrefix(name, "a-") { // "a pvp server" is no drug
		out = append(out, spaced)
	}
	if joined := strings.NewReplacer(" ", "", "-", "").Replace(name); len(joined) >= 8 {
		out = append(out, joined)
	}
	return out
}

func (x *lexicon) loadWords(anchors []string) error {
	var words []string
	seen := map[string]int{}
	add := func(w string, e entry) {
		if _, known := seen[w]; !known {
			seen[w] = len(words)
			words = append(words, w)
			x.entries = append(x.entries, e)
			x.guise(w, e)
		}
	}
	cues, err := table("cues.tsv", 2)
	if err != nil {
		return err
	}
	quantities, err := table("quantities.tsv", 3)
	if err != nil {
		return err
	}
	for _, r := range quantities {
		for _, n := range names(r[2]) {
			add(n, entry{kind: kindQuantity, id: r[1], value: r[0]})
		}
	}
	x.substances, err = loadSubstances()
	if err != nil {
		return err
	}
	for _, n := range x.substances.byStrength() {
		for _, v := range variants(n.Name) {
			add(v, n.entry())
		}
	}
	if err := x.loadDrops(add); err != nil {
		return err
	}
	for _, r := range cues {
		kind, ok := cueKinds[r[0]]
		if !ok {
			return fmt.Errorf("lexicon cues.tsv: cue %q", r[0])
		}
		for _, n := range names(r[1]) {
			add(n, entry{kind: kind, id: r[0]})
		}
	}
	if err := x.loadAspects(func(w string, set func(*entry)) {
		add(w, entry{kind: kindAspect})
		set(&x.entries[seen[w]])
	}); err != nil {
		return err
	}
	if err := contactWords(func(w string, c *contactWord) {
		add(w, entry{kind: kindContact})
		if e := &x.entries[seen[w]]; e.contact == nil {
			e.contact = c
		}
	}); err != nil {
		return err
	}
	for _, a := range anchors {
		add(a, entry{kind: kindAnchor})
		x.entries[seen[a]].anchor = true
	}
	x.words = newAutomaton(words)
	return nil
}
