package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAlerts(t *testing.T) {
	for text, want := range map[string]string{
		"[[alert]]\nname = \"demo-wallet\"\nquery = \"crystal\"\n":                               "",
		"[[alert]]\nname = \"demo\"\nquery = \"crystal\"\nseverity = \"high\"\n":                 "",
		"[[alert]]\nname = \"Demo\"\nquery = \"crystal\"\n":                                      "small letters",
		"[[alert]]\nname = \"demo\"\n":                                                           "query is missing",
		"[[alert]]\nname = \"demo\"\nquery = \"a\"\n[[alert]]\nname = \"demo\"\nquery = \"b\"\n": "twice",
		"[[alert]]\nname = \"price-jump\"\nquery = \"a\"\n":                                      "always there",
		"[[alert]]\nname = \"demo\"\nquery = \"a\"\nseverity = \"loud\"\n":                       "want high",
		"[[alert]]\nname = \"price-jump\"\n":                                                     "says nothing",
		"[[alert]]\nname = \"all\"\nquery = \"a\"\nfile = \"f\"\n":                               "no query",
		"[[alert]]\nname = \"key-changed\"\nfile = \"f\"\nseverity = \"low\"\n":                  "fixed",
		"[[alert]]\nname = \"all\"\ncommand = [\"mail\", \"x\"]\n":                               "absolute path",
		"[[alert]]\nname = \"all\"\nfile = \"f\"\ntimeout = \"1h\"\n":                            "10m",
		"[[alert]]\nname = \"all\"\nseverity = \"high\"\ncommand = [\"/bin/true\"]\n":            "",
		"[[alert]]\nname = \"demo\"\nquery = \"a\"\nsevere = \"low\"\n":                          "severe",
	} {
		file := filepath.Join(t.TempDir(), "tamga.toml")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := Load(file, func(string) (string, bool) { return "", false })
		switch {
		case want == "" && err != nil:
			t.Errorf("%s: %v", text, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: %v, want %q", text, err, want)
		case want == "" && c.Alerts[0].Severity == "":
			t.Errorf("%s: no severity", text)
		}
	}
}
