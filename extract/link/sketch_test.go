package link

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// prose is n invented words, drawn from a vocabulary.
func prose(rnd *rand.Rand, n int) []string {
	w := make([]string, n)
	for i := range w {
		w[i] = fmt.Sprint("word", rnd.IntN(5000))
	}
	return w
}

func TestSimHash(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	near, far := 0, 64
	const rounds = 50
	for range rounds {
		a := prose(rnd, 600)
		b := append([]string{}, a...)
		b[300] = "changed"
		if Distance(SimHash(strings.Join(a, " ")), SimHash(strings.Join(b, ", "))) <= nearBits {
			near++
		}
		far = min(far, Distance(SimHash(strings.Join(a, " ")), SimHash(strings.Join(prose(rnd, 600), " "))))
	}
	if near < rounds*8/10 {
		t.Errorf("%d of %d near-duplicates are near", near, rounds)
	}
	if far <= 3*nearBits {
		t.Errorf("different texts differ in %d bits only", far)
	}
	if SimHash("") != 0 || SimHash("…!?") != 0 {
		t.Error("a text without words has a sketch")
	}
	if SimHash("Quiet HARBOUR ships daily") != SimHash("quiet harbour — ships daily!") {
		t.Error("case or marks count")
	}
}

// Two sketches within nearBits of each other share a key.
func TestQuarters(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	for range 1000 {
		a := rnd.Uint64()
		b := a
		for range nearBits {
			b ^= 1 << rnd.IntN(64)
		}
		x, y := quarters(a), quarters(b)
		met := false
		for i := range x {
			met = met || x[i] == y[i]
		}
		if !met {
			t.Fatalf("%x and %x share no key", a, b)
		}
	}
}

func TestMinHashEstimatesJaccard(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	for _, want := range []float64{0, 0.2, 0.5, 0.8, 1} {
		sum := 0.0
		const rounds, size = 40, 1000
		for range rounds {
			common := int(want * 2 * size / (1 + want))
			var a, b []uint64
			for range common {
				v := rnd.Uint64()
				a, b = append(a, v), append(b, v)
			}
			for len(a) < size {
				a, b = append(a, rnd.Uint64()), append(b, rnd.Uint64())
			}
			sum += likeness(newMinHash(a), newMinHash(b))
		}
		if got := sum / rounds; math.Abs(got-want) > 0.03 {
			t.Errorf("Jaccard %.1f is estimated as %.3f", want, got)
		}
	}
}

func TestMinHashOfFewFeatures(t *testing.T) {
	a, b := newMinHash([]uint64{1 << 20, 7}), newMinHash([]uint64{7, 1 << 20})
	if likeness(a, b) != 1 || bandKeys(a) != bandKeys(b) {
		t.Error("equal sets differ")
	}
	if likeness(newMinHash(nil), a) != 0 {
		t.Error("an empty set is like another")
	}
	for i, v := range a {
		if v == ^uint64(0) {
			t.Fatalf("bin %d is empty", i)
		}
	}
}

func TestSentences(t *testing.T) {
	key := "-----BEGIN PGP PUBLIC KEY BLOCK-----\nVersion: one two three four five six seven eight\n-----END PGP PUBLIC KEY BLOCK-----\n"
	got := sentences("Short one. We pack every order twice, in the evening, by hand!\n" + key + "And we never reply to rude people on a Sunday")
	if len(got) != 2 || got[0].words != 10 || got[1].text != "and we never reply to rude people on a sunday" {
		t.Errorf("%+v", got)
	}
}

func FuzzSimHash(f *testing.F) {
	f.Add("a quiet harbour", "\xff\xfe -----BEGIN PGP")
	f.Fuzz(func(t *testing.T, a, b string) {
		if SimHash(a) != SimHash(strings.Clone(a)) {
			t.Fatal("a sketch depends on more than the text")
		}
		ps := []Persona{{ID: "1", Name: a, Bio: b, Texts: []string{a + b}}, {ID: "2", Name: b, Bio: a, Contacts: []string{a}, Keys: []string{b}}}
		for _, l := range Vendors(ps, 0) {
			if !(l.Score >= 0 && l.Score <= 1) || len(l.Reasons) == 0 {
				t.Fatalf("%+v", l)
			}
		}
		Fingerprint([]string{a}, []byte(b))
	})
}
