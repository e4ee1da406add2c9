package main

import (
	"archive/zip"
	"bytes"
	"crypto"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tamga/evidence"
	"tamga/evidence/timestamp"
)

// verifyFile checks one file by itself: what it is, its name or its first bytes tell.
func (a *app) verifyFile(cmd *cobra.Command, file string, opt evidence.VerifyOptions) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	given := opt.Key
	if given != "" {
		if opt.Key, err = readVerifier(given); err != nil {
			return err
		}
	}
	info, err := f.Stat()
	if err != nil {
		return err
	}
	var start [16]byte
	n, _ := f.ReadAt(start[:], 0)
	name := strings.ToLower(file)
	var r evidence.FileReport
	switch {
	case strings.HasSuffix(name, ".wacz"), bytes.HasPrefix(start[:n], []byte("PK")) && isWACZ(f, info.Size()):
		r, err = opt.VerifyWACZ(cmd.Context(), f, info.Size())
	case strings.HasSuffix(name, ".warc"), strings.HasSuffix(name, ".warc.gz"), bytes.HasPrefix(start[:n], []byte("WARC/1.")):
		r, err = evidence.VerifyWARC(cmd.Context(), f, info.Size())
	case strings.HasSuffix(name, "."+evidence.StampRFC3161):
		return a.verifyStamp(file, evidence.StampRFC3161, opt)
	case strings.HasSuffix(name, "."+evidence.StampOTS):
		return a.verifyStamp(file, evidence.StampOTS, opt)
	default:
		return a.verifyBundle(cmd, file, given)
	}
	if err != nil && !errors.Is(err, evidence.ErrIntegrity) {
		return fmt.Errorf("%s: %w", file, err)
	}
	return a.printFile(file, r)
}

// isWACZ tells a WACZ from a bundle of the ledger.
func isWACZ(f *os.File, size int64) bool {
	z, err := zip.NewReader(f, size)
	if err != nil {
		return false
	}
	for _, x := range z.File {
		if x.Name == "datapackage.json" {
			return true
		}
	}
	return false
}

// printFile prints the report of a file; the error is that of the integrity.
func (a *app) printFile(file string, r evidence.FileReport) error {
	if a.json {
		if err := a.print(r); err != nil {
			return err
		}
	} else {
		for _, p := range r.Problems {
			fmt.Fprintf(a.out, "PROBLEM    %s at byte %d: %s\n", p.File, p.Offset, p.What)
		}
		for _, s := range r.Proves {
			fmt.Fprintf(a.out, "proven     %s\n", s)
		}
		for _, s := range r.NotProven {
			fmt.Fprintf(a.out, "not        %s\n", s)
		}
		state := "ok"
		if !r.OK {
			state = "BROKEN"
		}
		fmt.Fprintf(a.out, "%s: %s: a %s file, %d captures\n", state, file, r.Kind, r.Captures)
	}
	if !r.OK {
		return fmt.Errorf("%w: %d problems in %s", evidence.ErrIntegrity, len(r.Problems), file)
	}
	return nil
}

// stamped finds the data that a stamp is of: FILE of FILE.tsr, or the head beside
// a stamp that a workspace keeps, whose name begins alike.
func stamped(stamp, kind string) (string, error) {
	base := stamp[:len(stamp)-len(kind)-1]
	tries := []string{base}
	if size, _, ok := strings.Cut(base[strings.LastIndexByte(base, os.PathSeparator)+1:], "."); ok {
		tries = append(tries, base[:strings.LastIndexByte(base, os.PathSeparator)+1]+size+".head")
	}
	for _, t := range tries {
		if info, err := os.Stat(t); err == nil && info.Mode().IsRegular() {
			return t, nil
		}
	}
	return "", hinted{fmt.Errorf("verify %s: the data that it is of is not beside it", stamp), "put the data there as " + tries[0]}
}

func (a *app) verifyStamp(file, kind string, opt evidence.VerifyOptions) error {
	of, err := stamped(file, kind)
	if err != nil {
		return err
	}
	r := evidence.FileReport{Kind: kind, Recovered: []string{}, Problems: []evidence.Problem{}, Proves: []string{}, NotProven: []string{}}
	response, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	imprint, err := timestamp.OfFile(of)
	if err != nil {
		return err
	}
	if kind == evidence.StampOTS {
		sum, err := imprint(crypto.SHA256)
		if err != nil {
			return err
		}
		s, err := opt.CheckOTS(response, [32]byte(sum), of)
		s.File = file
		switch {
		case err != nil:
			r.Problems = append(r.Problems, evidence.Problem{File: file, What: err.Error()})
		case s.Trusted:
			r.Proves = []string{s.What}
		default:
			r.NotProven = []string{s.What}
		}
		r.Timestamps, r.OK = []evidence.StampReport{s}, err == nil
		return a.printFile(file, r)
	}
	t, err := timestamp.Verify(response, imprint, opt.Roots)
	if err == nil {
		asOf, revoked, lists := time.Time{}, error(nil), opt.Revoked
		if kept, _, e := timestamp.ReadRevocations(strings.TrimSuffix(file, kind) + evidence.StampRevocation); e == nil && lists == nil {
			lists = kept // that lie beside it
		}
		if lists != nil {
			asOf, revoked = lists.Check(t, opt.Roots)
		}
		if err = revoked; err == nil && asOf.IsZero() {
			r.NotProven = append(r.NotProven, "that the certificate of "+t.Signer+" was not revoked: no list is at hand (--crl FILE)")
		}
	}
	if err != nil {
		r.Problems = append(r.Problems, evidence.Problem{File: file, What: err.Error()})
	} else {
		what := fmt.Sprintf("%s states that %s existed at %s", t.Signer, of, t.Time.Format("2006-01-02T15:04:05Z"))
		r.Proves = []string{what}
		r.Timestamps = []evidence.StampReport{{File: file, Kind: kind, Time: &t.Time, By: t.Signer, Trusted: t.Trusted, What: what}}
		if !t.Trusted {
			r.NotProven = append(r.NotProven, "who "+t.Signer+" is: no roots were given (--roots FILE)")
		}
	}
	r.OK = len(r.Problems) == 0
	return a.printFile(file, r)
}
