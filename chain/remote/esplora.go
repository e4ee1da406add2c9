package remote

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"tamga"
	"tamga/chain"
	"tamga/chain/bitcoin"
	"tamga/chain/rpc"
	"tamga/internal/address"
)

const dialectEsplora = "esplora"

// Esplora opens the HTTP API of Esplora, which mempool.space speaks too, as a
// source. url ends in /api where the server puts it there. A server of others
// learns what is asked (see Public).
func Esplora(ctx context.Context, url string, o rpc.Options) (*Source, error) {
	a, err := rpc.Open(url, o, dialectEsplora)
	if err != nil {
		return nil, err
	}
	return open(ctx, a, o.Network, speakEsplora)
}

func speakEsplora(a rpc.Asker) server { return &esplora{Asker: a, spends: map[string][]outspend{}} }

type esplora struct {
	rpc.Asker
	spends map[string][]outspend // by txid
}

type outspend struct {
	Spent  bool          `json:"spent"`
	TxID   string        `json:"txid"`
	Status esploraStatus `json:"status"`
}

type esploraStatus struct {
	Confirmed bool   `json:"confirmed"`
	Height    *int64 `json:"block_height"`
	Block     string `json:"block_hash"`
}

// get asks for a path; 404 is chain.ErrNotFound.
func (e *esplora) get(ctx context.Context, path string) ([]byte, error) {
	q := rpc.Question{Name: "GET " + path, Path: path}
	a, err := e.Ask(ctx, q)
	if err != nil {
		return nil, err
	}
	switch a.Status {
	case http.StatusOK:
		return a.Body, nil
	case http.StatusNotFound:
		err = chain.ErrNotFound
	default:
		err = fmt.Errorf("HTTP status %d: %.200q", a.Status, a.Body)
	}
	return nil, &rpc.Error{Server: e.Origin(), Asked: q.Name, Err: err}
}

func (e *esplora) json(ctx context.Context, path string, v any) ([]byte, error) {
	b, err := e.get(ctx, path)
	if err != nil {
		return nil, err
	}
	return b, rpc.Read(e.Asker, "GET "+path, b, v)
}

func (e *esplora) hex(ctx context.Context, path string) ([]byte, error) {
	b, err := e.get(ctx, path)
	if err != nil {
		return nil, err
	}
	if b, err = rpc.Unhex(b); err != nil {
		return nil, &rpc.Error{Server: e.Origin(), Asked: "GET " + path, Err: err}
	}
	return b, nil
}

func (e *esplora) genesis(ctx context.Context) (string, error) {
	b, err := e.get(ctx, "/block-height/0")
	if errors.Is(err, chain.ErrNotFound) {
		return "", &rpc.Error{
			Server: e.Origin(), Asked: "GET /block-height/0", Err: errors.New("no Esplora API here"),
			Hint: "chain.esplora is the address of the API, which often ends in /api",
		}
	}
	return strings.TrimSpace(string(b)), err
}

func (e *esplora) can(context.Context) (chain.Capability, error) {
	return chain.CanTx | chain.CanSpender | chain.CanHistory, nil
}

func (e *esplora) best(ctx context.Context) (string, error) {
	b, err := e.get(ctx, "/blocks/tip/hash")
	return strings.TrimSpace(string(b)), err
}

func (e *esplora) header(ctx context.Context, hash string) (raw []byte, height int64, stale bool, err error) {
	if !isHash(hash) {
		return nil, 0, false, &rpc.Error{Server: e.Origin(), Asked: "a block", Err: rpc.Lie("%.80q is no hash", hash)}
	}
	var b struct {
		Height *int64 `json:"height"`
		esploraHeader
	}
	if _, err = e.json(ctx, "/block/"+hash, &b); err != nil {
		return nil, 0, false, err
	}
	if b.Height == nil {
		return nil, 0, false, &rpc.Error{Server: e.Origin(), Asked: "GET /block/" + hash, Err: errors.New("no height in it")}
	}
	raw, err = buildHeader(b.Version, b.Prev, b.Merkle, b.Time, b.Bits, b.Nonce)
	return raw, *b.Height, false, err
}

type esploraHeader struct {
	Version int64  `json:"version"`
	Time    uint32 `json:"timestamp"`
	Merkle  string `json:"merkle_root"`
	Prev    string `json:"previousblockhash"`
	Bits    uint32 `json:"bits"`
	Nonce   uint32 `json:"nonce"`
}

// isHash keeps what a server says out of the paths that are asked next.
func isHash(s string) bool {
	_, err := bitcoin.ParseHash(s)
	return err == nil
}

func (e *esplora) tx(ctx context.Context, txid string) (printed, raw []byte, block string, height int64, err error) {
	if !isHash(txid) {
		return nil, nil, "", -1, fmt.Errorf("%.80q is no txid", txid)
	}
	var t struct {
		Status esploraStatus `json:"status"`
	}
	if printed, err = e.json(ctx, "/tx/"+txid, &t); err != nil {
		return nil, nil, "", -1, err
	}
	if raw, err = e.raw(ctx, txid); err != nil {
		return nil, nil, "", -1, err
	}
	height = -1
	if t.Status.Confirmed {
		block = t.Status.Block
		if t.Status.Height != nil {
			height = *t.Status.Height
		}
	}
	return printed, raw, block, height, nil
}

func (e *esplora) raw(ctx context.Context, txid string) ([]byte, error) {
	if !isHash(txid) {
		return nil, fmt.Errorf("%.80q is no txid", txid)
	}
	return e.hex(ctx, "/tx/"+txid+"/hex")
}

func (e *esplora) spender(ctx context.Context, _ *Source, out tamga.Outpoint) (string, error) {
	if !isHash(out.TxID) {
		return "", fmt.Errorf("%.80q is no txid", out.TxID)
	}
	path := "/tx/" + out.TxID + "/outspends"
	all, ok := e.spends[out.TxID]
	if !ok {
		if _, err := e.json(ctx, path, &all); err != nil {
			return "", err
		}
		if len(e.spends) >= rememberTxs {
			clear(e.spends)
		}
		e.spends[out.TxID] = all
	}
	if uint64(out.Vout) >= uint64(len(all)) {
		return "", &rpc.Error{Server: e.Origin(), Asked: "GET " + path, Err: rpc.Lie("it speaks of %d outputs, and there is one of number %d", len(all), out.Vout)}
	}
	if s := all[out.Vout]; s.Spent && s.Status.Confirmed {
		return s.TxID, nil
	}
	return "", nil
}

// maxPages bounds the pages of one address: 25 transactions each.
const maxPages = 1 << 16

// use pages through an address's transactions, newest first, and then reads their
// bytes in chain order.
func (e *esplora) use(ctx context.Context, s *Source, script []byte) (*bitcoin.Use, error) {
	_, addr := address.FromScript(script, s.network)
	if addr == "" {
		return nil, fmt.Errorf("script %.80x: %w: it has no address", script, chain.ErrNotFound)
	}
	base := "/address/" + url.PathEscape(addr) + "/txs/chain"
	type listed struct {
		TxID   string        `json:"txid"`
		Status esploraStatus `json:"status"`
		place  int64
	}
	var all []listed
	seen := map[string]bool{}
	path := base
	for n := 0; ; n++ {
		var page []listed
		if _, err := e.json(ctx, path, &page); err != nil {
			return nil, err
		}
		if len(page) == 0 {
			break
		}
		bad := func(err error) error { return &rpc.Error{Server: e.Origin(), Asked: "GET " + path, Err: err} }
		for _, t := range page {
			switch {
			case !isHash(t.TxID):
				return nil, bad(rpc.Lie("%.80q is no txid", t.TxID))
			case seen[t.TxID]:
				return nil, bad(rpc.Lie("transaction %s comes twice", t.TxID))
			case !t.Status.Confirmed:
				continue
			case t.Status.Height == nil:
				return nil, bad(errors.New("a transaction in a block of no height"))
			}
			seen[t.TxID] = true
			all = append(all, t)
		}
		if n >= maxPages {
			return nil, bad(fmt.Errorf("more than %d pages", maxPages))
		}
		path = base + "/" + page[len(page)-1].TxID
	}
	slices.Reverse(all)
	slices.SortStableFunc(all, func(a, b listed) int { return cmp.Compare(*a.Status.Height, *b.Status.Height) })
	for i := range all { // several in one block: their order is asked for
		tie := func(j int) bool { return j >= 0 && j < len(all) && *all[j].Status.Height == *all[i].Status.Height }
		if !tie(i-1) && !tie(i+1) {
			continue
		}
		var proof struct {
			Pos int64 `json:"pos"`
		}
		if _, err := e.json(ctx, "/tx/"+all[i].TxID+"/merkle-proof", &proof); err != nil {
			return nil, err
		}
		all[i].place = proof.Pos
	}
	slices.SortStableFunc(all, func(a, b listed) int {
		return cmp.Or(cmp.Compare(*a.Status.Height, *b.Status.Height), cmp.Compare(a.place, b.place))
	})
	u := bitcoin.NewUse(script)
	for _, t := range all {
		raw, err := s.bytes(ctx, t.TxID)
		if err != nil {
			return nil, err
		}
		if _, err := u.AddTx(raw); err != nil {
			return nil, s.wrong("GET /tx/"+t.TxID+"/hex", err, "")
		}
	}
	return u, nil
}

func stampTime(stamp uint32) time.Time { return time.Unix(int64(stamp), 0).UTC() }
