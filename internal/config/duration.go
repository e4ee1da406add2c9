package config

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Duration is a time.Duration written "1m30s", or with days before it, "30d" or
// "1d12h". A day has 24 hours.
type Duration time.Duration

const day = 24 * time.Hour

// UnmarshalText reads what Duration describes.
func (d *Duration) UnmarshalText(b []byte) error {
	text := string(b)
	days, rest, found := strings.Cut(text, "d")
	if !found {
		v, err := time.ParseDuration(text)
		*d = Duration(v)
		return err
	}
	n, err := strconv.ParseInt(days, 10, 32)
	if err != nil || time.Duration(n).Abs() > 1<<62/day {
		return fmt.Errorf("duration %q: want something like 90s, 6h or 30d", text)
	}
	v := time.Duration(n) * day
	if rest != "" {
		more, err := time.ParseDuration(rest)
		if err != nil || n < 0 || more < 0 {
			return fmt.Errorf("duration %q: want something like 90s, 6h or 30d", text)
		}
		v += more
	}
	*d = Duration(v)
	return nil
}

// MarshalText writes what UnmarshalText reads.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

func (d Duration) String() string {
	v := time.Duration(d)
	if v >= day && v%day == 0 {
		return fmt.Sprintf("%dd", v/day)
	}
	return v.String()
}
