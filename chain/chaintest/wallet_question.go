package chaintest

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"tamga"
	"tamga/chain"
)

// join puts addresses into one wallet, which they are named by from now on.
func (f *traceFile) join(words []string) error {
	if len(words) < 3 || words[1] != "=" {
		return fmt.Errorf("want: wallet NAME = ADDRESS…")
	}
	for _, addr := range words[2:] {
		if f.wallet[addr] != "" {
			return fmt.Errorf("%s is in wallet %s already", addr, f.wallet[addr])
		}
		f.wallet[addr] = words[0]
	}
	f.joined[words[0]] = append(f.joined[words[0]], words[2:]...)
	return nil
}

func (f *traceFile) partition() chain.Partition {
	return chain.Partition{Rule: "said", Of: func(addr string) (string, bool, error) {
		w := f.wallet[addr]
		return w, w != "", nil
	}}
}

// atLevel takes level=wallet out of the words of a question.
func atLevel(words []string) (rest []string, byWallet bool) {
	const asked = "level=" + chain.LevelWallet
	return slices.DeleteFunc(slices.Clone(words), func(w string) bool { return w == asked }), slices.Contains(words, asked)
}

// flowFact is a line of words, a sum at its end but for the transactions below it.
func (f *traceFile) flowFact(sum tamga.Amount, hops []tamga.Hop, head ...string) *fact {
	var txs []string
	for _, h := range hops {
		if name := f.names[h.TxID]; !slices.Contains(txs, name) {
			txs = append(txs, name)
		}
	}
	slices.Sort(txs)
	return &fact{
		text: fmt.Sprintf("%s %s satoshis: %s", strings.Join(head, " "), sum, strings.Join(txs, " ")),
		match: func(w []string) bool {
			n := len(head)
			if len(w) <= n || !slices.Equal(w[:n], head) {
				return false
			}
			v, err := coins(w[n])
			below := slices.Sorted(slices.Values(w[n+1:]))
			return err == nil && sum.Cmp(tamga.NewAmount(v, "")) == 0 && slices.Equal(below, txs)
		},
	}
}

func (f *traceFile) walletTrace(subject string, o chain.Options) (facts []*fact, err error) {
	tr, err := chain.TraceWallets(context.Background(), f.ledger, subject, f.partition(), o)
	if err != nil {
		return fails(err), nil
	}
	for _, x := range tr.Flows {
		facts = append(facts, f.flowFact(x.Amount, x.Hops, "flow", fmt.Sprint(x.Depth), x.From, "->", x.To))
	}
	for _, w := range tr.Wallets {
		if len(w.Inside) == 0 {
			continue
		}
		sum := tamga.Amount{}
		for _, h := range w.Inside {
			if sum, err = sum.Add(h.Amount); err != nil {
				return nil, err
			}
		}
		facts = append(facts, f.flowFact(sum, w.Inside, "inside", w.Wallet))
	}
	for _, x := range tr.Ends {
		if want := f.place(tamga.Outpoint{TxID: x.TxID, Vout: x.Vout})[0]; x.Wallet != cmp.Or(f.wallet[want], want) && want != "" {
			return nil, fmt.Errorf("the end %s:%d is said to be in wallet %s", f.names[x.TxID], x.Vout, x.Wallet)
		}
		facts = append(facts, f.end(x.End))
	}
	return append(facts, f.mixes(tr.Mixes)...), nil
}

func (f *traceFile) members(word string) tamga.Wallet {
	if all := f.joined[cmp.Or(f.wallet[word], word)]; len(all) > 0 {
		return tamga.Wallet{ID: cmp.Or(f.wallet[word], word), Addresses: all}
	}
	return tamga.Wallet{ID: word, Addresses: []string{f.subject(word)}}
}

func (f *traceFile) walletPaths(from, to string, o chain.PathOptions) (facts []*fact, err error) {
	found, err := chain.FindWalletPaths(context.Background(), f.ledger, f.members(from), f.members(to), f.partition(), o)
	if err != nil {
		return fails(err), nil
	}
	if found.Same {
		facts = append(facts, says("stops", "same"))
	}
	for _, p := range found.Paths {
		facts = append(facts, f.flowFact(p.Amount, nil, append([]string{"line"}, p.Wallets...)...))
		for _, x := range p.Flows {
			facts = append(facts, f.flowFact(x.Amount, x.Hops, "flow", fmt.Sprint(x.Depth), x.From, "->", x.To))
		}
	}
	if !found.Complete {
		facts = append(facts, says("stops", "budget"))
	}
	return facts, nil
}
