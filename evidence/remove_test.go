package evidence

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tamga"
)

var reason = json.RawMessage(`{"source":"demo","retention":"365d"}`)

// duplicated is an archive in which "same" is captured three times, first as
// capture a, and other pages stand around.
func duplicated(t testing.TB) (dir string, a *Archive, same [3]int64) {
	t.Helper()
	dir = initArchive(t)
	a = openArchive(t, dir, Options{MaxFile: 6 << 10})
	for i := range same {
		same[i] = put(t, a, page(fmt.Sprintf("/same/%d", i), "<html>the same fictional page of rules</html>"+strings.Repeat("<p>rule</p>", 50))).Seq
		for j := range 4 {
			put(t, a, page(fmt.Sprintf("/page/%d/%d", i, j), fmt.Sprintf("<html>offer of secretseller %d %d %s</html>", i, j, noise(300))))
		}
	}
	put(t, a, &tamga.Exchange{URL: "http://demomarket.onion/no", Route: tamga.RouteTor, Outcome: tamga.OutcomeRefused, Requested: page("", "").Requested})
	put(t, a, &tamga.Exchange{URL: "http://demomarket.onion/half", Route: tamga.RouteTor, Outcome: tamga.OutcomeReset, Requested: page("", "").Requested, RequestHead: []byte("GET / HTTP/1.1\r\n\r\n")})
	big := page("/big", noise(200_000))
	put(t, a, big)
	return dir, a, same
}

// warcText is everything that stands in the WARC files, unpacked.
func warcText(t testing.TB, dir string) string {
	t.Helper()
	var all strings.Builder
	for _, name := range slices.Sorted(maps.Keys(archiveFiles(t, dir))) {
		if strings.HasPrefix(name, "warc/") {
			all.Write(gunzip(t, must(t, dir, name)))
		}
	}
	return all.String()
}

func TestRemove(t *testing.T) {
	dir, a, same := duplicated(t)
	seqs := allCaptures(t, a)
	gone := append([]int64{same[0]}, seqs[len(seqs)-3:]...)
	for _, s := range seqs {
		if c, err := a.Capture(s); err != nil || strings.Contains(c.URL, "/page/1/") {
			gone = append(gone, s)
		}
	}
	sizes := archiveFiles(t, dir)
	sum, err := a.Remove(t.Context(), gone, reason)
	if err != nil || sum.Captures != int64(len(gone)) || sum.Carried != 1 || len(sum.Tombstones) != 1 || sum.Bytes == 0 {
		t.Fatalf("%+v %v", sum, err)
	}
	if again, err := a.Remove(t.Context(), gone, reason); err != nil || again.Captures != 0 {
		t.Errorf("removed again: %+v %v", again, err)
	}
	// What was removed is gone, what was not is there; files before the last have
	// their lengths.
	text := warcText(t, dir)
	if strings.Contains(text, "secretseller 1 ") || strings.Contains(text, "/page/1/2") || !strings.Contains(text, "secretseller 2 ") {
		t.Error("the bytes are not removed, or others are")
	}
	for name, size := range archiveFiles(t, dir) {
		if before, ok := sizes[name]; ok && strings.HasPrefix(name, "warc/") && size < before {
			t.Errorf("%s shrank", name)
		}
	}
	check := func(a *Archive) {
		t.Helper()
		left := allCaptures(t, a)
		for _, s := range seqs {
			ex, c, err := a.Read(t.Context(), s)
			if slices.Contains(gone, s) {
				if !errors.Is(err, ErrRemoved) || !errors.Is(err, ErrNotFound) || slices.Contains(left, s) {
					t.Errorf("capture %d: %v", s, err)
				}
			} else if err != nil || int64(len(ex.Body)) != c.Size || !slices.Contains(left, s) {
				t.Errorf("capture %d: %v", s, err)
			}
		}
		n := 0
		if err := a.Replay(t.Context(), 0, func(c tamga.Capture, ex *tamga.Exchange) error {
			if slices.Contains(gone, c.Seq) && (len(ex.Body) > 0 || len(ex.RequestHead) > 0 || ex.URL != c.URL) {
				t.Errorf("replay of removed capture %d", c.Seq)
			}
			n++
			return nil
		}); err != nil || n != len(seqs) {
			t.Errorf("replayed %d of %d: %v", n, len(seqs), err)
		}
		if got, ok := a.Find(tamga.DigestOf([]byte("<html>the same fictional page of rules</html>" + strings.Repeat("<p>rule</p>", 50)))); !ok || got != same[1] {
			t.Errorf("found %d %v", got, ok)
		}
	}
	check(a)
	closeArchive(t, a)
	r := verifyClean(t, dir)
	if r.Removed != int64(len(gone)) || r.Captures != int64(len(seqs)) {
		t.Errorf("%+v", r)
	}
	reader, err := OpenReader(dir)
	if err != nil {
		t.Fatal(err)
	}
	check(reader)
	reader.Close()
	// Independent readers take the files.
	for name := range archiveFiles(t, dir) {
		if strings.HasPrefix(name, "warc/") {
			b := must(t, dir, name)
			if rep, err := VerifyWARC(t.Context(), bytes.NewReader(b), int64(len(b))); err != nil {
				t.Errorf("%s: %v %+v", name, err, rep)
			}
		}
	}
	// The same payload is stored anew, then referred to again.
	a = openArchive(t, dir, Options{})
	for i := range 2 {
		c := put(t, a, page(fmt.Sprintf("/again/%d", i), "<html>the same fictional page of rules</html>"+strings.Repeat("<p>rule</p>", 50)))
		if e, err := a.entry(c.Seq); err != nil || (e.Revisit != nil) != (i == 1) {
			t.Errorf("capture %d: revisit %v %v", i, e.Revisit, err)
		}
	}
	// When nobody needs the carried payload any more, it goes too.
	sum, err = a.Remove(t.Context(), []int64{same[1], same[2]}, reason)
	if err != nil || sum.Captures != 2 {
		t.Fatalf("%+v %v", sum, err)
	}
	closeArchive(t, a)
	if r := verifyClean(t, dir); r.Removed != int64(len(gone))+3 {
		t.Errorf("removed %d", r.Removed)
	}
}

func TestRemoveAndExport(t *testing.T) {
	dir, a, same := duplicated(t)
	if _, err := a.Remove(t.Context(), []int64{same[0]}, reason); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	sum, err := a.ExportWACZ(t.Context(), &b, WACZOptions{Captures: same[:]})
	if err != nil || sum.Captures != 2 || sum.Removed != 1 {
		t.Fatalf("%+v %v", sum, err)
	}
	if r, err := verifyWACZ(b.Bytes()); err != nil || r.Captures != 2 {
		t.Errorf("%v %+v", err, r)
	}
	closeArchive(t, a)
	verifyClean(t, dir)
}

// Every bit of a tombstone counts, and so do the claims.
func TestTombstoneFlips(t *testing.T) {
	dir, a, same := duplicated(t)
	if _, err := a.Remove(t.Context(), []int64{same[0], same[1] + 1}, reason); err != nil {
		t.Fatal(err)
	}
	regions := []removal{a.st.removed[same[0]], a.st.removed[same[1]+1]}
	claim := a.st.offsets[regions[0].claim]
	closeArchive(t, a)
	for _, r := range regions {
		file := "warc/" + r.File
		for off := r.Offset; off < r.Offset+r.Length; off += 17 {
			flip(t, filepath.Join(dir, file), off, 1<<(off%8))
			wantProblem(t, dir, file, r.Offset, "a flipped tombstone")
			flip(t, filepath.Join(dir, file), off, 1<<(off%8))
		}
	}
	for off := claim; off < claim+600; off += 31 {
		flip(t, filepath.Join(dir, entriesFile), off, 2)
		wantProblem(t, dir, entriesFile, off, "a flipped claim")
		flip(t, filepath.Join(dir, entriesFile), off, 2)
	}
	verifyClean(t, dir)
}

// Killed after any number of bytes: the next writer finishes, and what was not
// to be removed is there.
func TestRemoveKilled(t *testing.T) {
	dir, a, same := duplicated(t)
	seqs := allCaptures(t, a)
	closeArchive(t, a)
	gone := []int64{same[0], same[0] + 2, same[1], seqs[len(seqs)-2]}
	finished, unfinished := 0, 0
	for n := int64(0); finished < 2; n += 211 {
		work := copyArchive(t, dir)
		q := &quota{left: n, noUndo: true}
		w, err := Open(work, Options{Logger: quiet, open: q.open})
		if err != nil {
			t.Fatal(err)
		}
		_, err = w.Remove(t.Context(), gone, reason)
		if err == nil {
			finished++
		}
		w.closeFiles() // and no more: it was killed
		r, err := Verify(context.Background(), work, nil)
		if err != nil {
			t.Fatalf("killed after %d bytes: %v %+v", n, err, r)
		}
		if slices.ContainsFunc(r.Recovered, func(s string) bool { return strings.Contains(s, "not finished") }) {
			unfinished++
		}
		w = openArchive(t, work, Options{})
		for _, s := range seqs {
			ex, c, err := w.Read(t.Context(), s)
			if errors.Is(err, ErrRemoved) && slices.Contains(gone, s) {
				continue
			}
			if err != nil || int64(len(ex.Body)) != c.Size {
				t.Fatalf("killed after %d bytes: capture %d: %v", n, s, err)
			}
		}
		if _, err := w.Remove(t.Context(), gone, reason); err != nil {
			t.Fatalf("killed after %d bytes, and again: %v", n, err)
		}
		closeArchive(t, w)
		if r := verifyClean(t, work); r.Removed < int64(len(gone)) {
			t.Fatalf("killed after %d bytes: %+v", n, r)
		}
		os.RemoveAll(filepath.Dir(work))
	}
	if unfinished < 5 {
		t.Errorf("only %d kills met the overwriting", unfinished)
	}
}

func TestTombstoneMember(t *testing.T) {
	e := &entry{Capture: tamga.Capture{Seq: 3, Requested: page("", "").Requested}, Records: []record{{ID: "01234567-89ab-4cde-8123-456789abcdef"}}}
	least := int64(0)
	for n := int64(1); n < 400; n++ {
		if b, err := tombstoneMember(e, n); err == nil {
			least = n
			if int64(len(b)) != n {
				t.Fatal(len(b))
			}
			break
		}
	}
	if least == 0 || least > 210 {
		t.Fatalf("the least tombstone has %d bytes", least)
	}
	lengths := []int64{least + 1, 1000, 60_000, 65_536, 65_600, 131_000, 131_070, 131_140, 200_000, 1 << 20, 5_000_003}
	for d := int64(-12); d < 12; d++ {
		lengths = append(lengths, least+mostPadding+d, least+maxStored+d, least+2*(maxStored+5)+d, least+mostPadding+maxStored+5+d)
	}
	for _, n := range lengths {
		b, err := tombstoneMember(e, n)
		if err != nil || int64(len(b)) != n {
			t.Errorf("%d bytes: %d %v", n, len(b), err)
			continue
		}
		if err := readMember(bytes.NewReader(b), func(w *warcRecord) error {
			if w.get("WARC-Type") != "metadata" || w.get("WARC-Record-ID") != "<urn:uuid:"+e.Records[0].ID+">" {
				return errors.New(fmt.Sprint(w.fields))
			}
			block, err := io.ReadAll(w)
			if strings.Trim(string(block), "\x00") != "" {
				return errors.New("the block is not zeros")
			}
			return err
		}); err != nil {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
}

func TestRemoveRefusals(t *testing.T) {
	_, a, same := duplicated(t)
	if _, err := a.Remove(t.Context(), []int64{same[0], 0}, reason); !errors.Is(err, ErrNotFound) {
		t.Errorf("a warcinfo is no capture: %v", err)
	}
	if _, err := a.Remove(t.Context(), []int64{same[0]}, json.RawMessage("{")); err == nil {
		t.Error("a reason that is not JSON")
	}
	if a.Removed(same[0]) {
		t.Error("something was removed")
	}
}

// Whoever holds the key may write any tombstone. One that is not of the records of
// an entry is a problem, and no byte is overwritten for it.
func TestForgedTombstones(t *testing.T) {
	for name, forge := range map[string]func(*Archive, *removal){
		"of a warcinfo":     func(a *Archive, r *removal) { r.Seq = 0 },
		"of a claim":        func(a *Archive, r *removal) { r.Seq = a.Len() - 1 },
		"of other bytes":    func(a *Archive, r *removal) { r.Offset++ },
		"of less":           func(a *Archive, r *removal) { r.Length-- },
		"of another file":   func(a *Archive, r *removal) { r.File = warcName(1) },
		"out of the folder": func(a *Archive, r *removal) { r.File = "../../keys/log.key" },
		"of the future":     func(a *Archive, r *removal) { r.Seq = 1 << 40 },
		"below zero":        func(a *Archive, r *removal) { r.Offset = -1 },
	} {
		dir, a, same := duplicated(t)
		if _, err := a.Claim(t.Context(), "note", json.RawMessage(`1`)); err != nil {
			t.Fatal(err)
		}
		r, err := a.plan(same[0], inheritance{})
		if err != nil {
			t.Fatal(err)
		}
		forge(a, &r)
		text, err := encodeEntry(tombstoneData{Reason: reason, Removed: []removal{r}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := a.Claim(t.Context(), claimTombstone, text); err != nil {
			t.Fatal(err)
		}
		closeArchive(t, a)
		before := warcText(t, dir)
		if rep, err := Verify(context.Background(), dir, nil); !errors.Is(err, ErrIntegrity) {
			t.Errorf("%s: %v %+v", name, err, rep)
		}
		if w, err := Open(dir, Options{Logger: quiet}); !errors.Is(err, ErrIntegrity) {
			t.Errorf("%s: opened: %v", name, err)
			w.Close()
		}
		if warcText(t, dir) != before {
			t.Errorf("%s: something was overwritten", name)
		}
	}
}
