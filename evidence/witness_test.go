package evidence

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
)

var looked = time.Date(2026, 3, 1, 13, 0, 0, 0, time.UTC)

func witnessed(t *testing.T) (dir, seen string, w *Witness) {
	t.Helper()
	w, err := NewWitness("witness/demo", chacha())
	if err != nil {
		t.Fatal(err)
	}
	return sample(t), filepath.Join(t.TempDir(), "seen", "x.head"), w
}

func TestWitness(t *testing.T) {
	dir, seen, w := witnessed(t)
	again, err := ReadWitness(w.Secret() + "\n")
	if err != nil || again.Verifier() != w.Verifier() {
		t.Fatalf("%v", err)
	}
	v, err := ParseWitness(w.Verifier())
	if err != nil {
		t.Fatal(err)
	}
	c, err := w.Cosign(dir, seen, looked)
	if err != nil {
		t.Fatal(err)
	}
	// It is a signed note of two signatures, which the library of the format opens.
	log, err := readKey(dir)
	if err != nil {
		t.Fatal(err)
	}
	b := must(t, dir, stampDir+"/"+c.File)
	n, err := note.Open(b, note.VerifierList(log, v))
	if err != nil || len(n.Sigs) != 2 || n.Sigs[1].Name != "witness/demo" {
		t.Fatalf("%v %+v", err, n)
	}
	opt := VerifyOptions{Witnesses: []note.Verifier{v}}
	r, err := opt.Verify(t.Context(), dir)
	if err != nil || len(r.Timestamps) != 1 || !r.Timestamps[0].Trusted || !r.Timestamps[0].Time.Equal(looked) {
		t.Fatalf("%v %+v", err, r)
	}
	// Every byte counts.
	for off := 0; off < len(b); off += 3 {
		name := filepath.Join(dir, stampDir, c.File)
		flip(t, name, int64(off), 1<<(off%8))
		if r, err := opt.Verify(t.Context(), dir); !errors.Is(err, ErrIntegrity) && r.Timestamps[0].Trusted {
			t.Errorf("byte %d: %v", off, err)
		}
		flip(t, name, int64(off), 1<<(off%8))
	}
	if again, err := w.Cosign(dir, seen, looked.Add(time.Hour)); err != nil || again.File != c.File || again.Since != c.Head {
		t.Errorf("%+v %v", again, err)
	}
}

// A log that was written anew with the same key is not cosigned, shorter or longer.
func TestWitnessRefuses(t *testing.T) {
	dir, seen, w := witnessed(t)
	if _, err := w.Cosign(dir, seen, looked); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(seen)
	if err != nil {
		t.Fatal(err)
	}
	if err := rewriteEntry(t, dir); err != nil {
		t.Fatal(err)
	}
	st, err := load(t.Context(), dir, false)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := writeHead(dir, testSigner(t, dir), st.tree.n, st.tree.root()); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Cosign(dir, seen, looked); !errors.Is(err, ErrIntegrity) {
		t.Errorf("a rewritten log: %v", err)
	}
	if after, err := os.ReadFile(seen); err != nil || !bytes.Equal(before, after) {
		t.Errorf("what was seen has changed: %v", err)
	}
	other := sample(t)
	if _, err := w.Cosign(other, seen, looked); err == nil || !strings.Contains(err.Error(), "not of this log") {
		t.Errorf("another log: %v", err)
	}
}

func TestWitnessKeys(t *testing.T) {
	for _, s := range []string{"", "a", "a+b", "a+00000000+AAAA", "PRIVATE+WITNESS+", "PRIVATE+WITNESS+a+b"} {
		if _, err := ParseWitness(s); err == nil {
			t.Errorf("%q is taken for a public key", s)
		}
		if _, err := ReadWitness(s); err == nil {
			t.Errorf("%q is taken for a key", s)
		}
	}
	for _, name := range []string{"", "a b", "a+b"} {
		if _, err := NewWitness(name, chacha()); err == nil {
			t.Errorf("%q is taken for a name", name)
		}
	}
}
