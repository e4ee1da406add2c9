package address

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	btcaddr "github.com/btcsuite/btcd/address/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/txscript/v2"
)

// dataFile finds a file of the real data, which the repository does not hold.
func dataFile(t *testing.T, name string) string {
	t.Helper()
	dir := os.Getenv("TAMGA_DATA")
	if dir == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			t.Skip("no cache folder")
		}
		dir = filepath.Join(cache, "tamga-data")
	}
	file := filepath.Join(dir, name)
	if _, err := os.Stat(file); err != nil {
		t.Skipf("real data is not here: %s", name)
	}
	return file
}

func TestBIP350(t *testing.T) {
	b, err := os.ReadFile("testdata/bip350.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		f := strings.Fields(line)
		if len(f) != 2 {
			continue
		}
		a, ok := Parse(f[0])
		if ok != (f[1] != "-") {
			t.Errorf("Parse(%s) = %v", f[0], ok)
			continue
		}
		if !ok {
			continue
		}
		script, err := ToScript(a)
		if err != nil || hex.EncodeToString(script) != f[1] {
			t.Errorf("%s: script %x, %v, want %s", f[0], script, err, f[1])
		}
		if _, back := FromScript(script, a.Network); back != strings.ToLower(f[0]) || back != a.Value {
			t.Errorf("%s: back as %s, value %s", f[0], back, a.Value)
		}
	}
}

// vectorChains names the chain of each type of the vectors, none for secrets.
var vectorChains = map[string]string{
	"btc_segwit": Bitcoin, "btc_base58": Bitcoin, "xpub": Bitcoin, "ltc_segwit": Litecoin, "ltc_base58": Litecoin,
	"doge": Dogecoin, "dash": Dash, "zec_t": Zcash, "bch": BitcoinCash, "eth": Ethereum, "tron": Tron,
	"xmr": Monero, "xmr_testnet": Monero, "ton": TON, "sol": Solana, "bolt11": Lightning, "bolt11_semantic_invalid": Lightning,
	"wif": "",
}

func TestVectors(t *testing.T) {
	f, err := os.Open(dataFile(t, "address_vectors.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows := 0
	for sc := bufio.NewScanner(f); sc.Scan(); {
		var row struct {
			Type, Value string
			Valid       bool
		}
		if err := json.Unmarshal(sc.Bytes(), &row); err != nil {
			t.Fatal(err)
		}
		chain, ok := vectorChains[row.Type]
		if !ok {
			continue
		}
		rows++
		found := false
		for _, a := range append(ParseAll(row.Value), Shapes(row.Value)...) {
			found = found || a.Chain == chain || chain == BitcoinCash && a.Chain == Bitcoin && a.Kind == "p2sh" // the legacy form
		}
		if _, secret := ParseSecret(row.Value); chain == "" {
			found = secret
		} else if secret {
			t.Errorf("%s is a secret", row.Value)
		}
		if found != row.Valid {
			t.Errorf("%s %s: %v, want %v", row.Type, row.Value, found, row.Valid)
		}
	}
	if rows < 150 {
		t.Fatalf("only %d rows", rows)
	}
}

func TestKinds(t *testing.T) {
	for _, c := range []struct{ in, network, kind string }{
		{"1111111111111111111114oLvT2", Mainnet, "p2pkh"}, // burn
		{"3EExK1K1TF3v7zsFtQHt14XqexCwgmXM1y", Mainnet, "p2sh"},
		{"mfWxJ45yp2SFn7UciZyNpvDKrzbhyfKrY8", Testnet, "p2pkh"}, // burn
		{"bc1pfeessrawgf", Mainnet, "witness"},                   // pay to anchor
		{"tb1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3q0sl5k7", Testnet, "p2wsh"},
		{"bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202", Regtest, "p2wpkh"}, // burn
	} {
		a, ok := Parse(c.in)
		if !ok || a.Network != c.network || a.Kind != c.kind || a.Chain != "bitcoin" {
			t.Errorf("%s: %+v %v", c.in, a, ok)
		}
	}
}

func TestExtendedKeys(t *testing.T) {
	// BIP-32, test vector 1 and invalid keys of test vector 5.
	good := "xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhePY2gZ29ESFjqJoCu1Rupje8YtGqsefD265TMg7usUDFdp6W1EGMcet8"
	if a, ok := Parse(good); !ok || a.Kind != "xpub" {
		t.Errorf("%+v %v", a, ok)
	}
	body, err := decodeBase58Check(good)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range base58Rows {
		if row.size != extendedSize {
			continue
		}
		s := encodeBase58Check(append(bytes.Clone(row.version), body[4:]...))
		all := ParseAll(s)
		ok := len(all) == 1
		if !ok {
			t.Fatalf("%s: %d readings", s, len(all))
		}
		a := all[0]
		if a.Chain != row.chain || a.Kind != row.kind || !strings.HasPrefix(s, row.kind) || !a.ValidKey() {
			t.Errorf("%s: %+v %v", s, a, ok)
		}
		if _, err := ToScript(a); err == nil {
			t.Errorf("%s has a script", s)
		}
	}
	for name, change := range map[string]func(b []byte){
		"private key":             func(b []byte) { b[45] = 0 },
		"uncompressed":            func(b []byte) { b[45] = 4 },
		"parent of a master":      func(b []byte) { b[5] = 1 },
		"index of a master":       func(b []byte) { b[12] = 1 },
		"no point of the curve":   func(b []byte) { copy(b[46:], make([]byte, 32)); b[77] = 7 - 2 },
		"beyond the curve's size": func(b []byte) { copy(b[46:], bytes.Repeat([]byte{255}, 32)) },
	} {
		b := bytes.Clone(body)
		change(b)
		if a, ok := Parse(encodeBase58Check(b)); !ok || a.ValidKey() {
			t.Errorf("%s: read %v, passes for a working key", name, ok)
		}
	}
}

func TestRefused(t *testing.T) {
	for _, s := range []string{
		"", "1", "bc1", strings.Repeat("1", 200), strings.Repeat("z", 128), "bc1" + strings.Repeat("q", 100),
		"bc1zw508d6qejxtdg4y5r3zarvaryvaxxpc\u017f", // long s: upper case is S
		"BC1ZW508D6QEJXTDG4Y5R3ZARVARYVAXXPCS\u212a",
		"5HueCGU8rMjxEXxiPuD5BDku4MkFqeZyd4dZ1jvhTVqvbTLvyTJ", // a private key is no address
	} {
		if a, ok := Parse(s); ok {
			t.Errorf("%q accepted: %+v", s, a)
		}
	}
}

// TestOneCharacter: no change of one character survives (bech32 finds up to
// four; base58check misses one in 2^32).
func TestOneCharacter(t *testing.T) {
	for _, s := range []string{
		"1111111111111111111114oLvT2", "bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202",
		"bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
	} {
		for i := range len(s) {
			for _, c := range base58Alphabet + "0l" {
				v := s[:i] + string(c) + s[i+1:]
				if a, ok := Parse(v); ok && v != s {
					t.Fatalf("%s accepted: %+v", v, a)
				}
			}
		}
	}
}

func TestScriptTypes(t *testing.T) {
	key33 := "21" + "02" + strings.Repeat("11", 32)
	key65 := "41" + "04" + strings.Repeat("11", 64)
	for _, c := range []struct{ script, typ string }{
		{"", TypeNonstandard},
		{"6a", TypeNullData},
		{"6a0401020304", TypeNullData},
		{"6a04010203", TypeNonstandard}, // push beyond the end
		{"6aac", TypeNonstandard},
		{"6a50", TypeNullData}, // OP_RESERVED counts as a push
		{key33 + "ac", TypePubKey},
		{key65 + "ac", TypePubKey},
		{"21" + "05" + strings.Repeat("11", 32) + "ac", TypeNonstandard},
		{"51" + key33 + "51ae", TypeMultisig},
		{"51" + key33 + key65 + "52ae", TypeMultisig},
		{"52" + key33 + "51ae", TypeNonstandard},
		{"51" + key33 + "52ae", TypeNonstandard},
		{"51" + strings.Repeat(key33, 17) + "0111ae", TypeMultisig},
		{"51" + strings.Repeat(key33, 21) + "0115ae", TypeNonstandard},
		{"51" + strings.Repeat(key33, 3) + "0103ae", TypeNonstandard}, // not minimal
		{"0014" + strings.Repeat("00", 20), TypeWitnessV0Key},
		{"0020" + strings.Repeat("00", 32), TypeWitnessV0Hash},
		{"0015" + strings.Repeat("00", 21), TypeNonstandard},
		{"5120" + strings.Repeat("00", 32), TypeTaproot},
		{"5220" + strings.Repeat("00", 32), TypeWitness},
		{"51024e73", TypeAnchor},
		{"51024e74", TypeWitness},
		{"a914" + strings.Repeat("00", 20) + "87", TypeScriptHash},
		{"76a914" + strings.Repeat("00", 20) + "88ac", TypePubKeyHash},
	} {
		script, err := hex.DecodeString(c.script)
		if err != nil {
			t.Fatal(err)
		}
		if typ, _ := FromScript(script, Mainnet); typ != c.typ {
			t.Errorf("%s: %s, want %s", c.script, typ, c.typ)
		}
	}
}

var oracleNets = map[string]*chaincfg.Params{
	Mainnet: &chaincfg.MainNetParams, Testnet: &chaincfg.TestNet3Params, Regtest: &chaincfg.RegressionNetParams,
}

// TestOracle compares with btcd on random scripts of every form.
func TestOracle(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	forms := [][2]string{
		{"76a914", "88ac"}, {"a914", "87"}, {"0014", ""}, {"0020", ""}, {"5120", ""},
	}
	for range 2000 {
		form := forms[rng.IntN(len(forms))]
		head, _ := hex.DecodeString(form[0])
		tail, _ := hex.DecodeString(form[1])
		payload := make([]byte, head[len(head)-1])
		for i := range payload {
			payload[i] = byte(rng.Uint32())
		}
		if rng.IntN(4) == 0 {
			payload[0] = 0
		}
		script := append(append(head, payload...), tail...)
		for name, params := range oracleNets {
			_, addrs, _, err := txscript.ExtractPkScriptAddrs(script, params)
			if err != nil || len(addrs) != 1 {
				t.Fatal(err, addrs)
			}
			_, got := FromScript(script, name)
			if want := addrs[0].EncodeAddress(); got != want {
				t.Fatalf("%x on %s: %s, btcd %s", script, name, got, want)
			}
			a, ok := Parse(got)
			if !ok {
				t.Fatalf("%s not read back", got)
			}
			if back, err := ToScript(a); err != nil || !bytes.Equal(back, script) {
				t.Fatalf("%s: script %x, want %x", got, back, script)
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("1111111111111111111114oLvT2")
	f.Add("bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0")
	f.Add("BC1SW50QGDZ25J")
	for _, row := range append(made(f, rand.New(rand.NewPCG(7, 8))), published(f)...) {
		f.Add(row[3])
	}
	f.Add("0:" + strings.Repeat("0a", 32))
	f.Add("lno1pgqpvggz")
	f.Fuzz(func(t *testing.T, s string) {
		ParseSecret(s)
		SeedPhrase(strings.Fields(s))
		for _, shape := range []bool{false, true} {
			read := ParseAll
			if shape {
				read = Shapes
			}
			for _, a := range read(s) {
				again := append(ParseAll(a.Value), Shapes(a.Value)...)
				if !slices.ContainsFunc(again, func(b Address) bool { return b.Chain == a.Chain && bytes.Equal(b.Payload, a.Payload) }) {
					t.Fatalf("%q: value %q of %s does not read back", s, a.Value, a.Chain)
				}
			}
		}
		a, ok := Parse(s)
		for _, params := range oracleNets {
			if o, err := btcaddr.DecodeAddress(s, params); err == nil && !ok && o.IsForNet(params) {
				if _, isKey := o.(*btcaddr.AddressPubKey); !isKey {
					t.Fatalf("btcd reads %q as %T, we refuse it", s, o)
				}
			}
		}
		if !ok {
			return
		}
		again, ok := Parse(a.Value)
		if !ok || again.Kind != a.Kind || !bytes.Equal(again.Payload, a.Payload) {
			t.Fatalf("%q: value %q does not read back", s, a.Value)
		}
	})
}

// TestBase58 reads back what is written, of every length and with zeros before.
func TestBase58(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	for n := range 93 { // 92 bytes take 126 digits at most
		for zeros := range min(n+1, 4) {
			b := make([]byte, n)
			for i := zeros; i < n; i++ {
				b[i] = byte(rng.Uint32()) | 1
			}
			if got, err := decodeBase58(encodeBase58(b)); n > 0 && (err != nil || !bytes.Equal(got, b)) {
				t.Fatalf("%x comes back as %x, %v", b, got, err)
			}
		}
	}
	if got, err := decodeBase58(strings.Repeat("z", maxBase58)); err != nil || len(got) != 94 {
		t.Fatalf("the longest: %d bytes, %v", len(got), err)
	}
}

func FuzzFromScript(f *testing.F) {
	f.Add([]byte{0x51, 0x02, 0x4e, 0x73})
	f.Add([]byte{0x6a, 0x4c, 0x05, 1, 2, 3})
	f.Fuzz(func(t *testing.T, script []byte) {
		typ, addr := FromScript(script, Mainnet)
		if typ == "" {
			t.Fatal("no type")
		}
		if addr == "" {
			return
		}
		a, ok := Parse(addr)
		if !ok {
			t.Fatalf("%x: %s is not read back", script, addr)
		}
		if back, err := ToScript(a); err != nil || !bytes.Equal(back, script) {
			t.Fatalf("%x: %s stands for %x, %v", script, addr, back, err)
		}
	})
}
