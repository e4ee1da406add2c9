package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tamga"
	"tamga/chain"
	"tamga/chain/bitcoin"
	"tamga/chain/risk"
)

// facts calls fn with what the rules ask of a workspace. Wallets are used where
// the ledger index has them.
func (a *app) facts(ctx context.Context, from sourcing, currency string, fn func(*risk.Facts) error) error {
	ws, conf, err := a.open()
	if err != nil {
		return err
	}
	src, err := from.open(ctx, a, ws, conf)
	if err != nil {
		return err
	}
	defer src.close()
	b, err := a.tagbook(ctx, ws, nil)
	if err != nil {
		return err
	}
	defer b.Close()
	r, done, err := b.resolver(ctx, src.index)
	if err != nil {
		return err
	}
	defer done()
	lists, err := b.Latest(ctx, "sanction")
	if err != nil {
		return err
	}
	f := &risk.Facts{Lists: lists, Source: src, Tags: r.Lookup, Actor: b.Actor, Wallet: r.Wallet, Mix: bitcoin.Mixes(src.network)}
	if currency != "" {
		s, db, err := a.rates(ctx, ws, nil)
		if err != nil {
			return err
		}
		defer db.Close()
		f.Value = func(ctx context.Context, amount tamga.Amount, at time.Time) (*tamga.Fiat, error) {
			return s.Value(ctx, amount, currency, at)
		}
	}
	return fn(f)
}

func newRisk(a *app) *cobra.Command {
	var p risk.Params
	var from sourcing
	cmd := &cobra.Command{
		Use:   "risk ADDRESS|TXID|TXID:N",
		Short: "Apply red flags to a subject, each with its evidence",
		Long: `Risk applies the red flags of the FATF's report on virtual assets (2020) to a subject,
each as a rule of its own with its version, its parameters and the transactions it
rests on. No score is made of them. A rule that lacks what it needs says so and is
not met. A red flag is a reason to look, not a finding of guilt.`,
		Args: args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, argv []string) error {
			p.Currency = strings.ToUpper(p.Currency)
			return a.facts(cmd.Context(), from, p.Currency, func(f *risk.Facts) error {
				flags, err := f.Assess(cmd.Context(), argv[0], p)
				if err != nil {
					return err
				}
				if a.json {
					return a.print(flags)
				}
				fmt.Fprintf(a.out, "%s: red flags (reasons to look, no finding of guilt)\n", argv[0])
				for _, x := range flags {
					state := "no"
					switch {
					case x.Met:
						state = "MET"
					case x.Withheld != "":
						state = "withheld: " + x.Withheld
					}
					fmt.Fprintf(a.out, "%s@%d  %s\n", x.Rule, x.Version, state)
					if x.Met {
						fmt.Fprintf(a.out, "  %s\n", risk.Meaning(x.Rule))
					}
					if !x.Met {
						continue
					}
					for _, e := range x.Evidence {
						fmt.Fprintf(a.out, "  %s\n", evidenceLine(e))
					}
				}
				return nil
			})
		},
	}
	from.flags(cmd)
	f := cmd.Flags()
	f.IntVar(&p.Hops, "hops", 4, "transactions to follow each way; 0 is no limit")
	f.StringVar(&p.Currency, "fiat", "USD", "`CURRENCY` of reporting thresholds (tamga rates)")
	return cmd
}

func evidenceLine(e risk.Evidence) string {
	parts := []string{e.What}
	if e.Amount != nil {
		parts = append(parts, sum(*e.Amount))
	}
	if e.Fiat != nil {
		parts = append(parts, fmt.Sprintf("%s %s (%s on %s, %s)", e.Fiat.Value, e.Fiat.Currency, e.Fiat.Rate, e.Fiat.Date, e.Fiat.Source))
	}
	if e.Address != "" {
		parts = append(parts, e.Address)
	}
	switch {
	case e.Vout != nil:
		parts = append(parts, fmt.Sprintf("%s:%d", e.TxID, *e.Vout))
	case e.TxID != "":
		parts = append(parts, e.TxID)
	}
	if e.Time != "" {
		parts = append(parts, e.Time)
	}
	if e.Tag != nil {
		parts = append(parts, fmt.Sprintf("tag %q (%s)", e.Tag.Label, tagWords(*e.Tag)))
	}
	return strings.Join(parts, "  ")
}

func newVASP(a *app) *cobra.Command {
	var t tracing
	var from sourcing
	cmd := &cobra.Command{
		Use:   "vasp ADDRESS|TXID|TXID:N",
		Short: "Tell which services could name who is behind a subject",
		Long: `Vasp follows a subject to the first tagged service on each way (exchanges, custodial
wallets, payment processors and others that keep records) and prints whom to ask:
the service and where it can be asked, how much of the subject's value reached it,
on which way, and the customer's deposit address there where the ledger shows one.
With --backward: the services that the value came from.

It rests on tags, on the method of the trace and, where it says "by cluster", on the
clustering: all claims, each named.`,
		Args: args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, argv []string) error {
			opt, err := t.options()
			if err != nil {
				return err
			}
			return a.facts(cmd.Context(), from, "", func(f *risk.Facts) error {
				r, err := f.VASPs(cmd.Context(), argv[0], opt)
				if err != nil {
					return err
				}
				if a.json {
					return a.print(r)
				}
				return a.printVASPs(r)
			})
		},
	}
	t.flags(cmd)
	from.flags(cmd)
	return cmd
}

func (a *app) printVASPs(r *risk.Report) error {
	where := "reached"
	if r.Direction == chain.Backward {
		where = "came from"
	}
	fmt.Fprintf(a.out, "%s %s by %s: services to ask: %d (claims: they rest on the tags and the method named)\n", r.Subject, r.Direction, r.Method, len(r.Services))
	if d := r.Deposit; d != nil {
		fmt.Fprintf(a.out, "the subject looks like an address that %s gave to one customer: %d payments, all of it went on to that service (%s)\n", d.Service, d.Payments, d.Rule)
	}
	for i, s := range r.Services {
		fmt.Fprintf(a.out, "\n%d. %s\n", i+1, s.Name)
		line := func(name, text string) {
			if text != "" {
				fmt.Fprintf(a.out, "   %-13s %s\n", name, text)
			}
		}
		line("is", strings.ReplaceAll(s.Category, "_", " "))
		line("legal name", s.LegalName)
		line("country", strings.Join(s.Jurisdictions, ", "))
		line("site", s.URI)
		line(where, sum(s.Amount))
		for _, t := range s.Tags {
			line("known by", fmt.Sprintf("%s (%s)", t.Label, tagWords(t)))
		}
		for _, x := range s.Arrivals {
			fmt.Fprintf(a.out, "   - %s, %s: output %s:%d of %s\n", minute(x.Time), sum(x.Amount), x.TxID, x.Vout, x.Address)
			if x.Deposit != nil {
				fmt.Fprintf(a.out, "     deposit address %s: ask %s whose it is (%d payments, rule %s)\n", x.Deposit.Address, s.Name, x.Deposit.Payments, x.Deposit.Rule)
			}
			for _, h := range x.Path {
				fmt.Fprintf(a.out, "       %d. %s  %s  %s -> %s  in %s\n", h.Depth, minute(h.Time), sum(h.Amount), from(h.In), to(h), h.TxID)
			}
		}
	}
	if r.Unnamed > 0 {
		fmt.Fprintf(a.out, "\nends of the trace at no service that a tag names: %d\n", r.Unnamed)
	}
	return nil
}
