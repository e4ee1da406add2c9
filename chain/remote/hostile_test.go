package remote

import (
	"tamga/chain/rpc"

	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tamga"
	"tamga/chain/chaintest"
)

// asked is what a request asks: the method and parameters of a JSON-RPC call, or
// the path.
func asked(r *http.Request) string {
	if r.Method != http.MethodPost {
		return r.URL.Path
	}
	b, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(b))
	var q struct {
		Method string          `json:"method"`
		Params json.RawMessage `json:"params"`
	}
	json.Unmarshal(b, &q)
	return q.Method + " " + string(q.Params)
}

// altered changes the answers of a server to questions that begin with a text.
func altered(h http.Handler, prefix string, change func(string) string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := asked(r)
		if !strings.HasPrefix(q, prefix) {
			h.ServeHTTP(w, r)
			return
		}
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		w.WriteHeader(rec.Code)
		io.WriteString(w, change(rec.Body.String()))
	})
}

// everything asks a source for all that it can answer.
func everything(src *Source, txids, subjects []string) error {
	ctx := context.Background()
	for _, id := range txids {
		tx, err := src.Tx(ctx, id)
		if err != nil {
			return err
		}
		for n := range tx.Out {
			if _, _, err := src.Spender(ctx, tamga.Outpoint{TxID: id, Vout: uint32(n)}); err != nil {
				return err
			}
		}
	}
	for _, s := range subjects {
		if len(s) == 64 {
			continue
		}
		if _, err := history(ctx, src, s); err != nil {
			return err
		}
	}
	return nil
}

// spentBy is who spent an output, in Esplora's answer about a transaction's outputs.
var spentBy = regexp.MustCompile(`"txid":"[0-9a-f]{64}","vin":`)

func TestLies(t *testing.T) {
	b, txids, subjects := synthetic(t)
	core := b.Core(chaintest.Indexes{Tx: true, Filter: true})
	spenders := b.Core(chaintest.Indexes{Tx: true, Filter: true, Spender: true})
	esplora := b.Esplora()
	raw := func(id string) string {
		b, _ := b.Raw(id)
		return fmt.Sprintf("%x", b)
	}
	paid := subjects[1] // a payment: its inputs have prevouts
	swap := func(from, to string) func(string) string {
		return func(s string) string { return strings.ReplaceAll(s, from, to) }
	}
	for name, c := range map[string]struct {
		server http.Handler
		node   bool
		want   string
	}{
		"another transaction's bytes": {altered(core, `getrawtransaction ["`+paid, swap(raw(paid), raw(txids[0]))), true, "the bytes are those of transaction " + txids[0]},
		"one bit of a transaction":    {altered(core, `getrawtransaction ["`+paid, swap(raw(paid), "03"+raw(paid)[2:])), true, "the bytes are those of"},
		"bytes after a transaction":   {altered(core, `getrawtransaction ["`+paid, swap(raw(paid), raw(paid)+"00")), true, "bytes after it"},
		"a cut transaction":           {altered(core, `getrawtransaction ["`+paid, swap(raw(paid), raw(paid)[:80])), true, "truncated"},
		"no hexadecimal":              {altered(core, `getrawtransaction ["`+paid, swap(raw(paid), "zz")), true, "not hexadecimal"},
		"another time of a block":     {altered(core, `getblockheader`, swap(`"time":17`, `"time":16`)), true, "the header of block"},
		"another height":              {altered(core, `getblockheader`, swap(`"height":`, `"height":-`)), true, "at height"},
		"another first block":         {altered(core, `getblockhash`, swap("0f9188f1", "0f9188f2")), true, "a network whose first block"},
		"the first block of mainnet": {altered(core, `getblockhash`, swap("0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206",
			"000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f")), true, "it holds mainnet, not regtest"},
		"a prevout of less":              {altered(core, `getrawtransaction`, swap(`"value":50.00000000`, `"value":1.00000000`)), true, "as the server prints it"},
		"a prevout of no coin":           {altered(core, `getrawtransaction`, swap(`"value":50.00000000`, `"value":21000001`)), true, "satoshis"},
		"one input less":                 {altered(core, `getrawtransaction ["`+paid, swap(`"vin":[`, `"vin":[{"txid":"`+paid+`","vout":0},`)), true, "inputs, and its bytes have"},
		"another block's bytes":          {altered(core, `getblock [`, func(string) string { return fmt.Sprintf(`{"result":"%x","error":null,"id":"tamga"}`, b.Block(1)) }), true, "its bytes are those of block"},
		"a block with another end":       {altered(core, `getblock [`, swap(`"}`, `00"}`)), true, "bytes after it"},
		"the answer to another question": {altered(core, `getbestblockhash`, swap(`"id":"tamga"`, `"id":"other"`)), true, "another question"},
		"a spender that spends nothing": {altered(spenders, `gettxspendingprevout`, func(s string) string {
			return strings.Replace(s, `"spendingtxid":"`, `"spendingtxid":"`+txids[0]+`","was":"`, 1)
		}), true, "does not spend it"},
		"a spender of another output": {altered(spenders, `gettxspendingprevout`, swap(`"vout":0`, `"vout":7`)), true, "speaks of another output"},
		"a search that was ended":     {altered(core, `scanblocks`, swap(`"completed":true`, `"completed":false`)), true, "ended the search"},

		"esplora: another transaction's bytes": {altered(esplora, "/tx/"+paid+"/hex", func(string) string { return raw(txids[0]) }), false, "the bytes are those of transaction " + txids[0]},
		"esplora: another header":              {altered(esplora, "/block/", swap(`"nonce":`, `"nonce":1`)), false, "the header of block"},
		"esplora: a spender that spends nothing": {altered(esplora, "/tx/", func(s string) string {
			return spentBy.ReplaceAllString(s, `"txid":"`+txids[0]+`","vin":`)
		}), false, "does not spend it"},
		"esplora: fewer outputs":       {altered(esplora, "/tx/"+paid+"/outspends", func(string) string { return "[]" }), false, "it speaks of 0 outputs"},
		"esplora: a page again":        {altered(esplora, "/address/", func(string) string { return `[{"txid":"` + paid + `","status":{"confirmed":true,"block_height":9}}]` }), false, "comes twice"},
		"esplora: a path for a txid":   {altered(esplora, "/address/", swap(`"txid":"`, `"txid":"../`)), false, "is no txid"},
		"esplora: a path for a block":  {altered(esplora, "/blocks/tip/hash", func(string) string { return "../../secret" }), false, "is no hash"},
		"esplora: a prevout of less":   {altered(esplora, "/tx/"+paid, swap(`"value":5000000000`, `"value":50000000`)), false, "as the server prints it"},
		"esplora: negative satoshis":   {altered(esplora, "/tx/"+paid, swap(`"value":5000000000`, `"value":-5000000000`)), false, "satoshis"},
		"esplora: no height in a page": {altered(esplora, "/address/", swap(`"block_height"`, `"block"`)), false, "no height"},
	} {
		t.Run(name, func(t *testing.T) {
			open := Esplora
			if c.node {
				open = Node
			}
			src, err := open(t.Context(), serve(t, c.server), quick())
			if err == nil {
				err = everything(src, txids, subjects)
			}
			var e *rpc.Error
			if err == nil || !strings.Contains(err.Error(), c.want) || !errors.As(err, &e) {
				t.Errorf("got %v, want an error that says %q", err, c.want)
			}
			if e != nil && e.Server == "" {
				t.Error("the error does not name the server")
			}
		})
	}
}

// faulty fails the first n requests with fault.
func faulty(h http.Handler, n int, fault http.HandlerFunc) (http.Handler, *atomic.Int64) {
	var count atomic.Int64
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if count.Add(1) <= int64(n) {
			fault(w, r)
			return
		}
		h.ServeHTTP(w, r)
	}), &count
}

func busy(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Retry-After", "7")
	http.Error(w, "slow down", http.StatusTooManyRequests)
}

func stall(_ http.ResponseWriter, r *http.Request) {
	io.Copy(io.Discard, r.Body) // the server notices the end of the connection only then
	<-r.Context().Done()
}

// cut promises more than it sends.
func cut(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "1000")
	io.WriteString(w, `{"result":"0f91`)
}

func TestRetry(t *testing.T) {
	b, txids, _ := synthetic(t)
	core := b.Core(chaintest.Indexes{Tx: true, Filter: true})
	for name, c := range map[string]struct {
		fault http.HandlerFunc
		pause time.Duration // the first one
		want  string
	}{
		"429":          {busy, 7 * time.Second, "429"},
		"503":          {func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "work queue depth exceeded", 503) }, time.Second, "503"},
		"a stall":      {stall, time.Second, "no whole answer in"},
		"a cut answer": {cut, time.Second, "the answer ends after 15 bytes"},
		"a reset": {func(w http.ResponseWriter, _ *http.Request) {
			c, _, _ := w.(http.Hijacker).Hijack()
			c.Close()
		}, time.Second, "EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			var pauses []time.Duration
			o := quick()
			o.Timeout, o.Attempts = 200*time.Millisecond, 3
			o.Sleep = func(_ context.Context, d time.Duration) error { pauses = append(pauses, d); return nil }
			h, _ := faulty(core, 2, c.fault)
			src, err := Node(t.Context(), serve(t, h), o)
			if err != nil {
				t.Fatal(err)
			}
			if tx, err := src.Tx(t.Context(), txids[0]); err != nil || tx.TxID != txids[0] {
				t.Error(tx, err)
			}
			second := max(c.pause, 2*time.Second)
			if len(pauses) != 2 || pauses[0] != c.pause || pauses[1] != second {
				t.Errorf("pauses %v, want %v and %v", pauses, c.pause, second)
			}

			h, count := faulty(core, 1<<30, c.fault)
			_, err = Node(t.Context(), serve(t, h), o)
			var e *rpc.Error
			if !errors.As(err, &e) || !e.Down || e.Hint == "" || !strings.Contains(err.Error(), c.want) || count.Load() != 3 {
				t.Errorf("after %d attempts: %v", count.Load(), err)
			}
		})
	}
}

// TestNoRetry is what asking again cannot better.
func TestNoRetry(t *testing.T) {
	b, _, _ := synthetic(t)
	elsewhere := 0
	other := serve(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere++ }))
	for name, c := range map[string]struct {
		fault http.HandlerFunc
		want  string
	}{
		"cut JSON":         {func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, `{"result":"0f91`) }, "not an answer of a node"},
		"a page":           {func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "<html>") }, "not an answer of a node"},
		"an error page":    {func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "<html>", 500) }, "HTTP status 500"},
		"nothing":          {func(http.ResponseWriter, *http.Request) {}, "not an answer of a node"},
		"deep JSON":        {func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, strings.Repeat("[", 1<<20)) }, "not an answer of a node"},
		"another type":     {func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, `{"result":[1],"id":"tamga"}`) }, "not the answer that was expected"},
		"a huge answer":    {func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, strings.Repeat("x", 2<<20)) }, "more than 1048576 bytes"},
		"a redirect":       {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other, http.StatusFound) }, "not followed"},
		"a wrong password": {func(w http.ResponseWriter, r *http.Request) { http.Error(w, "", http.StatusUnauthorized) }, "401"},
		"a warm-up": {func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(500)
			io.WriteString(w, `{"result":null,"error":{"code":-28,"message":"Loading block index"},"id":"tamga"}`)
		}, "Loading block index"},
	} {
		t.Run(name, func(t *testing.T) {
			o := quick()
			o.BodyCap = 1 << 20
			h, count := faulty(b.Core(chaintest.Indexes{}), 1<<30, c.fault)
			_, err := Node(t.Context(), serve(t, h), o)
			var e *rpc.Error
			if !errors.As(err, &e) || !strings.Contains(err.Error(), c.want) || count.Load() != 1 {
				t.Errorf("after %d requests: %v, want %q", count.Load(), err, c.want)
			}
		})
	}
	if elsewhere > 0 {
		t.Error("a redirect was followed")
	}
	// No answer of a node that long: an error message is cut.
	h, _ := faulty(b.Core(chaintest.Indexes{}), 1<<30, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"error":{"code":-1,"message":%s},"id":"tamga"}`, strconv.Quote(strings.Repeat("x", 1<<19)))
	})
	if _, err := Node(t.Context(), serve(t, h), quick()); err == nil || len(err.Error()) > 2000 {
		t.Errorf("an error of %d bytes", len(err.Error()))
	}
}

// TestCancel: the end of the context is not the server's fault and ends a pause.
func TestCancel(t *testing.T) {
	h, _ := faulty(nil, 1<<30, busy)
	ctx, cancel := context.WithCancel(t.Context())
	o := quick()
	o.Sleep = func(ctx context.Context, _ time.Duration) error { cancel(); <-ctx.Done(); return ctx.Err() }
	if _, err := Node(ctx, serve(t, h), o); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestBlocksMissing: a node that pruned a block, or has not loaded it yet, is told
// from one that lies, with what to do.
func TestBlocksMissing(t *testing.T) {
	b, txids, subjects := synthetic(t)
	core := b.Core(chaintest.Indexes{Tx: true, Filter: true})
	for message, hint := range map[string]string{
		"Block not available (pruned data)":          "thrown old blocks away",
		"Block not available (not fully downloaded)": "still loading",
		"Block not found on disk":                    "",
	} {
		h := altered(core, "getblock [", func(string) string {
			return fmt.Sprintf(`{"result":null,"error":{"code":-1,"message":%q},"id":"tamga"}`, message)
		})
		src, err := Node(t.Context(), serve(t, h), quick())
		if err != nil {
			t.Fatal(err)
		}
		err = everything(src, txids, subjects)
		var e *rpc.Error
		if !errors.As(err, &e) || !strings.Contains(err.Error(), message) || !strings.Contains(e.Hint, hint) || hint == "" && e.Hint != "" {
			t.Errorf("%s: %v, hint %q", message, err, e.Hint)
		}
	}
}
