package evm

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"tamga/chain"
	"tamga/chain/rpc"
)

// recorded is what geth answered about a small development chain (see TestRecord
// in gethtest): x was paid ether and tokens, pays y, fails once and is paid back.
type recorded struct {
	X, Y, Coin string
	Last       int64
	Answers    map[string]json.RawMessage

	change func(q rpc.Question, body []byte) ([]byte, error)
}

func load(t testing.TB) *recorded {
	t.Helper()
	b, err := os.ReadFile("testdata/geth.json")
	r := &recorded{}
	if err == nil {
		err = json.Unmarshal(b, r)
	}
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *recorded) Origin() string { return "http://recorded.example" }

// Ask answers as geth did, and like a node that does not know the question for the
// rest.
func (r *recorded) Ask(_ context.Context, q rpc.Question) (rpc.Answer, error) {
	body := []byte(r.Answers[q.Name])
	if body == nil {
		body = []byte(`{"jsonrpc":"2.0","id":"tamga","error":{"code":-32601,"message":"not recorded"}}`)
	}
	if r.change != nil {
		var err error
		if body, err = r.change(q, body); err != nil {
			return rpc.Answer{}, err
		}
	}
	return rpc.Answer{Status: 200, Body: body}, nil
}

func (r *recorded) open(t testing.TB) (*Ledger, error) {
	t.Helper()
	return open(t.Context(), r, false, "ethereum-dev", Options{To: r.Last})
}

// everything asks for all that was recorded.
func (r *recorded) everything(t testing.TB) error {
	l, err := r.open(t)
	if err != nil {
		return err
	}
	if _, err = l.Transfers(t.Context(), r.X, nil); err != nil {
		return err
	}
	if _, err = l.Trace(t.Context(), r.X, TraceOptions{}); err != nil {
		return err
	}
	_, err = l.Trace(t.Context(), r.Y, TraceOptions{Direction: chain.Backward})
	return err
}

func TestRecorded(t *testing.T) {
	r := load(t)
	l, err := r.open(t)
	if err != nil {
		t.Fatal(err)
	}
	all, err := l.Transfers(t.Context(), strings.ToLower(r.X), nil)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, v := range all {
		s := v.Kind + " " + v.Amount.String()
		if v.Kind == KindFee {
			s = KindFee
		}
		if v.From == r.X {
			s = "-" + s
		}
		got = append(got, s)
	}
	want := []string{"value 1000000000000000000", "token 5000", "-fee", "-value 300000000000000000", "-fee", "-token 2000", "-fee", "value 7000000000000000"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	tr, err := l.Trace(t.Context(), r.Y, TraceOptions{Direction: chain.Backward, Assets: []string{"erc20:" + r.Coin}})
	if err != nil {
		t.Fatal(err)
	}
	if len(tr.Hops) != 2 || tr.Hops[0].Amount.String() != "2000" || tr.Hops[0].In.Address != r.X || len(tr.Ends) != 1 || tr.Ends[0].Reason != chain.EndCoinbase {
		b, _ := json.Marshal(tr)
		t.Errorf("%s", b)
	}
}

// TestLies changes one answer at a time: each is noticed, and nothing is said.
func TestLies(t *testing.T) {
	swap := func(old, new string) func(string) string {
		return func(s string) string { return strings.Replace(s, old, new, 1) }
	}
	field := func(name string, to func(value string) string) func(string) string {
		return func(s string) string {
			at := strings.Index(s, `"`+name+`"`)
			if at < 0 {
				return s
			}
			open := at + len(name) + 2 + strings.Index(s[at+len(name)+2:], `"`) + 1
			end := open + strings.Index(s[open:], `"`)
			return s[:open] + to(s[open:end]) + s[end:]
		}
	}
	flip := func(v string) string { // the last digit
		c := byte('1')
		if v[len(v)-1] == c {
			c = '2'
		}
		return v[:len(v)-1] + string(c)
	}
	is := func(v string) func(string) string { return func(string) string { return v } }
	block, logs := `eth_getBlockByNumber ["0x6",true]`, "eth_getLogs"
	for name, c := range map[string]struct {
		question string
		change   func(string) string
		want     string
	}{
		"another chain":    {"eth_chainId", swap("0x539", "0x1"), "it holds ethereum"},
		"another number":   {block, field("number", is("0x7")), "it is block 7"},
		"another header":   {block, field("stateRoot", flip), "not that of its header"},
		"another parent":   {block, field("parentHash", flip), "not that of its header"},
		"another time":     {block, field("timestamp", flip), "not that of its header"},
		"a block left out": {block, is(`{"jsonrpc":"2.0","id":"tamga","result":null}`), "not in this source"},
		"another value":    {block, field("value", flip), "has the hash"},
		"another payee":    {block, field("to", flip), "has the hash"},
		"another payer":    {block, field("from", flip), "is not signed by"},
		"another hash of a tx": {block, func(s string) string {
			i := strings.Index(s, `"transactions"`)
			return s[:i] + field("hash", flip)(s[i:])
		}, "has the hash"},
		"a value of 33 bytes": {block, field("value", is("0x1"+strings.Repeat("0", 64))), "no quantity of 1 to 32 bytes"},
		"no hexadecimal":      {block, field("value", is("0xzz")), "no quantity"},
		"a decimal":           {block, field("value", is("12")), "no quantity"},
		"a transaction left out": {block, func(s string) string {
			i, j := strings.Index(s, `"transactions"`), strings.Index(s, `"transactionsRoot"`)
			return s[:i] + `"transactions": [], ` + s[j:]
		}, "are not those of its header"},
		"a withdrawal made up":      {block, swap(`"withdrawals": []`, `"withdrawals": [{"index":"0x0","validatorIndex":"0x0","address":"0x0000000000000000000000000000000000000001","amount":"0x5"}]`), "withdrawals are not those"},
		"a failure hidden":          {`eth_getBlockReceipts ["0x8"]`, field("status", is("0x1")), "not those of its header"},
		"a success denied":          {`eth_getBlockReceipts ["0x6"]`, field("status", is("0x0")), "not those of its header"},
		"another fee":               {`eth_getBlockReceipts ["0x6"]`, field("effectiveGasPrice", flip), "did not pay"},
		"another gas":               {`eth_getBlockReceipts ["0x6"]`, field("gasUsed", flip), "did not pay"},
		"another receipt":           {`eth_getBlockReceipts ["0x6"]`, field("transactionHash", flip), "another one's"},
		"no receipts":               {`eth_getBlockReceipts ["0x6"]`, is(`{"jsonrpc":"2.0","id":"tamga","result":[]}`), "0 receipts of 1 transactions"},
		"another trace":             {`debug_traceBlockByNumber ["0x6"`, field("txHash", flip), "another one's"},
		"a log of another contract": {logs + ` [{"address"`, field("address", flip), "was not asked for"},
		"a log of another account": {logs, func(s string) string {
			return strings.ReplaceAll(s, "000000000000000000000000", "000000000000000000000001")
		}, "topics"},
		"a log of another event": {logs, swap("0xddf252ad", "0xddf252ae"), "topics"},
		"a log of another block": {logs, field("blockNumber", is("0x400")), "outside of what was asked"},
		"a log of another fork":  {logs, field("blockHash", flip), "changed between two answers"},
		"a log undone":           {logs, swap(`"removed": false`, `"removed": true`), "changed between two answers"},
		"a log twice": {logs, func(s string) string {
			i, j := strings.Index(s, "["), strings.LastIndex(s, "]")
			if j-i < 10 {
				return s
			}
			return s[:j] + "," + s[i+1:j] + s[j:]
		}, "comes twice"},
		"a long topic":     {logs, swap(`"topics": [`, `"topics": ["0x00", `), "not the answer that was expected"},
		"nothing of JSON":  {logs, is("<html>"), "not an answer of a node"},
		"another question": {block, swap(`"id": "tamga"`, `"id":"other"`), "another question"},
	} {
		t.Run(name, func(t *testing.T) {
			r := load(t)
			changed := false
			r.change = func(q rpc.Question, body []byte) ([]byte, error) {
				if strings.HasPrefix(q.Name, c.question) {
					var flat bytes.Buffer
					flat.Write(body)
					s := c.change(flat.String())
					changed = changed || s != flat.String()
					return []byte(s), nil
				}
				return body, nil
			}
			err := r.everything(t)
			var e *rpc.Error
			if !changed || err == nil || !strings.Contains(err.Error(), c.want) || !errors.As(err, &e) {
				t.Errorf("changed %v: %v; want %q", changed, err, c.want)
			}
		})
	}
}

// TestUnseen: an amount that a log hides or a balance that does not fit ends the
// trace as unknown.
func TestUnseen(t *testing.T) {
	r := load(t)
	r.change = func(q rpc.Question, body []byte) ([]byte, error) {
		if strings.HasPrefix(q.Name, "eth_getBalance") && strings.Contains(q.Name, strings.ToLower(r.Y[2:])) && !strings.Contains(q.Name, `"0x0"`) {
			return []byte(`{"jsonrpc":"2.0","id":"tamga","result":"0x5"}`), nil
		}
		return body, nil
	}
	l, err := r.open(t)
	if err != nil {
		t.Fatal(err)
	}
	tr, err := l.Trace(t.Context(), r.X, TraceOptions{Assets: []string{"eth"}})
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, e := range tr.Ends {
		found = found || e.Reason == chain.EndUnknown && e.Address == r.Y && strings.Contains(e.Why, "the node tells a balance of 5")
	}
	if !found {
		t.Errorf("%+v", tr.Ends)
	}
}

// TestReorg: the end of a range that is another block when the answer is ready is
// an error, and no answer.
func TestReorg(t *testing.T) {
	r := load(t)
	asked := 0
	r.change = func(q rpc.Question, body []byte) ([]byte, error) {
		if q.Name != fmt.Sprintf(`eth_getBlockByNumber ["%s",false]`, tag(r.Last)) {
			return body, nil
		}
		if asked++; asked == 1 {
			return body, nil
		}
		var a struct {
			ID     string         `json:"id"`
			Result map[string]any `json:"result"`
		}
		if err := json.Unmarshal(body, &a); err != nil {
			t.Fatal(err)
		}
		a.Result["timestamp"] = "0x7fffffff"
		b, _ := json.Marshal(a.Result)
		var h header
		if err := json.Unmarshal(b, &h); err != nil {
			t.Fatal(err)
		}
		a.Result["hash"] = hexOf(h.sum())
		return json.Marshal(a)
	}
	l, err := r.open(t)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Transfers(t.Context(), r.X, nil); !errors.Is(err, errReorg) || asked < 2 {
		t.Errorf("asked %d times: %v", asked, err)
	}
}

// TestHalves: a node that finds a search too wide, by an error or by 429, is asked
// for less; the result is the same, live and from what was kept.
func TestHalves(t *testing.T) {
	plain := load(t)
	l, err := plain.open(t)
	if err != nil {
		t.Fatal(err)
	}
	want, err := l.Transfers(t.Context(), plain.X, []string{"erc20:" + plain.Coin})
	if err != nil || len(want) != 2 {
		t.Fatal(len(want), err)
	}
	for i := range want {
		want[i].Evidence = "" // each answer is another one
	}
	for name, refuse := range map[string]func(http.ResponseWriter){
		"error": func(w http.ResponseWriter) {
			io.WriteString(w, `{"jsonrpc":"2.0","id":"tamga","error":{"code":-32005,"message":"query returned more than 10000 results"}}`)
		},
		"429": func(w http.ResponseWriter) { w.WriteHeader(http.StatusTooManyRequests) },
	} {
		t.Run(name, func(t *testing.T) {
			r := load(t)
			asked, paused := 0, 0
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
				b, _ := io.ReadAll(req.Body)
				var q struct {
					Method string
					Params json.RawMessage
				}
				if err := json.Unmarshal(b, &q); err != nil {
					t.Error(err)
				}
				if q.Method != "eth_getLogs" {
					a, _ := r.Ask(req.Context(), rpc.Question{Name: q.Method + " " + string(q.Params)})
					w.Write(a.Body)
					return
				}
				asked++
				var f []struct{ FromBlock, ToBlock quantity }
				if err := json.Unmarshal(q.Params, &f); err != nil {
					t.Error(err)
				}
				from, to := f[0].FromBlock.height(), f[0].ToBlock.height()
				if to-from >= 4 {
					refuse(w)
					return
				}
				name := strings.Replace(string(q.Params), `"fromBlock":"`+tag(from)+`","toBlock":"`+tag(to), `"fromBlock":"0x0","toBlock":"`+tag(r.Last), 1)
				a, _ := r.Ask(req.Context(), rpc.Question{Name: "eth_getLogs " + name})
				var whole struct{ Result []map[string]any }
				if err := json.Unmarshal(a.Body, &whole); err != nil {
					t.Error(err)
				}
				part := slices.DeleteFunc(whole.Result, func(x map[string]any) bool {
					var h quantity
					h.read([]byte(x["blockNumber"].(string)))
					return h.height() < from || h.height() > to
				})
				b, _ = json.Marshal(map[string]any{"id": "tamga", "result": append([]map[string]any{}, part...)})
				w.Write(b)
			}))
			defer s.Close()
			dir := t.TempDir()
			keep, err := rpc.OpenAnswers(dir, time.Now)
			if err != nil {
				t.Fatal(err)
			}
			o := rpc.Options{Network: "ethereum-dev", Transport: http.DefaultTransport, Keep: keep, Attempts: 2,
				Sleep: func(context.Context, time.Duration) error { paused++; return nil }}
			live, err := Open(t.Context(), s.URL, o, Options{To: r.Last})
			if err != nil {
				t.Fatal(err)
			}
			check := func(l *Ledger) {
				t.Helper()
				got, err := l.Transfers(t.Context(), r.X, []string{"erc20:" + r.Coin})
				if err != nil {
					t.Fatal(err)
				}
				for i := range got {
					got[i].Evidence = ""
				}
				if !reflect.DeepEqual(got, want) {
					t.Errorf("%+v", got)
				}
			}
			check(live)
			if asked < 9 || name == "429" && paused == 0 {
				t.Errorf("%d questions, %d pauses", asked, paused)
			}
			if err := keep.Close(); err != nil {
				t.Fatal(err)
			}
			s.Close()
			again, err := rpc.OpenAnswers(dir, time.Now)
			if err != nil {
				t.Fatal(err)
			}
			kept, err := Replay(t.Context(), again, "ethereum-dev", Options{To: r.Last})
			if err != nil {
				t.Fatal(err)
			}
			check(kept)
		})
	}
}

// TestStall: a node that does not answer ends in an error that says so.
func TestStall(t *testing.T) {
	stop := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-stop:
		case <-r.Context().Done():
		}
	}))
	defer s.Close()
	defer close(stop)
	o := rpc.Options{Network: "ethereum-dev", Transport: http.DefaultTransport, Timeout: 50 * time.Millisecond, Attempts: 2,
		Sleep: func(context.Context, time.Duration) error { return nil }}
	_, err := Open(t.Context(), s.URL+"/v3/secretkey", rpc.Options{}, Options{})
	if err == nil {
		t.Error("no network")
	}
	o.HidePath = true
	var e *rpc.Error
	if _, err = Open(t.Context(), s.URL+"/v3/secretkey", o, Options{}); !errors.As(err, &e) || !e.Down || strings.Contains(err.Error(), "secretkey") {
		t.Error(err)
	}
}

// FuzzNode puts arbitrary bytes in the place of one answer.
func FuzzNode(f *testing.F) {
	base := load(f)
	var names []string
	for name := range base.Answers {
		names = append(names, name)
	}
	slices.Sort(names)
	for i, name := range names {
		f.Add(uint8(i), []byte(base.Answers[name]))
	}
	f.Fuzz(func(t *testing.T, n uint8, body []byte) {
		r := *base
		name := names[int(n)%len(names)]
		r.change = func(q rpc.Question, b []byte) ([]byte, error) {
			if q.Name == name {
				return body, nil
			}
			return b, nil
		}
		if err := r.everything(t); err != nil && len(err.Error()) > 4000 {
			t.Errorf("an error of %d bytes", len(err.Error()))
		}
	})
}

// FuzzLog reads arbitrary logs.
func FuzzLog(f *testing.F) {
	word := fmt.Sprintf("%064x", 7)
	add := func(topics int, first hash, data string) {
		all := []string{hexOf(first)}
		for range topics - 1 {
			all = append(all, "0x"+word)
		}
		b, _ := json.Marshal(map[string]any{"address": "0x" + strings.Repeat("11", 20), "topics": all, "data": "0x" + data, "blockNumber": "0x1", "logIndex": "0x0"})
		f.Add(b)
	}
	add(3, topicTransfer, word)
	add(4, topicTransfer, "")
	add(4, topicSingle, word+word)
	add(4, topicBatch, fmt.Sprintf("%064x%064x%064x%s%064x%s", 64, 128, 1, word, 1, word))
	add(4, topicBatch, fmt.Sprintf("%064x%064x%064x", 1<<40, 0, 1<<40))
	f.Fuzz(func(t *testing.T, b []byte) {
		var l rpcLog
		if json.Unmarshal(b, &l) != nil {
			return
		}
		all := events(&l)
		if len(all) > 1 && len(all)*32 > len(l.Data) {
			t.Errorf("%d transfers of %d bytes", len(all), len(l.Data))
		}
		for _, e := range all {
			if e.amount == nil || e.amount.Sign() < 0 || e.amount.BitLen() > 256 || e.asset.contract != l.Address {
				t.Errorf("%+v", e)
			}
		}
		symbol(l.Data)
	})
}
