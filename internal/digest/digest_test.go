package digest

import (
	"bytes"
	"crypto/sha256"
	"math/rand/v2"
	"testing"
)

// check compares with crypto/sha256.
func check(t *testing.T, head, body []byte) {
	t.Helper()
	block, payload := Both(head, body)
	if want := sha256.Sum256(append(bytes.Clone(head), body...)); block != want {
		t.Errorf("block of %d and %d bytes: %x, want %x", len(head), len(body), block, want)
	}
	if want := sha256.Sum256(body); payload != want {
		t.Errorf("payload of %d bytes behind %d: %x, want %x", len(body), len(head), payload, want)
	}
}

func TestBoth(t *testing.T) {
	rng := rand.NewChaCha8([32]byte{1})
	data := make([]byte, 1<<20)
	rng.Read(data)
	for head := range 3 * sha256.BlockSize {
		for _, n := range []int{0, 1, 63, 64, 65, smallest - 1} {
			check(t, data[:head], data[500:500+n])
		}
		for n := smallest; n < smallest+2*sha256.BlockSize; n++ {
			check(t, data[:head], data[300+head%16:300+head%16+n])
		}
	}
	check(t, nil, nil)
	check(t, data[:700], data)
	check(t, data, data[:2000])
	// The same bytes as head and as body leave what they were.
	was := bytes.Clone(data)
	check(t, data[:1000], data[500:5000])
	if !bytes.Equal(was, data) {
		t.Error("the input was changed")
	}
}

// Where the processor lacks the instructions, the digests are the same.
func TestApart(t *testing.T) {
	if !together {
		t.Skip("this processor makes them apart")
	}
	defer func(was bool) { together = was }(together)
	body := bytes.Repeat([]byte("tamga"), 1000)
	a, b := Both([]byte("HTTP/1.1 200 OK\r\n\r\n"), body)
	together = false
	if x, y := Both([]byte("HTTP/1.1 200 OK\r\n\r\n"), body); a != x || b != y {
		t.Errorf("together %x %x, apart %x %x", a, b, x, y)
	}
}

func FuzzBoth(f *testing.F) {
	f.Add([]byte("HTTP/1.1 200 OK\r\n\r\n"), bytes.Repeat([]byte("page "), 500))
	f.Fuzz(func(t *testing.T, head, body []byte) {
		for len(body) > 0 && len(body) < smallest {
			body = append(body, body...)
		}
		check(t, head, body)
	})
}

// BenchmarkBoth against the two digests made one after the other.
func BenchmarkBoth(b *testing.B) {
	head, body := make([]byte, 300), make([]byte, 90_000)
	b.Run("together", func(b *testing.B) {
		b.SetBytes(int64(len(body)))
		for b.Loop() {
			Both(head, body)
		}
	})
	b.Run("apart", func(b *testing.B) {
		b.SetBytes(int64(len(body)))
		for b.Loop() {
			h := sha256.New()
			h.Write(head)
			h.Write(body)
			h.Sum(nil)
			sha256.Sum256(body)
		}
	})
}
