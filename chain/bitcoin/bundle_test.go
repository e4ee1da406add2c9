package bitcoin

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"tamga"
	"tamga/chain"
	"tamga/chain/chaintest"
)

var madeAt = time.Date(2024, 2, 1, 12, 0, 0, 0, time.UTC)

func bundleOf(t testing.TB, x *Index, subject string, o chain.Options) []byte {
	t.Helper()
	var b bytes.Buffer
	if _, err := x.TraceBundle(context.Background(), &b, subject, o, madeAt, Annex{}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func verify(t testing.TB, b []byte) BundleReport {
	t.Helper()
	r, err := VerifyBundle(context.Background(), bytes.NewReader(b), int64(len(b)), nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestBundle: what is written checks by itself, for every direction and method,
// and is the same bytes each time.
func TestBundle(t *testing.T) {
	b := economy(t, 60)
	_, x := mustBuild(t, t.TempDir(), write(t, b, chaintest.Shape{}), Options{})
	subjects := []string{b.Address("ada"), b.Txs()[20].TxID, b.Txs()[30].TxID + ":0"}
	for _, direction := range []string{chain.Forward, chain.Backward} {
		for _, method := range []string{chain.FIFO, chain.Haircut, chain.Poison} {
			for i, subject := range subjects {
				o := chain.Options{Direction: direction, Method: method, Hops: 1 + i*3}
				file := bundleOf(t, x, subject, o)
				r := verify(t, file)
				want, err := chain.Trace(context.Background(), x, subject, o)
				if err != nil {
					t.Fatal(err)
				}
				if !r.OK || r.Hops != len(want.Hops) || r.Subject != subject || r.Network != "regtest" || len(want.Hops) > 0 && r.Transactions == 0 {
					t.Fatalf("%s %s %s: %+v", direction, method, subject, r)
				}
				if !bytes.Equal(file, bundleOf(t, x, subject, o)) {
					t.Fatalf("%s %s: two bundles of one trace differ", direction, method)
				}
			}
		}
	}
}

// TestBundleStops: where a tag ended the trace is part of the bundle.
func TestBundleStops(t *testing.T) {
	b := economy(t, 60)
	_, x := mustBuild(t, t.TempDir(), write(t, b, chaintest.Shape{}), Options{})
	o := chain.Options{Stop: func(_ *tamga.Tx, out tamga.TxOut) string {
		if out.Address == b.Address("bek") {
			return chain.EndTag
		}
		return ""
	}}
	file := bundleOf(t, x, b.Address("ada"), o)
	if r := verify(t, file); !r.OK {
		t.Fatalf("%+v", r)
	}
	if !bytes.Contains(unzip(t, file)[bundleHead], []byte(`"reason": "tag"`)) {
		t.Error("the stops are not in the bundle")
	}
}

func unzip(t testing.TB, b []byte) map[string][]byte {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]byte{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if out[f.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// forge packs files again; with digests, the manifest is made to agree.
func forge(t testing.TB, files map[string][]byte, digests bool) []byte {
	t.Helper()
	if digests {
		var m bundleManifest
		if err := json.Unmarshal(files[bundleHead], &m); err != nil {
			t.Fatal(err)
		}
		for i, f := range m.Files {
			sum := sha256.Sum256(files[f.Name])
			m.Files[i].SHA256, m.Files[i].Size = hex.EncodeToString(sum[:]), int64(len(files[f.Name]))
		}
		var err error
		if files[bundleHead], err = json.Marshal(m); err != nil {
			t.Fatal(err)
		}
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, text := range files {
		f, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		f.Write(text)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// without is lines without those that begin with a transaction.
func without(lines []byte, txid string) (out []byte) {
	for line := range bytes.Lines(lines) {
		if !bytes.HasPrefix(line, []byte(`{"txid":"`+txid)) {
			out = append(out, line...)
		}
	}
	return out
}

func firstHop(t testing.TB, trace []byte) string {
	t.Helper()
	var tr struct{ Hops []struct{ TxID string } }
	if err := json.Unmarshal(trace, &tr); err != nil || len(tr.Hops) == 0 {
		t.Fatal("no hops", err)
	}
	return tr.Hops[0].TxID
}

// TestForgedBundle: a change is found even by who repairs the digests.
func TestForgedBundle(t *testing.T) {
	b := economy(t, 60)
	_, x := mustBuild(t, t.TempDir(), write(t, b, chaintest.Shape{}), Options{})
	good := bundleOf(t, x, b.Address("ada"), chain.Options{Hops: 3})
	replace := func(name, old, new string) func(map[string][]byte) {
		return func(f map[string][]byte) {
			if !bytes.Contains(f[name], []byte(old)) {
				t.Fatalf("%s does not hold %q", name, old)
			}
			f[name] = bytes.Replace(f[name], []byte(old), []byte(new), 1)
		}
	}
	for name, x := range map[string]struct {
		change func(map[string][]byte)
		where  string
	}{
		"a hop of another amount":    {replace(bundleTrace, `"amount":"`, `"amount":"1`), bundleTrace},
		"another direction":          {replace(bundleHead, `"direction": "forward"`, `"direction": "backward"`), bundleTrace},
		"another subject":            {replace(bundleTrace, b.Address("ada"), b.Address("bek")), bundleTrace},
		"a transaction is missing":   {func(f map[string][]byte) { f[bundleTxs] = without(f[bundleTxs], firstHop(t, f[bundleTrace])) }, bundleTrace},
		"a transaction is another":   {replace(bundleTxs, `"raw":"0`, `"raw":"1`), bundleTxs},
		"a header without work":      {replace(bundleTxs, `"header":"`, `"header":"ff`), bundleTxs},
		"another place in the block": {replace(bundleTxs, `"index":`, `"index":7`), bundleTxs},
		"no JSON":                    {func(f map[string][]byte) { f[bundleTxs] = append([]byte("{\n"), f[bundleTxs]...) }, bundleTxs},
		"no trace":                   {func(f map[string][]byte) { f[bundleTrace] = []byte("[]") }, bundleTrace},
	} {
		files := unzip(t, good)
		x.change(files)
		for _, digests := range []bool{false, true} {
			r := verify(t, forge(t, files, digests))
			found := false
			for _, p := range r.Problems {
				found = found || p.File == x.where
			}
			if r.OK || !found {
				t.Errorf("%s, digests repaired: %v: %+v", name, digests, r)
			}
		}
	}
	files := unzip(t, good)
	files["note.txt"] = []byte("slipped in")
	if r := verify(t, forge(t, files, true)); r.OK {
		t.Error("a file that the manifest does not name")
	}
	for i := 0; i < len(good); i += 97 {
		bad := bytes.Clone(good)
		bad[i] ^= 0x40
		r, err := VerifyBundle(context.Background(), bytes.NewReader(bad), int64(len(bad)), nil)
		if err == nil && r.OK && !bytes.Equal(joined(unzip(t, bad)), joined(unzip(t, good))) {
			t.Errorf("byte %d changed what the bundle holds and nobody saw it", i)
		}
	}
}

func joined(files map[string][]byte) []byte {
	return bytes.Join([][]byte{files[bundleHead], files[bundleTrace], files[bundleTxs]}, []byte{0})
}

func TestBundleRefuses(t *testing.T) {
	for _, bad := range [][]byte{nil, []byte("PK"), []byte(strings.Repeat("x", 1000))} {
		if _, err := VerifyBundle(context.Background(), bytes.NewReader(bad), int64(len(bad)), nil); err == nil {
			t.Errorf("%d bytes were read as a bundle", len(bad))
		}
	}
	b := economy(t, 10)
	var lines bytes.Buffer
	for _, tx := range b.Txs() {
		lines.Write(corePrints(t, tx))
	}
	dir := t.TempDir()
	if _, err := BuildTransactions(context.Background(), dir, &lines, Options{Network: "regtest"}); err != nil {
		t.Fatal(err)
	}
	x, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	if _, err := x.TraceBundle(context.Background(), io.Discard, b.Address("ada"), chain.Options{}, madeAt, Annex{}); !errors.Is(err, errNoBlocks) {
		t.Errorf("an index that can prove nothing: %v", err)
	}
}

// TestBranch: every leaf of trees of every small size climbs to the root, and no
// other leaf does by its branch.
func TestBranch(t *testing.T) {
	for n := 1; n <= 20; n++ {
		leaves := make([]Hash, n)
		for i := range leaves {
			leaves[i] = doubleSHA([]byte{byte(i)})
		}
		root, _ := merkleRoot(append([]Hash(nil), leaves...))
		for i, leaf := range leaves {
			way := branch(leaves, i)
			if climb(leaf, uint32(i), way) != root {
				t.Fatalf("leaf %d of %d does not reach the root", i, n)
			}
			if n > 1 && climb(leaves[(i+1)%n], uint32(i), way) == root {
				t.Fatalf("leaf %d of %d passes for another", (i+1)%n, n)
			}
		}
	}
}

// FuzzBundleLine: no line that differs from a true one in what it says of its
// transaction passes for a proof of it.
func FuzzBundleLine(f *testing.F) {
	b := economy(f, 10)
	_, x := mustBuild(f, f.TempDir(), write(f, b, chaintest.Shape{}), Options{})
	files := unzip(f, bundleOf(f, x, b.Address("ada"), chain.Options{Hops: 1}))
	raws := map[string]string{}
	for line := range bytes.Lines(files[bundleTxs]) {
		var t bundleTx
		if err := json.Unmarshal(line, &t); err != nil {
			f.Fatal(err)
		}
		raws[t.TxID] = t.Raw
		f.Add(line)
	}
	f.Add([]byte(`{"raw":"00","header":"","branch":["zz"]}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		var v bundleTx
		if json.Unmarshal(line, &v) != nil {
			return
		}
		p, err := v.proof()
		if err != nil {
			return
		}
		if s, err := p.check("regtest"); err == nil {
			if raw, ok := raws[s.id.String()]; ok && !strings.EqualFold(raw, v.Raw) && s.wtxid == s.id {
				t.Errorf("other bytes pass for transaction %s", s.id)
			}
		}
	})
}
