package config

import (
	"errors"
	"fmt"
	"slices"
)

// Alert is a saved search: each record that it finds for the first time is an alert
// (docs/changes.md).
type Alert struct {
	Name     string `toml:"name"`     // small letters, digits and dashes
	Query    string `toml:"query"`    // docs/query.md
	Severity string `toml:"severity"` // high, medium, low; empty: medium
}

// builtin are the names of the rules that are always there.
var builtin = []string{"wallet-changed", "key-changed", "vendor-gone", "vendor-moved", "price-jump"}

func checkAlerts(all []Alert) error {
	seen := map[string]bool{}
	for i := range all {
		a := &all[i]
		var err error
		switch {
		case !sourceName.MatchString(a.Name):
			err = errors.New("a name is small letters, digits and dashes")
		case seen[a.Name]:
			err = errors.New("it is there twice")
		case slices.Contains(builtin, a.Name):
			err = errors.New("a rule of that name is always there")
		case a.Query == "":
			err = errors.New("a query is missing")
		case a.Severity != "" && !slices.Contains([]string{"high", "medium", "low"}, a.Severity):
			err = fmt.Errorf("severity = %q: want high, medium or low", a.Severity)
		}
		if err != nil {
			return fmt.Errorf("alert %q: %w", a.Name, err)
		}
		if seen[a.Name] = true; a.Severity == "" {
			a.Severity = "medium"
		}
	}
	return nil
}
