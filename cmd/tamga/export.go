package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"tamga/chain/bitcoin"
	"tamga/evidence"
)

func newExport(a *app) *cobra.Command {
	var bundle string
	var t tracing
	cmd := &cobra.Command{
		Use:   "export --bundle FILE.zip SUBJECT",
		Short: "Write a trace with all that is needed to check it elsewhere",
		Long: `Export follows a subject as "tamga trace" does, and writes the trace with the bytes
of every transaction it rests on, the header of each block and the hashes that lead
from the one to the other. "tamga verify FILE.zip" checks it without a workspace,
without a network: it follows the subject again over those transactions alone.

The ledger index must have been made from blocks.`,
		Args: args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, argv []string) (err error) {
			if bundle == "" {
				return usageError{errors.New("name the file with --bundle FILE.zip")}
			}
			opt, err := t.options()
			if err != nil {
				return err
			}
			ws, conf, err := a.open()
			if err != nil {
				return err
			}
			ledger, err := openLedger(ws, conf)
			if err != nil {
				return err
			}
			defer ledger.Close()
			opt.Mix = bitcoin.Mixes(ledger.Network())
			tmp, err := os.CreateTemp(filepath.Dir(bundle), ".tamga-bundle-*")
			if err != nil {
				return err
			}
			defer os.Remove(tmp.Name()) // gone already where it was renamed
			tr, err := ledger.TraceBundle(cmd.Context(), tmp, argv[0], opt, time.Now())
			if err := errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
				return err
			}
			if err := a.answerFor(cmd.Context(), ws, conf, tr, t); err != nil {
				return err
			}
			if err := os.Rename(tmp.Name(), bundle); err != nil {
				return err
			}
			fmt.Fprintf(a.out, "%s: %d hops, %d ends\n", bundle, len(tr.Hops), len(tr.Ends))
			return nil
		},
	}
	cmd.Flags().StringVar(&bundle, "bundle", "", "file to write")
	t.flags(cmd)
	return cmd
}

// verifyBundle checks a bundle by itself.
func (a *app) verifyBundle(cmd *cobra.Command, file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	r, err := bitcoin.VerifyBundle(cmd.Context(), f, info.Size())
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if a.json {
		if err := a.print(r); err != nil {
			return err
		}
	} else {
		for _, p := range r.Problems {
			fmt.Fprintf(a.out, "PROBLEM    %s: %s\n", p.File, p.What)
		}
		state := "ok"
		if !r.OK {
			state = "BROKEN"
		}
		fmt.Fprintf(a.out, "%s: a %s of %s on %s, %d hops resting on %d transactions in %d blocks\n", state, r.Kind, r.Subject, r.Network, r.Hops, r.Transactions, len(r.Blocks))
	}
	if !r.OK {
		return fmt.Errorf("%w: %d problems in %s", evidence.ErrIntegrity, len(r.Problems), file)
	}
	return nil
}
