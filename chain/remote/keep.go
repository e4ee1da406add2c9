package remote

import (
	"context"
)

// keeper asks another asker and keeps what it answers.
type keeper struct {
	asker
	dialect string
	keep    *Answers
	height  func() int64
}

// kept is a live server whose answers are kept, if they are to be.
func (w *web) kept(dialect string) asker {
	if w.o.Keep == nil {
		return w
	}
	return &keeper{asker: w, dialect: dialect, keep: w.o.Keep}
}

func (k *keeper) ask(ctx context.Context, q question) (answer, error) {
	a, err := k.asker.ask(ctx, q)
	if err != nil {
		return a, err
	}
	return a, k.keep.Put(Kept{
		Origin: k.origin(), Dialect: k.dialect, Asked: q.name, Status: a.status, Time: k.keep.now(), Height: k.height(),
	}, a.body)
}

// replay answers from what was kept of one server, and asks nobody.
type replay struct {
	server string
	keep   *Answers
}

func (r *replay) origin() string { return r.server }

func (r *replay) ask(_ context.Context, q question) (answer, error) {
	k, body, ok, err := r.keep.Latest(r.server, q.name)
	if err != nil {
		return answer{}, err
	}
	if !ok {
		return answer{}, &Error{Server: r.server, Asked: q.name, Err: errNotKept}
	}
	return answer{k.Status, body}, nil
}
