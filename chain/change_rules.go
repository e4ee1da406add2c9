package chain

import (
	"context"
	"errors"
	"strconv"

	"tamga"
)

// ChangeRules are the heuristics for change, each with what is said for it in
// docs/heuristics.md. Their confidence is set, not measured.
func ChangeRules() []ChangeRule {
	return []ChangeRule{
		{"address-reuse", 0.95, each(addressReuse)},
		{"one-time", 0.5, oneTime},
		{"optimal", 0.5, each(optimal)},
		{"address-type", 0.5, each(addressType)},
		PowerOfTen(6),
		{"locktime", 0.5, eachSpender(sameLockTime)},
		{"fresh", 0.6, each(fresh)},
		{"fixed-fee", 0.4, eachSpender(sameFee)},
		{"peeling", 0.3, peeling},
		{"fingerprint", 0.7, fingerprint},
	}
}

// payment is a transaction whose change is asked for.
type payment struct {
	src     Source
	tx      *tamga.Tx
	outs    []uint32 // those that somebody can spend
	spender map[uint32]*spenderOf
}

// spenderOf is what spent an output. tx is nil where the source names it and does
// not hold it, or cannot tell what spent the output.
type spenderOf struct {
	found bool
	tx    *tamga.Tx
}

func (v *payment) spendable() (outs []uint32) {
	for _, o := range v.tx.Out {
		if o.Type != "nulldata" {
			outs = append(outs, o.N)
		}
	}
	return outs
}

func (v *payment) spentBy(ctx context.Context, n uint32) (*spenderOf, error) {
	if s := v.spender[n]; s != nil {
		return s, nil
	}
	spend, found, err := v.src.Spender(ctx, tamga.Outpoint{TxID: v.tx.TxID, Vout: n})
	untold := errors.Is(err, ErrNotFound)
	if err != nil && !untold {
		return nil, err
	}
	s := &spenderOf{found: found || untold}
	if found {
		if s.tx, err = v.src.Tx(ctx, spend.TxID); err != nil && !errors.Is(err, ErrNotFound) {
			return nil, err
		}
	}
	if v.spender == nil {
		v.spender = map[uint32]*spenderOf{}
	}
	v.spender[n] = s
	return s, nil
}

// each leaves the outputs for which a condition holds; a reason to withhold ends
// the rule, as what it cannot judge it cannot rule out.
func each(holds func(ctx context.Context, v *payment, o tamga.TxOut) (bool, string, error)) func(context.Context, *payment) ([]uint32, string, error) {
	return func(ctx context.Context, v *payment) (left []uint32, withheld string, err error) {
		for _, n := range v.outs {
			ok, withheld, err := holds(ctx, v, v.tx.Out[n])
			if withheld != "" || err != nil {
				return nil, withheld, err
			}
			if ok {
				left = append(left, n)
			}
		}
		return left, "", nil
	}
}

// eachSpender leaves the outputs that are unspent or whose spender is like the
// payment.
func eachSpender(like func(payment, spender *tamga.Tx) (bool, string)) func(context.Context, *payment) ([]uint32, string, error) {
	return each(func(ctx context.Context, v *payment, o tamga.TxOut) (bool, string, error) {
		s, err := v.spentBy(ctx, o.N)
		if err != nil {
			return false, "", err
		}
		if !s.found {
			return true, "", nil
		}
		if s.tx == nil {
			return false, unknownSpender, nil
		}
		ok, withheld := like(v.tx, s.tx)
		return ok, withheld, nil
	})
}

const unknownSpender = "a spender is not in this source"

const unknownInput = "an input is unknown"

// addressReuse: it pays an address that an input spends from (direct change).
func addressReuse(_ context.Context, v *payment, o tamga.TxOut) (bool, string, error) {
	for _, in := range v.tx.In {
		if in.Address != "" && in.Address == o.Address {
			return true, "", nil
		}
	}
	return false, "", nil
}

// smallestInput is the value of the smallest input; ok is false where one is
// unknown.
func smallestInput(tx *tamga.Tx) (least int64, ok bool) {
	for i := range tx.In {
		n, known := inputValue(tx, uint32(i))
		if !known {
			return 0, false
		}
		if i == 0 || n < least {
			least = n
		}
	}
	return least, true
}

// optimal: it is smaller than every input; else an input would not have been
// needed.
func optimal(_ context.Context, v *payment, o tamga.TxOut) (bool, string, error) {
	least, ok := smallestInput(v.tx)
	if !ok {
		return false, unknownInput, nil
	}
	n, _ := o.Value.Int64()
	return n < least, "", nil
}

// inputType is the script type that all inputs have, "" where they differ.
func inputType(tx *tamga.Tx) (typ, withheld string) {
	for i, in := range tx.In {
		switch {
		case !in.Known || in.Type == "":
			return "", unknownInput
		case i == 0:
			typ = in.Type
		case in.Type != typ:
			return "", ""
		}
	}
	return typ, ""
}

// addressType: its script is of the type that all inputs have. Inputs of several
// types rule nothing out.
func addressType(_ context.Context, v *payment, o tamga.TxOut) (bool, string, error) {
	typ, withheld := inputType(v.tx)
	return typ == "" || o.Type == typ, withheld, nil
}

// PowerOfTen leaves the outputs whose value is no multiple of 10^digits satoshi,
// digits from 0 to 18: people name round amounts, and change is what happens to
// be left. With 6, which ChangeRules has, that is 0.01 bitcoin.
func PowerOfTen(digits int) ChangeRule {
	unit, name := int64(1), "power-of-ten"
	for range min(digits, 18) {
		unit *= 10
	}
	if digits != 6 {
		name += ":" + strconv.Itoa(digits)
	}
	return ChangeRule{name, 0.4, each(func(_ context.Context, _ *payment, o tamga.TxOut) (bool, string, error) {
		n, _ := o.Value.Int64()
		return n%unit != 0, "", nil
	})}
}

// sameLockTime: the spender uses a lock time where the payment does.
func sameLockTime(tx, spender *tamga.Tx) (bool, string) {
	return (tx.LockTime > 0) == (spender.LockTime > 0), ""
}

// sameFee: the spender pays the same fee, in satoshi.
func sameFee(tx, spender *tamga.Tx) (bool, string) {
	a, ok := fee(tx)
	b, ok2 := fee(spender)
	if !ok || !ok2 {
		return false, unknownInput
	}
	return a == b, ""
}

func fee(tx *tamga.Tx) (int64, bool) {
	sum := inputSum(tx)
	if sum < 0 {
		return 0, false
	}
	for _, o := range tx.Out {
		n, _ := o.Value.Int64()
		sum -= n
	}
	return sum, true
}

const needsHistory = "this source does not answer for addresses"

// fresh: its address first appears here (client change).
func fresh(ctx context.Context, v *payment, o tamga.TxOut) (bool, string, error) {
	if o.Address == "" {
		return false, "", nil // whether its script was used before is not asked
	}
	if v.src.Can()&CanHistory == 0 {
		return false, needsHistory, nil
	}
	for paid, err := range v.src.History(ctx, o.Address) {
		return err == nil && paid.TxID == v.tx.TxID, "", err
	}
	return false, "", nil
}

// oneTime is GraphSense's one-time change: of 2 to 10 outputs the only one with
// the type of the inputs, no multiple of 1,000 satoshi, smaller than every input,
// to an address that was never paid before or since.
func oneTime(ctx context.Context, v *payment) (left []uint32, withheld string, err error) {
	if len(v.tx.Out) < 2 || len(v.tx.Out) > 10 {
		return nil, "", nil
	}
	if v.src.Can()&CanHistory == 0 {
		return nil, needsHistory, nil
	}
	typ, withheld := inputType(v.tx)
	least, known := smallestInput(v.tx)
	if withheld != "" || !known {
		return nil, unknownInput, nil
	}
	for _, n := range v.outs {
		o := v.tx.Out[n]
		value, _ := o.Value.Int64()
		if o.Address == "" || o.Type != typ || value%1000 == 0 || value >= least {
			continue
		}
		paid := 0
		for _, err := range v.src.History(ctx, o.Address) {
			if err != nil {
				return nil, "", err
			}
			if paid++; paid > 1 {
				break
			}
		}
		if paid == 1 {
			left = append(left, n)
		}
	}
	return left, "", nil
}

// peels says whether a transaction has the shape of a peel chain's.
func peels(tx *tamga.Tx) bool {
	return tx != nil && len(tx.In) == 1 && !tx.In[0].Coinbase && len(tx.Out) == 2
}

// peeling leaves what is unspent or spent by a further step, where the payment
// and one before or after it have one input and two outputs.
func peeling(ctx context.Context, v *payment) (left []uint32, withheld string, err error) {
	in, err := inPeelChain(ctx, v)
	if !in || err != nil {
		return nil, "", err
	}
	for _, n := range v.outs {
		s, err := v.spentBy(ctx, n)
		if err != nil {
			return nil, "", err
		}
		if s.found && s.tx == nil {
			return nil, unknownSpender, nil
		}
		further := !s.found
		if s.tx != nil {
			if further, err = inPeelChain(ctx, &payment{src: v.src, tx: s.tx}); err != nil {
				return nil, "", err
			}
		}
		if further {
			left = append(left, n)
		}
	}
	return left, "", nil
}

func inPeelChain(ctx context.Context, v *payment) (bool, error) {
	if !peels(v.tx) {
		return false, nil
	}
	prev, err := v.src.Tx(ctx, v.tx.In[0].Prev.TxID)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return false, err
	}
	if err == nil && peels(prev) {
		return true, nil
	}
	for _, o := range v.tx.Out {
		s, err := v.spentBy(ctx, o.N)
		if err != nil || peels(s.tx) {
			return err == nil, err
		}
	}
	return false, nil
}

// fingerprint leaves the outputs whose spender was made by the same software, as
// Peel tells.
func fingerprint(ctx context.Context, v *payment) (left []uint32, withheld string, err error) {
	mine := FingerprintOf(v.tx)
	for _, n := range v.outs {
		s, err := v.spentBy(ctx, n)
		if err != nil {
			return nil, "", err
		}
		if s.found && s.tx == nil {
			return nil, unknownSpender, nil
		}
		if s.tx == nil {
			continue
		}
		if same, differs := mine.Compare(FingerprintOf(s.tx)); len(differs) == 0 && len(same) >= leastFeatures {
			left = append(left, n)
		}
	}
	return left, "", nil
}
