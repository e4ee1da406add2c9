package bitcoin

import (
	"bytes"
	"context"
	"encoding/binary"
	"math/rand/v2"
	"os"
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

// TestTorn cuts a block file at every byte of its last record, as a node that was
// killed leaves it: all blocks before it are indexed, and the summary says that one
// is torn. What was cut is not taken for garbage of its own.
func TestTorn(t *testing.T) {
	b := economy(t, 4)
	for _, key := range [][8]byte{{}, {3, 1, 4, 1, 5, 9, 2, 6}} {
		dir := write(t, b, chaintest.Shape{Key: key})
		file := dir + "/blk00000.dat"
		whole, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		scan := func(n int) (found []int64, d Damage) {
			w := &window{f: bytes.NewReader(whole[:n]), key: key, size: int64(n)}
			var r blockReader
			err := scanFile(context.Background(), w, [4]byte{0xfa, 0xbf, 0xb5, 0xda}, &d, func(rec record) (bool, error) {
				_, ok := r.info(rec.raw)
				if ok {
					found = append(found, rec.offset)
				}
				return ok, nil
			})
			if err != nil {
				t.Fatal(err)
			}
			return found, d
		}
		all, d := scan(len(whole))
		if d != (Damage{}) || len(all) < 10 {
			t.Fatalf("%d blocks, %+v", len(all), d)
		}
		last := int(all[len(all)-1]) - 8
		for n := last; n < len(whole); n++ {
			found, d := scan(n)
			torn := 0
			if n >= last+8 {
				torn = 1
			}
			if len(found) != len(all)-1 || d.Corrupt != 0 || d.Torn != torn {
				t.Fatalf("%d of %d bytes: %d blocks of %d, %+v", n, len(whole), len(found), len(all), d)
			}
		}
		for _, n := range []int{last + 1, last + 8, last + 100, len(whole) - 1} {
			if err := os.WriteFile(file, whole[:n], 0o644); err != nil {
				t.Fatal(err)
			}
			s, x := mustBuild(t, t.TempDir(), dir, Options{})
			if s.Blocks+s.Stale != len(all)-1 || x.Verify(context.Background()) != nil {
				t.Fatalf("%d bytes: %+v", n, s)
			}
		}
	}
}
