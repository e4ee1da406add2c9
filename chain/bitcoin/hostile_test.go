package bitcoin

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"strings"
	"testing"

	"tamga"
)

// within checks what a reader allocates in all: no more than four times its input
// and four times what it gave on, beside its buffers.
func within(t *testing.T, input, buffers int, read func() (given int)) {
	t.Helper()
	given := 0
	got := allocated(func() { given = read() })
	most := uint64(4*input + 4*given + buffers)
	if raceEnabled { // its bookkeeping counts as allocated; make test measures without it too
		most *= 2
	}
	if got > most { // encoding/json sees a type for the first time, or something ran beside it
		got = min(got, allocated(func() { read() }))
	}
	if got > most {
		t.Errorf("%d bytes of input: %d allocated, %.1f times as much; %d given on", input, got, float64(got)/float64(input), given)
	}
}

func readEverywhere(t *testing.T, raw []byte) {
	t.Helper()
	within(t, len(raw), 1<<16, func() (given int) {
		_ = Decode(context.Background(), bytes.NewReader(raw), "regtest", func(tx *DecodedTx) error {
			given += printedSize(tx)
			return nil
		})
		return given
	})
	within(t, len(raw), 1<<12, func() int {
		var r blockReader
		_, _ = r.read(raw, nil)
		return 0
	})
	// A buffer of 1 MiB, and what encoding/json remembers of 10,000 levels.
	within(t, len(raw), 1<<20+1<<19, func() (given int) {
		_ = ReadTransactions(context.Background(), bytes.NewReader(raw), "regtest", func(tx *tamga.Tx, _ string) error {
			given += 500 * (1 + len(tx.In) + len(tx.Out))
			return nil
		})
		return given
	})
}

// printedSize is about the size of a transaction as JSON.
func printedSize(tx *DecodedTx) int { return 220 + 80*len(tx.In) + 60*len(tx.Out) }

// TestHostileMemory: input that is not what it says costs no more than four times its size.
func TestHostileMemory(t *testing.T) {
	for name, raw := range spoilt(t) {
		t.Run(name, func(t *testing.T) { readEverywhere(t, raw) })
	}
}

// FuzzMemory: so it is with any input.
func FuzzMemory(f *testing.F) {
	for _, raw := range spoilt(f) {
		f.Add(raw[:min(len(raw), 1<<12)])
	}
	for _, raw := range wireSeeds(f) {
		f.Add(raw)
	}
	f.Fuzz(readEverywhere)
}

// spoilt are inputs that are not what they say.
func spoilt(t testing.TB) map[string][]byte {
	rng := rand.New(rand.NewPCG(5, 6))
	noise := make([]byte, 1<<18)
	for i := range noise {
		noise[i] = byte(rng.Uint32())
	}
	b := economy(t, 30)
	var blocks []byte
	for h := range b.Height() + 1 {
		blocks = append(blocks, b.Block(h)...)
	}
	in := append(bytes.Repeat([]byte{7}, 36), 0, 0xff, 0xff, 0xff, 0xff)
	out := make([]byte, 9)
	count := func(n int) []byte { return append([]byte{0xfe}, binary.LittleEndian.AppendUint32(nil, uint32(n))...) }
	manyOut := bytes.Join([][]byte{{2, 0, 0, 0, 1}, in, count(1 << 17), bytes.Repeat(out, 1<<17), {0, 0, 0, 0}}, nil)
	manyIn := bytes.Join([][]byte{{2, 0, 0, 0}, count(1 << 17), bytes.Repeat(in, 1<<17), {0, 0, 0, 0, 0}}, nil)
	small := bytes.Join([][]byte{{2, 0, 0, 0, 1}, in, {0, 0, 0, 0, 0}}, nil)
	smalls := bytes.Repeat(small, 1<<14)
	block := bytes.Join([][]byte{make([]byte, 80), count(1 << 17), bytes.Repeat(small, 1<<17)}, nil)
	id := strings.Repeat("ab", 32)
	list := func(item string) string { return strings.Repeat(item+",", 200_000) + item }
	return map[string][]byte{
		"list of numbers":      []byte("[" + list("1") + "]"),
		"list of objects":      []byte("[" + list("{}") + "]"),
		"block of numbers":     []byte(`{"hash":"` + id + `","tx":[` + list("1") + `]}`),
		"block of names":       []byte(`{"hash":"` + id + `","tx":[` + list(`""`) + `]}`),
		"empty inputs":         []byte(`{"txid":"` + id + `","vin":[` + list("{}") + `],"vout":[]}`),
		"empty outputs":        []byte(`{"txid":"` + id + `","vin":[{"coinbase":"00"}],"vout":[` + list("{}") + `]}`),
		"one list in another":  bytes.Repeat([]byte("["), 1<<18),
		"a string without end": append([]byte(`{"txid":"`), bytes.Repeat([]byte("a"), 1<<18)...),
		"objects, a line each": bytes.Repeat([]byte("{}\n"), 1<<16),
		"noise":                noise, "hex noise": []byte(hex.EncodeToString(noise)),
		"hex words": bytes.Repeat([]byte("a "), 1<<17), "hex lines": bytes.Repeat([]byte("ab\n"), 1<<17),
		"one digit, spaces": append(bytes.Repeat([]byte(" "), 1<<18), 'a'),
		"blocks cut":        blocks[:len(blocks)-3], "zeros": make([]byte, 1<<18), "magics": bytes.Repeat([]byte{0xfa, 0xbf, 0xb5, 0xda}, 1<<16),
		"many outputs": manyOut, "many outputs cut": manyOut[:len(manyOut)-1], "many inputs": manyIn, "many inputs cut": manyIn[:len(manyIn)-1],
		"small": smalls, "small block": block, "small block cut": block[:len(block)-1],
		"hex of small": []byte(hex.EncodeToString(smalls)), "lines of small": []byte(strings.Repeat(hex.EncodeToString(small)+"\n", 1<<13)),
	}
}
