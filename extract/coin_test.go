package extract

import (
	"fmt"
	"strings"
	"testing"

	"tamga"
)

// coins are the chain findings of a text: type, chain, network, kind, value.
func coins(fs []tamga.Finding) string {
	var out []string
	for _, f := range fs {
		switch f.Type {
		case tamga.FindAddress, tamga.FindTxID, tamga.FindSecret:
			value := f.Value
			if f.Type == tamga.FindSecret {
				value = ""
			}
			out = append(out, strings.Join(strings.Fields(fmt.Sprint(f.Type, " ", f.Chain, " ", f.Network, " ", f.Kind, " ", value)), " "))
		}
	}
	return strings.Join(out, " | ")
}

// Forms without a checksum, none of them anyone's.
const (
	solanaShape = "7Y5vKcHWnHKQhVvWzbFEDDEEsQcQpGzCpXSTPzTkXaHB"
	evmShape    = "0x00000000000000000000000000000000deadbeef"
	evmValue    = "0x00000000000000000000000000000000DeaDBeef"
	hash64      = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
	tronShape   = "410000000000000000000000000000000000000000"
	tronValue   = "T9yD14Nj9j7xAB4dbGeiX9h8unkKHxuWwb"
)

func TestCoins(t *testing.T) {
	r := newReader(t)
	for text, want := range map[string]string{
		// A checksum is reason enough.
		"ltc1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqcpqcq8":                              "", // wrong checksum
		"BTC 1111111111111111111114oLvT2 only":                                     "address bitcoin p2pkh 1111111111111111111114oLvT2",
		"bch: 1111111111111111111114oLvT2":                                         "address bitcoin p2pkh 1111111111111111111114oLvT2 | address bitcoin-cash p2pkh 1111111111111111111114oLvT2",
		"3EExK1K1TF3v7zsFtQHt14XqexCwgmXM1y":                                       "address bitcoin p2sh 3EExK1K1TF3v7zsFtQHt14XqexCwgmXM1y | address litecoin p2sh 3EExK1K1TF3v7zsFtQHt14XqexCwgmXM1y",
		"rrrrrrrrrrrrrrrrrrrrrhoLvTp":                                              "address ripple classic rrrrrrrrrrrrrrrrrrrrrhoLvTp",
		"https://tonviewer.com/Ef_lZ1T4NCb2mwkme9h2rJfESCE0W34ma9lWp7-_uY3zXDvq?x": "address ton bounceable Ef_lZ1T4NCb2mwkme9h2rJfESCE0W34ma9lWp7-_uY3zXDvq",
		"TON Ef/lZ1T4NCb2mwkme9h2rJfESCE0W34ma9lWp7+/uY3zXDvq.":                    "address ton bounceable Ef_lZ1T4NCb2mwkme9h2rJfESCE0W34ma9lWp7-_uY3zXDvq",
		"Ef_lZ1T4NCb2mwkme9h2rJfESCE0W34ma9lWp7-_uY3zXDvqA":                        "",
		"bitcoincash:qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a":                   "address bitcoin-cash p2pkh bitcoincash:qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a",
		"qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a":                               "address bitcoin-cash p2pkh bitcoincash:qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a",
		"address: qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a":                      "address bitcoin-cash p2pkh bitcoincash:qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a",
		"bchtest:qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a":                       "",
		"pay u1l8xunezsvhq8fgzfl7404m450nwnd76zshscn6nfys7vyz2ywyh4cc5daaq0c7q2su5lqfh23sp7fkf3kt27ve5948mzpfdvckzaect2jtte308mkwlycj2u0eac077wu70vqcetkxf": "address zcash unified u1l8xunezsvhq8fgzfl7404m450nwnd76zshscn6nfys7vyz2ywyh4cc5daaq0c7q2su5lqfh23sp7fkf3kt27ve5948mzpfdvckzaect2jtte308mkwlycj2u0eac077wu70vqcetkxf",

		// What has none needs a word, a site, or the cell to itself.
		"lorem " + solanaShape + " ipsum":                            "",
		solanaShape:                                                  "address solana account " + solanaShape,
		" \"" + solanaShape + "\"\n":                                 "address solana account " + solanaShape,
		"SOL: " + solanaShape:                                        "address solana account " + solanaShape,
		"console " + solanaShape + " here":                           "",
		"кошелёк солана " + solanaShape:                              "address solana account " + solanaShape,
		"переведи на " + solanaShape + " и жди":                      "address solana account " + solanaShape,
		"https://solscan.io/account/" + solanaShape:                  "address solana account " + solanaShape,
		"solana program TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA": "",
		"lorem " + evmShape + " ipsum":                               "",
		"USDT (BEP20) " + evmShape:                                   "address ethereum hex " + evmValue,
		"адрес " + evmShape:                                          "address ethereum hex " + evmValue,
		"lorem " + evmValue + " ipsum":                               "address ethereum eip55 " + evmValue,
		strings.Replace(evmValue, "D", "d", 1) + " eth wallet":       "",
		"TRC20 " + tronShape:                                         "address tron hex " + tronValue,
		"number " + tronShape:                                        "",
		"0:" + hash64 + " toncoin":                                   "address ton raw 0:" + hash64,
		"sha256 " + hash64:                                           "",
		"txid " + hash64:                                             "txid " + hash64,
		"https://mempool.space/tx/" + hash64:                         "txid " + hash64,
		"транзакция 0x" + hash64:                                     "txid ethereum 0x" + hash64,
		"hash " + hash64 + " of hashish":                             "",

		// Keys.
		"5KN7MzqK5wt2TP1fQCYyHBtDrXdJuXbUzm4A9rKAteGu3Qi5CVR":             "secret bitcoin wif",
		"key: 6PRVWUbkzzsbcVac2qwfssoUJAN1Xhrg6bNk8J7Nzm5H7kxEbn2Nh2ZoGg": "secret bitcoin bip38",
		"private key " + hash64:                  "secret key",
		strings.Repeat("abandon ", 11) + "about": "secret seed",
		"My seed phrase: " + strings.Repeat("abandon ", 11) + "about. Do not lose it": "secret seed",
		"my seed phrase " + strings.Repeat("Abandon ", 11) + "About":                  "secret seed",
		numbered(strings.Repeat("zoo ", 23) + "vote"):                                 "secret seed",
		"words: " + strings.Repeat("zoo\n", 11) + "wrong\n":                           "secret seed",
		strings.Repeat("abandon ", 12):                                                "",
	} {
		fs, _ := r.Text(text)
		checkSpans(t, text, fs)
		if got := coins(fs); got != want {
			t.Errorf("%q\n got %s\nwant %s", text, got, want)
		}
	}
}

// numbered writes a phrase as wallets show it.
func numbered(phrase string) string {
	var b strings.Builder
	for i, w := range strings.Fields(phrase) {
		fmt.Fprintf(&b, "%d. %s\n", i+1, w)
	}
	return b.String()
}

// TestNoCoinInBlocks holds the recogniser to what it must not read: keys and
// messages in armour.
func TestNoCoinInBlocks(t *testing.T) {
	text := "-----BEGIN PGP MESSAGE-----\n\nsolana wallet\n" + solanaShape + "\n" + evmValue + "\n-----END PGP MESSAGE-----\n"
	fs, _ := newReader(t).Text(text)
	if got := coins(fs); got != "" {
		t.Errorf("found %s", got)
	}
}

// TestHiddenToken: a token of a form is no transaction, though nothing else stands in
// the attribute.
func TestHiddenToken(t *testing.T) {
	p, err := newReader(t).Page(Input{Body: []byte(`<form><input type=hidden name=csrf value="` + hash64 + `"></form><a href="/x/` + hash64 + `">x</a>`)})
	if err != nil {
		t.Fatal(err)
	}
	if got := coins(p.Findings); got != "" {
		t.Errorf("found %s", got)
	}
}

// TestManyCoins reads a line of many candidates of every form; a reader that
// looked back over them would never end.
func TestManyCoins(t *testing.T) {
	r := newReader(t)
	n := 20_000
	if testing.Short() {
		n = 1000
	}
	for name, word := range map[string]string{
		"base58":   "1111111111111111111114oLvT3",
		"solana":   solanaShape,
		"evm":      evmShape,
		"hashes":   hash64,
		"friendly": "Ef_lZ1T4NCb2mwkme9h2rJfESCE0W34ma9lWp7-_uY3zXDv",
		"seeds":    "abandon ability able",
		"mixed":    "abandon,\nability able.",
		"invoice":  "lnbc1" + strings.Repeat("q", 200),
		"long":     strings.Repeat("u1", 4000),
	} {
		text := strings.Repeat(word+" ", n*30/(len(word)+1)+1)
		fs, _ := r.Text(text)
		if got := coins(fs); name != "seeds" && name != "mixed" && got != "" {
			t.Errorf("%s: found %d", name, len(fs))
		}
	}
}

func FuzzCoins(f *testing.F) {
	for _, s := range []string{
		"SOL: " + solanaShape, "адрес " + evmShape, "txid " + hash64, "0:" + hash64 + " toncoin", "TRC20 " + tronShape,
		"Ef_lZ1T4NCb2mwkme9h2rJfESCE0W34ma9lWp7-_uY3zXDvq", "bitcoincash:qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a",
		"my seed phrase " + strings.Repeat("abandon ", 11) + "about", "5KN7MzqK5wt2TP1fQCYyHBtDrXdJuXbUzm4A9rKAteGu3Qi5CVR",
		"lnbc1", "lno1pg", "u1", "://", "bch 1111111111111111111114oLvT2",
	} {
		f.Add(s)
	}
	r := newReader(f)
	f.Fuzz(func(t *testing.T, s string) {
		for _, text := range []string{s, "wallet txid " + s + " private key", "<p>" + s + "</p>"} {
			fs, _ := r.Text(text)
			checkSpans(t, text, fs)
		}
		p, err := r.Page(Input{Body: []byte("<p>" + s + `<a href="` + s + `">x</a>`)})
		if err != nil {
			t.Fatal(err)
		}
		checkPage(t, p)
	})
}
