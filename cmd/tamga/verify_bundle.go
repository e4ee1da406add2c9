package main

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tamga"
	"tamga/chain/bitcoin"
	"tamga/evidence"
	"tamga/internal/pipeline"
)

// verifyBundle checks a bundle by itself. key, where it is given, is that of the
// log that must have sealed it.
func (a *app) verifyBundle(cmd *cobra.Command, file, key string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if key != "" {
		if key, err = readVerifier(key); err != nil {
			return err
		}
	}
	r, err := bitcoin.VerifyBundle(cmd.Context(), f, info.Size(), readAnnex(key))
	if err != nil {
		return fmt.Errorf("%w: %s: %w", evidence.ErrIntegrity, file, err)
	}
	if a.json {
		if err := a.print(r); err != nil {
			return err
		}
	} else {
		a.printBundle(r)
	}
	if !r.OK {
		return fmt.Errorf("%w: %d problems in %s", evidence.ErrIntegrity, len(r.Problems), file)
	}
	return nil
}

// readVerifier takes a key as it is, or from the file that holds it.
func readVerifier(key string) (string, error) {
	if strings.Count(key, "+") >= 2 {
		return key, nil
	}
	b, err := os.ReadFile(key)
	return strings.TrimSpace(string(b)), err
}

// readAnnex checks what a bundle holds beside the ledger.
func readAnnex(key string) bitcoin.AnnexReader {
	return func(v bitcoin.BundleView) bitcoin.AnnexReport {
		c := pipeline.AnnexClaim{Manifest: v.Manifest, Subject: v.Subject, Fiat: v.Fiat, Assume: v.Assume, Files: v.Files}
		if v.Log != nil {
			c.Key, c.Head = v.Log.Key, v.Log.Head
		}
		r := pipeline.CheckAnnex(c)
		out := bitcoin.AnnexReport{Stop: r.Stop.Stop, Tags: r.Tags, Rates: r.Rates, Entries: r.Entries, Decided: r.Decided}
		out.Finish = func(tr *tamga.Trace) error {
			if err := r.Stop.Finish(tr); err != nil || r.Values == nil {
				return err
			}
			return r.Values(tr)
		}
		for pair, proof := range r.Why {
			out.Joined = append(out.Joined, bitcoin.Joined{A: pair[0], B: pair[1], Proof: proof})
		}
		for _, p := range r.Problems {
			out.Problems = append(out.Problems, bitcoin.BundleProblem{File: p.File, What: p.What})
		}
		if r.Seal != nil {
			out.Sealed = &bitcoin.Sealed{Key: r.Seal.Key, Seq: r.Seal.Seq, Time: r.Sealed.UTC().Format(time.RFC3339), By: r.By}
		}
		if key != "" && (r.Seal == nil || r.Seal.Key != key) {
			out.Problems = append(out.Problems, bitcoin.BundleProblem{File: pipeline.AnnexSeal, What: "is not by the key that was asked for"})
		}
		return out
	}
}

func (a *app) printBundle(r bitcoin.BundleReport) {
	for _, p := range r.Problems {
		fmt.Fprintf(a.out, "PROBLEM    %s: %s\n", p.File, p.What)
	}
	state := "ok"
	if !r.OK {
		state = "BROKEN"
	}
	fmt.Fprintf(a.out, "%s: a %s of %s on %s, %d hops resting on %d transactions in %d blocks, %d tags, %d rates\n",
		state, r.Kind, r.Subject, r.Network, r.Hops, r.Transactions, len(r.Blocks), r.Tags, r.Rates)
	if s := r.Sealed; s != nil {
		fmt.Fprintf(a.out, "sealed     %s by %s, entry %d of the log %s\n", s.Time, s.By, s.Seq, s.Key)
	}
	for _, e := range r.Entries {
		fmt.Fprintf(a.out, "recorded   %s\n", e)
	}
	for _, s := range r.Unshown {
		fmt.Fprintf(a.out, "not shown  %s\n", s)
	}
}
