package main

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"tamga"
)

// blindA are the styles whose faults may be looked at; of the others only the
// figures are.
var blindA = []string{"botshop", "darkode", "empire", "evolution", "incognito", "onionshop", "prestashop", "silkroad", "wallstreet", "woocommerce", "yellowbrick"}

// blindStyles are the names of the styles, in order.
func blindStyles() ([]string, error) {
	files, err := fs.Glob(blindFiles, "testdata/blind/*.tmpl")
	for i, f := range files {
		files[i] = strings.TrimSuffix(path.Base(f), ".tmpl")
	}
	return files, err
}

// genericBlind reads the blind styles and walls. TAMGA_SHOW says the figures of
// each style and the faults of half A, TAMGA_SHOW=all those of B too.
func genericBlind(t *table) error {
	styles, err := blindStyles()
	if err != nil {
		return err
	}
	seen := map[string]bool{"A": true, "B": os.Getenv("TAMGA_SHOW") == "all"}
	all := map[string]offerTally{"A": {}, "B": {}}
	kinds, total := map[string]int{}, map[string]int{}
	for k, style := range styles {
		half := "B"
		if slices.Contains(blindA, style) {
			half = "A"
		}
		own, ownKinds, ownTotal := offerTally{}, 0, 0
		err := blindStyle(style, uint64(k), func(name string, kind tamga.PageKind, body []byte, want []wanted) error {
			got, err := t.generic("http://market.invalid/", body)
			if err != nil {
				return err
			}
			ownTotal++
			if got.Kind == kind {
				ownKinds++
			} else if seen[half] {
				show("%s: %s, want %s", name, got.Kind, kind)
			}
			if want == nil {
				return nil
			}
			listings := got.Listings
			if kind == tamga.PageListing && len(listings) > 1 {
				listings = listings[:1]
			}
			for _, l := range listings {
				slices.Sort(l.To)
			}
			all[half].add(listings, want)
			own.add(listings, want)
			if seen[half] {
				showOffers(name, listings, want)
			}
			return nil
		})
		if err != nil {
			return err
		}
		kinds[half] += ownKinds
		total[half] += ownTotal
		line := fmt.Sprintf("style %-12s %s  kind %d/%d", style, half, ownKinds, ownTotal)
		for _, f := range []string{"title", "price", "vendor", "from", "to", "quantity"} {
			if c := own.of(f); c.want > 0 || c.got > 0 {
				line += fmt.Sprintf("  %s %d of %d, %d read", f, c.right, c.want, c.got)
			}
		}
		show("%s", line)
	}
	walls, err := readWalls(blindFiles, "testdata/blind/walls.txt")
	if err != nil {
		return err
	}
	wallKinds, wallTotal := map[string]int{}, map[string]int{}
	for _, p := range walls {
		half := "A"
		if p.unseen {
			half = "B"
		}
		got, err := t.generic(p.url, p.body)
		if err != nil {
			return err
		}
		wallTotal[half]++
		if got.Kind == p.kind {
			wallKinds[half]++
		} else if seen[half] {
			show("wall %s: %s, want %s", p.name, got.Kind, p.kind)
		}
	}
	for _, half := range []string{"A", "B"} {
		set := "made styles, blind " + half
		if half == "B" {
			set += ", looked at since"
		}
		all[half].rows(t, set)
		if c := all[half].of("quantity"); c.want > 0 {
			t.add("no profile: recall of quantity", set, c.right, c.want, .8)
		}
		t.add("no profile: kind of a page", set, kinds[half], total[half], .95)
		t.add("no profile: kind of a page", "made walls, blind "+half, wallKinds[half], wallTotal[half], .95)
	}
	return nil
}
