package evidence

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
)

// sample is a closed archive of several WARC files.
func sample(t testing.TB) string {
	t.Helper()
	dir := initArchive(t)
	a := openArchive(t, dir, Options{MaxFile: 5 << 10})
	for _, ex := range hostile() {
		put(t, a, ex)
	}
	fillArchive(t, a, 0, 12)
	closeArchive(t, a)
	verifyClean(t, dir)
	return dir
}

func flip(t testing.TB, name string, offset int64, mask byte) {
	t.Helper()
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var b [1]byte
	if _, err := f.ReadAt(b[:], offset); err != nil {
		t.Fatal(err)
	}
	b[0] ^= mask
	if _, err := f.WriteAt(b[:], offset); err != nil {
		t.Fatal(err)
	}
}

// wantProblem wants the fault found in file, not beyond offset, and named as a
// problem and not as something a crash left.
func wantProblem(t *testing.T, dir, file string, offset int64, what string) {
	t.Helper()
	r, err := Verify(context.Background(), dir, nil)
	if !errors.Is(err, ErrIntegrity) || r.OK {
		t.Errorf("%s: not found: %v %+v", what, err, r)
		return
	}
	ok := slices.ContainsFunc(r.Problems, func(p Problem) bool { return p.File == file && p.Offset <= offset })
	if !ok {
		t.Errorf("%s: found, but named %+v", what, r.Problems)
	}
	if len(r.Recovered) > 0 && file != headFile && file != keyFile {
		t.Errorf("%s: taken for a crash: %q", what, r.Recovered)
	}
}

// 200 single bits, at random over all bytes of the archive, and 20 more in each
// file of the log, the small ones of which chance would miss.
func TestFlips(t *testing.T) {
	dir := sample(t)
	type place struct {
		file   string
		offset int64
	}
	var files []place
	total := int64(0)
	for name, size := range archiveFiles(t, dir) {
		files = append(files, place{name, size})
		total += size
	}
	slices.SortFunc(files, func(a, b place) int { return strings.Compare(a.file, b.file) })
	random := rand.New(rand.NewPCG(1, 2))
	var places []place
	for len(places) < 200 {
		at := random.Int64N(total)
		for _, f := range files {
			if at < f.offset {
				places = append(places, place{f.file, at})
				break
			}
			at -= f.offset
		}
	}
	for _, f := range files {
		for range 20 {
			if !strings.HasPrefix(f.file, "log/") {
				break
			}
			places = append(places, place{f.file, random.Int64N(f.offset)})
		}
	}
	for _, p := range places {
		mask := byte(1) << random.IntN(8)
		name := filepath.Join(dir, p.file)
		flip(t, name, p.offset, mask)
		wantProblem(t, dir, p.file, p.offset, fmt.Sprintf("bit %02x of byte %d of %s", mask, p.offset, p.file))
		// A writer must not go on from a damaged log.
		if strings.HasPrefix(p.file, "log/") {
			if a, err := Open(dir, Options{Logger: quiet}); !errors.Is(err, ErrIntegrity) {
				t.Errorf("opened with byte %d of %s changed: %v", p.offset, p.file, err)
				if err == nil {
					a.Close()
				}
			}
		}
		flip(t, name, p.offset, mask)
	}
	verifyClean(t, dir)
}

// Two bits of every byte of the last frame and of the small files.
func TestFlipTheEnd(t *testing.T) {
	dir := sample(t)
	sizes := archiveFiles(t, dir)
	a, err := OpenReader(dir)
	if err != nil {
		t.Fatal(err)
	}
	last := a.st.offsets[a.st.tree.n-1]
	a.Close()
	from := map[string]int64{entriesFile: last, headFile: 0, keyFile: 0, hashesFile: sizes[hashesFile] - 64}
	for file, start := range from {
		for off := start; off < sizes[file]; off++ {
			if file == entriesFile && off > last+frameHead && off%29 != 0 && off < sizes[file]-2 {
				continue // the text is under one hash: samples will do
			}
			for bit := int(off % 4); bit < 8; bit += 4 {
				flip(t, filepath.Join(dir, file), off, 1<<bit)
				st, err := load(context.Background(), dir, false)
				if err != nil {
					t.Fatal(err)
				}
				if len(st.problems) == 0 || st.problems[0].File != file {
					t.Errorf("bit %d of byte %d of %s: %+v", bit, off, file, st.problems)
				}
				flip(t, filepath.Join(dir, file), off, 1<<bit)
			}
		}
	}
}

func TestReadFindsFlips(t *testing.T) {
	dir := sample(t)
	a := openArchive(t, dir, Options{})
	for c, err := range a.Captures(context.Background(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		e, err := a.entry(c.Seq)
		if err != nil {
			t.Fatal(err)
		}
		r := e.Records[len(e.Records)-1]
		flip(t, a.warcPath(r.File), r.end()-1, 1)
		if _, _, err := a.Read(context.Background(), c.Seq); !errors.Is(err, ErrIntegrity) {
			t.Errorf("read of a changed record: %v", err)
		}
		flip(t, a.warcPath(r.File), r.end()-1, 1)
	}
}

func TestTamper(t *testing.T) {
	first, second := "warc/"+warcName(0), "warc/"+warcName(1)
	for name, tc := range map[string]struct {
		file   string // named in the report
		tamper func(t *testing.T, dir string) error
	}{
		"head deleted":       {headFile, remove(headFile)},
		"key deleted":        {keyFile, remove(keyFile)},
		"hashes deleted":     {hashesFile, remove(hashesFile)},
		"entries deleted":    {entriesFile, remove(entriesFile)},
		"file deleted":       {second, remove(second)},
		"file added":         {"warc/extra.warc.gz", write("warc/extra.warc.gz", "x")},
		"far file added":     {"warc/" + warcName(999), write("warc/"+warcName(999), "x")},
		"log file added":     {"log/extra", write("log/extra", "x")},
		"bytes added":        {first, grow(first, "x")},
		"entries cut":        {entriesFile, cut(entriesFile, 100)},
		"entries emptied":    {entriesFile, cut(entriesFile, 1<<40)},
		"hashes cut":         {hashesFile, cut(hashesFile, 33)},
		"file cut":           {first, cut(first, 1)},
		"folder for a file":  {"warc/x", func(t *testing.T, dir string) error { return os.Mkdir(filepath.Join(dir, "warc/x"), 0o755) }},
		"garbage in the log": {entriesFile, grow(entriesFile, strings.Repeat("garbage ", 20))},
		"files swapped": {first, func(t *testing.T, dir string) error {
			tmp := filepath.Join(dir, "tmp")
			return errors.Join(os.Rename(filepath.Join(dir, first), tmp), os.Rename(filepath.Join(dir, second), filepath.Join(dir, first)),
				os.Rename(tmp, filepath.Join(dir, second)))
		}},
		"another log's head and key": {entriesFile, func(t *testing.T, dir string) error {
			other := sample(t)
			for _, f := range []string{headFile, keyFile} {
				b, err := os.ReadFile(filepath.Join(other, f))
				if err := errors.Join(err, os.WriteFile(filepath.Join(dir, f), b, 0o644)); err != nil {
					return err
				}
			}
			return nil
		}},
		"another log's head": {headFile, func(t *testing.T, dir string) error {
			b, err := os.ReadFile(filepath.Join(sample(t), headFile))
			return errors.Join(err, os.WriteFile(filepath.Join(dir, headFile), b, 0o644))
		}},
		"an entry rewritten with its hashes": {entriesFile, rewriteEntry},
		"a head over more than the log": {entriesFile, func(t *testing.T, dir string) error {
			_, err := writeHead(dir, testSigner(t, dir), 1000, [32]byte{1})
			return err
		}},
		"a head with text added": {headFile, func(t *testing.T, dir string) error {
			msg, err := os.ReadFile(filepath.Join(dir, headFile))
			if err != nil {
				return err
			}
			text, _, _ := strings.Cut(string(msg), "\n\n")
			msg, err = note.Sign(&note.Note{Text: text + "\nmore\n"}, testSigner(t, dir))
			return errors.Join(err, os.WriteFile(filepath.Join(dir, headFile), msg, 0o644))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := sample(t)
			if err := tc.tamper(t, dir); err != nil {
				t.Fatal(err)
			}
			r, err := Verify(context.Background(), dir, nil)
			if !errors.Is(err, ErrIntegrity) || r.OK {
				t.Fatalf("not found: %v %+v", err, r)
			}
			if !slices.ContainsFunc(r.Problems, func(p Problem) bool { return p.File == tc.file }) {
				t.Errorf("named %+v", r.Problems)
			}
			before := archiveFiles(t, dir)
			a, err := Open(dir, Options{Logger: quiet})
			if err == nil {
				a.Close()
			}
			// Bytes inside of the WARC files are for Verify alone to find.
			if !errors.Is(err, ErrIntegrity) && name != "files swapped" {
				t.Errorf("open: %v", err)
			}
			if after := archiveFiles(t, dir); fmt.Sprint(before) != fmt.Sprint(after) {
				t.Errorf("open of a damaged archive changed it: %v to %v", before, after)
			}
		})
	}
}

func testSigner(t *testing.T, dir string) note.Signer {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(filepath.Dir(dir), "keys", "log.key"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := note.NewSigner(strings.TrimSpace(string(b)))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func remove(file string) func(*testing.T, string) error {
	return func(t *testing.T, dir string) error { return os.Remove(filepath.Join(dir, file)) }
}

func write(file, text string) func(*testing.T, string) error {
	return func(t *testing.T, dir string) error {
		return os.WriteFile(filepath.Join(dir, file), []byte(text), 0o644)
	}
}

func grow(file, text string) func(*testing.T, string) error {
	return func(t *testing.T, dir string) error {
		f, err := os.OpenFile(filepath.Join(dir, file), os.O_WRONLY|os.O_APPEND, 0)
		if err != nil {
			return err
		}
		_, err = f.WriteString(text)
		return errors.Join(err, f.Close())
	}
}

func cut(file string, n int64) func(*testing.T, string) error {
	return func(t *testing.T, dir string) error {
		name := filepath.Join(dir, file)
		info, err := os.Stat(name)
		if err != nil {
			return err
		}
		return os.Truncate(name, max(0, info.Size()-n))
	}
}

// rewriteEntry changes the operator of one capture and makes every hash that
// needs no key right again.
func rewriteEntry(t *testing.T, dir string) error {
	f, size, err := openSized(filepath.Join(dir, entriesFile))
	if err != nil {
		return err
	}
	defer f.Close()
	frames := newFrameReader(f, 0, size)
	var entries, hashes []byte
	var tr tree
	for {
		text, _, err := frames.next()
		if err != nil {
			break
		}
		if tr.n == 5 {
			text = []byte(strings.Replace(string(text), `"operator":"analyst"`, `"operator":"nobody!"`, 1))
			if !json.Valid(text) || !strings.Contains(string(text), "nobody!") {
				return errors.New("nothing rewritten")
			}
		}
		frame, leaf := appendFrame(nil, text)
		entries = append(entries, frame...)
		for _, h := range tr.append(leaf) {
			hashes = append(hashes, h[:]...)
		}
	}
	return errors.Join(os.WriteFile(filepath.Join(dir, entriesFile), entries, 0o644), os.WriteFile(filepath.Join(dir, hashesFile), hashes, 0o644))
}
