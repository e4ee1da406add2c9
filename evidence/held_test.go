package evidence

import (
	"crypto/sha256"
	"encoding/binary"
	"maps"
	"math/rand/v2"
	"runtime"
	"testing"
)

func numberedKey(n uint64) key {
	sum := sha256.Sum256(binary.LittleEndian.AppendUint64(nil, n))
	return key(sum[:len(key{})])
}

// TestHolders does the same to a map.
func TestHolders(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var h holders
	want := map[key]int64{}
	if _, ok := h.get(key{}); ok {
		t.Error("an empty table holds something")
	}
	h.remove(key{})
	for range 300_000 {
		k := numberedKey(uint64(r.IntN(20_000)))
		switch seq := r.Int64N(maxHolder + 1); r.IntN(3) {
		case 0:
			h.remove(k)
			delete(want, k)
		case 1:
			h.put(k, seq)
			want[k] = seq
		default:
			got, ok := h.get(k)
			if w, held := want[k]; ok != held || ok && got != w {
				t.Fatalf("got %d, %v, want %d, %v", got, ok, w, held)
			}
		}
	}
	for _, seq := range []int64{0, 1, maxHolder} {
		h.put(key{1}, seq)
		if got, ok := h.get(key{1}); !ok || got != seq {
			t.Errorf("got %d, %v, want %d", got, ok, seq)
		}
	}
	h.remove(key{1})
	for k := range maps.Keys(want) {
		h.remove(k)
	}
	for i := range h.parts {
		if p := &h.parts[i]; p.used != 0 {
			t.Errorf("part %d holds %d of nothing", i, p.used)
		}
		for j := range h.parts[i].slots {
			if !h.parts[i].slots[j].free() {
				t.Fatalf("part %d, slot %d is not free", i, j)
			}
		}
	}
}

// TestHoldersMemory: what the archive says of its memory is so.
func TestHoldersMemory(t *testing.T) {
	const n, most = 300_000, 46
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var h holders
	for i := range uint64(n) {
		h.put(numberedKey(i), int64(i))
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if got := float64(after.HeapAlloc-before.HeapAlloc) / n; got > most {
		t.Errorf("%.1f bytes a payload, want at most %d", got, most)
	} else {
		t.Logf("%.1f bytes a payload", got)
	}
	if seq, ok := h.get(numberedKey(n - 1)); !ok || seq != n-1 {
		t.Errorf("got %d, %v", seq, ok)
	}
}
