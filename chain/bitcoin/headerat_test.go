package bitcoin

import (
	"testing"

	"tamga/internal/demo"
)

func TestHeaderAt(t *testing.T) {
	blocks := t.TempDir()
	if err := demo.WriteBlocks(blocks); err != nil {
		t.Fatal(err)
	}
	sum, x := mustBuild(t, t.TempDir(), blocks, Options{})
	defer x.Close()
	var prev Hash
	n := int64(0)
	for ; ; n++ {
		h, ok, err := x.HeaderAt(n)
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			break
		}
		if len(h) != headerSize || n > 0 && header(h).prev() != prev {
			t.Fatalf("header of height %d", n)
		}
		prev = header(h).hash()
	}
	if n != int64(sum.Blocks) || n < 2 {
		t.Errorf("%d headers of %d blocks", n, sum.Blocks)
	}
	if _, ok, err := x.HeaderAt(-1); ok || err != nil {
		t.Error(ok, err)
	}
}
