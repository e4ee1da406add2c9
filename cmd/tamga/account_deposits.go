package main

import (
	"fmt"
	"math/big"

	"github.com/spf13/cobra"

	"tamga"
	"tamga/chain/evm"
	"tamga/chain/risk"
)

func newChainDeposits(a *app) *cobra.Command {
	var from sourcing
	var b blockRange
	var p evm.DepositParams
	var difference string
	cmd := &cobra.Command{
		Use:   "deposits ADDRESS",
		Short: "Find who shares a deposit address at a service with an account",
		Long: `Deposits looks at every account that ADDRESS paid in the range of blocks. One that hands
all it is paid on to a single tagged service, soon and but for the fee, is taken for a
customer's deposit address there (rule deposit-reuse@1; Victor 2020), and all who paid it
for that customer. It is a claim: a friend may pay into somebody's account. Without a tag
of the service the address is told and nothing follows from it.`,
		Args: args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, argv []string) error {
			n, ok := new(big.Int).SetString(difference, 10)
			if !ok || n.Sign() < 0 || p.Blocks < 1 {
				return usageError{fmt.Errorf("--difference %q and --blocks %d: want whole numbers", difference, p.Blocks)}
			}
			p.Difference = n
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
			book, err := a.tagbook(cmd.Context(), ws, nil)
			if err != nil {
				return err
			}
			defer book.Close()
			o, err := l.Customer(cmd.Context(), argv[0], b.assets, p, func(address string) (*tamga.Tag, error) {
				found, err := book.Lookup(cmd.Context(), address)
				for i := range found {
					if risk.IsService(found[i].Category) {
						return &found[i], err
					}
				}
				return nil, err
			})
			if err != nil {
				return unkept(err)
			}
			if a.json {
				return a.print(o)
			}
			fmt.Fprintf(a.out, "wallet %s: %d accounts under the rule deposit-reuse@1 (a claim, not a fact of the ledger)\n", o.ID, o.Size)
			for _, addr := range o.Addresses {
				fmt.Fprintln(a.out, addr)
			}
			for _, d := range o.Deposits {
				at := d.Service
				if d.Tag != nil {
					at = fmt.Sprintf("%s, %s (%s)", d.Service, d.Tag.Label, d.Tag.Source)
				}
				fmt.Fprintf(a.out, "deposit address %s of %d accounts at %s\n", d.Address, len(d.Senders), at)
				if d.Withheld != "" {
					fmt.Fprintf(a.out, "  nothing follows: %s\n", d.Withheld)
				}
				for _, h := range d.Handed {
					fmt.Fprintf(a.out, "  %s %s by %s, handed on by %s\n", h.In.Amount, h.In.Asset, h.In.TxID, h.Out.TxID)
				}
			}
			return nil
		},
	}
	from.flags(cmd)
	b.flags(cmd)
	f := cmd.Flags()
	f.Int64Var(&p.Blocks, "blocks", 3200, "handed on within so many blocks")
	f.StringVar(&difference, "difference", "10000000000000000", "so many `WEI` of the coin may stay behind for the fee")
	return cmd
}
