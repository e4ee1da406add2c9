package main

import (
	"bufio"
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"
)

// agoraGroup is the group of the contract that a section of Agora stands for;
// the sections that overlap them are not measured.
var agoraGroup = map[string]string{
	"Cannabis": "cannabis", "Ecstasy": "ecstasy", "Stimulants": "stimulants", "Psychedelics": "psychedelics",
	"Opioids": "opioids", "Benzos": "benzodiazepines", "Dissociatives": "dissociatives", "Disassociatives": "dissociatives",
	"Steroids": "steroids",
}

//go:embed testdata/category.jsonl
var syntheticTitles []byte

// groups holds the category of titles against the section they are sold in.
func groups(t *table) error {
	own := confusion{}
	lines := bufio.NewScanner(bytes.NewReader(syntheticTitles))
	for n := 1; lines.Scan(); n++ {
		var x struct{ Title, Category string }
		if err := json.Unmarshal(lines.Bytes(), &x); err != nil {
			return fmt.Errorf("testdata/category.jsonl line %d: %w", n, err)
		}
		_, got := t.reader.Text(x.Title)
		own.add(got, x.Category)
	}
	t.rows = append(t.rows, row{what: "drug group of a title, macro-F1", set: "synthetic", got: own.macro(), n: own.n(), want: 0.93})

	rows, _, err := t.csv("agora/listings_2014_2015.csv")
	if err != nil {
		return err
	}
	real := confusion{}
	for _, r := range rows {
		title, vendor, section := r[0], r[1], strings.Split(r[2], "/")
		if !setAside(vendor) || section[0] != "Drugs" || len(section) < 2 || agoraGroup[section[1]] == "" {
			continue
		}
		_, got := t.reader.Text(title)
		real.add(got, agoraGroup[section[1]])
	}
	t.rows = append(t.rows, row{what: "drug group of a title, macro-F1", set: "Agora, unseen vendors", got: real.macro(), n: real.n(), want: 0.93})
	return nil
}

// confusion counts, by label, what was right, what was said wrongly and what was
// missed.
type confusion map[string]*[3]int

func (c confusion) at(label string) *[3]int {
	if c[label] == nil {
		c[label] = new([3]int)
	}
	return c[label]
}

func (c confusion) add(got, want string) {
	if got == want {
		c.at(want)[0]++
		return
	}
	c.at(got)[1]++
	c.at(want)[2]++
}

func (c confusion) n() int {
	n := 0
	for _, x := range c {
		n += x[0] + x[2]
	}
	return n
}

// macro is the mean F1 of the labels that the truth has.
func (c confusion) macro() float64 {
	sum, labels := 0.0, 0
	for _, x := range c {
		if x[0]+x[2] > 0 {
			sum += 2 * float64(x[0]) / float64(2*x[0]+x[1]+x[2])
			labels++
		}
	}
	return sum / float64(max(labels, 1))
}
