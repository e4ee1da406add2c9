package remote

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"tamga"
	"tamga/chain"
	"tamga/chain/rpc"
)

// Recorded answers from kept answers alone and asks nobody. What several servers
// were asked is put together, the one asked last first.
type Recorded struct {
	sources []*Source
	tip     chain.Tip
}

var _ chain.Source = (*Recorded)(nil)

// Replay opens the kept answers of a network as a source.
func Replay(ctx context.Context, keep *rpc.Answers, network string) (*Recorded, error) {
	r := &Recorded{}
	var why error
	for _, from := range keep.Origins() {
		speak := speakEsplora
		if from.Dialect == dialectNode {
			speak = speakNode
		}
		s, err := open(ctx, rpc.Replay(from.Origin, keep), network, speak)
		if errors.Is(err, rpc.ErrAnswers) {
			return nil, err
		}
		if err != nil { // it was never got as far as a first answer
			why = err
			continue
		}
		r.sources = append(r.sources, s)
	}
	if len(r.sources) == 0 {
		return nil, &rpc.Error{
			Server: "the kept answers of " + network, Err: errors.Join(errors.New("none are of use"), why),
			Hint: "trace once with --source node or --source esplora: every answer is kept",
		}
	}
	var err error
	r.tip, err = r.sources[0].Tip(ctx)
	return r, err
}

// Can is what any of the servers could answer.
func (r *Recorded) Can() (c chain.Capability) {
	for _, s := range r.sources {
		c |= s.Can()
	}
	return c
}

// Tip is that of the server asked last.
func (r *Recorded) Tip(context.Context) (chain.Tip, error) { return r.tip, nil }

// first returns the answer of the first server that was asked a question.
func first[T any](r *Recorded, ask func(s *Source) (T, error)) (v T, err error) {
	for _, s := range r.sources {
		if v, err = ask(s); !errors.Is(err, rpc.ErrNotKept) {
			return v, err
		}
	}
	return v, err
}

// Tx returns a transaction that a server was asked for; others are
// chain.ErrNotFound.
func (r *Recorded) Tx(ctx context.Context, txid string) (*tamga.Tx, error) {
	return first(r, func(s *Source) (*tamga.Tx, error) { return s.Tx(ctx, txid) })
}

// Spender returns what a server answered; an output that none was asked about is
// chain.ErrNotFound, not unspent.
func (r *Recorded) Spender(ctx context.Context, out tamga.Outpoint) (spend chain.Spend, found bool, err error) {
	type result struct {
		spend chain.Spend
		found bool
	}
	v, err := first(r, func(s *Source) (result, error) {
		spend, found, err := s.Spender(ctx, out)
		return result{spend, found}, err
	})
	return v.spend, v.found, err
}

// History yields what a server answered; an address that none was asked about is
// an error.
func (r *Recorded) History(ctx context.Context, addr string) iter.Seq2[tamga.Outpoint, error] {
	return func(yield func(tamga.Outpoint, error) bool) {
		paid, err := first(r, func(s *Source) ([]tamga.Outpoint, error) {
			u, err := s.history(ctx, addr)
			if err != nil {
				return nil, err
			}
			return u.Paid(), nil
		})
		if err != nil {
			yield(tamga.Outpoint{}, fmt.Errorf("address %s: %w", addr, err))
			return
		}
		for _, out := range paid {
			if !yield(out, nil) {
				return
			}
		}
	}
}
