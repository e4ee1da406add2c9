package pipeline

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"tamga"
	"tamga/chain"
	"tamga/chain/rates"
	"tamga/chain/tags"
	"tamga/evidence"
)

// The files of a bundle that are not the ledger's (docs/formats/bundle.md).
const (
	AnnexTags   = "tags.jsonl"
	AnnexRates  = "rates.jsonl"
	AnnexClaims = "claims.jsonl"
	AnnexSeal   = "seal.json"
)

// ClaimAssumption is the kind of the claims in which somebody answers for going
// through a mix; their data names the mix as txid.
const ClaimAssumption = "assumption"

// carried are the kinds of claims that people made about addresses and
// transactions; a bundle carries those that are about what its trace touches.
var carried = []string{ClaimAssumption, ClaimDecision}

// ClaimBundle is the kind of the claim that seals a bundle.
const ClaimBundle = "bundle"

// bundled is the data of a ClaimBundle.
type bundled struct {
	Manifest tamga.Digest `json:"manifest"` // of bundle.json
	Subject  string       `json:"subject"`
	By       string       `json:"who"`
}

// TagStop ends a trace at tagged addresses, and notes which tag it was. A tag of
// the subject itself ends nothing: that is what the trace begins with.
type TagStop struct {
	Subject string
	Lookup  func(address string) ([]tamga.Tag, error)

	ended  map[tamga.End]*tamga.Tag
	failed error
}

// Stop is for chain.Options.
func (s *TagStop) Stop(tx *tamga.Tx, out tamga.TxOut) string {
	if id, _, _ := strings.Cut(s.Subject, ":"); out.Address == s.Subject || tx.TxID == strings.ToLower(id) {
		return ""
	}
	found, err := s.Lookup(out.Address)
	if err != nil && s.failed == nil {
		s.failed = err
	}
	if len(found) == 0 {
		return ""
	}
	if s.ended == nil {
		s.ended = map[tamga.End]*tamga.Tag{}
	}
	s.ended[tamga.End{TxID: tx.TxID, Vout: out.N, Reason: chain.EndTag}] = &found[0]
	return chain.EndTag
}

// Finish adds to the ends of a trace the tags that made them. An error is one of
// Lookup on the way.
func (s *TagStop) Finish(tr *tamga.Trace) error {
	for i, e := range tr.Ends {
		tr.Ends[i].Tag = s.ended[e]
	}
	return s.failed
}

// RateOn is the rate of an asset in a currency on the day of a time, if there is
// one for that day.
type RateOn func(asset, currency string, at time.Time) (rates.Rate, bool, error)

// Values adds to the hops of a trace what they were worth on their day.
func Values(tr *tamga.Trace, currency string, on RateOn) error {
	for i := range tr.Hops {
		h := &tr.Hops[i]
		if h.Time == nil {
			continue
		}
		r, ok, err := on(h.Amount.Asset, currency, *h.Time)
		if err != nil {
			return err
		}
		if ok {
			h.Fiat = r.Value(h.Amount)
		}
	}
	return nil
}

// annexTag is a line of tags.jsonl: an address that a trace met, its tags, and
// why it shares a wallet with the addresses of those that speak for the wallet.
type annexTag struct {
	Address string      `json:"address"`
	Tags    []tamga.Tag `json:"tags"`
	Why     []annexWhy  `json:"why,omitempty"`
}

type annexWhy struct {
	Of    string        `json:"of"`
	Proof []tamga.Merge `json:"proof"`
}

// Annex gathers what a trace rests on beside the ledger. Lookup is needed, the
// others may be nil.
type Annex struct {
	Lookup func(address string) ([]tamga.Tag, error)
	Why    func(a, b string) (tamga.Why, error)
	Rate   RateOn
	Log    *evidence.Archive

	met   map[string][]tamga.Tag
	rated map[string]rates.Rate
}

// Tags is Lookup, noting what was found.
func (a *Annex) Tags(address string) ([]tamga.Tag, error) {
	found, err := a.Lookup(address)
	if len(found) > 0 {
		if a.met == nil {
			a.met = map[string][]tamga.Tag{}
		}
		a.met[address] = found
	}
	return found, err
}

// RateOn is Rate, noting what was found.
func (a *Annex) RateOn(asset, currency string, at time.Time) (rates.Rate, bool, error) {
	r, ok, err := a.Rate(asset, currency, at)
	if ok {
		if a.rated == nil {
			a.rated = map[string]rates.Rate{}
		}
		a.rated[rateKey(r)] = r
	}
	return r, ok, err
}

func rateKey(r rates.Rate) string { return r.Asset + " " + r.Currency + " " + r.Date }

// Gather writes the files for a trace: the tags of every address it met, the
// rates it used, and the decisions and captures behind them as entries of the log.
// txids are transactions that show who shares a wallet with whom.
func (a *Annex) Gather(ctx context.Context, tr tamga.Trace) (files map[string][]byte, txids []string, err error) {
	for _, h := range tr.Hops {
		for _, addr := range []string{h.In.Address, h.Out.Address} {
			if addr != "" && a.met[addr] == nil {
				if _, err := a.Tags(addr); err != nil {
					return nil, nil, err
				}
			}
		}
	}
	files = map[string][]byte{}
	touched := touched(tr)
	var lines bytes.Buffer
	out := json.NewEncoder(&lines)
	for _, addr := range slices.Sorted(maps.Keys(a.met)) {
		line := annexTag{Address: addr, Tags: a.met[addr]}
		for _, t := range line.Tags {
			if t.By != tags.ByCluster || a.Why == nil || slices.ContainsFunc(line.Why, func(w annexWhy) bool { return w.Of == t.Address }) {
				continue
			}
			why, err := a.Why(t.Address, addr)
			if err != nil {
				return nil, nil, err
			}
			for i := range why.Proof {
				why.Proof[i].Support = 0 // counted over transactions that a bundle does not hold
			}
			line.Why = append(line.Why, annexWhy{t.Address, why.Proof})
			touched[t.Address] = true
			for _, m := range why.Proof {
				if m.Decision != nil {
					touched[m.Decision.A], touched[m.Decision.B] = true, true
					continue
				}
				txids = append(txids, m.TxID)
				touched[m.TxID] = true
			}
		}
		if err := out.Encode(line); err != nil {
			return nil, nil, err
		}
	}
	if lines.Len() > 0 {
		files[AnnexTags] = bytes.Clone(lines.Bytes())
	}
	lines.Reset()
	for _, k := range slices.Sorted(maps.Keys(a.rated)) {
		if err := out.Encode(a.rated[k]); err != nil {
			return nil, nil, err
		}
	}
	if lines.Len() > 0 {
		files[AnnexRates] = bytes.Clone(lines.Bytes())
	}
	entries, err := a.entries(ctx, touched)
	if err != nil || len(entries) == 0 {
		return files, txids, err
	}
	lines.Reset()
	for _, seq := range slices.Sorted(maps.Keys(entries)) {
		x, err := a.Log.Exhibit(seq)
		if err != nil {
			return nil, nil, err
		}
		if err := out.Encode(x); err != nil {
			return nil, nil, err
		}
	}
	files[AnnexClaims] = lines.Bytes()
	return files, txids, nil
}

// touched are the transactions and addresses of a trace.
func touched(tr tamga.Trace) map[string]bool {
	all := map[string]bool{tr.Subject: true}
	for _, h := range tr.Hops {
		for _, s := range []string{h.TxID, h.In.TxID, h.In.Address, h.Out.Address} {
			all[s] = true
		}
	}
	for _, m := range tr.Mixes {
		all[m.TxID] = true
	}
	delete(all, "")
	return all
}

// entries are those of the log that a bundle carries: the captures that tags name
// as their source, and the decisions that are about something touched.
func (a *Annex) entries(ctx context.Context, touched map[string]bool) (map[int64]bool, error) {
	found := map[int64]bool{}
	if a.Log == nil {
		return found, nil
	}
	for _, all := range a.met {
		for _, t := range all {
			if t.Span == nil {
				continue
			}
			if seq, ok := a.Log.Find(t.Span.Capture); ok {
				found[seq] = true
			}
		}
	}
	for c, err := range a.Log.Claims(ctx, 0) {
		if err != nil {
			return nil, err
		}
		if slices.Contains(carried, c.Kind) && (names(c.Data, touched) || undoes(c, found)) {
			found[c.Seq] = true
		}
	}
	return found, nil
}

// names tells whether some text in a JSON value is one of those touched.
func names(data json.RawMessage, touched map[string]bool) bool {
	d := json.NewDecoder(bytes.NewReader(data))
	for {
		t, err := d.Token()
		if err != nil {
			return false
		}
		if s, ok := t.(string); ok && touched[s] {
			return true
		}
	}
}

// undoes tells whether a claim ends one of some decisions.
func undoes(c evidence.Claim, some map[int64]bool) bool {
	var d Decided
	return c.Kind == ClaimDecision && json.Unmarshal(c.Data, &d) == nil && d.Kind == Undo && some[d.Of]
}

// SealBundle records in the log that a bundle was made, and returns what the
// bundle carries of that: the claim under a signed head.
func SealBundle(ctx context.Context, log *evidence.Archive, manifest []byte, subject, who string) ([]byte, error) {
	data, err := json.Marshal(bundled{tamga.DigestOf(manifest), subject, who})
	if err != nil {
		return nil, err
	}
	seq, err := log.Claim(ctx, ClaimBundle, data)
	if err != nil {
		return nil, err
	}
	seal, err := log.Seal(seq)
	if err != nil {
		return nil, err
	}
	b, err := json.Marshal(seal)
	return append(b, '\n'), err
}

// AnnexReport is what CheckAnnex found.
type AnnexReport struct {
	Stop    TagStop
	Values  func(*tamga.Trace) error
	Why     map[[2]string][]tamga.Merge // of two addresses
	Decided map[int64]tamga.Decision    // that stand in the log, by entry
	Tags    int
	Rates   int
	Entries []string
	Seal    *evidence.Seal
	Sealed  time.Time
	By      string

	Problems []FileProblem
}

// FileProblem is what is wrong in a file of a bundle.
type FileProblem struct{ File, What string }

func (r *AnnexReport) fail(file, format string, a ...any) {
	if len(r.Problems) < 100 {
		r.Problems = append(r.Problems, FileProblem{file, fmt.Sprintf(format, a...)})
	}
}

// AnnexClaim is what a bundle says of its annex.
type AnnexClaim struct {
	Manifest []byte
	Subject  string
	Fiat     string
	Assume   []string
	Key      string // of the log that the entries are of, with its head
	Head     string
	Files    map[string][]byte
}

// CheckAnnex reads what a bundle holds beside the ledger, and checks what can be
// checked of it: that the entries stand under the signed head, that each tag of a
// page has its capture among them and each assumption its claim, and that the seal
// is of this bundle.
func CheckAnnex(c AnnexClaim) *AnnexReport {
	r := &AnnexReport{Why: map[[2]string][]tamga.Merge{}, Decided: map[int64]tamga.Decision{}}
	captures, assumed := r.entries(c)
	byAddress := r.tags(c.Files[AnnexTags], captures)
	r.Stop.Subject = c.Subject
	r.Stop.Lookup = func(addr string) ([]tamga.Tag, error) { return byAddress[addr], nil }
	r.rates(c)
	for _, id := range c.Assume {
		if !assumed[id] {
			r.fail(AnnexClaims, "nobody answers in it for going through %s", id)
		}
	}
	for name := range c.Files {
		if !slices.Contains([]string{AnnexTags, AnnexRates, AnnexClaims, AnnexSeal}, name) {
			r.fail(name, "is nothing that a bundle holds")
		}
	}
	r.seal(c)
	return r
}

// lines decodes JSON Lines strictly.
func lines[T any](r *AnnexReport, file string, text []byte, each func(n int, v T)) {
	n := 0
	for line := range bytes.Lines(text) {
		n++
		var v T
		d := json.NewDecoder(bytes.NewReader(line))
		d.DisallowUnknownFields()
		if err := d.Decode(&v); err != nil || strings.TrimSpace(string(line[d.InputOffset():])) != "" {
			r.fail(file, "line %d: %v", n, cmp.Or(err, errors.New("more than one value")))
			continue
		}
		each(n, v)
	}
}

func (r *AnnexReport) entries(c AnnexClaim) (captures map[tamga.Digest]bool, assumed map[string]bool) {
	captures, assumed = map[tamga.Digest]bool{}, map[string]bool{}
	text := c.Files[AnnexClaims]
	if len(text) == 0 {
		return captures, assumed
	}
	head, err := evidence.OpenHead(c.Key, []byte(c.Head))
	if err != nil {
		r.fail(AnnexClaims, "the head of the log: %v", err)
		return captures, assumed
	}
	lines(r, AnnexClaims, text, func(n int, x evidence.Exhibit) {
		s, err := x.Check(head)
		if err != nil {
			r.fail(AnnexClaims, "line %d: %v", n, err)
			return
		}
		when := s.Time.UTC().Format(time.RFC3339)
		if s.Capture != nil {
			captures[s.Capture.Digest] = true
			r.Entries = append(r.Entries, fmt.Sprintf("capture %d, %s: %s of %s", s.Seq, when, s.Capture.Digest, s.Capture.URL))
			return
		}
		var d struct{ Who, Why, TxID string }
		if err := json.Unmarshal(s.Data, &d); err != nil {
			r.fail(AnnexClaims, "line %d: %v", n, err)
			return
		}
		switch s.Kind {
		case ClaimAssumption:
			assumed[d.TxID] = true
		case ClaimDecision:
			r.decision(s)
		}
		r.Entries = append(r.Entries, fmt.Sprintf("%s %d, %s, by %s: %s", s.Kind, s.Seq, when, cmp.Or(d.Who, "nobody named"), cmp.Or(d.Why, "no reason given")))
	})
	return captures, assumed
}

// decision takes a decision of the log, or takes back the one that it ends.
func (r *AnnexReport) decision(s evidence.Statement) {
	var d Decided
	if json.Unmarshal(s.Data, &d) != nil { // as the reader of Who and Why found
		return
	}
	if d.Kind == Undo {
		delete(r.Decided, d.Of)
		return
	}
	r.Decided[s.Seq] = tamga.Decision{ID: s.Seq, Kind: d.Kind, A: d.A, B: d.B, Who: d.Who, Why: d.Why, Time: s.Time}
}

func (r *AnnexReport) tags(text []byte, captures map[tamga.Digest]bool) map[string][]tamga.Tag {
	all := map[string][]tamga.Tag{}
	lines(r, AnnexTags, text, func(n int, v annexTag) {
		if v.Address == "" || len(v.Tags) == 0 || all[v.Address] != nil {
			r.fail(AnnexTags, "line %d: an address without tags, or twice", n)
			return
		}
		for _, t := range v.Tags {
			switch {
			case t.Label == "" || t.Source == "":
				r.fail(AnnexTags, "line %d: a tag without label or source", n)
			case t.By == "" && tags.Key(t.Address) != tags.Key(v.Address):
				r.fail(AnnexTags, "line %d: the tag %q is of %s", n, t.Label, t.Address)
			case t.By != "" && (t.By != tags.ByCluster || !t.ClusterDefiner):
				r.fail(AnnexTags, "line %d: the tag %q does not speak for a wallet", n, t.Label)
			case t.By != "" && !slices.ContainsFunc(v.Why, func(w annexWhy) bool { return w.Of == t.Address }):
				r.fail(AnnexTags, "line %d: nothing shows that %s and %s share a wallet", n, v.Address, t.Address)
			case t.Span != nil && !captures[t.Span.Capture]:
				r.fail(AnnexTags, "line %d: the capture %s behind the tag %q is not in %s", n, t.Span.Capture, t.Label, AnnexClaims)
			case t.Span != nil && t.Source != fmt.Sprintf("%s#%d-%d", t.Span.Capture, t.Span.Start, t.Span.End):
				r.fail(AnnexTags, "line %d: the tag %q names another source than its span", n, t.Label)
			}
			r.Tags++
		}
		for _, w := range v.Why {
			if slices.ContainsFunc(w.Proof, func(m tamga.Merge) bool { return m.Support != 0 }) {
				r.fail(AnnexTags, "line %d: a bundle cannot show how many transactions support a step", n)
			}
			r.Why[[2]string{w.Of, v.Address}] = w.Proof
		}
		all[v.Address] = v.Tags
	})
	return all
}

func (r *AnnexReport) rates(c AnnexClaim) {
	all := map[string]rates.Rate{}
	lines(r, AnnexRates, c.Files[AnnexRates], func(n int, v rates.Rate) {
		if err := v.Check(); err != nil {
			r.fail(AnnexRates, "line %d: %v", n, err)
		} else if _, twice := all[rateKey(v)]; twice || v.Currency != c.Fiat {
			r.fail(AnnexRates, "line %d: a rate twice, or in another currency", n)
		} else {
			all[rateKey(v)] = v
			r.Rates++
		}
	})
	if c.Fiat == "" {
		return
	}
	r.Values = func(tr *tamga.Trace) error {
		return Values(tr, c.Fiat, func(asset, currency string, at time.Time) (rates.Rate, bool, error) {
			v, ok := all[rateKey(rates.Rate{Asset: asset, Currency: currency, Date: rates.Day(at)})]
			return v, ok, nil
		})
	}
}

func (r *AnnexReport) seal(c AnnexClaim) {
	text, ok := c.Files[AnnexSeal]
	if !ok {
		return
	}
	seal, s, err := evidence.ReadSeal(text)
	if err != nil {
		r.fail(AnnexSeal, "%v", err)
		return
	}
	var b bundled
	if s.Kind != ClaimBundle || json.Unmarshal(s.Data, &b) != nil {
		r.fail(AnnexSeal, "seals no bundle")
		return
	}
	if want := tamga.DigestOf(c.Manifest); b.Manifest != want || b.Subject != c.Subject {
		r.fail(AnnexSeal, "is of another bundle: of the manifest %s for %s, this one is %s for %s", b.Manifest, b.Subject, want, c.Subject)
		return
	}
	if c.Key != "" && c.Key != seal.Key {
		r.fail(AnnexSeal, "is of another log than the entries")
		return
	}
	r.Seal, r.Sealed, r.By = &seal, s.Time, b.By
}
