package remote

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ripemd160" //nolint:staticcheck // the hash of Bitcoin's addresses

	"tamga"
	"tamga/chain"
	"tamga/chain/bitcoin"
	"tamga/chain/rpc"
	"tamga/internal/address"
)

const dialectNode = "node"

// Node opens a node's JSON-RPC as a source: Bitcoin Core or btcd, told apart by
// what they answer. What it can do depends on the node's indexes:
//
//	transactions  -txindex (Core), --txindex (btcd)
//	spenders      -txospenderindex (Core 31), else -blockfilterindex; --addrindex (btcd)
//	addresses     -blockfilterindex (Core, a search of minutes); --addrindex (btcd)
func Node(ctx context.Context, url string, o rpc.Options) (*Source, error) {
	a, err := rpc.Open(url, o, dialectNode)
	if err != nil {
		return nil, err
	}
	return open(ctx, a, o.Network, speakNode)
}

// node speaks to Bitcoin Core or btcd.
type node struct {
	rpc.Asker
	btcd    bool
	spends  bool // Core: txospenderindex
	filters bool // Core: blockfilterindex

	blocks map[string]string // Core: of transactions that a search found, which it then tells without -txindex
}

func speakNode(a rpc.Asker) server { return &node{Asker: a, blocks: map[string]string{}} }

func (n *node) call(ctx context.Context, method string, params ...any) (json.RawMessage, error) {
	return rpc.Call(ctx, n.Asker, "1.0", 0, method, params...)
}

func (n *node) text(ctx context.Context, method string, params ...any) (text string, err error) {
	result, err := n.call(ctx, method, params...)
	if err != nil {
		return "", err
	}
	return text, rpc.Read(n.Asker, method, result, &text)
}

func (n *node) genesis(ctx context.Context) (string, error) { return n.text(ctx, "getblockhash", 0) }

func (n *node) best(ctx context.Context) (string, error) { return n.text(ctx, "getbestblockhash") }

// can probes: getindexinfo is Core's, and btcd's indexes say themselves whether
// they are there.
func (n *node) can(ctx context.Context) (c chain.Capability, err error) {
	result, err := n.call(ctx, "getindexinfo")
	if rpc.IsCode(err, rpc.CodeNoMethod) {
		n.btcd = true
		return n.canBtcd(ctx)
	}
	if err != nil {
		return 0, err
	}
	var indexes map[string]struct {
		Synced bool `json:"synced"`
	}
	if err := rpc.Read(n.Asker, "getindexinfo", result, &indexes); err != nil {
		return 0, err
	}
	n.spends, n.filters = indexes["txospenderindex"].Synced, indexes["basic block filter index"].Synced
	if indexes["txindex"].Synced {
		c |= chain.CanTx
	}
	if n.spends || n.filters {
		c |= chain.CanSpender
	}
	if n.filters {
		c |= chain.CanHistory
	}
	return c, nil
}

func (n *node) canBtcd(ctx context.Context) (c chain.Capability, err error) {
	nothing := strings.Repeat("0", 64)
	if _, err = n.call(ctx, "getrawtransaction", nothing, 0); err != nil {
		var e *rpc.Fault
		if !errors.As(err, &e) {
			return 0, err
		}
		if !strings.Contains(e.Message, "index") {
			c |= chain.CanTx
		}
	}
	// Any valid address will do. An invalid one is refused only after the index
	// was found to be there.
	if _, err = n.call(ctx, "searchrawtransactions", "-", 0, 0, 1); err != nil {
		var e *rpc.Fault
		if !errors.As(err, &e) {
			return 0, err
		}
		if e.Code == rpc.CodeNotFound {
			c |= chain.CanSpender | chain.CanHistory
		}
	}
	return c, nil
}

// header builds the 80 bytes out of the fields that getblockheader prints.
func (n *node) header(ctx context.Context, hash string) (raw []byte, height int64, stale bool, err error) {
	result, err := n.call(ctx, "getblockheader", hash, true)
	if err != nil {
		return nil, 0, false, err
	}
	var h struct {
		Confirmations int64  `json:"confirmations"`
		Height        *int64 `json:"height"`
		Version       int64  `json:"version"`
		Prev          string `json:"previousblockhash"`
		Merkle        string `json:"merkleroot"`
		Time          uint32 `json:"time"`
		Bits          string `json:"bits"`
		Nonce         uint32 `json:"nonce"`
	}
	if err := rpc.Read(n.Asker, "getblockheader", result, &h); err != nil {
		return nil, 0, false, err
	}
	bits, err := hex.DecodeString(h.Bits)
	if err != nil || len(bits) != 4 || h.Height == nil {
		return nil, 0, false, &rpc.Error{Server: n.Origin(), Asked: "getblockheader " + hash, Err: errors.New("no header of a block")}
	}
	raw, err = buildHeader(h.Version, h.Prev, h.Merkle, h.Time, binary.BigEndian.Uint32(bits), h.Nonce)
	return raw, *h.Height, h.Confirmations < 0, err
}

func buildHeader(version int64, prev, merkle string, stamp, bits, nonce uint32) ([]byte, error) {
	le := binary.LittleEndian
	raw := le.AppendUint32(nil, uint32(version))
	before := bitcoin.Hash{} // the first block has none
	if prev != "" {
		var err error
		if before, err = bitcoin.ParseHash(prev); err != nil {
			return nil, err
		}
	}
	root, err := bitcoin.ParseHash(merkle)
	if err != nil {
		return nil, err
	}
	raw = append(append(raw, before[:]...), root[:]...)
	return le.AppendUint32(le.AppendUint32(le.AppendUint32(raw, stamp), bits), nonce), nil
}

// absent turns the node's "no such transaction" into the ledger's.
func absent(err error, txid string) error {
	if rpc.IsCode(err, rpc.CodeNotFound) {
		return fmt.Errorf("transaction %s: %w: %w", txid, chain.ErrNotFound, err)
	}
	return err
}

func (n *node) tx(ctx context.Context, txid string) (printed, raw []byte, block string, height int64, err error) {
	params := []any{txid, 2}
	if n.btcd {
		params[1] = 1
	}
	if block := n.blocks[txid]; block != "" {
		params = append(params, block)
	}
	result, err := n.call(ctx, "getrawtransaction", params...)
	if err != nil {
		return nil, nil, "", -1, absent(err, txid)
	}
	var t struct {
		Hex           string `json:"hex"`
		BlockHash     string `json:"blockhash"`
		Confirmations *int64 `json:"confirmations"`
	}
	if err := rpc.Read(n.Asker, "getrawtransaction "+txid, result, &t); err != nil {
		return nil, nil, "", -1, err
	}
	if raw, err = rpc.Unhex([]byte(t.Hex)); err != nil {
		return nil, nil, "", -1, &rpc.Error{Server: n.Origin(), Asked: "getrawtransaction " + txid, Err: err}
	}
	if t.Confirmations != nil && *t.Confirmations == 0 {
		t.BlockHash = "" // Core: of a block that the best chain does not hold
	}
	if !n.btcd {
		printed = result
	}
	return printed, raw, t.BlockHash, -1, nil
}

func (n *node) raw(ctx context.Context, txid string) ([]byte, error) {
	params := []any{txid, 0}
	if block := n.blocks[txid]; block != "" {
		params = append(params, block)
	}
	text, err := n.text(ctx, "getrawtransaction", params...)
	if err != nil {
		return nil, absent(err, txid)
	}
	raw, err := rpc.Unhex([]byte(text))
	if err != nil {
		err = &rpc.Error{Server: n.Origin(), Asked: "getrawtransaction " + txid, Err: err}
	}
	return raw, err
}

// spender asks the index of spenders where there is one; else whether the output
// is unspent, and only then searches what the chain did with its script.
func (n *node) spender(ctx context.Context, s *Source, out tamga.Outpoint) (string, error) {
	if n.spends {
		return n.indexed(ctx, out)
	}
	raw, err := s.bytes(ctx, out.TxID)
	if err != nil {
		return "", err
	}
	script, _, err := bitcoin.OutputScript(raw, out.Vout)
	if err != nil {
		return "", fmt.Errorf("output %s:%d: %w", out.TxID, out.Vout, err)
	}
	if unspendable(script) {
		return "", nil
	}
	result, err := n.call(ctx, "gettxout", out.TxID, out.Vout, false)
	if err != nil {
		return "", err
	}
	if len(result) > 0 && string(result) != "null" {
		return "", nil // it is in the set of unspent outputs
	}
	u, err := s.used(ctx, script)
	if err != nil {
		return "", err
	}
	spend, ok := u.Spender(out)
	if !ok && !slices.Contains(u.Paid(), out) {
		return "", nil // the best chain does not hold it yet
	}
	if !ok {
		return "", fmt.Errorf("what spent %s:%d: %w: the node says it is spent, and its indexes do not say by what", out.TxID, out.Vout, chain.ErrNotFound)
	}
	return spend.TxID, nil
}

// unspendable is Bitcoin Core's CScript::IsUnspendable.
func unspendable(script []byte) bool {
	return len(script) > 0 && script[0] == 0x6a || len(script) > 10_000
}

func (n *node) indexed(ctx context.Context, out tamga.Outpoint) (string, error) {
	type options struct {
		MempoolOnly bool `json:"mempool_only"`
	}
	result, err := n.call(ctx, "gettxspendingprevout", []tamga.Outpoint{out}, options{})
	if err != nil {
		return "", err
	}
	var spends []struct {
		TxID     string `json:"txid"`
		Vout     uint32 `json:"vout"`
		Spending string `json:"spendingtxid"`
		Block    string `json:"blockhash"`
	}
	if err := rpc.Read(n.Asker, "gettxspendingprevout", result, &spends); err != nil {
		return "", err
	}
	if len(spends) != 1 || spends[0].TxID != out.TxID || spends[0].Vout != out.Vout {
		return "", &rpc.Error{Server: n.Origin(), Asked: "gettxspendingprevout", Err: rpc.Lie("it speaks of another output")}
	}
	if spends[0].Block == "" {
		return "", nil // nothing, or a transaction that no block holds yet
	}
	return spends[0].Spending, nil
}

func (n *node) use(ctx context.Context, s *Source, script []byte) (*bitcoin.Use, error) {
	switch {
	case n.btcd:
		return n.search(ctx, s, script)
	case n.filters:
		return n.scan(ctx, s, script)
	}
	return nil, &rpc.Error{
		Server: n.Origin(), Asked: "an address", Err: errors.New("the node has no index that tells"),
		Hint: "start Bitcoin Core with -blockfilterindex, or btcd with --addrindex",
	}
}

// scan finds the blocks by their filters (BIP-158), which have false positives
// and no false negatives, and reads them.
func (n *node) scan(ctx context.Context, s *Source, script []byte) (*bitcoin.Use, error) {
	result, err := rpc.Call(ctx, n.Asker, "1.0", rpc.SearchTimeout, "scanblocks", "start", []string{"raw(" + hex.EncodeToString(script) + ")"})
	if rpc.IsCode(err, rpc.CodeBusy) {
		return nil, &rpc.Error{Server: n.Origin(), Asked: "scanblocks", Err: err, Hint: "a search is under way in the node; ask again when it has ended"}
	}
	if err != nil {
		return nil, err
	}
	var found struct {
		Blocks    []string `json:"relevant_blocks"`
		Completed *bool    `json:"completed"`
	}
	if err := rpc.Read(n.Asker, "scanblocks", result, &found); err != nil {
		return nil, err
	}
	if found.Completed != nil && !*found.Completed {
		return nil, &rpc.Error{Server: n.Origin(), Asked: "scanblocks", Err: errors.New("the node ended the search before its end"), Hint: "ask again"}
	}
	var places []bitcoin.Place
	for _, hash := range found.Blocks {
		p, err := s.where(ctx, hash, -1)
		if err != nil {
			return nil, err
		}
		if p.Block != "" {
			places = append(places, p)
		}
	}
	slices.SortFunc(places, func(a, b bitcoin.Place) int { return int(a.Height - b.Height) })
	u := bitcoin.NewUse(script)
	for _, p := range slices.Compact(places) {
		text, err := n.text(ctx, "getblock", p.Block, 0)
		if err != nil {
			return nil, err
		}
		raw, err := rpc.Unhex([]byte(text))
		var touched []string
		if err == nil {
			touched, err = u.AddBlock(raw, p.Block)
		}
		if err != nil {
			return nil, s.wrong("getblock "+p.Block, fmt.Errorf("%w: %w", rpc.ErrLie, err), "")
		}
		if len(n.blocks)+len(touched) > rememberPlaces {
			clear(n.blocks)
		}
		for _, id := range touched {
			n.blocks[id] = p.Block
		}
	}
	return u, nil
}

// Paging of btcd's searchrawtransactions.
const (
	searchPage = 100
	searchMost = 1 << 20 // transactions of one address
)

// search asks btcd's address index.
func (n *node) search(ctx context.Context, s *Source, script []byte) (*bitcoin.Use, error) {
	u := bitcoin.NewUse(script)
	addr := indexAddress(script, s.network)
	if addr == "" {
		return nil, fmt.Errorf("script %.80x: %w: btcd's index knows scripts with an address or keys only", script, chain.ErrNotFound)
	}
	for skip := 0; ; skip += searchPage {
		if skip > searchMost {
			return nil, &rpc.Error{Server: n.Origin(), Asked: "searchrawtransactions " + addr, Err: fmt.Errorf("more than %d transactions", searchMost)}
		}
		result, err := rpc.Call(ctx, n.Asker, "1.0", time.Minute, "searchrawtransactions", addr, 1, skip, searchPage)
		if rpc.IsCode(err, rpc.CodeNotFound) {
			return u, nil
		}
		if err != nil {
			return nil, err
		}
		var page []struct {
			Hex   string `json:"hex"`
			TxID  string `json:"txid"`
			Block string `json:"blockhash"`
		}
		if err := rpc.Read(n.Asker, "searchrawtransactions "+addr, result, &page); err != nil {
			return nil, err
		}
		for _, t := range page {
			if t.Block == "" {
				continue // no block holds it yet
			}
			raw, err := rpc.Unhex([]byte(t.Hex))
			if err != nil {
				return nil, s.wrong("searchrawtransactions "+addr, err, "")
			}
			if err := s.hold(t.TxID, raw); err != nil {
				return nil, err
			}
			if _, err := u.AddTx(raw); err != nil {
				return nil, s.wrong("searchrawtransactions "+addr, err, "")
			}
		}
		if len(page) < searchPage {
			return u, nil
		}
	}
}

// indexAddress is the address under which btcd's index files a script: its own,
// or for bare keys that of the (first) key's hash.
func indexAddress(script []byte, network string) string {
	typ, addr := address.FromScript(script, network)
	var key []byte
	switch typ {
	case address.TypePubKey:
		key = script[1 : len(script)-1]
	case address.TypeMultisig:
		if size := int(script[1]); size < len(script)-2 {
			key = script[2 : 2+size]
		}
	}
	if key == nil {
		return addr
	}
	sum := sha256.Sum256(key)
	h := ripemd160.New()
	h.Write(sum[:])
	hash := h.Sum(nil)
	_, addr = address.FromScript(append(append([]byte{0x76, 0xa9, 20}, hash...), 0x88, 0xac), network)
	return addr
}
