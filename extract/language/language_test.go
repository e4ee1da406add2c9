package language

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestIdentify(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"The shop is closed until Monday, write to support", "en"},
		{"Магазин закрыт до понедельника, пишите в поддержку", "ru"},
		{"Дүкен дүйсенбіге дейін жабық, қолдау қызметіне жазыңыз", "kk"},
		{"Dükendi ashyp jatyrmyz, barlyq tapsyrystar erteñ jetkiziledi, baǧasy özgergen joq", "kk"},
		{"Дүкөн дүйшөмбүгө чейин жабык, колдоо кызматына жазыңыз", "ky"},
		{"Doʻkon dushanbagacha yopiq, yordam xizmatiga yozing", "uz-Latn"},
		{"Do`kon dushanbagacha yopiq, yordam xizmatiga yozing", "uz-Latn"},
		{"Дўкон душанбагача ёпиқ, ёрдам хизматига ёзинг", "uz-Cyrl"},
		{"Мағоза то рӯзи душанбе баста аст, ба хадамоти дастгирӣ нависед", "tg"},
		{"Dükan duşenbä çenli ýapyk, goldaw gullugyna ýazyň", "tk"},
		{"Дүкан дүшенбә ченли япык, голдав гуллугына языň хемме ишлер үчин", "tk"},
		{"La boutique est fermée jusqu'à lundi, écrivez au service client", "fr"},
		{"Der Laden ist bis Montag geschlossen, schreiben Sie dem Kundendienst", ""},
		{"Крамниця зачинена до понеділка, пишіть у підтримку, відповімо", ""},
		{"Dükkân pazartesiye kadar kapalıdır, destek ekibine yazınız", ""},
		{"店铺关门到星期一，请联系客服", ""},
		{"", ""}, {"ok", ""}, {"0.5 1.0 2.0 @name_12 http://x.example/a", ""},
		{"bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", ""},
	} {
		if got, conf := Identify(c.text); got != c.want || conf < 0 || conf > 1 {
			t.Errorf("%q: %q (%.2f), want %q", c.text, got, conf, c.want)
		}
	}
}

// A long text is sampled from everywhere, so a frame in another language does not
// decide alone.
func TestIdentifySamples(t *testing.T) {
	frame := strings.Repeat("Home Search Messages Orders Settings Logout ", 40)
	body := strings.Repeat("Магазин открыт каждый день, доставка по всему городу и области. ", 400)
	if got, _ := Identify(frame + body); got != "ru" {
		t.Errorf("got %q", got)
	}
}

func TestSampleIsBounded(t *testing.T) {
	for _, s := range []string{strings.Repeat("ж", 1<<20), strings.Repeat("\xff", 1<<20), strings.Repeat("a", MaxBytes+1)} {
		if got := sample(s); len(got) > MaxBytes+parts {
			t.Errorf("%d bytes are read", len(got))
		}
	}
	if s := sample(strings.Repeat("аб ", 1<<16)); !utf8.ValidString(s[:len(s)-2]) && strings.Count(s, "\ufffd") > 0 {
		t.Error("a character was split")
	}
}

func TestWords(t *testing.T) {
	var got []string
	words("O’zbek  OʻZBEK, user@host x_y 12a no-one "+strings.Repeat("z", 50)+" э́то 'quoted'", func(w []rune) { got = append(got, string(w)) })
	want := "o'zbek o'zbek no one это quoted"
	if s := strings.Join(got, " "); s != want {
		t.Errorf("%q, want %q", s, want)
	}
}

func TestDecodeRefuses(t *testing.T) {
	for _, n := range []int{0, 5, len(format), len(format) + 100, len(modelFile) / 2, len(modelFile) - 10} {
		if _, err := decode(modelFile[:n]); err == nil {
			t.Errorf("%d bytes of a model are accepted", n)
		}
	}
	if len(modelFile) > 500<<10 {
		t.Errorf("the model has %d bytes", len(modelFile))
	}
}

// The same corpora give the same bytes, and a model that tells them apart.
func TestBuild(t *testing.T) {
	corpora := []Corpus{
		{Name: "a", Tag: "en", Budget: 100, Texts: []Text{{"the cat and the dog and the cow", 1}, {"the cat and the dog", 1}}},
		{Name: "b", Tag: "fr", Budget: 100, Texts: []Text{{"le chat et le chien et le chat", 1}, {"le chien et le chat", 1}}},
	}
	first, err := Build(corpora)
	if err != nil {
		t.Fatal(err)
	}
	again, _ := Build(corpora)
	if string(first) != string(again) {
		t.Error("two builds differ")
	}
	m, err := decode(first)
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := m.identify("the dog and the cat"); got != "en" {
		t.Errorf("got %q", got)
	}
	if got, _ := m.identify("le chien et le chat"); got != "fr" {
		t.Errorf("got %q", got)
	}
	if _, err := Build([]Corpus{{Name: "empty"}}); err == nil {
		t.Error("a class without text")
	}
}

func FuzzIdentify(f *testing.F) {
	for _, s := range []string{"", "oʻzbek", "\xff\xfe", "э́то", "‮abc", strings.Repeat("a'", 100)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		tag, conf := Identify(s)
		if !(conf >= 0 && conf <= 1) {
			t.Fatalf("confidence %v", conf)
		}
		for _, known := range Tags {
			if tag == known {
				return
			}
		}
		if tag != "" {
			t.Fatalf("tag %q", tag)
		}
	})
}

func BenchmarkIdentify(b *testing.B) {
	text := strings.Repeat("Магазин открыт каждый день, доставка по всему городу и области. ", 60)[:MaxBytes]
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		Identify(text)
	}
}
