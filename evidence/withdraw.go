package evidence

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// A claim may quote what a capture says: an alert has the old wallet and the new
// one. It is withdrawn with the capture: other text takes the place of its own, of
// the same length, and its frame stays with the leaf hash, which is what the log
// is made of. A tombstone names it before, under a signed head; without one, such
// an entry is a changed one.

// kindBlank is the kind of what stands in the place of a withdrawn claim.
const kindBlank = "blank"

// ownClaims are those that the archive itself rests on: they are never withdrawn.
var ownClaims = []string{claimTombstone, claimRemoved, claimTimestamp, claimExport, claimHold, claimRelease}

// blankText takes the place of the text of entry seq, n bytes long; nil where n is
// too short, which that of a claim is not.
func blankText(seq int64, n int) []byte {
	b := fmt.Appendf(make([]byte, 0, n), `{"kind":%q,"seq":%d}`, kindBlank, seq)
	if len(b) > n {
		return nil
	}
	return append(b, bytes.Repeat([]byte{' '}, n-len(b))...)
}

// isBlank tells whether a text is exactly what takes the place of one.
func isBlank(text []byte) bool {
	if len(text) == 0 || !bytes.HasPrefix(text, []byte(`{"kind":"blank","seq":`)) {
		return false
	}
	var e struct{ Seq int64 }
	return json.Unmarshal(text, &e) == nil && e.Seq >= 0 && bytes.Equal(text, blankText(e.Seq, len(text)))
}

// doubt is an entry that does not have the hash in its frame: wrong, unless a
// tombstone further on withdrew it.
type doubt struct {
	seq, off int64
	blank    bool // what stands there is what a tombstone puts there
	what     string
}

// settle decides the doubts, once all tombstones are read.
func (s *state) settle() {
	gone := map[int64]bool{}
	for _, d := range s.doubts {
		tombstone, ok := s.withdrawn[d.seq]
		if ok && d.blank {
			gone[d.seq] = true
		} else if !ok || !s.unfinished[tombstone] {
			s.problem(entriesFile, d.off, "entry %d: %s", d.seq, d.what)
			s.blind = true
		}
	}
	for _, seq := range slices.Sorted(maps.Keys(s.withdrawn)) {
		if gone[seq] {
			continue
		}
		if s.unfinished[s.withdrawn[seq]] {
			s.pending = append(s.pending, seq)
		} else if seq < int64(len(s.offsets)) && !slices.ContainsFunc(s.doubts, func(d doubt) bool { return d.seq == seq }) {
			s.problem(entriesFile, s.offsets[seq], "entry %d: its text is there, and a tombstone says that it was removed", seq)
		}
	}
	s.doubts = nil
}

// withdraw takes what a tombstone says of claims into the state.
func (s *state) withdraw(tombstone int64, claims []int64) error {
	if s.withdrawn == nil {
		s.withdrawn = map[int64]int64{}
	}
	for _, seq := range claims {
		if _, twice := s.withdrawn[seq]; twice || seq < 0 || seq >= tombstone {
			return fmt.Errorf("claim %d is withdrawn twice, or is no claim before it", seq)
		}
		s.withdrawn[seq] = tombstone
	}
	return nil
}

// Withdraw removes the text of claims for good, as [Archive.Remove] does with
// captures. Those that are withdrawn already are passed over. It returns the
// numbers of the tombstones.
func (a *Archive) Withdraw(ctx context.Context, claims []int64, reason json.RawMessage) ([]int64, error) {
	n, err := a.withdraw(ctx, claims, reason)
	if err != nil {
		return n, fmt.Errorf("withdraw claims: %w", err)
	}
	return n, nil
}

func (a *Archive) withdraw(ctx context.Context, claims []int64, reason json.RawMessage) (tombstones []int64, err error) {
	if !json.Valid(reason) {
		return nil, errors.New("the reason is not JSON")
	}
	claims = slices.Clone(claims)
	slices.Sort(claims)
	claims = slices.Compact(claims)
	claims = slices.DeleteFunc(claims, a.Withdrawn)
	for _, seq := range claims {
		e, err := a.entry(seq)
		if err != nil {
			return nil, err
		}
		if e.Kind != kindClaim || slices.Contains(ownClaims, e.Claim) {
			return nil, fmt.Errorf("entry %d is a %s %s, which stays", seq, e.Kind, e.Claim)
		}
	}
	for batch := range slices.Chunk(claims, removalBatch) {
		n, err := a.bury(ctx, tombstoneData{Reason: reason, Removed: []removal{}, Claims: batch})
		if err != nil {
			return tombstones, err
		}
		tombstones = append(tombstones, n)
	}
	return tombstones, nil
}

// Withdrawn tells whether the text of a claim was removed.
func (a *Archive) Withdrawn(seq int64) bool {
	a.mu.RLock()
	defer a.mu.RUnlock()
	_, ok := a.st.withdrawn[seq]
	return ok
}

// blank puts what takes the place of claims there, and brings it to the disk. It
// may be repeated.
func (a *Archive) blank(claims []int64) error {
	if len(claims) == 0 {
		return nil
	}
	f, err := a.opt.open(filepath.Join(a.dir, entriesFile), os.O_RDWR)
	if err != nil {
		return err
	}
	defer f.Close()
	for _, seq := range claims {
		off, end, err := a.span(seq)
		if err != nil {
			return err
		}
		text := blankText(seq, int(end-off-frameHead-1))
		if text == nil {
			return fmt.Errorf("entry %d is too short to be withdrawn", seq)
		}
		if _, err := f.WriteAt(text, off+frameHead); err != nil {
			return err
		}
	}
	return f.Sync()
}
