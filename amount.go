package tamga

import (
	"encoding/json"
	"fmt"
	"math/big"
)

// Amount is a whole number of base units (satoshi, wei) of an asset. It has no
// upper bound: 9.3 ether in wei overflows an int64. The zero value is 0 of no
// asset. An Amount is immutable.
type Amount struct {
	units *big.Int
	Asset string // "BTC", "ETH", …
}

// NewAmount returns n base units of asset.
func NewAmount(n int64, asset string) Amount { return Amount{big.NewInt(n), asset} }

// ParseAmount reads a string of decimal digits, with an optional minus sign.
func ParseAmount(s, asset string) (Amount, error) {
	n, ok := new(big.Int).SetString(s, 10)
	if !ok {
		return Amount{}, fmt.Errorf("amount %q: want a whole number of base units", s)
	}
	return Amount{n, asset}, nil
}

func (a Amount) big() *big.Int {
	if a.units == nil {
		return new(big.Int)
	}
	return a.units
}

// Add returns a + b in a's asset; adding two assets is a programming error and
// returns an error.
func (a Amount) Add(b Amount) (Amount, error) {
	if a.Asset != b.Asset && a.Sign() != 0 && b.Sign() != 0 {
		return Amount{}, fmt.Errorf("add %s to %s: different assets", b.Asset, a.Asset)
	}
	asset := a.Asset
	if asset == "" {
		asset = b.Asset
	}
	return Amount{new(big.Int).Add(a.big(), b.big()), asset}, nil
}

// Cmp compares base units only.
func (a Amount) Cmp(b Amount) int { return a.big().Cmp(b.big()) }

// Int64 returns the base units as an int64; ok is false where they do not fit.
func (a Amount) Int64() (n int64, ok bool) { return a.big().Int64(), a.big().IsInt64() }

// Sign is -1, 0 or 1.
func (a Amount) Sign() int { return a.big().Sign() }

// String is the number of base units in decimal.
func (a Amount) String() string { return a.big().String() }

// MarshalJSON writes the base units as a string: the ledger contract.
func (a Amount) MarshalJSON() ([]byte, error) { return json.Marshal(a.String()) }

// AmountOf returns n base units of asset. n is copied.
func AmountOf(n *big.Int, asset string) Amount { return Amount{new(big.Int).Set(n), asset} }
