package tagger

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// marked makes an example of a sentence with [drugs] and {quantities}.
func marked(s string, r Register) Example {
	var x Example
	x.Register = r
	var open int
	for _, c := range s {
		switch c {
		case '[', '{':
			open = len(x.Text)
		case ']':
			x.Spans = append(x.Spans, Span{Start: open, End: len(x.Text), Kind: Drug})
		case '}':
			x.Spans = append(x.Spans, Span{Start: open, End: len(x.Text), Kind: Quantity})
		default:
			x.Text += string(c)
		}
	}
	x.Tokens = Tokens(nil, x.Text, 0, len(x.Text))
	return x
}

// corpus is a small set of invented sentences.
func corpus() (out []Example) {
	for _, drug := range strings.Fields("cocaine heroin opium hashish ketamine cannabis") {
		for _, n := range strings.Fields("3 12 450 1,200 7.5") {
			out = append(out,
				marked("Customs seized {"+n+" kg} of ["+drug+"] at the border.", News),
				marked("The "+n+" passengers of the bus were searched.", News),
				marked("i quit ["+drug+"] "+n+" weeks ago lol", Talk),
				marked("this road is long, "+n+" hours by car", Talk))
		}
	}
	return out
}

var small = Options{Seed: 7, Epochs: 8, Rate: 0.2, Decay: 1e-3, Drop: 0.3, Rare: 1}

func TestTrainAndTag(t *testing.T) {
	m := Train(corpus(), small)
	var w Worker
	for _, c := range []struct {
		register Register
		text     string
	}{
		{News, "Customs seized {88 kg} of [heroin] at the border."},
		{News, "Police seized {9 kg} of [opium] at the border."},
		{News, "The 14 passengers of the bus were searched."},
		{Talk, "i quit [ketamine] 6 weeks ago lol"},
		{Talk, "this road is long, 9 hours by car"},
	} {
		want := marked(c.text, c.register)
		m.Read(&w, want.Text, want.Tokens)
		if news := m.Manner(&w) > 0; news != (c.register == News) {
			t.Errorf("%q: news %v", want.Text, news)
		}
		got := slices.Clone(m.Tag(&w, 0, len(want.Tokens), c.register, 0))
		for i := range got {
			if got[i].P <= 0 || got[i].P > 1 {
				t.Errorf("%q: probability %g", want.Text, got[i].P)
			}
			got[i].P = 0
		}
		if !slices.Equal(got, want.Spans) {
			t.Errorf("%q: %v, want %v", want.Text, got, want.Spans)
		}
	}
}

// TestTrainingRepeats retrains in small: equal input gives equal bytes, and the
// bytes are those of every machine.
func TestTrainingRepeats(t *testing.T) {
	a, b := Train(corpus(), small).Encode(), Train(corpus(), small).Encode()
	if !bytes.Equal(a, b) {
		t.Fatal("two trainings on one input differ")
	}
	if got := fmt.Sprintf("%x", sha256.Sum256(a)); got != trained {
		t.Errorf("the training gives %s, recorded is %s: if it was meant to change, record it and run make model", got, trained)
	}
	other := small
	other.Seed++
	if bytes.Equal(a, Train(corpus(), other).Encode()) {
		t.Error("the seed changes nothing")
	}
}

func TestCodec(t *testing.T) {
	m := Train(corpus(), small)
	data := m.Encode()
	back, err := Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(back.Encode(), data) || !slices.Equal(back.Words(), m.Words()) || len(m.Words()) == 0 {
		t.Error("a model changes on its way through a file")
	}
	for n := 0; n < len(data); n += max(1, len(data)/500) {
		if _, err := Decode(data[:n]); !errors.Is(err, ErrModel) {
			t.Fatalf("cut to %d bytes: %v", n, err)
		}
		torn := bytes.Clone(data)
		torn[n] ^= 0x10
		if _, err := Decode(torn); !errors.Is(err, ErrModel) {
			t.Fatalf("byte %d altered: %v", n, err)
		}
	}
	if _, err := Decode(append(bytes.Clone(data), 0)); !errors.Is(err, ErrModel) {
		t.Error("a byte too many is taken")
	}
}

// TestDefault holds the embedded model to its limits.
func TestDefault(t *testing.T) {
	if len(embedded) > 5<<20 {
		t.Errorf("the model has %d bytes", len(embedded))
	}
	m, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	if m.Size() < 10000 || len(m.Words()) < 100 {
		t.Errorf("%d features, %d words", m.Size(), len(m.Words()))
	}
}

func TestTokens(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"seized 1,200.5kg of THC/Marijuana.", "seized 1,200.5 kg of THC / Marijuana ."},
		{"80s and w-18, don't", "80s and w - 18 , don 't"},
		{"(“ice”) naïve–кокаин", "( “ ice ” ) naïve – кокаин"},
	} {
		var got []string
		for _, k := range Tokens(nil, c.text, 0, len(c.text)) {
			got = append(got, c.text[k.Start:k.End])
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%q: %s, want %s", c.text, s, c.want)
		}
	}
}

func TestSentence(t *testing.T) {
	text := "Mr. A. Smith paid 3.5 kg. Then he left! Why?\nNext line"
	var got []string
	for i := 0; i < len(text); {
		_, end := Sentence(text, i)
		got = append(got, strings.TrimSpace(text[i:end]))
		i = end
	}
	if want := []string{"Mr. A. Smith paid 3.5 kg.", "Then he left!", "Why?", "Next line"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

func TestReadAnnotated(t *testing.T) {
	got, err := ReadAnnotated(strings.NewReader(`{"text":"é kratom","spans":[{"start":2,"end":8,"label":"DRUG"},{"start":0,"end":1,"label":"GPE"}]}
{"text":"no","answer":"reject"}
`))
	if err != nil || len(got) != 1 || len(got[0].Spans) != 1 || got[0].Text[got[0].Spans[0].Start:got[0].Spans[0].End] != "kratom" {
		t.Errorf("%v %v", got, err)
	}
	for _, bad := range []string{"{", `{"text":"a","spans":[{"start":0,"end":9,"label":"DRUG"}]}`, `{"text":"a","spans":[{"start":-1,"end":1,"label":"DRUG"}]}`} {
		if _, err := ReadAnnotated(strings.NewReader(bad)); err == nil {
			t.Errorf("%s is taken", bad)
		}
	}
}

// FuzzTag holds the tagger to spans within the text, in order, that begin and
// end where tokens do.
func FuzzTag(f *testing.F) {
	m, err := Default()
	if err != nil {
		f.Fatal(err)
	}
	var w Worker
	for _, s := range []string{"", "Customs seized 12 kg of heroin.", "\xff\xfe a'b", strings.Repeat("oxy 80s ", 300), "1.2.3,4 «кокаин» ‮'"} {
		f.Add(s, false)
	}
	f.Fuzz(func(t *testing.T, s string, news bool) {
		r := Talk
		if news {
			r = News
		}
		for i := 0; i < len(s); {
			start, end := Sentence(s, i)
			if start > i || end <= i || end > len(s) {
				t.Fatalf("sentence of %d: %d to %d", i, start, end)
			}
			tokens := Tokens(nil, s, i, end)
			last := i
			for n := range tokens {
				k := &tokens[n]
				if int(k.Start) < last || k.End <= k.Start || int(k.End) > end {
					t.Fatalf("token %v in %d to %d", *k, last, end)
				}
				last = int(k.End)
				k.Mark = uint8(n * 37)
			}
			m.Read(&w, s, tokens)
			m.Manner(&w)
			last = i
			for _, p := range m.Tag(&w, 0, len(tokens), r, 2) {
				if p.Start < last || p.End <= p.Start || p.End > end || !(p.P >= 0 && p.P <= 1) || r == Talk && p.Kind != Drug {
					t.Fatalf("span %v behind %d", p, last)
				}
				last = p.End
			}
			i = end
		}
	})
}

// FuzzDecode reads hostile model files.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(magic))
	f.Add(Train(corpus()[:8], small).Encode())
	f.Fuzz(func(t *testing.T, data []byte) {
		if m, err := Decode(data); err == nil {
			m.Encode()
		}
	})
}

// trained is the SHA-256 of the model that TestTrainingRepeats makes.
const trained = "dd9ca7c6b188b1f631bad1eb49b575ee0c55d2885091a4cc5860100b29c20a94"
