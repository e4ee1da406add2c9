package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tamga"
	"tamga/chain/bitcoin"
	"tamga/internal/address"
	"tamga/internal/pipeline"
)

// heed makes wallets follow the decisions of the workspace and the tags that
// speak for wallets.
func (b *tagbook) heed(ctx context.Context, w *bitcoin.Wallets) error {
	decisions, err := pipeline.Decisions(ctx, b.archive, b.db.Writer())
	if err != nil {
		return err
	}
	definers, err := b.Definers(ctx)
	if err != nil {
		return err
	}
	var owned []bitcoin.Owned
	for _, t := range definers {
		if owner := cmp.Or(t.Actor, strings.ToLower(strings.TrimSpace(t.Label))); owner != "" && t.Address != "" {
			owned = append(owned, bitcoin.Owned{Address: t.Address, Owner: owner})
		}
	}
	if len(decisions) == 0 && len(owned) == 0 {
		return nil
	}
	return w.Decide(ctx, decisions, owned)
}

func newForbid(a *app) *cobra.Command {
	return newDecision(a, tamga.Forbid, "forbid A B --reason TEXT", "Decide that two addresses have different owners",
		`Forbid keeps two addresses out of one wallet: a transaction that would bring them
together joins nothing, and "tamga cluster held" lists it with this decision. Only the
wallet of the two is worked out anew.

It is a claim: who made it, when and why is kept in the evidence log.`)
}

func newAssert(a *app) *cobra.Command {
	return newDecision(a, tamga.Assert, "assert A B --reason TEXT", "Decide that two addresses have one owner",
		`Assert joins the wallets of two addresses, whatever the ledger shows; in a proof of
"tamga why" the step names this decision in place of a transaction. Where another
decision forbids what it would bring together it joins nothing, and says so.

It is a claim: who made it, when and why is kept in the evidence log.`)
}

func newDecision(a *app, kind, use, short, long string) *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use: use, Short: short, Long: long, Args: args(cobra.ExactArgs(2)),
		RunE: func(cmd *cobra.Command, argv []string) error {
			d := pipeline.Decided{Kind: kind, Why: strings.TrimSpace(reason)}
			for i, to := range []*string{&d.A, &d.B} {
				v, ok := address.Parse(argv[i])
				if !ok {
					return usageError{fmt.Errorf("%q is no address", argv[i])}
				}
				if _, err := address.ToScript(v); err != nil {
					return usageError{err}
				}
				*to = argv[i]
			}
			switch {
			case d.Why == "":
				return usageError{errors.New("a decision needs its --reason")}
			case d.A == d.B:
				return usageError{errors.New("a decision is about two addresses")}
			}
			return a.decide(cmd.Context(), d)
		},
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why; kept with the decision")
	return cmd
}

func newUndo(a *app) *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use:   "undo ID --reason TEXT",
		Short: "End a decision about wallets",
		Long: `Undo ends a decision; "tamga cluster decisions" prints the IDs. The evidence log keeps
both, the decision and its end.`,
		Args: args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, argv []string) error {
			id, err := strconv.ParseInt(argv[0], 10, 64)
			if err != nil {
				return usageError{fmt.Errorf("%q is no ID of a decision", argv[0])}
			}
			if strings.TrimSpace(reason) == "" {
				return usageError{errors.New("the end of a decision needs its --reason")}
			}
			return a.decide(cmd.Context(), pipeline.Decided{Kind: pipeline.Undo, Of: id, Why: strings.TrimSpace(reason)})
		},
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why; kept with the decision")
	return cmd
}

// decide records a decision, unless it contradicts one that stands or says the
// same, and prints it.
func (a *app) decide(ctx context.Context, d pipeline.Decided) error {
	h, err := a.enter(true)
	if err != nil {
		return err
	}
	defer h.Close()
	stand, err := pipeline.Decisions(ctx, h.archive, h.db.Writer())
	if err != nil {
		return err
	}
	found := false
	for _, s := range stand {
		switch {
		case d.Kind == pipeline.Undo:
			found = found || s.ID == d.Of
		case s.A == d.A && s.B == d.B || s.A == d.B && s.B == d.A:
			return hinted{fmt.Errorf("decision %d is to %s the same two addresses", s.ID, s.Kind), fmt.Sprintf("`tamga cluster undo %d --reason TEXT` ends it", s.ID)}
		}
	}
	if d.Kind == pipeline.Undo && !found {
		return hinted{fmt.Errorf("no decision %d stands", d.Of), "`tamga cluster decisions` lists them"}
	}
	d.Who = operator(h.conf)
	data, err := json.Marshal(d)
	if err != nil {
		return err
	}
	id, err := h.archive.Claim(ctx, pipeline.ClaimDecision, data)
	if err != nil {
		return err
	}
	if a.json {
		return a.print(struct {
			ID int64 `json:"id"`
			pipeline.Decided
		}{id, d})
	}
	if d.Kind == pipeline.Undo {
		fmt.Fprintf(a.out, "decision %d ends\n", d.Of)
	} else {
		fmt.Fprintf(a.out, "decision %d: %s %s %s\n", id, d.Kind, d.A, d.B)
	}
	return nil
}

func newDecisions(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "decisions",
		Short: "List the decisions about wallets that stand",
		Args:  args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			ws, _, err := a.open()
			if err != nil {
				return err
			}
			b, err := a.tagbook(cmd.Context(), ws, nil)
			if err != nil {
				return err
			}
			defer b.Close()
			all, err := pipeline.Decisions(cmd.Context(), b.archive, b.db.Writer())
			if err != nil {
				return err
			}
			if a.json {
				if all == nil {
					all = []tamga.Decision{}
				}
				return a.print(all)
			}
			for _, d := range all {
				fmt.Fprintln(a.out, decisionLine(d))
			}
			return nil
		},
	}
}

func newHeld(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "held",
		Short: "List merges that wait for a person",
		Long: `Held lists the merges that were not made: of one transaction between two wallets of a
thousand addresses or more ("size") or between two whose tags name different owners
("tags"), and those that a decision forbids. Each has its transaction, both wallets
as they are now, and how to decide it.`,
		Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.wallets(cmd.Context(), false, func(w *bitcoin.Wallets) error {
				return a.printHeld(cmd.Context(), w, a.json)
			})
		},
	}
}

// printHeld prints the merges that were not made, one JSON object a line or in
// words.
func (a *app) printHeld(ctx context.Context, w *bitcoin.Wallets, lines bool) error {
	for h, err := range w.Held(ctx) {
		if err != nil {
			return err
		}
		if lines {
			if err := a.print(h); err != nil {
				return err
			}
			continue
		}
		fmt.Fprintln(a.out, heldLine(h))
		for _, s := range h.Sides {
			owners := ""
			if len(s.Owners) > 0 {
				owners = ", tagged " + strings.Join(s.Owners, ", ")
			}
			fmt.Fprintf(a.out, "  %s: %d addresses%s\n", s.Address, s.Size, owners)
		}
		if h.By == nil && len(h.Sides) == 2 {
			fmt.Fprintf(a.out, "  decide: tamga cluster assert|forbid %s %s --reason TEXT\n", h.Sides[0].Address, h.Sides[1].Address)
		}
	}
	return nil
}

func heldLine(h tamga.HeldMerge) string {
	why := "one transaction between two large wallets"
	switch {
	case h.By != nil:
		why = "against decision " + decisionLine(*h.By)
	case h.Guard == bitcoin.GuardTags:
		why = "one transaction between wallets whose tags name different owners"
	}
	return mergeLine(h.Merge) + ": " + why
}

func decisionLine(d tamga.Decision) string {
	return fmt.Sprintf("%d %s %s %s: %s (%s, %s)", d.ID, d.Kind, d.A, d.B, d.Why, d.Who, d.Time.Format(time.RFC3339))
}

func (a *app) sayDecisions(all []tamga.Decision) {
	for _, d := range all {
		fmt.Fprintln(a.out, "decision "+decisionLine(d))
	}
}
