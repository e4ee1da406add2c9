package extract

import (
	"encoding/csv"
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
		{"Agora PGP keys", evalKeys},
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

func brief(fs []tamga.Finding) (out []string) {
	for _, f := range fs {
		out = append(out, string(f.Type)+"="+f.Value)
	}
	return out
}
