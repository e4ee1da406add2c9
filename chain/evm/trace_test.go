package evm

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"tamga"
	"tamga/chain"
)

// ledger is a made-up one, whole and in memory: a line a transfer, at the height of
// the line, "from to amount", "-" for what is made or burnt, a fee as "from fee
// amount". opening are balances before; an account in unknown has one that nobody
// tells.
func ledger(t *testing.T, text string, opening map[string]int64, unknown ...string) (*Ledger, func(string) string) {
	t.Helper()
	n, _ := Lookup("ethereum")
	l := &Ledger{Network: n, coins: map[Account][]*transfer{}, books: map[bookKey]*book{}, scanned: true, logs: map[logKey][]*transfer{}, span: tamga.Range{From: 100, To: 1000, Final: true}}
	of := func(name string) (a Account) {
		copy(a[:], name)
		a[19] = 1
		return a
	}
	names := map[string]bool{}
	for i, line := range strings.Split(strings.TrimSpace(text), "\n") {
		f := strings.Fields(line)
		amount, ok := new(big.Int).SetString(f[2], 10)
		if !ok {
			t.Fatal(line)
		}
		x := &transfer{place: place{height: int64(100 + i)}, kind: KindValue, amount: amount, log: -1, time: time.Unix(int64(i)*86400, 0).UTC()}
		x.tx[31] = byte(i + 1)
		switch {
		case f[0] == "-":
			x.made = true
		default:
			x.from, names[f[0]] = of(f[0]), true
		}
		switch f[1] {
		case "-":
			x.gone = true
		case "fee":
			x.gone, x.kind = true, KindFee
		default:
			x.to, names[f[1]] = of(f[1]), true
		}
		l.note(x)
	}
	for name := range names {
		a := of(name)
		l.coins[a] = sorted(l.coins[a])
		b := &book{account: a, opening: big.NewInt(opening[name])}
		if slices.Contains(unknown, name) {
			b.opening = nil
		}
		b.lay(l.coins[a], nil)
		l.books[bookKey{a, asset{}}] = b
	}
	return l, func(name string) string { return n.Format(of(name)) }
}

// run traces and writes hops as "from>to amount/depth", and ends as "at reason
// amount".
func run(t *testing.T, l *Ledger, addr func(string) string, subject string, o TraceOptions) string {
	t.Helper()
	o.Assets = []string{"ETH"}
	tr, err := l.Trace(t.Context(), addr(subject), o)
	if err != nil {
		t.Fatal(err)
	}
	name := func(address string) string {
		for c := 'a'; c <= 'z'; c++ {
			if addr(string(c)) == address {
				return string(c)
			}
		}
		return "?"
	}
	var out []string
	for _, h := range tr.Hops {
		out = append(out, fmt.Sprintf("%s>%s %s/%d", name(h.In.Address), name(h.Out.Address), h.Amount, h.Depth))
	}
	var ends []string
	for _, e := range tr.Ends {
		amount := "?"
		if e.Amount != nil {
			amount = e.Amount.String()
		}
		ends = append(ends, fmt.Sprintf("%s:%s %s", name(e.Address), e.Reason, amount))
	}
	slices.Sort(ends)
	return strings.Join(out, " ") + " | " + strings.Join(ends, " ")
}

func TestTrace(t *testing.T) {
	const flow = `
		- a 100
		z b 50
		a b 60
		b fee 5
		b c 70
		a d 30
		d a 10
		c e 40
		- c 20
		c f 50`
	opening := map[string]int64{"z": 50}
	huge := new(big.Int).Exp(big.NewInt(10), big.NewInt(30), nil).String()
	for _, c := range []struct {
		name, text, subject string
		opening             map[string]int64
		unknown             []string
		o                   TraceOptions
		want                string
	}{
		// In all of these the line of b is 50 of z, 60 of a; that of c 70 of b, 20 made.
		// b has 50 of z before 60 of a: 5 are fee, 45 of z and 25 of a go to c.
		{"fifo", flow, "a", opening, nil, TraceOptions{},
			"a>b 60/1 a>d 30/1 b>c 25/2 d>a 10/2 c>f 25/3 | a:unspent 10 a:unspent 10 b:unspent 35 d:unspent 20 f:unspent 25"},
		{"haircut", flow, "a", opening, nil, TraceOptions{Method: chain.Haircut},
			"a>b 60/1 a>d 30/1 b>c 38/2 d>a 10/2 c>e 21/3 c>f 17/3 | a:unspent 20 b:fee 2 b:unspent 20 d:unspent 20 e:unspent 21 f:unspent 17"},
		{"poison", flow, "a", opening, nil, TraceOptions{Method: chain.Poison},
			"a>b 60/1 a>d 30/1 b>c 60/2 d>a 10/2 c>e 40/3 c>f 50/3 | a:unspent 20 b:fee 5 b:unspent 35 d:unspent 20 e:unspent 40 f:unspent 50"},
		{"backward", flow, "f", opening, nil, TraceOptions{Direction: chain.Backward},
			"c>f 30/1 c>f 20/1 b>c 5/2 b>c 25/2 z>b 5/3 a>b 25/3 | a:coinbase 25 c:coinbase 20 z:unknown 5"},
		{"backward haircut", flow, "f", opening, nil, TraceOptions{Direction: chain.Backward, Method: chain.Haircut},
			"c>f 50/1 b>c 30/2 z>b 14/3 a>b 16/3 | a:coinbase 16 c:coinbase 20 z:unknown 14"},
		{"hops", flow, "a", opening, nil, TraceOptions{Hops: 1}, "a>b 60/1 a>d 30/1 | a:unspent 10 a:unspent 10 b:hops 60 d:hops 30"},
		{"value", flow, "a", opening, nil, TraceOptions{MinValue: big.NewInt(31)}, "a>b 60/1 a>d 30/1 b>c 25/2 | a:unspent 10 a:value 10 b:unspent 35 c:value 25 d:value 30"},
		{"fanout", flow, "a", opening, nil, TraceOptions{Fanout: 1}, "a>b 60/1 a>d 30/1 b>c 25/2 d>a 10/2 | a:unspent 10 a:unspent 10 b:unspent 35 c:fanout 25 d:unspent 20"},
		{"until", flow, "a", opening, nil, TraceOptions{Until: time.Unix(5*86400, 0)}, "a>b 60/1 a>d 30/1 b>c 25/2 | a:unspent 10 a:unspent 10 b:unspent 35 c:time 25 d:time 10 d:unspent 20"},
		{"unknown", flow, "a", opening, []string{"b"}, TraceOptions{}, "a>b 60/1 a>d 30/1 d>a 10/2 | a:unspent 10 a:unspent 10 b:unknown 60 d:unspent 20"},
		{"unknown subject", flow, "b", opening, []string{"b"}, TraceOptions{}, "b>c 70/1 c>e 40/2 c>f 30/2 | b:fee 5 b:unspent ? e:unspent 40 f:unspent 30"},
		{"unknown poison", flow, "a", opening, []string{"b"}, TraceOptions{Method: chain.Poison}, "a>b 60/1 a>d 30/1 b>c 60/2 d>a 10/2 c>e 40/3 c>f 50/3 | a:unspent 20 b:fee 5 b:unspent ? d:unspent 20 e:unspent 40 f:unspent 50"},
		{"unknown backward", flow, "c", opening, []string{"b"}, TraceOptions{Direction: chain.Backward}, "b>c 70/1 | b:unknown 70 c:coinbase 20"},
		{"past int64", "- a " + huge + "\na b " + huge + "\nb c " + huge, "a", nil, nil, TraceOptions{},
			"a>b " + huge + "/1 b>c " + huge + "/2 | c:unspent " + huge},
		{"more left than came", "- a 10\na b 30\n- a 50", "b", nil, nil, TraceOptions{Direction: chain.Backward}, "a>b 30/1 | a:unknown 30"},
	} {
		l, addr := ledger(t, c.text, c.opening, c.unknown...)
		if got := run(t, l, addr, c.subject, c.o); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}

// TestStop: a tag ends the trace at its account, forward and back, and a mix is one.
func TestStop(t *testing.T) {
	l, addr := ledger(t, "- a 100\na b 60\nb c 50\nc d 40", nil)
	stop := func(at, reason string) func(string) (string, *tamga.Tag) {
		return func(address string) (string, *tamga.Tag) {
			if address == addr(at) {
				return reason, &tamga.Tag{Label: "demo"}
			}
			return "", nil
		}
	}
	if got := run(t, l, addr, "a", TraceOptions{Stop: stop("b", chain.EndTag)}); got != "a>b 60/1 | a:unspent 40 b:tag 60" {
		t.Error(got)
	}
	if got := run(t, l, addr, "a", TraceOptions{Method: chain.Poison, Stop: stop("c", chain.EndMix)}); got != "a>b 60/1 b>c 50/2 | a:unspent 40 b:unspent 10 c:mix 50" {
		t.Error(got)
	}
	if got := run(t, l, addr, "d", TraceOptions{Direction: chain.Backward, Stop: stop("b", chain.EndTag)}); got != "c>d 40/1 b>c 40/2 | b:tag 40" {
		t.Error(got)
	}
	if got := run(t, l, addr, "a", TraceOptions{Stop: stop("a", chain.EndTag)}); !strings.HasPrefix(got, "a>b 60/1 b>c") {
		t.Error("the subject itself stops the trace: ", got)
	}
}

// TestSymbol: what a contract calls itself is bounded and printable.
func TestSymbol(t *testing.T) {
	abi := func(at, size int, text string) []byte {
		b := make([]byte, 64)
		b[31], b[63] = byte(at), byte(size)
		return append(b, text...)
	}
	for want, b := range map[string][]byte{
		"USDT":                         abi(32, 4, "USDT"),
		"MKR":                          append([]byte("MKR"), make([]byte, 29)...),
		strings.Repeat("x", maxSymbol): abi(32, 200, strings.Repeat("x", 200)),
		"ab":                           abi(32, 9, "a\x1b\x00\n\u202eb\xff"),
		"":                             abi(200, 4, "USDT"),
	} {
		if got := symbol(b); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if got := symbol(abi(32, 255, "short")) + symbol(nil) + symbol(make([]byte, 33)); got != "" {
		t.Errorf("%q", got)
	}
}

// TestAddresses: every form is read, and the case is checked where it is mixed.
func TestAddresses(t *testing.T) {
	eth, _ := Lookup("ethereum")
	tron, _ := Lookup("tron")
	const checked = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed" // EIP-55
	for s, ok := range map[string]bool{
		checked: true, strings.ToLower(checked): true, "0x" + strings.ToUpper(checked[2:]): true, "0X" + checked[2:]: true,
		"0x5aaeb6053F3E94C9b9A09f33669435E7Ef1BeAed": false, checked[:41]: false, "": false, checked[2:]: false,
	} {
		if a, err := eth.ParseAccount(s); (err == nil) != ok || ok && eth.Format(a) != checked {
			t.Errorf("%q: %v", s, err)
		}
	}
	const t1, t1hex = "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t", "41a614f803b6fd780986a42c78ec9c7f77e6ded13c" // of TRON's documentation
	for _, s := range []string{t1, t1hex, "0x" + t1hex[2:]} {
		if a, err := tron.ParseAccount(s); err != nil || tron.Format(a) != t1 {
			t.Errorf("%q: %v", s, err)
		}
	}
	if _, err := tron.ParseAccount(t1[:33] + "u"); err == nil {
		t.Error("a wrong checksum")
	}
	for s, want := range map[string]string{
		checked: "ethereum", "0x" + strings.Repeat("ab", 32): "ethereum", "0x" + strings.Repeat("ab", 32) + ":7": "ethereum",
		t1: "tron", "bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202": "", strings.Repeat("ab", 32): "", "0xzz": "",
	} {
		if got := NetworkOf(s); got != want {
			t.Errorf("%s is of %q, want %q", s, got, want)
		}
	}
	for _, s := range []string{"ETH", "erc20:" + checked, "erc721:" + checked + "/12", "erc1155:" + checked + "/0"} {
		if a, err := eth.parseAsset(s); err != nil || eth.asset(a) != s {
			t.Errorf("%s: %v", s, err)
		}
	}
	for _, s := range []string{"", "BTC", "erc20", "erc20:0x1", "erc721:" + checked, "erc20:" + checked + "/1", "erc721:" + checked + "/x", "erc777:" + checked} {
		if _, err := eth.parseAsset(s); err == nil {
			t.Errorf("%q is an asset", s)
		}
	}
}
