package category

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

// lessons are titles of invented vendors.
func lessons() (out []Sample) {
	for i := range 40 {
		v := fmt.Sprintf("demo-vendor-%d", i%8)
		out = append(out,
			Sample{fmt.Sprintf("%dg Lemon Haze outdoor weed", i+1), v, "cannabis"},
			Sample{fmt.Sprintf("%dg Moroccan hash", i+1), v, "cannabis"},
			Sample{fmt.Sprintf("%d blotters LSD %dug", i+1, 100+i), v, "psychedelics"},
			Sample{fmt.Sprintf("Watch replica no. %d with box", i), v, "other"})
	}
	return out
}

var small = Training{Groups: []string{"cannabis", "psychedelics", "other"}, Vendors: 2, Epochs: 5, C: 1, Seed: 7, Max: 5000}

func train(t *testing.T, s []Sample, o Training) *Model {
	t.Helper()
	m, err := Train(s, o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func encode(t *testing.T, m *Model) []byte {
	t.Helper()
	b, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func best(m *Model, text string) string {
	scores, _ := m.Scores(text)
	k := 0
	for i := range scores {
		if scores[i] > scores[k] {
			k = i
		}
	}
	return m.Groups[k]
}

func TestTrain(t *testing.T) {
	m := train(t, lessons(), small)
	for text, want := range map[string]string{
		"7G LEMON HAZE": "cannabis", "25 blotters lsd": "psychedelics", "replica watch": "other", "hash 3 g": "cannabis",
	} {
		if got := best(m, text); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
	if _, known := m.Scores("ჟღჰ ყჯხ"); known != 0 {
		t.Errorf("a text of another script: %v known", known)
	}
	if _, err := Train([]Sample{{"x", "v", "nothing"}}, small); err == nil || !strings.Contains(err.Error(), "nothing") {
		t.Errorf("an unknown group: %v", err)
	}
}

// TestReproducible: equal lessons make equal bytes, others do not.
func TestReproducible(t *testing.T) {
	a, b := encode(t, train(t, lessons(), small)), encode(t, train(t, lessons(), small))
	if !bytes.Equal(a, b) {
		t.Error("two trainings differ")
	}
	if c := encode(t, train(t, lessons()[1:], small)); bytes.Equal(a, c) {
		t.Error("fewer lessons made the same weights")
	}
}

// TestNames: what too few vendors write is not in the model.
func TestNames(t *testing.T) {
	s := append(lessons(), Sample{"zqxjkvmemorised", "demo-vendor-1", "cannabis"})
	m := train(t, s, small)
	var word []uint32 // the word itself comes first
	features("zqxjkvmemorised", func(f uint32) { word = append(word, f) })
	if _, ok := m.table[word[0]]; ok {
		t.Error("a word of one vendor is in the model")
	}
}

func TestCodec(t *testing.T) {
	m := train(t, lessons(), small)
	file := encode(t, m)
	back, err := Decode(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(encode(t, back), file) {
		t.Error("the model changed on its way through a file")
	}
	for _, bad := range [][]byte{nil, []byte("x"), file[:len(magic)], file[:len(file)/2], file[:len(file)-1], append([]byte(magic), "garbage"...)} {
		if _, err := Decode(bad); err == nil {
			t.Errorf("a file of %d bytes was read", len(bad))
		}
	}
}

func TestEmbedded(t *testing.T) {
	m, err := Embedded()
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"14g Sour Diesel AAA indoor": "cannabis", "100 x 2mg Xanax bars": "benzodiazepines", "5g uncut peruvian cocaine": "stimulants",
		"50 blue nintendo xtc pills 210mg": "ecstasy", "test e 250mg/ml 10ml vial": "steroids",
	} {
		if got := best(m, text); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

func FuzzScores(f *testing.F) {
	for _, s := range []string{"", "5g", "ẞßİ", "\xff\xfe", strings.Repeat("a", 1<<10), "меф 1г"} {
		f.Add(s)
	}
	m, err := Embedded()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, s string) {
		scores, known := m.Scores(s)
		if len(scores) != len(m.Groups) || known < 0 || known > 1 {
			t.Errorf("%q: %d scores, %v known", s, len(scores), known)
		}
		long, _ := m.Scores(s + strings.Repeat(" tail", MaxText))
		if len(s) >= MaxText && utf8.ValidString(s) && fmt.Sprint(long) != fmt.Sprint(scores) {
			t.Errorf("%q: more than %d bytes are read", s, MaxText)
		}
	})
}

func FuzzDecode(f *testing.F) {
	f.Add(weights[:200])
	f.Add([]byte(magic))
	f.Fuzz(func(t *testing.T, b []byte) {
		if m, err := Decode(b); err == nil {
			m.Scores("5g hash")
		}
	})
}
