package extract

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"
)

// Lists that the schedules are held against. Only what a list may be quoted for
// is a source; the others are a check.
const (
	sourceUN = "un"    // the schedules of the conventions, compiled by hand
	sourceFR = "fr"    // arrêté du 22 février 1990, Licence Ouverte (Etalab)
	sourceUS = "us"    // list of the Drug Enforcement Administration, public domain
	checkPW  = "psych" // PsychonautWiki
)

// TestSchedules holds the table to the other lists of controlled substances:
// every row states its sources, and every disagreement is in docs/substances.md.
// With -update it writes both anew.
func TestSchedules(t *testing.T) {
	rows, err := table("schedules.tsv", 6)
	if err != nil {
		t.Fatal(err)
	}
	french := frenchLists(t, realData(t, "substances/fr_arrete_1990_lists.json"))
	us := map[string]bool{}
	readCSV(t, realData(t, "substances/dope_dea_controlled.csv"), func(m map[string]string) {
		name, short, _ := strings.Cut(m["substance"], "(")
		for _, n := range []string{m["substance"], name, strings.Trim(short, ") "), m["synonym"]} {
			us[nameKey(n)] = true
		}
		for _, n := range regexp.MustCompile(`\(([^)]+)\)`).FindAllStringSubmatch(m["synonym"], -1) {
			us[nameKey(n[1])] = true
		}
	})
	wiki := map[string][]string{}
	readCSV(t, realData(t, "substances/psychonautwiki_un_status_sentences.csv"), func(m map[string]string) {
		wiki[nameKey(m["substance"])] = append(wiki[nameKey(m["substance"])], m["sentence"])
	})
	r := newReader(t)
	var differ []string
	agree := map[string]int{}
	used := map[string]bool{}
	for _, row := range rows {
		s, _ := r.Substance(row[0])
		keys := []string{nameKey(row[1]), nameKey(row[0])}
		for _, n := range s.Names {
			if n.Language == "en" && n.Strength == strong {
				keys = append(keys, nameKey(n.Name))
			}
		}
		sources := []string{sourceUN}
		for _, k := range keys[:2] {
			f, ok := french[k]
			if !ok {
				continue
			}
			used[k] = true
			if f.convention == row[2] && (f.schedule == "" || f.schedule == row[3]) {
				if !slices.Contains(sources, sourceFR) {
					sources = append(sources, sourceFR)
				}
			} else {
				differ = append(differ, fmt.Sprintf("| %s | %s %s | %s | %s %s |", row[1], row[2], row[3], "French decree", f.convention, f.schedule))
			}
		}
		if !slices.Contains(sources, sourceFR) && row[4] == "" && row[2] != "1988" && !used[keys[0]] && !used[keys[1]] {
			differ = append(differ, fmt.Sprintf("| %s | %s %s | French decree | not listed under this name |", row[1], row[2], row[3]))
		}
		for _, k := range unique(keys) {
			if us[k] && !slices.Contains(sources, sourceUS) {
				sources = append(sources, sourceUS)
			}
			for _, sentence := range wiki[k] {
				want, ok := wikiSchedule(sentence)
				switch {
				case !ok:
				case slices.Contains(strings.Split(row[3], "+"), want):
					agree[checkPW]++
				default:
					differ = append(differ, fmt.Sprintf("| %s | %s %s | PsychonautWiki | %s |", row[1], row[2], row[3], want))
				}
			}
		}
		for _, x := range sources {
			agree[x]++
		}
		if got := strings.Join(sources, ";"); got != row[5] && !*update {
			t.Errorf("%s: sources %q, the lists say %q", row[1], row[5], got)
		}
		row[5] = strings.Join(sources, ";")
	}
	for k, f := range french {
		if !used[k] {
			differ = append(differ, fmt.Sprintf("| %s | not found | French decree | %s %s |", f.name, f.convention, f.schedule))
		}
	}
	slices.Sort(differ)
	differ = slices.Compact(differ)
	report := fmt.Sprintf("Of %d entries, %d agree with the French decree, %d stand on the United States list, %d sentences of PsychonautWiki agree.\n\n| entry | table | other list | says |\n|---|---|---|---|\n%s\n",
		len(rows), agree[sourceFR], agree[sourceUS], agree[checkPW], strings.Join(differ, "\n"))
	const page = "../docs/substances.md"
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "<!-- disagreements -->\n", "<!-- end -->"
	before, rest, ok := strings.Cut(string(text), begin)
	old, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatalf("%s has no section of disagreements", page)
	}
	if !*update {
		if old != report {
			t.Errorf("%s is stale: go test -run TestSchedules ./extract -update", page)
		}
		return
	}
	if err := os.WriteFile(page, []byte(before+begin+report+end+after), 0o644); err != nil {
		t.Fatal(err)
	}
	rewrite(t, "lexicon/schedules.tsv", rows)
}

// rewrite writes rows under the comment of a table.
func rewrite(t *testing.T, file string, rows [][]string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "#") {
			b.WriteString(line)
		}
	}
	for _, row := range rows {
		b.WriteString(strings.TrimRight(strings.Join(row, "\t"), "\t") + "\n")
	}
	if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

func unique(keys []string) []string {
	keys = slices.Clone(keys)
	slices.Sort(keys)
	return slices.Compact(keys)
}

var scheduleWord = regexp.MustCompile(`[Ss]chedule (IV|III|II|I)\b`)

// wikiSchedule is the schedule that a sentence on the present control names; a
// sentence that names none, or several, says nothing.
func wikiSchedule(sentence string) (string, bool) {
	if strings.Contains(sentence, "not scheduled") {
		return "not scheduled", true
	}
	m := scheduleWord.FindAllStringSubmatch(sentence, -1)
	if len(m) != 1 {
		return "", false
	}
	return m[0][1], true
}

type frenchEntry struct{ name, convention, schedule string }

// frenchForms are the entries whose French name is built otherwise.
var frenchForms = map[string]string{
	"Coca, feuille de": "Coca leaf", "Butyrate de dioxaphétyl": "Dioxaphetyl butyrate", "Concentré de paille de pavot": "Concentrate of poppy straw",
	"Cannabis et résine de cannabis": "Cannabis", "Moramide (intermédiaire du)": "Moramide intermediate", "Loflazépate d'éthyle": "Ethyl loflazepate",
	"2-CB": "2C-B", "Méthyl-3-fentanyl": "3-methylfentanyl", "Méthyl-3-thiofentanyl": "3-methylthiofentanyl", "Méthyl-4 aminorex": "4-methylaminorex",
	"Béta-hydroxy-méthyl-3-fentanyl": "Beta-hydroxy-3-methylfentanyl", "Cétobémidone": "Ketobemidone",
}

func frenchLists(t *testing.T, file string) map[string]frenchEntry {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var lists map[string][]string
	if err := json.Unmarshal(data, &lists); err != nil {
		t.Fatal(err)
	}
	out := map[string]frenchEntry{}
	for list, names := range lists {
		e := frenchEntry{convention: "1961"}
		switch list {
		case "annexe_III_stupefiants":
			e.convention = "1971"
		case "psychotropes_tableau_III_Vienne":
			e = frenchEntry{convention: "1971", schedule: "III"}
		case "psychotropes_tableau_IV_Vienne":
			e = frenchEntry{convention: "1971", schedule: "IV"}
		}
		for _, n := range names {
			e.name = n
			if english, ok := frenchForms[n]; ok {
				n = english
			}
			out[nameKey(n)] = e
		}
	}
	return out
}

// nameKey makes the English, French and American spellings of a name one.
func nameKey(s string) string {
	s, _, _ = transform.String(transform.Chain(norm.NFD, runes.Remove(runes.In(unicode.Mn)), norm.NFC), strings.ToLower(s))
	s = strings.NewReplacer("ph", "f", "th", "t", "y", "i", "-", "", " ", "", "_", "", "'", "").Replace(s)
	return strings.TrimRight(s, "e")
}
