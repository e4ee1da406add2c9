package extract

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Substance is a row of the substance table: what it is, how it is controlled
// and how it is called.
type Substance struct {
	ID        string          `json:"id"`
	Class     string          `json:"class"`
	CAS       string          `json:"cas,omitempty"`       // registry number of the Chemical Abstracts Service
	Schedules []Schedule      `json:"schedules,omitempty"` // control under the conventions
	Amounts   []Amounts       `json:"amounts,omitempty"`   // thresholds of national law
	Names     []SubstanceName `json:"names"`
}

// Schedule is the control of a substance under a convention of the United Nations.
type Schedule struct {
	Name       string   `json:"name"`           // as the schedule calls it
	Convention string   `json:"convention"`     // 1961, 1971 or 1988
	Schedule   string   `json:"schedule"`       // I, II, I+IV, III, IV; Table I, Table II
	Year       string   `json:"year,omitempty"` // of the decision, where it is 2014 or later
	Sources    []string `json:"sources"`        // what states it, of the list in docs/substances.md
}

// Amounts are the thresholds of a national law, in grams; an unknown one is empty.
type Amounts struct {
	Country   string `json:"country"` // ISO 3166-1
	Small     string `json:"small,omitempty"`
	Large     string `json:"large,omitempty"`
	VeryLarge string `json:"very_large,omitempty"`
	Source    string `json:"source"`
}

// SubstanceName is a name of a substance in one language.
type SubstanceName struct {
	Name     string `json:"name"`
	Language string `json:"language"` // BCP 47
	Strength string `json:"strength"` // strong; weak: needs company; dose: needs a dose or a strong name
	Draft    bool   `json:"draft,omitempty"`
}

// Strengths of a name, by how little it needs to be believed.
const (
	strong   = "strong"
	weak     = "weak"
	doseOnly = "dose"
)

// substances is the substance table.
type substances struct {
	byID map[string]*Substance
	ids  []string // in the order of the table
}

// owned is a name with the substance that it names.
type owned struct {
	SubstanceName
	of *Substance
}

func (o owned) entry() entry {
	turkic := o.Language == "uz-Latn" || o.Language == "tk"
	return entry{kind: kindSubstance, id: o.of.ID, class: o.of.Class, weak: o.Strength != strong, dose: o.Strength == doseOnly, draft: o.Draft, turkic: turkic}
}

// byStrength is every name, the stronger and the reviewed first: of equal names
// the first counts.
func (t *substances) byStrength() []owned {
	var all []owned
	for _, id := range t.ids {
		s := t.byID[id]
		for _, n := range s.Names {
			all = append(all, owned{n, s})
		}
	}
	rank := map[string]int{strong: 0, weak: 2, doseOnly: 2}
	place := func(o owned) int {
		r := rank[o.Strength]
		if o.Draft {
			r++
		}
		return r
	}
	slices.SortStableFunc(all, func(a, b owned) int { return cmp.Compare(place(a), place(b)) })
	return all
}

// loadSubstances reads the three tables of substances.
func loadSubstances() (*substances, error) {
	t := &substances{byID: map[string]*Substance{}}
	rows, err := table("substances.tsv", 3)
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		s := &Substance{ID: r[0], Class: r[1], CAS: r[2]}
		switch {
		case t.byID[s.ID] != nil:
			return nil, fmt.Errorf("lexicon substances.tsv: %s: two rows", s.ID)
		case !slices.Contains(classes, s.Class):
			return nil, fmt.Errorf("lexicon substances.tsv: %s: class %q", s.ID, s.Class)
		case s.CAS != "" && !ValidCAS(s.CAS):
			return nil, fmt.Errorf("lexicon substances.tsv: %s: CAS %q", s.ID, s.CAS)
		}
		t.byID[s.ID] = s
		t.ids = append(t.ids, s.ID)
	}
	for _, load := range []func() error{t.loadNames, t.loadSchedules, t.loadAmounts} {
		if err := load(); err != nil {
			return nil, err
		}
	}
	return t, nil
}

func (t *substances) loadNames() error {
	rows, err := table("names.tsv", 5)
	for _, r := range rows {
		s := t.byID[r[0]]
		switch {
		case s == nil:
			return fmt.Errorf("lexicon names.tsv: %q is no substance", r[0])
		case r[2] != strong && r[2] != weak && r[2] != doseOnly:
			return fmt.Errorf("lexicon names.tsv: %s: strength %q", r[0], r[2])
		case r[3] != "" && r[3] != "draft":
			return fmt.Errorf("lexicon names.tsv: %s: state %q", r[0], r[3])
		}
		for _, n := range names(r[4]) {
			s.Names = append(s.Names, SubstanceName{n, r[1], r[2], r[3] == "draft"})
		}
	}
	return err
}

func (t *substances) loadSchedules() error {
	rows, err := table("schedules.tsv", 6)
	for _, r := range rows {
		s := t.byID[r[0]]
		if s == nil {
			return fmt.Errorf("lexicon schedules.tsv: %q is no substance", r[0])
		}
		s.Schedules = append(s.Schedules, Schedule{r[1], r[2], r[3], r[4], names(r[5])})
	}
	return err
}

func (t *substances) loadAmounts() error {
	rows, err := table("national.tsv", 6)
	for _, r := range rows {
		s := t.byID[r[0]]
		if s == nil {
			return fmt.Errorf("lexicon national.tsv: %q is no substance", r[0])
		}
		s.Amounts = append(s.Amounts, Amounts{r[1], r[2], r[3], r[4], r[5]})
	}
	return err
}

// ValidCAS says whether s is a registry number of the Chemical Abstracts
// Service: two to seven digits, two digits, and a check digit, which is the sum
// of the digits before it, each times its place from the right, modulo ten.
func ValidCAS(s string) bool {
	parts := strings.Split(s, "-")
	if len(parts) != 3 || len(parts[0]) < 2 || len(parts[0]) > 7 || len(parts[1]) != 2 || len(parts[2]) != 1 || parts[0][0] == '0' {
		return false
	}
	sum, digits := 0, parts[0]+parts[1]
	for i := range len(digits) {
		if !isDigit(digits[i]) {
			return false
		}
		sum += int(digits[i]-'0') * (len(digits) - i)
	}
	return isDigit(parts[2][0]) && sum%10 == int(parts[2][0]-'0')
}

// Substance is the row of an id or of a name in any language; false where the
// table has none.
func (r *Reader) Substance(idOrName string) (Substance, bool) {
	t := r.lexicon.substances
	if s := t.byID[idOrName]; s != nil {
		return s.clone(), true
	}
	low := string(lower(strings.TrimSpace(idOrName)))
	for _, o := range t.byStrength() {
		if slices.Contains(variants(o.Name), low) {
			return o.of.clone(), true
		}
	}
	for _, id := range t.ids {
		for _, c := range t.byID[id].Schedules {
			if string(lower(c.Name)) == low {
				return t.byID[id].clone(), true
			}
		}
	}
	return Substance{}, false
}

// Substances is the whole table, by id.
func (r *Reader) Substances() []Substance {
	t := r.lexicon.substances
	var out []Substance
	for _, id := range slices.Sorted(maps.Keys(t.byID)) {
		out = append(out, t.byID[id].clone())
	}
	return out
}

func (s *Substance) clone() Substance {
	c := *s
	c.Names, c.Schedules, c.Amounts = slices.Clone(s.Names), slices.Clone(s.Schedules), slices.Clone(s.Amounts)
	return c
}
