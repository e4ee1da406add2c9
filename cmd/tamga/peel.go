package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"tamga/chain"
	"tamga/chain/bitcoin"
)

func newPeel(a *app) *cobra.Command {
	var backward bool
	var hops int
	var asked sourcing
	cmd := &cobra.Command{
		Use:   "peel TXID|TXID:N",
		Short: "Follow a peel chain by the fingerprint of its wallet",
		Long: `Peel follows the change of a wallet that pays again and again with what the last
payment left. Of the outputs of a transaction it goes on through the one whose
spender was made by the same software, as version, lock time, replacement, segwit,
input types and order tell, and only if there is exactly one (a claim). The outputs
that it did not follow are kept with the reason. With TXID:N the first change is
given, and not found.`,
		Args: args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, argv []string) error {
			src, err := a.source(cmd.Context(), asked)
			if err != nil {
				return err
			}
			defer src.close()
			opt := chain.PeelOptions{Direction: chain.Forward, Hops: hops, Mix: bitcoin.Mixes(src.network)}
			if backward {
				opt.Direction = chain.Backward
			}
			p, err := chain.Peel(cmd.Context(), src, argv[0], opt)
			if err != nil {
				return err
			}
			if a.json {
				return a.print(p)
			}
			printPeel(a.out, p)
			return nil
		},
	}
	asked.flags(cmd)
	f := cmd.Flags()
	f.BoolVar(&backward, "backward", false, "to the payments before, instead of those after")
	f.IntVar(&hops, "hops", 0, "stop after so many transactions; 0 is no limit")
	return cmd
}

func printPeel(out io.Writer, p chain.PeelChain) {
	fmt.Fprintf(out, "%s %s by %s (a claim, not a fact of the ledger)\n", p.Subject, p.Direction, p.Rule)
	for _, s := range p.Steps {
		fmt.Fprintln(out, s.TxID)
		if c := s.Change; c != nil {
			how := strings.Join(s.Matched, ", ")
			if s.Given {
				how = "given"
			}
			fmt.Fprintf(out, "  change   %d  %s  %s  (%s)\n", c.N, c.Value, c.Address, how)
		}
		for _, r := range s.Rejected {
			why := "the spender fits too"
			switch {
			case r.Unknown:
				why = "what spent it is unknown"
			case r.Spender == "":
				why = "unspent"
			case len(r.Differs) > 0:
				why = "differs in " + strings.Join(r.Differs, ", ")
			}
			fmt.Fprintf(out, "  rejected %d  %s  %s  (%s)\n", r.N, r.Value, r.Address, why)
		}
	}
	fmt.Fprintf(out, "end  %s\n", p.End)
}
