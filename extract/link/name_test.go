package link

import (
	"strings"
	"testing"
)

func TestAlike(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want float64
	}{
		{"BlueHeron", "blueheron", 1},
		{"Blue_Heron", "blue.heron", 0.95},
		{"Bluе_Heron", "blueheron", 0.6}, // the first has a Cyrillic е
		{"Blu3H3ron", "blueheron", 0.6},
		{"TheBlueHeron", "blueheron", 0.6},
		{"blueheron88", "blueheron", 0.6},
		{"blueheron_official", "BLUEHERON", 0.6},
		{"blueheron88", "blueheron99", 0.4},
		{"quietharbour", "quietharbor", 0.45},
		{"quietharbour", "quiethabrour", 0.45},
		{"quietharbour", "quietarbour", 0.45},
		{"blueheron", "redkestrel", 0},
		{"tom", "tim", 0},
		{"", "", 0},
		{"___", "...", 0},
	} {
		a, b := formsOf(c.a), formsOf(c.b)
		got, how := alike(&a, &b)
		if got != c.want {
			t.Errorf("%q and %q: %v (%s), want %v", c.a, c.b, got, how, c.want)
		}
		if back, _ := alike(&b, &a); back != got {
			t.Errorf("%q and %q: %v one way, %v the other", c.a, c.b, got, back)
		}
	}
}

// A common word and a repeated letter say less than a rare name of the same length.
func TestInformation(t *testing.T) {
	rare := information("qvorzet")
	for _, s := range []string{"greenbud", "aaaaaaa", "1234567"} {
		if got := information(s); got >= rare {
			t.Errorf("%q says %.1f nats, a rare name %.1f", s, got, rare)
		}
	}
	if got := information(strings.Repeat("qz", 100)); got > nameNats {
		t.Errorf("%.1f nats", got)
	}
}

func TestJaroWinkler(t *testing.T) {
	// The examples of Winkler 1990.
	for _, c := range []struct {
		a, b string
		want float64
	}{{"martha", "marhta", 0.961}, {"dwayne", "duane", 0.84}, {"dixon", "dicksonx", 0.813}, {"abc", "xyz", 0}, {"", "a", 0}} {
		got := jaroWinkler([]rune(c.a), []rune(c.b))
		if got < c.want-0.001 || got > c.want+0.001 {
			t.Errorf("%s and %s: %.3f, want %.3f", c.a, c.b, got, c.want)
		}
	}
}

// Names that are one edit apart meet under a key.
func TestNameKeys(t *testing.T) {
	meet := func(a, b string) bool {
		x, y := formsOf(a), formsOf(b)
		keys := map[uint64]bool{}
		for _, k := range nameKeys(&x) {
			keys[k] = true
		}
		for _, k := range nameKeys(&y) {
			if keys[k] {
				return true
			}
		}
		return false
	}
	for _, b := range []string{"quietharbor", "quietharbours", "qiuetharbour", "quietharbuor", "quietharbxur", "QUIET-HARBOUR"} {
		if !meet("quietharbour", b) {
			t.Errorf("quietharbour and %s do not meet", b)
		}
	}
	if meet("quietharbour", "blueheron") {
		t.Error("two different names meet")
	}
}
