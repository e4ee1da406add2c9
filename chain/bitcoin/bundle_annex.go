package bitcoin

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tamga"
	"tamga/chain"
)

// BundleView is what the reader of an annex sees of a bundle.
type BundleView struct {
	Manifest []byte
	StopTag  bool
	Fiat     string
	Assume   []string
	Log      *BundleLog
	Subject  string
	Trace    []byte            // trace.json
	Files    map[string][]byte // beside those of the ledger, the seal among them
}

// AnnexReader reads and checks what is not the ledger's.
type AnnexReader func(BundleView) AnnexReport

// AnnexReport is what an annex says, and what is wrong with it.
type AnnexReport struct {
	Stop     func(tx *tamga.Tx, out tamga.TxOut) string
	Finish   func(*tamga.Trace) error
	Joined   []Joined                 // to be checked against the transactions
	Decided  map[int64]tamga.Decision // of people, that the log holds
	Sealed   *Sealed
	Tags     int
	Rates    int
	Entries  []string // entries of the log that are proven, in words
	Problems []BundleProblem
}

// Sealed says which log vouches for a bundle. Whether that log is to be believed
// is a question of whose Key it is.
type Sealed struct {
	Key  string `json:"key"`
	Seq  int64  `json:"entry"`
	Time string `json:"time"`
	By   string `json:"by,omitempty"`
}

// Joined is the claim that two addresses share a wallet, with its proof.
type Joined struct {
	A, B  string
	Proof []tamga.Merge
}

// joined checks a proof of one wallet: each step is a transaction whose inputs
// spend from the addresses named, which clustering does not abstain from, or the
// decision of a person, and the steps lead from A to B.
func (s *bundleSource) joined(j Joined, decided map[int64]tamga.Decision) error {
	if len(j.Proof) == 0 {
		return errors.New("no proof")
	}
	mix := Mixes(s.network)
	known := []string{j.A}
	for _, step := range j.Proof {
		if d := step.Decision; d != nil {
			if got := decided[d.ID]; !sameDecision(got, *d) || d.Kind != tamga.Assert || !slices.Contains(known, d.A) && !slices.Contains(known, d.B) {
				return fmt.Errorf("the log holds no decision %d that joins %s and %s", d.ID, d.A, d.B)
			}
			known = append(known, d.A, d.B)
			continue
		}
		id, err := ParseHash(step.TxID)
		if err != nil {
			return err
		}
		t := s.txs[id]
		if t == nil {
			return fmt.Errorf("transaction %s is not in the bundle", step.TxID)
		}
		tx, err := vocabulary(t, s.network, func(id Hash) (*stored, error) { return s.txs[id], nil })
		if err != nil {
			return err
		}
		if mix(tx) != nil {
			return fmt.Errorf("transaction %s is one of several owners", step.TxID)
		}
		if step.Height != nil && *step.Height != tx.Height || step.Height == nil && tx.Height >= 0 {
			return fmt.Errorf("transaction %s stands at another height", step.TxID)
		}
		touches := false
		for _, in := range step.Inputs {
			if int(in.N) >= len(tx.In) || in.Address == "" || tx.In[in.N].Address != in.Address {
				return fmt.Errorf("input %d of transaction %s does not spend from %s", in.N, step.TxID, in.Address)
			}
			touches = touches || slices.Contains(known, in.Address)
		}
		if !touches || len(step.Inputs) < 2 {
			return fmt.Errorf("transaction %s joins nothing of what is before it", step.TxID)
		}
		for _, in := range step.Inputs {
			known = append(known, in.Address)
		}
	}
	if !slices.Contains(known, j.B) {
		return fmt.Errorf("the steps do not lead to %s", j.B)
	}
	return nil
}

func sameDecision(a, b tamga.Decision) bool {
	at := a.Time.Equal(b.Time)
	a.Time, b.Time = time.Time{}, time.Time{}
	return at && a == b
}

// linked checks that the blocks of a bundle can stand in one chain: one block a
// height, and where two follow each other the later names the earlier. It counts
// those pairs.
func linked(headers map[Hash]blockHeader) (pairs int, problems []error) {
	at := map[int64]Hash{}
	for id, h := range headers {
		if h.height < 0 {
			continue
		}
		if other, twice := at[h.height]; twice && other != id {
			problems = append(problems, fmt.Errorf("blocks %s and %s both say height %d", min(other.String(), id.String()), max(other.String(), id.String()), h.height))
		}
		at[h.height] = id
	}
	for id, h := range headers {
		if prev, ok := headers[h.prev]; ok && prev.height >= 0 && h.height >= 0 && prev.height+1 != h.height {
			problems = append(problems, fmt.Errorf("block %s follows %s, their heights are %d and %d", id, h.prev, h.height, prev.height))
		}
		before, ok := at[h.height-1]
		if h.height < 1 || !ok {
			continue
		}
		if before != h.prev {
			problems = append(problems, fmt.Errorf("block %s of height %d does not follow block %s of height %d", id, h.height, before, h.height-1))
			continue
		}
		pairs++
	}
	slices.SortFunc(problems, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return pairs, problems
}

// blockHeader is what the headers of a bundle say of their places.
type blockHeader struct {
	prev   Hash
	height int64
}

// stopper is how a trace of a bundle ends at what is not the ledger's.
func stopper(m bundleManifest, annex AnnexReport) func(*tamga.Tx, tamga.TxOut) string {
	if m.Options.StopTag {
		return annex.Stop
	}
	if len(m.Options.Stops) == 0 {
		return nil
	}
	stops := map[tamga.Outpoint]string{}
	for _, e := range m.Options.Stops {
		if e.Reason == chain.EndTag || e.Reason == chain.EndMix {
			stops[tamga.Outpoint{TxID: e.TxID, Vout: e.Vout}] = e.Reason
		}
	}
	return func(tx *tamga.Tx, out tamga.TxOut) string { return stops[tamga.Outpoint{TxID: tx.TxID, Vout: out.N}] }
}
