package extract

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tamga"
)

// short is a finding as the tables below write it.
func short(f tamga.Finding) string {
	parts := []string{string(f.Type), f.Value}
	if f.Type == tamga.FindQuantity {
		parts = []string{"quantity", f.Amount, f.Unit, "x" + f.Count, "=" + f.Total, f.TotalUnit}
	}
	if f.Type == tamga.FindPrice {
		parts = append(parts, "/"+f.Per)
	}
	if f.Type == tamga.FindAddress {
		parts = append(parts, f.Kind, f.Network)
	}
	if len(f.Except) > 0 {
		parts = append(parts, "except", strings.Join(f.Except, ","))
	}
	return strings.TrimRight(strings.Join(parts, " "), " /")
}

func TestText(t *testing.T) {
	r := newReader(t)
	for _, c := range []struct {
		text string
		want []string
	}{
		{"5 g", []string{"quantity 5 g x =5 g"}},
		{"0,5 г", []string{"quantity 0.5 g x =0.5 g"}},
		{".5g", []string{"quantity 0.5 g x =0.5 g"}},
		{"½ oz", []string{"quantity 0.5 oz x =14.175 g"}},
		{"1/2 Gram", []string{"quantity 0.5 g x =0.5 g"}},
		{"1 1/2 lb", []string{"quantity 1.5 lb x =680.4 g"}},
		{"2 KILOGRAM", []string{"quantity 2 kg x =2000 g"}},
		{"28gs", []string{"quantity 28 g x =28 g"}},
		{"28 g's", []string{"quantity 28 g x =28 g"}},
		{"8-ball", []string{"quantity 3.5 g x =3.5 g"}},
		{"10 x 2mg", []string{"quantity 2 mg x10 =0.02 g"}},
		{"10х2мг", []string{"quantity 2 mg x10 =0.02 g"}},
		{"100 таб", []string{"quantity 100 piece x =100 piece", "form pill-tablet"}},
		{"1,000 pills", []string{"quantity 1000 piece x =1000 piece", "form pill-tablet"}},
		{"250 ml", []string{"quantity 250 ml x =250 ml"}},
		{"50gCocaine", []string{"quantity 50 g x =50 g", "substance cocaine"}},
		{"100 pills 250mg", []string{"quantity 100 piece x =100 piece", "form pill-tablet", "quantity 250 mg x100 =25 g"}},
		{"10 tablets x 5mg", []string{"quantity 10 piece x =10 piece", "form pill-tablet", "quantity 5 mg x10 =0.05 g"}},
		{"2 grams + 3mg", []string{"quantity 2 g x =2 g", "quantity 3 mg x =0.003 g"}},
		{"пять грамм", []string{"quantity 5 g x =5 g"}},
		{"ten pills", []string{"quantity 10 piece x =10 piece", "form pill-tablet"}},
		{"$5 each", []string{"price 5 USD /piece"}},
		{"1г-3000р 2г - 5500р", []string{"quantity 1 g x =1 g", "price 3000 RUB", "quantity 2 g x =2 g", "price 5500 RUB"}},
		{"2014 г", nil},
		{"$1,250.50", []string{"price 1250.50 USD"}},
		{"1.250 EUR", []string{"price 1250 EUR"}},
		{"0.125 BTC", []string{"price 0.125 BTC"}},
		{"12 500 ₽/г", []string{"price 12500 RUB /g"}},
		{"100 000 сум", []string{"price 100000 UZS"}},
		{"50 000 soʻm", []string{"price 50000 UZS"}},
		{"5 000 тг за грамм", []string{"price 5000 KZT /g"}},
		{"3к руб", []string{"price 3000 RUB"}},
		{"€5 per gram", []string{"price 5 EUR /g"}},
		{"USD 50", []string{"price 50 USD"}},
		{"40 USDT", []string{"price 40 USDT"}},
		{"cocaine 92%", []string{"substance cocaine", "purity 92 %"}},
		{"чистота 92,5 %", []string{"purity 92.5 %"}},
		{"50% off everything", nil},
		{"cocaine 92-95 %", []string{"substance cocaine", "purity 95 %"}},
		{"%84 cocaine", []string{"purity 84 %", "substance cocaine"}},
		{"pure 89% cocaine.", []string{"purity 89 %", "substance cocaine"}},
		{"Cocaine.96%", []string{"substance cocaine", "purity 96 %"}},
		{"cocaine 90% stealth", []string{"substance cocaine", "purity 90 %"}},
		{"cocaine 90% ★ESCROW★", []string{"substance cocaine", "purity 90 %"}},
		{"cocaine 50% off", []string{"substance cocaine"}},
		{"cocaine, 100% positive feedback", []string{"substance cocaine"}},
		{"50% discount on cocaine", []string{"substance cocaine"}},
		{"мефедроном", []string{"substance mephedrone"}},
		{"снег выпал утром", nil},
		{"снег 1г", []string{"substance cocaine", "quantity 1 g x =1 g"}},
		{"speed limits on this road", nil},
		{"5g speed", []string{"quantity 5 g x =5 g", "substance amphetamine"}},
		{"methods of mdmax", nil},
		{"test 250mg", []string{"substance testosterone", "quantity 250 mg x =0.25 g"}},
		{"lab test, 250 mg", []string{"quantity 250 mg x =0.25 g"}},
		{"ketamine + dob 2mg", []string{"substance ketamine", "substance dob", "quantity 2 mg x =0.002 g"}},
		{"закладка", []string{"drop закладка"}},
		{"Ships from: Germany", []string{"route from DE"}},
		{"ships to worldwide except Australia", []string{"route to WW except AU"}},
		{"From: Internet", nil},
		{"bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", []string{"address bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4 p2wpkh"}},
		{"bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5", nil},
		{"tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx", []string{"address tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx p2wpkh testnet"}},
		{"1111111111111111111114oLvT2", []string{"address 1111111111111111111114oLvT2 p2pkh"}},
		{"mail Nobody@Example.org now", []string{"email nobody@example.org"}},
		{"write @nobody_here", []string{"handle nobody_here"}},
		{"@media screen", nil},
		{"https://t.me/nobody_here.", []string{"url https://t.me/nobody_here", "handle nobody_here"}},
	} {
		found, _ := r.Text(c.text)
		checkSpans(t, c.text, found)
		var got []string
		for _, f := range found {
			got = append(got, short(f))
		}
		if strings.Join(got, " | ") != strings.Join(c.want, " | ") {
			t.Errorf("%q\n got %v\nwant %v", c.text, got, c.want)
		}
	}
}

func TestCategory(t *testing.T) {
	r := newReader(t)
	for text, want := range map[string]string{
		"5g White Widow":        "cannabis",
		"100x 200mg MDMA pills": "ecstasy",
		"мефедрон кристалл 1г":  "stimulants",
		"LSD 110ug x 10":        "psychedelics",
		"heroin #4 1g":          "opioids",
		"Xanax bars 2mg":        "benzodiazepines",
		"ketamine shards":       "dissociatives",
		"Sustanon 250 10ml":     "steroids",
		"Kamagra 100mg":         "prescription",
		"ацетон и уксусный ангидрид":  "precursors",
		"watch, like new, $50":        "other",
		"the weather is fine tonight": "",
	} {
		if _, got := r.Text(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// TestOrdinaryWords holds the lexicon to what it must not see: words of every
// day near numbers, prices and quantities.
func TestOrdinaryWords(t *testing.T) {
	r := newReader(t)
	for _, text := range []string{
		"71% by lab test", "Test your things, people. 5 g is enough.", "Date of birth (dob): 12.03.1980, weight 70 kg",
		"the amt is $50", "a PvP server for $5", "use 2-FA", "2 CD and 4 mar 2014", "наша команда, 5 кг посылок", "our medicine costs 20 EUR",
		"Blue was weaker than the last one. I paid 30 EUR.", "25C outside, 5 km to go", "MCAT scores went up by 10%",
		"blueberry and blackberry pie, northern lights and death star", "method of payment: 50 EUR", "salt &amp; pepper, 5 g",
		"The quick brown fox costs nothing at all in this long sentence of plain prose that goes on and on for the sake of its length, and 5 g of sugar is in it.",
		"Молли и Лида живут в Дурбане. Следственный изолятор. Метан, 20 кг.", "обмен p2p, 1000 USDT",
	} {
		found, _ := r.Text(text)
		if f := firstOf(found, tamga.FindSubstance); f != nil {
			t.Errorf("%q: %s in %q", text, f.Value, f.Raw)
		}
	}
	// The Universal Declaration of Human Rights, in eight languages and alphabets.
	files, err := filepath.Glob(filepath.Join(realData(t, "locale"), "udhr_*.txt"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d texts, %v", len(files), err)
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		found, _ := r.Text(string(text))
		for _, x := range found {
			switch x.Type {
			case tamga.FindSubstance, tamga.FindDrop, tamga.FindPrice, tamga.FindPurity, tamga.FindQuantity:
				t.Errorf("%s: %s %q", filepath.Base(f), x.Type, x.Raw)
			}
		}
	}
}

// No recogniser but the one for keys reads the inside of an armoured block.
func TestMask(t *testing.T) {
	text := "-----BEGIN PGP MESSAGE-----\n\n5gMDMA 1111111111111111111114oLvT2 $50\n-----END PGP MESSAGE-----\n5 g mdma"
	found, _ := newReader(t).Text(text)
	for _, f := range found {
		if f.Start < strings.Index(text, "-----END") {
			t.Errorf("found %s %q inside the block", f.Type, f.Raw)
		}
	}
	if len(found) != 2 {
		t.Errorf("found %v", brief(found))
	}
}
