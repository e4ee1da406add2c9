package evidence

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
)

// quoted is an archive with claims that quote a page; it returns their numbers.
func quoted(t testing.TB) (dir string, a *Archive, claims []int64) {
	t.Helper()
	dir, a, _ = duplicated(t)
	for i := range 3 {
		seq, err := a.Claim(t.Context(), "alert", json.RawMessage(fmt.Sprintf(`{"subject":"plantedword %d","wallet":"demo"}`, i)))
		if err != nil {
			t.Fatal(err)
		}
		claims = append(claims, seq)
		put(t, a, page(fmt.Sprintf("/after/%d", i), "<html>after</html>"))
	}
	if err := a.Sync(); err != nil {
		t.Fatal(err)
	}
	return dir, a, claims
}

func TestWithdraw(t *testing.T) {
	dir, a, claims := quoted(t)
	before, err := a.Prove(claims[1])
	if err != nil {
		t.Fatal(err)
	}
	other, err := a.Exhibit(claims[2])
	if err != nil {
		t.Fatal(err)
	}
	old, err := a.Head()
	if err != nil {
		t.Fatal(err)
	}
	n, err := a.Withdraw(t.Context(), []int64{claims[1], claims[0], claims[1]}, reason)
	if err != nil || len(n) != 1 {
		t.Fatalf("%v %v", n, err)
	}
	if n, err := a.Withdraw(t.Context(), claims[:2], reason); err != nil || len(n) != 0 {
		t.Errorf("again: %v %v", n, err)
	}
	if _, err := a.Withdraw(t.Context(), n, reason); err == nil {
		t.Error("a tombstone was withdrawn")
	}
	if _, err := a.Withdraw(t.Context(), allCaptures(t, a)[:1], reason); err == nil {
		t.Error("a capture was withdrawn")
	}
	check := func(a *Archive) {
		t.Helper()
		var left []int64
		for c, err := range a.Claims(t.Context(), 0) {
			if err != nil {
				t.Fatal(err)
			}
			if c.Kind == "alert" {
				left = append(left, c.Seq)
			}
		}
		if len(left) != 1 || left[0] != claims[2] || !a.Withdrawn(claims[0]) || a.Withdrawn(claims[2]) {
			t.Errorf("claims left: %v", left)
		}
		// The log is the same: what was proven still is, of that entry too.
		if p, err := a.Prove(claims[1]); err != nil || p.Leaf != before.Leaf || p.Check(claims[1]) != nil {
			t.Errorf("%+v %v", p, err)
		}
		if x, err := a.Exhibit(claims[2]); err != nil || x.Entry != other.Entry {
			t.Errorf("%v", err)
		}
		if _, err := a.Exhibit(claims[0]); !errors.Is(err, ErrRemoved) {
			t.Errorf("%v", err)
		}
	}
	check(a)
	closeArchive(t, a)
	if b := must(t, dir, entriesFile); bytes.Contains(b, []byte("plantedword 0")) || bytes.Contains(b, []byte("plantedword 1")) || !bytes.Contains(b, []byte("plantedword 2")) {
		t.Error("the text is there, or that of another claim is not")
	}
	if r := verifyClean(t, dir); r.Withdrawn != 2 {
		t.Errorf("%+v", r)
	}
	reader, err := OpenReader(dir)
	if err != nil {
		t.Fatal(err)
	}
	check(reader)
	now, err := reader.Head()
	if err != nil {
		t.Fatal(err)
	}
	if p, err := reader.proveHead(old.Size, now.Size); err != nil || tlog.CheckTree(p, now.Size, now.Root, old.Size, old.Root) != nil {
		t.Errorf("the log does not continue the one before: %v", err)
	}
	reader.Close()
	a = openArchive(t, dir, Options{})
	check(a)
	closeArchive(t, a)

	// The text back in its place, a blank that no tombstone names, and each byte
	// of a blank.
	entries := must(t, dir, entriesFile)
	change := func(what string, f func([]byte)) {
		t.Helper()
		b := bytes.Clone(entries)
		f(b)
		if err := os.WriteFile(filepath.Join(dir, entriesFile), b, 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := Verify(t.Context(), dir, nil)
		if !errors.Is(err, ErrIntegrity) || len(r.Problems) == 0 || r.Problems[0].File != entriesFile {
			t.Errorf("%s: %v %+v", what, err, r)
		}
	}
	frame := func(seq int64) (from, to int64) {
		st, err := load(t.Context(), dir, false)
		if err != nil {
			t.Fatal(err)
		}
		return st.offsets[seq] + frameHead, st.offsets[seq+1] - 1
	}
	from, to := frame(claims[0])
	other0, other1 := frame(claims[2])
	for i := from; i < to; i++ {
		change(fmt.Sprintf("byte %d", i), func(b []byte) { b[i] ^= 1 })
	}
	change("a blank without a tombstone", func(b []byte) { copy(b[other0:other1], blankText(claims[2], int(other1-other0))) })
}

// A copy made before holds the text: putting it back is found.
func TestWithdrawnTextPutBack(t *testing.T) {
	dir, a, claims := quoted(t)
	if err := a.Sync(); err != nil {
		t.Fatal(err)
	}
	before := must(t, dir, entriesFile)
	if _, err := a.Withdraw(t.Context(), claims, reason); err != nil {
		t.Fatal(err)
	}
	closeArchive(t, a)
	after := must(t, dir, entriesFile)
	copy(after, before)
	if err := os.WriteFile(filepath.Join(dir, entriesFile), after, 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := Verify(t.Context(), dir, nil)
	if !errors.Is(err, ErrIntegrity) || len(r.Problems) != 3 || !strings.Contains(r.Problems[0].What, "says that it was removed") {
		t.Errorf("%v %+v", err, r)
	}
}

// Whatever of the writing reached the disk, verify is content and the next writer
// finishes.
func TestWithdrawKilled(t *testing.T) {
	dir, a, claims := quoted(t)
	stop := errors.New("killed")
	a.opt.open = func(string, int) (file, error) { return nil, stop }
	if _, err := a.Withdraw(t.Context(), claims, reason); !errors.Is(err, stop) {
		t.Fatal(err)
	}
	a.closeFiles()
	st, err := load(t.Context(), dir, false)
	if err != nil {
		t.Fatal(err)
	}
	entries := must(t, dir, entriesFile)
	off := st.offsets[claims[1]] + frameHead
	blank := blankText(claims[1], int(st.offsets[claims[1]+1]-1-off))
	for _, n := range []int{0, 1, 5, 9, 20, 30, len(blank) - 1, len(blank)} {
		torn := bytes.Clone(entries)
		copy(torn[off:], blank[:n])
		if err := os.WriteFile(filepath.Join(dir, entriesFile), torn, 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := Verify(t.Context(), dir, nil)
		if err != nil || len(r.Recovered) < 2 {
			t.Errorf("%d bytes written: %v %+v", n, err, r)
		}
		reader, err := OpenReader(dir)
		if err != nil {
			t.Fatal(err)
		}
		if got := len(allCaptures(t, reader)); got == 0 {
			t.Errorf("%d bytes written: nothing read", n)
		}
		reader.Close()
	}
	closeArchive(t, openArchive(t, dir, Options{}))
	if r := verifyClean(t, dir); r.Withdrawn != 3 || len(r.Recovered) > 0 {
		t.Errorf("%+v", r)
	}
	if bytes.Contains(must(t, dir, entriesFile), []byte("plantedword")) {
		t.Error("the text is there")
	}
}
