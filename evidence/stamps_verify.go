package evidence

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"tamga"
	"tamga/evidence/ots"
	"tamga/evidence/timestamp"
)

// VerifyOptions is what a verification may rest on beside the bytes.
type VerifyOptions struct {
	Roots     *x509.CertPool         // of time-stamping authorities; nil: nobody stands behind a token
	Revoked   *timestamp.Revocations // of their certificates, beside the lists that were kept; nil: none
	Witnesses []note.Verifier        // whose cosignatures are checked; see [ParseWitness]
	Key       string                 // of a WACZ: the verifier key it must be signed with (log/key); empty: any
	Progress  func(done, total int64)

	// Header returns the 80 bytes of the header of a Bitcoin block of the best
	// chain, and for people where it comes from; nil: OpenTimestamps proofs are not
	// checked against blocks.
	Header func(height int64) (header []byte, from string, err error)

	kept []byte // revocation lists beside the token that is checked
}

// StampReport says what a stamp proves.
type StampReport struct {
	File    string     `json:"file"`
	Kind    string     `json:"kind"`           // tsr, ots, cosig
	Head    int64      `json:"head"`           // entries covered
	Time    *time.Time `json:"time,omitempty"` // as stated; the head existed then
	By      string     `json:"by,omitempty"`   // who states it
	Trusted bool       `json:"trusted"`        // by what was given to check it with
	What    string     `json:"what"`           // for people: what is proven, and what is not

	accuracy time.Duration
}

// orderSlack is how far the clock of one authority may have stepped back between
// two tokens.
const orderSlack = time.Minute

// readKeptHeads reads the heads that stamps refer to; push compares their roots
// with those of the entries.
func (s *state) readKeptHeads() error {
	if s.live || s.verifier == nil {
		return nil
	}
	names, err := s.stampFiles()
	if err != nil {
		return err
	}
	s.heads = map[int64]Head{}
	for _, name := range names {
		size, _, kind, ok := parseStampName(name)
		if !ok || kind != kindHead {
			continue
		}
		file := stampDir + "/" + name
		msg, err := readSmall(filepath.Join(s.dir, filepath.FromSlash(file)))
		if err != nil {
			return err
		}
		h, err := parseHead(msg, s.verifier)
		switch {
		case err != nil:
			s.problem(file, 0, "the kept head does not verify: %v", err)
		case h.Size != size:
			s.problem(file, 0, "the kept head counts %d entries, its name says %d", h.Size, size)
		default:
			s.heads[size] = h
		}
	}
	return nil
}

// stampFiles names the files beside the log that are stamps or heads, and the
// problems of those that are neither.
func (s *state) stampFiles() ([]string, error) {
	items, err := os.ReadDir(filepath.Join(s.dir, stampDir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	var out []string
	for _, d := range items {
		name := stampDir + "/" + d.Name()
		if _, _, _, ok := parseStampName(strings.TrimSuffix(d.Name(), ".tmp")); !ok || !d.Type().IsRegular() {
			s.problem(name, 0, "no file of a log")
		} else if strings.HasSuffix(d.Name(), ".tmp") {
			s.recover("%s: a stamp that was not finished", name)
		} else {
			out = append(out, d.Name())
		}
	}
	return out, nil
}

// keptHead compares the root of the first n entries with a kept head of as many.
func (s *state) keptHead(n int64) {
	if h, ok := s.heads[n]; ok && s.tree.root() != h.Root {
		s.problem(stampDir+"/"+stampName(n, "", kindHead), 0, "the first %d entries do not have the root hash of this head: the log is not the one that was stamped", n)
	}
}

// endHeads names the kept heads that count more than the log has.
func (s *state) endHeads() {
	for n := range s.heads {
		if n > s.tree.n {
			s.problem(stampDir+"/"+stampName(n, "", kindHead), 0, "the kept head counts %d entries, the log has %d: the log is not the one that was stamped", n, s.tree.n)
		}
	}
}

// stamps verifies every stamp, and that those in the log are there unchanged.
func (v *verifier) stamps(ctx context.Context) error {
	names, err := (&state{dir: v.dir}).stampFiles()
	if err != nil || v.st.verifier == nil {
		return err
	}
	claims := map[string]stampClaim{}
	for _, c := range v.st.stamps {
		claims[c.File] = c
		if !slices.Contains(names, c.File) {
			v.problem(stampDir+"/"+c.File, 0, "the stamp is gone: the log names it")
		}
		head := stampName(c.Head, "", kindHead)
		if msg, err := readSmall(filepath.Join(v.dir, stampDir, head)); err != nil {
			v.problem(stampDir+"/"+head, 0, "the head is gone that %s is of: %v", c.File, plain(err))
		} else if tamga.DigestOf(msg) != c.HeadDigest {
			v.problem(stampDir+"/"+head, 0, "the head does not have the digest in the log")
		}
	}
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return err
		}
		size, _, kind, _ := parseStampName(name)
		if kind == kindHead {
			continue
		}
		file := stampDir + "/" + name
		data, err := readStamp(filepath.Join(v.dir, filepath.FromSlash(file)))
		if err != nil {
			v.problem(file, 0, "%v", plain(err))
			continue
		}
		c, logged := claims[name]
		if logged && tamga.DigestOf(data) != c.Digest {
			v.problem(file, 0, "the stamp does not have the digest in the log")
			continue
		}
		head, err := ReadHead(v.dir, size)
		if err != nil {
			v.problem(file, 0, "the head of %d entries is not there: %v", size, plain(err))
			continue
		}
		opt := v.opt
		if kind == StampRFC3161 {
			beside := stampName(size, Stamp{File: name}.Label(), StampRevocation)
			if slices.Contains(names, beside) {
				if opt.kept, err = readStamp(filepath.Join(v.dir, stampDir, beside)); err != nil {
					v.problem(stampDir+"/"+beside, 0, "%v", plain(err))
					continue
				}
			}
		}
		r, err := checkStamp(Stamp{size, name, kind}, data, head, v.st.verifier, opt)
		if err != nil {
			v.problem(file, 0, "%v", err)
			continue
		}
		if !logged {
			v.recovered = append(v.recovered, fmt.Sprintf("%s: a stamp that is in no log entry yet", file))
		}
		v.stamped = append(v.stamped, r)
	}
	v.stampOrder()
	return nil
}

// stampOrder wants the tokens of one authority in the order of their heads: the
// older head is always asked for first.
func (v *verifier) stampOrder() {
	last := map[string]StampReport{}
	for _, r := range v.stamped { // names sort by head
		if r.Kind != StampRFC3161 || r.Time == nil {
			continue
		}
		_, label, _, _ := parseStampName(filepath.Base(r.File))
		if before, ok := last[label]; ok && r.Time.Before(before.Time.Add(-orderSlack-r.accuracy-before.accuracy)) {
			v.problem(r.File, 0, "the token is of %s, earlier than %s of a smaller head, which is of %s", r.Time.Format(time.RFC3339), before.File, before.Time.Format(time.RFC3339))
		}
		last[label] = r
	}
}

// checkStamp verifies one stamp of a kept head.
func checkStamp(s Stamp, data, head []byte, log note.Verifier, opt VerifyOptions) (StampReport, error) {
	r := StampReport{File: stampDir + "/" + s.File, Kind: s.Kind, Head: s.Head}
	switch s.Kind {
	case StampRFC3161:
		t, err := timestamp.Verify(data, timestamp.OfBytes(head), opt.Roots)
		if err != nil {
			return r, err
		}
		r.Time, r.By, r.Trusted, r.accuracy = &t.Time, t.Signer, t.Trusted, t.Accuracy
		r.What = fmt.Sprintf("%s states that the first %d entries existed at %s", t.Signer, s.Head, t.Time.Format(time.RFC3339))
		if !t.Trusted {
			r.What += "; who that is was not checked: no roots were given"
		}
		return r, opt.revoked(t, &r)
	}
	if s.Kind == StampRevocation {
		_, err := timestamp.ParseRevocations(data)
		r.What = fmt.Sprintf("revocation lists that were kept with the token of the first %d entries", s.Head)
		return r, err
	}
	if s.Kind == StampCosignature {
		at, by, trusted, err := checkCosignature(data, head, opt.Witnesses)
		if err != nil {
			return r, err
		}
		r.Time, r.By, r.Trusted = &at, by, trusted
		r.What = fmt.Sprintf("%s has seen the first %d entries at %s, and each head it saw before is a part of them", by, s.Head, at.Format(time.RFC3339))
		if !trusted {
			r.What += "; the signature was not checked: no key of that witness was given"
		}
		return r, nil
	}
	if s.Kind == StampOTS {
		o, err := opt.CheckOTS(data, sha256.Sum256(head), fmt.Sprintf("the first %d entries", s.Head))
		o.File, o.Head = r.File, r.Head
		return o, err
	}
	return r, fmt.Errorf("a stamp of the unknown kind %q", s.Kind)
}

// revoked checks the certificates of a token against the lists kept beside it, and
// against those given.
func (o VerifyOptions) revoked(t timestamp.Token, r *StampReport) error {
	lists := []*timestamp.Revocations{o.Revoked}
	if o.kept != nil {
		kept, err := timestamp.ParseRevocations(o.kept)
		if err != nil {
			return fmt.Errorf("the revocation lists beside it: %w", err)
		}
		lists = append(lists, kept)
	}
	var newest time.Time
	for _, l := range lists {
		if l == nil {
			continue
		}
		asOf, err := l.Check(t, o.Roots)
		if err != nil {
			return err
		}
		if asOf.After(newest) {
			newest = asOf
		}
	}
	if newest.IsZero() {
		r.What += "; revocation was not checked: no list is at hand"
	} else {
		r.What += "; not revoked, by a list of " + newest.Format(time.RFC3339)
	}
	return nil
}

// CheckOTS verifies an OpenTimestamps proof over data of that SHA-256; what names
// the data, for people.
func (o VerifyOptions) CheckOTS(proof []byte, digest [sha256.Size]byte, what string) (StampReport, error) {
	r := StampReport{Kind: StampOTS}
	p, err := ots.Parse(proof)
	if err != nil {
		return r, err
	}
	if p.Digest != digest {
		return r, errors.New("the proof is of other bytes")
	}
	for _, a := range p.Attestations() {
		switch {
		case a.Bitcoin() && o.Header != nil:
			h, from, err := o.Header(a.Height)
			if err != nil {
				return r, err
			}
			if h == nil {
				r.note("Bitcoin", "a proof leads %s to block %d, whose header is not at hand: not checked", what, a.Height)
				continue
			}
			if err := a.CheckHeader(h); err != nil {
				return r, fmt.Errorf("block %d of %s: %w", a.Height, from, err)
			}
			t := time.Unix(int64(binary.LittleEndian.Uint32(h[68:])), 0).UTC()
			if r.Time == nil || t.Before(*r.Time) {
				r.Time = &t
			}
			r.Trusted = true
			r.note("Bitcoin", "%s existed before block %d of Bitcoin, of %s (header from %s)", what, a.Height, t.Format(time.RFC3339), from)
		case a.Bitcoin():
			r.note("Bitcoin", "a proof leads %s to block %d of Bitcoin, whose header is not at hand: not checked", what, a.Height)
		case a.Pending():
			r.note(a.URI, "calendar %s promises a block for %s: pending, nothing is proven by it", a.URI, what)
		default:
			r.note("unknown", "an attestation for %s of a kind that is not known here: not checked", what)
		}
	}
	return r, nil
}

// note adds a sentence. By is who was checked, else who is named first.
func (r *StampReport) note(by, format string, a ...any) {
	if r.What != "" {
		r.What += "; "
	}
	if r.By == "" || by == "Bitcoin" {
		r.By = by
	}
	r.What += fmt.Sprintf(format, a...)
}
