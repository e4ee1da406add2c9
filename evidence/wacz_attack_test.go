package evidence

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// zipOf writes files into a zip, in order, by method.
func zipOf(t testing.TB, method uint16, files ...[2]string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, f := range files {
		w, err := z.CreateHeader(&zip.FileHeader{Name: f[0], Method: method})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, f[1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// zipMembers are the files of a zip, in order.
func zipMembers(t testing.TB, b []byte) (out [][2]string) {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, [2]string{f.Name, string(data)})
	}
	return out
}

// Zip files that mean harm are refused, with the file named, and before they are unpacked.
func TestWACZHostile(t *testing.T) {
	b, _ := exported(t, sample(t), func(all []int64) []int64 { return all[len(all)-4:] })
	good := zipMembers(t, b)
	plus := func(files ...[2]string) []byte {
		return zipOf(t, zip.Store, append(append([][2]string{}, good...), files...)...)
	}
	pkg := func(path string, n int64) [2]string {
		text, err := json.Marshal(map[string]any{"resources": []waczResource{{Name: path, Path: path, Hash: "sha256:00", Bytes: n}}})
		if err != nil {
			t.Fatal(err)
		}
		return [2]string{waczPackage, string(text)}
	}
	zeros := strings.Repeat("\x00", 96<<20)
	// The directory names the data of the first file many times over.
	overlap := zipOf(t, zip.Store, [2]string{"a", strings.Repeat("x", 5000)}, [2]string{"b", "y"}, [2]string{"c", "z"})
	for _, name := range []string{"b", "c"} {
		i := bytes.LastIndex(overlap, []byte("PK\x01\x02"))
		if name == "b" {
			i = bytes.LastIndex(overlap[:i], []byte("PK\x01\x02"))
		}
		copy(overlap[i+20:], []byte{0x88, 0x13, 0, 0, 0x88, 0x13, 0, 0}) // 5000 bytes
	}
	for name, tc := range map[string]struct {
		zip  []byte
		file string
	}{
		"twice":            {plus([2]string{waczManifest, "{}"}), waczManifest},
		"WARC twice":       {plus(good[0]), good[0][0]},
		"path upwards":     {plus([2]string{"../../etc/passwd", "x"}), "../../etc/passwd"},
		"absolute path":    {plus([2]string{"/etc/passwd", "x"}), "/etc/passwd"},
		"path with dots":   {plus([2]string{"archive/../x", "x"}), "archive/../x"},
		"backslashes":      {plus([2]string{`..\x`, "x"}), `..\x`},
		"unlisted":         {plus([2]string{"archive/more.warc.gz", "x"}), "archive/more.warc.gz"},
		"bomb as package":  {zipOf(t, zip.Deflate, [2]string{waczPackage, zeros}), waczPackage},
		"bomb as resource": {zipOf(t, zip.Deflate, pkg("x", 1<<50), [2]string{"x", zeros}), "x"},
		"overlap":          {overlap, "b"},
		"no package":       {zipOf(t, zip.Store, [2]string{"x", "y"}), waczPackage},
	} {
		r, err := verifyWACZ(tc.zip)
		if !errors.Is(err, ErrIntegrity) || len(r.Problems) == 0 || r.Problems[0].File != tc.file {
			t.Errorf("%s: %v %+v", name, err, r.Problems)
		}
	}
}

// What another export of the same log has, rightly signed, does not pass for this
// one's.
func TestWACZSwapped(t *testing.T) {
	dir := sample(t)
	one, _ := exported(t, dir, func(all []int64) []int64 { return all[len(all)-4:] })
	two, _ := exported(t, dir, func(all []int64) []int64 { return all[len(all)-5:] })
	other := zipMembers(t, two)
	for i, f := range zipMembers(t, one) {
		if f[1] == other[i][1] {
			continue // the key, and the pages where they are the same
		}
		mixed := zipMembers(t, one)
		mixed[i] = other[i]
		if r, err := verifyWACZ(zipOf(t, zip.Store, mixed...)); !errors.Is(err, ErrIntegrity) || len(r.Problems) == 0 || r.Problems[0].File == "" && f[0] != waczSignature {
			t.Errorf("%s of another export: %v %+v", f[0], err, r.Problems)
		}
	}
}

// A cosignature by another witness, or of another head, in the place of one.
func TestCosignatureReplaced(t *testing.T) {
	dir := sample(t)
	seen := t.TempDir()
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	var keys []string
	var files [][]byte
	for i := range 2 {
		w, err := NewWitness(fmt.Sprintf("witness/%d", i), chacha2(byte(i)))
		if err != nil {
			t.Fatal(err)
		}
		c, err := w.Cosign(dir, fmt.Sprintf("%s/%d", seen, i), at)
		if err != nil {
			t.Fatal(err)
		}
		b, err := ReadStamp(dir, c.Stamp)
		if err != nil {
			t.Fatal(err)
		}
		keys, files = append(keys, w.Verifier()), append(files, b)
	}
	first, err := ParseWitness(keys[0])
	if err != nil {
		t.Fatal(err)
	}
	head, _, _ := bytes.Cut(files[0], []byte("\xe2\x80\x94 witness/"))
	for i := range files[0] {
		changed := bytes.Clone(files[0])
		changed[i] ^= 1
		if _, _, trusted, err := checkCosignature(changed, head, noteVerifiers(first)); err == nil && trusted {
			t.Fatalf("bit of byte %d passes", i)
		}
	}
	if _, by, trusted, err := checkCosignature(files[1], head, noteVerifiers(first)); trusted || err == nil && by == first.Name() {
		t.Errorf("another witness passes for the first: %v %s", err, by)
	}
	// Under the name of the first.
	forged := bytes.Replace(files[1], []byte("witness/1"), []byte("witness/0"), 1)
	if _, _, trusted, _ := checkCosignature(forged, head, noteVerifiers(first)); trusted {
		t.Error("a forged name passes")
	}
}

func chacha2(seed byte) io.Reader { return rand.NewChaCha8([32]byte{seed}) }

func noteVerifiers(v ...note.Verifier) []note.Verifier { return v }

func FuzzCosignature(f *testing.F) {
	w, err := NewWitness("witness/demo", chacha2(1))
	if err != nil {
		f.Fatal(err)
	}
	v, err := ParseWitness(w.Verifier())
	if err != nil {
		f.Fatal(err)
	}
	dir := sample(f)
	c, err := w.Cosign(dir, f.TempDir()+"/seen", time.Unix(1_772_366_400, 0))
	if err != nil {
		f.Fatal(err)
	}
	b, err := ReadStamp(dir, c.Stamp)
	if err != nil {
		f.Fatal(err)
	}
	head, err := ReadHead(dir, c.Head)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b, w.Verifier())
	f.Fuzz(func(t *testing.T, in []byte, key string) {
		if _, _, trusted, err := checkCosignature(in, head, noteVerifiers(v)); trusted && err == nil && !bytes.Equal(in, b) {
			t.Errorf("%q passes", in)
		}
		ParseWitness(key)
		ReadWitness(key)
	})
}
