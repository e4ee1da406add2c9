package bitcoin

import (
	"bytes"
	"context"
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"tamga/chain/chaintest"
)

func TestUnmask(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	plain := make([]byte, 1000)
	for i := range plain {
		plain[i] = byte(rng.Uint32())
	}
	key := [8]byte{3, 1, 4, 1, 5, 9, 2, 6}
	masked := bytes.Clone(plain)
	for i := range masked {
		masked[i] ^= key[i%8]
	}
	for range 500 {
		from := rng.IntN(len(plain))
		to := from + rng.IntN(len(plain)-from+1)
		part := bytes.Clone(masked[from:to])
		unmask(part, key, int64(from))
		if !bytes.Equal(part, plain[from:to]) {
			t.Fatalf("bytes %d to %d", from, to)
		}
	}
}

func TestWindow(t *testing.T) {
	plain := bytes.Repeat([]byte("tamga 0123456789 "), (3*readAhead+100)/17)
	key := [8]byte{8, 7, 6, 5, 4, 3, 2, 1}
	masked := bytes.Clone(plain)
	unmask(masked, key, 0)
	w := &window{f: bytes.NewReader(masked), key: key, size: int64(len(masked))}
	rng := rand.New(rand.NewPCG(3, 4))
	for i := range 60 {
		at, n := rng.Int64N(w.size+10), rng.IntN(1000)
		if i%10 == 0 {
			n = readAhead + 50
		}
		got, err := w.at(at, n)
		if err != nil {
			t.Fatal(err)
		}
		want := plain[min(at, w.size):min(at+int64(n), w.size)]
		if !bytes.Equal(got, want) {
			t.Fatalf("%d bytes at %d", n, at)
		}
	}
	if cap(w.buf) > 3*readAhead {
		t.Errorf("the window grew to %d bytes", cap(w.buf))
	}
	// A magic that lies across two readings is found.
	magic := [4]byte{0xff, 0x01, 0xff, 0x02}
	for _, at := range []int64{0, readAhead - 2, 2*readAhead - 3, w.size - 4} {
		marked := bytes.Clone(plain)
		copy(marked[at:], magic[:])
		w := &window{f: bytes.NewReader(marked), size: w.size}
		if got, err := w.find(magic, 0); err != nil || got != at {
			t.Errorf("magic at %d found at %d, %v", at, got, err)
		}
	}
}

// FuzzScan puts hostile bytes around whole blocks: the scan ends, and the blocks
// that stand behind the bytes are found unless the bytes claim them as their own.
func FuzzScan(f *testing.F) {
	b := chaintest.New("scan")
	b.Mine("a")
	b.Mine("a")
	magic := [4]byte{0xfa, 0xbf, 0xb5, 0xda}
	frame := func(raw []byte) []byte {
		return append(binary.LittleEndian.AppendUint32(bytes.Clone(magic[:]), uint32(len(raw))), raw...)
	}
	f.Add([]byte{}, []byte{0, 0, 0})
	f.Add([]byte{0xfa, 0xbf, 0xb5, 0xda, 0x60, 0, 0, 0}, []byte{0xfa, 0xbf})
	f.Add([]byte{0xfa, 0xbf, 0xb5, 0xda, 0xff, 0xff, 0xff, 0xff, 1}, []byte{1})
	f.Fuzz(func(t *testing.T, before, between []byte) {
		file := append(bytes.Clone(before), frame(b.Block(1))...)
		file = append(append(file, between...), frame(b.Block(2))...)
		w := &window{f: bytes.NewReader(file), size: int64(len(file))}
		var found []Hash
		var r blockReader
		var d Damage
		err := scanFile(context.Background(), w, magic, &d, func(rec record) (bool, error) {
			info, ok := r.info(rec.raw)
			if ok {
				found = append(found, info.id)
			}
			return ok, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		one, two := header(b.Block(1)).hash(), header(b.Block(2)).hash()
		if len(found) != 2 || found[0] != one || found[1] != two {
			t.Fatalf("found %v, want %v %v; %+v", found, one, two, d)
		}
	})
}
