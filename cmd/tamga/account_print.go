package main

import (
	"fmt"
	"io"
	"math/big"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"tamga"
)

// printAccountTrace is an account trace for reading.
func printAccountTrace(out io.Writer, tr tamga.AccountTrace) error {
	fmt.Fprintf(out, "%s %s by %s, blocks %d to %d of %s (a method's answer, not a fact of the ledger)\n", tr.Subject, tr.Direction, tr.Method, tr.Range.From, tr.Range.To, tr.Network)
	units := unitsOf(tr.Assets)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "depth\tamount\tfrom\tto\ttransaction\tworth\t")
	for _, h := range tr.Hops {
		worth := ""
		if h.Fiat != nil {
			worth = h.Fiat.Value + " " + h.Fiat.Currency
		}
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\t\n", h.Depth, units.write(h.Amount, h.Asset), h.In.Address, h.Out.Address, h.TxID, worth)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, h := range tr.Hops {
		if h.Sale != nil {
			fmt.Fprintf(out, "sale  %s in %s: %s (claim %s)\n", h.Asset, h.TxID, saleLine(units, h.Sale), h.Sale.Rule)
		}
	}
	for _, e := range tr.Ends {
		amount, why := "an unknown amount", e.Reason
		if e.Amount != nil {
			amount = units.write(*e.Amount, e.Asset)
		}
		if e.Why != "" {
			why += ": " + e.Why
		}
		if e.Tag != nil {
			why += fmt.Sprintf("  %s (%s)", e.Tag.Label, e.Tag.Source)
		}
		fmt.Fprintf(out, "end  %s  %s  %s\n", e.Address, amount, why)
	}
	for _, u := range tr.Unseen {
		fmt.Fprintf(out, "not seen: %s\n", u)
	}
	return nil
}

func saleLine(units units, s *tamga.Sale) string {
	var parts []string
	for _, p := range s.Price {
		parts = append(parts, units.write(p.Amount, p.Asset))
	}
	line := strings.Join(parts, " and ")
	if s.Tokens > 1 {
		line += fmt.Sprintf(" for %d tokens", s.Tokens)
	}
	return line
}

// units are what assets are called and divided by.
type units map[string]tamga.Asset

func unitsOf(all []tamga.Asset) units {
	u := units{}
	for _, a := range all {
		u[a.Asset] = a
	}
	return u
}

// write is an amount in whole units where they are known, with its asset; a token
// keeps its contract beside the name it gives itself.
func (u units) write(amount tamga.Amount, asset string) string {
	n, ok := new(big.Int).SetString(amount.String(), 10)
	a := u[asset]
	if !ok || a.Decimals == nil {
		return strings.TrimSpace(amount.String() + " " + asset)
	}
	scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(*a.Decimals)), nil)
	text := new(big.Rat).SetFrac(n, scale).FloatString(*a.Decimals)
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	if a.Symbol == asset {
		return text + " " + asset
	}
	return strings.TrimSpace(text+" "+a.Symbol) + " [" + asset + "]"
}

func newChainTransfers(a *app) *cobra.Command {
	var from sourcing
	var b blockRange
	cmd := &cobra.Command{
		Use:   "transfers ADDRESS",
		Short: "List what an account was paid and paid, on an account ledger",
		Long: `Transfers lists what an account of Ethereum or TRON was paid and paid in a range of
blocks: the coin itself, found by reading the blocks one by one, as a node has no index
of it, with fees; and tokens (ERC-20, ERC-721, ERC-1155; TRC-20), found by their logs.
Failed transactions move nothing but their fee. What calls inside transactions moved is
seen where the node offers traces; where it does not, the output says so. Every line is
a fact as the node tells it and names the kept answer that it rests on.

With --json a line each.`,
		Example: `  tamga chain transfers 0x… --from-block 23000000 --to-block 23000100 --json
  tamga chain transfers T… --asset trc20:T… --from-block 70000000 --to-block 70010000`,
		Args: args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, argv []string) error {
			ws, conf, err := a.open()
			if err != nil {
				return err
			}
			network := accountLedger(conf, argv[0])
			if network == "" {
				return usageError{fmt.Errorf("%.80q is no address of an account ledger (0x…, or T… of TRON)", argv[0])}
			}
			l, done, err := a.accounts(cmd.Context(), ws, conf, network, from, b)
			if err != nil {
				return err
			}
			defer done()
			all, err := l.Transfers(cmd.Context(), argv[0], b.assets)
			if err != nil {
				return unkept(err)
			}
			for _, u := range l.Unseen() {
				fmt.Fprintf(a.err, "note: not seen: %s\n", u)
			}
			if a.json {
				for _, t := range all {
					if err := a.print(t); err != nil {
						return err
					}
				}
				return nil
			}
			w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
			for _, t := range all {
				fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\t%s %s\n", t.Height, t.Time.Format(time.DateTime), t.Kind, t.From, t.To, t.TxID, t.Amount, t.Asset)
			}
			return w.Flush()
		},
	}
	from.flags(cmd)
	b.flags(cmd)
	return cmd
}
