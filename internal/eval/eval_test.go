package main

import "testing"

// TestFigures holds every figure to what is asked of it.
func TestFigures(t *testing.T) {
	got, err := measure(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range got.rows {
		if t.Logf("%s, %s: %.4f of %d", r.what, r.set, r.got, r.n); !r.ok() {
			t.Errorf("%s, %s: %.4f of %d, asked: %g", r.what, r.set, r.got, r.n, r.want)
		}
	}
}
