package indextest

import (
	"errors"
	"math/rand/v2"
	"testing"

	"tamga/index"
)

// A condition finds the same documents one by one as the oracle does.
func TestMatcher(t *testing.T) {
	docs := Documents(1, 200)
	oracle := NewOracle()
	if err := oracle.Put(t.Context(), docs, 200); err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(6, 6))
	found := 0
	for range 400 {
		n := RandomNode(r, 3)
		m, err := index.NewMatcher(n)
		if errors.Is(err, index.ErrQuery) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range docs {
			e, err := index.Prepare(d)
			if err != nil {
				t.Fatal(err)
			}
			back, err := index.Decode(e.Source)
			if err != nil {
				t.Fatal(err)
			}
			want := Matches(n, back)
			if got := m.Matches(e); got != want {
				t.Fatalf("%#v of %s: %v, want %v", n, d.ID, got, want)
			}
			if want {
				found++
			}
		}
	}
	if found < 1000 {
		t.Errorf("%d hits: the conditions find too little", found)
	}
}
