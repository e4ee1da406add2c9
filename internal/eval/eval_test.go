package main

import (
	"testing"
)

// raced says that the race detector is on.
var raced bool

// TestFigures holds every figure to what is asked of it; under the race detector
// those of the synthetic set alone.
func TestFigures(t *testing.T) {
	var names []string
	if raced {
		t.Setenv("TAMGA_DATA", t.TempDir())
		for _, s := range sections {
			if s.name != "changes" { // a market is read eight times: its parts have tests of their own
				names = append(names, s.name)
			}
		}
	}
	got, err := measure(names)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range got.rows {
		if t.Logf("%s, %s: %.4f of %d", r.what, r.set, r.got, r.n); !r.ok() {
			t.Errorf("%s, %s: %.4f of %d, asked: %g", r.what, r.set, r.got, r.n, r.want)
		}
	}
}
