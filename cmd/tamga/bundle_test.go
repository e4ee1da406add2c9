package main

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tamga"
	"tamga/chain"
	"tamga/chain/bitcoin"
	"tamga/chain/chaintest"
	"tamga/chain/rates"
	"tamga/chain/tags"
	"tamga/evidence"
	"tamga/internal/config"
	"tamga/internal/pipeline"
)

var bundleClock = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// sampleBundle is a bundle of everything that one may hold: a mix gone through by
// an assumption, a stop at the wallet of a tagged address, a tag of a page, values.
func sampleBundle(t testing.TB, sealed bool) (bundle []byte, key string) {
	t.Helper()
	ctx := context.Background()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	b := chaintest.New("sample")
	people := []string{"ada", "bek", "chinara", "dilshod", "elnura"}
	for _, n := range append(people, "desk") {
		b.Mine(n)
	}
	subject := b.Address("ada")
	var ins []tamga.Outpoint
	var outs []chaintest.Out
	for _, n := range people {
		c := b.Coins(n)[0]
		ins = append(ins, c.Outpoint)
		outs = append(outs, chaintest.Out{To: b.NewAddress(n), Value: 1_234_567}, chaintest.Out{To: b.NewAddress(n), Value: c.Value - 1_234_567 - 300})
	}
	mix, err := b.Spend(ins, outs...)
	check(err)
	b.Mine("miner")
	tagged, customer := b.NewAddress("desk"), b.NewAddress("desk")
	_, err = b.Pay("ada", 500, chaintest.Out{To: customer, Value: 1_000_000})
	check(err)
	_, err = b.Pay("bek", 500, chaintest.Out{To: tagged, Value: 2_000_000})
	check(err)
	b.Mine("miner")
	var joint []tamga.Outpoint
	for _, c := range b.Coins("desk") {
		if c.Address == tagged || c.Address == customer {
			joint = append(joint, c.Outpoint)
		}
	}
	_, err = b.Spend(joint, chaintest.Out{To: b.NewAddress("desk"), Value: 2_999_000})
	check(err)
	b.Mine("miner")
	dir := t.TempDir()
	check(b.WriteBlk(filepath.Join(dir, "blk")))
	_, err = bitcoin.Build(ctx, filepath.Join(dir, "chain"), filepath.Join(dir, "blk"), bitcoin.Options{})
	check(err)
	check(bitcoin.BuildWallets(ctx, filepath.Join(dir, "chain"), nil))
	ledger, err := bitcoin.Open(filepath.Join(dir, "chain"))
	check(err)
	defer ledger.Close()
	wallets, err := ledger.Wallets()
	check(err)
	defer wallets.Close()

	home := filepath.Join(dir, "evidence")
	opt := evidence.Options{Now: func() time.Time { return bundleClock }, Rand: rand.NewChaCha8([32]byte{3}), Logger: slog.New(slog.DiscardHandler), Operator: "demo unit"}
	check(opt.Init(home, "sample"))
	log, err := evidence.Open(home, opt)
	check(err)
	defer log.Close()
	page, err := log.Put(ctx, &tamga.Exchange{URL: "http://demo.example/ada", Route: tamga.RouteClear, Requested: bundleClock, Status: 200,
		RequestHead: []byte("GET /ada HTTP/1.1\r\n\r\n"), ResponseHead: []byte("HTTP/1.1 200 OK\r\n\r\n"), Body: []byte("pay " + subject), Outcome: tamga.OutcomeOK})
	check(err)
	key, err = evidence.Verifier(home)
	check(err)

	book := map[string][]tamga.Tag{
		subject: {{Address: subject, Chain: "bitcoin", Asset: "BTC", Label: "vendor ada on demo", Category: "vendor", Confidence: 20, Date: "2026-03-01",
			Source: fmt.Sprintf("%s#4-%d", page.Digest, 4+len(subject)), Span: &tamga.Span{Capture: page.Digest, Start: 4, End: 4 + len(subject), Rule: "address@1"}}},
		tagged: {{Address: tagged, Chain: "bitcoin", Asset: "BTC", Label: "Demo Exchange", Category: "exchange", Source: "https://exchange.example", Confidence: 70, Date: "2026-01-02", ClusterDefiner: true}},
	}
	lookup := func(addr string) ([]tamga.Tag, error) {
		found := slices.Clone(book[addr])
		a, known, err := wallets.Key(addr)
		d, _, err2 := wallets.Key(tagged)
		if err != nil || err2 != nil {
			return nil, fmt.Errorf("%v %v", err, err2)
		}
		if known && a == d && addr != tagged {
			x := book[tagged][0]
			x.By = tags.ByCluster
			found = append(found, x)
		}
		return found, nil
	}
	annex := &pipeline.Annex{
		Log: log, Lookup: lookup,
		Why: func(x, y string) (tamga.Why, error) { return wallets.Why(ctx, x, y, bitcoin.Now) },
		Rate: func(asset, currency string, at time.Time) (rates.Rate, bool, error) {
			return rates.Rate{Date: rates.Day(at), Asset: asset, Currency: currency, Rate: "50000.5", Source: "https://rates.example"}, true, nil
		},
	}
	x := &exporting{stopTag: true, fiat: "usd", unsealed: !sealed, t: tracing{assume: []string{mix}, reason: "the change is told by its amount", stopMix: true}}
	tr := chain.Options{StopMix: true, Assume: []string{mix}, Mix: bitcoin.Mixes("regtest")}
	a := &app{out: io.Discard, err: io.Discard, quiet: true}
	made := x.annex(ctx, a, &config.Config{Operator: "demo unit"}, key, subject, annex, &tr)
	gather := made.Gather
	made.Gather = func(found tamga.Trace) (bitcoin.BundleExtra, error) {
		if !sealed { // an assumption is in the log all the same
			check(record(ctx, log, a.assumptions(&config.Config{Operator: "demo unit"}, found, x.t)))
			check(log.Sync())
		}
		return gather(found)
	}
	var out bytes.Buffer
	got, err := ledger.TraceBundle(ctx, &out, subject, tr, bundleClock, made)
	check(err)
	if len(got.Hops) < 4 || !slices.ContainsFunc(got.Ends, func(e tamga.End) bool { return e.Tag != nil && e.Tag.By != "" }) {
		t.Fatalf("the sample does not show what it should: %+v", got)
	}
	return out.Bytes(), key
}

func packed(t testing.TB, b []byte) map[string][]byte {
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

// pack makes a bundle of files; with repair, the manifest names their digests.
func pack(t testing.TB, files map[string][]byte, repair bool) []byte {
	t.Helper()
	if repair {
		files = maps.Clone(files)
		var m map[string]any
		if json.Unmarshal(files["bundle.json"], &m) == nil {
			list, _ := m["files"].([]any)
			for _, f := range list {
				f, ok := f.(map[string]any)
				if !ok {
					continue
				}
				name, _ := f["name"].(string)
				text := files[name]
				sum := sha256.Sum256(text)
				f["sha256"], f["size"] = hex.EncodeToString(sum[:]), len(text)
			}
			files["bundle.json"], _ = json.Marshal(m)
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

func verified(b []byte, key string) (bitcoin.BundleReport, error) {
	return bitcoin.VerifyBundle(context.Background(), bytes.NewReader(b), int64(len(b)), readAnnex(key))
}

// TestSampleBundle: a bundle of everything checks by itself, and says what it holds.
func TestSampleBundle(t *testing.T) {
	for _, sealed := range []bool{true, false} {
		b, key := sampleBundle(t, sealed)
		r, err := verified(b, "")
		if err != nil || !r.OK {
			t.Fatalf("sealed %v: %v %+v", sealed, err, r.Problems)
		}
		if r.Tags != 3 || r.Rates == 0 || len(r.Entries) != 2 || (r.Sealed != nil) != sealed || r.Linked == 0 {
			t.Errorf("sealed %v: %+v", sealed, r)
		}
		if r, err := verified(b, key); err != nil || r.OK != sealed {
			t.Errorf("sealed %v, with the key: %v %+v", sealed, err, r.Problems)
		}
	}
}

// TestAnyByteOfABundle: no byte of a file in a bundle changes unseen. Who repairs
// the digests is found out by the seal; without the seal too wherever the ledger
// or the log proves what is said.
func TestAnyByteOfABundle(t *testing.T) {
	good, _ := sampleBundle(t, true)
	files := packed(t, good)
	rng := rand.New(rand.NewPCG(1, 2))
	for name, text := range files {
		tries := 60
		for range tries {
			at := rng.IntN(len(text))
			bad := bytes.Clone(text)
			bad[at] ^= 1 << rng.IntN(7)
			changed := maps.Clone(files)
			changed[name] = bad
			for _, repair := range []bool{false, true} {
				r, err := verified(pack(t, changed, repair), "")
				if err == nil && r.OK {
					t.Errorf("byte %d of %s, digests repaired %v: nobody saw it: %.80q", at, name, repair, bad[max(0, at-40):])
				}
				if err == nil && name != "bundle.json" && !repair && !slices.ContainsFunc(r.Problems, func(p bitcoin.BundleProblem) bool { return p.File == name }) {
					t.Errorf("byte %d of %s: the report names other files: %+v", at, name, r.Problems)
				}
			}
		}
	}
}

// TestForgedFields: each field of what the ledger or the log proves, changed by
// who repairs the digests and takes the seal away, is found, in its file.
func TestForgedFields(t *testing.T) {
	good, _ := sampleBundle(t, false)
	files := packed(t, good)
	free := map[string]bool{ // what nothing but the seal protects: the words of a source
		"label": true, "category": true, "chain": true, "asset": true, "confidence": true, "date": true, "rule": true, "source": true,
	}
	for _, name := range []string{"trace.json", "transactions.jsonl", "claims.jsonl", "tags.jsonl", "rates.jsonl"} {
		n := 0
		for line := range bytes.Lines(files[name]) {
			n++
			var v any
			d := json.NewDecoder(bytes.NewReader(line))
			d.UseNumber()
			if err := d.Decode(&v); err != nil {
				t.Fatal(err)
			}
			eachField(v, func(path string, change func() func()) {
				last := path[strings.LastIndexByte(path, '.')+1:]
				if (name == "tags.jsonl" || name == "rates.jsonl") && free[last] {
					return
				}
				if last == "header" {
					return // half of all nonces do on regtest; TestAnyByteOfABundle sees to the seal
				}
				undo := change()
				changed := maps.Clone(files)
				text, err := json.Marshal(v)
				if err != nil {
					t.Fatal(err)
				}
				undo()
				changed[name] = bytes.Replace(files[name], line, append(text, '\n'), 1)
				r, err := verified(pack(t, changed, true), "")
				if err == nil && r.OK {
					t.Errorf("%s line %d, field %s: nobody saw it", name, n, path)
				}
			})
		}
	}
}

// eachField visits the leaves of a JSON value; change alters one and returns what
// puts it back.
func eachField(v any, visit func(path string, change func() func())) {
	var walk func(v any, path string, set func(any))
	walk = func(v any, path string, set func(any)) {
		switch x := v.(type) {
		case map[string]any:
			for k, e := range x {
				walk(e, path+"."+k, func(n any) { x[k] = n })
			}
		case []any:
			for i, e := range x {
				if i < 3 {
					walk(e, path, func(n any) { x[i] = n })
				}
			}
		default:
			visit(path, func() func() { set(other(v)); return func() { set(v) } })
		}
	}
	walk(v, "", func(any) {})
}

// other is another value of the same kind.
func other(v any) any {
	switch x := v.(type) {
	case string:
		if x == "" {
			return "x"
		}
		last := x[len(x)-1]
		if last == '0' {
			return x[:len(x)-1] + "1"
		}
		return x[:len(x)-1] + "0"
	case json.Number:
		n, _ := x.Int64()
		return n + 1
	case bool:
		return !x
	}
	return "x"
}

// FuzzBundle: no files make the reader panic, and none that differ from the true
// ones pass under the seal.
func FuzzBundle(f *testing.F) {
	good, _ := sampleBundle(f, true)
	files := packed(f, good)
	names := []string{"bundle.json", "trace.json", "transactions.jsonl", "tags.jsonl", "rates.jsonl", "claims.jsonl", "seal.json"}
	for i, n := range names {
		f.Add(uint8(i), files[n], false)
		f.Add(uint8(i), files[n][:len(files[n])/2], true)
	}
	f.Add(uint8(3), []byte(`{"address":"x","tags":[{"address":"x","label":"l","source":"s","span":{}}],"why":[{"of":"x","proof":[{"inputs":[{}]}]}]}`), true)
	f.Add(uint8(6), []byte(`{"key":"a+b+c","head":"","seq":-1,"entry":"","path":[]}`), true)
	f.Fuzz(func(t *testing.T, which uint8, text []byte, repair bool) {
		name := names[int(which)%len(names)]
		changed := maps.Clone(files)
		changed[name] = text
		r, err := verified(pack(t, changed, repair), "")
		if err == nil && r.OK && r.Sealed != nil && !bytes.Equal(bytes.TrimSpace(text), bytes.TrimSpace(files[name])) {
			t.Errorf("another %s passes", name)
		}
	})
}
