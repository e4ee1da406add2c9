package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"tamga"
	"tamga/chain/bitcoin"
	"tamga/internal/config"
)

func newCluster(a *app) *cobra.Command {
	var all, lines, held, plain bool
	var at int64
	cmd := &cobra.Command{
		Use:   "cluster ADDRESS | --all --jsonl | --held",
		Short: "Print the addresses that one owner is said to have",
		Long: `Cluster prints the wallet of an address: all addresses that the multi-input rule
joins (who signs the inputs of one transaction owns them all), but for transactions
that several owners may have made. It is a claim, not a fact of the ledger: "tamga
why" prints the proof for any two addresses of it. A wallet is named after its
earliest address.

One transaction alone does not join two wallets of a thousand addresses or more, nor
two whose tags name different owners: a second one does, or a person. "tamga cluster
held" lists what waits, --held the same as JSON, one a line.

An analyst decides with "tamga cluster forbid" and "tamga cluster assert". What
decisions and tags change is worked out anew for the wallets they bear on;
--no-decisions prints what the ledger alone says.`,
		Args: args(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, argv []string) error {
			asked := 0
			for _, b := range []bool{all, held, len(argv) == 1} {
				if b {
					asked++
				}
			}
			if asked != 1 || all && !lines || all && at >= 0 {
				return usageError{errors.New("name an ADDRESS (with --at where wanted), or say --all --jsonl, or --held")}
			}
			return a.wallets(cmd.Context(), plain, func(w *bitcoin.Wallets) error {
				switch {
				case all:
					return a.printWallets(cmd.Context(), w)
				case held:
					return a.printHeld(cmd.Context(), w, true)
				}
				v, err := w.Of(cmd.Context(), argv[0], height(at))
				if err != nil {
					return err
				}
				if a.json {
					return a.print(v)
				}
				fmt.Fprintf(a.out, "wallet %s: %d addresses under the multi-input rule (a claim, not a fact of the ledger)\n", v.ID, v.Size)
				a.sayDecisions(v.Decisions)
				for _, addr := range v.Addresses {
					fmt.Fprintln(a.out, addr)
				}
				return nil
			})
		},
	}
	cmd.AddCommand(newForbid(a), newAssert(a), newDecisions(a), newUndo(a), newHeld(a))
	f := cmd.Flags()
	f.BoolVar(&all, "all", false, "every wallet")
	f.BoolVar(&lines, "jsonl", false, "one wallet a line")
	f.BoolVar(&held, "held", false, "merges that wait for a second transaction or a person, one a line")
	f.BoolVar(&plain, "no-decisions", false, "what the ledger alone says, without decisions and tags")
	f.Int64Var(&at, "at", -1, "as it was at this height")
	return cmd
}

func newWhy(a *app) *cobra.Command {
	var at int64
	var plain bool
	cmd := &cobra.Command{
		Use:   "why A B",
		Short: "Prove that two addresses share a wallet",
		Long: `Why prints the transactions that join two addresses, from the one to the other:
each step shares an address with the steps before it, and names the inputs that
speak for it. A step may also be an analyst's assertion ("tamga cluster assert"). Where
they share no wallet the proof is empty, and what would join them and was not done is
named with what stands against it.`,
		Args: args(cobra.ExactArgs(2)),
		RunE: func(cmd *cobra.Command, argv []string) error {
			return a.wallets(cmd.Context(), plain, func(w *bitcoin.Wallets) error {
				v, err := w.Why(cmd.Context(), argv[0], argv[1], height(at))
				if err != nil {
					return err
				}
				if a.json {
					return a.print(v)
				}
				if !v.Same {
					fmt.Fprintln(a.out, "nothing joins them")
					for _, h := range v.Held {
						fmt.Fprintln(a.out, "not done: "+heldLine(h))
					}
				} else if len(v.Proof) == 0 {
					fmt.Fprintln(a.out, "they are the same address")
				} else {
					fmt.Fprintln(a.out, "one wallet (a claim, by the rule named at each step)")
					for _, m := range v.Proof {
						fmt.Fprintln(a.out, mergeLine(m))
					}
				}
				a.sayDecisions(v.Decisions)
				return nil
			})
		},
	}
	cmd.Flags().Int64Var(&at, "at", -1, "as it was at this height")
	cmd.Flags().BoolVar(&plain, "no-decisions", false, "what the ledger alone says, without decisions and tags")
	return cmd
}

func mergeLine(m tamga.Merge) string {
	if d := m.Decision; d != nil {
		return decisionLine(*d) + " (" + m.Rule + ")"
	}
	var inputs []string
	for _, in := range m.Inputs {
		inputs = append(inputs, fmt.Sprintf("input %d %s", in.N, in.Address))
	}
	where := ""
	if m.Height != nil {
		where = fmt.Sprintf(" at height %d", *m.Height)
	}
	support := ""
	if m.Support > 1 {
		support = fmt.Sprintf(", %d transactions say so", m.Support)
	}
	return fmt.Sprintf("%s%s: %s (%s%s)", m.TxID, where, strings.Join(inputs, ", "), m.Rule, support)
}

func height(at int64) int64 {
	if at < 0 {
		return bitcoin.Now
	}
	return at
}

// wallets calls fn with the wallets of the workspace's ledger index, working them
// out where that was not done yet. They heed decisions and tags unless plain.
func (a *app) wallets(ctx context.Context, plain bool, fn func(*bitcoin.Wallets) error) error {
	ws, conf, err := a.open()
	if err != nil {
		return err
	}
	ledger, err := openLedger(ws, conf)
	if err != nil {
		return err
	}
	w, err := ledger.Wallets()
	if errors.Is(err, bitcoin.ErrNoIndex) {
		network := ledger.Network()
		ledger.Close()
		if err := a.buildWallets(ctx, ws, network); err != nil {
			return err
		}
		if ledger, err = bitcoin.Open(ws.Chain(network)); err != nil {
			return err
		}
		w, err = ledger.Wallets()
	}
	defer ledger.Close()
	if err != nil {
		return err
	}
	defer w.Close()
	if !plain {
		b, err := a.tagbook(ctx, ws, nil)
		if err != nil {
			return err
		}
		err = b.heed(ctx, w)
		b.Close()
		if err != nil {
			return err
		}
	}
	return fn(w)
}

func (a *app) buildWallets(ctx context.Context, ws *config.Workspace, network string) error {
	unlock, err := ws.Lock()
	if err != nil {
		return err
	}
	defer unlock()
	progress := a.progress()
	defer progress.Wait()
	bar := progress.Bar("wallets", "transactions", 0)
	defer bar.Done()
	return bitcoin.BuildWallets(ctx, ws.Chain(network), &bitcoin.Options{Progress: bar.Set})
}

func (a *app) printWallets(ctx context.Context, w *bitcoin.Wallets) error {
	out := bufio.NewWriterSize(a.out, 1<<20)
	enc := json.NewEncoder(out)
	for v, err := range w.All(ctx) {
		if err != nil {
			return errors.Join(err, out.Flush())
		}
		if err := enc.Encode(v); err != nil {
			return err
		}
	}
	return out.Flush()
}
