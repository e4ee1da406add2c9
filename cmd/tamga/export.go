package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tamga"
	"tamga/chain"
	"tamga/chain/bitcoin"
	"tamga/chain/rates"
	"tamga/evidence"
	"tamga/internal/config"
	"tamga/internal/pipeline"
)

func newExport(a *app) *cobra.Command {
	var x exporting
	var wacz waczFlags
	cmd := &cobra.Command{
		Use:   "export --bundle FILE.zip SUBJECT | --wacz FILE.wacz [QUERY]",
		Short: "Write a trace, or captures, with all that is needed to check them elsewhere",
		Long: `Export --wacz writes captures as a WACZ 1.1.1 file, which web archive players open and
"tamga verify FILE.wacz" checks without a workspace: the records, the entries of the log
that name them, proofs that those stand in the log, its signed head, and the time stamps
over it. QUERY (docs/query.md) and the flags choose; without any, every capture. What a
person could log in with (Cookie, Set-Cookie, Authorization, Proxy-Authorization) is
left out, and the log says so.

Export --bundle follows a subject as "tamga trace" does, and writes the trace with the bytes
of every transaction it rests on, the header of each block and the hashes that lead
from the one to the other; the tags of every address it met, with their sources; the
captures behind tags of pages and the decisions of analysts, as entries of the
evidence log with their proofs; and, with --fiat, the rates it used.
"tamga verify FILE.zip" checks it without a workspace, without a network: it follows
the subject again over those transactions alone.

The evidence log records that the bundle was made, and the bundle carries that entry
under the log's signature: no byte of it can be changed unseen by who knows the key
of the log. With --unsealed nothing is recorded and nothing is signed.

The ledger index must have been made from blocks.`,
		Args: args(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, argv []string) error {
			switch {
			case wacz.file != "" && x.file != "":
				return usageError{errors.New("--bundle or --wacz, not both")}
			case wacz.file != "":
				return a.exportWACZ(cmd, wacz, argv)
			case x.file == "":
				return usageError{errors.New("name the file with --bundle FILE.zip or --wacz FILE.wacz")}
			case len(argv) != 1:
				return usageError{errors.New("--bundle needs one subject")}
			}
			tr, err := x.run(cmd.Context(), a, argv[0])
			if err != nil {
				return err
			}
			fmt.Fprintf(a.out, "%s: %d hops, %d ends\n", x.file, len(tr.Hops), len(tr.Ends))
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVar(&x.file, "bundle", "", "file to write")
	f.BoolVar(&x.stopTag, "stop-tag", false, "stop at outputs of tagged addresses other than the subject (tamga tags)")
	f.StringVar(&x.fiat, "fiat", "", "tell what each hop was worth on its day in this `CURRENCY` (tamga rates)")
	f.BoolVar(&x.unsealed, "unsealed", false, "record nothing in the evidence log, and sign nothing")
	x.t.flags(cmd)
	wacz.flags(cmd)
	return cmd
}

// exporting is one run of tamga export.
type exporting struct {
	file, fiat        string
	stopTag, unsealed bool
	t                 tracing
}

func (x *exporting) run(ctx context.Context, a *app, subject string) (tr tamga.Trace, err error) {
	if x.file == "" {
		return tr, usageError{errors.New("name the file with --bundle FILE.zip")}
	}
	if x.unsealed && len(x.t.assume) > 0 {
		return tr, usageError{errors.New("an assumption is recorded in the evidence log: --assume and --unsealed exclude each other")}
	}
	opt, err := x.t.options()
	if err != nil {
		return tr, err
	}
	ws, conf, err := a.open()
	if err != nil {
		return tr, err
	}
	ledger, err := openLedger(ws, conf)
	if err != nil {
		return tr, err
	}
	defer ledger.Close()
	archive, done, err := x.archive(a, ws, conf)
	if err != nil {
		return tr, err
	}
	defer func() { err = errors.Join(err, done()) }()
	book, err := a.tagbook(ctx, ws, archive)
	if err != nil {
		return tr, err
	}
	defer book.Close()
	resolver, closeWallets, err := book.resolver(ctx, ledger)
	if err != nil {
		return tr, err
	}
	defer closeWallets()
	annex := &pipeline.Annex{Log: archive, Lookup: func(addr string) ([]tamga.Tag, error) { return resolver.Lookup(ctx, addr) }}
	if w, err := ledger.Wallets(); err == nil {
		defer w.Close()
		if err := book.heed(ctx, w); err != nil {
			return tr, err
		}
		annex.Why = func(from, to string) (tamga.Why, error) { return w.Why(ctx, from, to, bitcoin.Now) }
	} else if !errors.Is(err, bitcoin.ErrNoIndex) {
		return tr, err
	}
	if x.fiat != "" {
		s, db, err := a.rates(ctx, ws, archive)
		if err != nil {
			return tr, err
		}
		defer db.Close()
		annex.Rate = func(asset, currency string, at time.Time) (rates.Rate, bool, error) {
			return s.On(ctx, asset, currency, at)
		}
	}
	opt.Mix = bitcoin.Mixes(ledger.Network())
	key, err := evidence.Verifier(ws.Evidence())
	if err != nil {
		return tr, err
	}
	bundle := x.annex(ctx, a, conf, key, subject, annex, &opt)
	tmp, err := os.CreateTemp(filepath.Dir(x.file), ".tamga-bundle-*")
	if err != nil {
		return tr, err
	}
	defer os.Remove(tmp.Name()) // gone already where it was renamed
	tr, err = ledger.TraceBundle(ctx, tmp, subject, opt, time.Now(), bundle)
	if err := errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return tr, err
	}
	return tr, os.Rename(tmp.Name(), x.file)
}

// archive opens the evidence, for writing where the bundle is sealed.
func (x *exporting) archive(a *app, ws *config.Workspace, conf *config.Config) (*evidence.Archive, func() error, error) {
	if x.unsealed {
		log, err := evidence.OpenReader(ws.Evidence())
		if err != nil {
			return nil, nil, err
		}
		return log, log.Close, nil
	}
	unlock, err := ws.Lock()
	if err != nil {
		return nil, nil, err
	}
	log, err := evidence.Open(ws.Evidence(), evidence.Options{Logger: a.log, Operator: operator(conf)})
	if err != nil {
		unlock()
		return nil, nil, err
	}
	return log, func() error { defer unlock(); return log.Close() }, nil
}

// annex says what the bundle holds beside the ledger.
func (x *exporting) annex(ctx context.Context, a *app, conf *config.Config, key, subject string, annex *pipeline.Annex, opt *chain.Options) bitcoin.Annex {
	log := annex.Log
	out := bitcoin.Annex{StopTag: x.stopTag, Fiat: strings.ToUpper(x.fiat)}
	stop := &pipeline.TagStop{Subject: subject, Lookup: annex.Tags}
	if x.stopTag {
		opt.Stop = stop.Stop
	}
	out.Finish = func(tr *tamga.Trace) error {
		if err := stop.Finish(tr); err != nil || out.Fiat == "" {
			return err
		}
		return pipeline.Values(tr, out.Fiat, annex.RateOn)
	}
	out.Gather = func(tr tamga.Trace) (extra bitcoin.BundleExtra, err error) {
		made := a.assumptions(conf, tr, x.t)
		if !x.unsealed {
			if err := errors.Join(record(ctx, log, made), log.Sync()); err != nil {
				return extra, err
			}
		}
		files, txids, err := annex.Gather(ctx, tr)
		if err != nil {
			return extra, err
		}
		if files[pipeline.AnnexClaims] != nil {
			head, err := log.Head()
			if err != nil {
				return extra, err
			}
			extra.Log = &bitcoin.BundleLog{Key: key, Head: string(head.Note)}
		}
		for _, name := range slices.Sorted(maps.Keys(files)) {
			extra.Files = append(extra.Files, bitcoin.BundleText{Name: name, Data: files[name]})
		}
		extra.TxIDs = txids
		return extra, nil
	}
	if !x.unsealed {
		out.Seal = func(manifest []byte) ([]byte, error) {
			return pipeline.SealBundle(ctx, log, manifest, subject, operator(conf))
		}
	}
	return out
}
