package evidence

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"tamga"
)

func TestProve(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "evidence")
	if err := Init(dir, "demo"); err != nil {
		t.Fatal(err)
	}
	a, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	for i := range 20 {
		_, err := a.Put(t.Context(), &tamga.Exchange{
			URL: fmt.Sprintf("http://demo.example/%d", i), Route: tamga.RouteLocal, Outcome: tamga.OutcomeRefused,
			RequestHead: []byte("GET / HTTP/1.1\r\n\r\n"),
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := a.Sync(); err != nil {
		t.Fatal(err)
	}
	n := a.Len()
	for seq := range n {
		p, err := a.Prove(seq)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Check(seq); err != nil {
			t.Errorf("entry %d: %v", seq, err)
		}
		if err := p.Check((seq + 1) % n); err == nil {
			t.Errorf("the proof of entry %d also proves another", seq)
		}
		p.Leaf = tlog.RecordHash([]byte("forged"))
		if err := p.Check(seq); err == nil {
			t.Errorf("a forged leaf passes for entry %d", seq)
		}
	}
	if _, err := a.Prove(n); !errors.Is(err, ErrNotFound) {
		t.Errorf("entry beyond the head: %v, want ErrNotFound", err)
	}
}
