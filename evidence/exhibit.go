package evidence

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"tamga"
)

// Exhibit is an entry of the log with what shows, away from the archive, that it
// stands under a signed head: the text, and the inclusion proof of RFC 6962.
type Exhibit struct {
	Seq   int64            `json:"seq"`
	Entry string           `json:"entry"` // as it stands in the log
	Path  tlog.RecordProof `json:"path"`
}

// Exhibit takes entry seq out of the log. The head it stands under is [Archive.Head].
func (a *Archive) Exhibit(seq int64) (Exhibit, error) {
	p, err := a.Prove(seq)
	if err != nil {
		return Exhibit{}, err
	}
	text, err := a.text(seq)
	if err != nil {
		return Exhibit{}, fmt.Errorf("read entry %d: %w", seq, err)
	}
	if isBlank(text) {
		return Exhibit{}, fmt.Errorf("read entry %d: %w", seq, ErrRemoved)
	}
	if p.Path == nil {
		p.Path = tlog.RecordProof{}
	}
	return Exhibit{seq, string(text), p.Path}, nil
}

// Statement is what an exhibit says: a capture, or a claim.
type Statement struct {
	Seq     int64
	Time    time.Time
	Capture *tamga.Capture
	Kind    string // of a claim
	Data    json.RawMessage
}

// Check recomputes the root of a head from the text of an exhibit, and reads it.
func (e Exhibit) Check(h Head) (Statement, error) {
	if err := tlog.CheckRecord(e.Path, h.Size, h.Root, e.Seq, tlog.RecordHash([]byte(e.Entry))); err != nil {
		return Statement{}, fmt.Errorf("%w: entry %d does not stand under the signed head: %w", ErrIntegrity, e.Seq, err)
	}
	x, err := decodeEntry(e.Seq, []byte(e.Entry))
	if err != nil {
		return Statement{}, err
	}
	s := Statement{Seq: e.Seq, Time: x.Time, Kind: x.Claim, Data: x.Data}
	if x.Kind == kindCapture {
		s.Time, s.Capture = x.Stored, &x.Capture
	}
	return s, nil
}

// OpenHead checks the signature of a head, away from the archive, under the
// verifier key of its log (see [Verifier]).
func OpenHead(key string, note []byte) (Head, error) {
	v, err := parseKey(key)
	if err != nil {
		return Head{}, fmt.Errorf("read verifier key: %w", err)
	}
	h, err := parseHead(note, v)
	if err != nil {
		return Head{}, fmt.Errorf("read signed head: %w", err)
	}
	return h, nil
}

// Seal is a claim of the log with its head and key, by itself: it shows what the
// log said, and when its head was signed by whom.
type Seal struct {
	Key  string `json:"key"`  // as log/key has it
	Head string `json:"head"` // the signed note
	Exhibit
}

// Seal signs a head over entry seq, a claim made just now, and takes it out.
func (a *Archive) Seal(seq int64) (s Seal, err error) {
	if err := a.Sync(); err != nil {
		return s, err
	}
	if s.Exhibit, err = a.Exhibit(seq); err != nil {
		return s, err
	}
	h, err := a.Head()
	if err != nil {
		return s, err
	}
	s.Head = string(h.Note)
	s.Key, err = Verifier(a.dir)
	return s, err
}

// ReadSeal checks a seal as it was written, to the byte.
func ReadSeal(text []byte) (Seal, Statement, error) {
	var s Seal
	if err := json.Unmarshal(text, &s); err != nil {
		return s, Statement{}, err
	}
	if again, err := json.Marshal(s); err != nil || !bytes.Equal(again, bytes.TrimSuffix(text, []byte("\n"))) {
		return s, Statement{}, errors.New("not written the one right way")
	}
	h, err := OpenHead(s.Key, []byte(s.Head))
	if err != nil {
		return s, Statement{}, err
	}
	st, err := s.Exhibit.Check(h)
	return s, st, err
}
