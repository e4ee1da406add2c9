package gethtest

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
)

// tamga is the program, built once, in a workspace of its own.
type tamga struct {
	t      *testing.T
	binary string
	dir    string
	url    string
}

func build(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "tamga")
	if _, err := run(t.Context(), "../../..", "go", "build", "-o", name, "./cmd/tamga"); err != nil {
		t.Fatal(err)
	}
	return name
}

func workspace(t *testing.T, binary, url string) *tamga {
	t.Helper()
	p := &tamga{t, binary, filepath.Join(t.TempDir(), "case"), url}
	if _, err := run(t.Context(), ".", binary, "init", p.dir); err != nil {
		t.Fatal(err)
	}
	return p
}

// run returns what the program prints; with source kept it has no node to ask.
func (p *tamga) run(source string, args ...string) (stdout []byte, stderr string, code int) {
	p.t.Helper()
	cmd := exec.CommandContext(p.t.Context(), p.binary, append(args, "-w", p.dir, "--network", "ethereum-dev", "--source", source, "--json")...)
	cmd.Env = append(os.Environ(), "TAMGA_CHAIN_ETHEREUM_URL="+p.url, "TAMGA_CHAIN_ATTEMPTS=1")
	if source == "kept" {
		cmd.Env = append(cmd.Env, "TAMGA_CHAIN_ETHEREUM_URL=http://127.0.0.1:1")
	}
	var out, problem bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problem
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		p.t.Fatal(err)
	}
	return out.Bytes(), problem.String(), cmd.ProcessState.ExitCode()
}

func (p *tamga) must(source string, args ...string) []byte {
	p.t.Helper()
	out, problem, code := p.run(source, args...)
	if code != 0 {
		p.t.Fatalf("tamga %s: exit %d: %s", strings.Join(args, " "), code, problem)
	}
	return out
}

type transferLine struct {
	TxID, Kind, Asset, From, To, Amount, Trace, Evidence string
	N                                                    *int
	Height                                               uint64
	Sale                                                 *struct {
		Rule   string
		Tokens int
		Price  []struct{ Amount, Asset string }
	}
}

type ref struct {
	TxID, Trace, Address, Value string
	N                           *int
}

type traced struct {
	Hops []struct {
		Depth             int
		TxID, Kind, Asset string
		In, Out           ref
		Amount            string
	}
	Ends []struct {
		Address, Asset, Reason, Amount, Why, TxID string
	}
	Range struct {
		From, To int64
		Final    bool
	}
	Assets []struct {
		Asset, Symbol string
		Decimals      *int
	}
	Unseen []string
}

// world is a development chain with some two hundred transfers and the truth about
// them.
type world struct {
	*author
	named                map[string]common.Address
	coin, pictures, shop common.Address
	coinAsset, picture   string
	forwarder, refuser   common.Address
}

func newAuthor(t *testing.T, node *Node) *author {
	t.Helper()
	a := &author{node: node, ctx: t.Context(), keys: map[common.Address]*ecdsa.PrivateKey{}, nonce: map[common.Address]uint64{}}
	key, err := crypto.HexToECDSA("b71c71a67e1177ad4e901695e1b4b9ee17ae16c6668d313eac2f96dbcda3f291") // published with geth --dev
	if err != nil {
		t.Fatal(err)
	}
	a.treasury = crypto.PubkeyToAddress(key.PublicKey)
	a.keys[a.treasury] = key
	return a
}

func makeWorld(t *testing.T, node *Node) *world {
	t.Helper()
	w := &world{author: newAuthor(t, node), named: map[string]common.Address{}}
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"vendor", "buyer", "mule", "cashier", "exchange", "collector", "painter"} {
		w.named[name] = w.account(name)
	}
	for i := range 24 {
		w.named[fmt.Sprint("leaf", i)] = w.account(fmt.Sprint("leaf", i))
	}
	send := func(from, to common.Address, value *big.Int, data []byte, fails bool, moves ...moved) {
		t.Helper()
		_, err := w.send(from, &to, value, data, fails, moves...)
		check(err)
	}
	supply := big.NewInt(1_000_000_000_000)
	make := func(value *big.Int, code []byte, moves ...moved) common.Address {
		t.Helper()
		addr, err := w.send(w.treasury, nil, value, code, false, moves...)
		check(err)
		return addr
	}
	w.coin = crypto.CreateAddress(w.treasury, 0)
	w.coinAsset = "erc20:" + w.coin.Hex()
	token := func(asset string, from, to common.Address, n *big.Int) moved {
		return moved{kind: "token", asset: asset, from: from, to: to, amount: n}
	}
	inner := func(from, to common.Address, n *big.Int) moved {
		return moved{kind: "internal", asset: "ETH", from: from, to: to, amount: n}
	}
	make(new(big.Int), coinContract("DEMO", supply), token(w.coinAsset, common.Address{}, w.treasury, supply))
	w.pictures = make(new(big.Int), pictureContract())
	w.forwarder = make(new(big.Int), forwarderContract())
	w.shop = make(new(big.Int), shopContract())
	w.refuser = make(new(big.Int), refuserContract())
	w.picture = "erc721:" + w.pictures.Hex() + "/"
	word := func(all ...any) (b []byte) {
		for _, v := range all {
			switch v := v.(type) {
			case common.Address:
				b = append(b, common.LeftPadBytes(v[:], 32)...)
			case *big.Int:
				b = append(b, common.LeftPadBytes(v.Bytes(), 32)...)
			}
		}
		return b
	}
	call := func(signature string, all ...any) []byte {
		return append(crypto.Keccak256([]byte(signature))[:4], word(all...)...)
	}
	pay := func(from, to common.Address, n int64) {
		t.Helper()
		amount := big.NewInt(n)
		send(from, w.coin, new(big.Int), call("transfer(address,uint256)", to, amount), false, token(w.coinAsset, from, to, amount))
	}
	n := w.named
	for _, name := range []string{"vendor", "buyer", "mule", "cashier", "exchange", "collector", "painter"} {
		send(w.treasury, n[name], ether(5000), nil, false)
		pay(w.treasury, n[name], 50_000_000)
	}
	check(w.settle())
	// The buyer pays the vendor; the vendor spreads it, some fails on the way.
	for i := range 6 {
		send(n["buyer"], n["vendor"], ether(int64(100+i*7)), nil, false)
		pay(n["buyer"], n["vendor"], int64(1_000_000+i*13))
	}
	send(n["buyer"], w.refuser, ether(50), nil, true)
	send(n["buyer"], w.coin, new(big.Int), call("transfer(address,uint256)", n["vendor"], supply), true)
	check(w.settle())
	for i := range 24 {
		leaf := n[fmt.Sprint("leaf", i)]
		send(n["vendor"], leaf, ether(int64(220+i)), nil, false)
		pay(n["vendor"], leaf, int64(1_700_000+i*3))
	}
	check(w.settle())
	for i := range 24 {
		leaf := n[fmt.Sprint("leaf", i)]
		to := n["mule"]
		if i%3 == 0 {
			to = n["cashier"]
		}
		send(leaf, to, ether(int64(150+i)), nil, false)
		pay(leaf, to, int64(1_200_000+i*5))
		if i%4 == 0 {
			send(leaf, leaf, ether(1), nil, false) // to oneself
		}
	}
	check(w.settle())
	// Through contracts: a call that pays on, one whose call inside fails, a sale.
	send(n["mule"], w.forwarder, ether(900), word(n["exchange"]), false, inner(w.forwarder, n["exchange"], ether(900)))
	send(n["mule"], w.forwarder, ether(30), word(w.refuser), false)
	send(n["cashier"], w.forwarder, ether(700), word(n["exchange"]), false, inner(w.forwarder, n["exchange"], ether(700)))
	pay(n["mule"], n["exchange"], 60_000_000)
	pay(n["cashier"], n["mule"], 30_000_000)
	for id := range int64(4) {
		send(n["painter"], w.pictures, new(big.Int), call("mint(address,uint256)", n["painter"], big.NewInt(id+1)), false,
			token(w.picture+fmt.Sprint(id+1), common.Address{}, n["painter"], big.NewInt(1)))
	}
	check(w.settle())
	send(n["mule"], w.shop, ether(400), word(w.pictures, n["painter"], big.NewInt(2)), false,
		token(w.picture+"2", n["painter"], n["mule"], big.NewInt(1)), inner(w.shop, n["painter"], ether(400)))
	check(w.settle())
	send(n["mule"], w.pictures, new(big.Int), call("transferFrom(address,address,uint256)", n["mule"], n["collector"], big.NewInt(2)), false,
		token(w.picture+"2", n["mule"], n["collector"], big.NewInt(1)))
	send(n["mule"], w.pictures, new(big.Int), call("transferFrom(address,address,uint256)", n["mule"], n["collector"], big.NewInt(3)), true)
	send(n["exchange"], n["collector"], ether(2000), nil, false)
	pay(n["exchange"], n["collector"], 80_000_000)
	check(w.settle())
	return w
}

func (w *world) wanted(a common.Address) (all []moved) {
	for _, m := range w.all {
		if m.amount.Sign() > 0 && (m.from == a || m.to == a) {
			all = append(all, m)
		}
	}
	return all
}

// TestGeth makes transfers of ether, a token and pictures on a real node, some of
// them failing, and compares what the program says of them with the truth.
func TestGeth(t *testing.T) {
	start := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
	defer cancel()
	binary := build(t)
	node, err := Start(ctx, t.TempDir(), "eth,debug")
	if err != nil {
		t.Fatal(err)
	}
	closed := false
	defer func() {
		if !closed {
			node.Close()
		}
	}()
	w := makeWorld(t, node)
	height, err := node.Client.BlockNumber(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d transfers in %d blocks, %s", len(w.all), height, time.Since(start))
	p := workspace(t, binary, node.URL)
	to := []string{"--to-block", fmt.Sprint(height)}
	var again [][]string
	ask := func(args ...string) []byte {
		t.Helper()
		again = append(again, append(args, to...))
		return p.must("evm", again[len(again)-1]...)
	}
	first := map[string][]byte{}
	for _, name := range []string{"vendor", "buyer", "mule", "leaf4", "exchange", "painter", "collector"} {
		out := ask("chain", "transfers", w.named[name].Hex())
		first[fmt.Sprint(again[len(again)-1])] = out
		w.compareTransfers(t, name, out)
	}
	for _, name := range []string{"buyer", "vendor", "leaf0", "painter"} {
		out := ask("trace", w.named[name].Hex())
		first[fmt.Sprint(again[len(again)-1])] = out
		w.compareFIFO(t, name, out)
		out = ask("trace", w.named[name].Hex(), "--method", "haircut")
		first[fmt.Sprint(again[len(again)-1])] = out
		w.compareHaircut(t, name, out)
	}
	// The price is there, too, where the range is not read for ether.
	out := ask("chain", "transfers", w.named["painter"].Hex(), "--asset", w.picture+"2")
	first[fmt.Sprint(again[len(again)-1])] = out
	if lines := strings.Count(string(out), "\n"); lines != 2 || !strings.Contains(string(out), `"price":[{"amount":"`+ether(400).String()+`","asset":"ETH"}]`) {
		t.Errorf("the picture alone: %s", out)
	}
	// Back from the exchange: all of it is explained, to what the first block made.
	var back traced
	out = ask("trace", w.named["exchange"].Hex(), "--backward", "--asset", "ETH")
	first[fmt.Sprint(again[len(again)-1])] = out
	if err := json.Unmarshal(out, &back); err != nil {
		t.Fatal(err)
	}
	sum := new(big.Int)
	for _, e := range back.Ends {
		if e.Reason != "coinbase" {
			t.Errorf("back from the exchange: an end %+v", e)
		}
		n, _ := new(big.Int).SetString(e.Amount, 10)
		sum.Add(sum, n)
	}
	came := new(big.Int)
	for _, m := range w.wanted(w.named["exchange"]) {
		if m.to == w.named["exchange"] && m.asset == "ETH" {
			came.Add(came, m.amount)
		}
	}
	if sum.Cmp(came) != 0 {
		t.Errorf("back from the exchange: %s are explained, %s came", sum, came)
	}
	// Without traces of calls the balances do not add up, and the trace says so.
	var blind traced
	if err := json.Unmarshal(p.must("evm", append([]string{"trace", w.named["mule"].Hex(), "--asset", "ETH", "--no-internal"}, to...)...), &blind); err != nil {
		t.Fatal(err)
	}
	unknown := false
	for _, e := range blind.Ends {
		unknown = unknown || e.Reason == "unknown" && e.Address == w.forwarder.Hex()
	}
	if !unknown || len(blind.Unseen) == 0 {
		t.Errorf("without traces of calls: %+v, %q", blind.Ends, blind.Unseen)
	}
	// Of a range that begins late, what was there before is unknown.
	var late traced
	if err := json.Unmarshal(p.must("evm", append([]string{"trace", w.named["exchange"].Hex(), "--backward", "--asset", w.coinAsset, "--from-block", fmt.Sprint(height - 2)}, to...)...), &late); err != nil {
		t.Fatal(err)
	}
	for _, e := range late.Ends {
		if e.Reason == "coinbase" {
			t.Errorf("of a late range: %+v", e)
		}
	}
	// Another chain, a wrong address, and a transaction as subject.
	if _, problem, code := p.run("evm", "trace", "0x00000000219ab540356cBB839Cbe05303d7705FB"); code != 1 || !strings.Contains(problem, "EIP-55") {
		t.Errorf("a wrong case: exit %d, %s", code, problem)
	}
	for _, m := range w.all {
		if m.kind == "token" && m.from == w.named["mule"] && m.to == w.named["collector"] {
			out := ask("trace", fmt.Sprintf("%s:%d", m.tx.Hex(), m.log), "--backward")
			first[fmt.Sprint(again[len(again)-1])] = out
			var tr traced
			if err := json.Unmarshal(out, &tr); err != nil {
				t.Fatal(err)
			}
			if len(tr.Hops) != 2 || tr.Hops[1].In.Address != w.named["painter"].Hex() || len(tr.Ends) != 1 || tr.Ends[0].Reason != "coinbase" {
				t.Errorf("back from the picture: %+v", tr)
			}
		}
	}
	node.Close()
	closed = true
	for _, args := range again {
		if out := p.must("kept", args...); !bytes.Equal(out, first[fmt.Sprint(args)]) {
			t.Errorf("tamga %s: another answer from what was kept", strings.Join(args, " "))
		}
	}
	t.Logf("%d questions repeated without the node, %s", len(again), time.Since(start))
}

func (w *world) compareTransfers(t *testing.T, name string, out []byte) {
	t.Helper()
	want := w.wanted(w.named[name])
	lines := bytes.Split(bytes.TrimSpace(out), []byte("\n"))
	if len(lines) != len(want) {
		t.Errorf("%s: %d transfers, want %d", name, len(lines), len(want))
		return
	}
	hex := func(a common.Address) string {
		if a == (common.Address{}) {
			return ""
		}
		return a.Hex()
	}
	for _, line := range lines {
		var got transferLine
		if err := json.Unmarshal(line, &got); err != nil {
			t.Fatal(err)
		}
		log := -1
		if got.N != nil {
			log = *got.N
		}
		found := false
		for i, m := range want {
			if m.tx.Hex() == got.TxID && m.kind == got.Kind && m.asset == got.Asset && hex(m.from) == got.From && hex(m.to) == got.To && m.amount.String() == got.Amount && m.log == log && m.height == got.Height {
				want = append(want[:i:i], want[i+1:]...)
				found = true
				break
			}
		}
		if !found || len(got.Evidence) != len("sha256:")+64 {
			t.Errorf("%s: not so: %s", name, line)
		}
		if sold := got.Kind == "token" && strings.HasSuffix(got.Asset, "/2") && got.From == w.named["painter"].Hex(); sold {
			if got.Sale == nil || got.Sale.Rule != "nft-sale@1" || got.Sale.Tokens != 1 || len(got.Sale.Price) != 1 || got.Sale.Price[0].Amount != ether(400).String() || got.Sale.Price[0].Asset != "ETH" {
				t.Errorf("%s: the sale: %s", name, line)
			}
		} else if got.Sale != nil {
			t.Errorf("%s: no sale: %s", name, line)
		}
	}
	for _, m := range want {
		t.Errorf("%s: missing: %+v", name, m)
	}
}

// key names a transfer within the truth.
func (w *world) key(tx, kind, trace string, n *int, to string) string {
	for i := range w.all {
		m := &w.all[i]
		if m.tx.Hex() == tx && (kind == "" || m.kind == kind) && (n == nil && m.log < 0 && m.kind != "fee" && (trace != "") == (m.kind == "internal") || n != nil && m.log == *n) && (to == "" || m.to.Hex() == to) {
			return m.id()
		}
	}
	return fmt.Sprint("nothing of the truth: ", tx, kind, trace, to)
}

func (w *world) compareFIFO(t *testing.T, name string, out []byte) {
	t.Helper()
	var tr traced
	if err := json.Unmarshal(out, &tr); err != nil {
		t.Fatal(err)
	}
	want, rest := w.fifo(w.named[name])
	got := map[taken]string{}
	for _, h := range tr.Hops {
		got[taken{w.key(h.TxID, h.Kind, h.Out.Trace, h.Out.N, h.Out.Address), w.key(h.In.TxID, "", h.In.Trace, h.In.N, h.In.Address)}] = h.Amount
	}
	for k, amount := range want {
		if got[k] != amount.String() {
			t.Errorf("%s: %s of credit %s is %q, want %s", name, k.transfer, k.credit, got[k], amount)
		}
		delete(got, k)
	}
	for k, amount := range got {
		t.Errorf("%s: a hop too many: %+v of %s", name, k, amount)
	}
	left := map[holding]*big.Int{}
	for _, e := range tr.Ends {
		switch e.Reason {
		case "unspent":
			n, _ := new(big.Int).SetString(e.Amount, 10)
			h := holding{common.HexToAddress(e.Address), e.Asset}
			if left[h] == nil {
				left[h] = new(big.Int)
			}
			left[h].Add(left[h], n)
		case "fee":
		default:
			t.Errorf("%s: an end %+v", name, e)
		}
	}
	for h, n := range rest {
		if left[h] == nil || left[h].Cmp(n) != 0 {
			t.Errorf("%s: %s of %s rest at %s, want %s", name, left[h], h.asset, h.account, n)
		}
		delete(left, h)
	}
	for h, n := range left {
		t.Errorf("%s: %s of %s rest at %s, want none", name, n, h.asset, h.account)
	}
	for _, a := range tr.Assets {
		if a.Asset == w.coinAsset && (a.Symbol != "DEMO" || a.Decimals == nil || *a.Decimals != 6) {
			t.Errorf("%+v", a)
		}
	}
}

func (w *world) compareHaircut(t *testing.T, name string, out []byte) {
	t.Helper()
	var tr traced
	if err := json.Unmarshal(out, &tr); err != nil {
		t.Fatal(err)
	}
	opening, _ := w.node.Client.BalanceAt(w.ctx, w.treasury, new(big.Int))
	want := w.haircut(w.named[name], map[holding]*big.Int{{w.treasury, "ETH"}: opening})
	got := map[string]string{}
	for _, h := range tr.Hops {
		got[w.key(h.TxID, h.Kind, h.Out.Trace, h.Out.N, h.Out.Address)] = h.Amount
	}
	for k, amount := range want {
		if got[k] != amount.String() {
			t.Errorf("%s by haircut: %s is %q, want %s", name, k, got[k], amount)
		}
		delete(got, k)
	}
	for k, amount := range got {
		t.Errorf("%s by haircut: a hop too many: %s of %s", name, k, amount)
	}
}
