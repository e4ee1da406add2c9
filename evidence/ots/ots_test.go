package ots

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tamga/internal/calendarlab"
)

var digest = sha256.Sum256([]byte("a signed head of a fictional log\n"))

func lab(t testing.TB) (*calendarlab.Calendar, *Client) {
	t.Helper()
	c := calendarlab.Start()
	t.Cleanup(c.Close)
	return c, &Client{HTTP: &http.Client{Timeout: 10 * time.Second}, Rand: rand.Reader}
}

func any(string) bool { return true }

func TestProof(t *testing.T) {
	cal, c := lab(t)
	p, err := c.Stamp(t.Context(), cal.URL, digest)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 { // others wait for the same block
		if _, err := c.Stamp(t.Context(), cal.URL, sha256.Sum256([]byte(rand.Text()))); err != nil {
			t.Fatal(err)
		}
	}
	if a := p.Attestations(); len(a) != 1 || !a[0].Pending() || a[0].URI != cal.URL {
		t.Fatalf("%+v", a)
	}
	if came, err := c.Upgrade(t.Context(), p, any); came || !errors.Is(err, ErrPending) {
		t.Errorf("before the block: %v %v", came, err)
	}
	cal.Mine(812_345)
	if came, err := c.Upgrade(t.Context(), p, func(string) bool { return false }); came || err != nil {
		t.Errorf("a calendar that may not be asked: %v %v", came, err)
	}
	if came, err := c.Upgrade(t.Context(), p, any); !came || err != nil {
		t.Fatalf("%v %v", came, err)
	}
	b := p.Bytes()
	again, err := Parse(b)
	if err != nil || !bytes.Equal(again.Bytes(), b) || again.Digest != digest {
		t.Fatalf("not read back: %v", err)
	}
	a := again.Attestations()
	if len(a) != 2 || !a[1].Bitcoin() || a[1].Height != 812_345 {
		t.Fatalf("%+v", a)
	}
	header := cal.Blocks[812_345]
	if err := a[1].CheckHeader(header); err != nil {
		t.Error(err)
	}
	header[40] ^= 1
	if err := a[1].CheckHeader(header); !errors.Is(err, ErrBlock) {
		t.Errorf("another block: %v", err)
	}
	if a[0].CheckHeader(header) == nil || a[1].CheckHeader(nil) == nil {
		t.Error("a promise or nothing passes for a block")
	}
}

// The reference client reads what is written here, finds the same attestations,
// and writes the same bytes.
func TestReference(t *testing.T) {
	python := os.Getenv("TAMGA_OTS_PYTHON")
	if python == "" {
		python = "../../.deps/wacz/bin/python"
	}
	if exec.Command(python, "-c", "import opentimestamps").Run() != nil {
		t.Skip("the reference client is not installed (make deps)")
	}
	cal, c := lab(t)
	p, err := c.Stamp(t.Context(), cal.URL, digest)
	if err != nil {
		t.Fatal(err)
	}
	cal.Mine(7)
	if _, err := c.Upgrade(t.Context(), p, any); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "p.ots")
	if err := os.WriteFile(file, p.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	const script = `
import sys
from opentimestamps.core.serialize import *
from opentimestamps.core.timestamp import *
b = open(sys.argv[1], 'rb').read()
d = DetachedTimestampFile.deserialize(BytesDeserializationContext(b))
c = BytesSerializationContext(); d.serialize(c)
assert c.getbytes() == b, 'other bytes'
print(d.file_digest.hex())
for m, a in d.timestamp.all_attestations(): print(m.hex(), a)
`
	out, err := exec.Command(python, "-c", script, file).CombinedOutput()
	if err != nil {
		t.Fatalf("%v %s", err, out)
	}
	a := p.Attestations()
	for _, want := range []string{
		hex.EncodeToString(digest[:]), hex.EncodeToString(a[0].Message) + " PendingAttestation('" + cal.URL + "')",
		hex.EncodeToString(a[1].Message) + " BitcoinBlockHeaderAttestation(7)",
	} {
		if !strings.Contains(string(out), want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}

func TestCalendarFaults(t *testing.T) {
	cal, c := lab(t)
	for name, h := range map[string]http.HandlerFunc{
		"500":      func(w http.ResponseWriter, r *http.Request) { http.Error(w, "no", 500) },
		"empty":    func(w http.ResponseWriter, r *http.Request) {},
		"garbage":  func(w http.ResponseWriter, r *http.Request) { w.Write([]byte("garbage")) },
		"huge":     func(w http.ResponseWriter, r *http.Request) { w.Write(bytes.Repeat([]byte{0x08}, 1<<20)) },
		"deep":     func(w http.ResponseWriter, r *http.Request) { w.Write(bytes.Repeat([]byte{0x08}, 9000)) },
		"wide":     func(w http.ResponseWriter, r *http.Request) { w.Write(bytes.Repeat([]byte{0xff, 0x00}, 4000)) },
		"hang up":  func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) },
		"redirect": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", 302) },
	} {
		cal.Before(func(w http.ResponseWriter, r *http.Request) bool { h(w, r); return true })
		if _, err := c.Stamp(t.Context(), cal.URL, digest); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func TestOps(t *testing.T) {
	for _, tc := range []struct {
		op   op
		want string
	}{
		{op{tag: opSHA1}, "a9993e364706816aba3e25717850c26c9cd0d89d"},
		{op{tag: opRIPEMD160}, "8eb208f7e05d987a9b044a8e98c6b087f15a0bfc"},
		{op{tag: opSHA256}, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
		{op{tag: opKeccak256}, "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"},
		{op{opAppend, []byte{1}}, "61626301"},
		{op{opPrepend, []byte{1}}, "01616263"},
		{op{tag: opReverse}, "636261"},
		{op{tag: opHexlify}, "363136323633"},
	} {
		got, err := tc.op.apply([]byte("abc"))
		if err != nil || hex.EncodeToString(got) != tc.want {
			t.Errorf("operation %#x: %x %v", tc.op.tag, got, err)
		}
	}
	if _, err := (op{tag: opHexlify}).apply(make([]byte, 2049)); err == nil {
		t.Error("a result of more than 4096 bytes")
	}
}

func proofOf(body ...byte) []byte {
	return append(append(append(bytes.Clone(magic), version, opSHA256), digest[:]...), body...)
}

func TestHostile(t *testing.T) {
	pending := append([]byte{0}, tagPending[:]...)
	for name, b := range map[string][]byte{
		"empty": {}, "no magic": []byte("x"), "no version": magic, "version 2": append(bytes.Clone(magic), 2),
		"sha1": append(bytes.Clone(magic), 1, 2), "cut digest": proofOf()[:50], "nothing said": proofOf(),
		"unknown operation": proofOf(0x55), "append of nothing": proofOf(0xf0, 0), "append of too much": proofOf(0xf0, 0x81, 0x20),
		"long number": proofOf(0xf0, 0x81, 0x00, 1), "deep": proofOf(bytes.Repeat([]byte{8}, 300)...),
		"huge": proofOf(make([]byte, MaxFile)...), "marks": proofOf(bytes.Repeat([]byte{0xff}, 1000)...),
		"uri":     proofOf(append(pending, 3, 2, 'a', ' ')...),
		"uri cut": proofOf(append(pending, 2, 9, 'a')...), "behind the uri": proofOf(append(pending, 3, 1, 'a', 'b')...),
		"behind": proofOf(append(pending, 2, 1, 'a', 0)...),
		// Doubling the message at each level ends at the limit of a message.
		"no height": proofOf(append(append([]byte{0}, tagBitcoin[:]...), 0)...),
	} {
		if _, err := Parse(b); err == nil {
			t.Errorf("%s: read", name)
		}
	}
	if p, err := Parse(proofOf(0, 1, 2, 3, 4, 5, 6, 7, 8, 1, 9)); err != nil || len(p.Attestations()) != 1 || p.Attestations()[0].Height != -1 {
		t.Errorf("an unknown attestation is kept: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	cal, c := lab(f)
	p, err := c.Stamp(f.Context(), cal.URL, digest)
	if err != nil {
		f.Fatal(err)
	}
	cal.Mine(812_345)
	f.Add(p.Bytes())
	if _, err := c.Upgrade(f.Context(), p, any); err != nil {
		f.Fatal(err)
	}
	f.Add(p.Bytes())
	f.Add(proofOf(0, 1, 2, 3, 4, 5, 6, 7, 8, 1, 9))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := Parse(b)
		if err != nil {
			return
		}
		if again := p.Bytes(); !bytes.Equal(again, b) {
			t.Errorf("%x is written as %x", b, again)
		}
	})
}
