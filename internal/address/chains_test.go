package address

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/btcsuite/btcd/btcec/v2"
	"github.com/btcsuite/btcd/btcec/v2/ecdsa"
	"golang.org/x/crypto/blake2b"
)

// published are the rows of testdata/published.txt: chain, network, kind, address.
func published(t testing.TB) (rows [][]string) {
	t.Helper()
	b, err := os.ReadFile("testdata/published.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		if f := strings.Fields(line); len(f) == 4 && f[0] != "#" {
			rows = append(rows, f)
		}
	}
	return rows
}

func TestPublished(t *testing.T) {
	for _, row := range published(t) {
		all := ParseAll(row[3])
		if len(all) != 1 {
			t.Errorf("%s: %+v", row[3], all)
			continue
		}
		if a := all[0]; a.Chain != row[0] || a.Network != row[1] || a.Kind != row[2] {
			t.Errorf("%s: %+v", row[3], a)
		}
	}
}

// made are addresses built here from random payloads by the encoding half of
// each format, one and more a form.
func made(t testing.TB, rng *rand.Rand) (out [][]string) {
	t.Helper()
	random := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(rng.Uint32())
		}
		return b
	}
	point := func() []byte {
		key, _ := btcec.PrivKeyFromBytes(random(32))
		return key.PubKey().SerializeCompressed()
	}
	add := func(chain, network, kind, s string) { out = append(out, []string{chain, network, kind, s}) }
	for _, row := range base58Rows {
		payload := random(row.size)
		if row.size == extendedSize {
			copy(payload[41:], point())
		}
		add(row.chain, row.network, row.kind, encodeBase58Check(append(slices.Clone(row.version), payload...)))
	}
	for _, row := range segwitRows {
		add(row.chain, row.network, "p2wpkh", encodeSegwit(row.hrp, 0, random(20)))
		add(row.chain, row.network, "p2wsh", encodeSegwit(row.hrp, 0, random(32)))
		add(row.chain, row.network, "p2tr", encodeSegwit(row.hrp, 1, random(32)))
		add(row.chain, row.network, "witness", encodeSegwit(row.hrp, 16, random(2)))
	}
	for _, n := range cashNetworks {
		for v, kind := range cashKinds {
			for size, length := range cashSizes {
				add(BitcoinCash, n.network, kind, n.prefix+":"+encodeCash(n.prefix, append([]byte{v<<3 | byte(size)}, random(length)...)))
			}
		}
	}
	add(Ethereum, Mainnet, "eip55", EIP55("0xab"+hex.EncodeToString(random(19))))
	for net, n := range moneroNets {
		size := 64
		if n.kind == "integrated" {
			size = 72
		}
		add(Monero, n.network, n.kind, encodeMonero(append([]byte{net}, random(size)...)))
	}
	for _, chain := range []byte{0, 0xff} {
		for tag, kind := range map[byte][2]string{0x11: {Mainnet, "bounceable"}, 0x51: {Mainnet, "non-bounceable"}, 0x91: {Testnet, "bounceable"}, 0xd1: {Testnet, "non-bounceable"}} {
			b := append([]byte{tag, chain}, random(32)...)
			b = binary.BigEndian.AppendUint16(b, crc16(b))
			add(TON, kind[0], kind[1], base64.URLEncoding.EncodeToString(b))
		}
	}
	add(Ripple, Mainnet, "classic", encodeRipple(append([]byte{0}, random(20)...)))
	add(Ripple, Mainnet, "x-address", encodeRipple(slices.Concat([]byte{5, 0x44}, random(20), []byte{1, 9, 8, 7, 6, 0, 0, 0, 0})))
	add(Ripple, Testnet, "x-address", encodeRipple(slices.Concat([]byte{4, 0x93}, random(20), make([]byte, 9))))
	for hrp, form := range zcashHRP {
		payload := random(map[string]int{"sapling": 43, "tex": 20}[form.kind])
		if form.kind == "unified" {
			payload = f4Jumble(unified(hrp, random))
		}
		groups, _ := regroup(payload, 8, 5, true)
		add(Zcash, form.network, form.kind, encodeBech32(hrp, groups, form.constant))
	}
	for hrp, network := range map[string]string{"ltcmweb": Mainnet, "tmweb": Testnet} {
		groups, _ := regroup(append(point(), point()...), 8, 5, true)
		add(Litecoin, network, "mweb", encodeBech32(hrp, append([]byte{0}, groups...), bech32Const))
	}
	link, _ := regroup([]byte("https://pay.example.org/lnurlp/nobody?x=1"), 8, 5, true)
	add(Lightning, Mainnet, "lnurl", encodeBech32("lnurl", link, bech32Const))
	for _, n := range lightningNets {
		add(Lightning, n.network, "invoice", invoice("ln"+n.prefix+"2500u", random(32), nil))
	}
	return out
}

// unified is the body of a unified address with a transparent and two shielded
// receivers, before jumbling.
func unified(hrp string, random func(int) []byte) []byte {
	return slices.Concat([]byte{0, 20}, random(20), []byte{2, 43}, random(43), []byte{3, 43}, random(43), []byte(hrp), make([]byte, 16-len(hrp)))
}

func encodeCash(prefix string, payload []byte) string {
	groups, _ := regroup(payload, 8, 5, true)
	chk := cashPrefix(prefix)
	for _, g := range append(slices.Clone(groups), make([]byte, cashChecksum)...) {
		chk = cashStep(chk, g)
	}
	chk ^= 1
	for i := range cashChecksum {
		groups = append(groups, byte(chk>>(5*(7-i))&31))
	}
	var b strings.Builder
	for _, g := range groups {
		b.WriteByte(bech32Alphabet[g])
	}
	return b.String()
}

func encodeMonero(body []byte) string {
	body = append(body, keccak256(body)[:4]...)
	var out []byte
	for len(body) > 0 {
		n := min(8, len(body))
		v := uint64(0)
		for _, c := range body[:n] {
			v = v<<8 | uint64(c)
		}
		block := make([]byte, moneroBlocks[n])
		for i := len(block) - 1; i >= 0; i-- {
			block[i] = base58Alphabet[v%58]
			v /= 58
		}
		out, body = append(out, block...), body[n:]
	}
	return string(out)
}

func encodeRipple(body []byte) string {
	b := []byte(encodeBase58Check(body))
	for i, c := range b {
		b[i] = rippleAlphabet[base58Digit[c]]
	}
	return string(b)
}

// invoice signs a BOLT-11 invoice with the fields that every one must have;
// change may alter them before they are signed.
func invoice(hrp string, secret []byte, change func([]byte) []byte) string {
	field := func(tag byte, groups []byte) []byte {
		return append([]byte{tag, byte(len(groups) >> 5), byte(len(groups) & 31)}, groups...)
	}
	hash, _ := regroup(secret, 8, 5, true)
	text, _ := regroup([]byte("coffee"), 8, 5, true)
	data := slices.Concat([]byte{1, 12, 18, 31, 28, 25, 2}, field(fieldPayment, hash), field(fieldSecret, hash), field(fieldDescription, text))
	if change != nil {
		data = change(data)
	}
	body, _ := regroup(data, 5, 8, true)
	sum := sha256.Sum256(append([]byte(hrp), body...))
	key, _ := btcec.PrivKeyFromBytes(secret)
	sig := ecdsa.SignCompact(key, sum[:], true)
	groups, _ := regroup(append(sig[1:], sig[0]-31), 8, 5, true)
	return encodeBech32(hrp, append(data, groups...), bech32Const)
}

// TestMade reads back what the encoders write, and nothing that has one
// character changed, added or taken, or its case turned.
func TestMade(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	rows := append(made(t, rng), published(t)...)
	for _, row := range rows {
		s := row[3]
		all := ParseAll(s)
		found := slices.ContainsFunc(all, func(a Address) bool {
			return a.Chain == row[0] && a.Network == row[1] && a.Kind == row[2]
		})
		if !found {
			t.Errorf("%v: %+v", row, all)
			continue
		}
		refuse := func(v, what string) {
			if v == s {
				return
			}
			for _, a := range ParseAll(v) {
				if a.Value != all[0].Value {
					t.Fatalf("%s, %s: %s accepted as %+v", s, what, v, a)
				}
			}
		}
		for i := range len(s) {
			// EIP-55 has a bit for each letter, far too few for this.
			for range 6 {
				if row[2] == "eip55" {
					break
				}
				const signs = base58Alphabet + "0OIl:-_+/"
				refuse(s[:i]+string(signs[rng.IntN(len(signs))])+s[i+1:], "one changed")
			}
			refuse(s[:i], "cut")
			refuse(s[i:], "begun late")
			if i > 0 && i+1 < len(s) && s[i] != s[i+1] && row[2] != "eip55" {
				refuse(s[:i]+string(s[i+1])+string(s[i])+s[i+2:], "two exchanged")
			}
			if c := s[i] ^ 0x20; isLetterByte(c) {
				if v := s[:i] + string(c) + s[i+1:]; len(ParseAll(v)) != 0 && row[2] != "eip55" {
					t.Fatalf("%s with its case turned at %d is accepted", s, i)
				}
			}
		}
		refuse(s+string(s[len(s)-1]), "one more")
	}
}

func isLetterByte(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func TestUpperCase(t *testing.T) {
	for _, row := range made(t, rand.New(rand.NewPCG(5, 6))) {
		s := row[3]
		if s != strings.ToLower(s) {
			continue
		}
		if all := ParseAll(strings.ToUpper(s)); len(all) != 1 || all[0].Value != s {
			t.Errorf("%s in capitals: %+v", s, all)
		}
	}
}

func TestInvoices(t *testing.T) {
	secret := []byte(strings.Repeat("\x11", 32))
	key, _ := btcec.PrivKeyFromBytes(secret)
	all := ParseAll(invoice("lnbc10n", secret, nil))
	if len(all) != 1 || string(all[0].Payload) != string(key.PubKey().SerializeCompressed()) {
		t.Fatalf("payee %x", all)
	}
	if len(ParseAll(invoice("lnbc", secret, nil))) != 1 || len(ParseAll(invoice("lnbc25", secret, nil))) != 1 {
		t.Error("no amount, or one without a multiplier, is refused")
	}
	payee, _ := regroup(key.PubKey().SerializeCompressed(), 8, 5, true)
	declared := func(d []byte) []byte { return append(append(d, fieldPayee, 1, 21), payee...) }
	if len(ParseAll(invoice("lnbc10n", secret, declared))) != 1 {
		t.Error("a declared payee is refused")
	}
	for name, s := range map[string]string{
		"leading zero":       invoice("lnbc010n", secret, nil),
		"no such multiplier": invoice("lnbc10x", secret, nil),
		"pico not by ten":    invoice("lnbc11p", secret, nil),
		"no such currency":   invoice("lnxy10n", secret, nil),
		"no payment hash":    invoice("lnbc10n", secret, func(d []byte) []byte { d[7] = 6; return d }),
		"no payment secret":  invoice("lnbc10n", secret, func(d []byte) []byte { d[7+55] = 6; return d }),
		"field over the end": invoice("lnbc10n", secret, func(d []byte) []byte { return append(d, fieldPayee, 1) }),
		"unknown feature":    invoice("lnbc10n", secret, func(d []byte) []byte { return append(d, fieldFeatures, 0, 1, 16<<0>>2) }),
		"another's key":      invoice("lnbc10n", []byte(strings.Repeat("\x12", 32)), declared),
	} {
		if a := ParseAll(s); len(a) != 0 {
			t.Errorf("%s: %s accepted", name, s)
		}
	}
}

func TestUnified(t *testing.T) {
	zero := func(n int) []byte { return make([]byte, n) }
	good := unified("u", zero)
	encode := func(b []byte) string {
		groups, _ := regroup(f4Jumble(b), 8, 5, true)
		return encodeBech32("u", groups, bech32mConst)
	}
	if len(ParseAll(encode(good))) != 1 {
		t.Fatal("refused")
	}
	for name, b := range map[string][]byte{
		"padding of another":  unified("utest", zero),
		"transparent only":    slices.Concat([]byte{0, 20}, zero(20), []byte{0, 20}, zero(20), []byte("u"), zero(15)),
		"two transparent":     slices.Concat([]byte{0, 20}, zero(20), []byte{1, 20}, zero(20), []byte{3, 43}, zero(43), []byte("u"), zero(15)),
		"not ascending":       slices.Concat([]byte{3, 43}, zero(43), []byte{2, 43}, zero(43), []byte("u"), zero(15)),
		"a receiver cut":      slices.Concat([]byte{3, 43}, zero(42), []byte("u"), zero(15)),
		"a size of its own":   slices.Concat([]byte{3, 44}, zero(44), []byte("u"), zero(15)),
		"a size not shortest": slices.Concat([]byte{3, 0xfd, 43, 0}, zero(43), []byte("u"), zero(15)),
	} {
		if len(ParseAll(encode(b))) != 0 {
			t.Errorf("%s: accepted", name)
		}
	}
}

// TestBlake2b compares with golang.org/x/crypto where that can follow: without a
// personalisation.
func TestBlake2b(t *testing.T) {
	data := []byte(strings.Repeat("tamga ", 100))
	for n := range 300 {
		want := blake2b.Sum512(data[:n])
		if got := blake2bSum(64, [16]byte{}, data[:n]); string(got) != string(want[:]) {
			t.Fatalf("%d bytes: %x, want %x", n, got, want)
		}
	}
	want := blake2b.Sum256(data)
	if got := blake2bSum(32, [16]byte{}, data); string(got) != string(want[:]) {
		t.Fatalf("%x, want %x", got, want)
	}
}

// TestShapes reads the forms without a checksum, each of the wrong length too.
func TestShapes(t *testing.T) {
	key, _ := btcec.PrivKeyFromBytes([]byte{7})
	id, _ := regroup(append([]byte{10, 4, 't', 'e', 's', 't', 22, 33}, key.PubKey().SerializeCompressed()...), 8, 5, true)
	var lno strings.Builder
	for _, g := range id {
		lno.WriteByte(bech32Alphabet[g])
	}
	for _, c := range []struct{ s, chain, kind, value string }{
		{"0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed", Ethereum, "hex", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"},
		{"0x5AAEB6053F3E94C9B9A09F33669435E7EF1BEAED", Ethereum, "hex", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"},
		{"410000000000000000000000000000000000000000", Tron, "hex", "T9yD14Nj9j7xAB4dbGeiX9h8unkKHxuWwb"}, // burn
		{"0:" + strings.Repeat("0a", 32), TON, "raw", "0:" + strings.Repeat("0a", 32)},
		{"-1:" + strings.Repeat("33", 32), TON, "raw", "-1:" + strings.Repeat("33", 32)},
		{encodeBase58([]byte(strings.Repeat("\xab", 32))), Solana, "account", encodeBase58([]byte(strings.Repeat("\xab", 32)))},
		{"lno1" + lno.String(), Lightning, "offer", "lno1" + lno.String()},
	} {
		all := Shapes(c.s)
		if len(all) != 1 || all[0].Chain != c.chain || all[0].Kind != c.kind || all[0].Value != c.value {
			t.Errorf("%s: %+v", c.s, all)
		}
		if c.s != c.value && len(ParseAll(c.s)) != 0 {
			t.Errorf("%s counts as checked", c.s)
		}
		if len(Shapes(c.s[1:])) != 0 && c.chain != Solana && c.kind != "raw" {
			t.Errorf("%s: begun late, accepted", c.s)
		}
	}
	for _, s := range []string{
		"0X5AAEB6053F3E94C9B9A09F33669435E7EF1BEAED", "0x5AAEb6053f3e94c9b9a09f33669435e7ef1beaed", "0x" + strings.Repeat("g", 40),
		"11111111111111111111111111111111", "So11111111111111111111111111111111111111112", "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA",
		"1:" + strings.Repeat("33", 32), "0:" + strings.Repeat("aB", 32), "lno1qqq", "ltc1qr7zu594qf63xm79x6pu3a2v39m2z6hh5pp4t77", "lno1" + strings.Repeat("q", 60), strings.Repeat("z", 44),
	} {
		if a := Shapes(s); len(a) != 0 {
			t.Errorf("%s: %+v", s, a)
		}
	}
}

func TestSecrets(t *testing.T) {
	key := strings.Repeat("\x11", 32)
	for _, c := range []struct {
		body string
		want Secret
	}{
		{"\x80" + key, Secret{"wif", Bitcoin, Mainnet}},
		{"\x80" + key + "\x01", Secret{"wif", Bitcoin, Mainnet}},
		{"\xef" + key + "\x01", Secret{"wif", Bitcoin, Testnet}},
		{"\xb0" + key, Secret{"wif", Litecoin, Mainnet}},
		{"\x04\xb2\x43\x0c" + strings.Repeat("\x01", 41) + "\x00" + key, Secret{"xprv", Bitcoin, Mainnet}},
		{"\x01\x42\xe0" + strings.Repeat("\x05", 36), Secret{"bip38", Bitcoin, Mainnet}},
		{"\x01\x43\x24" + strings.Repeat("\x05", 36), Secret{"bip38", Bitcoin, Mainnet}},
		{"\x80" + key + "\x02", Secret{}},
		{"\x81" + key, Secret{}},
		{"\x80" + strings.Repeat("\x00", 32), Secret{}},
		{"\x80" + strings.Repeat("\xff", 32), Secret{}},
		{"\x01\x42\x00" + strings.Repeat("\x05", 36), Secret{}},
		{"\x04\x88\xb2\x1e" + strings.Repeat("\x01", 41) + "\x02" + key, Secret{}},
	} {
		s := encodeBase58Check([]byte(c.body))
		got, ok := ParseSecret(s)
		if ok != (c.want.Kind != "") || ok && got != c.want {
			t.Errorf("%s: %+v %v, want %+v", s, got, ok, c.want)
		}
		if ok && len(ParseAll(s)) != 0 {
			t.Errorf("%s is read as an address", s)
		}
		for i := range len(s) {
			v := s[:i] + string(base58Alphabet[(int(base58Digit[s[i]])+1+i%56)%58]) + s[i+1:]
			if _, ok := ParseSecret(v); ok {
				t.Errorf("%s accepted", v)
			}
		}
	}
	for _, s := range []string{
		"xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi", // BIP-32
		"6PRVWUbkzzsbcVac2qwfssoUJAN1Xhrg6bNk8J7Nzm5H7kxEbn2Nh2ZoGg",                                                      // BIP-38
		"5KN7MzqK5wt2TP1fQCYyHBtDrXdJuXbUzm4A9rKAteGu3Qi5CVR",                                                             // BIP-38
		encodeRipple(append([]byte{0x21}, key[:16]...)),
		encodeRipple(append([]byte("\x01\xe1\x4b"), key[:16]...)),
	} {
		if _, ok := ParseSecret(s); !ok {
			t.Errorf("%s refused", s)
		}
	}
}

func TestSeedPhrases(t *testing.T) {
	if len(bip39Words) != 2048 {
		t.Fatalf("%d words", len(bip39Words))
	}
	for w := range bip39Words {
		if len(w) < MinSeedWord || len(w) > MaxSeedWord {
			t.Errorf("%s: %d letters", w, len(w))
		}
	}
	for phrase, want := range map[string]bool{
		strings.Repeat("abandon ", 11) + "about":                                              true, // BIP-39, all zeros
		strings.Repeat("abandon ", 17) + "agent":                                              true,
		strings.Repeat("abandon ", 23) + "art":                                                true,
		"legal winner thank year wave sausage worth useful legal winner thank yellow":         true,
		strings.Repeat("zoo ", 11) + "wrong":                                                  true,
		"wild father tree among universe such mobile favorite target dynamic credit identify": true, // Electrum, segwit
		strings.Repeat("abandon ", 12):                                                        false,
		strings.Repeat("abandon ", 10) + "about":                                              false,
		strings.Repeat("abandon ", 11) + "tamga":                                              false,
		"legal winner thank year wave sausage worth useful legal winner yellow thank":         false,
		strings.Repeat("abandon ", 26) + "about":                                              false,
	} {
		if got := SeedPhrase(strings.Fields(phrase)); got != want {
			t.Errorf("%q: %v", phrase, got)
		}
	}
}
