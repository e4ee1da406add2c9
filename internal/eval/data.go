package main

import (
	_ "embed"
	"encoding/csv"
	"fmt"
)

//go:embed testdata/substances.tsv
var substanceRows string

// csv reads a file of the real data with a head: its rows without the head, and
// the number of each column by name.
func (t *table) csv(name string) (rows [][]string, column map[string]int, err error) {
	f, err := t.open(name)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	if rows, err = csv.NewReader(f).ReadAll(); err != nil {
		return nil, nil, fmt.Errorf("read %s: %w", name, err)
	}
	if len(rows) == 0 {
		return nil, nil, fmt.Errorf("read %s: no head", name)
	}
	return rows[1:], columns(rows[0]), nil
}

func columns(header []string) map[string]int {
	m := map[string]int{}
	for i, h := range header {
		m[h] = i
	}
	return m
}
