package main

import (
	"math"
	"strconv"

	"tamga"
)

// dream holds the titles of a market's cocaine listings against the grams and
// the purity that people read from them.
func dream(t *table) error {
	rows, col, err := t.csv("dream/cocaine_listings.csv")
	if err != nil {
		return err
	}
	var grams, purity, n, pure int
	for _, r := range rows {
		if !setAside(r[col["vendor_name"]]) {
			continue
		}
		title := r[col["product_title"]]
		fs, _ := t.reader.Text(title)
		var total, percent string
		for _, f := range fs {
			switch {
			case f.Type == tamga.FindQuantity && total == "":
				total = f.Total
			case f.Type == tamga.FindPurity && percent == "":
				percent = f.Percent
			}
		}
		n++
		if within(total, r[col["grams"]], 0.02) {
			grams++
		}
		if containsPercent(title) {
			pure++
			if within(percent, r[col["quality"]], 0.02) {
				purity++
			}
		}
	}
	t.add("grams of a title", "Dream, unseen vendors", grams, n, 0.995)
	t.add("purity of a title", "Dream, unseen vendors", purity, pure, 0.99)
	return nil
}

// within says whether got is want within a relative tolerance; an absent figure
// is zero.
func within(got, want string, tolerance float64) bool {
	g, _ := strconv.ParseFloat(got, 64)
	w, _ := strconv.ParseFloat(want, 64)
	return math.Abs(g-w) <= tolerance*math.Abs(w)
}

func containsPercent(s string) bool {
	for i := range len(s) {
		if s[i] == '%' {
			return true
		}
	}
	return false
}
