package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"tamga/chain"
	"tamga/chain/bitcoin"
)

func newChange(a *app) *cobra.Command {
	var exprs []string
	var asked sourcing
	cmd := &cobra.Command{
		Use:   "change TXID",
		Short: "Ask which output of a transaction is its maker's change",
		Long: `Change asks each of several heuristics which outputs of a transaction may pay its
maker back (docs/heuristics.md). They are claims, each with a confidence of its own,
and join no wallets. The consensus is what the surest rule names, less what speaks for
another output. Of a transaction that several owners seem to have made nothing is said.

With --rule only those are asked, which compose: & (both leave it), | (either does) and
! (ruled out).`,
		Example: "  tamga change TXID --rule 'optimal & fresh' --rule 'address-type & !power-of-ten:8'",
		Args:    args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, argv []string) error {
			var rules []chain.ChangeRule
			for _, e := range exprs {
				r, err := chain.ParseChangeRule(e)
				if err != nil {
					return usageError{err}
				}
				rules = append(rules, r)
			}
			src, err := a.source(cmd.Context(), asked)
			if err != nil {
				return err
			}
			defer src.close()
			c, err := chain.ChangeOf(cmd.Context(), src, argv[0], rules, bitcoin.Mixes(src.network))
			if err != nil {
				return err
			}
			if a.json {
				return a.print(c)
			}
			printChange(a.out, c)
			return nil
		},
	}
	asked.flags(cmd)
	cmd.Flags().StringArrayVar(&exprs, "rule", nil, "ask this rule, or rules composed (`EXPR`); default: each there is")
	return cmd
}

func printChange(out io.Writer, c chain.Change) {
	if c.Mix != nil {
		fmt.Fprintf(out, "several owners seem to have made it (%s): nothing is said of its change\n", strings.Join(c.Mix.Reasons, "; "))
		return
	}
	for _, r := range c.Rules {
		var left []string
		for _, o := range r.Candidates {
			left = append(left, fmt.Sprint(o.N))
		}
		switch {
		case r.Withheld != "":
			fmt.Fprintf(out, "%-20s withheld: %s\n", r.Rule, r.Withheld)
		case r.Confidence > 0:
			fmt.Fprintf(out, "%-20s names output %s, confidence %.2f\n", r.Rule, left[0], r.Confidence)
		default:
			fmt.Fprintf(out, "%-20s leaves %s\n", r.Rule, strings.Join(append(left, "no other"), ", "))
		}
	}
	if c.Change == nil {
		fmt.Fprintln(out, "consensus: none")
		return
	}
	fmt.Fprintf(out, "consensus: output %d %s, confidence %.2f (a claim, not a fact of the ledger)\n", c.Change.N, c.Change.Address, c.Change.Confidence)
}
