package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"tamga"
	"tamga/chain"
	"tamga/chain/bitcoin"
	"tamga/internal/config"
)

// leveling is the flag that says between what value is followed.
type leveling struct{ level string }

func (l *leveling) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&l.level, "level", chain.LevelTransaction, "transaction (between outputs) or wallet (between the wallets of the local index)")
}

func (l *leveling) check() error {
	if !slices.Contains([]string{chain.LevelTransaction, chain.LevelWallet}, l.level) {
		return usageError{fmt.Errorf("--level %s: want %s or %s", l.level, chain.LevelTransaction, chain.LevelWallet)}
	}
	return nil
}

func (l *leveling) byWallet() bool { return l.level == chain.LevelWallet }

// owners is the wallets that value is followed between; those of a trace between
// outputs answer for nothing.
type owners struct {
	chain.Partition
	wallets *bitcoin.Wallets
	wallet  func(address string) string
	failed  func() error
}

func (o *owners) close() {
	if o.wallets != nil {
		o.wallets.Close()
	}
}

// partition opens the wallets of a source, with what people decided about them.
func (l *leveling) partition(ctx context.Context, a *app, ws *config.Workspace, src *opened) (*owners, error) {
	o := &owners{failed: func() error { return nil }}
	if !l.byWallet() {
		return o, nil
	}
	if src.index == nil {
		return nil, hinted{errors.New("wallets are known of the local index alone"), "say --source index, or leave --level out"}
	}
	w, err := src.index.Wallets()
	if errors.Is(err, bitcoin.ErrNoIndex) {
		return nil, hinted{errors.New("the index has no wallets yet"), `"tamga cluster ADDRESS" builds them`}
	}
	if err != nil {
		return nil, err
	}
	b, err := a.tagbook(ctx, ws, nil)
	if err == nil {
		err = b.heed(ctx, w)
		b.Close()
	}
	if err != nil {
		w.Close()
		return nil, err
	}
	o.wallets, o.Partition = w, w.Partition()
	o.wallet, o.failed = o.Namer()
	return o, nil
}

// subject is what stands for a subject between wallets: the wallet of an address;
// a transaction or an output stays what it is.
func (o *owners) subject(ctx context.Context, name string) (tamga.Wallet, error) {
	if _, ok, err := o.Of(name); !ok || err != nil {
		return tamga.Wallet{ID: name, Addresses: []string{name}}, err
	}
	return o.wallets.Of(ctx, name, bitcoin.Now)
}

func (a *app) printWalletTrace(ctx context.Context, src chain.Source, tr tamga.Trace, p chain.Partition) error {
	v, err := chain.BetweenWallets(ctx, src, tr, p)
	if err != nil {
		return err
	}
	if a.json {
		return a.print(v)
	}
	fmt.Fprintf(a.out, "%s %s by %s, between wallets by %s%s (both claims, not facts of the ledger)\n", v.Subject, v.Direction, v.Method, v.Rule, atHeight(v.Height))
	if err := printFlows(a.out, v.Flows); err != nil {
		return err
	}
	for _, w := range v.Wallets {
		if n := len(w.Inside); n > 0 {
			fmt.Fprintf(a.out, "inside  %s  %d hops, by %d addresses met\n", w.Wallet, n, len(w.Addresses))
		}
	}
	for _, e := range v.Ends {
		why := e.Reason
		if e.Tag != nil {
			why = fmt.Sprintf("tag  %s (%s)", e.Tag.Label, e.Tag.Source)
		}
		fmt.Fprintf(a.out, "end  %s  %s:%d  %s\n", e.Wallet, e.TxID, e.Vout, why)
	}
	return nil
}

func atHeight(h *int64) string {
	if h == nil {
		return ""
	}
	return fmt.Sprintf(" at height %d", *h)
}

// printFlows prints flows, each with the hops that it sums.
func printFlows(out io.Writer, flows []chain.WalletFlow) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "depth\tamount\tfrom\tto\ttransaction\t")
	for _, f := range flows {
		mix := ""
		if f.Mix {
			mix = "through a mix"
		}
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t\n", f.Depth, f.Amount, f.From, f.To, mix)
		for _, h := range f.Hops {
			fmt.Fprintf(w, "\t%s\t%s\t%s\t%s\t\n", h.Amount, from(h.In), to(h), h.TxID)
		}
	}
	return w.Flush()
}

func printWalletPaths(out io.Writer, p chain.WalletPaths) error {
	if p.Same {
		fmt.Fprintf(out, "both are of the wallet %s (a claim: tamga why)\n", p.From)
		return nil
	}
	if len(p.Paths) == 0 {
		fmt.Fprintf(out, "nothing leads from the wallet %s to the wallet %s\n", p.From, p.To)
	}
	for i, path := range p.Paths {
		fmt.Fprintf(out, "path %d: %s by %d ways, the best with %.4g of the value (claims: haircut, %s%s)\n  %s\n", i+1, path.Amount, path.Ways, path.Share, p.Rule, atHeight(p.Height), strings.Join(path.Wallets, " -> "))
		if err := printFlows(out, path.Flows); err != nil {
			return err
		}
		for _, m := range path.Mixes {
			fmt.Fprintf(out, "  through a mix: %s\n", m.TxID)
		}
	}
	return nil
}
