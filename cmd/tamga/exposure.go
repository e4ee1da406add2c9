package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"tamga/chain"
	"tamga/chain/bitcoin"
)

// exposureHops is how far exposure looks unless told otherwise: poison reaches
// most of a ledger soon after.
const exposureHops = 6

func newExposure(a *app) *cobra.Command {
	var t tracing
	var asked sourcing
	cmd := &cobra.Command{
		Use:   "exposure ADDRESS|TXID|TXID:N",
		Short: "Add up what of a subject's value went to, or came from, tagged addresses",
		Long: `Exposure follows a subject until it comes to tagged addresses (tamga tags), and adds up
by category what reached them: direct where one transaction lies between, else
indirect. Each is an interval: FIFO's answer, and as much as poison lets it be, which
counts the whole of what was mixed with the subject's value, with one way to each
tagged output behind it. It is a claim, and rests on
the tags that it names.`,
		Example: "  tamga exposure bcrt1q… --backward --hops 4 --json",
		Args:    args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, argv []string) error {
			opt, err := t.options()
			if err != nil {
				return err
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
			book, err := a.tagbook(cmd.Context(), ws, nil)
			if err != nil {
				return err
			}
			defer book.Close()
			tagger, done, err := book.resolver(cmd.Context(), src.index)
			if err != nil {
				return err
			}
			defer done()
			opt.Mix = bitcoin.Mixes(src.network)
			e, err := chain.ExposureOf(cmd.Context(), src, argv[0], tagger, opt)
			if err != nil {
				return err
			}
			if err := a.answerFor(cmd.Context(), ws, conf, e.Basis(), t); err != nil {
				return err
			}
			if a.json {
				return a.print(e)
			}
			printExposure(a.out, e)
			return nil
		},
	}
	t.limits(cmd, exposureHops)
	asked.flags(cmd)
	return cmd
}

func printExposure(out io.Writer, e chain.Exposure) {
	where := "went to"
	if e.Direction == chain.Backward {
		where = "came from"
	}
	fmt.Fprintf(out, "%s %s, %s in all\n", e.Subject, e.Direction, sum(e.Total))
	if len(e.Categories) == 0 {
		fmt.Fprintln(out, "no tagged address was reached")
	}
	for _, c := range e.Categories {
		fmt.Fprintf(out, "%s\n", c.Category)
		for _, x := range []struct {
			how  string
			span chain.Interval
		}{{"direct", c.Direct}, {"indirect", c.Indirect}} {
			if x.span.Poison.Sign() > 0 {
				fmt.Fprintf(out, "  %s: %s\n", x.how, interval(x.span.FIFO, x.span.Poison))
			}
		}
		for _, x := range c.Ends {
			fmt.Fprintf(out, "    %s %s %s, %d transactions away\n", interval(x.FIFO, x.Poison), where, x.Address, x.Depth)
			fmt.Fprintf(out, "      output %s:%d, tagged %s (%s)\n", x.TxID, x.Vout, x.Tag.Label, tagWords(x.Tag))
			for _, h := range x.Path {
				fmt.Fprintf(out, "        %d. %s  %s  %s -> %s  in %s\n", h.Depth, minute(h.Time), sum(h.Amount), from(h.In), to(h), h.TxID)
			}
		}
	}
	fmt.Fprintln(out, "A claim: the lower amount is FIFO's answer, the higher the most that can have come there (poison). It rests on the tags named.")
	if e.Hops > 0 {
		fmt.Fprintf(out, "Followed %d transactions far; --hops says otherwise.\n", e.Hops)
	}
}
