package extract

import (
	"encoding/json"
	"strings"
	"testing"

	"tamga"
)

func TestKeyed(t *testing.T) {
	one, _ := New(Options{SecretKey: []byte("one")})
	same, _ := New(Options{SecretKey: []byte("one")})
	other, _ := New(Options{SecretKey: []byte("other")})
	drawn, _ := New(Options{})
	again, _ := New(Options{})
	// RFC 2104 over SHA-256, as openssl computes it.
	if got := one.keyed("secret"); got != "hmac-sha256:cc0e6f7f16fe1f720b0ef9b06b52fadec6e2b21ab341922047678379132ca924" || got != same.keyed("secret") {
		t.Errorf("%s", got)
	}
	if one.keyed("x") == other.keyed("x") || drawn.keyed("x") == again.keyed("x") || one.keyed("x") == one.keyed("y") {
		t.Error("equal values of unequal secrets or keys")
	}
}

// TestWithheld holds a page to what it may quote of a private key and of a seed
// phrase: nothing, wherever they stand.
func TestWithheld(t *testing.T) {
	const wif = "5KN7MzqK5wt2TP1fQCYyHBtDrXdJuXbUzm4A9rKAteGu3Qi5CVR" // BIP-38
	seed := strings.Repeat("abandon ", 11) + "about"
	r, err := New(Options{SecretKey: []byte("one")})
	if err != nil {
		t.Fatal(err)
	}
	p, err := r.Page(Input{URL: "http://demo.invalid/p/1", Body: []byte(`<html><title>5 g Kush ` + wif + `</title>
<h1>5 g Kush ` + wif + `</h1><p>Price: 0.1 BTC<p>Vendor: <a href="/vendor/nobody">nobody</a> Ships from: Germany
<p>My wallet: ` + seed + `.<br><a href="http://demo.invalid/x?key=` + wif + `">x</a> http://demo.invalid/?k=` + wif + ` <input value="` + wif + `">`)})
	if err != nil {
		t.Fatal(err)
	}
	checkPage(t, p)
	kinds := map[string]int{}
	for _, f := range p.Findings {
		if f.Type == tamga.FindSecret {
			kinds[f.Kind]++
			want := r.keyed(wif)
			if f.Kind == "seed" {
				want = r.keyed(seed)
			}
			if f.Raw != "" || f.Value != want {
				t.Errorf("%+v", f)
			}
		}
	}
	if kinds["wif"] < 4 || kinds["seed"] != 1 {
		t.Errorf("secrets: %v", kinds)
	}
	p.Source = ""
	out, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{wif, seed, wif[10:40], "abandon"} {
		if strings.Contains(string(out), s) {
			t.Errorf("%s leaves with the page: %s", s, out)
		}
	}
}
