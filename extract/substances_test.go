package extract

import (
	"slices"
	"testing"
)

// TestSubstanceTable holds the table to its size, and each row to be named in a
// language; the loader itself checks ids, classes, CAS numbers and strengths.
func TestSubstanceTable(t *testing.T) {
	r := newReader(t)
	scheduled, numbered, cas := 0, 0, map[string]string{}
	for _, s := range r.Substances() {
		if len(s.Names) == 0 {
			t.Errorf("%s has no name", s.ID)
		}
		if s.CAS != "" {
			numbered++
			if other := cas[s.CAS]; other != "" {
				t.Errorf("%s and %s have one CAS number %s", s.ID, other, s.CAS)
			}
			cas[s.CAS] = s.ID
		}
		for _, c := range s.Schedules {
			scheduled++
			legal := map[string][]string{"1961": {"I", "II", "I+IV"}, "1971": {"I", "II", "III", "IV"}, "1988": {"Table I", "Table II"}}[c.Convention]
			if !slices.Contains(legal, c.Schedule) || len(c.Sources) == 0 {
				t.Errorf("%s: %+v", s.ID, c)
			}
			if (c.Convention == "1988") != (s.Class == "precursors") {
				t.Errorf("%s: class %s under the convention of %s", s.ID, s.Class, c.Convention)
			}
			if _, ok := r.Substance(c.Name); !ok {
				t.Errorf("%s is not found by its name in the schedule, %q", s.ID, c.Name)
			}
		}
	}
	if scheduled < 362 || numbered < 320 || len(r.Substances()) < 900 {
		t.Errorf("%d scheduled, %d with a CAS number, %d substances", scheduled, numbered, len(r.Substances()))
	}
}

func TestValidCAS(t *testing.T) {
	for s, want := range map[string]bool{
		"50-36-2": true, "7732-18-5": true, "1189805-46-6": true,
		"50-36-3": false, "050-36-2": false, "50-362": false, "5-36-2": false, "50-3x-2": false, "": false, "50-36-22": false, "12345678-36-2": false,
	} {
		if got := ValidCAS(s); got != want {
			t.Errorf("%q: %t", s, got)
		}
	}
}

// TestSubstanceByName finds a row by id, by a name in any script and spelling,
// and gives a copy.
func TestSubstanceByName(t *testing.T) {
	r := newReader(t)
	for name, id := range map[string]string{"mephedrone": "mephedrone", "Мефедрон": "mephedrone", "4 mmc": "mephedrone", "Brolamfetamine": "dob", "тирек": "", "tirýek": "opium"} {
		s, ok := r.Substance(name)
		if ok != (id != "") || s.ID != id {
			t.Errorf("%q: %q %t", name, s.ID, ok)
		}
	}
	s, _ := r.Substance("heroin")
	s.Names[0].Name = "changed"
	if again, _ := r.Substance("heroin"); again.Names[0].Name == "changed" {
		t.Error("the table can be changed from without")
	}
}
