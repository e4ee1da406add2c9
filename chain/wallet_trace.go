package chain

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"tamga"
)

// Levels of a trace or a path: between outputs, or between wallets.
const (
	LevelTransaction = "transaction"
	LevelWallet      = "wallet"
)

// Partition says which addresses one owner is said to have (claim).
type Partition struct {
	Rule   string // rule@version that it rests on
	Height *int64 // of the ledger that it holds for
	// Of is the same for two addresses exactly where they share a wallet; an address
	// that shares one with none is one alone. ok is false for what it does not know.
	Of func(address string) (wallet string, ok bool, err error)
	// Names finds the earliest member of each of some wallets, by which they are
	// named; nil where Of names them already.
	Names func(wallets []string) (map[string]string, error)
}

// names answers for a partition, each address once. The first error is kept.
type names struct {
	Partition
	kept map[string]string
	err  error
}

func (p Partition) names() (*names, error) {
	if p.Of == nil {
		return nil, errors.New("no wallets are known")
	}
	return &names{Partition: p, kept: map[string]string{}}, nil
}

// Namer is Options.Wallet and PathOptions.Wallet for a partition; failed tells of the
// first answer that it did not get.
func (p Partition) Namer() (wallet func(address string) string, failed func() error) {
	n, err := p.names()
	if err != nil {
		return func(addr string) string { return addr }, func() error { return err }
	}
	return n.wallet, func() error { return n.err }
}

// settle turns what Of answered so far into the names of wallets.
func (n *names) settle() error {
	if n.err != nil || n.Names == nil {
		return n.err
	}
	asked := map[string]bool{}
	for addr, w := range n.kept {
		if w != addr {
			asked[w] = true
		}
	}
	ids := slices.Sorted(maps.Keys(asked))
	named, err := n.Names(ids)
	if err != nil {
		return err
	}
	for addr, w := range n.kept {
		n.kept[addr] = cmp.Or(named[w], w)
	}
	n.Names = nil
	return nil
}

// wallet is that of an address: itself where the partition does not know it.
func (n *names) wallet(addr string) string {
	if addr == "" || n.err != nil {
		return addr
	}
	w, asked := n.kept[addr]
	if !asked {
		id, ok, err := n.Of(addr)
		n.err = err
		if w = addr; ok && err == nil {
			w = id
		}
		n.kept[addr] = w
	}
	return w
}

// at is the wallet of an output; one without an address stands for itself.
func (n *names) at(out tamga.Outpoint, addr string) string {
	if addr == "" {
		return fmt.Sprintf("%s:%d", out.TxID, out.Vout)
	}
	return n.wallet(addr)
}

// WalletTrace is a trace seen between wallets (claim: the trace's method and the
// partition's rule). Every hop of the trace stands in it exactly once, below the
// flow between two wallets that it belongs to, or inside one.
type WalletTrace struct {
	Subject   string       `json:"subject"`
	Level     string       `json:"level"` // wallet
	Direction string       `json:"direction"`
	Method    string       `json:"method"`
	Rule      string       `json:"rule"`             // of the partition
	Height    *int64       `json:"height,omitempty"` // that the partition holds for
	Flows     []WalletFlow `json:"flows"`
	Wallets   []WalletNode `json:"wallets"`
	Ends      []WalletEnd  `json:"ends"`

	Mixes  []tamga.Mix   `json:"mixes,omitempty"`
	Bounds []tamga.Bound `json:"bounds,omitempty"`
}

// WalletFlow is what moved from one wallet to another: the sum of its hops.
type WalletFlow struct {
	Depth  int          `json:"depth"` // wallets from the subject, from 1
	From   string       `json:"from"`
	To     string       `json:"to"`
	Amount tamga.Amount `json:"amount"`
	Since  *time.Time   `json:"since,omitempty"` // of the first hop
	Until  *time.Time   `json:"until,omitempty"` // of the last
	Mix    bool         `json:"mix,omitempty"`   // a hop goes through a transaction of several owners
	Hops   []tamga.Hop  `json:"hops"`
}

// WalletNode is a wallet that a trace met, with the hops that stayed inside of it.
type WalletNode struct {
	Wallet    string      `json:"wallet"`
	Depth     int         `json:"depth"`     // 0 where it holds an output of the subject
	Addresses []string    `json:"addresses"` // of it, that the trace met
	Inside    []tamga.Hop `json:"inside,omitempty"`
}

// WalletEnd is where a trace stopped, with the wallet that the output is in.
type WalletEnd struct {
	Wallet string `json:"wallet"`
	tamga.End
}

// TraceWallets is Trace between wallets. A hop that stays in one wallet, change
// above all, is no hop there: Options.Hops counts those between wallets. The subject
// is what was asked for, not the whole of its wallet, so that no claim decides which
// coins are followed.
func TraceWallets(ctx context.Context, src Source, subject string, part Partition, o Options) (WalletTrace, error) {
	wallet, failed := part.Namer()
	o.Wallet = wallet
	tr, err := Trace(ctx, src, subject, o)
	if err := errors.Join(err, failed()); err != nil {
		return WalletTrace{}, err
	}
	return BetweenWallets(ctx, src, tr, part)
}

// BetweenWallets sees a trace between wallets. The source is asked for the addresses
// of ends that no hop leads to.
func BetweenWallets(ctx context.Context, src Source, tr tamga.Trace, part Partition) (WalletTrace, error) {
	n, err := part.names()
	if err != nil {
		return WalletTrace{}, err
	}
	v := &walletView{names: n, tr: tr, nodes: map[string]*WalletNode{}, owner: map[tamga.Outpoint]string{}, met: map[string]bool{}}
	out := WalletTrace{
		Subject: tr.Subject, Level: LevelWallet, Direction: tr.Direction, Method: tr.Method,
		Rule: part.Rule, Height: part.Height, Flows: []WalletFlow{}, Wallets: []WalletNode{}, Ends: []WalletEnd{},
		Mixes: tr.Mixes, Bounds: tr.Bounds,
	}
	for _, h := range tr.Hops {
		n.wallet(h.In.Address)
		n.wallet(h.Out.Address)
	}
	last, err := n.lasts(ctx, src, tr)
	if err == nil {
		err = n.settle()
	}
	if err != nil {
		return WalletTrace{}, err
	}
	for _, h := range tr.Hops {
		v.see(input(h), h.In.Address)
		v.see(output(h), h.Out.Address)
	}
	for _, e := range tr.Ends {
		at := tamga.Outpoint{TxID: e.TxID, Vout: e.Vout}
		if _, seen := v.owner[at]; !seen {
			v.see(at, last[at])
			v.nodes[v.owner[at]].Depth = 0 // nothing leads to it: it is the subject's
		}
		out.Ends = append(out.Ends, WalletEnd{v.owner[at], e})
	}
	v.measure()
	if out.Flows, err = v.flows(); err != nil {
		return WalletTrace{}, err
	}
	for _, w := range v.nodes {
		slices.Sort(w.Addresses)
		out.Wallets = append(out.Wallets, *w)
	}
	slices.SortFunc(out.Wallets, func(a, b WalletNode) int {
		return cmp.Or(cmp.Compare(a.Depth, b.Depth), cmp.Compare(a.Wallet, b.Wallet))
	})
	return out, n.err
}

// lasts asks a source for the addresses of ends that no hop tells of: outputs of the
// subject that nothing followed.
func (n *names) lasts(ctx context.Context, src Source, tr tamga.Trace) (map[tamga.Outpoint]string, error) {
	told, last := map[tamga.Outpoint]bool{}, map[tamga.Outpoint]string{}
	for _, h := range tr.Hops {
		told[input(h)], told[output(h)] = true, true
	}
	for _, e := range tr.Ends {
		at := tamga.Outpoint{TxID: e.TxID, Vout: e.Vout}
		if _, asked := last[at]; asked || told[at] {
			continue
		}
		tx, err := src.Tx(ctx, e.TxID)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return nil, err
		}
		last[at] = ""
		if err == nil && int(e.Vout) < len(tx.Out) {
			last[at] = tx.Out[e.Vout].Address
			n.wallet(last[at])
		}
	}
	return last, nil
}

// walletView is a trace with the wallets of its outpoints.
type walletView struct {
	*names
	tr    tamga.Trace
	nodes map[string]*WalletNode
	owner map[tamga.Outpoint]string
	met   map[string]bool        // addresses
	depth map[tamga.Outpoint]int // hops between wallets from the subject
}

func input(h tamga.Hop) tamga.Outpoint {
	out := tamga.Outpoint{TxID: h.In.TxID}
	if h.In.Vout != nil {
		out.Vout = *h.In.Vout
	}
	return out
}

func output(h tamga.Hop) tamga.Outpoint { return tamga.Outpoint{TxID: h.TxID, Vout: h.Out.N} }

// ends of a hop, the one nearer to the subject first.
func (v *walletView) ends(h tamga.Hop) (near, far tamga.Outpoint) {
	if v.tr.Direction == Backward {
		return output(h), input(h)
	}
	return input(h), output(h)
}

const unmeasured = int(^uint(0) >> 1)

func (v *walletView) see(out tamga.Outpoint, addr string) {
	w, seen := v.owner[out]
	if !seen {
		w = v.at(out, addr)
		v.owner[out] = w
	}
	n := v.nodes[w]
	if n == nil {
		n = &WalletNode{Wallet: w, Depth: unmeasured, Addresses: []string{}}
		v.nodes[w] = n
	}
	if addr != "" && !v.met[addr] {
		v.met[addr] = true
		n.Addresses = append(n.Addresses, addr)
	}
}

// measure finds the least number of hops between wallets to each outpoint. The
// hops are a graph without circles.
func (v *walletView) measure() {
	v.depth = map[tamga.Outpoint]int{}
	next := map[tamga.Outpoint][]tamga.Outpoint{}
	var here, later []tamga.Outpoint
	for _, h := range v.tr.Hops {
		near, far := v.ends(h)
		next[near] = append(next[near], far)
		if h.Depth == 1 { // it leaves the subject
			here = append(here, near)
		}
	}
	for depth := 0; len(here) > 0; depth++ {
		for len(here) > 0 {
			at := here[len(here)-1]
			here = here[:len(here)-1]
			if _, done := v.depth[at]; done {
				continue
			}
			v.depth[at] = depth
			n := v.nodes[v.owner[at]]
			n.Depth = min(n.Depth, depth)
			for _, to := range next[at] {
				if v.owner[to] == v.owner[at] {
					here = append(here, to)
				} else {
					later = append(later, to)
				}
			}
		}
		here, later = later, nil
	}
}

// flows sums the hops between each two wallets, and keeps those inside of one.
func (v *walletView) flows() ([]WalletFlow, error) {
	mixed := map[string]bool{}
	for _, m := range v.tr.Mixes {
		mixed[m.TxID] = true
	}
	at, all := map[[2]string]int{}, []WalletFlow{}
	for _, h := range v.tr.Hops {
		from, to := v.owner[input(h)], v.owner[output(h)]
		if from == to {
			v.nodes[from].Inside = append(v.nodes[from].Inside, h)
			continue
		}
		near, _ := v.ends(h)
		i, ok := at[[2]string{from, to}]
		if !ok {
			i, at[[2]string{from, to}] = len(all), len(all)
			all = append(all, WalletFlow{Depth: unmeasured, From: from, To: to})
		}
		if err := all[i].add(h, v.depth[near]+1, mixed[h.TxID]); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(all, func(a, b WalletFlow) int {
		return cmp.Or(cmp.Compare(a.Depth, b.Depth), b.Amount.Cmp(a.Amount), cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To))
	})
	return all, nil
}

// add puts a hop below a flow.
func (f *WalletFlow) add(h tamga.Hop, depth int, mix bool) (err error) {
	if f.Amount, err = f.Amount.Add(h.Amount); err != nil {
		return err
	}
	f.Depth, f.Mix = min(f.Depth, depth), f.Mix || mix
	if t := h.Time; t != nil {
		if f.Since == nil || t.Before(*f.Since) {
			f.Since = t
		}
		if f.Until == nil || t.After(*f.Until) {
			f.Until = t
		}
	}
	f.Hops = append(f.Hops, h)
	return nil
}
