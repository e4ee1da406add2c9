package tagger

import (
	_ "embed"
	"sync"
)

//go:embed model.bin
var embedded []byte

// Default is the model that the program carries, trained on all of both sets by
// make model.
var Default = sync.OnceValues(func() (*Model, error) { return Decode(embedded) })
