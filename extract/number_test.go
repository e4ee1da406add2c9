package extract

import (
	"math/big"
	"testing"
)

// The short way of multiplying gives what exact fractions give.
func TestTimes(t *testing.T) {
	list := []string{"0", "1", "10", "0.001", "28.35", "453.6", "0.000001", "2.5", "1000", "3.54375", "99999999", "0.333", "123456789012345678"}
	for _, a := range list {
		for _, b := range list {
			want := ratString(new(big.Rat).Mul(rat(a), rat(b)))
			if got := times(a, b); got != want {
				t.Errorf("%s x %s = %s, want %s", a, b, got, want)
			}
		}
	}
}

func TestPercents(t *testing.T) {
	for s, want := range map[string]bool{
		"1": true, "100": true, "99.9": true, "100.0": true, "92": true,
		"0.9": false, "100.1": false, "101": false, "0": false, "": false, "1234567890123456789012": false, "100.00001": false, "10000": false,
	} {
		if percents(s) != want {
			t.Errorf("%q: %t", s, !want)
		}
	}
}
