package main

import (
	"math/big"

	"tamga"
	"tamga/chain/rates"
)

// whole is an amount in whole units of its asset, with every digit: 0.01234500.
// Base units where it is not known how many make one.
func whole(a tamga.Amount) string {
	digits, ok := rates.Decimals(a.Asset)
	units, good := new(big.Rat).SetString(a.String())
	if !ok || !good {
		return a.String()
	}
	return units.Quo(units, new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(digits), nil))).FloatString(int(digits))
}

// unit is what whole counts, for a heading: BTC.
func unit(a tamga.Amount) string {
	if _, ok := rates.Decimals(a.Asset); ok {
		return a.Asset
	}
	return "base units"
}

// sum is an amount for people: 0.01234500 BTC (1234500 sat).
func sum(a tamga.Amount) string {
	s := whole(a) + " " + unit(a)
	if a.Asset == "BTC" {
		s += " (" + a.String() + " sat)"
	}
	return s
}

// interval is two amounts, one where they are equal.
func interval(low, high tamga.Amount) string {
	if low.Cmp(high) == 0 {
		return sum(low)
	}
	return sum(low) + " to " + sum(high)
}
