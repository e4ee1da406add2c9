package rpc

import (
	"errors"
	"fmt"

	"tamga/chain"
)

// Error is a server that cannot be asked, or an answer that cannot be used.
type Error struct {
	Server string // without credentials
	Asked  string // the question
	Err    error
	Hint   string // what can be done about it; may be empty
	Down   bool   // the server was not reached, or did not answer
}

func (e *Error) Error() string {
	if e.Asked == "" {
		return fmt.Sprintf("ask %s: %v", e.Server, e.Err)
	}
	return fmt.Sprintf("ask %s: %s: %v", e.Server, e.Asked, e.Err)
}

func (e *Error) Unwrap() error { return e.Err }

// ErrLie says that an answer contradicts itself or what was asked.
var ErrLie = errors.New("the answer is not true")

// ErrNotKept says that a question has no kept answer.
var ErrNotKept = fmt.Errorf("not among the kept answers: %w", chain.ErrNotFound)

// Lie is an answer that cannot be true, and why.
func Lie(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrLie, fmt.Errorf(format, args...))
}
