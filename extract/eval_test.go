package extract

import (
	"encoding/csv"
	"encoding/json"
	"math/big"
	"os"
	"strings"
	"testing"

	"tamga"
)

// evalRow is a line of the table that TestEval prints.
type evalRow struct {
	name string
	s    score
	keys []string
	want float64
}

// TestEval prints the table of figures over the real data and holds each to its
// threshold: go test -run TestEval -v ./extract
func TestEval(t *testing.T) {
	r := newReader(t)
	for _, row := range []struct {
		name string
		run  func(*testing.T, *Reader, *evalRow)
	}{
		{"Dream titles", evalDream}, {"Agora PGP keys", evalKeys}, {"shop rows ru uz", evalRows},
	} {
		t.Run(row.name, func(t *testing.T) {
			x := &evalRow{name: row.name, s: score{}}
			row.run(t, r, x)
			for _, k := range x.keys {
				t.Logf("%-20s %-28s %.4f of %d", x.name, k, x.s.share(k), x.s[k][1])
			}
		})
	}
}

func (x *evalRow) add(name string, ok bool) {
	if _, known := x.s[name]; !known {
		x.keys = append(x.keys, name)
	}
	x.s.add(name, ok)
}

func (x *evalRow) least(t *testing.T, name string, want float64) {
	t.Helper()
	if got := x.s.share(name); got < want {
		t.Errorf("%s %s: %.4f, want %.4f", x.name, name, got, want)
	}
}

func readCSV(t *testing.T, file string, each func(map[string]string)) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows[1:] {
		m := map[string]string{}
		for i, h := range rows[0] {
			m[h] = row[i]
		}
		each(m)
	}
}

func near5(a, b string) bool {
	x, y := rat(a), rat(b)
	if y.Sign() == 0 {
		return x.Sign() == 0
	}
	d := new(big.Rat).Sub(x, y)
	return new(big.Rat).Quo(d.Abs(d), y).Cmp(big.NewRat(2, 100)) <= 0
}

func evalDream(t *testing.T, r *Reader, x *evalRow) {
	shown := 0
	readCSV(t, realData(t, "dream/cocaine_listings.csv"), func(m map[string]string) {
		title := m["product_title"]
		fs, _ := r.Text(title)
		part := "tuned"
		if heldOut(m["vendor_name"]) {
			part = "held out"
		}
		total, percent := "0", ""
		if q := firstOf(fs, tamga.FindQuantity); q != nil {
			total = q.Total
		}
		if p := firstOf(fs, tamga.FindPurity); p != nil {
			percent = p.Percent
		}
		ok := near5(total, m["grams"])
		x.add("grams "+part, ok)
		pure := m["quality"]
		hasP := strings.Contains(title, "%")
		okP := !hasP || percent != "" && near5(percent, pure)
		if hasP {
			x.add("purity "+part, okP)
		}
		if (!ok || !okP) && part == "tuned" && shown < 40 {
			shown++
			t.Logf("%q: %s g want %s; %s %% want %s", title, total, m["grams"], percent, pure)
		}
	})
	x.least(t, "grams held out", 0.99)
	x.least(t, "purity held out", 0.99)
}

func evalKeys(t *testing.T, r *Reader, x *evalRow) {
	readCSV(t, realData(t, "agora/vendor_pgp_keys.csv"), func(m map[string]string) {
		if !strings.Contains(m["public_key"], "END PGP PUBLIC KEY BLOCK") {
			return
		}
		fs, _ := r.Text(m["public_key"])
		k := firstOf(fs, tamga.FindPGP)
		x.add("fingerprint", k != nil && k.Valid)
		if (k == nil || !k.Valid) && os.Getenv("SHOW") != "" {
			s := m["public_key"]
			t.Logf("%q", s[:min(160, len(s))])
		}
	})
	x.least(t, "fingerprint", 0.97)
}

func evalRows(t *testing.T, r *Reader, x *evalRow) {
	lines(t, realData(t, "ru_uz_rows.jsonl"), func(line []byte) {
		var row struct {
			Source, Kind, Text, Substance, Unit, Currency string
			Amount, Price                                 json.Number
			Drop                                          string `json:"drop_type"`
		}
		if err := json.Unmarshal(line, &row); err != nil {
			return
		}
		fs, _ := r.Text(row.Text)
		show := func(what, want string) {
			if os.Getenv("SHOW") != "" {
				t.Logf("%s %q: want %s; got %v", what, row.Text, want, brief(fs))
			}
		}
		if row.Substance != "" && row.Substance != "?" {
			ok := firstOf(fs, tamga.FindSubstance) != nil
			x.add("substance seen", ok)
			if !ok {
				show("substance", row.Substance)
			}
		}
		if row.Amount != "" && row.Unit != "?" && row.Unit != "" {
			ok := false
			for _, f := range fs {
				if f.Type == tamga.FindQuantity && (rat(f.Amount).Cmp(rat(row.Amount.String())) == 0 || rat(f.Total).Cmp(rat(row.Amount.String())) == 0) {
					ok = true
				}
			}
			x.add("amount", ok)
			if !ok {
				show("amount", row.Amount.String()+row.Unit)
			}
		}
		if row.Price != "" {
			ok := false
			for _, f := range fs {
				if f.Type == tamga.FindPrice && rat(f.Amount).Cmp(rat(row.Price.String())) == 0 && (row.Currency == "" || f.Currency == row.Currency) {
					ok = true
				}
			}
			what := "price"
			if !ok && !strings.Contains(digitsOf(row.Text), strings.TrimSuffix(row.Price.String(), "000")) {
				what = "price beside the text" // in a column of its own; nothing to find
			}
			x.add(what, ok)
			if !ok {
				show("price", row.Price.String()+row.Currency)
			}
		}
		if row.Drop != "" {
			ok := firstOf(fs, tamga.FindDrop) != nil
			x.add("drop", ok)
			if !ok {
				show("drop", row.Drop)
			}
		}
	})
	x.least(t, "substance seen", 0.95)
	x.least(t, "amount", 0.93)
	x.least(t, "drop", 0.9)
	x.least(t, "price", 0.97)
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

func brief(fs []tamga.Finding) (out []string) {
	for _, f := range fs {
		out = append(out, string(f.Type)+"="+f.Value)
	}
	return out
}
