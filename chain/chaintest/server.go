package chaintest

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"tamga"
	"tamga/chain"
)

// Indexes are what a node of Bitcoin Core was told to keep.
type Indexes struct {
	Tx, Filter, Spender bool
	Old                 bool // before Core 25: no prevouts with getrawtransaction
}

// core answers as Bitcoin Core's RPC does, over a chain as it stood.
type core struct {
	Indexes
	*ledgerView
}

// ledgerView is a chain in the forms in which servers tell of it.
type ledgerView struct {
	blocks []*block
	byHash map[string]*block
	byTx   map[string]*entry
	inside map[string]*block
	spends map[tamga.Outpoint]chain.Spend
	place  map[string]int // of a transaction in its block
}

func (b *Builder) view() *ledgerView {
	v := &ledgerView{
		blocks: slices.Clone(b.blocks), byHash: map[string]*block{}, byTx: map[string]*entry{}, inside: map[string]*block{},
		spends: map[tamga.Outpoint]chain.Spend{}, place: map[string]int{},
	}
	for _, bl := range b.stale {
		v.byHash[bl.id.String()] = bl
	}
	for _, bl := range v.blocks {
		v.byHash[bl.id.String()] = bl
		for i, e := range bl.txs {
			id := e.tx.TxID
			v.byTx[id], v.inside[id], v.place[id] = e, bl, i
			for n, in := range e.tx.In {
				if !in.Coinbase {
					v.spends[in.Prev] = chain.Spend{TxID: id, Vin: uint32(n)}
				}
			}
		}
	}
	for _, e := range b.pending {
		v.byTx[e.tx.TxID] = e
	}
	return v
}

// best says whether the best chain holds a block.
func (v *ledgerView) best(bl *block) bool {
	return v.blocks[min(int(bl.height), len(v.blocks)-1)] == bl
}

// touched are the blocks of the best chain in which a script was paid or spent.
func (v *ledgerView) touched(script []byte) (hashes []string) {
	for _, bl := range v.blocks {
		if slices.ContainsFunc(bl.txs, func(e *entry) bool { return v.touches(e, script) }) {
			hashes = append(hashes, bl.id.String())
		}
	}
	return hashes
}

func (v *ledgerView) touches(e *entry, script []byte) bool {
	for _, out := range e.wire.out {
		if string(out.script) == string(script) {
			return true
		}
	}
	for _, in := range e.tx.In {
		if prev := v.byTx[in.Prev.TxID]; prev != nil && string(prev.wire.out[in.Prev.Vout].script) == string(script) {
			return true
		}
	}
	return false
}

// Core serves the chain as it stands as Bitcoin Core's JSON-RPC does: the methods
// that a trace needs, with Core's fields, error codes and HTTP states.
func (b *Builder) Core(x Indexes) http.Handler { return &core{x, b.view()} }

type rpcFault struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

func (c *core) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var q struct {
		ID     any               `json:"id"`
		Method string            `json:"method"`
		Params []json.RawMessage `json:"params"`
	}
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	result, fault := c.answer(q.Method, q.Params)
	w.Header().Set("Content-Type", "application/json")
	if fault != nil {
		status := http.StatusInternalServerError
		if fault.Code == -32601 {
			status = http.StatusNotFound
		}
		w.WriteHeader(status)
	}
	json.NewEncoder(w).Encode(map[string]any{"result": result, "error": fault, "id": q.ID})
}

func (c *core) answer(method string, params []json.RawMessage) (any, *rpcFault) {
	text := func(i int) (s string) {
		if i < len(params) {
			json.Unmarshal(params[i], &s)
		}
		return s
	}
	number := func(i int) (n int64) {
		if i < len(params) {
			json.Unmarshal(params[i], &n)
		}
		return n
	}
	switch method {
	case "getindexinfo":
		up := map[string]any{}
		for name, on := range map[string]bool{"txindex": c.Tx, "basic block filter index": c.Filter, "txospenderindex": c.Spender} {
			if on {
				up[name] = map[string]any{"synced": true, "best_block_height": len(c.blocks) - 1}
			}
		}
		return up, nil
	case "getblockhash":
		if n := number(0); n >= 0 && n < int64(len(c.blocks)) {
			return c.blocks[n].id.String(), nil
		}
		return nil, &rpcFault{-8, "Block height out of range"}
	case "getbestblockhash":
		return c.blocks[len(c.blocks)-1].id.String(), nil
	case "getblockheader", "getblock":
		bl := c.byHash[text(0)]
		switch {
		case bl == nil:
			return nil, &rpcFault{-5, "Block not found"}
		case method == "getblock":
			return hex.EncodeToString(bl.bytes()), nil
		}
		return c.header(bl), nil
	case "getrawtransaction":
		return c.transaction(text(0), number(1), text(2))
	case "scanblocks":
		return c.scan(params)
	case "gettxspendingprevout":
		var outs []tamga.Outpoint
		if len(params) != 2 || json.Unmarshal(params[0], &outs) != nil || len(outs) != 1 {
			return nil, &rpcFault{-8, "bad outputs"}
		}
		found := map[string]any{"txid": outs[0].TxID, "vout": outs[0].Vout}
		if s, ok := c.spends[outs[0]]; ok && c.Spender {
			found["spendingtxid"], found["blockhash"] = s.TxID, c.inside[s.TxID].id.String()
		}
		return []any{found}, nil
	case "gettxout":
		o := tamga.Outpoint{TxID: text(0), Vout: uint32(number(1))}
		e := c.byTx[o.TxID]
		if _, spent := c.spends[o]; e == nil || spent || c.inside[o.TxID] == nil || int(o.Vout) >= len(e.wire.out) || strings.HasPrefix(string(e.wire.out[o.Vout].script), "\x6a") {
			return nil, nil
		}
		return map[string]any{"value": bitcoins(e.wire.out[o.Vout].value), "coinbase": e.tx.In[0].Coinbase}, nil
	}
	return nil, &rpcFault{-32601, "Method not found"}
}

func (c *core) header(bl *block) any {
	h, confirmations := bl.header, len(c.blocks)-int(bl.height)
	if !c.best(bl) {
		confirmations = -1
	}
	fields := map[string]any{
		"hash": bl.id.String(), "confirmations": confirmations, "height": bl.height, "version": h.version,
		"versionHex": fmt.Sprintf("%08x", uint32(h.version)), "merkleroot": h.root.String(), "time": h.time,
		"nonce": h.nonce, "bits": fmt.Sprintf("%08x", h.bits), "nTx": len(bl.txs),
	}
	if h.prev != (hash{}) {
		fields["previousblockhash"] = h.prev.String()
	}
	return fields
}

func (c *core) transaction(txid string, verbosity int64, block string) (any, *rpcFault) {
	e, bl := c.byTx[txid], c.inside[txid]
	if e == nil || bl == c.blocks[0] || !c.Tx && bl != nil && bl != c.byHash[block] {
		return nil, &rpcFault{-5, "No such mempool or blockchain transaction. Use gettransaction for wallet transactions."}
	}
	raw := hex.EncodeToString(e.wire.bytes(true))
	if verbosity == 0 {
		return raw, nil
	}
	tx := map[string]any{
		"txid": txid, "hash": e.wire.wtxid().String(), "version": e.wire.version, "locktime": e.wire.lockTime,
		"size": len(raw) / 2, "hex": raw,
	}
	if bl != nil {
		tx["blockhash"], tx["confirmations"] = bl.id.String(), len(c.blocks)-int(bl.height)
		tx["time"], tx["blocktime"] = bl.header.time, bl.header.time
	}
	ins, outs := []any{}, []any{}
	for i, in := range e.wire.in {
		if e.tx.In[i].Coinbase {
			ins = append(ins, map[string]any{"coinbase": hex.EncodeToString(in.script), "sequence": in.sequence})
			continue
		}
		v := map[string]any{
			"txid": in.prev.String(), "vout": in.vout, "sequence": in.sequence,
			"scriptSig": map[string]any{"hex": hex.EncodeToString(in.script)},
		}
		if prev := c.byTx[in.prev.String()]; prev != nil && verbosity >= 2 && !c.Old {
			v["prevout"] = map[string]any{
				"generated": prev.tx.In[0].Coinbase, "value": bitcoins(prev.wire.out[in.vout].value),
				"scriptPubKey": scriptJSON(prev, int(in.vout)),
			}
		}
		ins = append(ins, v)
	}
	for n, out := range e.wire.out {
		outs = append(outs, map[string]any{"n": n, "value": bitcoins(out.value), "scriptPubKey": scriptJSON(e, n)})
	}
	tx["vin"], tx["vout"] = ins, outs
	return tx, nil
}

func scriptJSON(e *entry, n int) any {
	s := map[string]any{"hex": hex.EncodeToString(e.wire.out[n].script), "type": e.tx.Out[n].Type}
	if addr := e.tx.Out[n].Address; addr != "" {
		s["address"] = addr
	}
	return s
}

// bitcoins is an amount as Core prints it.
func bitcoins(v int64) json.Number {
	return json.Number(fmt.Sprintf("%d.%08d", v/BTC, v%BTC))
}

// scan has a false positive, the first block after genesis, as filters may.
func (c *core) scan(params []json.RawMessage) (any, *rpcFault) {
	var what []string
	if len(params) < 2 || json.Unmarshal(params[1], &what) != nil || len(what) != 1 || !c.Filter {
		return nil, &rpcFault{-1, "Index is not enabled for filtertype basic"}
	}
	text, ok := strings.CutPrefix(what[0], "raw(")
	script, err := hex.DecodeString(strings.TrimSuffix(text, ")"))
	if !ok || err != nil {
		return nil, &rpcFault{-5, "not a valid descriptor"}
	}
	hashes := c.touched(script)
	if len(c.blocks) > 1 && !slices.Contains(hashes, c.blocks[1].id.String()) {
		hashes = append(hashes, c.blocks[1].id.String())
	}
	return map[string]any{"from_height": 0, "to_height": len(c.blocks) - 1, "relevant_blocks": hashes, "completed": true}, nil
}
