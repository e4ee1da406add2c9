package pipeline

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// TestDecisions: those that stand, as the log tells them, in parts and of another
// log; what a later version decides is no empty answer.
func TestDecisions(t *testing.T) {
	l := newLab(t)
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	claim := func(d Decided) int64 {
		t.Helper()
		data, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		id, err := l.Archive.Claim(t.Context(), ClaimDecision, data)
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	want := func(want string) {
		t.Helper()
		all, err := Decisions(t.Context(), l.Archive, db)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, d := range all {
			if d.Time.IsZero() || d.Who != "op" {
				t.Errorf("%+v", d)
			}
			got = append(got, fmt.Sprint(d.ID, d.Kind, d.A, d.B))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("got %v, want %s", got, want)
		}
	}
	want("")
	one := claim(Decided{Kind: "forbid", A: "x", B: "y", Who: "op", Why: "w"})
	want(fmt.Sprint(one, "forbidxy"))
	two := claim(Decided{Kind: "assert", A: "x", B: "z", Who: "op", Why: "w"})
	claim(Decided{Kind: Undo, Of: one, Who: "op", Why: "w"})
	want(fmt.Sprint(two, "assertxz"))
	want(fmt.Sprint(two, "assertxz"))
	l = newLab(t)
	want("")
	claim(Decided{Kind: "divide", Who: "op"})
	if all, err := Decisions(t.Context(), l.Archive, db); err == nil || !strings.Contains(err.Error(), "divide") {
		t.Errorf("%v %v", all, err)
	}
}
