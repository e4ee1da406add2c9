package main

import (
	"html"
	"slices"
	"strings"
	"testing"

	"tamga"
)

// TestBlindTruth holds the truth of the blind styles to their pages: what a
// reader is to find has to stand there, in every style and on both halves.
func TestBlindTruth(t *testing.T) {
	styles, err := blindStyles()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range blindA {
		if !slices.Contains(styles, a) {
			t.Errorf("half A names %q, which is no style", a)
		}
	}
	if n := len(styles) - 2*len(blindA); n != 0 {
		t.Errorf("the halves differ by %d styles", n)
	}
	for k, style := range styles {
		kinds := map[tamga.PageKind]int{}
		err := blindStyle(style, uint64(k), func(name string, kind tamga.PageKind, body []byte, want []wanted) error {
			kinds[kind]++
			text := strings.Join(strings.Fields(html.UnescapeString(string(body))), " ")
			for _, w := range want {
				if w.title == "" || !strings.Contains(text, w.title) {
					t.Errorf("%s: no title %q", name, w.title)
				}
				if !strings.Contains(text, w.vendor) {
					t.Errorf("%s: no vendor %q", name, w.vendor)
				}
				whole, _, _ := strings.Cut(w.price, ".")
				if figures := strings.NewReplacer(",", "", ".", "", " ", "", "\u202f", "").Replace(text); !strings.Contains(figures, whole) {
					t.Errorf("%s: no price %q", name, w.price)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if kinds[tamga.PageListings] == 0 || kinds[tamga.PageListing] == 0 {
			t.Errorf("%s: pages %v", style, kinds)
		}
	}
	walls, err := readWalls(blindFiles, "testdata/blind/walls.txt")
	if err != nil {
		t.Fatal(err)
	}
	if len(walls) < 40 {
		t.Errorf("%d walls", len(walls))
	}
}
