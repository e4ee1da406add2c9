package bleve

import (
	"testing"

	"tamga/index"
	"tamga/index/indextest"
)

func TestSuite(t *testing.T) {
	indextest.Run(t, func(t *testing.T) index.Rebuilder {
		s, err := Open(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		return s
	})
}
