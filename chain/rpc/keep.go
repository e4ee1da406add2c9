package rpc

import (
	"context"
)

// Open returns a live server under that address. Its answers are kept, in the
// name of the dialect, before they are used where Options.Keep is set: it is
// then a *Keeper.
func Open(server string, o Options, dialect string) (Asker, error) {
	o.defaults()
	w, err := newWeb(server, o)
	if err != nil {
		return nil, err
	}
	if o.Keep == nil {
		return w, nil
	}
	return &Keeper{Asker: w, Height: func() int64 { return -1 }, dialect: dialect, keep: o.Keep}, nil
}

// Keeper asks another asker and keeps what it answers.
type Keeper struct {
	Asker
	Height func() int64 // of the last block the server told of, -1 where unknown

	dialect string
	keep    *Answers
}

// Ask asks and keeps.
func (k *Keeper) Ask(ctx context.Context, q Question) (Answer, error) {
	a, err := k.Asker.Ask(ctx, q)
	if err != nil {
		return a, err
	}
	return a, k.keep.Put(Kept{
		Origin: k.Origin(), Dialect: k.dialect, Asked: q.Name, Status: a.Status, Time: k.keep.now(), Height: k.Height(),
	}, a.Body)
}

// Replay answers from what was kept of one server, and asks nobody. A question
// that it was not asked is ErrNotKept.
func Replay(server string, keep *Answers) Asker { return &replay{server, keep} }

type replay struct {
	server string
	keep   *Answers
}

func (r *replay) Origin() string { return r.server }

func (r *replay) Ask(_ context.Context, q Question) (Answer, error) {
	k, body, ok, err := r.keep.Latest(r.server, q.Name)
	if err != nil {
		return Answer{}, err
	}
	if !ok {
		return Answer{}, &Error{Server: r.server, Asked: q.Name, Err: ErrNotKept}
	}
	return Answer{k.Status, body}, nil
}
