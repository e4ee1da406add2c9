package main

import (
	"bufio"
	"encoding/json"
	"strings"

	"tamga"
	"tamga/extract"
)

func init() { sections = append(sections, section{"substances", substances}) }

// lexiconRules are the rules of findings that come from the substance table.
var lexiconRules = map[string]bool{"substance@1": true, "substance-weak@1": true, "substance-disguised@1": true, "substance-draft@1": true}

// substances measures the substance table: the names of the schedules in a plain
// sentence, names by language, and what the table alone makes of labelled text,
// for reference: the tagger reads that text better.
func substances(t *table) error {
	if err := t.scheduled(); err != nil {
		return err
	}
	if err := t.namesByLanguage(); err != nil {
		return err
	}
	for _, set := range []struct {
		name, file    string
		f1, precision float64
	}{{"Reddit", "ner/reddit_train.jsonl", 0.5, 0.9}, {"UNODC", "ner/unodc_train.jsonl", 0.75, 0.93}} {
		tp, touching, found, want, err := t.spans(set.file)
		if err != nil {
			return err
		}
		f1 := row{what: "drug spans by the table alone, strict F1", set: set.name, n: want, want: set.f1}
		if tp > 0 {
			f1.got = 2 * float64(tp) / float64(found+want)
		}
		t.rows = append(t.rows, f1)
		t.add("drug spans by the table alone, precision by overlap", set.name, touching, found, set.precision)
	}
	return nil
}

// named says whether the table finds a substance of the id in a text.
func (t *table) named(text, id string) bool {
	found, _ := t.reader.Text(text)
	for _, f := range found {
		if f.Type == tamga.FindSubstance && f.ID == id && (lexiconRules[f.Rule] || f.Rule == "drug-tagger@1") {
			return true
		}
	}
	return false
}

// scheduled looks every name of the schedules up in a sentence, alone and with
// an amount before it, which the names that are everyday words need.
func (t *table) scheduled() error {
	alone, dosed, n := 0, 0, 0
	for _, s := range t.reader.Substances() {
		for _, c := range s.Schedules {
			n++
			if t.named("The laboratory identified "+c.Name+" in the parcel.", s.ID) {
				alone++
			}
			if t.named("The parcel held 20 mg "+c.Name+".", s.ID) {
				dosed++
			}
		}
	}
	t.add("names of the UN schedules, with an amount", "synthetic sentences", dosed, n, 1)
	t.add("names of the UN schedules, alone", "synthetic sentences", alone, n, 0.93)
	return nil
}

// namesByLanguage reads the synthetic rows: language, id, sentence; the id - is
// for a sentence that names no substance.
func (t *table) namesByLanguage() error {
	right, n := map[string]int{}, map[string]int{}
	var order []string
	for _, line := range strings.Split(strings.TrimSpace(substanceRows), "\n") {
		cell := strings.Split(line, "\t")
		if len(cell) != 3 || line[0] == '#' {
			continue
		}
		if n[cell[0]] == 0 {
			order = append(order, cell[0])
		}
		n[cell[0]]++
		ok := t.named(cell[2], cell[1])
		if cell[1] == "-" {
			found, _ := t.reader.Text(cell[2])
			ok = true
			for _, f := range found {
				ok = ok && (f.Type != tamga.FindSubstance || !lexiconRules[f.Rule])
			}
		}
		if ok {
			right[cell[0]]++
		}
	}
	for _, l := range order {
		t.add("substances named, "+l, "synthetic rows", right[l], n[l], 0.95)
	}
	return nil
}

// spans counts the drug spans of a labelled file: found exactly, found touching
// one, found, wanted.
func (t *table) spans(file string) (tp, touching, found, want int, err error) {
	f, err := t.open(file)
	if err != nil {
		return 0, 0, 0, 0, err
	}
	defer f.Close()
	alone, err := extract.New(extract.Options{Untagged: true})
	if err != nil {
		return 0, 0, 0, 0, err
	}
	in := bufio.NewScanner(f)
	in.Buffer(nil, 64<<20)
	for in.Scan() {
		var doc struct {
			Text  string
			Spans []struct {
				Start, End int
				Label      string
			}
		}
		if err := json.Unmarshal(in.Bytes(), &doc); err != nil {
			return 0, 0, 0, 0, err
		}
		at := runeOffsets(doc.Text)
		truth := map[[2]int]bool{}
		for _, s := range doc.Spans {
			if s.Label == "DRUG" && s.End < len(at) {
				truth[[2]int{at[s.Start], at[s.End]}] = true
			}
		}
		want += len(truth)
		got, _ := alone.Text(doc.Text)
		for _, g := range got {
			if g.Type == tamga.FindSubstance && lexiconRules[g.Rule] {
				found++
				if truth[[2]int{g.Start, g.End}] {
					tp++
				}
				for span := range truth {
					if g.Start < span[1] && span[0] < g.End {
						touching++
						break
					}
				}
			}
		}
	}
	return tp, touching, found, want, in.Err()
}

// runeOffsets is the byte offset of every rune of s, and its length.
func runeOffsets(s string) []int {
	at := make([]int, 0, len(s)+1)
	for i := range s {
		at = append(at, i)
	}
	return append(at, len(s))
}
