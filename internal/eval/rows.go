package main

import (
	"bufio"
	"encoding/json"
	"io"
	"math/big"
	"strings"

	"tamga"
)

// shopRow is a line of a shop or a bot with what a person reads in it.
type shopRow struct {
	Source, Lang, Kind, Text string
	Substance, Unit          string
	Currency, City           string
	Amount, Price            json.Number
	Drop                     string `json:"drop_type"`
}

func readRows(r io.Reader) (rows []shopRow, err error) {
	in := bufio.NewScanner(r)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		var row shopRow
		if err := json.Unmarshal(in.Bytes(), &row); err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	return rows, in.Err()
}

func (t *table) shopRows() ([]shopRow, error) {
	f, err := t.open("ru_uz_rows.jsonl")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readRows(f)
}

// units are the units of the labels as findings name them; a label of "?" is of
// no unit.
var units = map[string]string{"g": "g", "mg": "mg", "kg": "kg", "ml": "ml", "pcs": "piece", "tab": "piece", "cap": "piece", "blotter": "blotter"}

func equal(a, b string) bool {
	x, ok := new(big.Rat).SetString(a)
	y, ok2 := new(big.Rat).SetString(b)
	return ok && ok2 && x.Cmp(y) == 0
}

// judge says of each of the five fields of a row whether it is told in the text
// and whether it is read.
func (t *table) judge(row shopRow, each func(field string, ok bool)) {
	found := t.text(row.Text)
	has := func(ok func(f *tamga.Finding) bool) bool {
		for i := range found {
			if ok(&found[i]) {
				return true
			}
		}
		return false
	}
	if row.Substance != "" && row.Substance != "?" {
		each("substance", has(func(f *tamga.Finding) bool { return f.Type == tamga.FindSubstance }))
	}
	if unit := units[row.Unit]; row.Amount != "" && unit != "" {
		read := func(f *tamga.Finding) bool {
			return f.Type == tamga.FindQuantity && (equal(f.Amount, row.Amount.String()) || equal(f.Count, row.Amount.String()) || equal(f.Total, row.Amount.String())) ||
				f.Type == tamga.FindPrice && f.Per == unit && equal(row.Amount.String(), "1")
		}
		each("amount", has(read))
		each("unit", has(func(f *tamga.Finding) bool {
			return read(f) && (f.Unit == unit || f.TotalUnit == unit || f.Per == unit || unit == "piece" && f.Unit == "blotter")
		}))
	}
	if row.Price != "" && strings.Contains(digitsOf(row.Text), strings.TrimSuffix(row.Price.String(), "000")) {
		each("price", has(func(f *tamga.Finding) bool {
			return f.Type == tamga.FindPrice && equal(f.Amount, row.Price.String()) && (row.Currency == "" || f.Currency == row.Currency)
		}))
	}
	if row.Drop != "" {
		each("drop", has(func(f *tamga.Finding) bool { return f.Type == tamga.FindDrop }))
	}
}

// digitsOf is the digits of s.
func digitsOf(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

// rows measures rows of Russian and Uzbek shops: all real ones, since the lexicon
// was never trained on them, and the synthetic ones of testdata.
func rows(t *table) error {
	if synthetic, err := readRows(strings.NewReader(syntheticRows)); err != nil {
		return err
	} else {
		t.judgeAll(synthetic, "synthetic rows ru kk ky uz tg")
	}
	real, err := t.shopRows()
	if err != nil {
		return err
	}
	t.judgeAll(real, "shop rows ru uz")
	return nil
}

func (t *table) judgeAll(rows []shopRow, set string) {
	fields := []string{"substance", "amount", "unit", "price", "drop"}
	right, n := map[string]int{}, map[string]int{}
	for _, r := range rows {
		t.judge(r, func(field string, ok bool) {
			n[field]++
			if ok {
				right[field]++
			}
		})
	}
	for _, f := range fields {
		t.add("row: "+f, set, right[f], n[f], 0.95)
	}
}
