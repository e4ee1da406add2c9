package tags

import (
	"strings"
	"time"
)

// parseDay reads a date as YAML and lists write it (2021-3-4, or with a time
// after it) and returns it as YYYY-MM-DD.
func parseDay(s string) (string, bool) {
	if i := strings.IndexAny(s, "Tt "); i > 0 {
		s = s[:i]
	}
	t, err := time.Parse("2006-1-2", s)
	if err != nil {
		return "", false
	}
	return t.Format(time.DateOnly), true
}
