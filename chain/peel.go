package chain

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"tamga"
)

// Why a peel chain ends, beside EndHops, EndMix, EndUnknown, EndCoinbase and
// EndUnspent (no output is spent).
const (
	EndMismatch  = "mismatch"  // no neighbour has the fingerprint
	EndAmbiguous = "ambiguous" // more than one has it
)

// PeelChain is payments of one wallet, each made with the change of the one
// before, as its fingerprint tells (claim).
type PeelChain struct {
	Subject   string     `json:"subject"`
	Direction string     `json:"direction"`
	Rule      string     `json:"rule"`
	Steps     []PeelStep `json:"steps"`
	End       string     `json:"end"`
	Height    *int64     `json:"height,omitempty"` // of the ledger: later spends may change the answer
}

// PeelStep is a transaction of a peel chain. The last one may have no change: its
// rejected outputs say why.
type PeelStep struct {
	TxID     string       `json:"txid"`
	Height   *int64       `json:"height,omitempty"`
	Change   *PeelOutput  `json:"change,omitempty"`
	Rejected []PeelOutput `json:"rejected"`
	Matched  []string     `json:"matched"`         // features that the transaction and the spender of its change share
	Given    bool         `json:"given,omitempty"` // the change is the subject, not found
}

// PeelOutput is an output with what spent it.
type PeelOutput struct {
	N       uint32       `json:"n"`
	Address string       `json:"address,omitempty"`
	Value   tamga.Amount `json:"value"`
	Spender string       `json:"spender,omitempty"` // unspent without
	Unknown bool         `json:"unknown,omitempty"` // the source does not hold what spent it, or cannot tell
	Differs []string     `json:"differs,omitempty"` // features in which the spender is of another wallet
}

// PeelOptions bound the search. Direction is Forward (default) or Backward; Hops
// of 0 is no limit; Mix, where set, tells the transactions that end a chain.
type PeelOptions struct {
	Direction string
	Hops      int
	Mix       Mixer
}

const peelRule = "fingerprint@1"

// leastFeatures is how many features must be known on both sides for a match to
// say something.
const leastFeatures = 3

// Peel follows a peel chain from a transaction, or from an output of it that is
// taken for the change (TXID:N). Of the outputs of each transaction it goes on
// through the one whose spender has the same fingerprint, and only if there is
// exactly one. Backward, it goes to the one transaction of those whose outputs are
// spent from which this rule leads here.
func Peel(ctx context.Context, src Source, subject string, o PeelOptions) (PeelChain, error) {
	p := peeler{src: src, o: o, out: PeelChain{Subject: subject, Direction: Forward, Rule: peelRule, Steps: []PeelStep{}}}
	id, vout, given := strings.Cut(subject, ":")
	if !isTxID(id) {
		return PeelChain{}, fmt.Errorf("peel: %w", subjectError{fmt.Sprintf("%q is no TXID or TXID:N", subject)})
	}
	tx, err := src.Tx(ctx, strings.ToLower(id))
	if err != nil {
		return PeelChain{}, fmt.Errorf("peel %s: %w", subject, err)
	}
	if o.Direction == Backward {
		p.out.Direction = Backward
		if given {
			return PeelChain{}, fmt.Errorf("peel %s: backward wants a transaction, not an output", subject)
		}
		err = p.backward(ctx, tx)
	} else {
		n := uint64(0)
		if given {
			if n, err = strconv.ParseUint(vout, 10, 32); err != nil || n >= uint64(len(tx.Out)) {
				return PeelChain{}, fmt.Errorf("peel %s: %w", subject, noOutput(tx))
			}
		}
		err = p.forward(ctx, tx, given, uint32(n))
	}
	if err != nil {
		return PeelChain{}, fmt.Errorf("peel %s: %w", subject, err)
	}
	if p.out.Height, err = tipHeight(ctx, src); err != nil {
		return PeelChain{}, fmt.Errorf("peel %s: %w", subject, err)
	}
	return p.out, nil
}

type peeler struct {
	src Source
	o   PeelOptions
	out PeelChain
}

func (p *peeler) forward(ctx context.Context, tx *tamga.Tx, given bool, n uint32) error {
	for {
		if p.o.Hops > 0 && len(p.out.Steps) == p.o.Hops {
			p.out.End = EndHops
			return nil
		}
		var step PeelStep
		var next *tamga.Tx
		var err error
		if given {
			step, next, err = p.give(ctx, tx, n)
			given = false
		} else {
			step, next, p.out.End, err = p.step(ctx, tx)
		}
		if err != nil {
			return err
		}
		p.out.Steps = append(p.out.Steps, step)
		if next == nil {
			if p.out.End == "" {
				p.out.End = EndUnspent
			}
			return nil
		}
		tx = next
	}
}

// give is the first step where the subject is the change.
func (p *peeler) give(ctx context.Context, tx *tamga.Tx, n uint32) (PeelStep, *tamga.Tx, error) {
	step := newStep(tx)
	step.Given = true
	var next *tamga.Tx
	for _, out := range tx.Out {
		o, spender, err := p.spender(ctx, tx, out)
		if err != nil {
			return step, nil, err
		}
		if out.N != n {
			step.Rejected = append(step.Rejected, o)
			continue
		}
		if next = spender; next != nil {
			step.Matched, o.Differs = FingerprintOf(tx).Compare(FingerprintOf(next))
		} else if o.Unknown {
			p.out.End = EndUnknown
		}
		step.Change = &o
	}
	return step, next, nil
}

// step finds the change of a transaction. next is nil where the chain ends there.
func (p *peeler) step(ctx context.Context, tx *tamga.Tx) (step PeelStep, next *tamga.Tx, end string, err error) {
	step = newStep(tx)
	if len(tx.In) == 0 || tx.In[0].Coinbase {
		return step, nil, EndCoinbase, nil // miners sign nothing: it has no fingerprint
	}
	if p.o.Mix != nil && p.o.Mix(tx) != nil {
		return step, nil, EndMix, nil
	}
	mine := FingerprintOf(tx)
	type candidate struct {
		out  PeelOutput
		next *tamga.Tx
		same []string
	}
	var found []candidate
	spent, lost := false, false
	for _, out := range tx.Out {
		o, spender, err := p.spender(ctx, tx, out)
		if err != nil {
			return step, nil, "", err
		}
		spent = spent || o.Spender != ""
		if spender == nil {
			lost = lost || o.Unknown
			step.Rejected = append(step.Rejected, o)
			continue
		}
		same, differs := mine.Compare(FingerprintOf(spender))
		if o.Differs = differs; len(differs) == 0 && len(same) >= leastFeatures {
			found = append(found, candidate{o, spender, same})
			continue
		}
		step.Rejected = append(step.Rejected, o)
	}
	switch {
	case lost: // what spent an output is not at hand, so nothing says there is but one
		end = EndUnknown
	case len(found) == 1:
		step.Change, step.Matched = &found[0].out, found[0].same
		return step, found[0].next, "", nil
	case len(found) > 1:
		end = EndAmbiguous
	case !spent:
		end = EndUnspent
	default:
		end = EndMismatch
	}
	for _, c := range found {
		step.Rejected = append(step.Rejected, c.out)
	}
	return step, nil, end, nil
}

// spender describes an output and reads the transaction that spent it: nil where
// it is unspent or unknown.
func (p *peeler) spender(ctx context.Context, tx *tamga.Tx, out tamga.TxOut) (PeelOutput, *tamga.Tx, error) {
	o := PeelOutput{N: out.N, Address: out.Address, Value: out.Value}
	s, found, err := p.src.Spender(ctx, tamga.Outpoint{TxID: tx.TxID, Vout: out.N})
	if err == nil && !found {
		return o, nil, nil
	}
	var next *tamga.Tx
	if err == nil {
		o.Spender = s.TxID
		next, err = p.src.Tx(ctx, s.TxID)
	}
	if errors.Is(err, ErrNotFound) {
		o.Unknown = true
		return o, nil, nil
	}
	return o, next, err
}

func (p *peeler) backward(ctx context.Context, tx *tamga.Tx) error {
	for {
		if p.o.Hops > 0 && len(p.out.Steps) == p.o.Hops {
			p.out.End = EndHops
			return nil
		}
		if len(tx.In) == 0 || tx.In[0].Coinbase {
			p.out.End = EndCoinbase
			return nil
		}
		if p.o.Mix != nil && p.o.Mix(tx) != nil {
			p.out.End = EndMix
			return nil
		}
		step, parent, end, err := p.parent(ctx, tx)
		if err != nil {
			return err
		}
		if parent == nil {
			p.out.End = end
			return nil
		}
		p.out.Steps = append(p.out.Steps, step)
		tx = parent
	}
}

// parent finds the one transaction whose change a transaction spends.
func (p *peeler) parent(ctx context.Context, tx *tamga.Tx) (step PeelStep, parent *tamga.Tx, end string, err error) {
	seen := map[string]bool{}
	lost, minted := false, true
	for _, in := range tx.In {
		if seen[in.Prev.TxID] {
			continue
		}
		seen[in.Prev.TxID] = true
		prev, err := p.src.Tx(ctx, in.Prev.TxID)
		if errors.Is(err, ErrNotFound) {
			lost = true
			continue
		}
		if err != nil {
			return step, nil, "", err
		}
		minted = minted && len(prev.In) > 0 && prev.In[0].Coinbase
		s, next, _, err := p.step(ctx, prev)
		if err != nil {
			return step, nil, "", err
		}
		if next == nil || next.TxID != tx.TxID {
			continue
		}
		if parent != nil {
			return step, nil, EndAmbiguous, nil
		}
		step, parent = s, prev
	}
	switch {
	case lost: // one that is not at hand might be it, too
		return step, nil, EndUnknown, nil
	case parent == nil && minted:
		return step, nil, EndCoinbase, nil
	case parent == nil:
		return step, nil, EndMismatch, nil
	}
	return step, parent, "", nil
}

func newStep(tx *tamga.Tx) PeelStep {
	s := PeelStep{TxID: tx.TxID, Rejected: []PeelOutput{}, Matched: []string{}}
	if tx.Height >= 0 {
		s.Height = &tx.Height
	}
	return s
}

// tipHeight is the height of the last block that a source knows, nil where unknown.
func tipHeight(ctx context.Context, src Source) (*int64, error) {
	tip, err := src.Tip(ctx)
	if err != nil || tip.Height < 0 {
		return nil, err
	}
	return &tip.Height, nil
}

func decimal(n int64) string { return strconv.FormatInt(n, 10) }
