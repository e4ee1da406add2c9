package evidence

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tamga/evidence/timestamp"
	"tamga/internal/tsalab"
)

func lab(t testing.TB) (*tsalab.Authority, *x509.CertPool) {
	t.Helper()
	a, err := tsalab.Start(t.TempDir(), tsalab.Options{})
	if errors.Is(err, tsalab.ErrMissing) {
		t.Skip(err)
	} else if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	roots, err := timestamp.Roots(a.Root)
	if err != nil {
		t.Fatal(err)
	}
	return a, roots
}

// stamp keeps the newest head and a token over it.
func stamp(t testing.TB, dir string, a *tsalab.Authority, roots *x509.CertPool) Stamp {
	t.Helper()
	h, err := KeepHead(dir)
	if err != nil {
		t.Fatal(err)
	}
	c := timestamp.Client{HTTP: http.DefaultClient, Rand: rand.Reader, Roots: roots}
	response, _, err := c.Ask(t.Context(), a.URL, h.Note)
	if err != nil {
		t.Fatal(err)
	}
	s, err := SaveStamp(dir, h.Size, "lab", StampRFC3161, response)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// stampedArchive has stamps of two heads, both in the log, and entries behind.
func stampedArchive(t testing.TB, a *tsalab.Authority, roots *x509.CertPool) string {
	t.Helper()
	dir := initArchive(t)
	for i := range 2 {
		w := openArchive(t, dir, Options{MaxFile: 5 << 10})
		fillArchive(t, w, i*10, 10)
		closeArchive(t, w)
		stamp(t, dir, a, roots)
		w = openArchive(t, dir, Options{})
		if got, err := w.LogStamps(t.Context()); err != nil || len(got) != 1 {
			t.Fatalf("logged %v %v", got, err)
		}
		if last, fresh, err := w.Unsealed(t.Context()); err != nil || fresh || last == 0 {
			t.Errorf("unsealed: %d %v %v", last, fresh, err)
		}
		closeArchive(t, w)
	}
	w := openArchive(t, dir, Options{})
	fillArchive(t, w, 50, 1)
	if _, fresh, err := w.Unsealed(t.Context()); err != nil || !fresh {
		t.Errorf("new entries, and nothing to seal: %v", err)
	}
	closeArchive(t, w)
	return dir
}

func TestStamps(t *testing.T) {
	a, roots := lab(t)
	dir := stampedArchive(t, a, roots)
	r, err := VerifyOptions{Roots: roots}.Verify(t.Context(), dir)
	if err != nil || len(r.Recovered) > 0 || len(r.Timestamps) != 2 || !r.Timestamps[0].Trusted || r.Timestamps[0].Time == nil {
		t.Fatalf("%v %+v", err, r)
	}
	if r := verifyClean(t, dir); len(r.Timestamps) != 2 || r.Timestamps[1].Trusted || !strings.Contains(r.Timestamps[1].What, "not checked") {
		t.Errorf("without roots: %+v", r.Timestamps)
	}
	_, other := lab(t)
	if r, err := (VerifyOptions{Roots: other}).Verify(t.Context(), dir); !errors.Is(err, ErrIntegrity) || len(r.Problems) != 2 {
		t.Errorf("another root: %v %+v", err, r)
	}
}

// A stamp that a crash kept from the log is named, taken in, and no problem.
func TestStampNotLogged(t *testing.T) {
	a, roots := lab(t)
	dir := sample(t)
	s := stamp(t, dir, a, roots)
	if err := os.WriteFile(filepath.Join(dir, stampDir, s.File+".tmp"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := verify(t, dir)
	if !r.OK || len(r.Recovered) != 2 || len(r.Timestamps) != 1 {
		t.Errorf("%+v", r)
	}
	os.Remove(filepath.Join(dir, stampDir, s.File+".tmp"))
	w := openArchive(t, dir, Options{})
	if got, err := w.LogStamps(t.Context()); err != nil || len(got) != 1 {
		t.Errorf("%v %v", got, err)
	}
	if got, err := w.LogStamps(t.Context()); err != nil || len(got) != 0 {
		t.Errorf("logged again: %v %v", got, err)
	}
	closeArchive(t, w)
	verifyClean(t, dir)
	if _, err := SaveStamp(dir, s.Head, "lab", StampRFC3161, []byte("x")); err == nil {
		t.Error("a stamp was replaced")
	}
}

// Every byte of a stamp and of a kept head is under the log.
func TestStampFlips(t *testing.T) {
	a, roots := lab(t)
	dir := stampedArchive(t, a, roots)
	items, err := os.ReadDir(filepath.Join(dir, stampDir))
	if err != nil || len(items) != 4 {
		t.Fatal(items, err)
	}
	for _, d := range items {
		name := filepath.Join(dir, stampDir, d.Name())
		info, err := d.Info()
		if err != nil {
			t.Fatal(err)
		}
		for off := int64(0); off < info.Size(); off += 1 + info.Size()/40 {
			flip(t, name, off, 1<<(off%8))
			wantProblem(t, dir, stampDir+"/"+d.Name(), 0, d.Name())
			flip(t, name, off, 1<<(off%8))
		}
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		os.Remove(name)
		wantProblem(t, dir, stampDir+"/"+d.Name(), 0, d.Name()+" removed")
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	verifyClean(t, dir)
}

func TestStampTamper(t *testing.T) {
	a, roots := lab(t)
	// A log that was begun anew with the same key does not hold the stamped head.
	t.Run("another log", func(t *testing.T) {
		dir := sample(t)
		s := stamp(t, dir, a, roots)
		again := filepath.Join(t.TempDir(), "evidence")
		if err := errors.Join(
			os.MkdirAll(filepath.Join(again, logDir), 0o755), os.MkdirAll(filepath.Join(again, warcDir), 0o755),
			os.CopyFS(filepath.Join(filepath.Dir(again), "keys"), os.DirFS(filepath.Join(filepath.Dir(dir), "keys"))),
			os.CopyFS(filepath.Join(again, stampDir), os.DirFS(filepath.Join(dir, stampDir))),
			os.WriteFile(filepath.Join(again, entriesFile), nil, 0o644), os.WriteFile(filepath.Join(again, hashesFile), nil, 0o644)); err != nil {
			t.Fatal(err)
		}
		key, err := os.ReadFile(filepath.Join(dir, keyFile))
		if err := errors.Join(err, os.WriteFile(filepath.Join(again, keyFile), key, 0o644)); err != nil {
			t.Fatal(err)
		}
		var empty tree
		if _, err := writeHead(again, testSigner(t, dir), 0, empty.root()); err != nil {
			t.Fatal(err)
		}
		wantHead(t, again, s.Head) // shorter
		os.Rename(filepath.Join(again, stampDir), filepath.Join(again, "aside"))
		w := openArchive(t, again, Options{})
		fillArchive(t, w, 100, 60)
		closeArchive(t, w)
		os.Rename(filepath.Join(again, "aside"), filepath.Join(again, stampDir))
		wantHead(t, again, s.Head) // longer, and other
	})
	t.Run("names", func(t *testing.T) {
		for _, name := range []string{"x", "1.head", "000000000000.head", "000000000001.LAB.tsr", "000000000001..tsr", "000000000001.lab.exe", "0000000000001.head"} {
			dir := stampedArchive(t, a, roots)
			if err := os.WriteFile(filepath.Join(dir, stampDir, name), []byte("x"), 0o600); err != nil {
				t.Fatal(err)
			}
			wantProblem(t, dir, stampDir+"/"+name, 0, name)
		}
	})
	t.Run("of another head", func(t *testing.T) {
		dir := stampedArchive(t, a, roots)
		stamps, err := Stamps(dir)
		if err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(filepath.Join(dir, stampDir, stamps[0].File))
		if err != nil {
			t.Fatal(err)
		}
		s, err := SaveStamp(dir, stamps[1].Head, "moved", StampRFC3161, data)
		if err != nil {
			t.Fatal(err)
		}
		wantProblem(t, dir, stampDir+"/"+s.File, 0, "a token of another head")
		w := openArchive(t, dir, Options{})
		if got, err := w.LogStamps(t.Context()); err != nil || len(got) != 0 {
			t.Errorf("taken into the log: %v %v", got, err)
		}
	})
}

func wantHead(t *testing.T, dir string, size int64) {
	t.Helper()
	r, err := Verify(context.Background(), dir, nil)
	file := stampDir + "/" + stampName(size, "", kindHead)
	if !errors.Is(err, ErrIntegrity) || !slices.ContainsFunc(r.Problems, func(p Problem) bool {
		return p.File == file && strings.Contains(p.What, "not the one that was stamped")
	}) {
		t.Errorf("%v %+v", err, r.Problems)
	}
}

// The tokens of one authority come in the order of the heads.
func TestStampOrder(t *testing.T) {
	a, roots := lab(t)
	dir := stampedArchive(t, a, roots)
	v := &verifier{dir: dir}
	v.stamped = verify(t, dir).Timestamps
	late := v.stamped[0].Time.AddDate(0, 0, 1)
	v.stamped[0].Time = &late
	v.stampOrder()
	if len(v.problems) != 1 || v.problems[0].File != v.stamped[1].File {
		t.Errorf("%+v", v.problems)
	}
}

func TestKeepHeadOfNothing(t *testing.T) {
	if _, err := KeepHead(initArchive(t)); err == nil || !strings.Contains(err.Error(), "empty") {
		t.Error(err)
	}
	dir := sample(t)
	h, err := KeepHead(dir)
	if err != nil {
		t.Fatal(err)
	}
	again, err := KeepHead(dir)
	if err != nil || !bytes.Equal(h.Note, again.Note) {
		t.Errorf("%v", err)
	}
}
