package main

import (
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"golang.org/x/mod/sumdb/note"

	"tamga/evidence"
	"tamga/evidence/timestamp"
	"tamga/internal/config"
)

func newVerify(a *app) *cobra.Command {
	var roots, crl, key string
	var headers, witnesses []string
	cmd := &cobra.Command{
		Use:   "verify [DIR|FILE]",
		Short: "Check that no byte of the evidence has changed",
		Long: `Verify recomputes every digest of the archive, the Merkle log and its signed head.
It writes nothing and needs no workspace: DIR may be a workspace or a copy of its
evidence folder. FILE is a file that "tamga export" wrote (a WACZ, a bundle), a WACZ or
WARC of others, or a time-stamp token (.tsr) or OpenTimestamps proof (.ots) beside the data that it is of. The report
says what is proven and what is not. Exit code 12 means that something does not match.

Time stamps of others (see "tamga seal") are checked too: that they are of a head of
this log, and, with --roots or custody.roots, that one of those certificates stands
behind the authority at the time it states.`,
		Args: args(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, argv []string) error {
			blocks, err := a.blockHeaders(headers)
			if err != nil {
				return err
			}
			defer blocks.close()
			if len(argv) == 1 {
				if info, err := os.Stat(argv[0]); err == nil && info.Mode().IsRegular() {
					opt := evidence.VerifyOptions{Key: key, Header: blocks.header}
					if opt.Witnesses, err = a.witnesses(nil, witnesses); err != nil {
						return err
					}
					if roots != "" {
						if opt.Roots, err = timestamp.Roots(roots); err != nil {
							return err
						}
					}
					if crl != "" {
						if opt.Revoked, _, err = timestamp.ReadRevocations(crl); err != nil {
							return err
						}
					}
					return a.verifyFile(cmd, argv[0], opt)
				}
			}
			dir, err := a.evidenceDir(argv)
			if err != nil {
				return err
			}
			progress := a.progress()
			bar := progress.Bar("verify", "bytes", 0)
			opt := evidence.VerifyOptions{Progress: bar.Set, Header: blocks.header}
			if opt.Roots, err = a.verifyRoots(argv, roots); err != nil {
				return err
			}
			if opt.Witnesses, err = a.witnesses(a.verified(argv), witnesses); err != nil {
				return err
			}
			if opt.Revoked, err = a.verifyRevoked(argv, crl); err != nil {
				return err
			}
			report, err := opt.Verify(cmd.Context(), dir)
			bar.Done()
			progress.Wait()
			if err != nil && !errors.Is(err, evidence.ErrIntegrity) {
				return err
			}
			if a.json {
				if err := a.print(report); err != nil {
					return err
				}
			} else {
				a.printReport(report)
			}
			if !report.OK {
				return fmt.Errorf("%w: %d problems in %s", evidence.ErrIntegrity, len(report.Problems), dir)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&key, "key", "", "the `KEY` of the log that must have sealed the bundle or WACZ, or the file that holds it (evidence/log/key)")
	cmd.Flags().StringVar(&roots, "roots", "", "PEM `FILE` of the certificates that time-stamping authorities must lead to (default: custody.roots of the workspace)")
	cmd.Flags().StringVar(&crl, "crl", "", "PEM `FILE` of revocation lists of those authorities, beside the lists that were kept with the tokens (default: custody.crl of the workspace)")
	cmd.Flags().StringArrayVar(&headers, "header", nil, "`HEIGHT:HEX`, the header of a Bitcoin block that an OpenTimestamps proof leads to (default: the local ledger index)")
	cmd.Flags().StringArrayVar(&witnesses, "witness", nil, "public `KEY` of a witness whose cosignatures are checked (default: custody.witnesses of the workspace)")
	return cmd
}

// verifyRoots reads the file named, or that of the workspace that is verified.
func (a *app) verifyRoots(argv []string, file string) (*x509.CertPool, error) {
	if file != "" {
		return timestamp.Roots(file)
	}
	ws := a.verified(argv)
	if ws == nil {
		return nil, nil
	}
	conf, err := config.Load(ws.File(), os.LookupEnv)
	if err != nil {
		return nil, nil
	}
	return custodyRoots(ws, conf)
}

// verifyRevoked reads the file named, or that of the workspace that is verified.
func (a *app) verifyRevoked(argv []string, file string) (*timestamp.Revocations, error) {
	if ws := a.verified(argv); file == "" && ws != nil {
		if conf, err := config.Load(ws.File(), os.LookupEnv); err == nil && conf.Custody.CRL != "" {
			file = inWorkspace(ws, conf.Custody.CRL)
		}
	}
	if file == "" {
		return nil, nil
	}
	r, _, err := timestamp.ReadRevocations(file)
	return r, err
}

// verified is the workspace that is verified; nil where it is a copy of the
// evidence alone.
func (a *app) verified(argv []string) *config.Workspace {
	ws, err := config.Find(a.workspace)
	if len(argv) > 0 {
		ws, err = config.Find(argv[0])
	}
	if err != nil {
		return nil
	}
	return ws
}

// witnesses reads the keys given, or those of the workspace.
func (a *app) witnesses(ws *config.Workspace, keys []string) (out []note.Verifier, err error) {
	if len(keys) == 0 && ws != nil {
		if conf, err := config.Load(ws.File(), os.LookupEnv); err == nil {
			keys = conf.Custody.Witnesses
		}
	}
	for _, k := range keys {
		v, err := evidence.ParseWitness(k)
		if err != nil {
			return nil, usageError{err}
		}
		out = append(out, v)
	}
	return out, nil
}

// evidenceDir is the evidence folder of the workspace, or of the folder named.
func (a *app) evidenceDir(argv []string) (string, error) {
	if len(argv) == 0 {
		ws, err := config.Find(a.workspace)
		if err != nil {
			return "", err
		}
		return ws.Evidence(), nil
	}
	for _, dir := range []string{argv[0], filepath.Join(argv[0], "evidence")} {
		if info, err := os.Stat(filepath.Join(dir, "log")); err == nil && info.IsDir() {
			return dir, nil
		}
	}
	return "", hinted{fmt.Errorf("verify %s: no evidence log there", argv[0]), "name a workspace, or a folder that holds log/ and warc/"}
}

func (a *app) printReport(r evidence.Report) {
	for _, s := range r.Recovered {
		fmt.Fprintf(a.out, "torn tail  %s\n", s)
	}
	for _, p := range r.Problems {
		fmt.Fprintf(a.out, "PROBLEM    %s at byte %d: %s\n", p.File, p.Offset, p.What)
	}
	if r.Removed > 0 {
		fmt.Fprintf(a.out, "removed    the bytes of %d entries, each under a signed tombstone\n", r.Removed)
	}
	for _, s := range r.Timestamps {
		fmt.Fprintf(a.out, "time       %s\n", s.What)
	}
	state := "ok"
	if !r.OK {
		state = "BROKEN"
	}
	fmt.Fprintf(a.out, "%s: %d captures, %d log entries\n", state, r.Captures, r.LogSize)
}
