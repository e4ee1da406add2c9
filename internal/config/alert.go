package config

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"
)

// AllAlerts is the name that stands for every rule, so that its outputs get every
// alert.
const AllAlerts = "all"

// Alert is a saved search, each record of which that is found for the first time is an
// alert; or, without a query, a rule that is always there. It says where its alerts
// go beside the evidence log (docs/changes.md).
type Alert struct {
	Name     string `toml:"name"`     // small letters, digits and dashes
	Query    string `toml:"query"`    // docs/query.md; none: a rule that is always there, or all
	Severity string `toml:"severity"` // high, medium, low; empty: medium. Of all: the least that is told; empty: any

	Command []string `toml:"command"` // program and arguments; it gets the alert on standard input
	Timeout Duration `toml:"timeout"` // of the command or webhook; 0: 30 s
	File    string   `toml:"file"`    // JSON Lines, appended to; under the workspace unless absolute
	Webhook string   `toml:"webhook"` // on loopback, or through crawl.proxy
}

// Outputs tells whether it goes anywhere.
func (a *Alert) Outputs() bool { return len(a.Command) > 0 || a.File != "" || a.Webhook != "" }

// AlertFile is the file of an alert.
func (w *Workspace) AlertFile(a *Alert) string {
	if filepath.IsAbs(a.File) {
		return a.File
	}
	return filepath.Join(w.Dir, a.File)
}

// builtin are the names of the rules that are always there.
var builtin = []string{"wallet-changed", "key-changed", "vendor-gone", "vendor-moved", "price-jump", "mirror-list-unsigned"}

func checkAlerts(all []Alert) error {
	seen := map[string]bool{}
	for i := range all {
		a := &all[i]
		fixed := a.Name == AllAlerts || slices.Contains(builtin, a.Name)
		var err error
		switch {
		case !sourceName.MatchString(a.Name):
			err = errors.New("a name is small letters, digits and dashes")
		case seen[a.Name]:
			err = errors.New("it is there twice")
		case fixed && a.Query != "":
			err = errors.New("a rule of that name is always there: it has no query")
		case fixed && !a.Outputs():
			err = errors.New("it says nothing: want a command, a file or a webhook")
		case fixed && a.Name != AllAlerts && a.Severity != "":
			err = errors.New("its severity is fixed")
		case !fixed && a.Query == "":
			err = errors.New("a query is missing")
		case a.Severity != "" && !slices.Contains([]string{"high", "medium", "low"}, a.Severity):
			err = fmt.Errorf("severity = %q: want high, medium or low", a.Severity)
		case len(a.Command) > 0 && !filepath.IsAbs(a.Command[0]):
			err = fmt.Errorf("command = [%q, …]: want the absolute path of a program", a.Command[0])
		case a.Timeout < 0 || time.Duration(a.Timeout) > 10*time.Minute:
			err = errors.New("timeout: want 10m at most")
		}
		if err != nil {
			return fmt.Errorf("alert %q: %w", a.Name, err)
		}
		if seen[a.Name] = true; a.Severity == "" && !fixed {
			a.Severity = "medium"
		}
	}
	return nil
}
