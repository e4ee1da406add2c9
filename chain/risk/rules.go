package risk

import (
	"context"
	"fmt"

	"tamga"
	"tamga/chain"
)

// Flag is the answer of one rule (claim).
type Flag struct {
	Rule       string         `json:"rule"`
	Version    int            `json:"version"`
	Met        bool           `json:"met"`
	Evidence   []Evidence     `json:"evidence"`
	Parameters map[string]any `json:"parameters"`
	Withheld   string         `json:"withheld,omitempty"` // what the rule needs and has not got; then it is not met
}

// Evidence is one thing that a flag rests on.
type Evidence struct {
	What    string        `json:"what"`
	TxID    string        `json:"txid,omitempty"`
	Vout    *uint32       `json:"vout,omitempty"`
	Address string        `json:"address,omitempty"`
	Amount  *tamga.Amount `json:"amount,omitempty"`
	Time    string        `json:"time,omitempty"` // RFC 3339
	Depth   int           `json:"depth,omitempty"`
	Tag     *tamga.Tag    `json:"tag,omitempty"`
	Fiat    *tamga.Fiat   `json:"fiat,omitempty"`
}

// Params are the thresholds that a person may set. Those of the rules themselves
// are constants beside them; both are printed with every flag.
type Params struct {
	Hops     int    // transactions to follow each way for what is exposure
	Currency string // ISO 4217, of the reporting thresholds
}

// rule is one red flag of the FATF's report "Virtual Assets: Red Flag Indicators
// of Money Laundering and Terrorist Financing" (September 2020).
type rule struct {
	name    string
	version int
	judge   func(*view, *Flag) error
}

// rules in the order of the report: transactions, patterns, anonymity, senders
// and recipients, source of funds.
var rules = []rule{
	{"structuring", 1, structuring},
	{"rapid-movement", 1, rapidMovement},
	{"fan-out-to-services", 1, fanOut},
	{"dormant-then-sudden", 1, dormant},
	{"accumulation-then-cash-out", 1, accumulation},
	{"peel-chain", 1, peelChain},
	{"mixer-exposure", 1, mixerExposure},
	{"p2p-exposure", 1, p2pExposure},
	{"sanctioned-exposure", 1, sanctionedExposure},
}

// meanings are the rules in words.
var meanings = map[string]string{
	"structuring":                "several payments within three days, each a little below an amount from which services must report",
	"rapid-movement":             "nearly all that came was gone within the hour",
	"fan-out-to-services":        "within a day the value was at three services or more",
	"dormant-then-sudden":        "after half a year or more without a movement most of the balance left within a day",
	"accumulation-then-cash-out": "many small payments of unrelated payers, then most of it at services",
	"peel-chain":                 "a long chain of payments, each made with the change of the last",
	"mixer-exposure":             "value went through, or came from, a service or transaction that mixes the coins of several owners",
	"p2p-exposure":               "value went to, or came from, a peer-to-peer exchange",
	"sanctioned-exposure":        "value went to, or came from, an address on a sanctions list",
}

// Meaning is what a rule looks for, in words.
func Meaning(rule string) string { return meanings[rule] }

// Assess applies every rule to a subject, each one for itself.
func (f *Facts) Assess(ctx context.Context, subject string, p Params) ([]Flag, error) {
	v, err := f.view(ctx, subject, p)
	if err != nil {
		return nil, err
	}
	out := make([]Flag, 0, len(rules))
	for _, r := range rules {
		flag := Flag{Rule: r.name, Version: r.version, Evidence: []Evidence{}, Parameters: map[string]any{}}
		if err := r.judge(v, &flag); err != nil {
			return nil, fmt.Errorf("rule %s: %w", r.name, err)
		}
		if flag.Withheld != "" {
			flag.Met = false
		}
		out = append(out, flag)
	}
	return out, nil
}

// view is a subject with what the rules look at.
type view struct {
	*Facts
	ctx      context.Context
	p        Params
	subject  string
	coins    []coin // what it was paid, in chain order
	forward  tamga.Trace
	backward tamga.Trace
}

// mostCoins bounds what a subject may have: more is a service, of which these
// rules say nothing.
const mostCoins = 20000

func (f *Facts) view(ctx context.Context, subject string, p Params) (*view, error) {
	v := &view{Facts: f, ctx: ctx, p: p, subject: subject}
	if err := v.load(); err != nil {
		return nil, err
	}
	var err error
	if v.forward, err = f.follow(ctx, subject, chain.Options{Hops: p.Hops}); err != nil {
		return nil, err
	}
	v.backward, err = f.follow(ctx, subject, chain.Options{Direction: chain.Backward, Hops: p.Hops})
	return v, err
}
