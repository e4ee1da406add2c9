package evidence

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"tamga"
)

// loggedIn is a page that was fetched with a session.
func loggedIn(i int) *tamga.Exchange {
	ex := page(fmt.Sprintf("/account/%d", i), fmt.Sprintf("<html>orders of a fictional account %d</html>", i))
	ex.RequestHead = fmt.Appendf(nil, "GET /account/%d HTTP/1.1\r\nHost: demomarket.onion\r\ncookie : sid=demo-secret-%d;\r\n\tmore=demo-secret\r\nAuthorization: Basic demo-secret\r\n\r\n", i, i)
	return ex
}

func allCaptures(t testing.TB, a *Archive) []int64 {
	t.Helper()
	var out []int64
	for c, err := range a.Captures(context.Background(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, c.Seq)
	}
	return out
}

// exported is an archive of many shapes and its export.
func exported(t testing.TB, dir string, choose func([]int64) []int64) ([]byte, WACZSummary) {
	t.Helper()
	a := openArchive(t, dir, Options{MaxFile: 5 << 10, Operator: "analyst"})
	for i := range 3 {
		put(t, a, loggedIn(i))
	}
	put(t, a, loggedIn(1)) // a revisit
	seqs := allCaptures(t, a)
	if choose != nil {
		seqs = choose(seqs)
	}
	var b bytes.Buffer
	sum, err := a.ExportWACZ(t.Context(), &b, WACZOptions{Captures: seqs, Selection: "test"})
	if err != nil {
		t.Fatal(err)
	}
	closeArchive(t, a)
	return b.Bytes(), sum
}

func verifyWACZ(b []byte) (FileReport, error) {
	return VerifyOptions{}.VerifyWACZ(context.Background(), bytes.NewReader(b), int64(len(b)))
}

func TestWACZ(t *testing.T) {
	dir := sample(t)
	b, sum := exported(t, dir, nil)
	verifyClean(t, dir)
	r, err := verifyWACZ(b)
	if err != nil || !r.OK || r.Captures != sum.Captures || sum.Captures < 20 || sum.Bytes != int64(len(b)) || r.LogSize != sum.LogSize {
		t.Fatalf("%v %+v %+v", err, r, sum)
	}
	if sum.Redacted["Cookie"] != 4 || sum.Redacted["Authorization"] != 4 || sum.Redacted["Set-Cookie"] < 10 || sum.Redacted["Proxy-Authorization"] != 0 {
		t.Errorf("redacted %v", sum.Redacted)
	}
	if bytes.Contains(unpacked(t, b), []byte("demo-secret")) {
		t.Error("a session leaves the workspace")
	}
	// The redaction is in the log.
	a := openArchive(t, dir, Options{})
	var claims []Claim
	for c, err := range a.Claims(t.Context(), sum.Entry) {
		if err != nil {
			t.Fatal(err)
		}
		claims = append(claims, c)
	}
	if len(claims) != 1 || claims[0].Kind != claimExport || !strings.Contains(string(claims[0].Data), `"Cookie":4`) {
		t.Errorf("claims %+v", claims)
	}
	// The original is as it was.
	ex, _, err := a.Read(t.Context(), sum.Entry-1)
	if err != nil || !bytes.Contains(ex.RequestHead, []byte("demo-secret-1")) {
		t.Errorf("the sealed original: %v", err)
	}
}

// unpacked is every byte of a WACZ that a reader would see.
func unpacked(t testing.TB, b []byte) []byte {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(f.Name, ".gz") {
			data = gunzip(t, data)
		}
		out.Write(data)
	}
	return out.Bytes()
}

func TestWACZSelection(t *testing.T) {
	b, sum := exported(t, sample(t), func(all []int64) []int64 { return []int64{all[len(all)-1], all[3], all[3]} })
	r, err := verifyWACZ(b)
	if err != nil || r.Captures != 2 || sum.Captures != 2 {
		t.Errorf("%v %+v", err, r)
	}
}

// One bit anywhere in the file.
func TestWACZFlips(t *testing.T) {
	b, _ := exported(t, sample(t), func(all []int64) []int64 { return all[len(all)-6:] })
	random := rand.New(rand.NewPCG(3, 4))
	for range 1500 {
		i := random.IntN(len(b))
		if i%3 == 0 { // the small files and the directory are at the end
			i = len(b) - 1 - random.IntN(min(len(b), 6000))
		}
		changed := bytes.Clone(b)
		changed[i] ^= 1 << random.IntN(8)
		r, err := verifyWACZ(changed)
		if !errors.Is(err, ErrIntegrity) || r.OK || len(r.Problems) == 0 {
			t.Errorf("byte %d of %d: %v %+v", i, len(b), err, r)
		}
	}
	for _, n := range []int{0, 1, 22, len(b) / 2, len(b) - 1} {
		if r, err := verifyWACZ(b[:n]); !errors.Is(err, ErrIntegrity) {
			t.Errorf("the first %d bytes: %v %+v", n, err, r)
		}
	}
	if r, err := verifyWACZ(append(bytes.Clone(b), 0)); !errors.Is(err, ErrIntegrity) {
		t.Errorf("a byte more: %v %+v", err, r)
	}
}

// rezip writes a WACZ anew with files changed or (nil) left out, and all digests
// that need no key made right.
func rezip(t *testing.T, b []byte, change map[string][]byte) []byte {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	var res []waczResource
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if d, ok := change[f.Name]; ok {
			if data = d; d == nil {
				continue
			}
		}
		switch f.Name {
		case waczPackage:
			if data, err = json.Marshal(map[string]any{"profile": "data-package", "wacz_version": "1.1.1", "resources": res}); err != nil {
				t.Fatal(err)
			}
			change[waczDigest] = waczDigestJSON(sha256Of(data))
		case waczDigest, waczSignature:
		default:
			res = append(res, waczResource{f.Name, f.Name, string(tamga.DigestOf(data)), int64(len(data))})
		}
		e, err := w.CreateHeader(&zip.FileHeader{Name: f.Name, Method: zip.Store, Modified: f.Modified})
		if err != nil {
			t.Fatal(err)
		}
		e.Write(data)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestWACZForged(t *testing.T) {
	b, _ := exported(t, sample(t), nil)
	file := func(name string) []byte {
		z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		f, err := z.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(f)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	warc := file(waczWARC)
	warc[len(warc)-30] ^= 1
	for name, change := range map[string]map[string][]byte{
		"nothing but the form":  {},
		"a changed WARC":        {waczWARC: warc},
		"no captures":           {waczCaptures: nil},
		"no manifest":           {waczManifest: nil},
		"no signature":          {waczSignature: nil},
		"another head":          {waczLog + "head": []byte("x")},
		"no head":               {waczLog + "head": nil},
		"pages of another site": {waczPages: []byte("{}\n")},
	} {
		if r, err := verifyWACZ(rezip(t, b, change)); !errors.Is(err, ErrIntegrity) {
			t.Errorf("%s: %v %+v", name, err, r)
		}
	}
	// Without anything of ours it is a WACZ like any other, and the report says so.
	change := map[string][]byte{waczSignature: nil}
	for _, name := range []string{"manifest.json", "captures.list.gz", "log/head", "log/key"} {
		change["tamga/"+name] = nil
	}
	r, err := verifyWACZ(rezip(t, b, change))
	if err != nil || r.Log != "" || r.Captures == 0 || !slices.ContainsFunc(r.NotProven, func(s string) bool { return strings.Contains(s, "no log of this program") }) {
		t.Errorf("%v %+v", err, r)
	}
	change[waczCDX] = bytes.Replace(file(waczCDX), []byte(`"offset":"`), []byte(`"offset":"1`), 1)
	if r, err := verifyWACZ(rezip(t, b, change)); !errors.Is(err, ErrIntegrity) || r.Problems[0].File != waczCDX {
		t.Errorf("an index that leads elsewhere: %v %+v", err, r)
	}
	delete(change, waczCDX)
	change[waczWARC] = warc
	if r, err := verifyWACZ(rezip(t, b, change)); !errors.Is(err, ErrIntegrity) {
		t.Errorf("a changed record in a foreign WACZ: %v %+v", err, r)
	}
}

func TestWACZStamps(t *testing.T) {
	a, roots := lab(t)
	dir := stampedArchive(t, a, roots)
	b, _ := exported(t, dir, nil)
	r, err := VerifyOptions{Roots: roots}.VerifyWACZ(t.Context(), bytes.NewReader(b), int64(len(b)))
	if err != nil || len(r.Timestamps) != 2 || !r.Timestamps[0].Trusted {
		t.Fatalf("%v %+v", err, r)
	}
	_, other := lab(t)
	if _, err := (VerifyOptions{Roots: other}).VerifyWACZ(t.Context(), bytes.NewReader(b), int64(len(b))); !errors.Is(err, ErrIntegrity) {
		t.Errorf("another root: %v", err)
	}
}

func TestRedact(t *testing.T) {
	for _, tc := range []struct{ in, want string }{
		{"GET / HTTP/1.1\r\nHost: a\r\n\r\n", ""},
		{"GET / HTTP/1.1\r\nCookie: a=1\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\nX-Redacted: Cookie\r\nHost: a\r\n\r\n"},
		{"GET / HTTP/1.1\nCOOKIE\t: a=1\n b=2\n\tc\nHost: a\n\n", "GET / HTTP/1.1\nX-Redacted: Cookie\nHost: a\n\n"},
		{"HTTP/1.1 200 OK\r\nSet-Cookie: a\r\nSet-Cookie: b\r\n\r\n", "HTTP/1.1 200 OK\r\nX-Redacted: Set-Cookie\r\nX-Redacted: Set-Cookie\r\n\r\n"},
		{"Cookie: is the first line\r\n\r\n", ""},
		{"GET / HTTP/1.1\r\nX: Cookie: a\r\n Cookie: b\r\n\r\n", ""},
		{"GET / HTTP/1.1\r\nCookie: no end", "GET / HTTP/1.1\r\nX-Redacted: Cookie"},
	} {
		got, found := Redact([]byte(tc.in), SecretHeaders)
		want := tc.want
		if want == "" {
			want = tc.in
		}
		if string(got) != want || (tc.want == "") != (found == nil) {
			t.Errorf("%q became %q, %v", tc.in, got, found)
		}
	}
}

func TestVerifyWARC(t *testing.T) {
	rec := func(fields, block string) string {
		return fmt.Sprintf("WARC/1.0\r\nWARC-Type: resource\r\nWARC-Record-ID: <urn:uuid:1>\r\nWARC-Date: 2026-03-01T00:00:00Z\r\n%sContent-Length: %d\r\n\r\n%s\r\n\r\n", fields, len(block), block)
	}
	sha1 := "WARC-Block-Digest: sha1:VL2MMHO4YXUKFWV63YHTWSBM3GXKSQ2N\r\n" // of "hello"
	for name, tc := range map[string]struct {
		text string
		ok   bool
		n    int64
	}{
		"plain":       {rec(sha1, "hello") + rec("", "x"), true, 2},
		"wrong":       {rec(sha1, "hellO"), false, 0},
		"md5":         {rec("WARC-Block-Digest: md5:x\r\n", "a"), true, 1},
		"cut":         {rec(sha1, "hello")[:170], false, 0},
		"empty":       {"", false, 0},
		"garbage":     {"garbage garbage", false, 0},
		"huge length": {strings.Replace(rec("", "x"), "Length: 1", "Length: 999999999999", 1), false, 0},
	} {
		r, err := VerifyWARC(t.Context(), strings.NewReader(tc.text), int64(len(tc.text)))
		if (err == nil) != tc.ok || r.Records != tc.n {
			t.Errorf("%s: %v %+v", name, err, r)
		}
	}
	dir := sample(t)
	b := must(t, dir, "warc/"+warcName(0))
	r, err := VerifyWARC(t.Context(), bytes.NewReader(b), int64(len(b)))
	if err != nil || r.Records < 3 {
		t.Errorf("%v %+v", err, r)
	}
	b[len(b)/2] ^= 1
	if r, err := VerifyWARC(t.Context(), bytes.NewReader(b), int64(len(b))); !errors.Is(err, ErrIntegrity) {
		t.Errorf("%v %+v", err, r)
	}
}

func FuzzVerifyWACZ(f *testing.F) {
	b, _ := exported(f, sample(f), func(all []int64) []int64 { return all[len(all)-2:] })
	f.Add(b)
	f.Add([]byte("PK\x05\x06" + strings.Repeat("\x00", 18)))
	f.Fuzz(func(t *testing.T, in []byte) {
		if r, err := verifyWACZ(in); r.OK != (err == nil) || (len(r.Problems) > 0) == r.OK {
			t.Errorf("%v %+v", err, r)
		}
	})
}

func FuzzVerifyWARC(f *testing.F) {
	f.Add([]byte("WARC/1.0\r\nWARC-Type: resource\r\nWARC-Record-ID: <urn:uuid:1>\r\nWARC-Date: x\r\nContent-Length: 1\r\n\r\na\r\n\r\n"))
	f.Add(must(f, sample(f), "warc/"+warcName(0)))
	f.Fuzz(func(t *testing.T, in []byte) {
		VerifyWARC(context.Background(), bytes.NewReader(in), int64(len(in)))
	})
}

// A file of a version before, whose list of captures had another name.
func TestWACZBefore(t *testing.T) {
	b, err := os.ReadFile("testdata/before.wacz")
	if err != nil {
		t.Fatal(err)
	}
	if r, err := verifyWACZ(b); err != nil || r.Captures != 2 || r.LogSize != 4 {
		t.Errorf("%v %+v", err, r)
	}
	b[len(b)/2] ^= 1
	if r, err := verifyWACZ(b); !errors.Is(err, ErrIntegrity) {
		t.Errorf("%v %+v", err, r)
	}
}
