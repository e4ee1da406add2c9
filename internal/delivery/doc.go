// Package delivery hands alerts to what an operator runs: a command, a file of JSON
// Lines, an address on this machine or behind the proxy.
//
// An alert holds what hostile pages say. It is passed as data (standard input, a line,
// a body) and never as an argument, a variable of the environment, or part of an
// address. Each Send is bounded in time and in what it reads back.
package delivery

import "time"

// Timeout of one Send where none is given, and the longest that may be.
const (
	Timeout    = 30 * time.Second
	MaxTimeout = 10 * time.Minute
)

// maxSaid is how much of what a receiver says is kept, in bytes.
const maxSaid = 1 << 10

// tail keeps the last bytes written to it; writing never fails.
type tail struct{ b []byte }

func (t *tail) Write(p []byte) (int, error) {
	n := len(p)
	if len(p) > maxSaid {
		p = p[len(p)-maxSaid:]
	}
	t.b = append(t.b, p...)
	if over := len(t.b) - maxSaid; over > 0 {
		t.b = append(t.b[:0], t.b[over:]...)
	}
	return n, nil
}

func orDefault(d time.Duration) time.Duration {
	if d <= 0 {
		return Timeout
	}
	return min(d, MaxTimeout)
}
