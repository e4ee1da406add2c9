package main

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"tamga/extract/language/corpus"
)

// The model in the repository is the one that its corpora give.
func TestModelIsReproducible(t *testing.T) {
	out := filepath.Join(t.TempDir(), "model.bin")
	err := run(corpus.Folder(), out)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("the corpora are absent: scripts/language-corpus.sh fetches them")
	} else if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("../model.bin")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("model.bin is not what the corpora give: make model")
	}
}
