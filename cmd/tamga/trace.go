package main

import (
	"errors"

	"github.com/spf13/cobra"

	"tamga"
	"tamga/chain"
	"tamga/chain/bitcoin"
)

func newTrace(a *app) *cobra.Command {
	var t tracing
	var bounds bool
	var stopTag bool
	var from sourcing
	var at leveling
	var of blockRange
	var fiat string
	cmd := &cobra.Command{
		Use:   "trace ADDRESS|TXID|TXID:N",
		Short: "Follow value forward or back on a ledger",
		Long: `Trace follows value from an address, a transaction or an output, transaction by
transaction. Which input paid which output is a method's answer, not a fact of the
ledger: the result names the method. Where an input's value is unknown the trace
ends there and says so.

No limit applies unless its flag is given. A transaction that several owners made
together hides which input paid which output: the trace tells where it went through
one, and with --stop-mix ends before it. To go on through a certain one all the same,
--assume it and give a --reason: who assumed what, when and why is kept in the
evidence log.

With --level wallet the same trace is seen between wallets (tamga cluster), which are
claims, too: what stays inside of one, change above all, is no hop, --hops counts those
between wallets, and every flow lists the hops that it sums. The subject stays what was
asked for, not the whole of its wallet.

The ledger is the local index, or a node or an Esplora server that the settings
name under [chain]. Servers off this machine are reached through chain.proxy. What
they answer is checked and kept: --source kept repeats a trace from those answers
and asks nobody.

On an account ledger (0x… of Ethereum, T… of TRON; --network) there are no outputs: a
payment consumes what came to the account before it, by FIFO the oldest first, asset by
asset, in the range of blocks that is looked at. A node is asked (chain.ethereum.url,
chain.tron.url), and its answers are kept like all others. A balance from before the
range whose amount is not known ends the trace, and so does an account whose transfers
do not add up to its balance. A mix is there what a tag says is one.`,
		Example: `  tamga trace bcrt1q… --forward --hops 4
  tamga trace bcrt1q… --source node
  tamga trace bcrt1q… --level wallet --hops 3
  tamga trace 0x… --from-block 23000000 --to-block 23010000 --asset erc20:0x…
  tamga trace f4184fc596403b9d638783cf57adfe4c75c605f6356fbc91338530e9831e9e16 --backward --json`,
		Args: args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, argv []string) error {
			opt, err := t.options()
			if err != nil {
				return err
			}
			if err := at.check(); err != nil {
				return err
			}
			ws, conf, err := a.open()
			if err != nil {
				return err
			}
			if network := accountLedger(conf, argv[0]); network != "" {
				switch {
				case bounds:
					return usageError{errors.New("--bounds is not told of account ledgers: run each --method")}
				case at.byWallet():
					return usageError{errors.New("--level wallet: an account ledger has no wallets")}
				}
				return a.traceAccount(cmd.Context(), ws, conf, network, argv[0], from, t, of, stopTag, fiat)
			}
			src, err := from.open(cmd.Context(), a, ws, conf)
			if err != nil {
				return err
			}
			defer src.close()
			tagged := func(*tamga.Trace) error { return nil }
			if stopTag {
				if tagged, err = a.stopAtTags(cmd.Context(), ws, src.index, argv[0], &opt); err != nil {
					return err
				}
			}
			opt.Mix = bitcoin.Mixes(src.network)
			owners, err := at.partition(cmd.Context(), a, ws, src)
			if err != nil {
				return errors.Join(err, tagged(&tamga.Trace{}))
			}
			defer owners.close()
			opt.Wallet = owners.wallet
			run := chain.Trace
			if bounds {
				run = chain.Bounds
			}
			tr, err := run(cmd.Context(), src, argv[0], opt)
			if err := errors.Join(err, tagged(&tr), owners.failed()); err != nil {
				return err
			}
			if err := a.answerFor(cmd.Context(), ws, conf, tr, t); err != nil {
				return err
			}
			if fiat != "" {
				if err := a.value(cmd.Context(), ws, &tr, fiat); err != nil {
					return err
				}
			}
			if at.byWallet() {
				return a.printWalletTrace(cmd.Context(), src, tr, owners.Partition)
			}
			if a.json {
				return a.print(tr)
			}
			return printTrace(a.out, tr, fiat)
		},
	}
	t.flags(cmd)
	from.flags(cmd)
	at.flags(cmd)
	of.flags(cmd)
	cmd.Flags().BoolVar(&bounds, "bounds", false, "tell the amounts by all three methods at every outpoint")
	cmd.Flags().BoolVar(&stopTag, "stop-tag", false, "stop at outputs of tagged addresses other than the subject (tamga tags)")
	cmd.Flags().StringVar(&fiat, "fiat", "", "tell what each hop was worth on its day in this `CURRENCY` (tamga rates)")
	return cmd
}
