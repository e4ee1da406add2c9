package chaintest

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tamga"
	"tamga/chain"
	"tamga/chain/coinjoin"
)

// expectation is a question of a .trace file with the lines that follow it.
type expectation struct {
	line  int
	verb  string
	words []string
	want  []expected
}

type expected struct {
	line  int
	words []string
}

// fact is a part of an answer: how it reads, and which lines say it.
type fact struct {
	text  string
	match func(words []string) bool
	free  bool // need not be listed
	used  bool
}

// check asks the question and wants every part of the answer listed, each once,
// but for what is free.
func (f *traceFile) check(e *expectation) error {
	ask := map[string]func([]string) ([]*fact, error){
		"trace": f.trace, "peel": f.peel, "changeof": f.changeOf, "paths": f.paths, "exposure": f.exposure,
	}[e.verb]
	facts, err := ask(e.words)
	if err != nil {
		return fmt.Errorf("line %d: %w", e.line, err)
	}
next:
	for _, w := range e.want {
		for _, x := range facts {
			if !x.used && x.match(w.words) {
				x.used = true
				continue next
			}
		}
		var got strings.Builder
		for _, x := range facts {
			fmt.Fprintf(&got, "\n\t%s", x.text)
		}
		return fmt.Errorf("line %d: %s: not so; the answer has%s", w.line, strings.Join(w.words, " "), &got)
	}
	for _, x := range facts {
		if !x.used && !x.free {
			return fmt.Errorf("line %d: the answer has more: %s", e.line, x.text)
		}
	}
	return nil
}

// says is a fact that one line alone says.
func says(words ...string) *fact {
	return &fact{text: strings.Join(words, " "), match: func(w []string) bool { return slices.Equal(w, words) }}
}

// fails is the fact that a question had no answer.
func fails(err error) []*fact {
	return []*fact{{
		text: fmt.Sprintf("fails %v", err),
		match: func(w []string) bool {
			return w[0] == "fails" && strings.Contains(err.Error(), strings.Join(w[1:], " "))
		},
	}}
}

// place is an outpoint in both ways it can be written.
type place [2]string

func (f *traceFile) place(o tamga.Outpoint) place {
	return place{f.owner[o], fmt.Sprintf("%s:%d", f.names[o.TxID], o.Vout)}
}

func (p place) is(s string) bool { return s != "" && (p[0] == s || p[1] == s) }

// subject turns the name of a transaction, or of an output of it, into its id.
func (f *traceFile) subject(word string) string {
	name, vout, ok := strings.Cut(word, ":")
	id := f.ids[name]
	switch {
	case id == "":
		return word
	case ok:
		return id + ":" + vout
	}
	return id
}

// mixer is the classifier of coinjoins.
func mixer(tx *tamga.Tx) *tamga.Mix {
	c := coinjoin.Classify(tx, "regtest")
	if !c.Abstain {
		return nil
	}
	return &tamga.Mix{TxID: tx.TxID, Kind: c.Kind, Confidence: c.Confidence, Reasons: c.Reasons}
}

func (f *traceFile) options(words []string) (subject string, o chain.Options, err error) {
	if len(words) == 0 {
		return "", o, fmt.Errorf("trace of what")
	}
	for _, w := range words[1:] {
		key, value, _ := strings.Cut(w, "=")
		n := 0
		switch key {
		case chain.Forward, chain.Backward:
			o.Direction = key
		case "method":
			o.Method = value
		case "hops":
			o.Hops, err = strconv.Atoi(value)
		case "fanout":
			o.Fanout, err = strconv.Atoi(value)
		case "minvalue":
			o.MinValue, err = coins(value)
		case "since":
			n, err = strconv.Atoi(value)
			o.Since = blockTime(int64(n))
		case "until":
			n, err = strconv.Atoi(value)
			o.Until = blockTime(int64(n))
		case "mixes":
			o.Mix = mixer
		case "assume":
			o.Assume = append(o.Assume, f.ids[value])
		case "stop":
			if o.Mix, o.StopMix = mixer, true; value != "mix" {
				err = fmt.Errorf("stop at what: %q", value)
			}
		case "mix":
			o.Stop = func(tx *tamga.Tx, _ tamga.TxOut) string {
				if tx.TxID == f.ids[value] {
					return chain.EndMix
				}
				return ""
			}
		default:
			err = fmt.Errorf("unknown option %q", w)
		}
		if err != nil {
			return "", o, err
		}
	}
	return f.subject(words[0]), o, nil
}

func (f *traceFile) trace(words []string) (facts []*fact, err error) {
	words, byWallet := atLevel(words)
	subject, o, err := f.options(words)
	if err != nil {
		return nil, err
	}
	if byWallet {
		return f.walletTrace(subject, o)
	}
	tr, err := chain.Trace(context.Background(), f.ledger, subject, o)
	if err != nil {
		return fails(err), nil
	}
	for _, h := range tr.Hops {
		in, out := f.place(tamga.Outpoint{TxID: h.In.TxID, Vout: *h.In.Vout}), f.place(tamga.Outpoint{TxID: h.TxID, Vout: h.Out.N})
		facts = append(facts, &fact{
			text: fmt.Sprintf("hop %d %s %s -> %s %s satoshis", h.Depth, f.names[h.TxID], in[1], out[1], h.Amount),
			match: func(w []string) bool {
				if len(w) != 7 || w[0] != "hop" || w[4] != "->" {
					return false
				}
				v, err := coins(w[6])
				return err == nil && w[1] == strconv.Itoa(h.Depth) && w[2] == f.names[h.TxID] &&
					in.is(w[3]) && out.is(w[5]) && h.Amount.Cmp(tamga.NewAmount(v, "")) == 0
			},
		})
	}
	for _, x := range tr.Ends {
		facts = append(facts, f.end(x))
	}
	return append(facts, f.mixes(tr.Mixes)...), nil
}

func (f *traceFile) end(x tamga.End) *fact {
	at := f.place(tamga.Outpoint{TxID: x.TxID, Vout: x.Vout})
	return &fact{
		text:  fmt.Sprintf("end %s %s", at[1], x.Reason),
		match: func(w []string) bool { return len(w) == 3 && w[0] == "end" && at.is(w[1]) && w[2] == x.Reason },
	}
}

func (f *traceFile) mixes(all []tamga.Mix) (facts []*fact) {
	for _, m := range all {
		how := "passed"
		switch {
		case m.Stopped:
			how = "stopped"
		case m.Assumed:
			how = "assumed"
		}
		facts = append(facts, says("mix", f.names[m.TxID], how))
	}
	return facts
}

func (f *traceFile) peel(words []string) (facts []*fact, err error) {
	subject, o, err := f.options(words)
	if err != nil {
		return nil, err
	}
	p, err := chain.Peel(context.Background(), f.ledger, subject, chain.PeelOptions{Direction: o.Direction, Hops: o.Hops, Mix: mixer})
	if err != nil {
		return fails(err), nil
	}
	for _, s := range p.Steps {
		name, at := f.names[s.TxID], place{"none", "none"}
		if s.Change != nil {
			at = f.place(tamga.Outpoint{TxID: s.TxID, Vout: s.Change.N})
		}
		facts = append(facts, &fact{
			text:  fmt.Sprintf("change %s %s", name, at[1]),
			match: func(w []string) bool { return len(w) == 3 && w[0] == "change" && w[1] == name && at.is(w[2]) },
		})
	}
	return append(facts, says("stops", p.End)), nil
}

func (f *traceFile) changeOf(words []string) (facts []*fact, err error) {
	if len(words) == 0 {
		return nil, fmt.Errorf("change of what")
	}
	var rules []chain.ChangeRule
	if len(words) > 1 {
		r, err := chain.ParseChangeRule(strings.Join(words[1:], " "))
		if err != nil {
			return nil, err
		}
		rules = append(rules, r)
	}
	c, err := chain.ChangeOf(context.Background(), f.ledger, f.subject(words[0]), rules, mixer)
	if err != nil {
		return fails(err), nil
	}
	if c.Mix != nil {
		return []*fact{says("mix", f.names[c.TxID], "stopped")}, nil
	}
	for _, r := range c.Rules {
		name, _, _ := strings.Cut(r.Rule, "@")
		line := []string{"rule", strings.ReplaceAll(name, " ", "")}
		for _, o := range r.Candidates {
			line = append(line, f.place(tamga.Outpoint{TxID: c.TxID, Vout: o.N})[1])
		}
		switch {
		case r.Withheld != "":
			line = append(line, "withheld")
		case len(r.Candidates) == 0:
			line = append(line, "none")
		}
		x := says(line...)
		x.free = true
		facts = append(facts, x)
	}
	if c.Change == nil {
		return append(facts, says("consensus", "none")), nil
	}
	at := f.place(tamga.Outpoint{TxID: c.TxID, Vout: c.Change.N})
	return append(facts, &fact{
		text: fmt.Sprintf("consensus %s %.2f", at[1], c.Change.Confidence),
		match: func(w []string) bool {
			return len(w) == 3 && w[0] == "consensus" && at.is(w[1]) && w[2] == fmt.Sprintf("%.2f", c.Change.Confidence)
		},
	}), nil
}

func (f *traceFile) paths(words []string) (facts []*fact, err error) {
	words, byWallet := atLevel(words)
	if len(words) < 2 {
		return nil, fmt.Errorf("paths from what to what")
	}
	o := chain.PathOptions{}
	for _, w := range words[2:] {
		key, value, _ := strings.Cut(w, "=")
		switch key {
		case "k":
			o.K, err = strconv.Atoi(value)
		case "budget":
			o.Budget, err = strconv.Atoi(value)
		case "fanout":
			o.Fanout, err = strconv.Atoi(value)
		case "cost":
			o.Cost = value
		case "stop":
			o.Mix, o.StopMix = mixer, true
		default:
			err = fmt.Errorf("unknown option %q", w)
		}
		if err != nil {
			return nil, err
		}
	}
	if byWallet {
		return f.walletPaths(words[0], words[1], o)
	}
	found, err := chain.FindPaths(context.Background(), f.ledger, f.subject(words[0]), f.subject(words[1]), o)
	if err != nil {
		return fails(err), nil
	}
	for _, p := range found.Paths {
		var at []place
		text := fmt.Sprintf("path %.4g", p.Share)
		for i, h := range p.Hops {
			if i == 0 {
				at = append(at, f.place(tamga.Outpoint{TxID: h.In.TxID, Vout: *h.In.Vout}))
				text += " " + at[0][1]
			}
			at = append(at, f.place(tamga.Outpoint{TxID: h.TxID, Vout: h.Out.N}))
			text += " " + at[i+1][1]
		}
		if p.AtMost {
			text += " at-most"
		}
		facts = append(facts, &fact{text: text, match: func(w []string) bool {
			share, places := fmt.Sprintf("%.4g", p.Share), w
			if len(w) < 2 || w[0] != "path" || w[1] != share {
				return false
			}
			if places = w[2:]; p.AtMost {
				if len(places) == 0 || places[len(places)-1] != "at-most" {
					return false
				}
				places = places[:len(places)-1]
			}
			return slices.EqualFunc(at, places, place.is)
		}})
	}
	if !found.Complete {
		facts = append(facts, says("stops", "budget"))
	}
	return facts, nil
}

// tagged is a chain.Tagger in memory.
type tagged map[string][]tamga.Tag

// Lookup returns the tags of a wallet.
func (t tagged) Lookup(_ context.Context, wallet string) ([]tamga.Tag, error) { return t[wallet], nil }

func (f *traceFile) exposure(words []string) (facts []*fact, err error) {
	subject, o, err := f.options(words)
	if err != nil {
		return nil, err
	}
	e, err := chain.ExposureOf(context.Background(), f.ledger, subject, f.tags, o)
	if err != nil {
		return fails(err), nil
	}
	for _, c := range e.Categories {
		for _, x := range c.Ends {
			facts = append(facts, f.way(c.Category, x.Path))
		}
		for _, x := range []struct {
			how string
			chain.Interval
		}{{"direct", c.Direct}, {"indirect", c.Indirect}} {
			if x.Poison.Sign() == 0 {
				continue
			}
			facts = append(facts, &fact{
				text: fmt.Sprintf("%s %s %s %s satoshis", x.how, c.Category, x.FIFO, x.Poison),
				match: func(w []string) bool {
					if len(w) != 4 || w[0] != x.how || w[1] != c.Category {
						return false
					}
					low, err := coins(w[2])
					high, err2 := coins(w[3])
					return err == nil && err2 == nil && x.FIFO.Cmp(tamga.NewAmount(low, "")) == 0 && x.Poison.Cmp(tamga.NewAmount(high, "")) == 0
				},
			})
		}
	}
	return facts, nil
}

// way is the fact that hops lead to or from what is tagged; it need not be listed.
func (f *traceFile) way(category string, hops []tamga.Hop) *fact {
	var at []place
	text := "way " + category
	for i, h := range hops {
		if i == 0 {
			at = append(at, f.place(tamga.Outpoint{TxID: h.In.TxID, Vout: *h.In.Vout}))
		}
		at = append(at, f.place(tamga.Outpoint{TxID: h.TxID, Vout: h.Out.N}))
	}
	for _, p := range at {
		text += " " + p[1]
	}
	return &fact{text: text, free: true, match: func(w []string) bool {
		return len(w) >= 2 && w[0] == "way" && w[1] == category && slices.EqualFunc(at, w[2:], place.is)
	}}
}
