package main

import (
	"bufio"
	_ "embed"
	"encoding/json"
	"slices"
	"strings"

	"tamga"
)

// labelledRoutes is what routes as written name: countries, and those left out.
//
//go:embed testdata/routes.tsv
var labelledRoutes string

type routeLabel struct{ in, except []string }

// commonwealth is the countries of the Commonwealth of Independent States that a
// shop means by it.
var commonwealth = strings.Fields("AM AZ BY KG KZ MD RU TJ UZ")

func routeLabels() map[string]routeLabel {
	labels := map[string]routeLabel{}
	for _, line := range strings.Split(labelledRoutes, "\n") {
		cells := strings.Split(line, "\t")
		if len(cells) != 3 || line[0] == '#' {
			continue
		}
		in := strings.Fields(cells[1])
		if slices.Equal(in, []string{"CIS"}) {
			in = commonwealth
		}
		labels[cells[0]] = routeLabel{in, strings.Fields(cells[2])}
	}
	return labels
}

func sameSet(a, b []string) bool {
	a, b = slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	return slices.Equal(slices.Compact(a), slices.Compact(b))
}

// routed says whether a route read from text, after a label, is what it names.
func (t *table) routed(label, text string, want routeLabel, direction string) bool {
	var got routeLabel
	for _, f := range t.text(label + text) {
		if f.Type == tamga.FindRoute && f.Direction == direction {
			got = routeLabel{f.Countries, f.Except}
			break
		}
	}
	return sameSet(got.in, want.in) && sameSet(got.except, want.except)
}

// routes measures the countries of routes: every labelled one by itself, and
// those of a market's vendors set aside, as often as they occur.
func routes(t *table) error {
	labels := routeLabels()
	right := 0
	for text, want := range labels {
		if t.routed("Ships to: ", text, want, "to") {
			right++
		}
	}
	t.add("route as ISO codes", "labelled phrases", right, len(labels), 0.95)
	f, err := t.open("agora/items_2014-04-06.jsonl")
	if err != nil {
		return err
	}
	defer f.Close()
	in := bufio.NewScanner(f)
	in.Buffer(nil, 1<<24)
	var ok, n [2]int
	for in.Scan() {
		var item struct{ Vendor, From, To string }
		if err := json.Unmarshal(in.Bytes(), &item); err != nil {
			return err
		}
		if !setAside(item.Vendor) {
			continue
		}
		for k, text := range []string{item.From, item.To} {
			want, known := labels[strings.ToLower(text)]
			if text == "" || !known {
				continue
			}
			n[k]++
			if t.routed([]string{"Ships from: ", "Ships to: "}[k], text, want, []string{"from", "to"}[k]) {
				ok[k]++
			}
		}
	}
	t.add("from as ISO codes", "Agora, unseen vendors", ok[0], n[0], 0.97)
	t.add("to as ISO codes", "Agora, unseen vendors", ok[1], n[1], 0.97)
	return in.Err()
}
