package extract

import (
	"encoding/csv"
	"os"
	"testing"

	"tamga"
)

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

func brief(fs []tamga.Finding) (out []string) {
	for _, f := range fs {
		out = append(out, string(f.Type)+"="+f.Value)
	}
	return out
}
