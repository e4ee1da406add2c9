//go:build record

package gethtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
)

// TestRecord writes what geth answers about a small chain into the test data of
// chain/evm: `go test -tags record -run TestRecord .`
func TestRecord(t *testing.T) {
	node, err := Start(t.Context(), t.TempDir(), "eth,debug")
	if err != nil {
		t.Fatal(err)
	}
	defer node.Close()
	a := newAuthor(t, node)
	x, y := a.account("recorded x"), a.account("recorded y")
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	step := func(from common.Address, to *common.Address, value *big.Int, data []byte, fails bool, moves ...moved) common.Address {
		t.Helper()
		addr, err := a.send(from, to, value, data, fails, moves...)
		must(err)
		must(a.settle())
		return addr
	}
	coin := crypto.CreateAddress(a.treasury, 0)
	asset := "erc20:" + coin.Hex()
	token := func(from, to common.Address, n int64) moved {
		return moved{kind: "token", asset: asset, from: from, to: to, amount: big.NewInt(n)}
	}
	transfer := func(to common.Address, n int64) []byte {
		return append(append(crypto.Keccak256([]byte("transfer(address,uint256)"))[:4], common.LeftPadBytes(to[:], 32)...), common.LeftPadBytes(big.NewInt(n).Bytes(), 32)...)
	}
	step(a.treasury, nil, new(big.Int), coinContract("DEMO", big.NewInt(1e9)), false, token(common.Address{}, a.treasury, 1e9))
	step(a.treasury, &x, ether(1000), nil, false)
	step(a.treasury, &coin, new(big.Int), transfer(x, 5000), false, token(a.treasury, x, 5000))
	step(x, &y, ether(300), nil, false)
	step(x, &coin, new(big.Int), transfer(y, 2000), false, token(x, y, 2000))
	step(x, &coin, new(big.Int), transfer(y, 9000), true)
	step(y, &x, ether(7), nil, false)
	last, err := node.Client.BlockNumber(t.Context())
	must(err)

	answers := map[string]json.RawMessage{}
	record := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		res, err := http.Post(node.URL, "application/json", bytes.NewReader(body))
		if err != nil {
			t.Error(err)
			return
		}
		defer res.Body.Close()
		answer, _ := io.ReadAll(res.Body)
		var q struct {
			Method string
			Params json.RawMessage
		}
		if err := json.Unmarshal(body, &q); err != nil {
			t.Error(err)
		}
		answers[q.Method+" "+string(q.Params)] = answer
		w.Write(answer)
	}))
	defer record.Close()
	p := workspace(t, build(t), record.URL)
	for _, args := range [][]string{{"chain", "transfers", x.Hex()}, {"trace", x.Hex()}, {"trace", y.Hex(), "--backward"}} {
		p.must("evm", append(args, "--to-block", fmt.Sprint(last))...)
	}
	out, err := json.MarshalIndent(map[string]any{"x": x.Hex(), "y": y.Hex(), "coin": coin.Hex(), "last": last, "answers": answers}, "", " ")
	must(err)
	must(os.WriteFile("../testdata/geth.json", append(out, '\n'), 0o644))
}
