package rates

import (
	"database/sql"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"tamga"
)

const table = "date,asset,currency,rate,source\n2024-03-01,btc,usd,61234.5678,https://rates.example\n2024-03-02,BTC,USD,,https://rates.example\n2024-03-03,BTC,USD,1e9,x\n"

func TestReadCSV(t *testing.T) {
	good := strings.Replace(table, "1e9", "62000", 1)
	all, err := ReadCSV(strings.NewReader(good), Columns{})
	if err != nil || len(all) != 2 {
		t.Fatal(all, err)
	}
	if want := (Rate{"2024-03-01", "BTC", "USD", "61234.5678", "https://rates.example"}); all[0] != want {
		t.Errorf("rate %+v", all[0])
	}
	given, err := ReadCSV(strings.NewReader("Date,volume,price(USD)\n2013-04-28,7,134.2\n2013-04-29,,\n"), Columns{"BTC", "USD", "s", "price(USD)"})
	if err != nil || len(given) != 1 || given[0] != (Rate{"2013-04-28", "BTC", "USD", "134.2", "s"}) {
		t.Errorf("given columns: %+v %v", given, err)
	}
	for _, c := range [][3]string{
		{"", "", `line 4: rate "1e9" is no positive decimal`}, {"1e9", "-5", "no positive decimal"}, {"1e9", "0.00", "no positive decimal"},
		{"1e9", "1.2.3", "no positive decimal"}, {"1e9", strings.Repeat("9", 100), "no positive decimal"}, {"1e9", ".", "no positive decimal"},
		{"2024-03-01", "2024-3-1", "line 2: date"}, {"2024-03-01", "2024-02-30", "line 2: date"}, {"usd", "dollar", "ISO 4217"},
		{"btc", "", "asset"}, {",https://rates.example\n2024-03-02", ",\n2024-03-02", "a rate has a source"},
		{"2024-03-03,BTC,USD,1e9", "2024-03-01,BTC,USD,5", "line 4: a second rate"}, {"date,", "day,", "no column date"},
		{"rate,", "price,", "no column rate"}, {"1e9,x", "5", "wrong number of fields"}, {"1e9", `"5`, `"`},
	} {
		in := table
		if c[0] != "" {
			in = strings.Replace(table, c[0], c[1], 1)
		}
		if all, err := ReadCSV(strings.NewReader(in), Columns{}); err == nil || !strings.Contains(err.Error(), c[2]) || all != nil {
			t.Errorf("%q for %q: %v, want %q", c[1], c[0], err, c[2])
		}
	}
	if _, err := ReadCSV(strings.NewReader(""), Columns{}); err == nil {
		t.Error("read an empty file")
	}
}

func TestValue(t *testing.T) {
	r := Rate{Date: "2024-03-01", Asset: "BTC", Currency: "USD", Rate: "61234.5678", Source: "s"}
	for units, want := range map[int64]string{
		100_000_000: "61234.57", 1: "0.00", 0: "0.00", 2_100_000_000_000_000: "1285925923800.00", 816: "0.50", 817: "0.50", -100_000_000: "-61234.57",
	} {
		if got := r.Value(tamga.NewAmount(units, "BTC")); got == nil || got.Value != want || got.Rate != r.Rate || got.Date != r.Date || got.Source != "s" {
			t.Errorf("%d: %+v, want %s", units, got, want)
		}
	}
	r.Rate = "0.5"
	if got := r.Value(tamga.NewAmount(1_000_000, "BTC")); got.Value != "0.01" { // half a cent, away from zero
		t.Errorf("rounded to %s", got.Value)
	}
	if r.Value(tamga.NewAmount(1, "ETH")) != nil {
		t.Error("a value by another asset's rate")
	}
	r.Asset = "XYZ"
	if r.Value(tamga.NewAmount(1, "XYZ")) != nil {
		t.Error("a value of unknown base units")
	}
	wei, err := tamga.ParseAmount("9300000000000000000", "ETH")
	if err != nil {
		t.Fatal(err)
	}
	if got := (Rate{Asset: "ETH", Rate: "2000"}).Value(wei); got.Value != "18600.00" {
		t.Errorf("9.3 ETH: %s", got.Value)
	}
}

func TestStore(t *testing.T) {
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	s, err := Open(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	fill := func(next int64, rates ...Rate) {
		data, err := json.Marshal(Batch{Rates: rates})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Fill(t.Context(), func(yield func(json.RawMessage, error) bool) { yield(data, nil) }, next); err != nil {
			t.Fatal(err)
		}
	}
	fill(1, Rate{"2024-03-01", "BTC", "USD", "1", "a"}, Rate{"2024-03-03", "BTC", "USD", "3", "a"})
	fill(2, Rate{"2024-03-03", "BTC", "USD", "4", "b"})
	if next, err := s.Next(t.Context()); err != nil || next != 2 {
		t.Errorf("next %d, %v", next, err)
	}
	coin := tamga.NewAmount(100_000_000, "BTC")
	for at, want := range map[string]string{
		"2024-03-01T23:59:59Z": "1.00", "2024-03-02T00:30:00+01:00": "1.00", "2024-03-02T12:00:00Z": "", "2024-03-03T00:00:00Z": "4.00", "0001-01-01T00:00:00Z": "",
	} {
		when, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		v, err := s.Value(t.Context(), coin, "USD", when)
		if err != nil || (v == nil) != (want == "") || v != nil && v.Value != want {
			t.Errorf("%s: %+v %v, want %q", at, v, err, want)
		}
	}
	if v, err := s.Value(t.Context(), coin, "KZT", time.Date(2024, 3, 1, 0, 0, 0, 0, time.UTC)); v != nil || err != nil {
		t.Errorf("another currency: %+v %v", v, err)
	}
	all, err := s.Ranges(t.Context())
	if err != nil || len(all) != 2 || all[0] != (Range{"BTC", "USD", "a", "2024-03-01", "2024-03-01", 1}) {
		t.Errorf("ranges %+v %v", all, err)
	}
	if err := s.Clear(t.Context()); err != nil {
		t.Fatal(err)
	}
	if all, _ := s.Ranges(t.Context()); len(all) != 0 {
		t.Errorf("ranges %+v after Clear", all)
	}
}

func TestRealTable(t *testing.T) {
	dir := os.Getenv("TAMGA_DATA")
	if cache, err := os.UserCacheDir(); dir == "" && err == nil {
		dir = filepath.Join(cache, "tamga-data")
	}
	f, err := os.Open(filepath.Join(dir, "btc_usd_daily_2009_2018.csv"))
	if err != nil {
		t.Skip("real rates absent: set TAMGA_DATA")
	}
	defer f.Close()
	all, err := ReadCSV(f, Columns{Asset: "BTC", Currency: "USD", Source: "s", Rate: "price(USD)"})
	if err != nil || len(all) != 2035 {
		t.Errorf("%d rates, %v", len(all), err)
	}
}

func FuzzReadCSV(f *testing.F) {
	f.Add([]byte(table))
	f.Add([]byte("\ufeffdate,rate,asset,currency,source\n\"2024-03-01\",1,B,USD,s\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		all, err := ReadCSV(strings.NewReader(string(b)), Columns{})
		if err != nil && all != nil {
			t.Fatal("an answer beside an error")
		}
		for _, r := range all {
			if r.Check() != nil {
				t.Fatalf("rate %+v", r)
			}
		}
	})
}
