package chaintest

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"tamga"
	"tamga/internal/address"
)

// esplora answers as Esplora's HTTP API does, over a chain as it stood.
type esplora struct{ *ledgerView }

// Esplora serves the chain as it stands as Esplora and mempool.space do, under
// the root of the handler. Transactions of an address come newest first, 25 a
// page, those of one block by their ids: not in the block's order.
func (b *Builder) Esplora() http.Handler {
	e := &esplora{b.view()}
	mux := http.NewServeMux()
	text := func(pattern string, f func(r *http.Request) (string, bool)) {
		mux.HandleFunc("GET "+pattern, func(w http.ResponseWriter, r *http.Request) {
			s, ok := f(r)
			if !ok {
				http.Error(w, "not found", http.StatusNotFound)
				return
			}
			fmt.Fprint(w, s)
		})
	}
	object := func(pattern string, f func(r *http.Request) (any, bool)) {
		text(pattern, func(r *http.Request) (string, bool) {
			v, ok := f(r)
			s, err := json.Marshal(v)
			return string(s), ok && err == nil
		})
	}
	text("/block-height/{height}", func(r *http.Request) (string, bool) {
		n, err := strconv.Atoi(r.PathValue("height"))
		if err != nil || n < 0 || n >= len(e.blocks) {
			return "", false
		}
		return e.blocks[n].id.String(), true
	})
	text("/blocks/tip/hash", func(*http.Request) (string, bool) { return e.blocks[len(e.blocks)-1].id.String(), true })
	object("/block/{hash}", func(r *http.Request) (any, bool) {
		bl := e.byHash[r.PathValue("hash")]
		if bl == nil {
			return nil, false
		}
		fields := map[string]any{
			"id": bl.id.String(), "height": bl.height, "version": bl.header.version, "timestamp": bl.header.time,
			"tx_count": len(bl.txs), "merkle_root": bl.header.root.String(), "nonce": bl.header.nonce, "bits": bl.header.bits,
		}
		if bl.height > 0 {
			fields["previousblockhash"] = bl.header.prev.String()
		}
		return fields, true
	})
	object("/tx/{txid}", func(r *http.Request) (any, bool) { return e.transaction(r.PathValue("txid")) })
	text("/tx/{txid}/hex", func(r *http.Request) (string, bool) {
		t := e.byTx[r.PathValue("txid")]
		if t == nil {
			return "", false
		}
		return hex.EncodeToString(t.wire.bytes(true)), true
	})
	object("/tx/{txid}/outspends", func(r *http.Request) (any, bool) { return e.outspends(r.PathValue("txid")) })
	object("/tx/{txid}/merkle-proof", func(r *http.Request) (any, bool) {
		bl := e.inside[r.PathValue("txid")]
		if bl == nil {
			return nil, false
		}
		return map[string]any{"block_height": bl.height, "pos": e.place[r.PathValue("txid")], "merkle": []string{}}, true
	})
	page := func(r *http.Request) (any, bool) { return e.page(r.PathValue("address"), r.PathValue("last")) }
	object("/address/{address}/txs/chain", page)
	object("/address/{address}/txs/chain/{last}", page)
	return mux
}

func (e *esplora) status(txid string) any {
	bl := e.inside[txid]
	if bl == nil {
		return map[string]any{"confirmed": false}
	}
	return map[string]any{"confirmed": true, "block_height": bl.height, "block_hash": bl.id.String(), "block_time": bl.header.time}
}

func (e *esplora) transaction(txid string) (any, bool) {
	t := e.byTx[txid]
	if t == nil {
		return nil, false
	}
	output := func(t *entry, n int) map[string]any {
		v := map[string]any{
			"scriptpubkey": hex.EncodeToString(t.wire.out[n].script), "scriptpubkey_type": t.tx.Out[n].Type, "value": t.wire.out[n].value,
		}
		if addr := t.tx.Out[n].Address; addr != "" {
			v["scriptpubkey_address"] = addr
		}
		return v
	}
	ins, outs := []any{}, []any{}
	for i, in := range t.wire.in {
		v := map[string]any{
			"txid": in.prev.String(), "vout": in.vout, "sequence": in.sequence,
			"scriptsig": hex.EncodeToString(in.script), "is_coinbase": t.tx.In[i].Coinbase, "prevout": nil,
		}
		if prev := e.byTx[in.prev.String()]; prev != nil {
			v["prevout"] = output(prev, int(in.vout))
		}
		ins = append(ins, v)
	}
	for n := range t.wire.out {
		outs = append(outs, output(t, n))
	}
	return map[string]any{
		"txid": txid, "version": t.wire.version, "locktime": t.wire.lockTime, "vin": ins, "vout": outs,
		"size": len(t.wire.bytes(true)), "fee": t.fee, "status": e.status(txid),
	}, true
}

func (e *esplora) outspends(txid string) (any, bool) {
	t := e.byTx[txid]
	if t == nil {
		return nil, false
	}
	all := []any{}
	for n := range t.wire.out {
		v := map[string]any{"spent": false}
		if s, ok := e.spends[tamga.Outpoint{TxID: txid, Vout: uint32(n)}]; ok {
			v = map[string]any{"spent": true, "txid": s.TxID, "vin": s.Vin, "status": e.status(s.TxID)}
		}
		all = append(all, v)
	}
	return all, true
}

const esploraPage = 25

func (e *esplora) page(addr, last string) (any, bool) {
	a, ok := address.Parse(addr)
	if !ok {
		return nil, false
	}
	script, err := address.ToScript(a)
	if err != nil {
		return nil, false
	}
	var ids []string
	for _, bl := range slices.Backward(e.blocks) {
		var here []string
		for _, t := range bl.txs {
			if e.touches(t, script) {
				here = append(here, t.tx.TxID)
			}
		}
		slices.Sort(here)
		ids = append(ids, here...)
	}
	if last != "" {
		i := slices.Index(ids, last)
		if i < 0 {
			return nil, false
		}
		ids = ids[i+1:]
	}
	all := []any{}
	for _, id := range ids[:min(len(ids), esploraPage)] {
		v, _ := e.transaction(id)
		all = append(all, v)
	}
	return all, true
}
