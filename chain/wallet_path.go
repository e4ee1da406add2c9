package chain

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"tamga"
)

// WalletPaths are the best ways that value can have gone from one wallet to another
// (claim: each hop is a haircut, each wallet the partition's).
type WalletPaths struct {
	From     string       `json:"from"`
	To       string       `json:"to"`
	Level    string       `json:"level"` // wallet
	Cost     string       `json:"cost"`
	Rule     string       `json:"rule"`
	Height   *int64       `json:"height,omitempty"`
	Same     bool         `json:"same,omitempty"` // both subjects are of one wallet: there is no way between
	Paths    []WalletPath `json:"paths"`          // the best first: by the best way below each
	Explored int          `json:"explored"`
	Complete bool         `json:"complete"`
}

// WalletPath is a line of wallets, with every way between outputs that was found to
// follow it.
type WalletPath struct {
	Wallets []string     `json:"wallets"`           // from the first to the last
	Ways    int          `json:"ways"`              // between outputs, that follow this line
	Share   float64      `json:"share"`             // of the best of them, as of a Path
	AtMost  bool         `json:"at_most,omitempty"` // as of a Path, of any of them
	Amount  tamga.Amount `json:"amount"`            // that all of them bring to the last wallet
	Flows   []WalletFlow `json:"flows"`             // from each wallet to the next, as of a WalletTrace
	Inside  []tamga.Hop  `json:"inside,omitempty"`  // hops that stayed in one wallet
	Mixes   []tamga.Mix  `json:"mixes,omitempty"`
}

// maxWays bounds the ways between outputs that are looked at for the paths between
// wallets.
const maxWays = 1024

// FindWalletPaths is FindPaths between wallets: from any output of the first's
// addresses (or a transaction or an output in their place) to any of the second's.
// Ways that follow the same line of wallets are one path, the
// amounts of which are summed; what they share counts once. With CostHops, hops
// inside of a wallet cost nothing.
func FindWalletPaths(ctx context.Context, src Source, from, to tamga.Wallet, part Partition, o PathOptions) (WalletPaths, error) {
	n, err := part.names()
	if err != nil {
		return WalletPaths{}, fmt.Errorf("path: %w", err)
	}
	want := max(o.K, 1)
	o.Wallet = n.wallet
	out := WalletPaths{
		From: from.ID, To: to.ID, Level: LevelWallet, Cost: cmp.Or(o.Cost, CostShare), Rule: part.Rule, Height: part.Height,
		Same: from.ID == to.ID, Paths: []WalletPath{}, Complete: true,
	}
	if out.Same {
		return out, nil
	}
	for o.K = 4 * want; ; o.K *= 4 {
		found, err := findPaths(ctx, src, [2][]string{from.Addresses, to.Addresses}, o)
		if err == nil {
			err = n.err
		}
		if err != nil {
			return WalletPaths{}, err
		}
		out.Cost, out.Explored, out.Complete = found.Cost, found.Explored, found.Complete
		if out.Paths, err = lines(n, found.Paths); err != nil {
			return WalletPaths{}, err
		}
		switch {
		case len(found.Paths) < o.K || len(out.Paths) > want: // all there are, or all of the best ones
		case o.K >= maxWays:
			out.Complete = out.Complete && len(out.Paths) >= want
		default:
			continue
		}
		if err := n.settle(); err != nil {
			return WalletPaths{}, err
		}
		if out.Paths, err = lines(n, found.Paths); err != nil { // now with their names
			return WalletPaths{}, err
		}
		out.Paths = out.Paths[:min(want, len(out.Paths))]
		return out, nil
	}
}

// lines puts ways between outputs together by the wallets that they go through.
func lines(n *names, ways []Path) ([]WalletPath, error) {
	at, all := map[string]*line{}, []*line{}
	for _, w := range ways {
		wallets := []string{}
		for _, h := range w.Hops {
			for _, x := range []string{n.at(input(h), h.In.Address), n.at(output(h), h.Out.Address)} {
				if k := len(wallets); k == 0 || wallets[k-1] != x {
					wallets = append(wallets, x)
				}
			}
		}
		key := strings.Join(wallets, " ")
		l := at[key]
		if l == nil {
			l = &line{WalletPath: WalletPath{Wallets: wallets, Share: w.Share, Flows: []WalletFlow{}}, known: map[string]bool{}}
			at[key], all = l, append(all, l)
		}
		if err := l.add(n, w); err != nil {
			return nil, err
		}
	}
	out := []WalletPath{}
	for _, l := range all {
		out = append(out, l.WalletPath)
	}
	return out, nil
}

// line is a path between wallets in the making.
type line struct {
	WalletPath
	known map[string]bool // beginnings of ways that are in it
}

// add puts a way into the line. Where it begins as one before did, that beginning's
// amounts are those of both.
func (l *line) add(n *names, w Path) (err error) {
	l.Ways++
	l.AtMost = l.AtMost || w.AtMost
	mixed := map[string]bool{}
	for _, m := range w.Mixes {
		mixed[m.TxID] = true
		if !slices.ContainsFunc(l.Mixes, func(x tamga.Mix) bool { return x.TxID == m.TxID }) {
			l.Mixes = append(l.Mixes, m)
		}
	}
	begin, place := "", 0 // place is of the wallet that the hop starts in
	for i, h := range w.Hops {
		from, to := n.at(input(h), h.In.Address), n.at(output(h), h.Out.Address)
		begin += fmt.Sprintf("%s/%s:%d/%d ", h.TxID, h.In.TxID, input(h).Vout, h.Out.N)
		if from != to {
			place++
		}
		if i == len(w.Hops)-1 {
			if l.Amount, err = l.Amount.Add(h.Amount); err != nil {
				return err
			}
		}
		if l.known[begin] {
			continue
		}
		l.known[begin] = true
		switch {
		case from == to:
			l.Inside, err = combine(l.Inside, h)
		default:
			if place > len(l.Flows) {
				l.Flows = append(l.Flows, WalletFlow{Depth: place, From: from, To: to})
			}
			err = l.Flows[place-1].combine(h, mixed[h.TxID])
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// combine adds what another way brings along a hop to it.
func combine(hops []tamga.Hop, h tamga.Hop) ([]tamga.Hop, error) {
	for i := range hops {
		if x := &hops[i]; x.TxID == h.TxID && input(*x) == input(h) && x.Out.N == h.Out.N {
			sum, err := x.Amount.Add(h.Amount)
			x.Amount, x.Depth = sum, min(x.Depth, h.Depth)
			return hops, err
		}
	}
	return append(hops, h), nil
}

func (f *WalletFlow) combine(h tamga.Hop, mix bool) (err error) {
	hops := f.Hops
	if err = f.add(h, f.Depth, mix); err == nil {
		f.Hops, err = combine(hops, h)
	}
	return err
}
