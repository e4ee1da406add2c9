package demo

import (
	"embed"
	"strings"
)

// The keys were made once by keys_test.go, and their private halves thrown away.
//
//go:embed keys/*.asc
var keyFiles embed.FS

// publicKey is the armoured key of a name; it panics on a name without a file,
// which is a mistake in the table of personas.
func publicKey(name string) string {
	b, err := keyFiles.ReadFile("keys/" + name + ".asc")
	if err != nil {
		panic(err)
	}
	return strings.TrimSpace(string(b))
}
