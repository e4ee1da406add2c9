package indextest

import (
	"testing"

	"tamga/index"
)

// The suite must be one that its own oracle passes, and its questions must find
// something.
func TestCases(t *testing.T) {
	oracle := NewOracle()
	if err := oracle.Put(t.Context(), Documents(1, 400), 400); err != nil {
		t.Fatal(err)
	}
	cases := Cases()
	empty := 0
	for _, c := range cases {
		r, err := oracle.Search(t.Context(), c.Query)
		if err != nil {
			t.Errorf("%s: %v", c.Name, err)
		}
		if r.Total == 0 {
			empty++
			t.Logf("%s finds nothing", c.Name)
		}
	}
	if len(cases) < 200 || empty > len(cases)/8 {
		t.Errorf("%d cases, %d of them find nothing", len(cases), empty)
	}
}

var _ index.Rebuilder = (*Oracle)(nil)
