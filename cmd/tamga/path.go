package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"tamga"
	"tamga/chain"
	"tamga/chain/bitcoin"
	"tamga/internal/config"
)

func newPath(a *app) *cobra.Command {
	var o chain.PathOptions
	var since, until string
	var asked sourcing
	var at leveling
	cmd := &cobra.Command{
		Use:   "path FROM TO",
		Short: "Search the best ways that value can have gone from one subject to another",
		Long: `Path searches from both subjects (addresses, transactions or outputs) at once. The best
way is the one that the greatest share of the value took, each transaction spreading
what it is given over its outputs in proportion (haircut: a claim); with --cost hops it
is the shortest. Value goes from FROM to TO; ask the other way round for the reverse.

With --level wallet it searches from the wallet of one address (tamga cluster) to that of
the other: ways that follow the same line of wallets are one path, with the sum of what
they bring, and every flow lists the hops that it sums; with --cost hops those inside of
one wallet cost nothing. Wallets are claims, too.

A way never goes back in time. Where the budget does not suffice, what was found is printed and the exit code is 3.`,
		Example: "  tamga path bcrt1q… bcrt1p… --k 3 --json",
		Args:    args(cobra.ExactArgs(2)),
		RunE: func(cmd *cobra.Command, argv []string) (err error) {
			if o.K < 1 || o.Budget < 1 || o.Fanout < 0 {
				return usageError{errors.New("--k and --budget are 1 or more, --fanout is 0 (none) or more")}
			}
			if err := at.check(); err != nil {
				return err
			}
			if o.Since, err = moment(since, 0); err != nil {
				return usageError{fmt.Errorf("--since: %w", err)}
			}
			if o.Until, err = moment(until, 24*time.Hour-1); err != nil {
				return usageError{fmt.Errorf("--until: %w", err)}
			}
			ws, conf, err := a.open()
			if err != nil {
				return err
			}
			src, err := asked.open(cmd.Context(), a, ws, conf)
			if err != nil {
				return err
			}
			defer src.close()
			o.Mix = bitcoin.Mixes(src.network)
			if at.byWallet() {
				return a.walletPaths(cmd.Context(), ws, src, at, argv, o)
			}
			p, err := chain.FindPaths(cmd.Context(), src, argv[0], argv[1], o)
			if err != nil {
				return err
			}
			if a.json {
				err = a.print(p)
			} else {
				printPaths(a.out, p)
			}
			if err == nil && !p.Complete {
				err = unfinished(p.Explored)
			}
			return err
		},
	}
	asked.flags(cmd)
	at.flags(cmd)
	f := cmd.Flags()
	f.IntVar(&o.K, "k", 1, "how many paths, the best first")
	f.StringVar(&o.Cost, "cost", chain.CostShare, "share (of the value) or hops")
	f.IntVar(&o.Budget, "budget", chain.DefaultBudget, "outpoints to follow")
	f.IntVar(&o.Fanout, "fanout", 0, "do not pass through transactions with more outputs; 0 is no limit")
	f.StringVar(&since, "since", "", "do not pass through transactions before a `DATE` (UTC; 2006-01-02 or RFC 3339)")
	f.StringVar(&until, "until", "", "do not pass through transactions after a `DATE`; a day is meant with its end")
	f.BoolVar(&o.StopMix, "stop-mix", false, "do not pass through transactions that several owners seem to have made together")
	return cmd
}

// unfinished says that a search did not look at all there is.
func unfinished(explored int) error {
	return hinted{fmt.Errorf("%d outpoints were followed, and there may be better paths: %w", explored, errIncomplete), "allow more with --budget"}
}

// walletPaths searches between the wallets of two subjects.
func (a *app) walletPaths(ctx context.Context, ws *config.Workspace, src *opened, at leveling, subjects []string, o chain.PathOptions) error {
	owners, err := at.partition(ctx, a, ws, src)
	if err != nil {
		return err
	}
	defer owners.close()
	var ends [2]tamga.Wallet
	for i, s := range subjects {
		if ends[i], err = owners.subject(ctx, s); err != nil {
			return err
		}
	}
	p, err := chain.FindWalletPaths(ctx, src, ends[0], ends[1], owners.Partition, o)
	if err != nil {
		return err
	}
	if a.json {
		err = a.print(p)
	} else {
		err = printWalletPaths(a.out, p)
	}
	if err == nil && !p.Complete {
		err = unfinished(p.Explored)
	}
	return err
}

func printPaths(out io.Writer, p chain.Paths) {
	if len(p.Paths) == 0 {
		fmt.Fprintf(out, "nothing leads from %s to %s\n", p.From, p.To)
	}
	if p.Unknown > 0 {
		fmt.Fprintf(out, "of %d outpoints followed, %d end where the source knows no more\n", p.Explored, p.Unknown)
	}
	for i, path := range p.Paths {
		at := ""
		if path.AtMost {
			at = "at most "
		}
		fmt.Fprintf(out, "path %d by %s: %s%.4g of the value (a claim, by haircut)\n", i+1, p.Cost, at, path.Share)
		for _, h := range path.Hops {
			fmt.Fprintf(out, "  %s  %s -> %s  %s\n", h.Amount, from(h.In), to(h), h.TxID)
		}
		for _, m := range path.Mixes {
			fmt.Fprintf(out, "  through a mix: %s\n", m.TxID)
		}
	}
}
