package rates

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// Columns say where a table without columns of these names has its fields: Rate
// names the column of the rate; Asset, Currency and Source are the same for all
// rows.
type Columns struct{ Asset, Currency, Source, Rate string }

// Limits of a table.
const (
	maxRows  = 1 << 20
	maxField = 4 << 10
)

// ReadCSV reads daily rates with a heading: date, asset, currency, rate, source.
// Rows with an empty rate are days without one and are left out. A wrong row is an
// error with its line, and then none is returned.
func ReadCSV(in io.Reader, c Columns) (out []Rate, err error) {
	r := csv.NewReader(io.LimitReader(in, 256<<20))
	r.ReuseRecord = true
	head, err := r.Read()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("empty")
	} else if err != nil {
		return nil, err
	}
	at := map[string]int{}
	for i, name := range head {
		name = strings.TrimSpace(strings.TrimPrefix(name, "\ufeff"))
		if c.Rate != "" && name == c.Rate {
			name = "rate"
		} else {
			name = strings.ToLower(name)
		}
		if _, twice := at[name]; !twice {
			at[name] = i
		}
	}
	for _, f := range [][2]string{{"date", ""}, {"rate", ""}, {"asset", c.Asset}, {"currency", c.Currency}, {"source", c.Source}} {
		if _, ok := at[f[0]]; !ok && f[1] == "" {
			return nil, fmt.Errorf("line 1: no column %s", f[0])
		}
	}
	seen := map[[3]string]bool{}
	for {
		rec, err := r.Read()
		if errors.Is(err, io.EOF) {
			return out, nil
		} else if err != nil {
			return nil, err
		}
		line, _ := r.FieldPos(0)
		get := func(name, given string) string {
			if given != "" {
				return given
			}
			return strings.Clone(strings.TrimSpace(rec[at[name]]))
		}
		rate := Rate{
			Date: get("date", ""), Rate: get("rate", ""), Source: get("source", c.Source),
			Asset: strings.ToUpper(get("asset", c.Asset)), Currency: strings.ToUpper(get("currency", c.Currency)),
		}
		if rate.Rate == "" {
			continue
		}
		if err := rate.Check(); err != nil {
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
		key := [3]string{rate.Date, rate.Asset, rate.Currency}
		if seen[key] {
			return nil, fmt.Errorf("line %d: a second rate of %s in %s on %s", line, rate.Asset, rate.Currency, rate.Date)
		}
		seen[key] = true
		if out = append(out, rate); len(out) > maxRows {
			return nil, fmt.Errorf("more than %d rates: split the table", maxRows)
		}
	}
}

// Check says what is wrong with a rate.
func (r Rate) Check() error {
	if t, err := time.Parse(time.DateOnly, r.Date); err != nil || Day(t) != r.Date {
		return fmt.Errorf("date %.20q is not YYYY-MM-DD", r.Date)
	}
	if _, ok := decimal(r.Rate); !ok {
		return fmt.Errorf("rate %.50q is no positive decimal", r.Rate)
	}
	if r.Asset == "" || len(r.Asset) > 20 {
		return fmt.Errorf("asset %.20q", r.Asset)
	}
	if len(r.Currency) != 3 || strings.Trim(r.Currency, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return fmt.Errorf("currency %.20q is no ISO 4217 code", r.Currency)
	}
	if r.Source == "" || len(r.Source) > maxField {
		return errors.New("a rate has a source")
	}
	return nil
}
