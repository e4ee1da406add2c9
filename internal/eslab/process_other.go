//go:build !linux

package eslab

import "fmt"

func (s *Server) reachable(home string) (string, error) { return home, nil }

func (s *Server) run(string, string) error {
	return fmt.Errorf("%w: tests start it on Linux only", ErrNotInstalled)
}
