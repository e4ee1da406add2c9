//go:build !linux

package torlab

import (
	"errors"
	"os/exec"
)

// Isolate needs Linux.
func Isolate(string, ...string) (*exec.Cmd, error) {
	return nil, errors.New("network namespaces need Linux")
}

// Isolated is false outside Linux.
func Isolated() (bool, error) { return false, nil }
