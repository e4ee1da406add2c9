package evidence

import (
	"slices"
	"testing"
)

func TestRanges(t *testing.T) {
	for _, tc := range []struct {
		n    []int64
		want string
	}{{nil, ""}, {[]int64{4}, "4"}, {[]int64{0, 1, 2, 5, 7, 8}, "0-2,5,7-8"}} {
		got := ranges(tc.n)
		back, err := parseRanges(got, 9)
		if got != tc.want || err != nil || !slices.Equal(back, tc.n) {
			t.Errorf("%v: %q, read back %v %v", tc.n, got, back, err)
		}
	}
	for _, s := range []string{"-", "1-", "2-1", "1,1", "3,2", "0-9", "x", "1,,2", "0-99999999999999999", "-1"} {
		if n, err := parseRanges(s, 9); err == nil {
			t.Errorf("%q: read as %v", s, n)
		}
	}
}
