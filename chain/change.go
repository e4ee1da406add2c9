package chain

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tamga"
)

// Change is which output of a transaction pays its maker back, under each of
// several rules (claims). It is a layer of its own: no wallet is joined by it.
type Change struct {
	TxID   string         `json:"txid"`
	Rules  []ChangeAnswer `json:"rules"`
	Change *ChangeOutput  `json:"change,omitempty"` // the consensus; absent where there is none
	Mix    *tamga.Mix     `json:"mix,omitempty"`    // several owners seem to have made it: no rule is asked
	Height *int64         `json:"height,omitempty"` // of the ledger: later spends may change the answer
}

// ChangeAnswer is the outputs that a rule cannot rule out as change. It names one
// where it leaves exactly one of several; Confidence is then that of the rule.
type ChangeAnswer struct {
	Rule       string         `json:"rule"` // rule@version
	Candidates []ChangeOutput `json:"candidates"`
	Confidence float64        `json:"confidence,omitempty"` // 0 to 1; absent where it names none
	Withheld   string         `json:"withheld,omitempty"`   // what the rule needs and the source does not know
}

// ChangeOutput is an output that may be the change.
type ChangeOutput struct {
	N          uint32   `json:"n"`
	Address    string   `json:"address,omitempty"`
	Confidence float64  `json:"confidence,omitempty"`
	Rules      []string `json:"rules,omitempty"`   // that name it
	Against    []string `json:"against,omitempty"` // that name another
}

// ChangeOf asks rules about a transaction; nil asks all. A mix has owners and
// change of several: where mix, which may be nil, tells one, no rule is asked.
//
// The consensus is the output that the surest rule names. Rules that name another
// take from its confidence what the surest of them has; where nothing is left
// there is no consensus. Rules that agree add nothing, as they rest on the same
// habits of the same wallets.
func ChangeOf(ctx context.Context, src Source, txid string, rules []ChangeRule, mix Mixer) (Change, error) {
	if !isTxID(txid) {
		return Change{}, fmt.Errorf("change: %w", subjectError{fmt.Sprintf("%q is no TXID", txid)})
	}
	tx, err := src.Tx(ctx, strings.ToLower(txid))
	if err != nil {
		return Change{}, fmt.Errorf("change of %s: %w", txid, err)
	}
	c := Change{TxID: tx.TxID, Rules: []ChangeAnswer{}}
	if c.Height, err = tipHeight(ctx, src); err != nil {
		return Change{}, fmt.Errorf("change of %s: %w", txid, err)
	}
	if mix != nil {
		if c.Mix = mix(tx); c.Mix != nil {
			return c, nil
		}
	}
	if len(tx.In) == 0 || tx.In[0].Coinbase {
		return c, nil // it spends nothing, so nothing comes back
	}
	if rules == nil {
		rules = ChangeRules()
	}
	v := &payment{src: src, tx: tx}
	v.outs = v.spendable()
	for _, r := range rules {
		left, withheld, err := r.candidates(ctx, v)
		if err != nil {
			return Change{}, fmt.Errorf("change of %s: %s: %w", txid, r.Name, err)
		}
		a := ChangeAnswer{Rule: r.Name + "@1", Candidates: []ChangeOutput{}, Withheld: withheld}
		for _, n := range left {
			a.Candidates = append(a.Candidates, ChangeOutput{N: n, Address: tx.Out[n].Address})
		}
		if len(left) == 1 && len(v.outs) > 1 {
			a.Confidence = r.Confidence
		}
		c.Rules = append(c.Rules, a)
	}
	c.Change = consensus(c.Rules)
	return c, nil
}

// consensus weighs the rules that name one output.
func consensus(answers []ChangeAnswer) *ChangeOutput {
	named := map[uint32]float64{}
	for _, a := range answers {
		if a.Confidence > 0 {
			n := a.Candidates[0].N
			named[n] = max(named[n], a.Confidence)
		}
	}
	var best *ChangeOutput
	rival := 0.0
	for _, a := range answers {
		if a.Confidence == 0 {
			continue
		}
		out := a.Candidates[0]
		if best == nil || named[out.N] > best.Confidence {
			out.Confidence = named[out.N]
			best = &out
		}
	}
	if best == nil {
		return nil
	}
	for _, a := range answers {
		switch {
		case a.Confidence == 0:
		case a.Candidates[0].N == best.N:
			best.Rules = append(best.Rules, a.Rule)
		default:
			rival = max(rival, a.Confidence)
			best.Against = append(best.Against, a.Rule)
		}
	}
	if best.Confidence = round2(best.Confidence - rival); best.Confidence <= 0 {
		return nil
	}
	return best
}

func round2(f float64) float64 { return float64(int(f*100+0.5)) / 100 }

// ChangeRule is a heuristic: of the outputs of a payment, those that it cannot
// rule out. Rules compose with And, Or and Not.
type ChangeRule struct {
	Name       string
	Confidence float64 // that its only candidate is the change
	candidates func(ctx context.Context, v *payment) (left []uint32, withheld string, err error)
}

// And leaves what both rules leave.
func (r ChangeRule) And(o ChangeRule) ChangeRule {
	return r.with(o, " & ", max(r.Confidence, o.Confidence), func(a, b bool) bool { return a && b })
}

// Or leaves what either rule leaves.
func (r ChangeRule) Or(o ChangeRule) ChangeRule {
	return r.with(o, " | ", min(r.Confidence, o.Confidence), func(a, b bool) bool { return a || b })
}

// Not leaves what the rule rules out.
func (r ChangeRule) Not() ChangeRule {
	return ChangeRule{"!" + r.Name, r.Confidence, func(ctx context.Context, v *payment) (left []uint32, withheld string, err error) {
		out, withheld, err := r.candidates(ctx, v)
		if withheld != "" || err != nil {
			return nil, withheld, err
		}
		for _, n := range v.outs {
			if !slices.Contains(out, n) {
				left = append(left, n)
			}
		}
		return left, "", nil
	}}
}

func (r ChangeRule) with(o ChangeRule, sign string, confidence float64, keep func(a, b bool) bool) ChangeRule {
	return ChangeRule{r.Name + sign + o.Name, confidence, func(ctx context.Context, v *payment) (left []uint32, withheld string, err error) {
		a, withheld, err := r.candidates(ctx, v)
		if withheld != "" || err != nil {
			return nil, withheld, err
		}
		b, withheld, err := o.candidates(ctx, v)
		if withheld != "" || err != nil {
			return nil, withheld, err
		}
		for _, n := range v.outs {
			if keep(slices.Contains(a, n), slices.Contains(b, n)) {
				left = append(left, n)
			}
		}
		return left, "", nil
	}}
}

// ParseChangeRule reads rules composed with & (both leave it), | (either does)
// and ! (ruled out): "optimal & fresh", "address-type & !power-of-ten:8".
func ParseChangeRule(s string) (ChangeRule, error) {
	var either *ChangeRule
	for _, part := range strings.Split(s, "|") {
		var both *ChangeRule
		for _, name := range strings.Split(part, "&") {
			name, not := strings.CutPrefix(strings.TrimSpace(name), "!")
			r, err := changeRule(name)
			if err != nil {
				return ChangeRule{}, err
			}
			if not {
				r = r.Not()
			}
			if both != nil {
				r = both.And(r)
			}
			both = &r
		}
		if either != nil {
			*both = either.Or(*both)
		}
		either = both
	}
	return *either, nil
}

func changeRule(name string) (ChangeRule, error) {
	if digits, ok := strings.CutPrefix(name, "power-of-ten:"); ok {
		if n, err := strconv.ParseUint(digits, 10, 5); err == nil && n <= 18 {
			return PowerOfTen(int(n)), nil
		}
	}
	var names []string
	for _, r := range ChangeRules() {
		if r.Name == name {
			return r, nil
		}
		names = append(names, r.Name)
	}
	return ChangeRule{}, fmt.Errorf("no change rule %q: there are %s", name, strings.Join(names, ", "))
}
