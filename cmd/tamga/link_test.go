package main

import (
	"strings"
	"testing"

	"tamga/extract"
)

func FuzzReadPersonas(f *testing.F) {
	reader, err := extract.New(extract.Options{})
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range []string{
		`{"vendor":"a","texts":[{"title":"x"},["y",1,null]],"keys":{"value":"z"}}`, "[]\n{}\n\n{\"id\":1e9}", `{"name":`, "\xff",
		`{"name":"a","pgp":"-----BEGIN PGP PUBLIC KEY BLOCK-----mQENB-----END PGP PUBLIC KEY BLOCK-----"}`,
		strings.Repeat(`{"texts":`, 100) + strings.Repeat("}", 100),
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		personas, bad, err := readPersonas(reader, strings.NewReader(s))
		if err != nil {
			return
		}
		if lines := strings.Count(s, "\n") + 1; len(personas)+bad > lines {
			t.Fatalf("%d personas and %d bad lines of %d", len(personas), bad, lines)
		}
		for _, p := range personas {
			if p.Name == "" && p.ID == "" {
				t.Fatal("a persona without name and id")
			}
		}
	})
}
