// Package rates says what an amount was worth on a day, from tables of daily
// rates that an analyst imports.
//
// A rate is a claim of its source. Invariants: a day without a rate has no value,
// nothing is interpolated or taken from the day before; values are computed
// exactly and rounded once.
package rates

import (
	"math/big"
	"strings"
	"time"

	"tamga"
)

// Rate is what one whole unit of an asset was worth in a currency on a day (UTC).
type Rate struct {
	Date     string `json:"date"`     // YYYY-MM-DD
	Asset    string `json:"asset"`    // BTC, ETH, …
	Currency string `json:"currency"` // ISO 4217
	Rate     string `json:"rate"`     // a decimal
	Source   string `json:"source"`
}

// decimals are the digits of an asset's whole unit: its base units are 10^-n.
var decimals = map[string]int64{
	"BTC": 8, "LTC": 8, "DOGE": 8, "DASH": 8, "ZEC": 8, "BCH": 8, "ETH": 18, "TRX": 6, "XMR": 12, "USDT": 6, "USDC": 6,
}

// Decimals is how many digits of an asset's whole unit its base units have.
func Decimals(asset string) (digits int64, ok bool) {
	digits, ok = decimals[asset]
	return digits, ok
}

// maxDigits bounds a decimal: rates of the worst inflations have fewer.
const maxDigits = 40

// decimal reads a positive decimal, without sign or exponent.
func decimal(s string) (*big.Rat, bool) {
	if s == "" || len(s) > maxDigits || strings.Trim(s, "0123456789.") != "" {
		return nil, false
	}
	r, ok := new(big.Rat).SetString(s)
	if !ok || r.Sign() <= 0 {
		return nil, false
	}
	return r, true
}

// Value is what an amount was worth by a rate, to the hundredth, halves away from
// zero; nil where the asset's base units are not known.
func (r Rate) Value(amount tamga.Amount) *tamga.Fiat {
	digits, ok := decimals[amount.Asset]
	rate, good := decimal(r.Rate)
	units, whole := new(big.Rat).SetString(amount.String())
	if !ok || !good || !whole || amount.Asset != r.Asset {
		return nil
	}
	unit := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(digits), nil))
	v := units.Mul(units, rate)
	return &tamga.Fiat{Currency: r.Currency, Value: v.Quo(v, unit).FloatString(2), Rate: r.Rate, Date: r.Date, Source: r.Source}
}

// Day is the day of a time, as rates have it.
func Day(t time.Time) string { return t.UTC().Format(time.DateOnly) }
